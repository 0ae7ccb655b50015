"""Running sums: what processes, pools and filings add, and what a correction takes back."""

from random import Random
from typing import Any

import pytest

from ledger.controls.measures import TOTAL
from ledger.controls.reviews import review_balance
from ledger.movements.movement import Line
from ledger.records.oversight import DueRecord, TallyRecord
from ledger.records.periods import month_of
from tests.support.court import DAY_US, KG, START_US, Court, accepted, name, out, party, refusals, site

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


def sums_of(court: Court) -> list[tuple[str, str, str, dict[str, int]]]:
    """The sums of sites and pools."""
    return [
        (each.tally, each.subject, each.period, dict(each.sums))
        for each in court.books.records(TallyRecord)
        if each.tally in ("balance", "pool") and any(each.sums.values())
    ]


POOL = name("plant", "pool/1")
KINDS = ("process", "feed", "draw", "close")


def drawn_from(thing: str) -> Court:
    """A court with a lot and a filled pool."""
    court = stocked()
    fed = court.extract("plant", thing, {"La": 500 * KG, "Nd": 20 * KG}, "mixed-carbonate")
    said = {"pool": POOL, "process": "separation"}
    accepted(court.file("feed", "plant", inputs=(Line(fed, 900 * KG),), event_id="urn:event:fill", **said))
    return court


def version(chance: Random, kind: str, at: int) -> dict[str, Any]:
    """One of many things that an event of a kind may have said, each with its own masses and month."""
    came = {"La": chance.randint(88, 101) * KG, **({"Nd": KG} if chance.random() < 0.5 else {})}
    days = chance.choice((6, 8, 45))
    said: dict[str, Any] = {"at_us": START_US + days * DAY_US, "process": "separation", "pool": POOL}
    if kind == "process":
        lines = (out(name("plant", f"out/{at}"), 200 * KG, came, "la-oxide"),)
        said |= {"inputs": (Line(name("plant", "in/1"), 200 * KG),), "outputs": lines, "pool": ""}
        said |= {"process": chance.choice(("separation", "electrolysis"))}
        said |= {"declared_losses_mg": {"La": chance.randint(0, 4) * KG}}
    elif kind == "feed":
        said |= {"inputs": (Line(name("plant", "in/1"), chance.randint(1, 200) * KG),)}
    elif kind == "draw":
        said |= {"outputs": (out(name("plant", f"out/{at}"), 200 * KG, came, "la-oxide"),)}
    else:
        said |= {"measured_mg": {"La": chance.randint(440, 450) * KG, "Nd": 18 * KG}, "process": ""}
    return said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("void", [False, True])
def test_after_any_chain_of_corrections_only_what_stands_counts(kind: str, seed: int, *, void: bool) -> None:
    chance = Random(seed)
    last = version(chance, kind, 99)
    court, plain = drawn_from("in/pool"), drawn_from("in/pool")
    court.now_us = plain.now_us = START_US + 50 * DAY_US
    before = sums_of(court)
    event, others = "", chance.randint(1, 4)
    for at in range(others + 1):
        said = last if at == others else version(chance, kind, at)
        corrects = {"corrects": event} if event else {}
        event = f"urn:event:made {at}"
        accepted(court.file(kind, "plant", event_id=event, **said, **corrects))
    if void:
        undone = {"corrects": event, "did_not_occur": True}
        accepted(court.file(kind, "plant", event_id=event, **last, **undone))
        assert sums_of(court) == before
    else:
        accepted(plain.file(kind, "plant", event_id="urn:event:made", **last))
        assert sums_of(court) == sums_of(plain)


def test_a_correction_after_a_close_counts_since_that_close() -> None:
    court, plain = drawn_from("in/pool"), drawn_from("in/pool")
    close = {"pool": POOL, "measured_mg": {"La": 450 * KG, "Nd": 18 * KG}}
    feed = {"pool": POOL, "process": "separation", "inputs": (Line(name("plant", "in/1"), 100 * KG),)}
    accepted(court.file("feed", "plant", event_id="urn:event:first", **feed))
    accepted(court.file("close", "plant", event_id="urn:event:close", **close))
    accepted(plain.file("close", "plant", **close))
    stock = sums_of(plain)[-1]
    assert sums_of(court)[-1] == stock
    accepted(court.file("feed", "plant", event_id="urn:event:second", corrects="urn:event:first", **feed))
    accepted(plain.file("feed", "plant", **feed))
    assert sums_of(court)[-1] == sums_of(plain)[-1] != stock
    undone = {"corrects": "urn:event:second", "did_not_occur": True}
    accepted(court.file("feed", "plant", event_id="urn:event:second", **feed, **undone))
    assert sums_of(court)[-1] == stock


def test_a_close_that_did_not_occur_lets_what_came_before_it_count_again() -> None:
    court = drawn_from("in/pool")
    before = sums_of(court)
    close = {"pool": POOL, "measured_mg": {"La": 450 * KG, "Nd": 18 * KG}, "event_id": "urn:event:close"}
    accepted(court.file("close", "plant", **close))
    accepted(court.file("close", "plant", corrects="urn:event:close", did_not_occur=True, **close))
    assert sums_of(court) == before


@pytest.mark.parametrize("times", [0, 1, 2, 3, 6])
@pytest.mark.parametrize(("came", "found"), [(51, True), (50, False)])
def test_corrections_do_not_hide_what_gains_add_up_to(times: int, came: int, *, found: bool) -> None:
    court = stocked()
    for batch in range(12):
        lot = court.extract("plant", f"in/batch {batch}", {"La": 50 * KG, "Nd": 50 * KG}, mass_mg=200 * KG)
        made = out(name("plant", f"out/{batch}"), 110 * KG, {"La": came * KG, "Nd": came * KG}, "la-oxide")
        said = {"inputs": (Line(lot, 200 * KG),), "outputs": (made,), "process": "separation"}
        event = f"urn:event:batch {batch}"
        accepted(court.file("process", "plant", event_id=event, **said))
        for time in range(times):
            event, before = f"urn:event:batch {batch} {time}", event
            accepted(court.file("process", "plant", event_id=event, corrects=before, **said))
    month = month_of(court.now_us, court.policy)
    assert (review_balance(court.books, court.policy, site("plant"), month) is not None) == found


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
