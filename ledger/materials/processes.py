"""Processes by name: from which stages to which, and between which bounds their recovery plausibly lies.

Decides: the bounds of the rule ``balance.recovery``. As packaged data, for bounds differ by plant and year.

Source: the ``source`` column of processes.csv; ``verified`` is false where none was read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from ledger.materials.catalogue import STAGES
from ledger.materials.tables import packaged_text, read_rows

_COLUMNS: Final = (
    "process",
    "name_en",
    "name_zh",
    "stages_from",
    "stages_to",
    "recovery_lower",
    "recovery_upper",
    "source",
    "verified",
)


@dataclass(frozen=True, slots=True)
class Process:
    """One kind of process.

    Attributes:
        process: As ``ree:process`` names it.
        stages_from, stages_to: Of ``catalogue.STAGES``; empty where any may be.
        recovery_lower, recovery_upper: REO out per REO in, all outputs together, by-products included.
        verified: Whether a published source was read for the bounds.
    """

    process: str
    name_en: str
    name_zh: str
    stages_from: tuple[str, ...]
    stages_to: tuple[str, ...]
    recovery_lower: Fraction
    recovery_upper: Fraction
    source: str
    verified: bool


@cache
def processes() -> Mapping[str, Process]:
    """Every process of the packaged table."""
    return read_processes(packaged_text("processes.csv"))


def bounds_of(process: str, made: Collection[str]) -> tuple[Fraction, Fraction]:
    """Between which the recovery of a process plausibly lies.

    Args:
        process: As ``ree:process`` names it. One that the table does not know is held to the widest bounds of
            those that make the same, or of all: by another name nobody escapes them.
        made: Stages of what came out.
    """
    every = processes()
    known = every.get(process)
    if known is not None:
        return known.recovery_lower, known.recovery_upper
    alike = [each for each in every.values() if not set(made).isdisjoint(each.stages_to)] or every.values()
    return min(each.recovery_lower for each in alike), max(each.recovery_upper for each in alike)


def read_processes(text: str) -> dict[str, Process]:
    """The processes of a table.

    Raises:
        TableInvalid: A cell or the whole table is not as it must be.
    """
    found: dict[str, Process] = {}
    for row in read_rows(text, _COLUMNS):
        name = row.needed("process")
        if name in found:
            raise row.fault("process", f"{name} stands there twice", "Keep one of the rows.")
        process = Process(
            process=name,
            name_en=row.needed("name_en"),
            name_zh=row.needed("name_zh"),
            stages_from=row.known_words("stages_from", STAGES),
            stages_to=row.known_words("stages_to", STAGES),
            recovery_lower=row.fraction("recovery_lower"),
            recovery_upper=row.fraction("recovery_upper"),
            source=row.needed("source"),
            verified=row.truth("verified"),
        )
        if process.recovery_lower > process.recovery_upper:
            raise row.fault("recovery_lower", "the lower bound is above the upper one", "Exchange them.")
        found[name] = process
    return found
