"""The rare-earth elements, their oxides, and how much oxide a compound or an alloy stands for.

Decides: the rare-earth oxide equivalent (REO) of anything whose formula or weight shares are known. Every
factor is computed from atomic weights; none is typed. Exact rationals throughout.

Source: CIAAW, abridged standard atomic weights (2024).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final, Literal

Group = Literal["light", "medium", "heavy", "scandium"]

GROUPS_VERIFIED: Final = False
"""The division into light, medium and heavy differs between sources; this one was not checked against any."""

# Elements that are no rare earths and stand in their compounds and alloys. CIAAW, as above.
_OTHER_WEIGHTS: Final = {
    "H": "1.008",
    "B": "10.81",
    "C": "12.011",
    "N": "14.007",
    "O": "15.999",
    "F": "18.998",
    "P": "30.974",
    "S": "32.06",
    "Cl": "35.45",
    "Fe": "55.845",
    "Co": "58.933",
}
_FORMULA = re.compile(r"([A-Z][a-z]?)(\d*)|(\()|\)(\d*)")


@dataclass(frozen=True, slots=True)
class Element:
    """A rare-earth element.

    Attributes:
        symbol: For example ``Nd``.
        atomic_weight: Standard atomic weight, abridged, as decimal text.
        oxide: Formula of the oxide that REO counts it as.
        group: ``light``, ``medium``, ``heavy`` or ``scandium``; see ``GROUPS_VERIFIED``.
    """

    symbol: str
    name_en: str
    name_zh: str
    atomic_weight: str
    oxide: str
    group: Group

    @property
    def weight(self) -> Fraction:
        """The atomic weight, exactly as its text says."""
        return Fraction(self.atomic_weight)


ELEMENTS: Final[Mapping[str, Element]] = {
    element.symbol: element
    for element in (
        Element("La", "lanthanum", "镧", "138.905", "La2O3", "light"),
        Element("Ce", "cerium", "铈", "140.116", "CeO2", "light"),
        Element("Pr", "praseodymium", "镨", "140.908", "Pr6O11", "light"),
        Element("Nd", "neodymium", "钕", "144.242", "Nd2O3", "light"),
        Element("Sm", "samarium", "钐", "150.36", "Sm2O3", "medium"),
        Element("Eu", "europium", "铕", "151.964", "Eu2O3", "medium"),
        Element("Gd", "gadolinium", "钆", "157.249", "Gd2O3", "medium"),
        Element("Tb", "terbium", "铽", "158.925", "Tb4O7", "heavy"),
        Element("Dy", "dysprosium", "镝", "162.500", "Dy2O3", "heavy"),
        Element("Ho", "holmium", "钬", "164.930", "Ho2O3", "heavy"),
        Element("Er", "erbium", "铒", "167.259", "Er2O3", "heavy"),
        Element("Tm", "thulium", "铥", "168.934", "Tm2O3", "heavy"),
        Element("Yb", "ytterbium", "镱", "173.045", "Yb2O3", "heavy"),
        Element("Lu", "lutetium", "镥", "174.967", "Lu2O3", "heavy"),
        Element("Y", "yttrium", "钇", "88.906", "Y2O3", "heavy"),
        Element("Sc", "scandium", "钪", "44.956", "Sc2O3", "scandium"),
    )
}
"""Every element that the books know, by symbol. Promethium is left out: it has no stable isotope."""


def atomic_weight(symbol: str) -> Fraction:
    """The standard atomic weight of a rare earth, or of an element of its compounds.

    Raises:
        ValueError: Another element, or none.
    """
    element = ELEMENTS.get(symbol)
    text = _OTHER_WEIGHTS.get(symbol) if element is None else element.atomic_weight
    if text is None:
        raise ValueError(f"{symbol!r} is no rare earth and none of {', '.join(_OTHER_WEIGHTS)}")
    return Fraction(text)


@cache
def oxide_factor(symbol: str) -> Fraction:
    """Mass of oxide per mass of element: 1.1664 for Nd.

    Args:
        symbol: A rare earth's.

    Raises:
        ValueError: No rare earth.
    """
    element = ELEMENTS.get(symbol)
    if element is None:
        raise ValueError(f"{symbol!r} is no rare-earth element")
    atoms = read_formula(element.oxide)
    return formula_weight(atoms) / (element.weight * atoms[symbol])


def read_formula(text: str) -> dict[str, int]:
    """Atoms by element of a formula such as ``Nd2(CO3)3.8H2O``.

    Args:
        text: Element symbols, counts, brackets that are not nested, and "." or "·" before water and the like.

    Raises:
        ValueError: No such formula.
    """
    atoms: dict[str, int] = {}
    for part in re.split(r"[.·]", text):
        digits = re.match(r"\d*", part)
        assert digits is not None
        times = int(digits[0] or 1)
        for symbol, count in _atoms(part[digits.end() :], text):
            atoms[symbol] = atoms.get(symbol, 0) + times * count
    return atoms


def formula_weight(atoms: Mapping[str, int]) -> Fraction:
    """The formula weight of atoms by element.

    Raises:
        ValueError: An element that is not known here.
    """
    return sum((atomic_weight(symbol) * count for symbol, count in atoms.items()), Fraction(0))


def reo_fraction_of_compound(formula: str) -> Fraction:
    """REO equivalent per mass of a compound: 0.459 for ``Nd2(C2O4)3.10H2O``, above 1 for metals.

    Args:
        formula: As ``read_formula`` takes it.

    Raises:
        ValueError: No formula, or an element that is not known here.
    """
    atoms = read_formula(formula)
    oxides = sum(
        (
            atomic_weight(symbol) * count * oxide_factor(symbol)
            for symbol, count in atoms.items()
            if symbol in ELEMENTS
        ),
        Fraction(0),
    )
    return oxides / formula_weight(atoms)


def reo_of_alloy(weight_shares: Mapping[str, Fraction]) -> tuple[Fraction, dict[str, Fraction]]:
    """REO equivalent of a metal, alloy or magnet from weight shares.

    Args:
        weight_shares: Mass per mass of the whole, by element, 0 <= share and sum <= 1; what is no rare earth
            (Fe, B, a coating) counts for nothing.

    Returns:
        REO equivalent per mass, and the oxide shares of REO, which sum to 1 exactly (empty where there is no
        rare earth).

    Raises:
        ValueError: A share below 0, or more than 1 in all.
    """
    if any(share < 0 for share in weight_shares.values()) or sum(weight_shares.values()) > 1:
        raise ValueError("weight shares are not negative and sum to 1 at most")
    oxides = {
        symbol: share * oxide_factor(symbol)
        for symbol, share in weight_shares.items()
        if symbol in ELEMENTS and share
    }
    treo = sum(oxides.values(), Fraction(0))
    return treo, {symbol: oxide / treo for symbol, oxide in oxides.items()}


def _atoms(part: str, text: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    opened: int | None = None
    at = 0
    while at < len(part):
        match = _FORMULA.match(part, at)
        if (
            match is None
            or (match[3] and opened is not None)
            or (match[0].startswith(")") and opened is None)
        ):
            raise ValueError(f"{text!r} is no formula")
        at = match.end()
        if match[3]:
            opened = len(found)
        elif match[1]:
            found.append((match[1], int(match[2] or 1)))
        else:
            times = int(match[4] or 1)
            found[opened:] = [(symbol, count * times) for symbol, count in found[opened:]]
            opened = None
    if opened is not None or not found:
        raise ValueError(f"{text!r} is no formula")
    return found
