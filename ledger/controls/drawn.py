"""What single events drew on quotas, licences and sums, so that a correction gives exactly that back.

Decides: under which names draws are remembered. An event is known by who signed it, as its record is: whom a
signer may act for can change between the event and its correction.
"""

from collections.abc import Mapping
from typing import Final

from ledger.controls.rule import Case
from ledger.records.books import Books
from ledger.records.lots import EventRecord, ShipmentRecord
from ledger.records.oversight import TallyRecord

DRAWN: Final = "drawn"
SUSPENDED: Final = "suspended"
"""What a cancelled shipment had drawn: it draws it again if the cancellation did not occur."""


def quota_name(party: str, year: int, activity: str, ore_class: str) -> str:
    """The name of a draw on a quota."""
    return f"quota {party} {year} {activity} {ore_class}"


def licence_name(licence: str, event_id: str) -> str:
    """The name of a draw on a licence."""
    return f"licence {licence} {event_id}"


def export_name(subject: str, month: str) -> str:
    """The name of what an export adds to a month."""
    return f"export {subject} {month}"


def parcel_name(cluster: str, parcel: str) -> str:
    """The name of a parcel to a cluster of consignees."""
    return f"parcel {cluster} {parcel}"


def output_name(site: str, year: int) -> str:
    """The name of what an output adds to its site's year."""
    return f"output {site} {year}"


def sale_name(named: str) -> str:
    """The name of a transfer's use of an invoice."""
    return f"sale {named}"


def drawn_by(books: Books, issuer: str, event_id: str, tally: str = DRAWN) -> Mapping[str, int]:
    """What an event, by who signed it, drew and did not give back, in mg by name."""
    record = books.get(TallyRecord, tally, f"{issuer} {event_id}", "")
    return {} if record is None else record.sums


def drawn_for(books: Books, shipment: ShipmentRecord, tally: str = DRAWN) -> Mapping[str, int]:
    """The same of the event that made a shipment."""
    return drawn_by(books, signer_of(books, shipment), shipment.event_id, tally)


def signer_of(books: Books, shipment: ShipmentRecord) -> str:
    """Who signed the event that made a shipment: its consignor, or whoever acted for it then."""
    events = books.group(EventRecord, "entry", shipment.entry_index)
    return next((each.issuer for each in events if each.position == shipment.position), shipment.consignor)


def to_give_back(case: Case) -> Mapping[str, int]:
    """What the event that this movement corrects drew; nothing where it corrects none."""
    if not case.movement.corrects:
        return {}
    return drawn_by(case.recording.books, case.recording.issuer, case.movement.corrects)
