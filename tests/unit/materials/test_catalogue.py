"""The packaged catalogue, and catalogues of one's own with every fault named by its place."""

from fractions import Fraction
from pathlib import Path

import pytest

from ledger.errors import TableInvalid
from ledger.materials.catalogue import COLUMNS, STAGES, Catalogue, own_rows, read_product
from ledger.materials.elements import ELEMENTS, oxide_factor, reo_fraction_of_compound
from ledger.materials.hs_codes import hs_codes, hs_fault

HEADER = "code,name_en,name_zh,stage,form,hs_code,treo_fraction,element_fractions,source,verified\n"
ROW = "own-oxide,own oxide,自有氧化物,separated_compound,oxide,2846901300,0.99,Nd=0.75 Pr=0.25,own,false\n"


def table(**cells: str) -> str:
    """A catalogue of one row, with some cells as given."""
    names, values = HEADER.strip().split(","), ROW.strip().split(",")
    row = dict(zip(names, values, strict=True)) | cells
    return HEADER + ",".join(row[name] for name in names) + "\n"


def test_the_packaged_catalogue_is_read_once() -> None:
    assert Catalogue.load() is Catalogue.load()
    assert len(Catalogue.load()) > 80


@pytest.mark.parametrize("product", Catalogue.load(), ids=lambda product: product.code)
def test_every_packaged_product_fits_its_own_commodity_code(product: object) -> None:
    found = Catalogue.load().product(getattr(product, "code", ""))
    assert found is not None
    assert found is product
    assert found.name_en
    assert found.name_zh
    assert found.vat_name
    assert not found.vat_verified
    if found.hs_code:
        assert hs_fault(found.hs_code, found.form, found.element_fractions) is None
        assert found.verified == hs_codes()[found.hs_code].verified


def test_every_stage_has_products_and_every_code_a_product_but_a_few() -> None:
    products = list(Catalogue.load())
    assert {product.stage for product in products} == set(STAGES)
    unused = set(hs_codes()) - {product.hs_code for product in products}
    assert unused == {"2846109000"}


def test_default_compositions_follow_from_the_weights() -> None:
    for symbol in ELEMENTS:
        metal = Catalogue.load().product(f"{symbol.lower()}-metal")
        assert metal is not None
        assert metal.treo_fraction is not None
        assert abs(metal.treo_fraction - oxide_factor(symbol)) <= Fraction(1, 20_000)
        assert Catalogue.load().product(f"{symbol.lower()}-oxide") is not None
    for code, formula in {
        "nd-carbonate": "Nd2(CO3)3",
        "nd-carbonate-octahydrate": "Nd2(CO3)3.8H2O",
        "nd-oxalate-decahydrate": "Nd2(C2O4)3.10H2O",
        "nd-fluoride": "NdF3",
        "nd-chloride": "NdCl3.6H2O",
    }.items():
        product = Catalogue.load().product(code)
        assert product is not None
        assert product.treo_fraction is not None
        assert abs(product.treo_fraction - reo_fraction_of_compound(formula)) <= Fraction(1, 2000)


@pytest.mark.parametrize("symbol", ["Sm", "Gd", "Tb", "Dy", "Lu", "Sc", "Y"])
def test_the_seven_are_controlled_as_oxide_and_as_metal(symbol: str) -> None:
    for form in ("oxide", "metal"):
        product = Catalogue.load().product(f"{symbol.lower()}-{form}")
        assert product is not None
        assert "mofcom-18-2025" in product.control_refs


@pytest.mark.parametrize("code", ["nd-oxide", "prnd-oxide", "la-metal", "ndfeb-magnet"])
def test_the_light_ones_are_not_controlled(code: str) -> None:
    product = Catalogue.load().product(code)
    assert product is not None
    assert product.control_refs == ()


def test_an_unknown_code_has_no_product() -> None:
    assert Catalogue.load().product("nd-oxid") is None
    assert Catalogue.load().stage("nd-oxid") == ""
    assert "nd-oxid" not in Catalogue.load()
    assert Catalogue.load().stage("nd-oxide") == "separated_compound"


def test_one_code_for_every_magnet() -> None:
    magnets = [product for product in Catalogue.load() if product.hs_code == "8505111000"]
    assert {product.stage for product in magnets} == {"magnet"}
    assert len(magnets) == 4


def test_a_catalogue_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("\ufeff" + HEADER + "\n" + ROW, "utf-8")
    for source in (path, HEADER + ROW):
        product = Catalogue.read(source).product("own-oxide")
        assert product is not None
        assert product.element_fractions == {"Nd": Fraction(3, 4), "Pr": Fraction(1, 4)}
        assert product.treo_fraction == Fraction("0.99")
        assert (product.control_refs, product.vat_name, product.verified) == ((), "", False)


@pytest.mark.parametrize(
    "cells",
    [
        {"treo_fraction": "1.54"},
        {"treo_fraction": "0"},
        {"treo_fraction": ""},
        {"element_fractions": ""},
        {"element_fractions": "Nd=0.745 Pr=0.25"},
        {"element_fractions": "Nd=0.755 Pr=0.25"},
        {"hs_code": ""},
    ],
)
def test_at_the_limit_and_left_out(cells: dict[str, str]) -> None:
    assert len(Catalogue.read(table(**cells))) == 1


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"code": ""}, "code"),
        ({"code": "own oxide"}, "code"),
        ({"name_en": ""}, "name_en"),
        ({"name_zh": " "}, "name_zh"),
        ({"stage": "oxide"}, "stage"),
        ({"stage": ""}, "stage"),
        ({"form": "powder"}, "form"),
        ({"hs_code": "28469013"}, "hs_code"),
        ({"hs_code": "2846.90.1300"}, "hs_code"),
        ({"hs_code": "２846901300"}, "hs_code"),
        ({"treo_fraction": "1.541"}, "treo_fraction"),
        ({"treo_fraction": "99"}, "treo_fraction"),
        ({"treo_fraction": "99 %"}, "treo_fraction"),
        ({"treo_fraction": "-0.1"}, "treo_fraction"),
        ({"treo_fraction": "1/2"}, "treo_fraction"),
        ({"treo_fraction": "1e-2"}, "treo_fraction"),
        ({"treo_fraction": ".5"}, "treo_fraction"),
        ({"treo_fraction": "0."}, "treo_fraction"),
        ({"treo_fraction": "nan"}, "treo_fraction"),
        ({"treo_fraction": "0.0000000000000000001"}, "treo_fraction"),
        ({"element_fractions": "Nd=0.744 Pr=0.25"}, "element_fractions"),
        ({"element_fractions": "Nd=0.756 Pr=0.25"}, "element_fractions"),
        ({"element_fractions": "Nd 0.75 Pr 0.25"}, "element_fractions"),
        ({"element_fractions": "Nd=0.5 Nd=0.5"}, "element_fractions"),
        ({"element_fractions": "Fe=1"}, "element_fractions"),
        ({"element_fractions": "Nd=1.1"}, "element_fractions"),
        ({"source": ""}, "source"),
        ({"verified": "yes"}, "verified"),
        ({"verified": ""}, "verified"),
    ],
)
def test_a_wrong_cell_is_named(cells: dict[str, str], column: str) -> None:
    with pytest.raises(TableInvalid) as caught:
        Catalogue.read(table(**cells))
    assert caught.value.line == 2
    assert caught.value.extra == {"column": column}
    assert caught.value.detail.startswith(f"line 2, column {column}: ")
    assert caught.value.mend.endswith(".")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, "code"),
        (HEADER.replace("stage,", ""), 1, "stage"),
        (HEADER.replace("stage", "Stage"), 1, "Stage"),
        (HEADER.replace("source", "source,colour"), 1, "colour"),
        (HEADER.replace("source", "source,source"), 1, "source"),
        (HEADER + ROW + ROW, 3, "code"),
        (HEADER + ROW.replace(",own,false", ",false"), 2, None),
        (HEADER + ROW.replace("own oxide", "own, oxide"), 2, None),
        (HEADER + ROW.replace("own oxide", '"own oxide'), 2, None),
    ],
)
def test_a_wrong_table_is_named(text: str, line: int, column: str | None) -> None:
    with pytest.raises(TableInvalid) as caught:
        Catalogue.read(text)
    assert (caught.value.line, caught.value.extra.get("column")) == (line, column)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid, match="cannot be read"):
        Catalogue.read(tmp_path / "none.csv")
    path = tmp_path / "gb.csv"
    path.write_bytes((HEADER + ROW).encode("gb18030"))
    with pytest.raises(TableInvalid, match="no UTF-8"):
        Catalogue.read(path)


def test_the_columns_are_those_of_a_product() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 14


def test_the_rows_of_a_file_make_the_same_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HEADER + "\n" + ROW, "utf-8")
    rows = own_rows(path)
    assert all(cell for row in rows for cell in row.values())
    own = Catalogue.load().extended(rows)
    assert own.product("own-oxide") == Catalogue.read(path).product("own-oxide")
    assert Catalogue.load().extended([]) is Catalogue.load()


def test_a_cell_of_no_column_is_refused() -> None:
    with pytest.raises(TableInvalid, match="no column 'colour'"):
        read_product({"code": "x", "colour": "grey"})
