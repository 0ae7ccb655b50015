"""Parties with keys, and the statements that they sign: what a test of the whole ledger begins with."""

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from ledger.clock import Clock, SystemClock
from ledger.log.note import NoteSigner, NoteVerifier, parse_vkey
from ledger.registration.committer import Limits
from ledger.registration.mark import Mark
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import ACT, EPCIS, make_proof_of_possession, sign_statement
from ledger.statements.keys import FileSigner, Signer, generate_key

ORIGIN = "ledger.example/rare-earths"


@dataclass
class Actor:
    """A party and its key."""

    party: str
    roles: tuple[str, ...]
    signer: Signer

    def enrolment(self, origin: str) -> dict[str, Any]:
        proof = make_proof_of_possession(self.signer, origin, self.party)
        return {"jwk": self.signer.jwk, "proof_of_possession": proof}


def actor(name: str, *roles: str, alg: str = "Ed25519") -> Actor:
    return Actor(f"https://{name}.example/", roles, FileSigner(generate_key(alg)))


@dataclass
class Cast:
    """An authority, an operator, a mine, and the log's own key."""

    origin: str = ORIGIN
    log_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    authority: Actor = field(default_factory=lambda: actor("authority", "authority", "regulator"))
    operator: Actor = field(default_factory=lambda: actor("operator", "operator"))
    mine: Actor = field(default_factory=lambda: actor("mine", "miner"))
    policy: dict[str, Any] = field(default_factory=lambda: {"rule_set": 1})
    more: list[Actor] = field(default_factory=list)

    @property
    def log_signer(self) -> NoteSigner:
        return NoteSigner.from_private_key(self.origin, self.log_key)

    @property
    def vkey(self) -> str:
        return self.log_signer.vkey

    @property
    def verifier(self) -> NoteVerifier:
        return parse_vkey(self.vkey)

    @property
    def actors(self) -> list[Actor]:
        return [self.authority, self.operator, self.mine, *self.more]

    def party(self, member: Actor) -> dict[str, Any]:
        return {
            "party": member.party,
            "organisation": {"legal_name": f"Test {member.roles[0]}", "country": "CN"},
            "roles": list(member.roles),
            "prefixes": [member.party],
        }

    def genesis(self, **changes: Any) -> dict[str, Any]:
        """The payload of genesis."""
        return {
            "act": "genesis",
            "origin": self.origin,
            "log_keys": [self.vkey],
            "parties": [
                self.party(member) | {"keys": [member.enrolment(self.origin)]} for member in self.actors
            ],
            "policy": self.policy,
        } | changes

    def act(self, members: dict[str, Any], signed_by: Actor | None = None, **header: Any) -> bytes:
        """A signed act; by the authority unless told otherwise."""
        return self.sign(members, signed_by or self.authority, cty=ACT, **header)

    def record(self, signed_by: Actor | None = None, *, number: int = 0, **header: Any) -> bytes:
        """A signed shipment record; by the mine unless told otherwise."""
        return self.sign(shipment(number), signed_by or self.mine, cty=EPCIS, **header)

    def sign(self, payload: dict[str, Any] | bytes, signed_by: Actor, **header: Any) -> bytes:
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        members = {
            "origin": self.origin,
            "cty": EPCIS,
            "iat": SystemClock().now_us() // 1_000_000,
            "jti": str(uuid.uuid4()),
        } | header
        return sign_statement(content, signer=signed_by.signer, **members)

    def mark(self, folder: Path) -> Mark:
        return Mark(folder, self.origin, [self.verifier])

    def registrar(
        self, engine: Engine, folder: Path, *, clock: Clock | None = None, limits: Limits | None = None
    ) -> Registrar:
        """A registrar on a migrated database, with its mark in ``folder``."""
        return Registrar(
            engine, self.origin, self.log_signer, self.mark(folder), clock or SystemClock(), limits=limits
        )

    def started(self, engine: Engine, folder: Path, **options: Any) -> Registrar:
        """A registrar on a log that has its genesis."""
        registrar = self.registrar(engine, folder, **options)
        registrar.initialise(self.act(self.genesis()))
        return registrar


def shipment(number: int = 0) -> dict[str, Any]:
    """An EPCIS document with one shipping event."""
    return {
        "@context": [
            "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
            {"ree": "https://w3id.org/reledger/ree#"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T08:00:00Z",
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventID": f"urn:uuid:{uuid.UUID(int=number, version=4)}",
                    "eventTime": "2026-11-19T10:00:00+08:00",
                    "eventTimeZoneOffset": "+08:00",
                    "action": "OBSERVE",
                    "bizStep": "shipping",
                    "disposition": "in_transit",
                    "readPoint": {"id": "urn:epc:id:sgln:952100001.000.0"},
                    "quantityList": [
                        {
                            "epcClass": f"urn:epc:class:lgtin:952100001.0000.LOT-{number}",
                            "quantity": 5200,
                            "uom": "KGM",
                        }
                    ],
                    "bizTransactionList": [
                        {"type": "desadv", "bizTransaction": f"https://mine.example/despatch/{number}"}
                    ],
                    "sourceList": [
                        {"type": "owning_party", "source": "https://mine.example/"},
                        {"type": "location", "source": "urn:epc:id:sgln:952100001.000.0"},
                    ],
                    "destinationList": [{"type": "owning_party", "destination": "https://plant.example/"}],
                    "ree:product": "mixed carbonate",
                    "ree:treoFraction": "0.45",
                }
            ]
        },
    }
