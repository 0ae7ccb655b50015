"""grant-read: a regulator opens private statements to a party."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import ValidationError, validates_schema

from ledger.encoding import b64url_encode
from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Fault, Hash, Integer, Members, MemberSchema, PartyId
from ledger.statements.registers import Facts, GrantRecord, Names, ReaderRecord


class ScopeSchema(MemberSchema):
    """Which statements: all that is stated must hold. ``start`` and ``end`` are entry indices, half open."""

    statements = Each(Hash(), fewest=1)
    issuers = Each(PartyId(), fewest=1)
    start = Integer()
    end = Integer(least=1)

    @validates_schema
    def _states_something(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data:
            raise ValidationError([Fault("grant.scope", "a scope names statements, issuers, start or end")])
        if "end" in data and data["end"] <= data.get("start", 0):
            raise ValidationError([Fault("grant.scope", "the scope ends after it starts")], "end")


class GrantReadSchema(MemberSchema):
    """Who may read what."""

    grantee = PartyId(required=True)
    scope = Members(ScopeSchema, required=True)


@dataclass(frozen=True)
class GrantRead(Act):
    """Lets the grantee read the private statements in scope, those to come included, and the grant itself."""

    name: ClassVar[str] = "grant-read"
    schema: ClassVar[type[MemberSchema]] = GrantReadSchema
    signers: ClassVar[tuple[str, ...]] = ("regulator",)

    grantee: str
    scope: Mapping[str, Any]

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(
            parties={self.grantee, *self.scope.get("issuers", ())},
            statements=set(self.scope.get("statements", ())),
        )

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        if self.grantee not in facts.parties:
            findings.append(_unknown_party("/grantee"))
        for place, statement_hash in enumerate(self.scope.get("statements", ())):
            if statement_hash not in facts.statements:
                findings.append(
                    Finding(
                        "statement.unknown",
                        "the log holds no such statement",
                        f"/scope/statements/{place}",
                        "Name statements by the SHA-256 of their JWS.",
                    )
                )
        for place, issuer in enumerate(self.scope.get("issuers", ())):
            if issuer not in facts.parties:
                findings.append(_unknown_party(f"/scope/issuers/{place}"))
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        put_grant(facts, context.index, self.grantee, scope_members(self.scope))


def scope_members(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """A loaded scope in JSON's types, as the register holds it."""
    members: dict[str, Any] = {name: loaded[name] for name in ("start", "end") if name in loaded}
    if "issuers" in loaded:
        members["issuers"] = list(loaded["issuers"])
    if "statements" in loaded:
        members["statements"] = [b64url_encode(statement_hash) for statement_hash in loaded["statements"]]
    return members


def put_grant(facts: Facts, entry_index: int, grantee: str, scope: Mapping[str, Any]) -> None:
    """What a grant-read at an entry makes: the grant, and its grantee as a reader of it."""
    facts.put(GrantRecord(entry_index, grantee, scope))
    facts.put(ReaderRecord(entry_index, grantee))


def _unknown_party(pointer: str) -> Finding:
    return Finding("party.unknown", "the party was never admitted", pointer, "Ask an authority to admit it.")
