"""Ways of a period over HTTP: what is hidden and what is told behind it, who has it, and what ended a way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.movements import born, draw, extract, feed, process
from tests.support.traders import Traders, open_traders

ROLES = ("separator", "smelter")
EARLY, BETWEEN, LATE, LAST = 200, 150, 100, 60


@pytest.fixture
def traders(engine: Engine, tmp_path: Path) -> Iterator[Traders]:
    """A plant makes oxide of ore early, and works feed some of it into a tank; late they make metal of some,
    and last they draw out of the tank.
    """
    with open_traders(engine, tmp_path / "site", plant=ROLES, works=ROLES) as made:
        ore, oxide, tank = made.lot("mine", "ore"), made.lot("plant", "oxide"), pool(made)
        goods = {"elements": {"Nd": "1"}, "treo": "0.5"}
        made.say("mine", extract(ore, 100, site=made.place("mine"), at_us=made.ago(400), **goods))
        made.moved(ore, 100, "mine", "plant", 300)
        pure = {"treo": "1", "elements": {"Nd": "1"}, "product": "nd-oxide"}
        at = {"site": made.place("plant"), "at_us": made.ago(EARLY)}
        made.say("plant", process({ore: 100}, [born(oxide, 49, **pure)], lost_kg=1, **at))
        made.moved(oxide, 40, "plant", "works", 190)
        site = made.place("works")
        made.say("works", feed({oxide: 20}, pool=tank, site=site, at_us=made.ago(180)))
        metal = born(made.lot("works", "metal"), 8, treo="1.1664", elements={"Nd": "1"}, product="nd-metal")
        fields = {"process": "electrolysis", "lost_kg": "0.6", "site": site, "at_us": made.ago(LATE)}
        made.say("works", process({oxide: 10}, [metal], **fields))
        drawn = [born(made.lot("works", "drawn"), 5, **pure)]
        made.say("works", draw(drawn, pool=tank, site=site, at_us=made.ago(LAST)))
        yield made


def pool(made: Traders) -> str:
    return f"{made.party('works')}pools/tank"


def ask(made: Traders, path: str, name: str = "authority", lot: str = "ore", **query: Any) -> dict[str, Any]:
    owner = {"ore": "mine", "oxide": "plant"}.get(lot, "works")
    return made.ask(path, name, lot=made.lot(owner, lot), **query)


def steps(found: dict[str, Any]) -> dict[str, int]:
    return {step["name"].rpartition("/")[2]: step["depth"] for step in found["steps"]}


def rows(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted((row["lot"], row["custodian"], row["state"], row["mass_mg"] or 0) for row in found["rows"])


def test_downstream_the_way_leads_on_through_what_since_hides(traders: Traders) -> None:
    whole = ask(traders, "/v1/provenance", direction="downstream")
    assert steps(whole) == {"ore": 0, "oxide": 1, "metal": 2, "tank": 3, "drawn": 3}
    found = ask(traders, "/v1/provenance", direction="downstream", since=traders.time(BETWEEN))
    assert steps(found) == {"ore": 0, "metal": 2, "tank": 3, "drawn": 3}
    assert (found["ended_by"], found["truncated"]) == ([], False)
    assert found["holders"] == whole["holders"]
    assert {held["lot"] for held in found["holders"]} > {traders.lot("plant", "oxide")}
    numbers = {step["node"] for step in found["steps"]}
    assert all(set(edge) <= numbers for edge in found["edges"])


@pytest.mark.parametrize("hours", [399, BETWEEN, LATE - 1, 1])
def test_since_takes_nobody_off_a_recall_list(traders: Traders, hours: int) -> None:
    whole = ask(traders, "/v1/recall")
    assert {row[2] for row in rows(whole)} == {"held", "in pool"}
    found = ask(traders, "/v1/recall", since=traders.time(hours))
    assert rows(found) == rows(whole)
    assert found["ended_by"] == []
    for name in ("plant", "works"):
        own = ask(traders, "/v1/recall", name, lot="oxide", since=traders.time(hours))
        assert rows(own) == rows(ask(traders, "/v1/recall", name, lot="oxide"))


@pytest.mark.parametrize("path", ["/v1/provenance", "/v1/recall"])
def test_what_ends_a_way_before_its_end_is_told(traders: Traders, path: str) -> None:
    way = {"direction": "downstream"} if path == "/v1/provenance" else {}
    for bounds, ended_by in (
        ({}, []),
        ({"depth": 3}, []),
        ({"depth": 2}, ["depth"]),
        ({"until": traders.time(BETWEEN)}, ["until"]),
        ({"until": traders.time(1)}, []),
        ({"until": traders.time(LAST + 1), "depth": 2}, ["depth"]),
        ({"until": traders.time(BETWEEN), "depth": 1}, ["depth"]),
        ({"limit": 1}, ["limit"]),
    ):
        found = ask(traders, path, **way, **bounds)
        assert found["ended_by"] == ended_by, bounds
        assert found["truncated"] is ("limit" in ended_by)


def test_until_ends_a_way_downstream(traders: Traders) -> None:
    found = ask(traders, "/v1/provenance", direction="downstream", until=traders.time(BETWEEN))
    assert steps(found) == {"ore": 0, "oxide": 1, "tank": 2}
    held = {
        row["lot"].rpartition("/")[2]
        for row in ask(traders, "/v1/recall", until=traders.time(BETWEEN))["rows"]
    }
    assert "metal" not in held


def test_upstream_since_ends_a_way_and_until_hides(traders: Traders) -> None:
    asked = {"lot": "metal"}
    found = ask(traders, "/v1/provenance", **asked, since=traders.time(BETWEEN))
    assert (steps(found), found["ended_by"]) == ({"metal": 0}, ["since"])
    found = ask(traders, "/v1/provenance", **asked, until=traders.time(250))
    assert (steps(found), found["ended_by"]) == ({"metal": 0, "ore": 2}, [])


def test_a_party_is_not_told_that_others_went_on(traders: Traders) -> None:
    for bounds in ({"depth": 1}, {"until": traders.time(BETWEEN)}, {"since": traders.time(BETWEEN)}):
        found = ask(traders, "/v1/provenance", "mine", direction="downstream", **bounds)
        assert (steps(found), found["ended_by"]) == ({"ore": 0}, [])
        found = ask(traders, "/v1/provenance", "works", lot="metal", **bounds)
        assert found["ended_by"] == []


def test_routes_of_a_period_are_those_of_goods_from_before_it_too(traders: Traders) -> None:
    asked = {"direction": "downstream", "since": traders.time(195)}
    routes = ask(traders, "/v1/routes", **asked)["routes"]
    assert [(route["source"], route["target"]) for route in routes] == [
        (traders.place("plant"), traders.place("works"))
    ]
