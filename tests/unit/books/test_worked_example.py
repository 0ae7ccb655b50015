"""The worked example of docs/worked-example.md, computed by hand and by the books; the page says so.

Nothing here calls what it checks: shares are whole numbers, rounded by the larger remainder.
"""

from fractions import Fraction
from pathlib import Path

import pytest

from ledger.movements.movement import Line
from tests.support.books import KG, REFINER, Desk, born, check_acyclic, identity, movement

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "worked-example.md").read_text("utf-8")
NORTH, SOUTH = "https://north.example/site/pit", "https://south.example/site/pit"
POOL = "https://plant.example/pool/cascade"
ELEMENTS = ("La", "Ce", "Pr", "Nd")

# The two lots: 5,200 and 1,800 kg at 45 % REO, with stated oxide shares in tenths of a percent.
SHARES = {
    NORTH: {"La": 280, "Ce": 400, "Pr": 70, "Nd": 250},
    SOUTH: {"La": 300, "Ce": 385, "Pr": 75, "Nd": 240},
}
GROSS = {NORTH: 5200 * KG, SOUTH: 1800 * KG}
REO = {mine: gross * 45 // 100 for mine, gross in GROSS.items()}
IN = {mine: {el: REO[mine] * SHARES[mine][el] // 1000 for el in ELEMENTS} for mine in GROSS}

# 980 kg of PrNd oxide and 2,090 kg of LaCe oxide, in hundredths of a percent.
PRND = {"Pr": 980 * KG * 2235 // 10_000, "Nd": 980 * KG * 7765 // 10_000}
LACE = {"La": 2090 * KG * 4200 // 10_000, "Ce": 2090 * KG * 5800 // 10_000}
OUT = {**LACE, **PRND}
TOGETHER = {el: IN[NORTH][el] + IN[SOUTH][el] for el in ELEMENTS}
LOST = {el: TOGETHER[el] - OUT[el] for el in ELEMENTS}


def by_mine(element: str) -> dict[str, int]:
    """An output's element by mine: two exact shares, and the odd milligram to the larger remainder."""
    north, north_rest = divmod(OUT[element] * IN[NORTH][element], TOGETHER[element])
    south, south_rest = divmod(OUT[element] * IN[SOUTH][element], TOGETHER[element])
    odd = OUT[element] - north - south
    assert odd in (0, 1)
    if north_rest > south_rest:
        return {NORTH: north + odd, SOUTH: south}
    return {NORTH: north, SOUTH: south + odd}


def in_stock() -> Desk:
    """Both lots in the plant's hands."""
    desk = Desk()
    for lot, mine in (("lot:north", NORTH), ("lot:south", SOUTH)):
        out = born(lot, GROSS[mine], IN[mine], "mixed-carbonate")
        desk.book(movement("extract", f"event:{lot}", outputs=(out,), origin=mine))
    return desk


def as_a_batch() -> Desk:
    desk = in_stock()
    desk.book(
        movement(
            "process",
            "event:separate",
            inputs=(Line("lot:north", 5200 * KG), Line("lot:south", 1800 * KG)),
            outputs=(
                born("lot:prnd", 980 * KG, PRND, "prnd-oxide"),
                born("lot:lace", 2090 * KG, LACE, "lace-oxide"),
            ),
            declared_losses_mg={"": 80 * KG},
        )
    )
    return desk


def through_a_pool() -> Desk:
    desk = in_stock()
    for lot, mass in (("lot:north", 5200 * KG), ("lot:south", 1800 * KG)):
        desk.book(movement("feed", f"event:feed {lot}", inputs=(Line(lot, mass),), pool=POOL))
    prnd, lace = (
        born("lot:prnd", 980 * KG, PRND, "prnd-oxide"),
        born("lot:lace", 2090 * KG, LACE, "lace-oxide"),
    )
    desk.book(movement("draw", "event:draw prnd", outputs=(prnd,), pool=POOL))
    losses = {"": 80 * KG}
    desk.book(movement("draw", "event:draw lace", outputs=(lace,), pool=POOL, declared_losses_mg=losses))
    assert desk.pool(POOL).cells == {}
    assert desk.book(movement("close", "event:close", pool=POOL)).gap == {}
    return desk


def test_the_figures_of_the_example() -> None:
    assert REO == {NORTH: 2340 * KG, SOUTH: 810 * KG}
    assert sum(TOGETHER.values()) == 3150 * KG
    assert sum(PRND.values()) == 980 * KG
    assert sum(LACE.values()) == 2090 * KG
    assert sum(LOST.values()) == 80 * KG
    assert all(mass > 0 for mass in LOST.values())
    assert round(Fraction(980 + 2090, 3150) * 1000) == 975


@pytest.mark.parametrize("way", [as_a_batch, through_a_pool])
def test_balances_close_and_shares_are_exact(way: object) -> None:
    assert callable(way)
    desk = way()
    accounts = identity(desk.books)
    assert accounts["birth"] == {el: -mass for el, mass in TOGETHER.items()}
    assert accounts["holding"] == OUT | {}
    assert accounts["lost"] == LOST
    assert "difference" not in accounts
    assert accounts.get("pool", dict.fromkeys(ELEMENTS, 0)) == dict.fromkeys(ELEMENTS, 0)
    for lot, masses in (("lot:prnd", PRND), ("lot:lace", LACE)):
        assert {(el, origin): mass for (el, origin, _), mass in desk.lot(lot).cells.items()} == {
            (el, mine): mass for el in masses for mine, mass in by_mine(el).items()
        }
        assert {status for _, _, status in desk.lot(lot).cells} == {"counted"}
        assert {owner for owner, _, _ in desk.held(lot)} == {REFINER}
    check_acyclic(desk.books)


def test_batch_and_pool_agree() -> None:
    batch, pool = as_a_batch(), through_a_pool()
    for lot in ("lot:prnd", "lot:lace"):
        assert batch.lot(lot).cells == pool.lot(lot).cells


def test_every_milligram_is_counted_once() -> None:
    desk = in_stock()
    moved = movement(
        "process",
        "event:separate",
        inputs=(Line("lot:north", None), Line("lot:south", None)),
        outputs=(
            born("lot:prnd", 980 * KG, PRND, "prnd-oxide"),
            born("lot:lace", 2090 * KG, LACE, "lace-oxide"),
        ),
    )
    assert desk.book(moved).counted_mg == 3070 * KG
    again = movement(
        "process",
        "event:again",
        inputs=(Line("lot:prnd", None),),
        outputs=(born("x", KG, PRND, "prnd-oxide"),),
    )
    assert desk.book(again).counted_mg == 0


def test_a_draw_before_the_second_feed_is_refused() -> None:
    desk = in_stock()
    desk.book(movement("feed", "event:feed", inputs=(Line("lot:north", None),), pool=POOL))
    prnd = born("lot:prnd", 980 * KG, PRND, "prnd-oxide")
    assert desk.refusals(movement("draw", "event:draw", outputs=(prnd,), pool=POOL)) == ["pool.overdrawn"]


def test_a_milligram_more_of_loss_is_a_gain() -> None:
    desk = in_stock()
    effect = desk.book(
        movement(
            "process",
            "event:separate",
            inputs=(Line("lot:north", None), Line("lot:south", None)),
            outputs=(born("lot:prnd", 980 * KG, PRND), born("lot:lace", 2090 * KG, LACE)),
            declared_losses_mg={"": 80 * KG + 1},
        )
    )
    assert sum(effect.gain.values()) == 1


def row(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"


def test_the_page_says_these_numbers() -> None:
    rows = [
        row("north", 5200, *(f"{SHARES[NORTH][el] / 10:g} %" for el in ELEMENTS), 2340),
        row("south", 1800, *(f"{SHARES[SOUTH][el] / 10:g} %" for el in ELEMENTS), 810),
    ]
    for el in ELEMENTS:
        assert LOST[el] == TOGETHER[el] - OUT[el]
        rows.append(row(el, IN[NORTH][el], IN[SOUTH][el], TOGETHER[el], OUT[el], LOST[el]))
        shares = by_mine(el)
        share = Fraction(shares[NORTH] * 100, OUT[el])
        rows.append(
            row("PrNd" if el in PRND else "LaCe", el, shares[NORTH], shares[SOUTH], f"{float(share):.3f} %")
        )
    rows.append(
        row(
            "all",
            *(sum(masses.values()) for masses in (IN[NORTH], IN[SOUTH], TOGETHER, OUT, LOST)),
        )
    )
    assert [line for line in rows if line not in PAGE] == []
    north, south = (divmod(OUT["Pr"] * IN[mine]["Pr"], TOGETHER["Pr"]) for mine in (NORTH, SOUTH))
    for name, mine, (whole, rest) in (("north", NORTH, north), ("south", SOUTH, south)):
        formula = f"{OUT['Pr']:,} x {IN[mine]['Pr']:,} / {TOGETHER['Pr']:,} = {whole:,} rest {rest:,}"
        assert f"    {name}  {formula}" in PAGE
    assert f"{north[0] + south[0]:,}, one milligram short; the larger rest is the northern one" in PAGE
    assert north[1] > south[1]
    # And no other: every table row of the page is one of these, a heading or its rule.
    tables = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert len(tables) == len(rows) + 2 * 3
