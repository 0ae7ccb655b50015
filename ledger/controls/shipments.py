"""Shipments: what arrives against what was sent, and arrivals long after they were due.

Decides: which difference is more than two scales and drying can make. What never arrives is judged by time
(``ledger.controls.ticks``).
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from ledger.clock import format_time_us
from ledger.controls.measures import more_than, summed
from ledger.controls.noticing import decimal_text, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.materials.units import round_half_even
from ledger.records.cells import element_masses, total
from ledger.records.lots import EventRecord, LotRecord, ShipmentRecord, StocktakeRecord
from ledger.records.periods import DAY_US, HOUR_US, later_us
from ledger.records.policy import Policy

TRAVELLING: Final = ("ship", "return")
BEARING: Final = ("opening", "extract", "import", "process", "draw")


@rule("shipment.difference", movements=("receive", "ship", "return"), tell=True)
def difference(case: Case) -> Iterator[Notice]:
    """The dry contained mass that arrived differs from what was sent."""
    compared = case.effect.compared
    sent = summed((total(lot.cells) * sent_mg, lot.mass_mg) for lot, sent_mg, _ in compared)
    received = sum(arrived_mg(lot, weighed_mg) for lot, _, weighed_mg in compared)
    if not sent:
        return
    allowed = case.recording.policy.thresholds["receipt.tolerance_share"]
    if not more_than(max(sent - received, received - sent), allowed, sent):
        return
    share = (sent - received) / sent
    if share > allowed:
        allowed += _drying(case)
    if abs(share) > allowed:
        less = "less" if share > 0 else "more"
        yield notice(
            case,
            "shipment.difference",
            f"{decimal_text(abs(share) * 100, 2)} % {less} REO arrived than was sent",
            "Weigh and assay again on both sides; record a loss in transit, or correct the weight.",
            subject=_subject(case),
            sent_mg=int(sent),
            received_mg=int(received),
            share=share,
        )


@rule("shipment.difference", movements=BEARING, tell=True)
def received_before_birth(case: Case) -> Iterator[Notice]:
    """More of a lot was received before its birth was recorded than was born. The birth stands."""
    allowed = 1 + case.recording.policy.thresholds["receipt.tolerance_share"]
    for lot in case.effect.born:
        received_mg = case.effect.awaited.get(lot.lot, 0)
        if received_mg and received_mg > lot.mass_mg * allowed:
            yield notice(
                case,
                "shipment.difference",
                f"{lot.lot} is born with {lot.mass_mg} mg, and {received_mg} mg of it were received already",
                "Correct the mass if it is wrong; else the consignee corrects its receipt.",
                subject=f"lot:{lot.lot}",
                born_mg=lot.mass_mg,
                received_mg=received_mg,
            )


@rule("shipment.unreceived", movements=("receive", "ship", "return"))
def late_arrival(case: Case) -> Iterator[Notice]:
    """A shipment arrived long after it was due."""
    limits = case.recording.policy.thresholds
    for shipment in changed_shipments(case):
        arrived_us = shipment.received_us
        if shipment.kind not in TRAVELLING or arrived_us is None or shipment.due_us is None:
            continue
        late_us = arrived_us - arrival_limit_us(shipment, case.recording.policy)
        if late_us > 0:
            hours = decimal_text(limits["unreceived.hours"])
            yield notice(
                case,
                "shipment.unreceived",
                f"the shipment arrived at {format_time_us(arrived_us)}, more than {hours} h after it was due",
                "Say where the goods were: carriers' papers, an interim store.",
                subject=subject_of(shipment),
                ongoing=True,
                due=format_time_us(shipment.due_us),
                arrived=format_time_us(arrived_us),
            )


@rule("stock.difference", movements=("stocktake",))
def stock_difference(case: Case) -> Iterator[Notice]:
    """What was counted is not what the books say."""
    books, limits = case.recording.books, case.recording.policy.thresholds
    event = books.get(EventRecord, case.recording.issuer, case.movement.event_id)
    if event is None or event.entry_index != case.recording.index:
        return
    for line in case.movement.inputs:
        count = books.get(StocktakeRecord, event.entry_index, event.position, line.lot)
        if count is not None:
            apart = count.counted_mg - count.book_mg
            if abs(apart) > limits["stock.difference_share"] * max(count.book_mg, 1):
                yield notice(
                    case,
                    "stock.difference",
                    f"{count.counted_mg} mg of {count.lot} were counted, {count.book_mg} mg are booked",
                    "Find what was not recorded, or adjust; beyond 0.5 % of throughput a regulator adjusts.",
                    subject=f"lot:{count.lot}",
                    pointer=line.pointer,
                    counted_mg=count.counted_mg,
                    book_mg=count.book_mg,
                )


def arrived_mg(lot: LotRecord, weighed_mg: int) -> int:
    """REO of what was weighed of a lot, in whole mg of each element."""
    masses = element_masses(lot.cells).values()
    return sum(round_half_even(mass_mg * weighed_mg, lot.mass_mg) for mass_mg in masses)


def changed_shipments(case: Case) -> list[ShipmentRecord]:
    """The shipments that a movement made or changed, each as it stands afterwards."""
    changed = case.effect.shipments
    if len(changed) < 2:
        return list(changed)
    return list({(shipment.consignor, shipment.event_id): shipment for shipment in changed}.values())


def turned_shipments(case: Case) -> list[tuple[ShipmentRecord, bool]]:
    """The shipments that a cancellation took back (False), or that its correction lets travel again (True).

    The journal says so: where both happened to one shipment, nothing turned.
    """
    if case.movement.kind != "cancel":
        return []
    moved: dict[str, int] = {}
    for posting in case.effect.postings:
        if posting.account in ("transit", "exported"):
            moved[posting.reference] = moved.get(posting.reference, 0) + posting.mass_mg
    found: list[tuple[ShipmentRecord, bool]] = []
    for reference, mass_mg in sorted(moved.items()):
        consignor, _, event_id = reference.partition(" ")
        shipment = case.recording.books.get(ShipmentRecord, consignor, event_id)
        if shipment is not None and mass_mg:
            found.append((shipment, mass_mg > 0))
    return found


def subject_of(shipment: ShipmentRecord) -> str:
    """A shipment's name in alerts and dues."""
    return f"shipment:{shipment.consignor} {shipment.event_id}"


def arrival_limit_us(shipment: ShipmentRecord, policy: Policy) -> int:
    """Until when a shipment should have arrived: some hours after it was due, or after the usual time."""
    due_us = shipment.due_us
    if due_us is None:
        due_us = later_us(shipment.event_time_us, policy.whole("unreceived.default_days", 1) * DAY_US)
    return later_us(due_us, policy.whole("unreceived.hours", HOUR_US))


def _drying(case: Case) -> Fraction:
    """What moist goods may have lost as water where no moisture was stated at the receipt, as a share of REO.

    A receipt that came before its shipment was weighed before the lot's own moisture was known.
    """
    most, books = case.recording.policy.thresholds["receipt.drying_share"], case.recording.books
    stated = {line.lot for line in case.movement.inputs if line.moisture is not None}
    measured = stated if case.movement.kind == "receive" else set()
    wet: list[tuple[int, int]] = []
    all_: list[tuple[int, int]] = []
    for name, sent_mg in {line.lot: line.sent_mg for line in case.effect.lines}.items():
        lot = books.get(LotRecord, name)
        if lot is None:
            continue
        reo_mg = total(lot.cells) * sent_mg
        all_.append((reo_mg, lot.mass_mg))
        if name not in measured:
            dried = min(most, Fraction(str(lot.composition.get("moistureFraction", "0"))))
            wet.append((reo_mg * dried.numerator, lot.mass_mg * dried.denominator))
    whole = summed(all_)
    return summed(wet) / whole if whole else Fraction(0)


def _subject(case: Case) -> str:
    for shipment in changed_shipments(case):
        return subject_of(shipment)
    return ""
