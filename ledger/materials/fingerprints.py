"""Fingerprints: the typical element shares of known mines and of recycled magnets, and how far goods are off.

Decides: a z-value per element. Never decides what is too far: that is the rule ``origin.fingerprint``.

Source: the ``source`` column of fingerprints.csv; ``verified`` is false where none was read.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Final

from ledger.materials.elements import ELEMENTS
from ledger.materials.tables import packaged_text, read_rows
from ledger.materials.uncertainty import absolute_u

KINDS: Final = ("rock", "ionic", "recycled")
_MOST: Final = Fraction(102, 100)
"""Published shares are rounded; those that sum to a little more than 1 are divided by their sum."""
_COLUMNS: Final = (
    "fingerprint",
    "name_en",
    "name_zh",
    "kind",
    "variation",
    "element",
    "percent",
    "source",
    "verified",
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Typical shares of REO of one deposit or stream.

    Attributes:
        fingerprint: Its name, for example ``bayan-obo``.
        kind: ``rock``, ``ionic`` or ``recycled``.
        variation: How much one product's share differs from the typical one, as a relative standard
            deviation: ores are no standards.
        shares: Oxide shares of REO of the elements that are stated; they sum to 1 at most. Of the elements
            that are not stated only their sum is known.
        verified: By element, whether a published source was read.
    """

    fingerprint: str
    name_en: str
    name_zh: str
    kind: str
    variation: Fraction
    shares: Mapping[str, Fraction]
    verified: Mapping[str, bool]
    source: str

    @property
    def rest(self) -> Fraction:
        """What the stated elements leave to all others together."""
        return max(Fraction(0), 1 - sum(self.shares.values(), Fraction(0)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far goods are from a fingerprint.

    Attributes:
        z: (found - typical) / standard uncertainty, by element that the fingerprint states, and under
            ``other`` for what all the others together are above the rest.
        element: The one that is furthest off.
        worst: Its \\|z\\|.
        chi_squared: Mean of the squared z: about 1 where the goods are of this origin.
    """

    z: Mapping[str, float]
    element: str
    worst: float
    chi_squared: float


@cache
def fingerprints() -> Mapping[str, Fingerprint]:
    """Every fingerprint of the packaged table."""
    return read_fingerprints(packaged_text("fingerprints.csv"))


def read_fingerprints(text: str) -> dict[str, Fingerprint]:
    """The fingerprints of a table with one row for each element.

    Raises:
        TableInvalid: A cell or the whole table is not as it must be.
    """
    found: dict[str, Fingerprint] = {}
    for row in read_rows(text, _COLUMNS):
        name, element = row.needed("fingerprint"), row.one_of("element", tuple(ELEMENTS))
        share, verified = row.fraction("percent", Fraction(100)) / 100, row.truth("verified")
        before = found.get(name)
        stated = {} if before is None else dict(before.shares)
        if element in stated:
            raise row.fault("element", f"{element} stands there twice", "Keep one of the rows.")
        if sum(stated.values(), share) > _MOST:
            raise row.fault("percent", f"the shares of {name} are more than 102 in all", "Correct them.")
        found[name] = Fingerprint(
            fingerprint=name,
            name_en=row.needed("name_en"),
            name_zh=row.needed("name_zh"),
            kind=row.one_of("kind", KINDS),
            variation=row.fraction("variation"),
            shares={**stated, element: share},
            verified={**({} if before is None else before.verified), element: verified},
            source=row.needed("source"),
        )
    return {name: _normalised(fingerprint) for name, fingerprint in found.items()}


def compare(fractions: Mapping[str, Fraction], fingerprint: Fingerprint) -> Comparison:
    """How far the element shares of goods are from a fingerprint.

    The uncertainty of an element is that of the assay (the larger band of the two shares) and the
    fingerprint's own variation together.

    Args:
        fractions: Oxide shares of REO; elements that are absent are taken as 0.
        fingerprint: What is compared with; it states at least one element.
    """
    stated = fingerprint.shares
    others = sum((share for symbol, share in fractions.items() if symbol not in stated), Fraction(0))
    pairs = {symbol: (fractions.get(symbol, Fraction(0)), share) for symbol, share in stated.items()}
    # Published shares leave a rest that is partly rounding: less than the rest says nothing, more does.
    pairs["other"] = (max(others, fingerprint.rest), fingerprint.rest)
    z = {
        name: float(found - typical)
        / math.hypot(max(absolute_u(found), absolute_u(typical)), float(typical * fingerprint.variation))
        for name, (found, typical) in pairs.items()
    }
    element = max(z, key=lambda name: abs(z[name]))
    return Comparison(z, element, abs(z[element]), sum(value**2 for value in z.values()) / len(z))


def _normalised(fingerprint: Fingerprint) -> Fingerprint:
    whole = sum(fingerprint.shares.values(), Fraction(0))
    if whole <= 1:
        return fingerprint
    return replace(
        fingerprint, shares={symbol: share / whole for symbol, share in fingerprint.shares.items()}
    )
