"""Simulated time: what happens next, when it is filed, and in which order the ledger gets it.

Decides: filing times (prompt and monthly filers, late filing), which facts of a filing are true, and that
statements leave in order of filing. Memory holds what is still to happen and what is not yet filed.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.clock import format_time_us, parse_time_us
from ledger.records.periods import DAY_US, HOUR_US, filing_deadline_us, month_after, month_of, month_start_us
from ledger.records.policy import Policy
from ledger.simulation import noise
from ledger.simulation.cast import Actor
from ledger.simulation.chance import stream, uuid4

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
SESSION_US: Final = 3 * HOUR_US


@dataclass(frozen=True, slots=True)
class Label:
    """What a planted statement belongs to.

    Attributes:
        pattern: Its name.
        number: Its id: one planted instance, however many statements it has.
        codes: The codes that are to be found.
        evasive: Whether it stays just under the thresholds.
    """

    pattern: str
    number: str
    codes: tuple[str, ...]
    evasive: bool = False


@dataclass(slots=True)
class Draft:
    """A statement before it is written.

    Attributes:
        number: Its place among all that were thought of.
        actor: Who signs.
        kind: The movement's kind or the act's name.
        act: Whether it is an act.
        at_us: When it happened. ``filed_us``: when it is filed.
        members: What it says: arguments for ``paper``.
        event_id: Of a movement.
        label: None where it is honest.
        facts: What is truly so: "code", or "code subject" where another statement's alert may say it.
        subjects: Names by which an alert may speak of it.
        taints: Whether it makes its goods illegal product.
        sources: Planted instances whose illegal product it uses, bears or moves. ``illegal``: which lots that
            it bears or moves are such product, or made of it.
    """

    number: int
    actor: Actor
    kind: str
    act: bool
    at_us: int
    filed_us: int
    members: dict[str, Any]
    event_id: str = ""
    label: Label | None = None
    facts: list[str] = field(default_factory=list)
    subjects: tuple[str, ...] = ()
    taints: bool = False
    sources: tuple[str, ...] = ()
    illegal: tuple[str, ...] = ()


class Chronicle:
    """The queue of what happens and of what is filed.

    Attributes:
        now_us: Simulated time.
        policy: Whose calendar counts.
        movements: How many movements were filed so far. ``happened``: how many happened.
        labelled: How many statements each planted instance has, filed or to be filed. ``moved``: how many
            movements. ``planted``: how many they all have.
    """

    def __init__(self, seed: int, start_us: int, policy: Policy, write: Callable[[Draft], None]) -> None:
        """Begins at ``start_us``; ``write`` gets every draft in order of filing."""
        self.seed = seed
        self.now_us = start_us
        self.start_us = start_us
        self.policy = policy
        self.movements = 0
        self.drafted = 0
        self.happened = 0
        self.labelled: Counter[str] = Counter()
        self.moved: Counter[str] = Counter()
        self.planted = 0
        self._write = write
        self._chance = stream(seed, "filing")
        self._events: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._filings: list[tuple[int, int, Draft]] = []
        self._sessions: dict[tuple[int, str], int] = {}
        self._number = 0

    def plan(self, at_us: int, what: Callable[..., object], *args: Any) -> None:
        """Lets something happen then (or now, where that is past)."""
        self._number += 1
        heapq.heappush(self._events, (max(at_us, self.now_us), self._number, what, args))

    def run_until(self, at_us: int, limit: int) -> bool:
        """Lets everything happen up to a time; ends early once ``limit`` movements are filed.

        Returns:
            Whether the limit is reached.
        """
        while self._events and self._events[0][0] < at_us:
            happens_us, _, what, args = heapq.heappop(self._events)
            self.now_us = happens_us
            if self._file_until(happens_us, limit):
                return True
            what(*args)
        self.now_us = at_us
        return self._file_until(at_us, limit)

    def file(
        self,
        actor: Actor,
        kind: str,
        at_us: int,
        members: dict[str, Any],
        *,
        ready_us: int = 0,
        filed_us: int | None = None,
        punctual: bool = False,
        label: Label | None = None,
        facts: tuple[str, ...] = (),
        subjects: tuple[str, ...] = (),
    ) -> Draft:
        """A movement, to be filed as its actor files.

        Args:
            actor: Who signs.
            kind: The movement's kind.
            at_us: When it happened.
            members: For ``paper``.
            ready_us: What it rests on is filed by then.
            filed_us: When it is filed; None: as the actor does.
            punctual: Whether it is never filed late by negligence.
            label: Of a planted one.
            facts, subjects: For the truth file.
        """
        number = self._next()
        stated = list(facts)
        if filed_us is None:
            filed_us = self.filing_time(actor, at_us, punctual=punctual)
        filed_us = max(filed_us, self.now_us, ready_us + SECOND_US)
        if filed_us >= filing_deadline_us(at_us, self.policy):
            stated.append("report.late")
        draft = Draft(
            number,
            actor,
            kind,
            False,
            at_us,
            filed_us,
            members,
            f"urn:uuid:{uuid4(self.seed, 'event', number)}",
        )
        draft.facts, draft.subjects = stated, subjects
        self._queue(draft, label)
        self.happened += 1
        return draft

    def act(
        self,
        actor: Actor,
        name: str,
        members: Mapping[str, Any],
        filed_us: int,
        *,
        label: Label | None = None,
        facts: tuple[str, ...] = (),
        subjects: tuple[str, ...] = (),
    ) -> Draft:
        """An official act, filed at a time."""
        number = self._next()
        filed_us = max(filed_us, self.now_us)
        draft = Draft(number, actor, name, True, filed_us, filed_us, dict(members))
        draft.facts, draft.subjects = list(facts), subjects
        self._queue(draft, label)
        return draft

    def filing_time(self, actor: Actor, at_us: int, *, punctual: bool = False) -> int:
        """When an actor files what happened then."""
        chance = self._chance
        if not punctual and chance.random() < noise.LATE_FILING:
            low, high = noise.LATE_DAYS
            return filing_deadline_us(at_us, self.policy) + round(chance.uniform(low, high) * DAY_US)
        if not actor.monthly:
            hours = min(chance.expovariate(1 / noise.PROMPT_FILING_H), 72.0)
            return at_us + MINUTE_US + round(hours * HOUR_US)
        month = month_of(at_us, self.policy)
        begin_us, next_us = (
            month_start_us(month, self.policy),
            month_start_us(month_after(month), self.policy),
        )
        return self._session(actor, month) + SESSION_US * (at_us - begin_us) // (next_us - begin_us)

    def unfiled(self) -> Iterator[Draft]:
        """What has happened and is not filed yet."""
        for _, _, draft in sorted(self._filings, key=lambda filing: filing[:2]):
            yield draft

    def planted_by(self, at_us: int) -> int:
        """How many of the movements that were filed, or are to be filed by a time, are planted ones."""
        later = sum(
            draft.label is not None and not draft.act
            for filed_us, _, draft in self._filings
            if filed_us > at_us
        )
        return self.planted - later

    def deadline(self, at_us: int) -> int:
        """From when on a movement of that time is late."""
        return filing_deadline_us(at_us, self.policy)

    def _session(self, actor: Actor, month: str) -> int:
        """When a monthly filer sits down for a month: a working hour of the 1st to the 9th."""
        key = (actor.number, month)
        found = self._sessions.get(key)
        if found is None:
            if len(self._sessions) > 4 * 4096:
                self._sessions.clear()
            chance = stream(self.seed, "session", actor.number, month)
            day, hour = chance.randint(0, 8), chance.uniform(8, 17)
            found = month_start_us(month_after(month), self.policy) + day * DAY_US + round(hour * HOUR_US)
            self._sessions[key] = found
        return found

    def _queue(self, draft: Draft, label: Label | None) -> None:
        if label is not None:
            draft.label = label
            self.labelled[label.number] += 1
            self.moved[label.number] += not draft.act
            self.planted += not draft.act
        heapq.heappush(self._filings, (draft.filed_us, draft.number, draft))

    def _next(self) -> int:
        self.drafted += 1
        return self.drafted

    def _file_until(self, at_us: int, limit: int) -> bool:
        while self._filings and self._filings[0][0] <= at_us:
            draft = heapq.heappop(self._filings)[2]
            self._write(draft)
            self.movements += not draft.act
            if self.movements >= limit:
                return True
        return False


def time_us(text: str) -> int:
    """A time of the simulation, written ``2025-05-01T00:00:00.000000Z``."""
    return parse_time_us(text)


def time_text(at_us: int) -> str:
    """A time as acts write it."""
    return format_time_us(at_us)
