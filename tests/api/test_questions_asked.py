"""How often the database is asked for one answer: as often for a long way and many lots as for few."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from sqlalchemy import Engine, event

from ledger.store.engine import create_ledger_engine
from tests.support.databases import copy_sqlite
from tests.support.movements import born, draw, feed, import_, new_event_id, pack
from tests.support.traders import Traders, open_traders

FEW: Final = 12
MANY: Final = 40
"""Lots that go into a tank one after the other, so that as many of its versions lie one behind another."""
MOST: Final = 70
"""Questions for any one answer."""
OF_GOODS: Final = ("/v1/provenance", "/v1/recall", "/v1/flows")
OXIDE: Final[Mapping[str, Any]] = {"treo": "1", "elements": {"Nd": "1"}, "product": "nd-oxide"}


class Questions:
    """Counts what SQLite is asked on the connections of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        event.listen(engine, "checkout", lambda connection, *_: connection.set_trace_callback(self._note))

    def _note(self, _: str) -> None:
        self.count += 1


def bring(made: Traders, name: str, lots: list[str], hours: float) -> None:
    """A firm imports lots of oxide."""
    at = {"site": made.place(name), "at_us": made.ago(hours), "origin": "AU", "origin_declaration": "a" * 64}
    made.say(name, *(import_(lot, 10, **at, **OXIDE) for lot in lots))


@contextmanager
def tank(template: Path, folder: Path, lots: int, *, awaited: bool) -> Iterator[tuple[Traders, Questions]]:
    """A plant feeds so many lots into a tank, one of them perhaps by its own word alone, and draws from it.

    More of the same lots is packed into a unit, and sent to another firm.
    """
    folder.mkdir()
    engine = create_ledger_engine(copy_sqlite(template, folder / "ledger.db"))
    with open_traders(engine, folder / "site", plant=("separator",), other=("separator",)) as made:
        names = [made.lot("plant", f"brought-{number:02}") for number in range(lots)]
        bring(made, "plant", names, 170)
        foreign = made.lot("other", "oxide")
        bring(made, "other", [foreign], 170)
        fed = list(names)
        if awaited:
            made.taken(foreign, 1, "other", "plant", 150, new_event_id())
            fed[lots // 2] = foreign
        at = {"pool": f"{made.party('plant')}pools/tank", "site": made.place("plant")}
        for number, lot in enumerate(fed):
            made.say("plant", feed({lot: 1}, at_us=made.ago(140 - number / 10), **at))
        drawn = born(made.lot("plant", "drawn"), 1, **OXIDE)
        made.say("plant", draw([drawn], at_us=made.ago(130), **at))
        unit = f"{made.party('plant')}units/1"
        packed = pack(unit, dict.fromkeys(names, 1), site=made.place("plant"), at_us=made.ago(120))
        made.say("plant", packed)
        yield made, Questions(engine)
    engine.dispose()


class Tanks(NamedTuple):
    """Two such ledgers."""

    few: tuple[Traders, Questions]
    many: tuple[Traders, Questions]
    awaited: bool


@pytest.fixture(scope="module", params=[False, True], ids=["borne", "awaited"])
def tanks(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tanks]:
    """One ledger with few lots and one with many, each with what a tank is fed by its own word or without."""
    folder = tmp_path_factory.mktemp("tanks")
    with (
        tank(sqlite_template, folder / "few", FEW, awaited=request.param) as few,
        tank(sqlite_template, folder / "many", MANY, awaited=request.param) as many,
    ):
        yield Tanks(few, many, request.param)


def count(ledger: tuple[Traders, Questions], path: str, asked: Mapping[str, str]) -> int:
    """How often the plant's question asks the database."""
    made, questions = ledger
    query = {name: value.format(plant=made.party("plant")) for name, value in asked.items()}
    made.ask(path, "plant", **query)
    questions.count = 0
    made.ask(path, "plant", **query)
    return questions.count


DRAWN: Final = {"lot": "{plant}lots/drawn"}
TANK: Final = {"pool": "{plant}pools/tank"}
UNIT: Final = {"unit": "{plant}units/1"}
CASES: Final = [
    ("/v1/lots", DRAWN),
    ("/v1/labels", DRAWN),
    *((path, subject) for path in OF_GOODS for subject in (DRAWN, TANK, UNIT)),
    *((path, DRAWN | {"direction": "downstream"}) for path in ("/v1/provenance", "/v1/flows")),
    ("/v1/provenance", DRAWN | {"depth": "2"}),
    ("/v1/holdings", {}),
]


@pytest.mark.parametrize(("path", "asked"), CASES, ids=str)
def test_a_longer_way_asks_no_more(path: str, asked: Mapping[str, str], tanks: Tanks) -> None:
    few, many = count(tanks.few, path, asked), count(tanks.many, path, asked)
    assert many <= few + 2
    assert many <= MOST


@pytest.mark.parametrize("path", ["/v1/lots", "/v1/provenance"])
def test_the_whole_way_counts_all_the_same(path: str, tanks: Tanks) -> None:
    for (made, _), lots in ((tanks.few, FEW), (tanks.many, MANY)):
        found = made.ask(path, "plant", lot=made.lot("plant", "drawn"))
        shares = {origin["origin"]: float(origin["share"]) for origin in found["origins"]}
        awaited = {"awaited": pytest.approx(1 / lots, abs=1e-6)} if tanks.awaited else {}
        assert shares == {"import:AU": pytest.approx(1 - tanks.awaited / lots, abs=1e-6), **awaited}
