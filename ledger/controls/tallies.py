"""Running sums that rules need, kept after a movement was accepted; whole numbers only.

Decides: what a correction or a cancellation takes back. Quotas, licences and exports are given back
exactly, by a record of what the event drew (``ledger.controls.draws``), and so are the sums of processes and
pools, by a record of what the event added. Where things were seen and who sold to whom stays: it was said.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from ledger.controls.balances import GRAM_UNITS, POOL_TALLY, balance_of
from ledger.controls.draws import give_back, note_draws
from ledger.controls.fed import note_feed
from ledger.controls.measures import TOTAL, bias_variance
from ledger.controls.movement_times import note_places
from ledger.controls.noticing import actor_of
from ledger.controls.origins import note_recycling
from ledger.controls.papers import note_invoice, note_turned_sales
from ledger.controls.reporting import EXEMPT, in_last_hours
from ledger.controls.reviews import BALANCE, REPORTS
from ledger.controls.rule import Case
from ledger.controls.sums import add_sums
from ledger.controls.trade import note_sale
from ledger.materials.processes import processes
from ledger.records.books import Books
from ledger.records.cells import element_masses
from ledger.records.lots import EventRecord, PoolRecord, PoolVersionRecord
from ledger.records.oversight import TallyRecord
from ledger.records.periods import month_of

BALANCED: Final = ("process", "feed", "draw", "close")
ADDED: Final = "added"
"""The tally of what one event added to its site's month, by who signed it and its name."""
_SCALE: Final = 1_000_000
"""Norms are summed in millionths."""


def note(case: Case) -> None:
    """Updates every tally after an accepted movement, in the books' own transaction."""
    movement = case.movement
    give_back(case)
    note_turned_sales(case)
    if movement.corrects and movement.kind in BALANCED:
        _take_back_balance(case)
    if movement.kind in BALANCED and not movement.did_not_occur:
        _note_balance(case)
    if movement.corrects and movement.kind in BALANCED:
        _recount_pools(case)
    if movement.did_not_occur:
        return
    _note_report(case)
    if movement.kind == "feed":
        note_feed(case)
    if movement.kind in ("process", "feed"):
        note_recycling(case)
    note_draws(case)
    note_sale(case)
    note_invoice(case)
    note_places(case)


def _note_report(case: Case) -> None:
    movement, policy = case.movement, case.recording.policy
    if movement.corrects or movement.kind in EXEMPT:
        return
    month = month_of(movement.event_time_us, policy)
    last = int(in_last_hours(movement.event_time_us, policy))
    add_sums(case.recording.books, REPORTS, actor_of(case), month, {"count": 1, "last": last})


def _note_balance(case: Case) -> None:
    movement, recording = case.movement, case.recording
    sums: dict[str, int] = {"count": 1}
    if movement.kind == "close":
        share = recording.policy.thresholds["pool.stock_share"]
        for element, gap in _with_total(case.effect.gap).items():
            sums[f"gain.{element}"] = -gap
        for element, mass in _with_total(movement.measured_mg).items():
            sums[f"stock.{element}"] = bias_variance(mass, share) // GRAM_UNITS
    else:
        sums |= _moved(case)
    month = month_of(movement.event_time_us, recording.policy)
    sums = {name: amount for name, amount in sums.items() if amount}
    add_sums(recording.books, BALANCE, movement.site, month, sums)
    name = f"{recording.issuer} {movement.event_id}"
    recording.books.add(TallyRecord(ADDED, name, month, {each: sums[each] for each in sorted(sums)}))
    if movement.pool and not movement.corrects:
        _note_pool(case, sums)


def _moved(case: Case) -> dict[str, int]:
    """What a process, feed or draw moved: in, out, declared losses, gains and variances by element."""
    effect, balance = case.effect, balance_of(case)
    sums: dict[str, int] = {}
    for side, masses in (("in", balance.inputs.masses), ("out", balance.outputs.masses)):
        for element, mass in masses.items():
            sums[f"{side}.{element}"] = mass
    sums[f"in.{TOTAL}"], sums[f"out.{TOTAL}"] = balance.inputs.total, balance.outputs.total
    for element in {*balance.inputs.masses, *balance.outputs.masses, TOTAL}:
        sums[f"var.{element}"] = balance.variance(element) // GRAM_UNITS
    for element, lost in _with_total(effect.lost).items():
        sums[f"lost.{element}"] = lost
    for element, gain in _with_total(_whole(effect.difference)).items():
        sums[f"gain.{element}"] = -gain
    process = processes().get(case.movement.process)
    upper = Fraction(1) if process is None else process.recovery_upper
    norm = upper.numerator * _SCALE // upper.denominator
    sums["norm"] = norm * balance.inputs.total // _SCALE
    return sums


def _note_pool(case: Case, sums: Mapping[str, int]) -> None:
    books, pool = case.recording.books, case.movement.pool
    if case.movement.kind == "close":
        measured = _with_total(case.movement.measured_mg)
        stock = {f"stock.{each}": mass for each, mass in measured.items() if mass}
        books.put(TallyRecord(POOL_TALLY, pool, "", {name: stock[name] for name in sorted(stock)}))
    else:
        variances = {name: amount for name, amount in sums.items() if name.startswith("var.")}
        add_sums(books, POOL_TALLY, pool, "", variances)


def _take_back_balance(case: Case) -> None:
    """Takes back what a corrected process, feed, draw or close added, as it was noted under its name."""
    books, corrects = case.recording.books, case.movement.corrects
    event = books.get(EventRecord, case.recording.issuer, corrects)
    assert event is not None
    for added in books.group(TallyRecord, "subject", ADDED, f"{event.issuer} {corrects}"):
        less = {name: -amount for name, amount in added.sums.items()}
        add_sums(books, BALANCE, event.site, added.period, less)
        books.put(replace(added, sums={}))


def _recount_pools(case: Case) -> None:
    """Sums up anew what a correction touched: a close that came between had cleared the sums."""
    for pool in sorted({posting.pool for posting in case.effect.postings if posting.account == "pool"}):
        case.recording.books.put(TallyRecord(POOL_TALLY, pool, "", _pool_sums(case, pool)))


def _pool_sums(case: Case, pool: str) -> dict[str, int]:
    """Variances of a pool's feeds and draws that stand since its last close, and what that measured."""
    books = case.recording.books
    standing = books.get(PoolRecord, pool)
    assert standing is not None
    sums: dict[str, int] = {}
    for number in range(standing.version, 0, -1):
        version = books.get(PoolVersionRecord, pool, number)
        event = None if version is None else _standing_event(books, version)
        if version is None or event is None:
            continue
        if version.change == "close":
            measured = _with_total(element_masses(version.cells))
            sums |= {f"stock.{element}": mass_mg for element, mass_mg in measured.items()}
            break
        for added in books.group(TallyRecord, "subject", ADDED, f"{event.issuer} {event.event_id}"):
            for name, amount in added.sums.items():
                if name.startswith("var."):
                    sums[name] = sums.get(name, 0) + amount
    return {name: sums[name] for name in sorted(sums) if sums[name]}


def _standing_event(books: Books, version: PoolVersionRecord) -> EventRecord | None:
    """The feed, draw or close that made a version of a pool, if no correction took it back."""
    if version.change not in BALANCED:
        return None
    for event in books.group(EventRecord, "entry", version.entry_index):
        if event.position == version.position and event.state == "booked":
            return event
    return None


def _with_total(masses: Mapping[str, int]) -> dict[str, int]:
    return {**masses, TOTAL: sum(masses.values())} if masses else {}


def _whole(masses: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole mg, cut towards zero."""
    return {element: int(mass) for element, mass in masses.items() if int(mass)}
