"""Scoring: which planted patterns were found, and which alerts are false.

Decides, for every alert, one of four. It *finds* a planted pattern where its code is expected and it stands
on one of the pattern's statements, or else speaks of one of its subjects after it began. What it says is
*true* of an honest statement where the truth file says so: a filing that was late, goods that descend from
illegal ones. It is a *side* finding where it speaks of a planted pattern under another code, or of a sum that
one changes. Else it is *false*. A refusal finds a pattern likewise.
"""

import heapq
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ledger.records.periods import DAY_US
from ledger.simulation.folder import Planted, Truth

ENOUGH: Final = 30
"""How many instances of a pattern are planted at least, where the number of movements allows it."""
MOST_EXAMPLES: Final = 5
TAINT: Final = "taint.inherited"
SOURCE: Final = re.compile(r"\(entry (\d+)\)")
SUMS_US: Final = {"balance.cumulative": 410 * DAY_US}
"""Codes that speak of sums at a site, and how long what is planted there may be in them: twelve months, and
the filing deadline of the last."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of the ledger: what scoring needs of it."""

    entry_index: int
    code: str
    party: str
    site: str
    subject: str
    position: int
    detail: str


@dataclass(slots=True)
class CodeScore:
    """One rule code."""

    planted: int = 0
    found: int = 0
    evasive: int = 0
    evasive_found: int = 0
    false: int = 0
    true: int = 0
    side: int = 0

    @property
    def missed(self) -> int:
        """Planted and not found."""
        return self.planted - self.found

    @property
    def recall(self) -> float | None:
        """Found of planted; None where nothing was planted."""
        return self.found / self.planted if self.planted else None


@dataclass(slots=True)
class PatternScore:
    """One planted pattern: an instance is found where every code that is to be found for it was.

    Attributes:
        planted, found: Instances that are not evasive.
        evasive, evasive_found: Those that stay just under a threshold.
        shape: ``spread``, ``combined``, or "".
    """

    planted: int = 0
    found: int = 0
    evasive: int = 0
    evasive_found: int = 0
    shape: str = ""


@dataclass(slots=True)
class Score:
    """The outcome of an evaluation.

    Attributes:
        codes: By rule code.
        patterns: By planted pattern; all zero where one was planned and never came about.
        missed: Numbers of planted instances that were missed, by code; ``evasive_missed`` likewise.
        tainted: Lots that are illegal product or made of it, and were born or moved when that was recorded.
            ``tainted_found``: those of which the ledger said so, by their true source.
        refusals: Honest movements that were refused, by code of the first finding.
        examples: A few false alerts and refusals, by code.
    """

    movements: int = 0
    honest: int = 0
    statements: int = 0
    tainted: int = 0
    tainted_found: int = 0
    acts_refused: Counter[str] = field(default_factory=Counter)
    codes: dict[str, CodeScore] = field(default_factory=dict)
    patterns: dict[str, PatternScore] = field(default_factory=dict)
    missed: dict[str, list[str]] = field(default_factory=dict)
    evasive_missed: dict[str, list[str]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def code(self, code: str) -> CodeScore:
        """The score of a code."""
        return self.codes.setdefault(code, CodeScore())

    def few(self) -> list[str]:
        """Patterns with fewer than ``ENOUGH`` instances, evasive ones included: their recall says little."""
        return sorted(name for name, one in self.patterns.items() if one.planted + one.evasive < ENOUGH)

    @property
    def recall(self) -> float | None:
        """Found of planted over all codes, evasive ones apart."""
        planted = sum(score.planted for score in self.codes.values())
        return sum(score.found for score in self.codes.values()) / planted if planted else None

    @property
    def false_alerts_per_1000(self) -> float:
        """False alerts per 1,000 honest movements."""
        return 1000 * sum(score.false for score in self.codes.values()) / max(1, self.honest)

    def as_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "movements": self.movements,
            "honest_movements": self.honest,
            "statements": self.statements,
            "recall": self.recall,
            "false_alerts_per_1000": self.false_alerts_per_1000,
            "honest_refused": dict(self.refusals),
            "acts_refused": dict(self.acts_refused),
            "tainted": {"lots": self.tainted, "found": self.tainted_found},
            "codes": {
                code: {
                    "planted": score.planted,
                    "found": score.found,
                    "missed": score.missed,
                    "recall": score.recall,
                    "false": score.false,
                    "true": score.true,
                    "side": score.side,
                    "evasive_planted": score.evasive,
                    "evasive_found": score.evasive_found,
                }
                for code, score in sorted(self.codes.items())
            },
            "patterns": {name: asdict(score) for name, score in sorted(self.patterns.items())},
            "fewer_than_30": self.few(),
            "missed": self.missed,
            "evasive_missed": self.evasive_missed,
            "examples": self.examples,
        }


class Scorer:
    """Takes note of statements, refusals and alerts, and scores them."""

    def __init__(self, planted: Iterable[Planted], patterns: Iterable[str] = ()) -> None:
        """Knows what was planted.

        Args:
            planted: The instances.
            patterns: Every pattern of which there were to be some.
        """
        self.score = Score(patterns={name: PatternScore() for name in patterns})
        self._planted = {each.number: each for each in planted}
        self._seen: Counter[str] = Counter()
        self._expected: dict[str, set[str]] = {}
        self._found: set[tuple[str, str]] = set()
        self._by_index: dict[int, Truth] = {}
        self._facts: set[tuple[str, str]] = set()
        self._watch: dict[str, set[str]] = {}
        self._sites: dict[str, set[str]] = {}
        self._tainting: dict[str, int] = {}
        self._tainted: set[str] = set()
        self._tainted_found: set[str] = set()
        self._next = 0
        self._begun: dict[str, int] = {}
        self._ended: dict[tuple[str, str], int] = {}
        self._waiting: list[tuple[int, str, str]] = []
        for each in self._planted.values():
            for subject in each.subjects:
                self._watch.setdefault(subject, set()).add(each.number)
            for site in each.sites:
                self._sites.setdefault(site, set()).add(each.number)
            self._waiting.append((each.begun_us, "", each.number))
            if each.sites:
                self._waiting += [(each.begun_us + us, code, each.number) for code, us in SUMS_US.items()]
        heapq.heapify(self._waiting)

    def statement(self, truth: Truth, index: int | None, refused: tuple[str, ...], detail: str = "") -> None:
        """Takes note of a statement.

        Args:
            truth: What is true of it.
            index: Its entry, or None where it was refused.
            refused: Codes of the findings that refused it.
            detail: The first of them in words.
        """
        score = self.score
        self._pass(truth.filed_us)
        if truth.number:
            self._begun.setdefault(truth.number, self._next if index is None else index)
        if index is not None:
            self._next = index + 1
        score.statements += 1
        score.movements += truth.movement
        if truth.number:
            self._seen[truth.number] += 1
            self._expected.setdefault(truth.number, set()).update(truth.codes)
            for subject in truth.subjects:
                self._watch.setdefault(subject, set()).add(truth.number)
            self._found |= {(truth.number, code) for code in refused if code in truth.codes}
        else:
            score.honest += truth.movement
        self.facts(truth, index)
        if index is not None:
            self._descent(truth, index)
            if truth.number or truth.facts or truth.illegal:
                self._by_index[index] = truth
        if refused and not truth.number:
            (score.refusals if truth.movement else score.acts_refused)[refused[0]] += 1
            self._example(f"refused {refused[0]}", f"{truth.kind} of {truth.party}: {detail}")

    def _pass(self, now_us: int) -> None:
        """Notes at which entry what was planted begins, filed late or never, and leaves the sums."""
        while self._waiting and self._waiting[0][0] <= now_us:
            _, code, number = heapq.heappop(self._waiting)
            if code:
                self._ended[code, number] = self._next
            else:
                self._begun.setdefault(number, self._next)

    def _descent(self, truth: Truth, index: int) -> None:
        """Notes which entries make goods illegal product, and which lots the ledger is to speak of since."""
        if truth.taints:
            self._tainting[truth.number] = index
        if any(source in self._tainting for source in truth.sources):
            self._tainted.update(truth.illegal)

    def facts(self, truth: Truth, index: int | None = None) -> None:
        """Takes note of what is true, also of what was not filed in time."""
        for fact in truth.facts:
            code, _, subject = fact.partition(" ")
            self._facts.add((code, subject or f"entry {index}"))
            self._facts |= {(code, name) for name in truth.subjects}

    def alerts(self, alerts: Iterable[Alert]) -> None:
        """Scores the alerts, once every statement is known."""
        for alert in alerts:
            self._score_alert(alert)

    def finish(self) -> Score:
        """Counts what was planted and found."""
        self.score.tainted = len(self._tainted)
        self.score.tainted_found = len(self._tainted & self._tainted_found)
        for number, planted in self._planted.items():
            if self._seen[number] < planted.statements or not (planted.silent or planted.statements):
                continue  # not played to its end
            codes = self._expected.get(number, set()) | (set(planted.codes) if planted.silent else set())
            missed = sorted(code for code in codes if (number, code) not in self._found)
            pattern = self.score.patterns.setdefault(planted.pattern, PatternScore())
            pattern.shape = planted.shape
            if planted.evasive:
                pattern.evasive += 1
                pattern.evasive_found += not missed
            else:
                pattern.planted += 1
                pattern.found += not missed
            self._count_codes(planted, sorted(codes), missed)
        return self.score

    def _count_codes(self, planted: Planted, codes: list[str], missed: list[str]) -> None:
        for code in codes:
            score, found = self.score.code(code), code not in missed
            if planted.evasive:
                score.evasive += 1
                score.evasive_found += found
            else:
                score.planted += 1
                score.found += found
        for code in missed:
            kept = self.score.evasive_missed if planted.evasive else self.score.missed
            kept.setdefault(code, []).append(planted.number)

    def _score_alert(self, alert: Alert) -> None:
        score = self.score.code(alert.code)
        names = names_in(alert)
        truth = self._by_index.get(alert.entry_index) if alert.position >= 0 else None
        numbers = {
            number
            for name in names
            for number in self._watch.get(name, ())
            if self._has_begun(number, alert.entry_index)
        }
        own = truth.number if truth is not None else ""
        numbers |= {own} - {""}
        finds = {number for number in numbers if self._expects(number, alert.code)}
        if own in finds:
            finds = {own}
        if finds:
            self._found |= {(number, alert.code) for number in finds}
        elif self._is_true(alert, truth, names):
            score.true += 1
        elif numbers or self._is_of_sum(alert, names):
            score.side += 1
        else:
            score.false += 1
            self._example(alert.code, f"entry {alert.entry_index} {alert.party}: {alert.detail}")

    def _expects(self, number: str, code: str) -> bool:
        planted = self._planted.get(number)
        return code in self._expected.get(number, ()) or (planted is not None and code in planted.codes)

    def _has_begun(self, number: str, index: int) -> bool:
        begun = self._begun.get(number)
        return begun is not None and begun <= index

    def _is_of_sum(self, alert: Alert, names: set[str]) -> bool:
        """Whether an alert is of a sum in which something planted at the site has its part."""
        return alert.code in SUMS_US and any(
            self._has_begun(number, alert.entry_index)
            and alert.entry_index < self._ended.get((alert.code, number), alert.entry_index + 1)
            for name in names
            for number in self._sites.get(name, ())
        )

    def _is_true(self, alert: Alert, truth: Truth | None, names: set[str]) -> bool:
        if alert.code == TAINT:
            return truth is not None and self._is_of_source(alert, truth, names)
        if truth is not None and alert.code in truth.facts:
            return True
        return any((alert.code, name) in self._facts for name in names)

    def _is_of_source(self, alert: Alert, truth: Truth, names: set[str]) -> bool:
        """Whether the lot is truly illegal product, by the entry that the alert names."""
        lots, named = names.intersection(truth.illegal), SOURCE.search(alert.detail)
        entries = {self._tainting.get(source) for source in truth.sources}
        if not lots or named is None or int(named[1]) not in entries:
            return False
        self._tainted_found |= lots
        return True

    def _example(self, name: str, text: str) -> None:
        kept = self.score.examples.setdefault(name, [])
        if len(kept) < MOST_EXAMPLES:
            kept.append(text[:400])


def names_in(alert: Alert) -> set[str]:
    """The names by which an alert speaks of things: of its subject, each part of it."""
    _, _, rest = alert.subject.partition(":")
    return {name for part in rest.split(" ") for name in part.split("|") if name} - {""}
