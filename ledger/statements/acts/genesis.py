"""genesis: entry 0 says what this log is, who its first parties are, and which policy holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ledger.findings import Finding
from ledger.identifiers import is_origin
from ledger.log.note import KeyKind, parse_vkey
from ledger.statements.acts.admit_party import AdmitParty, AdmitPartySchema
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.enrol_key import EnrolKey
from ledger.statements.acts.enrolments import KeySchema
from ledger.statements.acts.fields import Checked, Each, Members, MemberSchema, Text, refuse
from ledger.statements.acts.policies import PolicySchema
from ledger.statements.acts.set_policy import SetPolicy
from ledger.statements.jwk import PublicKey
from ledger.statements.registers import Facts, Names, OriginRecord
from ledger.statements.standing import AUTHORITY, key_fault, lasting_authorities

OPERATOR = "operator"


class Vkey(Text):
    """A note key in its text form ``name+hash+base64``."""

    def check(self, value: str) -> str:
        try:
            parse_vkey(value)
        except ValueError as error:
            raise refuse("schema.value", str(error)) from None
        return value


class FirstPartySchema(AdmitPartySchema):
    """A party with its first keys."""

    keys = Each(Members(KeySchema), required=True)


class GenesisSchema(MemberSchema):
    """What a log begins with."""

    origin = Checked(is_origin, "origin (1 to 255 printable ASCII characters, no space, no +)", required=True)
    log_keys = Each(Vkey(longest=4096), fewest=1, most=16, required=True)
    parties = Each(Members(FirstPartySchema), fewest=1, required=True)
    policy = Members(PolicySchema, required=True)


@dataclass(frozen=True)
class Genesis(Act):
    """Begins a log: admits its parties, enrols their keys and sets its policy, all as of entry 0."""

    name: ClassVar[str] = "genesis"
    schema: ClassVar[type[MemberSchema]] = GenesisSchema
    signers: ClassVar[tuple[str, ...]] = (AUTHORITY,)

    origin: str
    log_keys: tuple[str, ...]
    parties: tuple[Mapping[str, Any], ...]
    policy: Mapping[str, Any]

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names()

    def find_key(self, kid: str) -> tuple[str, PublicKey] | None:
        """The party and the key that the payload enrols under a kid: genesis is verified with its own."""
        for enrolment in (enrolment for _, _, enrolments in self._members() for enrolment in enrolments):
            if enrolment.jwk.kid == kid:
                return enrolment.party, enrolment.jwk
        return None

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        """Signed by a key in the payload, valid now, of an authority in the payload."""
        for _, admission, enrolments in self._members():
            for enrolment in enrolments:
                if enrolment.jwk.kid == context.kid and admission.party == context.issuer:
                    if AUTHORITY not in admission.roles:
                        break
                    fault = key_fault(enrolment.record(context), context.index, context.recorded_at_us)
                    return [] if fault is None else [fault]
        return [
            Finding(
                "genesis.signer",
                "genesis is signed by a key in its payload that belongs to an authority",
                "/parties",
                "Sign with a key of one of the authorities that genesis admits.",
            )
        ]

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        if context.index != 0 or facts.policy is not None:
            findings.append(
                Finding(
                    "genesis.index", "genesis is entry 0 and nothing else", mend="This log has begun already."
                )
            )
        if self.origin != context.origin:
            findings.append(
                Finding(
                    "genesis.origin",
                    f"this ledger is set up as {context.origin!r}",
                    "/origin",
                    "Use one origin in genesis, in aud and in the settings.",
                )
            )
        return [*findings, *self._log_key_faults(), *self._party_faults(context)]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.put(OriginRecord(self.origin, self.log_keys))
        for _, admission, enrolments in self._members():
            admission.take_effect(context, facts)
            for enrolment in enrolments:
                enrolment.take_effect(context, facts)
        SetPolicy(self.policy).take_effect(context, facts)

    def _members(self) -> list[tuple[str, AdmitParty, list[EnrolKey]]]:
        """Each party's place in the payload, its admission and its enrolments."""
        return [
            (
                f"/parties/{place}",
                AdmitParty(**{name: member for name, member in party.items() if name != "keys"}),
                [EnrolKey(party=party["party"], **key) for key in party["keys"]],
            )
            for place, party in enumerate(self.parties)
        ]

    def _log_key_faults(self) -> list[Finding]:
        findings = []
        kinds = set()
        for place, text in enumerate(self.log_keys):
            key = parse_vkey(text)
            kinds.add(key.kind)
            if key.name != self.origin or key.kind not in (KeyKind.ED25519, KeyKind.MLDSA44_COSIGNATURE):
                findings.append(
                    Finding(
                        "genesis.log-key",
                        "a log key has the origin as its name and is of type 01 (Ed25519) or 06 (ML-DSA-44)",
                        f"/log_keys/{place}",
                        "List the log's own keys; witnesses are not named here.",
                    )
                )
        if KeyKind.ED25519 not in kinds:
            findings.append(
                Finding(
                    "genesis.log-key", "the log has an Ed25519 key", "/log_keys", "List its vkey of type 01."
                )
            )
        return findings

    def _party_faults(self, context: ActContext) -> list[Finding]:
        """Judges each admission and each enrolment after the ones before it."""
        findings: list[Finding] = []
        folded = Facts()
        for place, admission, enrolments in self._members():
            if admission.party in folded.parties:
                findings.append(
                    Finding(
                        "genesis.party", "the party stands here twice", f"{place}/party", "Admit it once."
                    )
                )
                continue
            findings.extend(_under(place, admission.content_faults(context, folded)))
            admission.take_effect(context, folded)
            for number, enrolment in enumerate(enrolments):
                findings.extend(_under(f"{place}/keys/{number}", enrolment.content_faults(context, folded)))
                if enrolment.jwk.kid not in folded.keys:
                    enrolment.take_effect(context, folded)
        for role in (AUTHORITY, OPERATOR):
            if not any(role in party.roles for party in folded.parties.values()):
                findings.append(
                    Finding("genesis.roles", f"no party has the role {role}", "/parties", f"Admit an {role}.")
                )
        if not lasting_authorities(folded.parties, folded.keys, context.recorded_at_us):
            findings.append(
                Finding(
                    "authority.last",
                    "no authority has a key that is valid for 30 days more",
                    "/parties",
                    "Give an authority a key that is valid for at least 30 days.",
                )
            )
        findings.extend(SetPolicy(self.policy).content_faults(context, folded))
        return findings


def _under(place: str, findings: list[Finding]) -> list[Finding]:
    return [replace(finding, pointer=place + finding.pointer) for finding in findings]
