"""The lots, instances and logistic units of an event, as lines.

Decides: which names are logistic units, what each line's mass is, and which lines are born with a
composition. Never decides whether a lot exists or who holds it: the books do.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ledger.movements.composition import LotSaid, compose, read_lot
from ledger.movements.kinds import BIRTHS, Form
from ledger.movements.movement import Line
from ledger.movements.sheet import Fault, Sheet
from ledger.movements.values import mass_mg
from ledger.statements.epcis.names import MAX_URI_CHARACTERS, shown
from ledger.strict_json import escape_pointer

_UNIT: Final = re.compile(
    r"urn:epc:id:(?:sscc|grai|bic):.+|https?://[^?#]*/(?:00/\d{18}|8003/\d{14}[^/?#]*)(?:[/?#].*)?",
    re.ASCII | re.IGNORECASE,
)
_ILMD_MEND: Final = "Put everything about lots into ree:lots."


def is_unit(name: str) -> bool:
    """Whether a name has the form of a logistic unit's: SSCC, returnable asset (GRAI), BIC container."""
    return ("urn:epc:id:" in name or "/00/" in name or "/8003/" in name) and (
        _UNIT.fullmatch(name) is not None
    )


class Goods:
    """Reads the goods of one event.

    Attributes:
        units: Logistic units among them, in order.
    """

    def __init__(self, sheet: Sheet, form: Form, kind: str, *, whole: bool) -> None:
        self._sheet = sheet
        self._kind = kind
        self._masses = form.masses
        self._zero_counts = form.masses == "zero"
        if whole and kind != "stocktake":
            self._masses = "optional"
        self._said = _read_lots(sheet)
        self._named: set[str] = set()
        self._declared_units = _declared_units(sheet)
        self.units: list[str] = []

    def lines(self, lists: tuple[str, str], *, born: bool) -> tuple[Line, ...]:
        """The lines of a pair of lists (things, quantities).

        Args:
            born: Whether they come to be in this event.
        """
        things, quantities = lists
        found: list[Line] = []
        members = self._sheet.members
        for position, name in enumerate(members.get(things, ())):
            place = f"/{things}/{position}"
            if name in self._declared_units or is_unit(name):
                self._add_unit(name, place, born=born)
            elif self._is_new(name, place):
                found.append(self._instance(name, place, born=born))
        for position, element in enumerate(members.get(quantities, ())):
            place = f"/{quantities}/{position}"
            name = element["epcClass"]
            if self._is_new(name, place):
                found.append(self._share(name, element, place, born=born))
        return tuple(found)

    def finish(self) -> None:
        """Reports what ``ree:lots`` and ``ree:units`` say of things that the event does not have."""
        for lot, said in self._said.items():
            if lot not in self._named:
                self._sheet.report(
                    "movement.lot-unlisted",
                    f"{shown(lot)} stands in ree:lots and in no list of the event.",
                    said.place,
                    "Name it in the lists as well, letter for letter, or leave it out.",
                )
        for unit in sorted(self._declared_units - set(self.units)):
            self._sheet.report_own(
                "units",
                Fault(
                    "movement.lot-unlisted",
                    f"{shown(unit)} stands in ree:units and in no list of the event.",
                    "Name it in the lists as well, letter for letter, or leave it out.",
                ),
            )

    def _add_unit(self, name: str, place: str, *, born: bool) -> None:
        if born:
            self._sheet.report(
                "movement.unit-born",
                f"{shown(name)} is a logistic unit; units are packed, not born.",
                place,
                "Name the lots that come to be, and pack them in an event of their own.",
            )
        elif self._is_new(name, place):
            self.units.append(name)

    def _is_new(self, name: str, place: str) -> bool:
        if name in self._named:
            self._twice(name, place)
            return False
        self._named.add(name)
        return True

    def _twice(self, name: str, place: str) -> None:
        detail = f"{shown(name)} stands in the event twice."
        self._sheet.report("movement.lot-twice", detail, place, "Name each lot once, with all of its mass.")

    def _instance(self, name: str, place: str, *, born: bool) -> Line:
        said = self._said.get(name)
        mass = None if said is None else said.net_mass_mg
        if born and mass is None and (said is None or "netMass" not in said.names):
            self._sheet.report(
                "movement.mass-missing",
                f"{shown(name)} is born without a mass.",
                place if said is None else said.member("netMass"),
                'Add netMass to its entry in ree:lots: {"quantity": 12.5, "uom": "KGM"}.',
            )
        return self._line(name, mass, said, place, instance=True, born=born)

    def _share(self, name: str, element: Mapping[str, Any], place: str, *, born: bool) -> Line:
        mass: int | None = None
        if born or self._masses != "optional" or "quantity" in element:
            try:
                mass = mass_mg(element.get("quantity"), element.get("uom"))
            except Fault as fault:
                self._sheet.report(fault.code, fault.detail, place + fault.place, fault.mend)
        return self._line(name, mass, self._said.get(name), place, instance=False, born=born)

    def _line(
        self, name: str, mass: int | None, said: LotSaid | None, place: str, *, instance: bool, born: bool
    ) -> Line:
        if mass == 0 and (born or not self._zero_counts):
            where = f"{place}/quantity" if said is None or not instance else said.member("netMass")
            detail = "The mass is below half a milligram."
            mend = "Give the mass that there is; leave out what there is not."
            self._sheet.report("movement.mass-zero", detail, where, mend)
            mass = None
        pointer = self._sheet.pointer + place
        if said is None:
            if born:
                self._report_no_composition(name, place)
            return Line(name, mass, instance=instance, pointer=pointer)
        composition = None
        if mass and (born or (self._kind == "receive" and _states_shares(said))):
            composition = compose(self._sheet, said, mass)
        if born and not said.product and "product" not in said.names:
            self._report_no_product(name, said)
        moisture = None
        if self._kind == "receive" and said.moisture is not None:
            moisture = said.moisture_fraction
        return Line(
            name,
            mass,
            composition,
            said.product,
            instance,
            moisture,
            said.custody_model,
            said.pieces,
            pointer,
        )

    def _report_no_composition(self, name: str, place: str) -> None:
        self._sheet.report(
            "movement.composition-missing",
            f"{shown(name)} is born and has no composition.",
            place,
            "Add its entry to ree:lots with product, treoFraction and elementFractions.",
        )

    def _report_no_product(self, name: str, said: LotSaid) -> None:
        self._sheet.report(
            "movement.product-missing",
            f"{shown(name)} is born and nobody says what it is.",
            said.member("product"),
            "Add product, a code of the catalogue (docs/materials.md), to its entry in ree:lots.",
        )


def bears(kind: str) -> bool:
    """Whether what comes out of such a movement is born in it."""
    return kind in BIRTHS


def _states_shares(said: LotSaid) -> bool:
    return "treoFraction" in said.names or "elementFractions" in said.names


def _declared_units(sheet: Sheet) -> frozenset[str]:
    found = sheet.own.get("units")
    return frozenset(item for item in found if type(item) is str) if type(found) is list else frozenset()


def _read_lots(sheet: Sheet) -> dict[str, LotSaid]:
    """The entries of ``ree:lots``, at the event or inside its ilmd."""
    found = sheet.own.get("lots")
    base = sheet.place("lots")[len(sheet.pointer) :] if found is not None else ""
    ilmd = sheet.members.get("ilmd")
    if ilmd is not None:
        inside, place = _ilmd_lots(sheet, ilmd)
        if inside is not None and found is not None and inside != found:
            sheet.report(
                "movement.lots-differ",
                "ree:lots stands at the event and in its ilmd, and the two differ.",
                place,
                "Say it once: in ilmd where the event has one.",
            )
        elif inside is not None:
            found, base = inside, place
    if found is None:
        return {}
    if type(found) is not dict or not found:
        code = "movement.list-empty" if found == {} else "movement.value"
        mend = "Write { ... } with an entry for each lot, or leave it out."
        sheet.report(code, "ree:lots is an object with an entry for each lot.", base, mend)
        return {}
    if any(len(lot) > MAX_URI_CHARACTERS for lot in found):
        detail = f"A lot's id has at most {MAX_URI_CHARACTERS} characters."
        sheet.report("movement.value", detail, base, "Name each lot as in the event's lists.")
        return {}
    return {lot: read_lot(sheet, entry, f"{base}/{escape_pointer(lot)}") for lot, entry in found.items()}


def _ilmd_lots(sheet: Sheet, ilmd: Mapping[str, Any]) -> tuple[Any, str]:
    found, place = None, "/ilmd"
    for name, value in ilmd.items():
        local = sheet.local(name)
        if local == "lots":
            found, place = value, f"/ilmd/{escape_pointer(name)}"
        elif local is not None:
            where = f"/ilmd/{escape_pointer(name)}"
            detail = f"ilmd has no member {shown(name)}."
            sheet.report("movement.member-unknown", detail, where, _ILMD_MEND)
    return found, place
