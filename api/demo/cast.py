"""Who takes part in the demonstration: organisations only, each with a key of its own.

Identifiers use GS1 prefix 952, which GS1 sets aside for demonstrations and examples.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from ledger.clock import Clock
from ledger.log.note import NoteSigner
from ledger.movements.writing import dump_document
from ledger.statements.envelope import make_proof_of_possession, sign_statement
from ledger.statements.keys import Signer


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation of the demonstration.

    Attributes:
        name: Short name, also of its key file.
        legal_name: As the register shows it.
        country: ISO 3166-1 alpha-2.
        roles: Its roles in the register.
        party: Its identifier.
        company: Its GS1 company prefix, or None.
        signer: Its key.
    """

    name: str
    legal_name: str
    country: str
    roles: tuple[str, ...]
    party: str
    company: str | None
    signer: Signer

    @property
    def place(self) -> str:
        """What the story calls it."""
        return PLACES.get(self.name, self.name)

    def admission(self) -> dict[str, Any]:
        """What admit-party and genesis say of it."""
        return {
            "party": self.party,
            "organisation": {"legal_name": self.legal_name, "country": self.country},
            "roles": list(self.roles),
            "prefixes": [self.company] if self.company else [],
        }

    def enrolment(self, origin: str) -> dict[str, Any]:
        """Its key with the proof that it holds it."""
        proof = make_proof_of_possession(self.signer, origin, self.party)
        return {"jwk": self.signer.jwk, "proof_of_possession": proof}

    def site(self) -> str:
        """Its one site."""
        return f"urn:epc:id:sgln:{self.company}.00001.0"

    def lot(self, item: int, name: str) -> str:
        """An EPC class with a batch under its prefix."""
        return f"urn:epc:class:lgtin:{self.company}.{item:06d}.{name}"


COMPANIES = (
    ("mine", "Demonstration Northern Mine", "CN", ("miner",), "9521001"),
    ("south", "Demonstration Southern Mine", "CN", ("miner",), "9521005"),
    ("plant", "Demonstration Separation Plant", "CN", ("separator", "exporter"), "9521002"),
    ("maker", "Demonstration Magnet Works", "CN", ("smelter", "magnet_maker", "exporter"), "9521003"),
    ("recycler", "Demonstration Recycler", "CN", ("recycler",), "9521006"),
    ("importer", "Demonstration Motor Works", "DE", ("importer", "user"), "9521004"),
)
NEWCOMERS = (
    ("oxides", "Demonstration Oxide Exporter", "CN", ("trader", "exporter"), "9521007"),
    ("alloys", "Demonstration Alloy Exporter", "CN", ("smelter", "exporter"), "9521008"),
    ("phosphors", "Demonstration Phosphor Exporter", "CN", ("trader", "exporter"), "9521009"),
    ("ceramics", "Demonstration Ceramics Exporter", "CN", ("trader", "exporter"), "9521010"),
    ("trading", "Demonstration Trading House", "CN", ("trader", "exporter"), "9521011"),
    ("reserve", "Demonstration Strategic Reserve", "CN", ("reserve",), "9521012"),
    ("glass", "Demonstration Glass Works", "CN", ("user",), "9521013"),
)
"""Admitted after the story: exporters that apply for licences, a reserve, and who uses goods."""
PLACES = {
    "mine": "northern mine",
    "south": "southern mine",
    "plant": "plant",
    "maker": "magnet works",
    "importer": "motor works",
}


def officials(authority: Signer, operator: Signer) -> tuple[Member, Member]:
    """The authority (a regulator too) and the operator."""
    return (
        Member(
            "authority",
            "Demonstration Authority",
            "CN",
            ("authority", "regulator"),
            "https://authority.demo.example/",
            None,
            authority,
        ),
        Member(
            "operator",
            "Demonstration Operator",
            "CN",
            ("operator",),
            "https://operator.demo.example/",
            None,
            operator,
        ),
    )


def auditing(auditor: Signer) -> Member:
    """The auditor, who checks the log and reads what it is let read."""
    party = "https://auditor.demo.example/"
    return Member("auditor", "Demonstration Auditor", "CN", ("auditor",), party, None, auditor)


def company(
    name: str, legal_name: str, country: str, roles: tuple[str, ...], prefix: str, signer: Signer
) -> Member:
    """A company with an identifier under its GS1 prefix."""
    return Member(name, legal_name, country, roles, f"urn:epc:id:pgln:{prefix}.00000", prefix, signer)


def genesis(origin: str, log: NoteSigner, first: tuple[Member, ...]) -> dict[str, Any]:
    """The payload of entry 0."""
    return {
        "act": "genesis",
        "origin": origin,
        "log_keys": [log.vkey],
        "parties": [member.admission() | {"keys": [member.enrolment(origin)]} for member in first],
        "policy": {"rule_set": 1},
    }


def sign(
    payload: dict[str, Any], member: Member, origin: str, cty: str, clock: Clock, *, jti: str | None = None
) -> bytes:
    """A statement by a member, under a new jti unless one is given."""
    return sign_statement(
        dump_document(payload),
        signer=member.signer,
        origin=origin,
        cty=cty,
        iat=clock.now_us() // 1_000_000,
        jti=jti or str(uuid.uuid4()),
    )
