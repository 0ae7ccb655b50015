"""Mass balances over HTTP: adjustments by themselves, and months of the authority's calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from api.book_schemas import BalanceRowSchema
from ledger.provenance.balance import COLUMNS
from tests.support.movements import born, close, extract, feed, process
from tests.support.traders import Traders, open_traders

KG = 1_000_000
TANK = "https://plant.example/pools/tank"


@pytest.fixture
def traders(engine: Engine, tmp_path: Path) -> Iterator[Traders]:
    """A plant makes 100 kg of Nd oxide of ore; 60 kg of it are fed to a tank."""
    with open_traders(engine, tmp_path / "site", plant=("separator",)) as made:
        ore, oxide = made.lot("mine", "ore"), made.lot("plant", "oxide")
        elements = {"Nd": "0.37", "La": "0.63"}
        made.say(
            "mine",
            extract(ore, 1000, site=made.place("mine"), at_us=made.ago(200), elements=elements, treo="0.41"),
        )
        made.moved(ore, 1000, "mine", "plant", 190)
        born_here = [born(oxide, 100, treo="1", elements={"Nd": "1"}, product="nd-oxide")]
        at = {"site": made.place("plant"), "process": "separation"}
        made.say("plant", process({ore: 1000}, born_here, at_us=made.ago(170), lost_kg="310", **at))
        made.say("plant", feed({oxide: 60}, pool=TANK, at_us=made.ago(100), **at))
        yield made


def adjust(made: Traders, counted: dict[str, Any]) -> None:
    made.site.registered(made.cast.act({"act": "adjust", "reason": "inspection", **counted}))


def counted(made: Traders, kilograms: int) -> dict[str, Any]:
    holding = {"lot": made.lot("plant", "oxide"), "owner": made.party("plant"), "site": made.place("plant")}
    mass = {"quantity": kilograms, "uom": "KGM"}
    return {"holding": {**holding, "custodian": made.party("plant"), "counted": mass}}


def neodymium(made: Traders, **query: Any) -> dict[str, int]:
    rows = made.ask("/v1/balance", "plant", **made.period(), **query)["rows"]
    for row in rows:
        assert sum(row[column] for column in COLUMNS[:-1]) == row["closing"]
    (found,) = (row for row in rows if row["element"] == "Nd")
    return found


def test_nothing_is_adjusted_where_nobody_adjusted(traders: Traders) -> None:
    row = neodymium(traders)
    assert (row["adjusted"], row["other"], row["gap"]) == (0, 0, 0)


def test_a_count_of_stock_is_an_adjustment(traders: Traders) -> None:
    before = neodymium(traders)
    adjust(traders, counted(traders, 38))
    row = neodymium(traders)
    assert (row["adjusted"], row["other"], row["gap"]) == (-2 * KG, 0, 2 * KG)
    assert row["closing"] == before["closing"] - 2 * KG
    adjust(traders, counted(traders, 39))
    assert neodymium(traders)["adjusted"] == -1 * KG


def test_what_a_pool_was_measured_or_set_to_is_an_adjustment(traders: Traders) -> None:
    here = {"site": traders.place("plant"), "pool": TANK}
    traders.say("plant", close({"Nd": 59}, at_us=traders.ago(50), **here))
    row = neodymium(traders)
    assert (row["adjusted"], row["other"], row["gap"]) == (-1 * KG, 0, 1 * KG)
    mass = {"quantity": 57, "uom": "KGM"}
    adjust(traders, {"pool": {"pool": TANK, "measured": {"Nd": mass}}})
    row = neodymium(traders)
    assert (row["adjusted"], row["other"], row["gap"]) == (-3 * KG, 0, 3 * KG)


def test_what_a_correction_takes_back_is_no_adjustment(traders: Traders) -> None:
    adjust(traders, counted(traders, 38))
    oxide = traders.lot("plant", "oxide")
    at = {"site": traders.place("plant"), "process": "separation", "pool": TANK}
    again = feed({oxide: 10}, at_us=traders.ago(90), event_id="urn:uuid:again", **at)
    traders.say("plant", again)
    before = neodymium(traders)
    less = feed({oxide: 5}, at_us=traders.ago(90), corrects="urn:uuid:again", **at)
    traders.say("plant", less)
    row = neodymium(traders)
    assert row["adjusted"] == before["adjusted"] == -2 * KG
    assert row["closing"] == before["closing"]


def months(made: Traders, start: datetime, end: datetime) -> list[str]:
    query = {"start": start.isoformat(), "end": end.isoformat(), "months": "true"}
    rows = made.ask("/v1/balance", "plant", **query)["rows"]
    return sorted({row["month"] for row in rows})


def month(offset: int, hours: int = 0) -> datetime:
    """The beginning of a month from this one on, at UTC, so many hours later."""
    now = datetime.now(UTC)
    years, place = divmod(now.year * 12 + now.month - 1 + offset, 12)
    return datetime(years, place + 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def test_another_zone_makes_no_month_of_its_own(traders: Traders) -> None:
    """The authority's months begin at 16:00 of the day before, UTC."""
    named = [f"{month(offset):%Y-%m}" for offset in range(4)]
    assert months(traders, month(1), month(2)) == named[1:2]
    assert months(traders, month(1, -8), month(2, -8)) == named[1:2]
    assert months(traders, month(1, -9), month(2, -8)) == named[1:2], "an hour before it"
    assert months(traders, month(1), month(2, 24)) == named[1:3], "a day and more is told"
    assert months(traders, month(2, -1), month(2)) == named[2:3], "it is all that is asked for"


def test_a_piece_in_which_something_moved_is_told(traders: Traders) -> None:
    query = {"start": month(-1).isoformat(), "end": month(0).isoformat(), "months": "true"}
    late, at_us = traders.lot("mine", "late"), int(month(0, -4).timestamp()) * 1_000_000
    elements = {"Nd": "0.37", "La": "0.63"}
    dug = extract(late, 10, site=traders.place("mine"), at_us=at_us, elements=elements, treo="0.41")
    traders.say("mine", dug)
    rows = traders.ask("/v1/balance", "mine", **query)["rows"]
    assert {row["month"] for row in rows} == {f"{month(0):%Y-%m}"}
    assert all(row["births"] == row["closing"] > 0 for row in rows)


def test_every_column_is_described() -> None:
    fields = tuple(BalanceRowSchema().fields)
    assert fields == ("month", "element", *COLUMNS, "gap", "declared_loss")
