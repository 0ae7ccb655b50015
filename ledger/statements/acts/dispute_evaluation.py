"""dispute-evaluation: a customer contradicts a sentence of its evaluation by a seller's books."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.oversight import WITHDRAWN, DisputeRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Fault, MemberSchema, OneOf, PartyId
from ledger.statements.acts.members import let_read, party_or_role_faults, unknown_parties
from ledger.statements.registers import Facts, Names

SENTENCES: Final = ("paid", "overdue", "differences", "late_receipts", "sent_back")
"""Those that a customer reads about itself."""
CUSTOMERS: Final = (
    *("miner", "separator", "smelter", "magnet_maker", "recycler", "trader", "exporter", "importer"),
    *("warehouse", "reserve", "user"),
)
"""Whoever holds goods may be somebody's customer; what counts is who the act is about."""
GROUNDS: Final = ("not-so", "agreed", "seller", "carrier", "quality", WITHDRAWN)


class DisputeEvaluationSchema(MemberSchema):
    """Of which seller's books, who disputes which sentence, and on which ground."""

    seller = PartyId(required=True)
    customer = PartyId(required=True)
    sentence = OneOf(SENTENCES, required=True)
    ground = OneOf(GROUNDS, required=True)

    @validates_schema
    def _between_two(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data["seller"] == data["customer"]:
            raise ValidationError([Fault("dispute.self", "seller and customer are the same")], "customer")


@dataclass(frozen=True)
class DisputeEvaluation(Act):
    """Stands beside the sentence until it is withdrawn; changes no figure."""

    name: ClassVar[str] = "dispute-evaluation"
    schema: ClassVar[type[MemberSchema]] = DisputeEvaluationSchema
    signers: ClassVar[tuple[str, ...]] = CUSTOMERS

    seller: str
    customer: str
    sentence: str
    ground: str

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.seller, self.customer})

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        return party_or_role_faults(self, context, facts, [self.customer], ())

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = unknown_parties(facts, {"/seller": self.seller})
        known = facts.books.get(DisputeRecord, self.seller, self.customer, self.sentence)
        if self.ground == WITHDRAWN and (known is None or known.ground == WITHDRAWN):
            detail = "nothing is disputed here that could be withdrawn"
            findings.append(Finding("dispute.unknown", detail, "/ground", "State a ground."))
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(
            DisputeRecord(
                self.seller,
                self.customer,
                self.sentence,
                self.ground,
                context.index,
                context.recorded_at_us,
            )
        )
        let_read(facts, context, [self.seller, self.customer])
