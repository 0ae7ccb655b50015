"""What ``ree:lots`` says of each lot: product, composition, pieces, net mass.

Decides: which members stand there and what each may be; and the contained mass of a declared composition,
gross x (1 - moisture) x (1 - loss on ignition) x REO fraction x the element's share, in whole milligrams
that are rounded half to even, once per element, and sum to the rounded total.

Source: the composition on the wire is this ledger's own; chain-of-custody models are those of ISO 22095:2020.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any, Final

from ledger.materials.elements import ELEMENTS
from ledger.materials.units import round_half_even
from ledger.movements.movement import Composition
from ledger.movements.sheet import Fault, Sheet
from ledger.movements.values import single_mass, text
from ledger.statements.epcis.names import shown
from ledger.strict_json import JsonNumber, escape_pointer

CUSTODY_MODELS: Final = (
    "identity_preserved",
    "segregated",
    "controlled_blending",
    "mass_balance",
    "book_and_claim",
)
LOT_MEMBERS: Final = (
    "product",
    "treoFraction",
    "elementFractions",
    "moistureFraction",
    "lossOnIgnition",
    "chainOfCustodyModel",
    "pieces",
    "netMass",
    "otherMass",
)
MAX_TREO: Final = Decimal("1.54")
"""Scandium metal, the richest there is, stands for 1.534 times its mass in oxide."""

_MAX_PIECES: Final = 10**12
_LEAST_EXPONENT: Final = -12
_FRACTION_MEND: Final = "Write a number from 0 to below 1, without quotes: 0.081 for 8.1 %."

Ratio = tuple[int, int]


class Shares(Mapping[str, Fraction]):
    """Shares that sum to 1, each made a Fraction only when it is asked for: the books seldom do."""

    __slots__ = ("_weights", "_whole")

    def __init__(self, weights: Mapping[str, int], whole: int) -> None:
        self._weights = weights
        self._whole = whole

    def __getitem__(self, symbol: str) -> Fraction:
        return Fraction(self._weights[symbol], self._whole)

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(slots=True)
class LotSaid:
    """What a lot's entry says, as far as it is right.

    Attributes:
        place: Pointer to the entry, relative to the event.
        names: Its members as written, by local name.
        shares: Element to its share of REO as (numerator, denominator).
        declared: Members of the composition as written.
        faulty: Whether a member of the composition is wrong: then it is not computed.
    """

    place: str
    names: Mapping[str, str]
    product: str = ""
    treo: Ratio | None = None
    shares: Mapping[str, Ratio] | None = None
    moisture: Ratio | None = None
    loi: Ratio = (0, 1)
    custody_model: str = ""
    pieces: int | None = None
    net_mass_mg: int | None = None
    declared: dict[str, object] = field(default_factory=dict)
    faulty: bool = False

    @property
    def moisture_fraction(self) -> Fraction | None:
        """The moisture as stated."""
        return None if self.moisture is None else _fraction_of(*self.moisture)

    def member(self, local: str) -> str:
        """The pointer to a member, relative to the event, also to one that is missing."""
        return f"{self.place}/{escape_pointer(self.names.get(local, local))}"


def read_lot(sheet: Sheet, entry: Any, place: str) -> LotSaid:
    """Reads a lot's entry; what is wrong is reported to the sheet.

    Args:
        sheet: The event.
        entry: The value under the lot's id.
        place: Pointer to it, relative to the event.
    """
    said = LotSaid(place, {})
    if type(entry) is not dict:
        sheet.report("movement.value", "A lot's entry is an object.", place, "Write { ... }.")
        said.faulty = True
        return said
    names: dict[str, str] = {}
    said.names = names
    for written, value in entry.items():
        local = written if ":" not in written else sheet.inner(written)
        reader = _READERS.get(local)
        if reader is None:
            where = f"{place}/{escape_pointer(written)}"
            mend = f"Members are {', '.join(LOT_MEMBERS)}."
            sheet.report("movement.member-unknown", f"A lot has no member {shown(written)}.", where, mend)
            continue
        if local in names:
            where = f"{place}/{escape_pointer(written)}"
            detail = f"{shown(written)} and {shown(names[local])} are two spellings of one name."
            sheet.report("movement.member-twice", detail, where, "Give the member once.")
            continue
        names[local] = written
        try:
            reader(said, value)
        except Fault as fault:
            sheet.report(fault.code, fault.detail, said.member(local) + fault.place, fault.mend)
            said.faulty = True
    return said


def compose(sheet: Sheet, said: LotSaid, mass_mg: int) -> Composition | None:
    """The composition of a lot of this gross mass; None where it is incomplete or wrong (and is reported).

    Args:
        mass_mg: Gross mass, > 0.
    """
    if said.faulty:
        return None
    treo, shares = said.treo, said.shares
    if treo is None or shares is None:
        missing = "treoFraction" if treo is None else "elementFractions"
        sheet.report(
            "movement.composition-missing",
            f"The lot's composition lacks {missing}.",
            said.member(missing),
            f"Add {missing} to the lot's entry in ree:lots.",
        )
        return None
    moisture = said.moisture or (0, 1)
    common, weights = _common(shares)
    whole = sum(weights.values())
    if 200 * abs(whole - common) > common:
        sheet.report(
            "movement.element-fractions",
            f"The shares of the elements sum to {whole / common:.6g}, not to 1.",
            said.member("elementFractions"),
            "Give each element's oxide as a share of all REO; they sum to 1 within 0.005.",
        )
        return None
    contained = _contained(mass_mg, (treo, moisture, said.loi), weights, whole)
    if not contained:
        detail = "The lot contains no milligram of rare earths."
        mend = "Check mass and treoFraction; what holds no rare earths is no lot."
        sheet.report("movement.composition-empty", detail, said.member("treoFraction"), mend)
        return None
    return Composition(
        contained_mg=contained,
        treo_fraction=_fraction_of(*treo),
        moisture=_fraction_of(*moisture),
        loi=_fraction_of(*said.loi),
        element_fractions=Shares(weights, whole),
        declared=said.declared,
    )


#: Moistures, losses and grades repeat; making a Fraction costs more than reading the number.
_fraction_of: Final = lru_cache(maxsize=4096)(Fraction)


def _common(shares: Mapping[str, Ratio]) -> tuple[int, dict[str, int]]:
    """A common denominator, and the numerators over it of the shares that are not zero."""
    common = lcm(*[denominator for _, denominator in shares.values()])
    return common, {symbol: n * (common // d) for symbol, (n, d) in shares.items() if n}


def _contained(
    mass_mg: int, factors: tuple[Ratio, Ratio, Ratio], weights: Mapping[str, int], whole: int
) -> dict[str, int]:
    (treo, over), (moist, of_gross), (loss, of_dry) = factors
    number = mass_mg * (of_gross - moist) * (of_dry - loss) * treo
    divisor = of_gross * of_dry * over
    total = round_half_even(number, divisor)
    exact = divisor * whole
    masses = {symbol: round_half_even(number * weight, exact) for symbol, weight in weights.items()}
    if sum(masses.values()) != total:
        masses = _largest_remainder(number, exact, weights, total)
    return {symbol: mass for symbol, mass in masses.items() if mass}


def _largest_remainder(number: int, divisor: int, weights: Mapping[str, int], total: int) -> dict[str, int]:
    masses, rests = {}, []
    for symbol, weight in weights.items():
        masses[symbol], rest = divmod(number * weight, divisor)
        rests.append((-rest, symbol))
    rests.sort()
    for _, symbol in rests[: total - sum(masses.values())]:
        masses[symbol] += 1
    return masses


def _product(said: LotSaid, value: Any) -> None:
    said.product = text(value)


def _treo(said: LotSaid, value: Any) -> None:
    if type(value) is not JsonNumber or not 0 < value <= MAX_TREO or _is_tiny(value):
        raise Fault(
            "movement.treo-fraction",
            "The REO equivalent is a number above 0 and at most 1.54.",
            "Write it per dry, ignited mass, without quotes: 0.45 for 45 %, 1.166 for Nd metal.",
        )
    said.treo = value.as_integer_ratio()
    said.declared["treoFraction"] = value.text


def _shares(said: LotSaid, value: Any) -> None:
    if type(value) is not dict or not value:
        raise Fault(
            "movement.element-fractions",
            "There are no shares by element.",
            'Write {"Nd": 0.75, "Pr": 0.25}: shares of all REO by element, as oxides.',
        )
    shares: dict[str, Ratio] = {}
    declared: dict[str, str] = {}
    for symbol, share in value.items():
        if symbol not in ELEMENTS:
            mend = f"Write the symbol of one: {', '.join(ELEMENTS)}."
            place = f"/{escape_pointer(symbol)}"
            raise Fault("movement.element", f"{shown(symbol)} is no rare earth.", mend, place)
        # The exponent first: the ratio of 1e-300 has three hundred digits.
        if type(share) is not JsonNumber or share.adjusted() > 0 or share < 0 or _is_tiny(share):
            raise Fault(
                "movement.element-fractions",
                "A share is a number from 0 to 1.",
                "Write the element's oxide as a share of all REO, without quotes: 0.185 for 18.5 %.",
                f"/{symbol}",
            )
        shares[symbol] = share.as_integer_ratio()
        declared[symbol] = share.text
    said.shares = shares
    said.declared["elementFractions"] = declared


def _is_tiny(number: JsonNumber) -> bool:
    """Whether it is not 0 and smaller than anything that is measured: exact sums would grow without bound."""
    return number.adjusted() < _LEAST_EXPONENT and bool(number)


def _fraction(value: Any) -> JsonNumber:
    if type(value) is not JsonNumber or not 0 <= value < 1 or _is_tiny(value):
        raise Fault("movement.fraction", "This is no fraction of a mass.", _FRACTION_MEND)
    return value


def _moisture(said: LotSaid, value: Any) -> None:
    number = _fraction(value)
    said.moisture = number.as_integer_ratio()
    said.declared["moistureFraction"] = number.text


def _loi(said: LotSaid, value: Any) -> None:
    number = _fraction(value)
    said.loi = number.as_integer_ratio()
    said.declared["lossOnIgnition"] = number.text


def _custody_model(said: LotSaid, value: Any) -> None:
    if value not in CUSTODY_MODELS:
        raise Fault(
            "movement.custody-model",
            "This is no chain-of-custody model.",
            f"Write one of those of ISO 22095: {', '.join(CUSTODY_MODELS)}.",
        )
    said.custody_model = value


def _pieces(said: LotSaid, value: Any) -> None:
    if type(value) is not JsonNumber or not value.is_integer_text or not 1 <= value <= _MAX_PIECES:
        raise Fault("movement.value", "Pieces are a whole number above 0.", "Count them, without quotes.")
    said.pieces = int(value)


def _net_mass(said: LotSaid, value: Any) -> None:
    said.net_mass_mg = single_mass(value)


def _other_mass(said: LotSaid, value: Any) -> None:
    single_mass(value)
    said.declared["otherMass"] = {"quantity": value["quantity"].text, "uom": value["uom"]}


_READERS: Final = {
    "product": _product,
    "treoFraction": _treo,
    "elementFractions": _shares,
    "moistureFraction": _moisture,
    "lossOnIgnition": _loi,
    "chainOfCustodyModel": _custody_model,
    "pieces": _pieces,
    "netMass": _net_mass,
    "otherMass": _other_mass,
}
