"""Running sums that rules need, kept after a movement was accepted; whole numbers only.

Decides: what a correction or a cancellation takes back. Quotas, licences and exports are given back
exactly, by a record of what the event drew (``ledger.controls.draws``); the sums of a process by its journal.
Where things were seen and who sold to whom stays: it was said.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from ledger.controls.balances import GRAM_UNITS, POOL_TALLY, balance_of
from ledger.controls.capacity import note_output
from ledger.controls.draws import give_back, note_draws
from ledger.controls.fed import note_feed
from ledger.controls.measures import TOTAL, bias_variance
from ledger.controls.movement_times import note_places
from ledger.controls.noticing import actor_of
from ledger.controls.papers import note_invoice
from ledger.controls.reporting import EXEMPT, in_last_hours
from ledger.controls.reviews import BALANCE, REPORTS
from ledger.controls.rule import Case
from ledger.controls.sums import add_sums
from ledger.controls.trade import note_sale
from ledger.materials.processes import processes
from ledger.records.cells import element_masses
from ledger.records.lots import EventRecord, LotRecord, LotVersionRecord, PostingRecord
from ledger.records.oversight import TallyRecord
from ledger.records.periods import month_of

BALANCED: Final = ("process", "feed", "draw", "close")
_SCALE: Final = 1_000_000
"""Norms are summed in millionths."""


def note(case: Case) -> None:
    """Updates every tally after an accepted movement, in the books' own transaction."""
    movement = case.movement
    give_back(case)
    if movement.corrects:
        _take_back_balance(case)
        if movement.did_not_occur:
            return
    _note_report(case)
    if movement.kind in BALANCED:
        _note_balance(case)
    if movement.kind == "feed":
        note_feed(case)
    if case.effect.born and movement.kind != "opening":
        note_output(case)
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
    add_sums(recording.books, BALANCE, movement.site, month, sums)
    if movement.pool:
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
        stock = {f"stock.{each}": mass for each, mass in _with_total(case.movement.measured_mg).items()}
        books.put(TallyRecord(POOL_TALLY, pool, "", {name: stock[name] for name in sorted(stock)}))
    else:
        variances = {name: amount for name, amount in sums.items() if name.startswith("var.")}
        add_sums(books, POOL_TALLY, pool, "", variances)


def _take_back_balance(case: Case) -> None:
    """Takes back the sums of a corrected process, feed, draw or close, by its journal."""
    books, policy = case.recording.books, case.recording.policy
    event = books.get(EventRecord, case.recording.issuer, case.movement.corrects)
    if event is None or event.movement not in BALANCED:
        return
    postings = books.group(PostingRecord, "event", event.entry_index, event.position)
    sums: dict[str, int] = {"count": -1}
    for posting in postings:
        if posting.account == "holding" and event.movement != "close":
            side = "in" if posting.mass_mg < 0 else "out"
            _subtract(sums, side, _contained_then(case, posting))
        elif posting.account in ("lost", "difference"):
            masses = _whole({each: Fraction(text) for each, text in posting.contained.items()})
            signed = masses if posting.account == "lost" else {each: -mass for each, mass in masses.items()}
            _subtract(sums, "lost" if posting.account == "lost" else "gain", signed)
    sums["norm"] = sums.get(f"in.{TOTAL}", 0)
    add_sums(books, BALANCE, event.site, month_of(event.event_time_us, policy), sums)


def _subtract(sums: dict[str, int], side: str, masses: Mapping[str, int]) -> None:
    for element, mass in _with_total(masses).items():
        sums[f"{side}.{element}"] = sums.get(f"{side}.{element}", 0) - mass


def _contained_then(case: Case, posting: PostingRecord) -> dict[str, int]:
    """REO in whole mg by element of a share of a lot, as it was before this entry changed the lot."""
    books = case.recording.books
    lot: LotRecord | LotVersionRecord | None = books.get(
        LotVersionRecord, posting.lot, case.recording.index
    ) or books.get(LotRecord, posting.lot)
    if lot is None:
        return {}
    part = abs(posting.mass_mg)
    return {element: mass * part // lot.mass_mg for element, mass in element_masses(lot.cells).items()}


def _with_total(masses: Mapping[str, int]) -> dict[str, int]:
    return {**masses, TOTAL: sum(masses.values())} if masses else {}


def _whole(masses: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole mg, cut towards zero."""
    return {element: int(mass) for element, mass in masses.items() if int(mass)}
