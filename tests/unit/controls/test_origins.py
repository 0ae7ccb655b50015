"""recycler.ore-input, recycler.fingerprint, origin.fingerprint, origin.undeclared, taint.inherited."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.movements.movement import Line
from ledger.records.lots import HoldingRecord, PoolRecord
from tests.support.court import KG, Court, accepted, flags, name, out, party, refusals, site

BAYAN_OBO = {"La": 2300, "Ce": 5000, "Pr": 620, "Nd": 1850, "Sm": 80, "Gd": 150}
LONGNAN = {"La": 180, "Ce": 40, "Pr": 70, "Nd": 300, "Sm": 280, "Gd": 690, "Tb": 130, "Dy": 670}
LONGNAN |= {"Y": 6500, "Er": 490, "Yb": 250}


def kilograms(masses: dict[str, int]) -> dict[str, int]:
    return {element: mass * KG for element, mass in masses.items()}


def recycle(court: Court, lot: str, kind: str = "process") -> Any:
    lines = (out(name("recycler", f"made/{court.index}"), 20 * KG, {"Nd": 9 * KG}, "nd-oxide"),)
    said: dict[str, Any] = {"inputs": (Line(lot, None),), "whole": True, "process": "scrap-recovery"}
    if kind == "process":
        return court.file("process", "recycler", outputs=lines, **said)
    return court.file("feed", "recycler", pool=name("recycler", "pool/1"), **said)


@pytest.mark.parametrize("kind", ["process", "feed"])
@pytest.mark.parametrize(
    ("product", "birth", "codes"),
    [
        ("magnet-scrap", "opening", []),
        ("nd-oxide", "opening", []),
        ("rock-ore", "opening", ["recycler.ore-input"]),
        ("monazite-concentrate", "opening", ["recycler.ore-input"]),
        ("mixed-carbonate", "import", ["recycler.ore-input"]),
        ("mixed-carbonate", "opening", []),
    ],
)
def test_a_recycler_uses_no_mineral_products(kind: str, product: str, birth: str, codes: list[str]) -> None:
    court = Court()
    lot = court.extract("recycler", "in/1", {"Nd": 10 * KG}, product, kind=birth, origin="MM")
    assert refusals(recycle(court, lot, kind)) == codes


def test_a_firm_that_also_separates_may() -> None:
    court = Court()
    court.enrol("recycler", ("recycler", "separator"))
    lot = court.extract("recycler", "in/1", {"Nd": 10 * KG}, "monazite-concentrate")
    assert refusals(recycle(court, lot)) == []


# 0.5 % of REO beyond three times the assay's 5 %: 0.588 %.
@pytest.mark.parametrize("kind", ["process", "feed"])
@pytest.mark.parametrize("element", ["Y", "Er", "Yb", "Eu"])
@pytest.mark.parametrize(("grams", "found"), [(0, []), (58, []), (59, ["recycler.fingerprint"])])
def test_scrap_with_what_only_ores_have_is_noticed(
    kind: str, element: str, grams: int, found: list[str]
) -> None:
    court = Court()
    masses = {"Nd": 10 * KG - grams * 1000} | ({element: grams * 1000} if grams else {})
    lot = court.extract("recycler", "in/1", masses, "magnet-scrap", kind="extract")
    assert flags(recycle(court, lot, kind)) == found


def test_a_lot_of_scrap_is_told_of_once() -> None:
    court = Court()
    lot = court.extract("recycler", "in/1", {"Nd": 9 * KG, "Y": KG}, "magnet-scrap", kind="extract")
    said = {"pool": name("recycler", "pool/1"), "process": "scrap-recovery"}
    assert flags(court.file("feed", "recycler", inputs=(Line(lot, KG),), **said)) == ["recycler.fingerprint"]
    assert flags(court.file("feed", "recycler", inputs=(Line(lot, KG),), **said)) == []


@pytest.mark.parametrize("element", ["Dy", "Gd", "Tb", "Ho"])
def test_what_magnets_have_is_let_pass(element: str) -> None:
    court = Court()
    lot = court.extract("recycler", "in/1", {"Nd": 9 * KG, element: KG}, "magnet-scrap", kind="extract")
    assert flags(recycle(court, lot)) == []


# --- Mines ------------------------------------------------------------------------------------------------


def mine(
    court: Court, masses: dict[str, int], product: str = "mixed-concentrate", fingerprint: str = "bayan-obo"
) -> list[str]:
    described = {"fingerprint": fingerprint} if fingerprint else {}
    court.enrol("mine", ("miner",), **described)
    line = out(name("mine", f"lot/{court.index}"), 30_000 * KG, kilograms(masses), product)
    return flags(court.file("extract", "mine", outputs=(line,)))


@pytest.mark.parametrize(
    ("masses", "found"),
    [
        (BAYAN_OBO, []),
        ({**BAYAN_OBO, "Nd": 2050}, []),
        ({**BAYAN_OBO, "Nd": 2400}, ["origin.fingerprint"]),
        ({**BAYAN_OBO, "Dy": 400}, ["origin.fingerprint"]),
        (LONGNAN, ["origin.fingerprint"]),
    ],
)
def test_a_concentrate_looks_like_its_mine(masses: dict[str, int], found: list[str]) -> None:
    assert mine(Court(), masses) == found


def test_ore_is_not_compared_nor_a_mine_without_a_fingerprint() -> None:
    assert mine(Court(), LONGNAN, "rock-ore") == []
    assert mine(Court(), LONGNAN, fingerprint="") == []
    assert mine(Court(), LONGNAN, fingerprint="unknown-deposit") == []


@pytest.mark.parametrize(("masses", "found"), [(BAYAN_OBO, []), (LONGNAN, ["origin.fingerprint"])])
def test_ore_is_compared_once_it_is_concentrated(masses: dict[str, int], found: list[str]) -> None:
    court = Court()
    assert mine(court, masses, "rock-ore") == []
    concentrate = {element: mass * 9 // 10 for element, mass in kilograms(masses).items()}
    lines = (out(name("mine", "conc/1"), 20_000 * KG, concentrate, "mixed-concentrate"),)
    ore = (Line(name("mine", "lot/1"), None),)
    filed = court.file("process", "mine", inputs=ore, outputs=lines, whole=True, process="flotation")
    assert flags(filed) == found


def test_a_blend_of_mines_looks_like_both() -> None:
    court = Court()
    assert mine(court, BAYAN_OBO, "rock-ore") == []
    court.enrol("pit", ("miner",), fingerprint="longnan")
    line = out(name("pit", "lot/1"), 30_000 * KG, kilograms(LONGNAN), "ionic-ore")
    accepted(court.file("extract", "pit", outputs=(line,), custodian_to=party("pit")))
    lots = [court.lot(name(firm, "lot/1")) for firm in ("mine", "pit")]
    blend = {
        each: sum(kilograms(m).get(each, 0) for m in (BAYAN_OBO, LONGNAN)) for each in {*BAYAN_OBO, *LONGNAN}
    }
    both = {cell: mass for lot in lots for cell, mass in lot.cells.items()}
    court.books.put(replace(lots[0], cells=both, mass_mg=60_000 * KG))
    holding = court.books.records(HoldingRecord)[0]
    court.books.put(replace(holding, mass_mg=60_000 * KG))
    lines = (out(name("mine", "blend/1"), 50_000 * KG, blend, "mixed-concentrate"),)
    ore = (Line(lots[0].lot, None),)
    filed = court.file("process", "mine", inputs=ore, outputs=lines, whole=True, process="flotation")
    assert [alert.evidence for alert in filed.alerts] == []


def test_what_is_split_by_elements_looks_like_no_mine() -> None:
    court = Court()
    assert mine(court, BAYAN_OBO) == []
    court.enrol("mine", ("miner", "separator"), fingerprint="bayan-obo")
    parts = {"Ce": "ce-oxide", "Nd": "nd-oxide"}
    lines = [
        out(name("mine", f"part/{each}"), 9_000 * KG, {each: BAYAN_OBO[each] * KG}, product)
        for each, product in parts.items()
    ]
    rest = {each: mass * KG for each, mass in BAYAN_OBO.items() if each not in parts}
    lines.append(out(name("mine", "part/rest"), 9_000 * KG, rest, "mixed-carbonate"))
    ore = (Line(name("mine", "lot/1"), None),)
    said = {"inputs": ore, "outputs": tuple(lines), "whole": True, "process": "separation"}
    assert flags(court.file("process", "mine", **said)) == []


@pytest.mark.parametrize(
    ("origin", "found"), [("MM", []), ("undeclared", ["origin.undeclared"]), ("", ["origin.undeclared"])]
)
def test_an_import_states_its_origin(origin: str, found: list[str]) -> None:
    line = out(name("trader", "lot/1"), 20 * KG, {"Nd": 10 * KG}, "nd-oxide")
    assert flags(Court().file("import", "trader", outputs=(line,), origin=origin)) == found


@pytest.mark.parametrize(
    ("firm", "said", "found"),
    [
        ("magnets", {}, []),
        ("trader", {"origin_declaration": "ab" * 32}, []),
        ("trader", {}, ["origin.undeclared"]),
    ],
)
def test_what_another_exported_is_brought_back_with_a_proof(
    firm: str, said: dict[str, str], found: list[str]
) -> None:
    court = Court()
    lot = court.extract("magnets", "lot/1", {"Nd": 30 * KG}, "ndfeb-magnet", mass_mg=100 * KG)
    abroad = {"consignee": "urn:abroad", "custodian_to": "urn:abroad", "owner_to": "urn:abroad"}
    sent = court.file("export", "magnets", inputs=(Line(lot, KG),), destination="DE", **abroad)
    accepted(sent)
    back = court.file("import", firm, inputs=(Line(lot, KG),), at_us=court.now_us, **said)
    assert flags(back) == found


# --- Taint ------------------------------------------------------------------------------------------------


def tainted() -> tuple[Court, str]:
    court = Court()
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate")
    court.books.put(replace(court.lot(lot), tainted_by=1))
    return court, lot


def test_what_is_made_of_illegal_product_is_told_and_tainted() -> None:
    court, lot = tainted()
    lines = (out(name("plant", "out/1"), 200 * KG, {"La": 98 * KG}, "la-oxide"),)
    said = {"inputs": (Line(lot, None),), "outputs": lines, "whole": True, "process": "separation"}
    assert flags(court.file("process", "plant", **said)) == ["taint.inherited"]
    assert court.lot(name("plant", "out/1")).tainted_by == 1


def test_it_comes_through_a_pool() -> None:
    court, lot = tainted()
    pool = {"pool": name("plant", "pool/1"), "process": "separation"}
    assert flags(court.file("feed", "plant", inputs=(Line(lot, None),), whole=True, **pool)) == []
    record = court.books.get(PoolRecord, pool["pool"])
    assert record is not None
    assert record.tainted_by == 1
    lines = (out(name("plant", "out/1"), 20 * KG, {"La": 9 * KG}, "la-oxide"),)
    assert flags(court.file("draw", "plant", outputs=lines, **pool)) == ["taint.inherited"]


def test_illegal_product_that_changes_hands_is_told_once() -> None:
    court, lot = tainted()
    said = {"custodian_to": party("trader"), "owner_to": party("trader"), "site_to": site("trader")}
    assert flags(court.file("ship", "plant", inputs=(Line(lot, KG),), **said)) == ["taint.inherited"]
    assert flags(court.file("ship", "plant", inputs=(Line(lot, KG),), **said)) == []


def test_untainted_goods_are_let_pass() -> None:
    court = Court()
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate")
    said = {"custodian_to": party("trader"), "owner_to": party("trader"), "site_to": site("trader")}
    assert flags(court.file("ship", "plant", inputs=(Line(lot, KG),), **said)) == []
