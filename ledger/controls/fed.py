"""What was fed to pools: of which stages it was, and how much ore of it is still there.

Decides: what a pool may give to a party whose roles make nothing finer than what went in; and, of what a
process or a pool gives, which part was ore until then. Ore in a pool goes out pro rata, by element.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from ledger.controls.drawn import to_give_back
from ledger.controls.rule import Case
from ledger.records.books import Books
from ledger.records.lots import LotRecord
from ledger.records.oversight import TallyRecord

FED: Final = "fed"
ORE: Final = "ore"
POOL_ORE: Final = "pool-ore"
MINED: Final = "domestic"
"""The status of what was mined here; imported ore and opening stock count towards no mining quota."""


def stages_fed(books: Books, pool: str) -> set[str]:
    """The stages of everything that a pool was ever fed."""
    tally = books.get(TallyRecord, FED, pool, "")
    return set() if tally is None else set(tally.sums)


def note_feed(case: Case) -> None:
    """Remembers the stages of what a feed brought; what was taken back later had been said."""
    books, pool = case.recording.books, case.movement.pool
    known = stages_fed(books, pool)
    stages = known | {lot.stage for lot, _ in case.effect.used}
    if stages != known:
        books.put(TallyRecord(FED, pool, "", dict.fromkeys(sorted(stages), 1)))


def ore_name(pool: str, element: str) -> str:
    """The name of what an event changed of the ore in a pool."""
    return f"{POOL_ORE} {element} {pool}"


def ore_shares(case: Case) -> dict[str, Fraction]:
    """Which part of each element that a process or a draw worked was domestic ore; nothing without ore."""
    if case.movement.kind == "draw":
        before = case.effect.pool_before
        ore = _ore_in_pool(case)
        return {each: Fraction(mass, before[each]) for each, mass in ore.items()}
    ore_mg = _ore_used(case)
    if not ore_mg:
        return {}
    worked = case.effect.contained_in
    shares = {each: Fraction(mass) / worked[each] for each, mass in ore_mg.items() if worked.get(each)}
    rest = Fraction(sum(ore_mg.values())) / sum(worked.values())
    return {each: shares.get(each, Fraction(0) if worked.get(each) else rest) for each in _elements(case)}


def ore_moved(case: Case) -> dict[str, int]:
    """By how much a feed, a draw or a close changes the ore in its pool, in whole mg by element."""
    effect, kind = case.effect, case.movement.kind
    if kind == "feed":
        kept = {
            each: mass * effect.contained_out.get(each, 0) / effect.contained_in[each]
            for each, mass in _ore_used(case).items()
        }
        return {each: int(mass) for each, mass in kept.items() if int(mass)}
    if kind not in ("draw", "close"):
        return {}
    moved: dict[str, int] = {}
    for each, mass in _ore_in_pool(case).items():
        before = effect.pool_before[each]
        left = mass * min(effect.pool_after.get(each, 0), before) // before
        if left != mass:
            moved[each] = left - mass
    return moved


def note_ore(books: Books, pool: str, moved: Mapping[str, int]) -> None:
    """Books what an event changed of the ore in a pool; its opposite when that is taken back."""
    tally = books.get(TallyRecord, POOL_ORE, pool, "")
    sums = {} if tally is None else dict(tally.sums)
    for each, mass in moved.items():
        sums[each] = sums.get(each, 0) + mass
    books.put(TallyRecord(POOL_ORE, pool, "", {each: sums[each] for each in sorted(sums) if sums[each]}))


def _ore_in_pool(case: Case) -> dict[str, int]:
    """The ore in the movement's pool before it, and before what it corrects; never more than is there."""
    before, pool = case.effect.pool_before, case.movement.pool
    tally = case.recording.books.get(TallyRecord, POOL_ORE, pool, "")
    if tally is None:
        return {}
    undone = to_give_back(case)
    ore = {each: tally.sums.get(each, 0) - undone.get(ore_name(pool, each), 0) for each in before}
    return {each: min(mass, before[each]) for each, mass in ore.items() if min(mass, before[each]) > 0}


def _ore_used(case: Case) -> dict[str, Fraction]:
    """The domestic ore that goes in, exactly, in mg by element."""
    found: dict[str, Fraction] = {}
    for lot, mass_mg in case.effect.used:
        if lot.stage == ORE:
            for element, part in _mined(lot).items():
                found[element] = found.get(element, Fraction(0)) + Fraction(part * mass_mg, lot.mass_mg)
    return {element: found[element] for element in sorted(found)}


def _mined(lot: LotRecord) -> dict[str, int]:
    masses: dict[str, int] = {}
    for (element, _, status), mass in lot.cells.items():
        if status == MINED:
            masses[element] = masses.get(element, 0) + mass
    return masses


def _elements(case: Case) -> list[str]:
    return sorted({*case.effect.contained_in, *case.effect.contained_out})
