"""The values of single members: texts, names, numbers, masses, digests, times, attachments.

Decides: what each kind of value may be. Every function takes the value as parsed and gives the plain one, or
raises ``Fault`` with a place relative to the value.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from ledger.identifiers import is_uri
from ledger.materials.elements import ELEMENTS
from ledger.materials.units import MASS_UNITS, to_mg
from ledger.movements.parties import party_of
from ledger.movements.sheet import OUT_OF_TIME, OUT_OF_TIME_MEND, Fault, is_time
from ledger.movements.technology import manner, scope
from ledger.statements.acts.countries import COUNTRIES
from ledger.statements.epcis.fields import Moment
from ledger.statements.epcis.names import shown
from ledger.statements.epcis.reading import time_us
from ledger.statements.epcis.scope import Scope
from ledger.strict_json import JsonNumber, escape_pointer

MAX_TEXT_CHARACTERS: Final = 1024
MAX_LIST_ITEMS: Final = 256
MAX_MASS_MG: Final = 10**17
"""A hundred million tonnes: more than the world has mined; sums of such stay within 64 bits."""

UNDECLARED: Final = "undeclared"

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_WORD: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_MOMENT: Final = Moment()
_SCOPE: Final = Scope()
_MASS_MEND: Final = (
    "Give the quantity with a unit of mass as uom: KGM, TNE, GRM, MGM or another of UN/ECE Recommendation 20."
)


def text(value: Any) -> str:
    """A text of 1 to 1,024 characters, none of them white space at its ends."""
    if type(value) is not str:
        raise Fault("movement.value", "This must be a text.", "Write it in quotes.")
    if not value or value != value.strip() or len(value) > MAX_TEXT_CHARACTERS:
        raise Fault(
            "movement.value",
            f"A text has 1 to {MAX_TEXT_CHARACTERS} characters, and none of them is a space at its ends.",
            "Write what there is to say, or leave the member out.",
        )
    return value


def name(value: Any) -> str:
    """A URI."""
    found = text(value)
    if not is_uri(found):
        raise Fault("movement.value", f"{shown(found)} is not a URI.", "Name it by a whole URI.")
    return found


def party(value: Any) -> str:
    """A party's identifier, or the URI that stands for it."""
    return party_of(text(value))


def word(value: Any) -> str:
    """A name of small letters, digits and hyphens."""
    found = text(value)
    if _WORD.fullmatch(found) is None:
        raise Fault(
            "movement.value",
            f"{shown(found)} is not a name of small letters, digits and hyphens.",
            "Write the name as the list in docs/materials.md has it.",
        )
    return found


def flag(value: Any) -> bool:
    """true or false."""
    if type(value) is not bool:
        raise Fault("movement.value", "This must be true or false.", "Write true or false without quotes.")
    return value


def country(value: Any) -> str:
    """An ISO 3166-1 code of two letters."""
    if type(value) is not str or value not in COUNTRIES:
        raise Fault(
            "movement.country",
            "This is no country code.",
            "Write the two capital letters of ISO 3166-1, for example CN.",
        )
    return value


def origin_country(value: Any) -> str:
    """A country code, or ``undeclared``."""
    return UNDECLARED if value == UNDECLARED else country(value)


def digest(value: Any) -> str:
    """A SHA-256 as 64 small hexadecimal digits."""
    if type(value) is not str or _DIGEST.fullmatch(value) is None:
        raise Fault(
            "movement.digest",
            "This is no SHA-256.",
            "Write the 64 hexadecimal digits, small letters, as sha256sum prints them.",
        )
    return value


def moment(value: Any) -> int:
    """Microseconds since 1970 of a date and time with its zone."""
    fault = _MOMENT.finding(value, _SCOPE)
    if fault is not None:
        raise Fault("movement.time", fault.detail, fault.mend)
    found = time_us(value)
    if not is_time(found):
        raise Fault("movement.time", OUT_OF_TIME, OUT_OF_TIME_MEND)
    return found


def texts(value: Any) -> tuple[str, ...]:
    """A list of different texts, at least one."""
    found = _items(value, text)
    if len(set(found)) != len(found):
        raise Fault("movement.value", "The list names something twice.", "Name each once.")
    return tuple(found)


def names(value: Any) -> tuple[str, ...]:
    """A list of different URIs, at least one."""
    for position, item in enumerate(texts(value)):
        _at(position, name, item)
    return tuple(value)


def attachments(value: Any) -> tuple[tuple[str, str, int, str], ...]:
    """Documents beside the event: (role, media type, size in bytes, SHA-256 in hex)."""
    return tuple(_items(value, _attachment))


def unit_price(value: Any) -> str:
    """``{"amount": 605.5, "currency": "CNY"}`` per kilogram, as ``605.5 CNY``."""
    amount, currency = _members(value, "amount", "currency")
    if type(amount) is not JsonNumber or amount <= 0:
        raise Fault("movement.value", "A price is a number above 0.", "Write it without quotes.", "/amount")
    if type(currency) is not str or _CURRENCY.fullmatch(currency) is None:
        raise Fault(
            "movement.value",
            "The currency has no code of ISO 4217.",
            "Write three capital letters, for example CNY.",
            "/currency",
        )
    return f"{amount.text} {currency}"


def mass_mg(quantity: Any, uom: Any) -> int:
    """Whole milligrams of a quantity with its unit; places are those of a quantity element."""
    if type(quantity) is not JsonNumber:
        raise Fault("movement.mass-missing", "The mass is missing.", _MASS_MEND, "/quantity")
    if uom is None:
        raise Fault("movement.unit-missing", "The mass has no unit.", _MASS_MEND, "/uom")
    if type(uom) is not str or uom not in MASS_UNITS:
        raise Fault("movement.unit", f"{shown(str(uom))} is no unit of mass.", _MASS_MEND, "/uom")
    if quantity < 0 or quantity.adjusted() > 20:
        raise _out_of_range(quantity)
    found = to_mg(quantity, uom)
    if found > MAX_MASS_MG:
        raise _out_of_range(quantity)
    return found


def single_mass(value: Any) -> int:
    """``{"quantity": 12.5, "uom": "KGM"}`` in whole milligrams."""
    quantity, uom = _members(value, "quantity", "uom", needed=0)
    return mass_mg(quantity, uom)


def element_masses(value: Any) -> dict[str, int]:
    """``{"uom": "KGM", "elements": {"Nd": 12.5}}`` in whole milligrams of REO; zeros are kept."""
    elements, uom = _members(value, "elements", "uom", needed=1)
    return _by_element(elements, uom)


def losses(value: Any) -> dict[str, int]:
    """As ``element_masses``, or ``{"uom": "KGM", "total": 80}`` for all elements together (under ``""``)."""
    if isinstance(value, dict) and "total" in value:
        total, uom = _members(value, "total", "uom")
        return {"": _relocated("/total", total, uom)}
    return element_masses(value)


def _by_element(elements: Any, uom: Any) -> dict[str, int]:
    if type(elements) is not dict or not elements:
        raise Fault(
            "movement.value",
            "There are no masses by element.",
            'Write {"uom": "KGM", "elements": {"Nd": 12.5}}.',
            "/elements",
        )
    found = {}
    for symbol, quantity in elements.items():
        place = f"/elements/{escape_pointer(symbol)}"
        if symbol not in ELEMENTS:
            raise Fault("movement.element", f"{shown(symbol)} is no rare earth.", _ELEMENT_MEND, place)
        found[symbol] = _relocated(place, quantity, uom)
    return found


_ELEMENT_MEND: Final = f"Write the symbol of one: {', '.join(ELEMENTS)}."


def _relocated(place: str, quantity: Any, uom: Any) -> int:
    try:
        return mass_mg(quantity, uom)
    except Fault as fault:
        where = "/uom" if fault.place == "/uom" else place
        raise Fault(fault.code, fault.detail, fault.mend, where) from None


def _attachment(value: Any) -> tuple[str, str, int, str]:
    role, media_type, size, sha256 = _members(value, "role", "mediaType", "size", "sha256")
    if type(media_type) is not str or _MEDIA_TYPE.fullmatch(media_type) is None:
        raise Fault(
            "movement.value", "This is no media type.", "Write it like application/pdf.", "/mediaType"
        )
    if type(size) is not JsonNumber or not size.is_integer_text or not 0 <= size <= 2**53:
        raise Fault("movement.value", "The size is the number of bytes.", "Write a whole number.", "/size")
    return _member("/role", word, role), media_type, int(size), _member("/sha256", digest, sha256)


def _members(value: Any, *wanted: str, needed: int | None = None) -> list[Any]:
    """The values of an object's members as wanted; the first ``needed`` (all, by default) must be there."""
    if type(value) is not dict:
        raise Fault("movement.value", "This must be an object.", f"Write {{ ... }} with {', '.join(wanted)}.")
    for member in value:
        if member not in wanted:
            raise Fault(
                "movement.member-unknown",
                f"There is no member {shown(member)} here.",
                f"Members are {', '.join(wanted)}.",
                f"/{escape_pointer(member)}",
            )
    for member in wanted[:needed]:
        if member not in value:
            raise Fault("movement.value", f"The member {member} is missing.", f"Add {member}.", f"/{member}")
    return [value.get(member) for member in wanted]


def _items(value: Any, read: Callable[[Any], Any]) -> list[Any]:
    if type(value) is not list:
        raise Fault("movement.value", "This must be an array.", "Write [ ... ], also for a single item.")
    if not value:
        raise Fault("movement.list-empty", "The list is empty.", "Name at least one, or leave it out.")
    if len(value) > MAX_LIST_ITEMS:
        detail = f"The list has {len(value)} items; at most {MAX_LIST_ITEMS} are taken."
        raise Fault("movement.value", detail, "Say it in several events.")
    return [_at(position, read, item) for position, item in enumerate(value)]


def _at(position: int, read: Callable[[Any], Any], item: Any) -> Any:
    return _member(f"/{position}", read, item)


def _member(place: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except Fault as fault:
        raise Fault(fault.code, fault.detail, fault.mend, place + fault.place) from None


def _out_of_range(quantity: JsonNumber) -> Fault:
    return Fault(
        "movement.mass-range",
        f"A mass of {quantity.text} cannot be.",
        f"Give a mass between 0 and {MAX_MASS_MG // 10**9:,} tonnes; check the unit.",
        "/quantity",
    )


@lru_cache(maxsize=512)
def offset_min(offset: str) -> int:
    """Minutes of an offset from UTC such as ``+08:00``."""
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    return -minutes if offset[0] == "-" else minutes


READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "process": word,
    "pool": name,
    "shipment": text,
    "reason": text,
    "licence": text,
    "declaration": text,
    "consignee": party,
    "endUser": party,
    "endUse": text,
    "destination": country,
    "originDeclaration": digest,
    "seals": texts,
    "laboratory": party,
    "document": digest,
    "attachments": attachments,
    "due": moment,
    "unitPrice": unit_price,
    "final": flag,
    "whole": flag,
    "declaredLosses": losses,
    "measured": element_masses,
    "units": names,
    "manner": manner,
    "scope": scope,
    "disclosed": flag,
}
"""How the value of each member is read, but for those whose meaning depends on the kind."""

FIELDS: Final[Mapping[str, str]] = {
    "declaredLosses": "declared_losses_mg",
    "measured": "measured_mg",
    "endUser": "end_user",
    "endUse": "end_use",
    "originDeclaration": "origin_declaration",
    "document": "document_sha256",
    "due": "due_us",
    "unitPrice": "unit_price",
}
"""The field of ``Movement`` for each member whose name differs."""
