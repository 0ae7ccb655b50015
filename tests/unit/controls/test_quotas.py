"""quota.nearing and quota.exceeded: what draws on which allotment, and what a correction gives back."""

import pytest

from ledger.controls.quotas import drawn_mg
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.oversight import AlertRecord, QuotaRecord
from tests.support.court import DAY_US, HOUR_US, KG, Court, accepted, flags, name, out, party, site

ORE = {"La": 60 * KG, "Nd": 40 * KG}
YEAR = 2026


def allot(court: Court, firm: str, activity: str, kg: int, ore_class: str = "any", year: int = YEAR) -> None:
    court.books.put(QuotaRecord(party(firm), year, activity, ore_class, kg * KG, 0, 0))


def drawn(court: Court, firm: str, activity: str, ore_class: str = "any", year: int = YEAR) -> int:
    record = court.books.get(QuotaRecord, party(firm), year, activity, ore_class)
    assert record is not None
    assert record.drawn_mg == drawn_mg(court.books, party(firm), year, activity, ore_class)
    return record.drawn_mg // KG


def mine(court: Court, kg: int, product: str = "mixed-concentrate", **members: object) -> Recorded:
    number = court.index
    line = out(name("mine", f"lot/{number}"), 2 * kg * KG, {"La": kg * KG}, product)
    return court.file("extract", "mine", outputs=(line,), **members)


@pytest.mark.parametrize(
    ("kg", "found"),
    [
        (89, []),
        (90, ["quota.nearing"]),
        (100, ["quota.nearing"]),
        (101, ["quota.exceeded"]),
    ],
)
def test_an_allotment_is_nearly_used_and_then_exceeded(kg: int, found: list[str]) -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, kg)) == found
    assert drawn(court, "mine", "mining") == kg


def test_it_is_told_once_and_every_lot_beyond_it_is_tainted() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 95)) == ["quota.nearing"]
    assert flags(mine(court, 1)) == []
    assert flags(mine(court, 10)) == ["quota.exceeded"]
    assert flags(mine(court, 10)) == []
    tainted = [
        lot.lot for lot in court.books.records(type(court.lot(name("mine", "lot/1")))) if lot.tainted_by
    ]
    assert tainted == [name("mine", "lot/3"), name("mine", "lot/4")]


def test_it_opens_anew_once_the_alert_is_closed() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 95)) == ["quota.nearing"]
    alert = court.alerts("quota.nearing")[0]
    court.books.put(
        AlertRecord(**{**{f: getattr(alert, f) for f in type(alert).__slots__}, "state": "closed"})
    )
    assert flags(mine(court, 1)) == ["quota.nearing"]


def test_every_year_has_its_own_by_the_authoritys_calendar() -> None:
    court = Court()
    court.now_us += 125 * DAY_US
    allot(court, "mine", "mining", 100)
    allot(court, "mine", "mining", 100, year=2027)
    turn = 1_798_732_800_000_000  # 2026-12-31T16:00:00Z
    assert flags(mine(court, 80, at_us=turn - 1)) == []
    assert flags(mine(court, 80, at_us=turn)) == []
    assert (drawn(court, "mine", "mining"), drawn(court, "mine", "mining", year=2027)) == (80, 80)


def test_who_has_no_allotment_is_not_judged_and_counted_all_the_same() -> None:
    court = Court()
    assert flags(mine(court, 500)) == []
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 1)) == ["quota.exceeded"]


@pytest.mark.parametrize(
    ("product", "ore_class"),
    [("mixed-concentrate", "rock"), ("ionic-concentrate", "ionic"), ("mixed-carbonate", "ionic")],
)
def test_classes_of_ore_are_counted_apart(product: str, ore_class: str) -> None:
    court = Court()
    for each in ("rock", "ionic"):
        allot(court, "mine", "mining", 1000, each)
    accepted(mine(court, 10, product))
    assert {each: drawn(court, "mine", "mining", each) for each in ("rock", "ionic")} == {
        "rock": 10 * (ore_class == "rock"),
        "ionic": 10 * (ore_class == "ionic"),
    }


def test_the_mines_listing_says_its_class_where_the_product_does_not() -> None:
    court = Court()
    court.enrol("mine", ("miner",), ore_class="rock")
    allot(court, "mine", "mining", 1000, "rock")
    accepted(mine(court, 10, "mixed-carbonate"))
    assert drawn(court, "mine", "mining", "rock") == 10


def test_ore_counts_with_its_first_mineral_product() -> None:
    court = Court()
    allot(court, "mine", "mining", 1000)
    accepted(mine(court, 100, "rock-ore"))
    assert drawn(court, "mine", "mining") == 0
    lines = (out(name("mine", "conc/1"), 200 * KG, {"La": 80 * KG}, "mixed-concentrate"),)
    ore = Line(name("mine", "lot/1"), None)
    accepted(court.file("process", "mine", inputs=(ore,), outputs=lines, whole=True, process="flotation"))
    assert drawn(court, "mine", "mining") == 80


def test_by_output_ore_counts_at_once() -> None:
    court = Court()
    court.set_policy(quota_basis="output")
    allot(court, "mine", "mining", 1000)
    accepted(mine(court, 100, "rock-ore"))
    lines = (out(name("mine", "conc/1"), 200 * KG, {"La": 80 * KG}, "mixed-concentrate"),)
    ore = Line(name("mine", "lot/1"), None)
    accepted(court.file("process", "mine", inputs=(ore,), outputs=lines, whole=True, process="flotation"))
    assert drawn(court, "mine", "mining") == 100


def separate(court: Court, lot: str, thing: str, masses: dict[str, int], process: str = "separation") -> None:
    lines = (out(name("plant", thing), 2 * sum(masses.values()), masses, "lace-oxide"),)
    accepted(
        court.file("process", "plant", inputs=(Line(lot, None),), outputs=lines, whole=True, process=process)
    )


def test_what_is_first_separated_counts_once() -> None:
    court = Court()
    allot(court, "plant", "separation", 1000)
    court.set_policy(rules={"hs.mismatch": {"action": "off"}})
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate", kind="import", origin="MM")
    separate(court, lot, "oxide/1", {"La": 97 * KG})
    assert drawn(court, "plant", "separation") == 97
    separate(court, name("plant", "oxide/1"), "oxide/2", {"La": 97 * KG}, "rework")
    assert drawn(court, "plant", "separation") == 97
    assert court.books.get(QuotaRecord, party("plant"), YEAR, "mining", "any") is None


def test_recycled_feed_draws_nothing() -> None:
    court = Court()
    allot(court, "recycler", "separation", 1000)
    lot = court.extract("recycler", "in/1", {"Nd": 100 * KG}, "magnet-scrap", kind="extract")
    lines = (out(name("recycler", "out/1"), 200 * KG, {"Nd": 95 * KG}, "nd-oxide"),)
    filed = court.file(
        "process", "recycler", inputs=(Line(lot, None),), outputs=lines, whole=True, process="scrap-recovery"
    )
    assert flags(filed) == []
    assert drawn(court, "recycler", "separation") == 0


def test_a_pool_counts_what_is_drawn() -> None:
    court = Court()
    allot(court, "plant", "separation", 50)
    pool = name("plant", "pool/1")
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate", kind="import", origin="MM")
    feed = {"pool": pool, "process": "separation"}
    accepted(court.file("feed", "plant", inputs=(Line(lot, None),), whole=True, **feed))
    assert drawn(court, "plant", "separation") == 0
    lines = (out(name("plant", "oxide/1"), 120 * KG, {"La": 51 * KG}, "la-oxide"),)
    assert flags(court.file("draw", "plant", outputs=lines, **feed)) == ["quota.exceeded"]
    assert drawn(court, "plant", "separation") == 51


def test_a_correction_gives_back_what_was_drawn() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    event = "urn:event:mined"
    accepted(mine(court, 95, event_id=event))
    again = {"outputs": (out(name("mine", "lot/1"), 80 * KG, {"La": 40 * KG}, "mixed-concentrate"),)}
    accepted(court.file("extract", "mine", event_id="urn:event:mended", corrects=event, **again))
    assert drawn(court, "mine", "mining") == 40
    accepted(
        court.file(
            "extract",
            "mine",
            event_id="urn:event:mended",
            corrects="urn:event:mended",
            did_not_occur=True,
            **again,
        )
    )
    assert drawn(court, "mine", "mining") == 0


def test_the_site_and_hour_helpers_name_the_firm() -> None:
    assert site("mine").startswith("https://mine.example/")
    assert HOUR_US * 24 == DAY_US
