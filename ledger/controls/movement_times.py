"""Times that cannot be: before birth, after recording, in two places, faster than anything travels.

Decides: what two times and two places exclude. Distances are straight lines through the earth, which no way
is shorter than; they are computed with the four operations and square roots only, so that every machine
agrees.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ledger.clock import format_time_us
from ledger.controls.noticing import decimal_text, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.controls.shipments import changed_shipments, subject_of
from ledger.records.books import Books
from ledger.records.lots import EventRecord, LotRecord, PostingRecord, ProvisionalRecord, ShipmentRecord
from ledger.records.oversight import TallyRecord
from ledger.records.periods import HOUR_US
from ledger.statements.registers import Facts, SiteRecord

DISTANCES: Final = "distance"
SEEN: Final = "seen"
BIRTHS: Final = ("opening", "extract", "import", "process", "draw")
_EARTH_KM: Final = 6371.0
_AWAITED: Final = "awaited"
_SHIPPED: Final = ("ship", "export", "disclose", "return", "refuse", "release")
_SITED: Final = (*_SHIPPED, "extract", "import", "process", "pack", "unpack", "stocktake", "receive")


@rule("time.before-birth", action="reject")
def before_birth(case: Case) -> Iterator[Notice]:
    """Something happens to a lot before it was born."""
    at_us = case.movement.event_time_us
    names = {line.lot: line.pointer for line in case.movement.inputs}
    for line in case.effect.lines:
        if line.event_id == case.movement.event_id:
            names.setdefault(line.lot, case.movement.pointer)
    for name, pointer in names.items():
        lot = case.recording.books.get(LotRecord, name)
        if lot is not None and lot.birth != _AWAITED and at_us < lot.event_time_us:
            yield notice(
                case,
                "time.before-birth",
                f"{name} was born after this happened to it",
                "Correct the time of this event, or of the birth.",
                subject=f"lot:{name}",
                pointer=pointer,
                event_time=format_time_us(at_us),
            )


@rule("time.before-birth", movements=BIRTHS, action="reject")
def used_before_birth(case: Case) -> Iterator[Notice]:
    """A lot was received or used before it was born, by a birth that is recorded or corrected only now."""
    for lot in case.effect.born:
        if lot.lot not in case.effect.awaited and not case.movement.corrects:
            continue
        earliest_us = min(_handled(case, lot), default=lot.event_time_us)
        if earliest_us < lot.event_time_us:
            found = notice(
                case,
                "time.before-birth",
                f"{lot.lot} is born after what happened to it at {format_time_us(earliest_us)}",
                "Correct the time of this birth, or of what happened before it.",
                subject=f"lot:{lot.lot}",
                event_time=format_time_us(earliest_us),
            )
            yield replace(found, past=True)


def _handled(case: Case, lot: LotRecord) -> Iterator[int]:
    """When a lot was held or moved, by what stands."""
    books = case.recording.books
    for posting in books.group(PostingRecord, "lot", lot.lot):
        if posting.account != "holding" or posting.event_time_us >= lot.event_time_us:
            continue
        for event in books.group(EventRecord, "entry", posting.entry_index):
            own = event.position == posting.position and posting.line >= event.first_line
            if own and event.state == "booked":
                yield posting.event_time_us


@rule("time.after-recording", stage="before", action="reject")
def after_recording(case: Case) -> Iterator[Notice]:
    """The event lies after the moment at which it is recorded."""
    recorded_us = case.recording.recorded_at_us
    skew_us = case.recording.policy.whole("recording.skew_seconds", 1_000_000)
    if case.movement.event_time_us > recorded_us + skew_us:
        yield notice(
            case,
            "time.after-recording",
            f"the event's time lies after its recording at {format_time_us(recorded_us)}",
            "Correct the event's time and its zone; what is only planned is not recorded.",
            event_time=format_time_us(case.movement.event_time_us),
            recorded=format_time_us(recorded_us),
        )


@rule("time.two-places", "time.too-fast", movements=("receive", "ship", "return", "export"))
def travelling(case: Case) -> Iterator[Notice]:
    """A shipment arrives before it left, or faster than anything travels."""
    limits = case.recording.policy.thresholds
    for shipment in changed_shipments(case):
        arrived_us = shipment.received_us
        if arrived_us is None or shipment.state in ("voided", "refused"):
            continue
        took_us = arrived_us - shipment.event_time_us
        if took_us < 0:
            yield notice(
                case,
                "time.two-places",
                f"the goods arrived at {format_time_us(arrived_us)} and left only at "
                f"{format_time_us(shipment.event_time_us)}",
                "Correct the time of the shipment or of the receipt.",
                subject=subject_of(shipment),
                left=format_time_us(shipment.event_time_us),
                arrived=format_time_us(arrived_us),
            )
            continue
        distance = _distance_of(case, shipment)
        if distance * HOUR_US > limits["transit.max_kmh"] * took_us:
            minutes = took_us // 60_000_000
            yield notice(
                case,
                "time.too-fast",
                f"{distance} km were travelled in {minutes} minutes",
                "Correct times or sites.",
                subject=subject_of(shipment),
                distance_km=distance,
                minutes=minutes,
                most_kmh=decimal_text(limits["transit.max_kmh"]),
            )


@rule("time.two-places", movements=_SITED)
def thing_in_two_places(case: Case) -> Iterator[Notice]:
    """One indivisible thing is at two sites, and nothing brought it from one to the other in time."""
    movement, books = case.movement, case.recording.books
    for name in things_of(case):
        tally = books.get(TallyRecord, SEEN, name, "")
        for place, seen_us in sorted({} if tally is None else tally.sums.items()):
            if place != movement.site and seen_us == movement.event_time_us:
                yield notice(
                    case,
                    "time.two-places",
                    f"{name} is at {movement.site} and at {place} at the same time",
                    "Correct the site or the time of one of the events.",
                    subject=f"lot:{name}",
                    sites=sorted((movement.site, place)),
                )


def things_of(case: Case) -> list[str]:
    """The indivisible things of a movement: instances and logistic units."""
    movement = case.movement
    things = [line.lot for line in (*movement.inputs, *movement.outputs) if line.instance]
    return [*things, *movement.units, *([movement.parent] if movement.parent else [])]


def note_places(case: Case) -> None:
    """Remembers where indivisible things were, and how far apart the sites of a shipment are."""
    movement, books = case.movement, case.recording.books
    if movement.kind in _SITED and movement.site:
        for name in things_of(case):
            tally = books.get(TallyRecord, SEEN, name, "")
            sums = {} if tally is None else dict(tally.sums)
            sums[movement.site] = movement.event_time_us
            newest = dict(sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:4])
            books.put(TallyRecord(SEEN, name, "", newest))
    if movement.kind in _SHIPPED and movement.site and movement.site_to:
        key = _pair(movement.site, movement.site_to)
        if books.get(TallyRecord, DISTANCES, key, "") is None:
            distance = site_distance_km(case.recording.facts, movement.site, movement.site_to)
            if distance is not None:
                books.put(TallyRecord(DISTANCES, key, "", {"km": distance}))


def site_distance_km(facts: Facts, one: str, other: str) -> int | None:
    """Whole km between two sites in a straight line; None where a position is not listed."""
    places = [_position(facts.sites.get(site)) for site in (one, other)]
    first, second = places
    if first is None or second is None:
        return None
    squares = 0.0
    for here, there in zip(first, second, strict=True):
        squares += (here - there) * (here - there)
    return int(_EARTH_KM * math.sqrt(squares))


def known_distance_km(books: Books, facts: Facts, one: str, other: str) -> int:
    """Whole km between two sites; 0 where it is not known."""
    if not one or not other or one == other:
        return 0
    distance = site_distance_km(facts, one, other)
    if distance is not None:
        return distance
    tally = books.get(TallyRecord, DISTANCES, _pair(one, other), "")
    return 0 if tally is None else tally.sums.get("km", 0)


def _distance_of(case: Case, shipment: ShipmentRecord) -> int:
    books, facts, sites = case.recording.books, case.recording.facts, {case.movement.site}
    if case.movement.kind != "receive":  # what was received before it was sent may have gone elsewhere
        names = (name for name in (shipment.event_id, shipment.despatch_advice) if name)
        waited = [
            each
            for name in names
            for each in books.group(ProvisionalRecord, "shipment", shipment.consignor, name)
        ]
        sites = {
            each.site for each in waited if each.event_time_us == shipment.received_us and not each.left_mg
        }
        sites.add(shipment.site_to)
    return max(known_distance_km(books, facts, shipment.site_from, site) for site in sites)


def _pair(one: str, other: str) -> str:
    return " ".join(sorted((one, other)))


def _position(site: SiteRecord | None) -> tuple[float, float, float] | None:
    """A site on the unit sphere."""
    if site is None:
        return None
    stated = site.description.get("latitude"), site.description.get("longitude")
    if None in stated:
        return None
    latitude, longitude = (float(str(each)) for each in stated)
    level = _cosine(latitude)
    return level * _cosine(longitude), level * _cosine(longitude - 90.0), _cosine(latitude - 90.0)


def _cosine(degrees: float) -> float:
    """The cosine by Bhaskara's formula, to 0.002: a library's last digit differs between machines."""
    turned = degrees - 360.0 * math.floor(degrees / 360.0 + 0.5)
    if turned < -90.0 or turned > 90.0:
        other = 180.0 - abs(turned)
        return -_cosine(other)
    return (32400.0 - 4.0 * turned * turned) / (32400.0 + turned * turned)
