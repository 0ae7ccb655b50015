"""Patterns over many exports: parcels that are kept small, exports that suddenly grow or are taken back.

Decides: what a cluster of consignees is (who has the same end user or the same consignee), and which
history a growth is compared with.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Final

from ledger.controls.drawn import SUSPENDED, drawn_for, export_name, parcel_name, to_give_back
from ledger.controls.licences import exported, licensed_mass
from ledger.controls.measures import more_than
from ledger.controls.noticing import actor_of, decimal_text, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.controls.shipments import turned_shipments
from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord, TallyRecord
from ledger.records.periods import DAY_US, month_after, month_of
from ledger.records.policy import Policy

PARCELS: Final = "parcels"
MONTHLY: Final = "exports"
ABROAD: Final = ("export", "disclose")
ARRIVED: Final = ("arrival", "installation", "use")
"""What is reported of an export once it is there."""
KG_MG: Final = 1_000_000
TONNE_MG: Final = 1000 * KG_MG
MOST_KEPT: Final = 64


def clusters(case: Case) -> list[str]:
    """To whom goods go: the consignee and the end user, each once."""
    movement = case.movement
    return list(dict.fromkeys(party for party in (movement.end_user, movement.consignee) if party))


@rule("export.structuring", movements=ABROAD)
def structuring(case: Case) -> Iterator[Notice]:
    """Several parcels below the reporting size go to one consignee or end user within a window."""
    at_us, mass_mg = case.movement.event_time_us, exported_mg(case)
    for cluster in clusters(case):
        found = _small_parcels(case, cluster, at_us, mass_mg)
        if found is not None:
            yield found
            return


@rule("export.structuring", movements=("cancel",))
def parcels_again(case: Case) -> Iterator[Notice]:
    """An export whose cancellation did not occur is one of several small parcels once more."""
    for shipment in (shipment for shipment, travels in turned_shipments(case) if travels):
        drawn = drawn_for(case.recording.books, shipment, SUSPENDED)
        found = (
            _small_parcels(case, cluster, shipment.event_time_us, mass_mg)
            for cluster in dict.fromkeys((shipment.end_user, shipment.consignee))
            for name, mass_mg in drawn.items()
            if cluster and name.startswith(parcel_name(cluster, ""))
        )
        yield from [each for each in found if each is not None][:1]


def _small_parcels(case: Case, cluster: str, at_us: int, mass_mg: int) -> Notice | None:
    """What a further parcel makes of those that went to a cluster, if it is one that is kept small."""
    limits = case.recording.policy.thresholds
    size = limits["structuring.parcel_kg"] * KG_MG
    if not limits["structuring.least_share"] * size <= mass_mg < size:
        return None
    given_back = to_give_back(case)
    tally = case.recording.books.get(TallyRecord, PARCELS, cluster, "")
    earlier = {} if tally is None else tally.sums
    parcels = {
        name: mass
        for name, mass in earlier.items()
        if limits["structuring.least_share"] * size <= mass < size
        and parcel_name(cluster, name) not in given_back
    }
    parcels = _fullest_window(parcels, at_us, int(limits["structuring.days"]) * DAY_US)
    together = sum(parcels.values()) + mass_mg
    if len(parcels) + 1 < limits["structuring.parcels"] or together < size:
        return None
    return notice(
        case,
        "export.structuring",
        f"{len(parcels) + 1} parcels below the reporting size went to {cluster} within "
        f"{decimal_text(limits['structuring.days'])} days, {together} mg together",
        "Report them as one delivery, or show the orders behind them.",
        subject=f"consignee:{cluster}",
        ongoing=True,
        consignee=cluster,
        parcels=len(parcels) + 1,
        together_mg=together,
        reporting_size_mg=int(size),
    )


@rule("export.surge", movements=ABROAD)
def surge(case: Case) -> Iterator[Notice]:
    """A month's exports of an exporter, or to a country, are far above its last twelve months."""
    policy, books = case.recording.policy, case.recording.books
    limits, mass_mg = policy.thresholds, exported_mg(case)
    if not mass_mg:
        return
    month = month_of(case.movement.event_time_us, policy)
    given_back = to_give_back(case)

    def went_out(subject: str, month: str) -> int:
        return exported_in(books, subject, month) - given_back.get(export_name(subject, month), 0)

    for subject in flows(actor_of(case), case.movement.destination):
        this_month = went_out(subject, month) + mass_mg
        if this_month < limits["surge.tonnes"] * TONNE_MG:
            continue
        mean = mean_before(policy, month, partial(went_out, subject))
        if mean is None:
            continue
        if this_month > limits["surge.factor"] * mean:
            yield notice(
                case,
                "export.surge",
                f"{subject}: {this_month} mg in {month}, {decimal_text(this_month / mean, 1)} times its mean",
                "Show the orders behind the growth, and where the goods stay.",
                subject=f"{subject}|{month}",
                ongoing=True,
                month=month,
                month_mg=this_month,
                mean_mg=int(mean),
                factor=this_month / mean,
            )


def mean_before(policy: Policy, month: str, went_out: Callable[[str], int]) -> Fraction | None:
    """The mean of the twelve months before one, from the first with exports on; None with too few of them.

    Args:
        policy: In force.
        month: The one after them.
        went_out: What went out in a month, in mg.
    """
    history = [went_out(month_after(month, -back)) for back in range(1, 13)]
    while history and not history[-1]:
        history.pop()
    if sum(1 for each in history if each) < policy.thresholds["surge.months"]:
        return None
    return Fraction(sum(history), len(history))


def months_to_review(books: Books, subject: str, month: str) -> list[str]:
    """A month, and those with exports whose history it is part of: they may have been filed before it."""
    following = dict.fromkeys(month_after(month, ahead) for ahead in range(1, 13))
    books.prefetch(TallyRecord, ((MONTHLY, subject, each) for each in following))
    known = (each for each in following if books.get(TallyRecord, MONTHLY, subject, each) is not None)
    return sorted({month, *(each for each in known if each > month)})


@rule("export.taken-back", movements=("export", "cancel"))
def taken_back(case: Case) -> Iterator[Notice]:
    """An export gives its licence back, and its arrival, installation or use was reported.

    One of both is wrong, and nobody can say which: so it is recorded, and flagged. A correction of the scale
    that keeps what it drew is none.
    """
    movement, books = case.movement, case.recording.books
    drawn: dict[str, int] = dict(to_give_back(case)) if movement.kind == "export" else {}
    for shipment, travels in turned_shipments(case):
        drawn |= {} if travels else drawn_for(books, shipment)
    for name, mass_mg in sorted(drawn.items()):
        kind, _, rest = name.partition(" ")
        licence, _, event = rest.partition(" ")
        named = books.get(LicenceRecord, licence) if kind == "licence" else None
        steps = () if named is None else named.reported.get(event, ())
        if not set(steps) & set(ARRIVED):
            continue
        kept_mg = licensed_mass(case) if movement.kind == "export" and movement.licence == licence else 0
        if more_than(mass_mg - kept_mg, case.recording.policy.thresholds["receipt.tolerance_share"], mass_mg):
            yield notice(
                case,
                "export.taken-back",
                f"{mass_mg - kept_mg} mg of {event} are taken back, and its {steps[-1]} was reported",
                "Show where the goods are; what came back is recorded as an import of the same lot.",
                subject=f"licence:{licence}",
                licence=licence,
                event_id=event,
                reported=list(steps),
                drawn_mg=mass_mg,
                kept_mg=kept_mg,
            )


def flows(exporter: str, destination: str) -> list[str]:
    """Whose exports grow: the exporter's, and those to the country."""
    found = [f"exporter:{exporter}"]
    return [*found, f"country:{destination}"] if destination else found


def exported_mg(case: Case) -> int:
    """Gross mass of an export."""
    return sum(goods.mass_mg for goods in exported(case))


def exported_in(books: Books, subject: str, month: str) -> int:
    """Gross mass in mg that went out in a month."""
    tally = books.get(TallyRecord, MONTHLY, subject, month)
    return 0 if tally is None else tally.sums.get("mass_mg", 0)


def parcel_time_us(name: str) -> int:
    """The event time in a parcel's name."""
    return int(name.partition(" ")[0])


def _fullest_window(parcels: Mapping[str, int], at_us: int, span_us: int) -> dict[str, int]:
    """The other parcels of the span that holds a moment and most of them; filing comes in any order."""
    ends = [at_us, *(time for time in map(parcel_time_us, parcels) if at_us < time < at_us + span_us)]
    windows = [
        {name: mass for name, mass in parcels.items() if end - span_us < parcel_time_us(name) <= end}
        for end in sorted(ends)
    ]
    return max(windows, key=lambda window: (len(window), sum(window.values())))


def count_parcel(books: Books, policy: Policy, cluster: str, parcel: str, mass_mg: int) -> None:
    """Counts a parcel towards its cluster; a negative mass takes it out."""
    tally = books.get(TallyRecord, PARCELS, cluster, "")
    parcels = {} if tally is None else dict(tally.sums)
    if mass_mg > 0:
        parcels = _newest({**parcels, parcel: mass_mg}, policy)
    else:
        parcels.pop(parcel, None)
    books.put(TallyRecord(PARCELS, cluster, "", parcels))


def _newest(parcels: Mapping[str, int], policy: Policy) -> dict[str, int]:
    """The parcels that a later one may be counted with; late filing may bring them out of order."""
    newest_us = max(parcel_time_us(name) for name in parcels)
    since_us = newest_us - 3 * int(policy.thresholds["structuring.days"]) * DAY_US
    kept = sorted(name for name in parcels if parcel_time_us(name) > since_us)[-MOST_KEPT:]
    return {name: parcels[name] for name in kept}
