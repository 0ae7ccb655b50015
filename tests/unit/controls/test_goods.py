"""hs.mismatch and content.deminimis."""

from fractions import Fraction
from typing import Any

import pytest

from ledger.controls.goods import home_share
from ledger.movements.movement import Line
from ledger.records.oversight import ControlListRecord, DeclarationRecord
from tests.support.court import KG, Court, flags, name, out, party

BUYER = "https://buyer.example/party"


def export(court: Court, lot: str, firm: str = "magnets", **members: Any) -> list[str]:
    said = {
        "inputs": (Line(lot, None),),
        "whole": True,
        "consignee": BUYER,
        "custodian_to": BUYER,
        "end_user": BUYER,
        "destination": "DE",
        "declaration": "D-1",
        **members,
    }
    return flags(court.file("export", firm, **said))


@pytest.mark.parametrize(
    ("hs_code", "found"),
    [
        ("", []),
        ("2846901300", []),
        ("2846.90.1300", []),
        ("2846901200", ["hs.mismatch"]),
        ("8505111000", ["hs.mismatch"]),
        ("3810100000", ["hs.mismatch"]),
    ],
)
def test_a_code_that_does_not_fit_the_goods_is_noticed(hs_code: str, found: list[str]) -> None:
    """Neodymium oxide: under lanthanum's code, the magnets', or as solder paste."""
    court = Court()
    lot = court.extract("trader", "lot/1", {"Nd": 10 * KG}, "nd-oxide")
    if hs_code:
        declared = ("D-1", party("trader"), "", hs_code, False, 20 * KG, "DE", "")
        court.books.put(DeclarationRecord(*declared, 0, 0))
    assert export(court, lot, "trader") == found


@pytest.mark.parametrize(
    ("dysprosium", "licence", "found"),
    [
        (0, "", []),
        (10_000, "", []),
        (10_001, "", ["hs.mismatch"]),
        (KG, "", ["hs.mismatch"]),
        (KG, "urn:licence:1", []),
    ],
)
def test_dysprosium_under_the_magnet_code_needs_a_licence(
    dysprosium: int, licence: str, found: list[str]
) -> None:
    court = Court()
    masses = {"Nd": 10 * KG - dysprosium} | ({"Dy": dysprosium} if dysprosium else {})
    lot = court.extract("magnets", "lot/1", masses, "ndfeb-magnet")
    assert export(court, lot, licence=licence) == found


@pytest.mark.parametrize(("neodymium", "found"), [(50, []), (49, ["hs.mismatch"]), (0, ["hs.mismatch"])])
def test_a_product_is_mostly_what_it_is_called(neodymium: int, found: list[str]) -> None:
    masses = {"La": (100 - neodymium) * KG} | ({"Nd": neodymium * KG} if neodymium else {})
    line = out(name("trader", "lot/1"), 200 * KG, masses, "nd-oxide")
    assert flags(Court().file("import", "trader", outputs=(line,), origin="MM")) == found


def assay(court: Court, lot: str, **shares: str) -> list[str]:
    results = {element: (Fraction(text), Fraction("0.002")) for element, text in shares.items()}
    said = {"inputs": (Line(lot, None),), "results": results, "laboratory": party("lab")}
    return flags(court.file("assay", "lab", **said, document_sha256="0" * 64))


# Declared 60 % La and 40 % Nd: u = sqrt((0.01 * 0.6)^2 + 0.002^2), so 4.5 u = 2.8 points of La.
@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ({"La": "0.6", "Nd": "0.4"}, []),
        ({"La": "0.625", "Nd": "0.4"}, []),
        ({"La": "0.6", "Nd": "0.375"}, ["hs.mismatch"]),
        ({"La": "0.64", "Nd": "0.4"}, ["hs.mismatch"]),
        ({"La": "0.6", "Nd": "0.4", "Dy": "0.009"}, []),
        ({"La": "0.6", "Nd": "0.4", "Dy": "0.02"}, ["hs.mismatch"]),
    ],
)
def test_an_assay_that_contradicts_the_lot_is_noticed(shares: dict[str, str], found: list[str]) -> None:
    court = Court()
    lot = court.extract("plant", "lot/1", {"La": 60 * KG, "Nd": 40 * KG}, "mixed-carbonate")
    assert assay(court, lot, **shares) == found


def test_an_assay_that_contradicts_the_products_code_is_noticed() -> None:
    court = Court()
    lot = court.extract("plant", "lot/1", {"Nd": 100 * KG}, "nd-oxide")
    assert assay(court, lot, Nd="0.99") == []
    assert assay(court, lot, Dy="0.99") == ["hs.mismatch"]


# --- Chinese content --------------------------------------------------------------------------------------


def abroad(domestic_mg: int, *, listed: bool = True, country: str = "DE") -> tuple[Court, str]:
    """An exporter abroad with a lot of 10 kg REO of which so much is Chinese."""
    court = Court()
    court.enrol("maker", ("magnet_maker", "exporter"), country)
    if listed:
        conditions = {"needs_licence": False, "foreign_content_share": "0.001"}
        court.books.put(ControlListRecord("mofcom-61-2025", 0, 0, None, (), conditions))
    lot = court.extract("maker", "lot/1", {"Nd": 10 * KG}, "ndfeb-magnet")
    record = court.lot(lot)
    cells = {("Nd", "import:AU", "import"): 10 * KG - domestic_mg}
    if domestic_mg:
        cells["Nd", "https://mine.example/site", "counted"] = domestic_mg
    fields = {field: getattr(record, field) for field in type(record).__slots__}
    court.books.put(type(record)(**{**fields, "cells": cells}))
    return court, lot


@pytest.mark.parametrize(("domestic", "found"), [(0, []), (9_999, []), (10_000, ["content.deminimis"])])
def test_chinese_content_counts_from_the_lists_share_on(domestic: int, found: list[str]) -> None:
    court, lot = abroad(domestic)
    assert export(court, lot, "maker") == found
    assert home_share(court.lot(lot)) == Fraction(domestic, 10 * KG)


@pytest.mark.parametrize(("listed", "country"), [(False, "DE"), (True, "CN")])
def test_it_is_for_exports_from_abroad_while_such_a_list_is_in_force(listed: bool, country: str) -> None:
    court, lot = abroad(10 * KG, listed=listed, country=country)
    assert export(court, lot, "maker") == []
