"""Technology in events: which URI stands for an item, in which forms it is handed over, and how many of each.

Decides: how an ``impart`` names its technology. It has no mass and no lot. Source of the forms: our own; the
announcements speak of documents, data, training and services (from memory, not verified).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ledger.movements.sheet import Fault, Sheet
from ledger.statements.epcis.names import shown
from ledger.strict_json import JsonNumber, escape_pointer

TECHNOLOGY_URI: Final = "https://w3id.org/reledger/technology/"
"""What stands before an item's code; an opaque name, not an address."""
FORMS_OF_TECHNOLOGY: Final = ("documents", "data", "training", "services")
"""In which a technology is handed over: files, sets of technical data, courses, assignments."""
MANNERS: Final = ("export", "release")
MOST_OF_A_FORM: Final = 1_000_000

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


def technology_uri(code: str) -> str:
    """The URI by which an event names an item of technology."""
    return f"{TECHNOLOGY_URI}{code}"


def read_technology(sheet: Sheet, values: dict[str, Any]) -> None:
    """Puts the code of an impart's technology into ``values``: the one element of its quantityList.

    A faulty event is reported on the sheet; so is one that is disclosed without a reason.
    """
    elements = sheet.members.get("quantityList", ())
    alone = len(elements) == 1 and set(elements[0]) == {"epcClass"} and "epcList" not in sheet.members
    # Another URI keeps its colon, which no code has.
    code = elements[0]["epcClass"].removeprefix(TECHNOLOGY_URI) if alone else ""
    if _CODE.fullmatch(code) is None:
        detail = "The event does not name its technology, or names something beside it."
        mend = f"Give {TECHNOLOGY_URI} and the item's code as epcClass of quantityList, and nothing else."
        sheet.report("movement.technology", detail, "/quantityList", mend)
    values["technology"] = code
    if values.get("disclosed") and "reason" not in sheet.own:
        detail = "What is disclosed has a reason."
        sheet.report_own("reason", Fault("movement.reason-missing", detail, "Say why, in a sentence."))


def manner(value: Any) -> str:
    """``export`` or ``release``."""
    if value not in MANNERS:
        raise Fault(
            "movement.value",
            "A technology leaves the country, or is given to a foreign organisation within it.",
            f"Write {' or '.join(MANNERS)}.",
        )
    return str(value)


def scope(value: Any) -> Mapping[str, int]:
    """``{"documents": 12, "training": 1}``: how many of each form."""
    if type(value) is not dict or not value:
        raise Fault(
            "movement.value", "There is no number by form.", 'Write {"documents": 12}, or leave it out.'
        )
    found = {}
    for form, number in value.items():
        place = f"/{escape_pointer(form)}"
        if form not in FORMS_OF_TECHNOLOGY:
            detail = f"{shown(form)} is no form of technology."
            mend = f"Write one of: {', '.join(FORMS_OF_TECHNOLOGY)}."
            raise Fault("movement.value", detail, mend, place)
        if type(number) is not JsonNumber or not number.is_integer_text or not 1 <= number <= MOST_OF_A_FORM:
            detail = f"The number of a form is whole, 1 to {MOST_OF_A_FORM:,}."
            raise Fault("movement.value", detail, "Write it without quotes.", place)
        found[form] = int(number)
    return found
