"""state-ownership: which share of an organisation another one holds, from when to when.

Source: MOFCOM announcement 61 of 2025 counts what a listed organisation holds to 50 % and more; who holds how
much is in no log, so whoever decides states it with its source. Natural persons are never stated: what they
hold is the part that no holding says.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from marshmallow import validates_schema

from ledger.findings import Finding
from ledger.records.oversight import OwnershipRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, OneOf, PartyId, Text, Time
from ledger.statements.acts.members import REGULATORS, DecimalText, ends_after_start, share_of
from ledger.statements.registers import Facts, Names


class StateOwnershipSchema(MemberSchema):
    """Two organisations, the share and its span: [start, end), open without ``end``.

    ``kind`` has one value, so that nobody states a natural person by mistake.
    """

    kind = OneOf(("organisation",), required=True)
    held = PartyId(required=True)
    holder = PartyId(required=True)
    percent = DecimalText(most="100", required=True)
    start = Time(required=True)
    end = Time()
    basis = Text(required=True)

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data)


@dataclass(frozen=True)
class StateOwnership(Act):
    """States a holding; stated again from the same moment it replaces what was stated, also to end it."""

    name: ClassVar[str] = "state-ownership"
    schema: ClassVar[type[MemberSchema]] = StateOwnershipSchema
    signers: ClassVar[tuple[str, ...]] = REGULATORS

    kind: str
    held: str
    holder: str
    percent: str
    start: int
    basis: str
    end: int | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        if self.held == self.holder:
            return [
                Finding("ownership.self", "an organisation holds itself", "/holder", "Name who holds it.")
            ]
        beside = [
            each
            for each in facts.books.group(OwnershipRecord, "held", self.held)
            if (each.holder, each.starts_us) != (self.holder, self.start) and self._meets(each)
        ]
        for each in beside:
            if each.holder == self.holder:
                return [
                    Finding(
                        "ownership.overlap",
                        f"entry {each.entry_index} states what {self.holder} holds within this span",
                        "/start",
                        "End what was stated first: state it again with its start, and an end.",
                        {"entry_index": each.entry_index},
                    )
                ]
        if self._most(beside) > 1:
            return [
                Finding(
                    "ownership.sum",
                    f"with it, more than the whole of {self.held} would be held at one moment",
                    "/percent",
                    "End the holding that went over into this one first.",
                )
            ]
        return []

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(
            OwnershipRecord(
                held=self.held,
                holder=self.holder,
                starts_us=self.start,
                ends_us=self.end,
                share=share_of(self.percent),
                basis=self.basis,
                entry_index=context.index,
            )
        )

    def _meets(self, other: OwnershipRecord) -> bool:
        """Whether another holding's span has a moment in common with this one's."""
        return (other.ends_us is None or self.start < other.ends_us) and (
            self.end is None or other.starts_us < self.end
        )

    def _most(self, beside: list[OwnershipRecord]) -> Fraction:
        """The largest sum of holdings at one moment of the span: it begins where one of them does."""
        moments = {self.start, *(each.starts_us for each in beside if each.starts_us > self.start)}
        sums = [
            sum((Fraction(each.share) for each in beside if each.stands_at(moment)), Fraction(0))
            for moment in moments
        ]
        return Fraction(share_of(self.percent)) + max(sums)
