"""Drawing quotas, licences, invoices and sums, and giving back what was drawn.

Decides: that everything that an event draws is remembered under its name and given back exactly; and that
what a cancelled shipment gave back is drawn again where the cancellation did not occur.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ledger.controls.capacity import OUTPUTS, count_output, output_mg
from ledger.controls.drawn import (
    DRAWN,
    SUSPENDED,
    drawn_by,
    export_name,
    licence_name,
    output_name,
    parcel_name,
    quota_name,
    sale_name,
    signer_of,
)
from ledger.controls.exports import ABROAD, MONTHLY, clusters, count_parcel, exported_mg, flows
from ledger.controls.fed import POOL_ORE, note_ore, ore_moved, ore_name
from ledger.controls.licences import draw_licence, licensed_mass
from ledger.controls.noticing import actor_of
from ledger.controls.papers import count_use, transfer_named
from ledger.controls.quotas import draw_quotas, draws
from ledger.controls.rule import Case
from ledger.controls.shipments import turned_shipments
from ledger.controls.sums import add_sums
from ledger.controls.trade import sold_lots
from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord, TallyRecord
from ledger.records.periods import month_of, year_of
from ledger.records.policy import Policy

_NOTHING: Final[dict[str, int]] = {}


def note_draws(case: Case) -> None:
    """Draws what a movement draws, and remembers it under the event's name."""
    recording = case.recording
    drawn = {name: mass_mg for name, mass_mg in sorted(_drawn_by(case)) if mass_mg}
    for name, mass_mg in drawn.items():
        _book(recording.books, recording.policy, name, mass_mg)
    if drawn:
        name = f"{recording.issuer} {case.movement.event_id}"
        recording.books.add(TallyRecord(DRAWN, name, "", drawn))
    if case.movement.corrects and case.movement.kind == "export":
        _carry_reports(case)


def _carry_reports(case: Case) -> None:
    """What was reported of a corrected export holds for the one in its place, under the same licence."""
    movement, books = case.movement, case.recording.books
    named = books.get(LicenceRecord, movement.licence) if movement.licence else None
    if named is not None and movement.corrects in named.reported and movement.event_id in named.shipments:
        reported = dict(named.reported)
        reported[movement.event_id] = reported.pop(movement.corrects)
        books.put(replace(named, reported=reported))


def give_back(case: Case) -> None:
    """Gives back what a corrected event drew, and what a cancelled shipment did.

    A shipment that a corrected cancellation lets travel again draws again what it had drawn.
    """
    movement, recording = case.movement, case.recording
    books, policy = recording.books, recording.policy
    if movement.corrects:
        _move(books, policy, f"{recording.issuer} {movement.corrects}", DRAWN, "")
    for shipment, travels in turned_shipments(case):
        name = f"{signer_of(books, shipment)} {shipment.event_id}"
        _move(books, policy, name, *((SUSPENDED, DRAWN) if travels else (DRAWN, SUSPENDED)))


def _move(books: Books, policy: Policy, name: str, source: str, target: str) -> None:
    """Gives back what an event drew, and suspends or forgets it; or draws again what is suspended."""
    issuer, _, event_id = name.partition(" ")
    drawn = drawn_by(books, issuer, event_id, source)
    if not drawn:
        return
    for each, mass_mg in drawn.items():
        _book(books, policy, each, mass_mg if target == DRAWN else -mass_mg)
    books.put(TallyRecord(source, name, "", _NOTHING))
    if target:
        books.put(TallyRecord(target, name, "", drawn))


def _drawn_by(case: Case) -> Iterator[tuple[str, int]]:
    """What a movement draws, in mg by name."""
    movement, recording = case.movement, case.recording
    party, year = actor_of(case), year_of(movement.event_time_us, recording.policy)
    for (activity, ore_class), mass_mg in draws(case).items():
        yield quota_name(party, year, activity, ore_class), mass_mg
    for element, mass_mg in ore_moved(case).items():
        yield ore_name(movement.pool, element), mass_mg
    if movement.kind in OUTPUTS:
        yield output_name(movement.site, year), output_mg(case)
    named = transfer_named(case)
    if named:
        yield sale_name(named), sum(sold_lots(case).values())
    if movement.kind not in ABROAD:
        return
    if movement.kind == "export" and movement.licence:
        yield licence_name(movement.licence, movement.event_id), licensed_mass(case)
    sent_mg, month = exported_mg(case), month_of(movement.event_time_us, recording.policy)
    for subject in flows(party, movement.destination):
        yield export_name(subject, month), sent_mg
    parcel = f"{movement.event_time_us} {recording.index} {movement.event_id}"
    for cluster in clusters(case):
        yield parcel_name(cluster, parcel), sent_mg


def _book(books: Books, policy: Policy, name: str, mass_mg: int) -> None:
    """Books one draw, by its name; a negative mass is given back."""
    kind, _, rest = name.partition(" ")
    if kind == "quota":
        holder, year, activity, ore_class = rest.split(" ")
        draw_quotas(books, holder, int(year), {(activity, ore_class): mass_mg})
    elif kind == "licence":
        licence, _, event_id = rest.partition(" ")
        draw_licence(books, licence, event_id, mass_mg)
    elif kind == POOL_ORE:
        element, _, pool = rest.partition(" ")
        note_ore(books, pool, {element: mass_mg})
    elif kind == "export":
        subject, _, month = rest.rpartition(" ")
        add_sums(books, MONTHLY, subject, month, {"mass_mg": mass_mg})
    elif kind == "parcel":
        cluster, _, parcel = rest.partition(" ")
        count_parcel(books, policy, cluster, parcel, mass_mg)
    elif kind == "output":
        site, _, in_year = rest.rpartition(" ")
        count_output(books, site, in_year, mass_mg)
    elif kind == "sale":
        count_use(books, rest, mass_mg)
