"""Technology in the write path: licensed, handed over, refused, taken back; replayed, and tried otherwise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.audit.database import verify_database
from ledger.errors import StatementRefused
from ledger.movements.writing import document, dump_document, undo
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS
from ledger.whatif.replaying import what_if
from ledger.whatif.scenario import read_scenario
from tests.support import movements as make
from tests.support.cast import actor
from tests.support.movements import PLANT
from tests.support.movements_written import as_event
from tests.support.trade import LISTED_SINCE, Trade

LICENCE = f"{PLANT}licences/1"
BUYER = "https://buyer.example/"
BANNED = "rare-earth-extraction-separation"


def a_list(code: str, *items: str, **conditions: Any) -> dict[str, Any]:
    return {
        "act": "publish-control-list",
        "control_list": code,
        "start": LISTED_SINCE,
        "items": [{"technology": each} for each in items],
        "conditions": conditions,
    }


@pytest.fixture
def trade() -> Trade:
    return Trade(plant=actor("plant", "separator", "exporter"), policy={"rule_set": 1, "retention_days": 0})


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


def impart(trade: Trade, registrar: Registrar, number: int, technology: str = "1E902.a", **said: Any) -> None:
    given = {"consignee": BUYER, "licence": LICENCE, "end_use": "a line", "at_us": trade.ago(1), **said}
    moved = make.impart(technology, event_id=f"urn:event:{number}", **given)
    trade.moved(registrar, moved, by=trade.plant)


def license_ten(trade: Trade, registrar: Registrar) -> None:
    """A licence for ten documents of a listed technology."""
    registrar.register(trade.act(a_list("mofcom-62-2025", "1E902.a", "1E902.b")))
    registrar.register(trade.act(a_list("catalogue-2023", BANNED, prohibits=True)))
    application = {
        "act": "apply-licence",
        "licence": LICENCE,
        "exporter": PLANT,
        "kind": "general",
        "technologies": ["1E902.a"],
        "scope": {"documents": 10},
        "destinations": ["JP"],
        "consignees": [BUYER],
        "end_users": [BUYER],
        "end_use": "a line",
    }
    registrar.register(trade.act(application, trade.plant))
    span = {"start": "2026-01-01T00:00:00Z", "end": "2028-12-31T00:00:00Z"}
    registrar.register(trade.act({"act": "grant-licence", "licence": LICENCE, **span}))


def tell(trade: Trade, registrar: Registrar) -> None:
    """Ten documents under a licence, in two transfers; a third is refused until the second did not occur."""
    license_ten(trade, registrar)
    impart(trade, registrar, 1, scope={"documents": 7})
    impart(trade, registrar, 2, scope={"documents": 3})
    for number, (technology, licence, codes) in enumerate(
        [
            ("1E902.a", LICENCE, ["licence.exhausted"]),
            ("1E902.b", LICENCE, ["licence.exhausted", "licence.mismatch"]),
            ("1E902.b", "", ["licence.missing"]),
            (BANNED, LICENCE, ["technology.prohibited"]),
        ]
    ):
        with pytest.raises(StatementRefused) as caught:
            impart(trade, registrar, 10 + number, technology, licence=licence, scope={"documents": 1})
        assert [each.code for each in caught.value.findings] == codes
    second = make.impart(
        "1E902.a",
        event_id="urn:event:2",
        at_us=trade.ago(1),
        consignee=BUYER,
        licence=LICENCE,
        end_use="a line",
        scope={"documents": 3},
    )
    undone = undo(as_event(second), declared_at_us=trade.now_us)
    payload = dump_document(document([undone], trade.now_us))
    registrar.register(trade.sign(payload, trade.plant, cty=EPCIS))
    impart(trade, registrar, 3, scope={"documents": 3})
    impart(
        trade, registrar, 4, BANNED, licence="", disclosed=True, reason="sent before the catalogue was read"
    )


def test_everything_is_booked_and_replayed(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    tell(trade, registrar)
    query = text("SELECT event_id, scope, voided_at IS NULL, disclosed FROM technology_transfers ORDER BY 1")
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            ("urn:event:1", '{"documents":7}', True, False),
            ("urn:event:2", '{"documents":3}', False, False),
            ("urn:event:3", '{"documents":3}', True, False),
            ("urn:event:4", "{}", True, True),
        ]
        assert connection.scalar(text("SELECT count(*) FROM postings")) == 0
    report = verify_database(engine, workers=1, replay=True)
    assert report.faults == []


def test_what_was_licensed_before_a_revocation_is_recorded_after_it(
    trade: Trade, registrar: Registrar, engine: Engine
) -> None:
    license_ten(trade, registrar)
    for act in ("suspend-licence", "revoke-licence"):
        registrar.register(trade.act({"act": act, "licence": LICENCE, "reason": "diversion"}))
    impart(trade, registrar, 1, scope={"documents": 10})
    with pytest.raises(StatementRefused) as caught:
        impart(trade, registrar, 2, at_us=trade.ago(-0.05), scope={"documents": 1})
    assert "licence.missing" in {each.code for each in caught.value.findings}
    with pytest.raises(StatementRefused) as caught:
        impart(trade, registrar, 3, scope={"documents": 1})
    assert [each.code for each in caught.value.findings] == ["licence.exhausted"]
    assert verify_database(engine, workers=1, replay=True).faults == []


def test_what_was_erased_is_taken_as_recorded(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    given = {"consignee": BUYER, "end_user": BUYER, "at_us": trade.ago(1)}
    for number in (1, 2):
        moved = make.impart("how-to-pack-drums", event_id=f"urn:event:{number}", **given)
        jws = trade.statement(moved, by=trade.plant)
        registrar.register(trade.erasing(jws, registrar.register(jws).index, trade.plant))
    payload = dump_document(document([undo(as_event(moved), declared_at_us=trade.now_us)], trade.now_us))
    undone = registrar.register(trade.sign(payload, trade.plant, cty=EPCIS)).index
    with engine.connect() as connection:
        voided = connection.scalars(text("SELECT voided_at FROM technology_transfers ORDER BY event_id"))
        assert voided.all() == [None, undone]
    assert verify_database(engine, workers=1, replay=True).faults == []


def test_what_the_tables_say_otherwise_is_found(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    tell(trade, registrar)
    with engine.begin() as connection:
        for change in (
            "UPDATE technology_transfers SET licence = '' WHERE event_id = 'urn:event:1'",
            "UPDATE technology_transfers SET voided_at = NULL WHERE event_id = 'urn:event:2'",
            "UPDATE technology_transfers SET scope = '{\"documents\":2}' WHERE event_id = 'urn:event:3'",
            "DELETE FROM technology_transfers WHERE event_id = 'urn:event:4'",
            "UPDATE licences SET scope = '{\"documents\":11}'",
        ):
            connection.exec_driver_sql(change)
    report = verify_database(engine, workers=1, replay=True)
    assert sorted(fault.table for fault in report.faults) == ["licences", *["technology_transfers"] * 4]


TRIED: list[tuple[dict[str, Any], dict[str, tuple[int, int]], set[tuple[str, str]]]] = [
    ({"acts": [a_list("mofcom-62-2025", "1E902.a", "1E902.b")]}, {}, set()),
    (
        {"acts": [a_list("catalogue-2023", "1E902.a", BANNED, prohibits=True)]},
        {"technology.prohibited": (1, 5)},
        {("licensed", "refused"), ("refused", "refused")},
    ),
    (
        {"acts": [a_list("mofcom-62-2025"), a_list("catalogue-2023", prohibits=True)]},
        {
            "technology.prohibited": (1, 0),
            "licence.exhausted": (2, 0),
            "licence.mismatch": (1, 0),
            "licence.missing": (1, 0),
        },
        {("licensed", "passed"), ("refused", "passed")},
    ),
    (
        {"policy": {"rules": {"technology.prohibited": {"action": "flag"}}}},
        {"technology.prohibited": (1, 0)},
        {("refused", "flagged")},
    ),
    (
        {"policy": {"rules": {"licence.missing": {"action": "off"}}}},
        {"licence.missing": (1, 0)},
        {("refused", "passed")},
    ),
]


def test_a_what_if_counts_transfers_and_no_tonnes(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    tell(trade, registrar)
    for scenario, codes, outcomes in TRIED:
        report = what_if(engine, trade.origin, read_scenario(scenario))
        assert report.agreement is not None
        assert report.agreement.first == []
        assert {
            code: (each[0], each[2]) for code, each in report.codes.items() if each[0] != each[2]
        } == codes
        assert {(cell.before, cell.after) for cell in report.cells} == outcomes
        assert {cell.product for cell in report.cells} <= {"1E902.a", "1E902.b", BANNED}
        assert all((each.mass_mg, each.unvalued_mg) == (0, 0) for each in report.cells.values())
