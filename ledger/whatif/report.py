"""What a what-if found: sums by outcome, by code, and by firm, product, destination and month.

Decides: what is summed, and how much of it is kept: sums whole, single movements up to a limit. Masses are
gross milligrams, values whole fen (1/100 CNY) by the price that was stated in CNY, else by the index price in
force; what has neither price is summed apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ledger.clock import format_time_us
from ledger.whatif.judging import OUTCOMES, Verdict

MOST_MOVEMENTS: Final = 1_000
MOST_UNLIKE: Final = 20


class Cell(NamedTuple):
    """By what differences are summed."""

    firm: str
    product: str
    destination: str
    month: str
    before: str
    after: str


@dataclass(slots=True)
class Sum:
    """Movements with their goods.

    Attributes:
        movements: How many.
        mass_mg: Gross. ``unvalued_mg``: of it without a price.
        value_fen: In fen.
    """

    movements: int = 0
    mass_mg: int = 0
    value_fen: int = 0
    unvalued_mg: int = 0

    def add(self, movements: int, mass_mg: int, value_fen: int | None) -> None:
        """Adds goods; without a value where it is None."""
        self.movements += movements
        self.mass_mg += mass_mg
        self.value_fen += value_fen or 0
        self.unvalued_mg += mass_mg if value_fen is None else 0

    def as_json(self) -> dict[str, int]:
        return {
            "movements": self.movements,
            "mass_mg": self.mass_mg,
            "value_fen": self.value_fen,
            "unvalued_mg": self.unvalued_mg,
        }


class Part(NamedTuple):
    """One product of a movement: gross mass, and its value where there is a price."""

    product: str
    mass_mg: int
    value_fen: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A movement under both sides.

    Attributes:
        index: Its entry; of a refused one the index that it was judged for.
        booked: Whether it is in the log; else it was refused.
    """

    index: int
    position: int
    booked: bool
    event_id: str
    kind: str
    firm: str
    destination: str
    month: str
    event_time_us: int
    parts: tuple[Part, ...]
    before: Verdict
    after: Verdict

    @property
    def differs(self) -> bool:
        """Whether anything comes out otherwise."""
        return self.before != self.after

    def as_json(self) -> dict[str, Any]:
        new = [each for each in self.after.findings if each.code not in _codes(self.before)]
        said = [each.detail for each in new or self.after.findings or self.before.findings]
        valued = [part.value_fen for part in self.parts if part.value_fen is not None]
        return {
            "index": self.index,
            "position": self.position,
            "recorded": self.booked,
            "event_id": self.event_id,
            "kind": self.kind,
            "firm": self.firm,
            "destination": self.destination,
            "month": self.month,
            "event_time": format_time_us(self.event_time_us),
            "products": [part.product for part in self.parts],
            "mass_mg": sum(part.mass_mg for part in self.parts),
            "value_fen": sum(valued) if valued else None,
            "before": _verdict_json(self.before),
            "after": _verdict_json(self.after),
            "said": said[0] if said else "",
        }


def _codes(verdict: Verdict) -> set[str]:
    return {*verdict.refused, *verdict.flagged}


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome,
        "refused": list(verdict.refused),
        "flagged": list(verdict.flagged),
        "licensed_mg": verdict.licensed_mg,
    }


@dataclass(slots=True)
class Agreement:
    """How judging again under the policy in force compares with the record.

    Attributes:
        judged: Movements that were compared; ``unlike`` of them came out otherwise.
        first: The first few of those.
    """

    judged: int = 0
    unlike: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)

    def add(self, compared: Compared, recorded: set[str], judged: set[str]) -> None:
        """Adds a movement with the codes that the record has of it, and those that judging again gave."""
        self.judged += 1
        if recorded == judged:
            return
        self.unlike += 1
        if len(self.first) < MOST_UNLIKE:
            only = {"recorded": sorted(recorded - judged), "judged": sorted(judged - recorded)}
            self.first.append({"index": compared.index, "position": compared.position, **only})


@dataclass(slots=True)
class WhatIfReport:
    """A whole answer.

    Attributes:
        origin, size: The log, and its entries when it was read.
        before, after: Names of the two sides.
        start, end: Entries of the span, half open; ``start_us``, ``end_us`` times of its first and last.
        movements: Movements recorded in the span. ``looked_at``: of them, judged again or read again.
        refusals: Refused statements of the span that were looked at.
        erased: Statements of the span that nobody can read any more.
        again, recorded, left_open: Codes, as in ``reading_rules.Differing``.
        agreement: Where ``before`` is what was in force.
        totals: By side and outcome, of everything looked at.
        codes: By code: (refused before, flagged before, refused after, flagged after).
        time_alerts: By code: alerts of time passing, of acts, that would not have opened.
        cells: Differences.
        differing: How many movements differ; the first of them in ``shown``.
        hanging: What hangs on movements that would have been refused.
    """

    origin: str
    size: int
    before: str
    after: str
    start: int = 0
    end: int = 0
    start_us: int = 0
    end_us: int = 0
    movements: int = 0
    looked_at: int = 0
    refusals: int = 0
    erased: int = 0
    again: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    left_open: set[str] = field(default_factory=set)
    agreement: Agreement | None = None
    totals: dict[str, dict[str, Sum]] = field(
        default_factory=lambda: {side: {each: Sum() for each in OUTCOMES} for side in ("before", "after")}
    )
    codes: dict[str, list[int]] = field(default_factory=dict)
    time_alerts: dict[str, int] = field(default_factory=dict)
    cells: dict[Cell, Sum] = field(default_factory=dict)
    differing: int = 0
    shown: list[Compared] = field(default_factory=list)
    hanging: dict[str, Any] = field(default_factory=dict)

    def add(self, compared: Compared) -> None:
        """Adds a movement that was looked at."""
        self.looked_at += compared.booked
        self.refusals += not compared.booked
        for side, verdict in (("before", compared.before), ("after", compared.after)):
            total = self.totals[side][verdict.outcome]
            total.movements += 1
            for part in compared.parts:
                total.add(0, part.mass_mg, part.value_fen)
            place = 0 if side == "before" else 2
            for at, codes in ((place, verdict.refused), (place + 1, verdict.flagged)):
                for code in codes:
                    self.codes.setdefault(code, [0, 0, 0, 0])[at] += 1
        if not compared.differs:
            return
        self.differing += 1
        if len(self.shown) < MOST_MOVEMENTS:
            self.shown.append(compared)
        outcomes = compared.before.outcome, compared.after.outcome
        masses: dict[str, Sum] = {}
        for part in compared.parts or (Part("", 0, 0),):
            masses.setdefault(part.product, Sum()).add(0, part.mass_mg, part.value_fen)
        for product, goods in masses.items():
            cell = Cell(compared.firm, product, compared.destination, compared.month, *outcomes)
            known = self.cells.setdefault(cell, Sum())
            known.movements += 1
            known.mass_mg += goods.mass_mg
            known.value_fen += goods.value_fen
            known.unvalued_mg += goods.unvalued_mg

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON-compatible object; the same answer gives the same text."""
        return {
            "origin": self.origin,
            "size": self.size,
            "before": self.before,
            "after": self.after,
            "span": {
                "start": self.start,
                "end": self.end,
                "from": format_time_us(self.start_us) if self.end > self.start else None,
                "to": format_time_us(self.end_us) if self.end > self.start else None,
            },
            "movements": self.movements,
            "looked_at": self.looked_at,
            "refusals": self.refusals,
            "erased": self.erased,
            "codes_judged_again": sorted(self.again),
            "codes_from_record": sorted(self.recorded),
            "codes_left_open": sorted(self.left_open),
            "agreement": None
            if self.agreement is None
            else {
                "judged": self.agreement.judged,
                "unlike": self.agreement.unlike,
                "first": self.agreement.first,
            },
            "totals": {
                side: {outcome: each.as_json() for outcome, each in sums.items()}
                for side, sums in self.totals.items()
            },
            "codes": [_code_json(code, counts) for code, counts in sorted(self.codes.items())],
            "time_alerts": [
                {"code": code, "gone": count} for code, count in sorted(self.time_alerts.items())
            ],
            "differing": self.differing,
            "cells": [{**cell._asdict(), **each.as_json()} for cell, each in sorted(self.cells.items())],
            "shown": [each.as_json() for each in self.shown],
            "hanging": self.hanging,
        }

    def by(self, member: str) -> Mapping[str, Sum]:
        """Differences summed by one member of their cells, largest mass first."""
        sums: dict[str, Sum] = {}
        for cell, each in self.cells.items():
            known = sums.setdefault(getattr(cell, member), Sum())
            known.movements += each.movements
            known.mass_mg += each.mass_mg
            known.value_fen += each.value_fen
            known.unvalued_mg += each.unvalued_mg
        return dict(sorted(sums.items(), key=lambda item: (-item[1].mass_mg, item[0])))


def _code_json(code: str, counts: list[int]) -> dict[str, Any]:
    refused, flagged, then_refused, then_flagged = counts
    return {
        "code": code,
        "before": {"refused": refused, "flagged": flagged},
        "after": {"refused": then_refused, "flagged": then_flagged},
    }
