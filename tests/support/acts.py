"""A log of official acts without a database: each act is read, judged and folded as the committer does it."""

import copy
import hashlib
import json
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.findings import Finding
from ledger.log.note import NoteSigner
from ledger.statements.acts import Act, ActContext, read_act
from ledger.statements.envelope import make_proof_of_possession
from ledger.statements.keys import FileSigner, generate_key
from ledger.statements.registers import Facts, LoggedStatement
from ledger.strict_json import parse_json

ORIGIN = "ledger.example/acts"
START_US = 1_800_000_000_000_000
DAY_US = 86_400_000_000
JTI = "5f0c954e-7a0c-4a6f-9d5d-1f2a3b4c5d6e"

AUTHORITY = "https://authority.example/"
SECOND = "https://second.example/"
OPERATOR = "https://operator.example/"
REGULATOR = "https://regulator.example/"
MINE = "https://mine.example/"
PLANT = "https://plant.example/"


@cache
def signer(name: str, alg: str = "Ed25519") -> FileSigner:
    """The key of this name; the same one at every call."""
    return FileSigner(generate_key(alg))


@cache
def vkey(origin: str = ORIGIN) -> str:
    """A note key named like the origin."""
    return NoteSigner.from_private_key(origin, Ed25519PrivateKey.generate()).vkey


def key_members(name: str, party: str, *, origin: str = ORIGIN, **members: Any) -> dict[str, Any]:
    """What enrols the key of this name for a party."""
    key = signer(name)
    return {
        "jwk": key.jwk,
        "proof_of_possession": make_proof_of_possession(key, origin, party),
        **members,
    }


def organisation(**members: Any) -> dict[str, Any]:
    return {"legal_name": "Example Rare Earths Ltd", "country": "CN", **members}


def admission(party: str, *roles: str, **members: Any) -> dict[str, Any]:
    return {
        "act": "admit-party",
        "party": party,
        "organisation": organisation(),
        "roles": list(roles or ("miner",)),
        **members,
    }


def first_party(party: str, *roles: str, **members: Any) -> dict[str, Any]:
    """A party in genesis, with the key that bears its name."""
    members = {"keys": [key_members(party, party)], **members}
    return {name: value for name, value in admission(party, *roles, **members).items() if name != "act"}


def genesis(**members: Any) -> dict[str, Any]:
    return {
        "act": "genesis",
        "origin": ORIGIN,
        "log_keys": [vkey()],
        "parties": [
            first_party(AUTHORITY, "authority"),
            first_party(SECOND, "authority"),
            first_party(OPERATOR, "operator"),
            first_party(REGULATOR, "regulator"),
            first_party(MINE, "miner", prefixes=["4012345", "https://mine.example/lots/"]),
        ],
        "policy": {"rule_set": 1},
        **members,
    }


def enrolment(name: str, party: str, **members: Any) -> dict[str, Any]:
    return {"act": "enrol-key", "party": party, **key_members(name, party), **members}


def read(payload: dict[str, Any]) -> Act:
    """The act of a payload without fault."""
    act, findings = read_act(parse_json(json.dumps(payload).encode()))
    assert act is not None, findings
    assert findings == []
    return act


def faults(payload: Any) -> list[tuple[str, str]]:
    """Code and place of each fault of form."""
    act, findings = read_act(parse_json(json.dumps(payload).encode()))
    assert (act is None) == bool(findings)
    return [(finding.code, finding.pointer) for finding in findings]


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.pointer) for finding in findings]


@dataclass
class ActLog:
    """A log of acts: its facts, and every act that was folded into them.

    Attributes:
        facts: What the acts so far come to.
        now_us: The time of the next entry.
        size: The index of the next entry.
        logged: Every act that was applied, with its context.
    """

    facts: Facts = field(default_factory=Facts)
    now_us: int = START_US
    size: int = 0
    logged: list[tuple[ActContext, Act]] = field(default_factory=list)

    @classmethod
    def begun(cls, **genesis_members: Any) -> "ActLog":
        log = cls()
        assert log.state(AUTHORITY, genesis(**genesis_members)) == []
        return log

    def context(self, issuer: str, *, kid: str | None = None) -> ActContext:
        return ActContext(
            index=self.size,
            recorded_at_us=self.now_us,
            issuer=issuer,
            kid=kid or signer(issuer).kid,
            statement_hash=statement_hash(self.size),
            origin=ORIGIN,
        )

    def judge(self, issuer: str, payload: dict[str, Any], *, kid: str | None = None) -> list[Finding]:
        """What refuses the act; proves that judging changes nothing."""
        before = snapshot(self.facts)
        findings = read(payload).judge(self.context(issuer, kid=kid), self.facts)
        assert self.facts == before
        return findings

    def state(self, issuer: str, payload: dict[str, Any], *, kid: str | None = None) -> list[tuple[str, str]]:
        """Logs the act if nothing refuses it; gives code and place of what does."""
        findings = self.judge(issuer, payload, kid=kid)
        if not findings:
            self.append(read(payload), self.context(issuer, kid=kid))
        return codes(findings)

    def append(self, act: Act, context: ActContext) -> None:
        act.apply(context, self.facts)
        self.facts.take_changes()
        self.logged.append((context, act))
        self.keep(context.issuer, context.kid, public=act.public, act=act.name)

    def record(self, issuer: str = MINE) -> int:
        """Logs a record; gives its index."""
        self.keep(issuer, signer(issuer).kid, public=False, act=None)
        return self.size - 1

    def keep(self, issuer: str, kid: str, *, public: bool, act: str | None) -> None:
        """What the log would hold of the next statement."""
        index = self.size
        self.facts.statements[statement_hash(index)] = LoggedStatement(
            entry_index=index,
            statement_hash=statement_hash(index),
            issuer=issuer,
            jti=JTI,
            kid=kid,
            signing_input_hash=signing_input_hash(index),
            recorded_at_us=self.now_us,
            public=public,
            act=act,
            erased=False,
        )
        self.size += 1


def snapshot(facts: Facts) -> Facts:
    """The facts as they are now. Records never change, so copies of the registers are enough.

    Books keep records inside further registers, so they are copied in depth.
    """
    copies = {each.name: copy.copy(getattr(facts, each.name)) for each in fields(Facts)}
    return Facts(**{**copies, "books": copy.deepcopy(facts.books)})


def statement_hash(index: int) -> bytes:
    return hashlib.sha256(b"statement %d" % index).digest()


def signing_input_hash(index: int) -> bytes:
    return hashlib.sha256(b"signing input %d" % index).digest()
