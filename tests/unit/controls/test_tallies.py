"""Running sums: what processes, pools and filings add, and what a correction takes back."""

from ledger.controls.measures import TOTAL
from ledger.controls.reviews import review_balance
from ledger.movements.movement import Line
from ledger.records.oversight import DueRecord, TallyRecord
from ledger.records.periods import month_of
from tests.support.court import KG, Court, accepted, name, out, party, refusals, site

MADE = "urn:event:made"


def balance(court: Court) -> dict[str, int]:
    """The site's sums of this month, without variances and zeros."""
    month = month_of(court.now_us, court.policy)
    tally = court.books.get(TallyRecord, "balance", site("plant"), month)
    sums = {} if tally is None else tally.sums
    return {
        each: amount for each, amount in sums.items() if amount and not each.startswith(("var.", "stock."))
    }


def process(court: Court, came: int = 95, event_id: str = MADE, **members: object) -> None:
    thing = members.pop("thing", "out/1")
    lines = (out(name("plant", str(thing)), 200 * KG, {"La": came * KG}, "la-oxide"),)
    said = {"inputs": (Line(name("plant", "in/1"), 200 * KG),), "outputs": lines, "process": "separation"}
    said["declared_losses_mg"] = {"La": 3 * KG}
    accepted(court.file("process", "plant", event_id=event_id, **said, **members))


def stocked() -> Court:
    court = Court()
    court.set_policy(rules={"balance.recovery": {"action": "off"}})
    court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate", mass_mg=200 * KG)
    return court


SUMS = {
    "count": 1,
    "in.La": 100 * KG,
    f"in.{TOTAL}": 100 * KG,
    "out.La": 95 * KG,
    f"out.{TOTAL}": 95 * KG,
    "lost.La": 3 * KG,
    f"lost.{TOTAL}": 3 * KG,
    "gain.La": -2 * KG,
    f"gain.{TOTAL}": -2 * KG,
    "norm": 100 * KG,
}


def test_a_process_adds_what_went_in_came_out_and_was_lost() -> None:
    court = stocked()
    process(court)
    assert balance(court) == SUMS


def test_one_that_did_not_occur_takes_it_all_back() -> None:
    court = stocked()
    process(court)
    process(court, event_id="urn:event:undone", corrects=MADE, did_not_occur=True)
    assert balance(court) == {}


def test_a_replacement_counts_in_its_place() -> None:
    court = stocked()
    process(court)
    process(court, 97, event_id="urn:event:mended", corrects=MADE)
    changed = {"out.La": 97 * KG, f"out.{TOTAL}": 97 * KG}
    without = {each: amount for each, amount in SUMS.items() if not each.startswith("gain.")}
    assert balance(court) == without | changed


def test_a_refused_movement_adds_nothing() -> None:
    court = stocked()
    line = (out(name("mine", "out/1"), 200 * KG, {"La": 95 * KG}, "la-oxide"),)
    said = {"inputs": (Line(name("plant", "in/1"), 200 * KG),), "outputs": line, "process": "separation"}
    before = court.books.records(TallyRecord)
    assert refusals(court.file("process", "plant", **said)) == ["name.foreign"]
    assert court.books.records(TallyRecord) == before


def test_a_pool_adds_feeds_draws_and_gaps() -> None:
    court = stocked()
    pool = {"pool": name("plant", "pool/1"), "process": "separation"}
    accepted(court.file("feed", "plant", inputs=(Line(name("plant", "in/1"), None),), whole=True, **pool))
    lines = (out(name("plant", "out/1"), 100 * KG, {"La": 40 * KG}, "la-oxide"),)
    accepted(court.file("draw", "plant", outputs=lines, **pool))
    accepted(court.file("close", "plant", pool=pool["pool"], measured_mg={"La": 61 * KG}))
    sums = balance(court)
    assert (sums["in.La"], sums["out.La"], sums["gain.La"]) == (100 * KG, 40 * KG, KG)
    assert sums["count"] == 3
    pooled = court.books.get(TallyRecord, "pool", pool["pool"], "")
    assert pooled is not None
    assert pooled.sums == {"stock.La": 61 * KG, f"stock.{TOTAL}": 61 * KG}


def test_filings_are_counted_by_the_month_in_which_things_happened() -> None:
    court = stocked()
    process(court)
    month = month_of(court.now_us, court.policy)
    reports = court.books.get(TallyRecord, "reports", party("plant"), month)
    assert reports is not None
    assert reports.sums == {"count": 1}
    process(court, event_id="urn:event:mended", corrects=MADE)
    assert court.books.get(TallyRecord, "reports", party("plant"), month) == reports


def test_a_month_is_reviewed_once() -> None:
    court = stocked()
    process(court)
    reviews = [due for due in court.books.records(DueRecord) if due.kind.endswith(".review")]
    assert [due.kind for due in reviews] == ["balance.review", "report.review"]
    assert (
        review_balance(court.books, court.policy, site("plant"), month_of(court.now_us, court.policy)) is None
    )


def test_sums_are_whole_numbers() -> None:
    court = stocked()
    process(court)
    assert all(
        isinstance(amount, int)
        for tally in court.books.records(TallyRecord)
        for amount in tally.sums.values()
    )
