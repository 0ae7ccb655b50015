"""close-case: what became of a case; what was found illegal taints everything that was made of it."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.lots import LotRecord
from ledger.records.oversight import AlertRecord, CaseRecord
from ledger.records.taint import clear, taint
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Fault, MemberSchema, OneOf, Text
from ledger.statements.acts.members import Code, let_read
from ledger.statements.acts.open_case import INVESTIGATORS, unknown_lots
from ledger.statements.registers import Facts, Names

OUTCOMES: Final = ("confirmed", "unfounded", "settled")


class CloseCaseSchema(MemberSchema):
    """The outcome; illegal lots only where it is ``confirmed``, cleared ones only where it is not."""

    case = Code(required=True)
    outcome = OneOf(OUTCOMES, required=True)
    illegal_lots = Each(Text(longest=1024), load_default=())
    cleared_lots = Each(Text(longest=1024), load_default=())

    @validates_schema
    def _illegal_is_confirmed(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data["illegal_lots"] and data["outcome"] != "confirmed":
            raise ValidationError(
                [Fault("case.outcome", "only a confirmed case finds lots illegal")], "illegal_lots"
            )
        if data["cleared_lots"] and data["outcome"] == "confirmed":
            raise ValidationError([Fault("case.outcome", "a confirmed case clears no lots")], "cleared_lots")


@dataclass(frozen=True)
class CloseCase(Act):
    """Closes a case and its alerts, and tells its parties the outcome."""

    name: ClassVar[str] = "close-case"
    schema: ClassVar[type[MemberSchema]] = CloseCaseSchema
    signers: ClassVar[tuple[str, ...]] = INVESTIGATORS

    case: str
    outcome: str
    illegal_lots: tuple[str, ...] = ()
    cleared_lots: tuple[str, ...] = ()

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        known = facts.books.get(CaseRecord, self.case)
        if known is None:
            findings.append(
                Finding("case.unknown", "no case of this name was opened", "/case", "Open it first.")
            )
        elif known.state != "open":
            findings.append(
                Finding(
                    "case.closed",
                    f"entry {known.closed_at} closed the case: {known.outcome}",
                    "/case",
                    "Open a new case where there is something new.",
                )
            )
        findings.extend(unknown_lots(facts, self.illegal_lots, "/illegal_lots"))
        for place, lot in enumerate(self.cleared_lots):
            record = facts.books.get(LotRecord, lot)
            if record is None or record.tainted_by is None:
                findings.append(
                    Finding(
                        "lot.untainted",
                        f"nothing makes {lot} illegal product",
                        f"/cleared_lots/{place}",
                        "Name lots that an alert or a case has tainted.",
                    )
                )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        books = facts.books
        case = books.get(CaseRecord, self.case)
        assert case is not None
        for key in case.alerts:
            alert = books.get(AlertRecord, *key)
            assert alert is not None
            books.put(replace(alert, state="closed", outcome=self.outcome, changed_at=context.index))
        for lot in self.illegal_lots:
            record = books.get(LotRecord, lot)
            assert record is not None
            taint(books, record.node, context.index, thorough=True)
        for lot in self.cleared_lots:
            clear(books, lot)
        books.put(replace(case, state="closed", outcome=self.outcome, closed_at=context.index))
        let_read(facts, context, case.parties)
