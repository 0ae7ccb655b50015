"""The product catalogue: what a product code means, as packaged data or as a table of one's own.

Decides: names, stage, form, commodity code, default composition and control-list references of a product.
Never decides what is controlled on a date: that is a control list's, published in the log.

Source: the ``source`` column of catalogue.csv; ``verified`` is false where none was read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

from ledger.materials.hs_codes import FORMS
from ledger.materials.tables import Row, file_text, packaged_text, read_rows, table_fault

STAGES: Final = (
    "ore",
    "concentrate",
    "mixed_compound",
    "separated_compound",
    "metal",
    "alloy",
    "magnet",
    "scrap",
)
"""From the mine on; scrap goes back to compounds."""
ORE_CLASSES: Final = ("", "rock", "ionic")
MAX_TREO_FRACTION: Final = Fraction(154, 100)
"""No element's oxide factor is above scandium's 1.534."""

COLUMNS: Final = (
    "code",
    "name_en",
    "name_zh",
    "stage",
    "form",
    "ore_class",
    "hs_code",
    "treo_fraction",
    "element_fractions",
    "control_refs",
    "vat_name",
    "vat_verified",
    "source",
    "verified",
)
OPTIONAL_COLUMNS: Final = (
    "ore_class",
    "vat_name",
    "vat_verified",
    "control_refs",
    "treo_fraction",
    "element_fractions",
)


@dataclass(frozen=True, slots=True)
class Product:
    """One product.

    Attributes:
        code: As movements name it.
        stage: One of ``STAGES``.
        form: One of ``FORMS``.
        ore_class: ``rock`` or ``ionic`` for mineral products where it is known, else "".
        hs_code: Ten digits, or "".
        treo_fraction: Typical REO equivalent per mass, above 1 for metals; None where there is none.
        element_fractions: Typical oxide shares of REO; empty where there are none.
        control_refs: Control lists that name it, for example ``mofcom-18-2025``.
        vat_name: Name on the special VAT invoice, or "". ``vat_verified``: whether a source was read for it.
        verified: Whether a published source was read for the row's other cells.
    """

    code: str
    name_en: str
    name_zh: str
    stage: str
    form: str
    ore_class: str
    hs_code: str
    treo_fraction: Fraction | None
    element_fractions: Mapping[str, Fraction]
    control_refs: tuple[str, ...]
    vat_name: str
    vat_verified: bool
    source: str
    verified: bool


class Catalogue:
    """Products by code. Immutable."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._products = {product.code: product for product in products}

    @staticmethod
    def load() -> "Catalogue":
        """The packaged catalogue; read once."""
        return _packaged()

    @classmethod
    def read(cls, source: Path | str) -> "Catalogue":
        """A catalogue of one's own.

        Args:
            source: A file, or the text of one: CSV with the columns of ``COLUMNS``; those of
                ``OPTIONAL_COLUMNS`` may be left out.

        Raises:
            TableInvalid: With the line, the column and what to do.
        """
        text = file_text(source) if isinstance(source, Path) else source
        needed = [name for name in COLUMNS if name not in OPTIONAL_COLUMNS]
        products: dict[str, Product] = {}
        for row in read_rows(text, needed, OPTIONAL_COLUMNS):
            product = _read_product(row)
            if product.code in products:
                raise row.fault("code", f"{product.code} stands there twice", "Keep one of the rows.")
            products[product.code] = product
        return cls(products.values())

    def extended(self, rows: Iterable[Mapping[str, str]]) -> "Catalogue":
        """This catalogue with further products, or others in place of its own.

        Args:
            rows: As ``read_product`` takes them.

        Raises:
            TableInvalid: One of them is no product.
        """
        more = [read_product(row) for row in rows]
        return Catalogue([*self, *more]) if more else self

    def product(self, code: str) -> Product | None:
        """The product of a code, or None."""
        return self._products.get(code)

    def stage(self, code: str) -> str:
        """The stage of a product, or "" where the catalogue has none of this code."""
        product = self._products.get(code)
        return "" if product is None else product.stage

    def __contains__(self, code: object) -> bool:
        return code in self._products

    def __iter__(self) -> Iterator[Product]:
        return iter(self._products.values())

    def __len__(self) -> int:
        return len(self._products)


@cache
def _packaged() -> Catalogue:
    return Catalogue.read(packaged_text("catalogue.csv"))


def read_product(cells: Mapping[str, str]) -> Product:
    """A product from its cells by column; those of ``OPTIONAL_COLUMNS`` may be missing.

    Raises:
        TableInvalid: With the column and what to do.
    """
    unknown = sorted(set(cells) - set(COLUMNS))
    if unknown:
        detail = f"there is no column {unknown[0]!r}"
        raise table_fault(detail, mend=f"The columns are: {', '.join(COLUMNS)}.")
    return _read_product(Row(0, {column: text.strip() for column, text in cells.items()}))


def own_rows(source: Path) -> list[dict[str, str]]:
    """The cells of a file of one's own by column, without empty ones: what ``set-policy`` takes as products.

    Raises:
        TableInvalid: As ``Catalogue.read``.
    """
    text = file_text(source)
    Catalogue.read(text)
    needed = [name for name in COLUMNS if name not in OPTIONAL_COLUMNS]
    return [
        {column: cell for column, cell in row.cells.items() if cell}
        for row in read_rows(text, needed, OPTIONAL_COLUMNS)
    ]


def _read_product(row: Row) -> Product:
    code = row.needed("code")
    if code != "".join(code.split()):
        raise row.fault("code", f"{code!r} has white space in it", "Write a code like nd-oxide.")
    hs_code = row.text("hs_code")
    if hs_code and not (len(hs_code) == 10 and hs_code.isascii() and hs_code.isdigit()):
        raise row.fault(
            "hs_code", f"{hs_code!r} is no code of ten digits", "Write all ten digits, or nothing."
        )
    has_treo = bool(row.text("treo_fraction"))
    return Product(
        code=code,
        name_en=row.needed("name_en"),
        name_zh=row.needed("name_zh"),
        stage=row.one_of("stage", STAGES),
        form=row.one_of("form", FORMS),
        ore_class=row.one_of("ore_class", ORE_CLASSES),
        hs_code=hs_code,
        treo_fraction=row.fraction("treo_fraction", MAX_TREO_FRACTION) if has_treo else None,
        element_fractions=row.shares("element_fractions"),
        control_refs=row.words("control_refs"),
        vat_name=row.text("vat_name"),
        vat_verified=bool(row.text("vat_verified")) and row.truth("vat_verified"),
        source=row.needed("source"),
        verified=row.truth("verified"),
    )
