"""Putting the two verdicts of a statement's movements side by side, with whose and what the goods are.

Decides: that a statement stands or falls whole, and to which firm, product, destination and month a movement
counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ledger.books.context import Effect
from ledger.controls.noticing import actor_of
from ledger.controls.rule import Case
from ledger.controls.trade import unit_price
from ledger.records.periods import month_of
from ledger.whatif.judging import WITH_STATEMENT, Seen, Verdict, goods_of, product_of
from ledger.whatif.report import Compared, Part, WhatIfReport

MG_PER_KG = 1_000_000


class Comparing:
    """Adds movements to a report."""

    def __init__(self, report: WhatIfReport) -> None:
        self._report = report

    def add(
        self,
        seen: Sequence[Seen],
        effects: Sequence[Effect],
        before: Sequence[Verdict],
        after: Sequence[Verdict],
        case: Case,
    ) -> list[Compared]:
        """Adds a statement's movements.

        Args:
            seen: They.
            effects: What they booked.
            before, after: Their verdicts, each judged alone.
            case: The first of them as recorded, for the policy and the registers.
        """
        compared = []
        for each, effect, was, then in zip(seen, effects, whole(before), whole(after), strict=True):
            own = replace_movement(case, each)
            movement = each.movement
            one = Compared(
                index=each.index,
                position=each.position,
                booked=each.booked,
                event_id=movement.event_id,
                kind=movement.kind,
                firm=actor_of(own),
                destination=movement.destination,
                month=month_of(movement.event_time_us, case.recording.policy),
                event_time_us=movement.event_time_us,
                parts=_parts(each, effect, own),
                before=was,
                after=then,
            )
            self._report.add(one)
            compared.append(one)
        return compared


def replace_movement(case: Case, seen: Seen) -> Case:
    """The same books with another movement of the statement."""
    return Case(seen.movement, case.recording, Effect())


def whole(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts of one statement: where one movement is refused, all are."""
    if not any(each.refused for each in verdicts):
        return list(verdicts)
    return [
        each if each.refused else replace(each, refused=(WITH_STATEMENT,), licensed_mg=0, licensed=False)
        for each in verdicts
    ]


def _parts(seen: Seen, effect: Effect, case: Case) -> tuple[Part, ...]:
    movement = seen.movement
    if movement.technology:
        return (Part(movement.technology, 0, 0),)
    price = unit_price(movement.unit_price, case.recording.policy, movement.event_time_us)
    masses: dict[str, int] = {}
    for name, mass_mg in goods_of(effect).items():
        product = product_of(seen, name)
        masses[product] = masses.get(product, 0) + mass_mg
    return tuple(
        Part(product, mass_mg, _value(mass_mg, price or case.recording.policy.index_prices.get(product)))
        for product, mass_mg in sorted(masses.items())
    )


def _value(mass_mg: int, price: Fraction | None) -> int | None:
    """Fen of a mass at CNY per kg, rounded half to even."""
    return None if price is None else round(price * mass_mg * 100 / MG_PER_KG)
