"""A simulator of a ledger's database: valid signed statements appended straight through the store's
functions.

What it writes is what the one write path would have written (same bytes, same rows, same registers), with
every choice in the test's hand: time, batches, who signs, what is refused, what is erased. Keys and
identifiers depend on the seed alone."""

import copy
import hashlib
import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from ledger.encoding import b64url_encode
from ledger.findings import Finding
from ledger.log.canonical import canonical_json
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry
from ledger.log.merkle import EMPTY_ROOT, leaf_hash, prove_inclusion
from ledger.log.note import NoteSigner
from ledger.log.receipt import Receipt
from ledger.log.tiles import TileEdge
from ledger.statements.acts import Act, ActContext
from ledger.statements.acts.confirm import Confirm
from ledger.statements.acts.erase import Erase
from ledger.statements.envelope import (
    ACT,
    EPCIS,
    SeenHead,
    make_proof_of_possession,
    parse_statement,
    sign_statement,
)
from ledger.statements.keys import FileSigner, Signer
from ledger.statements.payload import read_payload
from ledger.statements.registers import Facts, LoggedStatement
from ledger.store import log_store
from ledger.store.locking import begin_write
from ledger.store.log_store import HeadRow, NewEntry, NewRefusal
from ledger.store.proofs import node_reader
from ledger.store.registers_store import write_changes
from tests.support.cast import shipment

ORIGIN = "ledger.example/simulated"
START_US = 1_790_000_000_000_000
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Party:
    """A party of the simulated ledger and the key that it signs with."""

    party: str
    roles: tuple[str, ...]
    signer: Signer


@dataclass(frozen=True)
class Appended:
    """A statement that was appended."""

    index: int
    jws: bytes
    entry: bytes

    @property
    def statement_hash(self) -> bytes:
        return hashlib.sha256(self.jws).digest()


@dataclass
class LedgerBuilder:
    """Builds one ledger on a migrated, empty database.

    Attributes:
        engine: The database.
        origin: The log's origin.
        seed: Of keys and identifiers.
        now_us: The time of the next entry; every entry advances it by ``step_us``.
        step_us: May be 0.
        batch: Entries a checkpoint, unless ``flush`` is called before.
        policy: In genesis.
        facts: What the acts so far come to.
        appended: Acts, and records if ``remember`` is set, by index.
        remember: Whether to keep what records were appended.
    """

    engine: Engine
    origin: str = ORIGIN
    seed: int = 0
    now_us: int = START_US
    step_us: int = 1_000_003
    batch: int = 64
    policy: dict[str, Any] = field(default_factory=lambda: {"rule_set": 1, "retention_days": 0})
    remember: bool = False
    facts: Facts = field(default_factory=Facts)
    appended: dict[int, Appended] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.log_key = Ed25519PrivateKey.from_private_bytes(self._secret("log"))
        self.authority = self.party("authority", "authority")
        self.second = self.party("second", "authority")
        self.operator = self.party("operator", "operator")
        self.regulator = self.party("regulator", "regulator")
        self.mine = self.party("mine", "miner")
        self.plant = self.party("plant", "separator", alg="ES256")
        self.head = HeadRow(0, EMPTY_ROOT, -1, 0, bytes(32))
        self.checkpoints: list[bytes] = []
        self._edge = TileEdge()
        self._previous = GENESIS_PREVIOUS
        self._entries: list[NewEntry] = []
        self._refusals: list[NewRefusal] = []
        self._erased: list[int] = []
        self._refusal_count, self._refusal_hash = 0, bytes(32)
        self._payload = json.dumps(shipment()).encode()

    # --- parties and keys ---

    @property
    def signer(self) -> NoteSigner:
        return NoteSigner.from_private_key(self.origin, self.log_key)

    @property
    def vkey(self) -> str:
        return self.signer.vkey

    @property
    def size(self) -> int:
        """The index of the next entry."""
        return self._edge.size

    def party(self, name: str, *roles: str, alg: str = "Ed25519", key: str = "") -> Party:
        """A party with a key that depends on seed, name and ``key`` alone."""
        secret = self._secret(f"{name}/{key}")
        signer = (
            FileSigner(Ed25519PrivateKey.from_private_bytes(secret))
            if alg == "Ed25519"
            else FileSigner(derive_private_key(int.from_bytes(secret, "big") >> 8, SECP256R1()))
        )
        return Party(f"https://{name}.example/", roles, signer)

    def key_members(self, party: Party) -> dict[str, Any]:
        proof = make_proof_of_possession(party.signer, self.origin, party.party)
        return {"jwk": party.signer.jwk, "proof_of_possession": proof}

    def admission(self, party: Party, **members: Any) -> dict[str, Any]:
        return {
            "act": "admit-party",
            "party": party.party,
            "organisation": {"legal_name": f"Test {party.party}", "country": "CN"},
            "roles": list(party.roles),
            "prefixes": [party.party],
        } | members

    def enrolment(self, party: Party, **members: Any) -> dict[str, Any]:
        return {"act": "enrol-key", "party": party.party} | self.key_members(party) | members

    # --- statements ---

    def genesis(self, **changes: Any) -> Appended:
        """Entry 0, with a checkpoint of its own."""
        parties = (self.authority, self.second, self.operator, self.regulator, self.mine, self.plant)
        members = {
            "act": "genesis",
            "origin": self.origin,
            "log_keys": [self.vkey],
            "parties": [
                {name: value for name, value in self.admission(party).items() if name != "act"}
                | {"keys": [self.key_members(party)]}
                for party in parties
            ],
            "policy": self.policy,
        } | changes
        appended = self.act(members)
        self.flush()
        return appended

    def record(self, count: int = 1, *, by: Party | None = None, seen: SeenHead | None = None) -> int:
        """Appends records; gives the index of the last."""
        for _ in range(count):
            jws = self.sign(self._payload, by or self.mine, cty=EPCIS, seen=seen)
            self._append(jws, (by or self.mine).party, None, remember=self.remember)
        return self.size - 1

    def act(self, members: dict[str, Any], by: Party | None = None, **header: Any) -> Appended:
        """Appends an act that must be allowed; by the first authority unless told otherwise."""
        party = by or self.authority
        jws = self.sign(json.dumps(members).encode(), party, cty=ACT, **header)
        payload = read_payload(ACT, parse_statement(jws).payload)
        assert payload.act is not None, payload.findings
        return self._append(jws, party.party, payload.act)

    def erase(self, target: Appended | int, *, effects: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """The payload that erases an earlier statement."""
        index = target if isinstance(target, int) else target.index
        statement = parse_statement(self.appended[index].jws)
        return {
            "act": "erase",
            "statement": b64url_encode(statement.statement_hash),
            "index": index,
            "issuer": self.facts.keys[statement.header.kid].party,
            "kid": statement.header.kid,
            "jti": statement.header.jti,
            "signing_input": b64url_encode(statement.signing_input_hash),
            "effects": list(effects),
        }

    def confirmation(self, pending: Appended, members: dict[str, Any]) -> dict[str, Any]:
        """The payload by which a second authority confirms a pending act."""
        return {
            "act": "confirm",
            "statement": b64url_encode(pending.statement_hash),
            "confirmed": members,
        }

    def publish_refusals(self) -> Appended:
        """Flushes, and publishes the journal's head."""
        self.flush()
        members = {
            "act": "publish-refusals",
            "count": self._refusal_count,
            "head": b64url_encode(self._refusal_hash),
        }
        return self.act(members, self.operator)

    def refuse(self, *codes: str, by: Party | None = None) -> bytes:
        """Journals a refusal of a new statement that would have been the next entry; gives its bytes."""
        jws = self.sign(self._payload, by or self.mine, cty=EPCIS)
        findings = [Finding(code, f"refused for {code}").as_json() for code in codes or ("test.refused",)]
        record = canonical_json(
            {
                "findings": findings,
                "judged_at": self.size,
                "number": self._refusal_count,
                "policy": self.facts.policy.entry_index if self.facts.policy else 0,
                "previous": b64url_encode(self._refusal_hash),
                "statement": b64url_encode(hashlib.sha256(jws).digest()),
            }
        )
        self._refusals.append(
            NewRefusal(
                refusal_number=self._refusal_count,
                record=record,
                record_hash=hashlib.sha256(record).digest(),
                statement_hash=hashlib.sha256(jws).digest(),
                findings_hash=hashlib.sha256(canonical_json(findings)).digest(),
                jws=jws,
            )
        )
        self._refusal_count += 1
        self._refusal_hash = self._refusals[-1].record_hash
        return jws

    def sign(self, payload: bytes, by: Party, **header: Any) -> bytes:
        members = {
            "origin": self.origin,
            "cty": EPCIS,
            "iat": self.now_us // 1_000_000,
            "jti": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
        } | header
        return sign_statement(payload, signer=by.signer, **members)

    def append_unjudged(self, jws: bytes, issuer: str, *, public: bool = False, **changes: Any) -> Appended:
        """Appends a statement that no honest ledger would, as a dishonest one could."""
        return self._append(jws, issuer, None, public=public, **changes)

    # --- batches ---

    def flush(self) -> None:
        """Commits what waits as one batch, with a checkpoint if entries are among it."""
        if not self._entries and not self._refusals:
            return
        with self.engine.connect() as connection:
            begin_write(connection)
            tiles = self._edge.take_full_tiles()
            head = self.head
            if self._entries:
                log_store.append_entries(connection, self._entries, tiles)
                write_changes(connection, self.facts.take_changes())
                log_store.delete_erased_bytes(connection, self._erased)
                checkpoint = Checkpoint(self.origin, self._edge.size, self._edge.root())
                note = sign_checkpoint(checkpoint, self.signer)
                number = head.checkpoint_number + 1
                log_store.append_checkpoint(connection, number, checkpoint.size, checkpoint.root, note)
                self.checkpoints.append(note)
                head = head._replace(
                    tree_size=checkpoint.size, root=checkpoint.root, checkpoint_number=number
                )
            log_store.append_refusals(connection, self._refusals)
            head = head._replace(refusal_count=self._refusal_count, refusal_hash=self._refusal_hash)
            assert log_store.swap_head(connection, self.head, head)
            connection.commit()
        self._edge.forget()
        self.head = head
        self._entries.clear()
        self._refusals.clear()
        self._erased.clear()

    def fork(self, engine: Engine) -> "LedgerBuilder":
        """A builder that goes on from here in another way, on a copy of this ledger's database."""
        assert not self._entries
        assert not self._refusals
        other = copy.copy(self)
        other.engine = engine
        other.random = random.Random(self.seed + 1)
        other.facts = copy.deepcopy(self.facts)
        other.appended, other.checkpoints = dict(self.appended), list(self.checkpoints)
        other._edge = self._edge.copy()
        other._entries, other._refusals, other._erased = [], [], []
        return other

    def receipt(self, appended: Appended) -> bytes:
        """A receipt of a flushed entry against the newest checkpoint."""
        with self.engine.connect() as connection:
            size = self.head.tree_size
            path = prove_inclusion(appended.index, size, node_reader(connection, size))
        return Receipt(appended.entry, appended.index, tuple(path), self.checkpoints[-1]).encode()

    def _append(
        self,
        jws: bytes,
        issuer: str,
        act: Act | None,
        *,
        public: bool = False,
        remember: bool = True,
        **changes: Any,
    ) -> Appended:
        statement = parse_statement(jws)
        index = self.size
        if act is not None:
            context = ActContext(
                index=index,
                recorded_at_us=self.now_us,
                issuer=issuer,
                kid=statement.header.kid,
                statement_hash=statement.statement_hash,
                origin=self.origin,
            )
            self.facts.refusal_count, self.facts.refusal_hash = self._refusal_count, self._refusal_hash
            findings = act.judge(context, self.facts)
            assert not findings, findings
            act.apply(context, self.facts)
            public = act.public
            self._forget_erased(act)
        entry = Entry(index, self._previous, public, self.now_us, statement.statement_hash).encode()
        leaf = leaf_hash(entry)
        self._edge.append(leaf)
        self._previous = leaf
        new = NewEntry(
            entry_index=index,
            entry=entry,
            leaf_hash=leaf,
            statement_hash=statement.statement_hash,
            issuer=issuer,
            jti=statement.header.jti,
            kid=statement.header.kid,
            signing_input_hash=statement.signing_input_hash,
            jws=jws,
        )
        self._entries.append(replace(new, **changes))
        appended = Appended(index, jws, entry)
        if remember:
            self._keep(appended, new, act, public=public)
        self.now_us += self.step_us
        if len(self._entries) >= self.batch:
            self.flush()
        return appended

    def _keep(self, appended: Appended, new: NewEntry, act: Act | None, *, public: bool) -> None:
        self.appended[appended.index] = appended
        self.facts.statements[new.statement_hash] = LoggedStatement(
            entry_index=new.entry_index,
            statement_hash=new.statement_hash,
            issuer=new.issuer,
            jti=new.jti,
            kid=new.kid,
            signing_input_hash=new.signing_input_hash,
            recorded_at_us=self.now_us,
            public=public,
            act=None if act is None else act.name,
            erased=False,
        )

    def _forget_erased(self, act: Act) -> None:
        inner = act.confirmed if isinstance(act, Confirm) else act
        if isinstance(inner, Erase) and inner.index in self.facts.erasures:
            self._erased.append(inner.index)

    def _secret(self, name: str) -> bytes:
        return hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
