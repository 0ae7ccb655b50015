"""What a ledger answers as of an entry is what it answered when that entry was its newest, on both engines.

The histories of ``tests/db/test_books_history.py``, in which births differ in every field that a correction
may change. After each entry everything is asked as it stands; at the end the same is asked as of that entry,
and must be the same bytes. What is not kept is left out on both sides: holders, what travels, open alerts.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import precondition, rule
from sqlalchemy import Connection, Engine

from ledger.movements.movement import Line, Movement
from ledger.provenance.way import Direction
from ledger.store.engine import create_ledger_engine
from ledger.store.log_store import read_head
from tests.support.books import born
from tests.support.earlier_answers import DIRECTIONS, Subject, answer, subjects
from tests.support.history import percents, picks
from tests.support.history_corrections import BooksMachine, tell
from tests.support.history_database import HOUR_US, Database, Firms
from tests.support.model_books import Model
from tests.support.originals import copies

TIMES = int(os.environ.get("HISTORIES_TIMES", "1"))
HISTORIES = 3 * TIMES
STEPS = 60
PRODUCTS = ("mixed-carbonate", "bastnaesite-concentrate", "prnd-oxide")
MODELS = ("", "segregated", "identity_preserved", "mass_balance")

Fresh = Callable[[], AbstractContextManager[str]]
Asked = tuple[Subject, Direction, str]
"""What is asked about, which way, and how far."""


@dataclass
class Remembering(Database):
    """A ledger that is asked everything after each entry.

    Attributes:
        kept: What it answered, by entry.
        other: How many answers were other at the end, without an entry.
    """

    kept: dict[int, dict[Asked, bytes | None]] = field(default_factory=dict)
    other: int = 0

    def said(self, kind: str, lines: dict[str, int | None], by: str, **said: Any) -> Movement:
        """A movement whose time, and what it bears, the event's id chooses."""
        moved = super().said(kind, lines, by, **said)
        dice = random.Random(moved.event_id)
        outputs = tuple(self._declared(dice, line) for line in moved.outputs)
        at_us = moved.event_time_us - dice.randrange(30) * HOUR_US
        return replace(moved, outputs=outputs, event_time_us=at_us)

    def record(self, moved: Movement, by: str, *, acceptable: bool) -> str:
        why = super().record(moved, by, acceptable=acceptable)
        if not why:
            self.remember()
        return why

    def adjust(self, lot: str, firm: str, counted_mg: int, *, acceptable: bool) -> str:
        why = super().adjust(lot, firm, counted_mg, acceptable=acceptable)
        if not why:
            self.remember()
        return why

    def remember(self) -> None:
        with self.engine.connect() as connection:
            newest = read_head(connection).tree_size - 1
            asked = questions(connection, newest)
            self.kept[newest] = {each: self.answer(connection, each) for each in asked}

    def answer(self, connection: Connection, asked: Asked, at: int | None = None) -> bytes | None:
        subject, direction, limit = asked
        middle_us = self.cast.now_us - 15 * HOUR_US
        limits: dict[str, dict[str, Any]] = {
            "whole": {},
            "since": {"since_us": middle_us},
            "until": {"until_us": middle_us},
            "near": {"depth": 1},
            "cut": {"most": 2},
            "element": {"element": "Nd"},
        }
        return answer(connection, subject, direction, at, **limits[limit])

    def check(self) -> int:
        """Asks everything again as of each entry; gives how many answers are other by now."""
        other = 0
        with self.engine.connect() as connection:
            everything = {each for known in self.kept.values() for each in known}
            now = {each: self.answer(connection, each) for each in sorted(everything)}
            for index, known in self.kept.items():
                for each in questions(connection, index):
                    answered = self.answer(connection, each, index)
                    assert answered == known.get(each), (index, each)
                    other += answered is not None and answered != now[each]
        return other

    def finish(self) -> None:
        self.other = self.check()
        super().finish()

    @staticmethod
    def _declared(dice: random.Random, line: Line) -> Line:
        pieces = dice.choice((None, 1, 12))
        return replace(line, product=dice.choice(PRODUCTS), custody_model=dice.choice(MODELS), pieces=pieces)


class Machine(BooksMachine):
    """Histories in which what was made of goods is corrected too: its edges are recorded again."""

    @precondition(lambda self: any(one["kind"] == "process" for one in self.model.events.values()))
    @rule(choice=picks, percent=percents)
    def correct_process(self, choice: int, percent: int) -> None:
        event = self.recorded_event(choice, ["process"])
        said = self.model.events[event]
        by, out, out_mass = said["by"], said["out"], max(1, said["out_mass"] * (100 + choice % 3) // 100)
        mined = {one["lot"] for one in self.model.events.values() if one["kind"] == "extract"}
        held = {lot for (lot, firm), mass in self.model.hold.items() if firm == by and mass and lot in mined}
        lot = self.pick(choice // 3, [*held, said["lot"]])
        mass = max(1, said["mass"] * percent // 100)

        def change(model: Model, new: str) -> dict[str, Any]:
            model.undo(event, replacing=True)
            taken = model.take(lot, by, mass, correcting=True)
            model.bear(new, out, by, out_mass, {"Nd": out_mass})
            return {"kind": "process", "lot": lot, "mass": taken, "out": out, "out_mass": out_mass}

        outputs = (born(out, out_mass, {"Nd": out_mass}),)
        self.attempt("process", by, change, lines={lot: mass}, outputs=outputs, process="p", corrects=event)


def questions(connection: Connection, index: int) -> list[Asked]:
    """About all that is in the books, without limits and with one that the index chooses."""
    limits = ("whole", ("since", "until", "near", "cut", "element")[index % 5])
    return [
        (subject, direction, limit)
        for subject in subjects(connection)
        for direction in DIRECTIONS
        for limit in limits
    ]


@pytest.fixture
def cast() -> Firms:
    return Firms()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def fresh(request: pytest.FixtureRequest, cast: Firms, tmp_path: Path) -> Iterator[Fresh]:
    def begin(engine: Engine) -> None:
        cast.started(engine, tmp_path / "mark").close()

    with copies(request, request.param, tmp_path, begin) as copied:
        yield copied


def test_an_answer_as_of_an_entry_is_what_was_answered_then(
    cast: Firms, fresh: Fresh, tmp_path: Path
) -> None:
    other = 0
    for seed in range(HISTORIES):
        with fresh() as url:
            engine = create_ledger_engine(url)
            shutil.copytree(tmp_path / "mark", tmp_path / "used")
            world = Remembering.opened(cast, engine, tmp_path / "used")
            assert isinstance(world, Remembering)
            tell(Machine(world), seed, STEPS)
            other += world.other
            engine.dispose()
            shutil.rmtree(tmp_path / "used")
    assert other > 20 * HISTORIES
