"""Open alerts about a way, on both engines: where all are looked through, and where some are looked for."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from ledger.controls.all_rules import RULES
from ledger.provenance import alerts_on_way
from ledger.provenance.alerts_on_way import open_alerts
from ledger.provenance.graph import walk
from ledger.records.books import Record
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    LotRecord,
    MemberRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
    ProvisionalRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.records.oversight import PRICED, AlertRecord, InvoiceRecord, TallyRecord
from ledger.store.books_source import NODE_SHIFT, write_records

MINE, PLANT = "urn:party:mine", "urn:party:plant"


def lot(name: str, number: int, index: int, position: int = 0) -> LotRecord:
    """Number is what it was numbered by: an earlier entry than its birth's where it was awaited."""
    made = (index, position, PLANT, "urn:site:1", index, "process", "prnd-oxide", "separated_compound")
    return LotRecord(name, number << NODE_SHIFT, *made, 10, {("Nd", MINE, "domestic"): 10})


def edge(child: int, parent: int) -> EdgeRecord:
    return EdgeRecord(child << NODE_SHIFT, parent << NODE_SHIFT, child)


def event(issuer: str, name: str, index: int, movement: str, unit: str = "") -> EventRecord:
    return EventRecord(issuer, name, index, 1, movement, index, "urn:site:1", unit=unit)


def posting(index: int, name: str, line: int = 0) -> PostingRecord:
    return PostingRecord(index, 1, line, "holding", name, "", MINE, MINE, "urn:site:1", index, 1)


def sent(name: str, index: int, invoice: str = "") -> ShipmentRecord:
    ends = (PLANT, MINE, PLANT, "urn:site:1", "urn:site:2")
    return ShipmentRecord(MINE, name, "ship", *ends, index, 1, index, None, "open", invoice=invoice)


def bill(name: str, *lots: str) -> InvoiceRecord:
    lines = tuple({"product": "prnd-oxide", "lot": each, "mass_mg": 1, "amount": "1"} for each in lots)
    return InvoiceRecord(name, "special", MINE, PLANT, lines, "1", "CNY", 0, None, 90)


def awaited(shipment: str, name: str, index: int) -> ProvisionalRecord:
    masses = (1, 1, True, index, 1, index, index)
    return ProvisionalRecord(PLANT, f"receipt-{index}", name, MINE, shipment, PLANT, "urn:site:2", *masses)


def inside(unit: str, child: str, mass_mg: int, since: int, until: int | None) -> MemberRecord:
    ended = (None, None, None) if until is None else (until, until, 1)
    return MemberRecord(unit, child, since, 1, mass_mg, since, *ended)


# "ore" (10) went into the pool (12), of which "oxide" was drawn (20, numbered at 15, for it was awaited), and
# of that "metal" was made (30). "other" was born beside "oxide"; "elsewhere" was made of "ore" as well (25).
BOOKS: list[Record] = [
    lot("ore", 10, 10),
    PoolRecord("tank", "urn:site:1", PLANT, 1, 12 << NODE_SHIFT, {}, {}, {}, 12, 12),
    PoolVersionRecord("tank", 1, 12 << NODE_SHIFT, 12, 0, 12, "feed", {}, {PLANT: 1}),
    lot("oxide", 15, 20),
    lot("other", 20, 20),
    lot("metal", 30, 30),
    lot("elsewhere", 25, 25, 1),
    *(edge(12, 10), edge(15, 12), edge(20, 12), edge(30, 15), edge(25, 10)),
    *(event(MINE, "left", 11, "ship"), posting(11, "ore"), posting(11, "other", 1)),
    *(event(PLANT, "used", 25, "process"), posting(25, "ore"), posting(25, "elsewhere", 1)),
    *(event(PLANT, "fed", 26, "feed"), posting(26, "ore")),
    *(event(PLANT, "sold", 27, "transfer"), posting(27, "oxide")),
    *(event(MINE, "away", 28, "ship"), posting(28, "elsewhere")),
    *(sent("left", 11, "bill-1"), ShipmentLineRecord(MINE, "left", "ore", 1, 1, 0)),
    *(sent("away", 28, "bill-2"), ShipmentLineRecord(MINE, "away", "elsewhere", 1, 1, 0)),
    *(awaited("unsent-1", "oxide", 15), awaited("unsent-2", "elsewhere", 16)),
    *(bill("bill-1"), bill("bill-2", "elsewhere"), bill("bill-3", "metal", "elsewhere")),
    *(TallyRecord(PRICED, name, "bill-3", {}) for name in ("metal", "elsewhere")),
    TallyRecord(PRICED, "elsewhere", "bill-2", {}),
    # "ore" in a drum from 40 to 44, on a pallet from 42 to 46; then both served "elsewhere".
    *(event(MINE, "drum", 40, "pack", "drum"), event(MINE, "pallet", 42, "pack", "pallet")),
    *(event(MINE, "open", 44, "unpack", "drum"), event(MINE, "again", 48, "pack", "drum")),
    *(inside("drum", "ore", 1, 40, 44), inside("pallet", "drum", 0, 42, 46)),
    *(inside("drum", "elsewhere", 1, 48, None), inside("pallet", "drum", 0, 50, None)),
]

TOLD = [
    ("lot:oxide", 60, -1, "mass.loss"),
    ("pool:tank", 60, -1, "pool.unclosed"),
    ("lot:other", 20, 0, "balance.recovery"),  # of the process that made "oxide" too
    ("site:urn:site:1|2026", 30, 0, "capacity.exceeded"),
    ("quota:mine|2026", 10, 0, "quota.exceeded"),
    ("pool:another", 12, 0, "balance.recovery"),
    ("event:x y", 11, 1, "trade.tolling"),  # the shipment of "ore"
    ("licence:L", 11, 1, "licence.expired"),
    ("event:x y", 27, 1, "invoice.mismatch"),
    (f"shipment:{MINE} left", 60, -1, "shipment.unreceived"),
    (f"sale:{MINE} left", 60, -1, "invoice.missing"),
    (f"sale:{PLANT} sold", 60, -1, "invoice.missing"),
    (f"shipment:{MINE} unsent-1", 60, -1, "shipment.unsent"),
    ("invoice:bill-1", 60, -1, "invoice.mismatch"),
    ("invoice:bill-3", 60, -1, "invoice.reused"),
    ("seal:S", 40, 1, "seal.reused"),
    ("seal:S", 42, 1, "seal.reused"),  # of the pallet that the drum is on
    ("unit:drum", 44, -1, "seal.reused"),
    ("unit:pallet", 43, -1, "seal.reused"),
]
NOT_TOLD = [
    ("lot:tank", 60, -1, "mass.loss"),
    ("pool:oxide", 60, -1, "mass.loss"),
    ("lot:other", 20, 0, "hs.mismatch"),  # of "other" alone, whatever was born beside it
    ("lot:other", 11, 1, "trade.carousel"),  # of "other" alone, whatever was sent beside it
    ("lot:other", 11, 1, "origin.undeclared"),
    ("site:urn:site:1|2026", 25, 1, "capacity.exceeded"),  # of what was made of "ore" elsewhere
    ("event:x y", 26, 1, "trade.tolling"),
    ("event:x y", 28, 1, "trade.tolling"),
    ("event:x y", 30, 1, "trade.tolling"),  # another event of the same statement
    ("quota:mine|2026", 30, -1, "quota.exceeded"),  # time passed before that entry
    (f"shipment:{MINE} away", 60, -1, "shipment.unreceived"),
    (f"shipment:{PLANT} left", 60, -1, "shipment.unreceived"),
    (f"sale:{MINE} away", 60, -1, "invoice.missing"),
    (f"shipment:{MINE} unsent-2", 60, -1, "shipment.unsent"),
    ("invoice:bill-2", 60, -1, "invoice.mismatch"),
    ("invoice:none", 60, -1, "invoice.mismatch"),
    ("unit:drum", 39, -1, "seal.reused"),
    ("unit:drum", 45, -1, "seal.reused"),
    ("unit:pallet", 47, -1, "seal.reused"),
    ("unit:pallet", 51, -1, "seal.reused"),
    ("seal:S", 48, 1, "seal.reused"),
    ("unit:none", 43, -1, "seal.reused"),
    ("party:x", 60, -1, "report.late"),
]


def alerts(*, state: str) -> list[AlertRecord]:
    return [
        AlertRecord(index, number, code, MINE, "", subject, position, 0, "", "", {}, False, state)
        for number, (subject, index, position, code) in enumerate([*TOLD, *NOT_TOLD])
    ]


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        with connection.begin():
            write_records(connection, BOOKS)
        with connection.begin():
            yield connection


@pytest.mark.parametrize("per_step", [0, 1_000])
def test_alerts_about_steps_and_about_what_moved_the_goods_are_told(
    connection: Connection, per_step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_on_way, "_PER_STEP", per_step)
    found = walk(connection, [30 << NODE_SHIFT], "upstream")
    assert [node.name for node in found.nodes.values()] == ["metal", "oxide", "tank", "ore"]
    assert open_alerts(connection, found) == []
    write_records(connection, alerts(state="open"))
    told = {(alert.subject, alert.entry_index, alert.code) for alert in open_alerts(connection, found)}
    assert told == {(subject, index, code) for subject, index, _, code in TOLD}
    keys = [(alert.entry_index, alert.number) for alert in open_alerts(connection, found)]
    assert keys == sorted(keys)


@pytest.mark.parametrize("per_step", [0, 1_000])
def test_closed_alerts_and_those_about_other_goods_are_not_told(
    connection: Connection, per_step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_on_way, "_PER_STEP", per_step)
    extra = [AlertRecord(99, 0, "mass.loss", MINE, "", "lot:nowhere", 0, 0, "", "", {}, False)]
    write_records(connection, [*alerts(state="closed"), *extra])
    assert open_alerts(connection, walk(connection, [30 << NODE_SHIFT], "upstream")) == []


@pytest.mark.parametrize("per_step", [0, 1_000])
def test_a_way_of_few_steps_is_told_of_these_alone(
    connection: Connection, per_step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_on_way, "_PER_STEP", per_step)
    write_records(connection, alerts(state="open"))
    found = open_alerts(connection, walk(connection, [30 << NODE_SHIFT], "upstream", depth=1))
    assert [alert.subject for alert in found] == [
        *("lot:other", "event:x y", "site:urn:site:1|2026", "lot:oxide"),
        *(f"sale:{PLANT} sold", f"shipment:{MINE} unsent-1", "invoice:bill-3"),
    ]


def test_the_codes_that_speak_of_a_whole_event_are_codes_of_rules() -> None:
    codes = {code for rule in RULES for code in rule.codes}
    for begun in alerts_on_way._WHOLE:
        assert any(code.startswith(begun) for code in codes), begun
