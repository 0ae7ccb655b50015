"""A key as an act enrols it: the public key, its window, and the proof of possession of the private key."""

from typing import Any

from ledger.statements.acts.fields import FoundFaults, MemberSchema, StrictField, Text, Time
from ledger.statements.jwk import PublicKey, check_jwk, parse_jwk


class Jwk(StrictField):
    """A public key that may be enrolled; loads as a PublicKey."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> PublicKey:
        findings = check_jwk(value)
        if findings:
            raise FoundFaults(findings)
        return parse_jwk(value)


class KeySchema(MemberSchema):
    """A key, from ``not_before`` (or its entry's time) to ``not_after`` (or without end)."""

    jwk = Jwk(required=True)
    proof_of_possession = Text(longest=8192, required=True)
    not_before = Time()
    not_after = Time()
