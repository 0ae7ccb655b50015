"""Steps as texts: there and back, whatever a name holds, and what is told apart by their beginnings."""

from dataclasses import replace

import pytest

from ledger.records.lots import LotRecord
from ledger.records.steps import UNTAINTED, Node, head, heads, read_steps, tell, tell_lot
from tests.support.books_records import WORDS, some_records

TIME = "2026-11-20T08:00:00.000001Z"
STEP = Node("lot", "lot", 7 << 20, 0, "process", 7, 0, TIME, "ndpr", "metal", "party", "site", 9, None)
NASTY = (*WORDS, 'x","kind":"pool","node":1', "\\", 'a\\","node":', "},{", "\n", "\x00", "\u2028", "}]", "~")


@pytest.mark.parametrize("name", NASTY)
def test_a_step_is_what_its_text_tells(name: str) -> None:
    for step in (
        STEP._replace(name=name, party=name, site=name, product=name, stage=name, change=name),
        STEP._replace(name=name, kind="pool", version=3, tainted_by=0),
    ):
        text = tell(step)
        assert read_steps([tell(STEP), text]) == [STEP, step]
        assert heads([text.encode()]) == {head(name, step.kind).encode()}
        assert text.endswith(UNTAINTED) == (step.tainted_by is None)
        assert "\n" not in text


def test_beginnings_tell_names_and_kinds_apart() -> None:
    begun = [head(name, kind) for name in NASTY for kind in ("lot", "pool")]
    assert len(set(begun)) == len(begun)


def test_a_lot_is_told_as_its_record_says() -> None:
    for lot in some_records(LotRecord, 30):
        [step] = read_steps([tell_lot(lot)])
        assert (step.name, step.node, step.change, step.party) == (lot.lot, lot.node, lot.birth, lot.producer)
        assert (step.entry_index, step.position) == (lot.entry_index, lot.position)
        assert (step.product, step.stage, step.site) == (lot.product, lot.stage, lot.site)
        assert (step.mass_mg, step.tainted_by, step.kind) == (lot.mass_mg, lot.tainted_by, "lot")
        later = replace(lot, event_time_us=lot.event_time_us + 1)
        assert step.event_time < read_steps([tell_lot(later)])[0].event_time


def test_no_texts_are_no_steps() -> None:
    assert read_steps([]) == []
