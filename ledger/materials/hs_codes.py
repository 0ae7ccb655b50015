"""China's ten-digit commodity codes for rare earths: what may stand under each, as packaged data.

Decides: whether a code fits a product's form and its elements (for the rule ``hs.mismatch``). Never decides
whether something needs a licence: control lists are dated data of the log.

Source: the ``source`` column of hs_codes.csv.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from ledger.materials.elements import ELEMENTS
from ledger.materials.tables import packaged_text, read_rows

FORMS: Final = (
    "ore",
    "metal",
    "mixed_metal",
    "oxide",
    "mixed_oxide",
    "chloride",
    "fluoride",
    "carbonate",
    "compound",
    "alloy",
    "magnet",
    "scrap",
)
"""What a product is chemically: ``mixed_`` where no single element is meant."""

DOMINANT_SHARE: Final = Fraction(1, 2)
"""Goods under a code that names elements are mostly of these elements."""

_COLUMNS: Final = ("hs_code", "name_en", "name_zh", "forms", "elements", "control_refs", "source", "verified")


@dataclass(frozen=True, slots=True)
class HsCode:
    """One commodity code.

    Attributes:
        hs_code: Ten digits.
        forms: What it takes, of ``FORMS``.
        elements: The elements that it names; empty where it takes any.
        control_refs: Control lists that name goods under it.
        verified: Whether a published source was read.
    """

    hs_code: str
    name_en: str
    name_zh: str
    forms: tuple[str, ...]
    elements: tuple[str, ...]
    control_refs: tuple[str, ...]
    source: str
    verified: bool


@cache
def hs_codes() -> Mapping[str, HsCode]:
    """Every code of the packaged table."""
    return read_hs_codes(packaged_text("hs_codes.csv"))


def read_hs_codes(text: str) -> dict[str, HsCode]:
    """The codes of a table.

    Raises:
        TableInvalid: A cell or the whole table is not as it must be.
    """
    codes: dict[str, HsCode] = {}
    for row in read_rows(text, _COLUMNS):
        code = row.needed("hs_code")
        if len(code) != 10 or not (code.isascii() and code.isdigit()):
            raise row.fault("hs_code", f"{code!r} is no code of ten digits", "Write all ten digits.")
        if code in codes:
            raise row.fault("hs_code", f"{code} stands there twice", "Keep one of the rows.")
        codes[code] = HsCode(
            hs_code=code,
            name_en=row.needed("name_en"),
            name_zh=row.needed("name_zh"),
            forms=row.known_words("forms", FORMS),
            elements=row.known_words("elements", tuple(ELEMENTS)),
            control_refs=row.words("control_refs"),
            source=row.needed("source"),
            verified=row.truth("verified"),
        )
    return codes


def hs_fault(hs_code: str, form: str, element_fractions: Mapping[str, Fraction]) -> str | None:
    """Why goods may not stand under a code, or None.

    A code that is not in the table is compared by its first six and then its first four digits: what is
    known of the heading still holds.

    Args:
        hs_code: As declared, 4 to 10 digits; full stops and spaces are let pass.
        form: The product's, of ``FORMS``; "" where it is unknown, and not compared then.
        element_fractions: Oxide shares of REO, as assayed or else declared; empty where unknown.
    """
    declared = hs_code.replace(".", "").replace(" ", "")
    candidates = _candidates(declared)
    if not candidates:
        return f"{hs_code} is no code for rare earths"
    fitting = [code for code in candidates if not form or form in code.forms]
    if not fitting:
        return f"{form} does not belong under {hs_code} ({candidates[0].name_en})"
    if element_fractions and not any(_takes(code, element_fractions) for code in fitting):
        named = " or ".join(sorted({element for code in fitting for element in code.elements}))
        most = max(sorted(element_fractions), key=lambda symbol: element_fractions[symbol])
        return f"{hs_code} is for {named}, and these goods are mostly {most}"
    return None


def _candidates(declared: str) -> list[HsCode]:
    known = hs_codes()
    if declared in known:
        return [known[declared]]
    for digits in (10, 8, 6, 4):
        if len(declared) >= digits:
            found = [code for text, code in known.items() if text.startswith(declared[:digits])]
            if found:
                return found
    return []


def _takes(code: HsCode, element_fractions: Mapping[str, Fraction]) -> bool:
    if not code.elements:
        return True
    return sum(
        (element_fractions.get(symbol, Fraction(0)) for symbol in code.elements), Fraction(0)
    ) >= DOMINANT_SHARE * sum(element_fractions.values())
