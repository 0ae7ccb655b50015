"""The write path on real databases: what is appended, repeated, refused, and what comes back."""

import gc
import hashlib
import json
import traceback
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.audit.database import verify_database
from ledger.clock import SystemClock
from ledger.encoding import b64url_encode
from ledger.errors import (
    JsonMalformed,
    JwsHeaderInvalid,
    KeyUnknown,
    LedgerEmpty,
    LogInconsistent,
    QueueFull,
    SignatureInvalid,
    StatementConflict,
    StatementRefused,
)
from ledger.log.receipt import verify_receipt
from ledger.registration.committer import Limits
from ledger.registration.registrar import Registrar
from ledger.registration.submission import EnrolledKey, KeyDirectory
from ledger.statements.envelope import SeenHead
from ledger.statements.jwk import parse_jwk
from ledger.store import log_store
from tests.support.cast import Cast, actor, shipment
from tests.support.rows import head_of


def verified(cast: Cast, receipt: bytes, jws: bytes) -> int:
    return verify_receipt(receipt, hashlib.sha256(jws).digest(), cast.origin, [cast.verifier]).index


def codes(error: pytest.ExceptionInfo[StatementRefused]) -> list[str]:
    return [finding.code for finding in error.value.findings]


class TestAppending:
    def test_a_record_gets_a_receipt_that_verifies(self, cast: Cast, registrar: Registrar) -> None:
        jws = cast.record()
        registered = registrar.register(jws)
        assert registered.created
        assert registered.index == 1
        assert registered.jws == jws
        assert verified(cast, registered.receipt, jws) == 1

    def test_a_thousand_lines_are_dense_and_in_order(self, cast: Cast, registrar: Registrar) -> None:
        lines = [cast.record(number=number) for number in range(1_000)]
        results = list(registrar.register_lines(enumerate(lines, start=1)))
        assert [result.line for result in results] == list(range(1, 1_001))
        registered = [result.registered for result in results]
        assert all(registered)
        assert [each.index for each in registered if each] == list(range(1, 1_001))
        for each, jws in zip(registered, lines, strict=True):
            assert each is not None
            assert verified(cast, each.receipt, jws) == each.index

    def test_es256_signs_as_well(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        plant = actor("plant", "separator", alg="ES256")
        cast.more.append(plant)
        registrar = cast.started(engine, tmp_path / "mark")
        jws = cast.record(plant)
        assert verified(cast, registrar.register(jws).receipt, jws) == 1
        registrar.close()

    def test_a_line_may_use_the_key_that_an_earlier_line_enrols(
        self, cast: Cast, registrar: Registrar
    ) -> None:
        plant = actor("plant", "separator")
        lines = [
            cast.act({"act": "admit-party"} | cast.party(plant)),
            cast.act({"act": "enrol-key", "party": plant.party} | plant.enrolment(cast.origin)),
            cast.record(plant),
        ]
        results = list(registrar.register_lines(enumerate(lines, start=1)))
        assert [result.error for result in results] == [None, None, None]

    def test_another_registrar_on_the_same_database_goes_on(
        self, cast: Cast, registrar: Registrar, engine: Engine, tmp_path: Path
    ) -> None:
        registrar.register(cast.record(number=1))
        other = cast.registrar(engine, tmp_path / "mark")
        assert other.register(cast.record(number=2)).index == 2
        assert registrar.register(cast.record(number=3)).index == 3
        other.close()

    def test_seen_names_a_published_head(self, cast: Cast, registrar: Registrar, engine: Engine) -> None:
        now = head_of(engine)
        jws = cast.record(seen=SeenHead(now.tree_size, now.root))
        assert registrar.register(jws).created

    def test_nobody_looks_for_garbage_while_others_wait_for_the_lock(
        self, cast: Cast, engine: Engine, tmp_path: Path
    ) -> None:
        """The clock is read under the lock."""
        at_work: list[bool] = []

        class Noting(SystemClock):
            def now_us(self) -> int:
                at_work.append(gc.isenabled())
                return super().now_us()

        registrar = cast.started(engine, tmp_path / "mark", clock=Noting())
        assert gc.isenabled()
        registrar.register(cast.record())
        registrar.close()
        assert at_work == [False, False]
        assert gc.isenabled()


class TestIdempotency:
    def test_the_same_bytes_again_give_the_first_receipt(self, cast: Cast, registrar: Registrar) -> None:
        jws = cast.record()
        first = registrar.register(jws)
        registrar.register(cast.record(number=2))
        again = registrar.register(jws)
        assert not again.created
        assert (again.index, again.receipt, again.jws) == (first.index, first.receipt, jws)

    def test_es256_with_another_signature_is_the_same_statement(
        self, cast: Cast, engine: Engine, tmp_path: Path
    ) -> None:
        plant = actor("plant", "separator", alg="ES256")
        cast.more.append(plant)
        registrar = cast.started(engine, tmp_path / "mark")
        header = {"jti": str(uuid.uuid4()), "iat": 1_700_000_000}
        one, two = cast.record(plant, **header), cast.record(plant, **header)
        assert one != two
        first, again = registrar.register(one), registrar.register(two)
        assert not again.created
        assert (again.jws, again.receipt) == (one, first.receipt)
        registrar.close()

    def test_twice_within_one_batch(self, cast: Cast, registrar: Registrar, engine: Engine) -> None:
        jws = cast.record()
        one, two = registrar.register_lines([(1, jws), (2, jws)])
        assert one.registered is not None
        assert two.registered is not None
        assert (one.registered.created, two.registered.created) == (True, False)
        assert head_of(engine).tree_size == 2

    def test_another_statement_under_the_same_jti_conflicts(self, cast: Cast, registrar: Registrar) -> None:
        jti = str(uuid.uuid4())
        registrar.register(cast.record(jti=jti))
        with pytest.raises(StatementConflict):
            registrar.register(cast.record(number=2, jti=jti))

    def test_a_refused_statement_does_not_use_up_its_jti(self, cast: Cast, registrar: Registrar) -> None:
        jti = str(uuid.uuid4())
        with pytest.raises(StatementRefused):
            registrar.register(cast.record(jti=jti, iat=4_000_000_000))
        assert registrar.register(cast.record(jti=jti)).created

    def test_idempotency_comes_before_the_key_window(self, cast: Cast, registrar: Registrar) -> None:
        jws = cast.record()
        first = registrar.register(jws)
        registrar.register(
            cast.act(
                {"act": "revoke-key", "kid": cast.mine.signer.kid, "reason": "superseded"}, cast.authority
            )
        )
        assert registrar.register(jws).receipt == first.receipt
        with pytest.raises(StatementRefused) as error:
            registrar.register(cast.record(number=2))
        assert codes(error) == ["key.revoked"]


class TestRefusing:
    def test_a_stranger_is_not_let_in(self, cast: Cast, registrar: Registrar, engine: Engine) -> None:
        before = head_of(engine)
        with pytest.raises(KeyUnknown):
            registrar.register(cast.record(actor("stranger", "miner")))
        assert head_of(engine) == before

    def test_a_changed_byte_breaks_the_signature(self, cast: Cast, registrar: Registrar) -> None:
        header, payload, signature = cast.record().split(b".")
        changed = payload[:100] + (b"A" if payload[100:101] != b"A" else b"B") + payload[101:]
        with pytest.raises(SignatureInvalid):
            registrar.register(b".".join((header, changed, signature)))

    def test_signed_garbage_is_not_kept(self, cast: Cast, registrar: Registrar, engine: Engine) -> None:
        with pytest.raises(JsonMalformed):
            registrar.register(cast.sign(b"not json", cast.mine))
        assert head_of(engine).refusal_count == 0

    @pytest.mark.parametrize(
        ("header", "code"),
        [
            ({"origin": "another.example/log"}, "audience.foreign"),
            ({"iat": 4_000_000_000}, "time.signed-in-future"),
            ({"seen": SeenHead(1, bytes(32))}, "seen.mismatch"),
            ({"seen": SeenHead(77, bytes(32))}, "seen.mismatch"),
            ({"seen": SeenHead(2**63 - 1, bytes(32))}, "seen.mismatch"),
        ],
    )
    def test_findings_and_the_journal(
        self, cast: Cast, registrar: Registrar, engine: Engine, header: dict[str, Any], code: str
    ) -> None:
        jws = cast.record(**header)
        for _ in range(2):
            with pytest.raises(StatementRefused) as error:
                registrar.register(jws)
            assert codes(error) == [code]
        after = head_of(engine)
        assert (after.tree_size, after.checkpoint_number, after.refusal_count) == (1, 0, 1)
        with engine.connect() as connection:
            row = connection.execute(text("SELECT record, record_hash, jws FROM refusals")).one()
        assert bytes(row.jws) == jws
        record = json.loads(bytes(row.record))
        assert (record["judged_at"], record["number"], record["policy"]) == (1, 0, 0)
        assert [finding["code"] for finding in record["findings"]] == [code]
        assert hashlib.sha256(bytes(row.record)).digest() == after.refusal_hash

    def test_a_refusal_does_not_disturb_its_batch(
        self, cast: Cast, registrar: Registrar, engine: Engine
    ) -> None:
        lines = [cast.record(number=n, **({"iat": 4_000_000_000} if n % 3 == 1 else {})) for n in range(30)]
        results = list(registrar.register_lines(enumerate(lines)))
        assert [result.registered is None for result in results] == [n % 3 == 1 for n in range(30)]
        assert head_of(engine).tree_size == 21
        assert head_of(engine).refusal_count == 10

    def test_one_that_comes_twice_in_a_batch_is_kept_once(
        self, cast: Cast, registrar: Registrar, engine: Engine
    ) -> None:
        refused = cast.record(iat=4_000_000_000)
        results = list(registrar.register_lines(enumerate([refused, refused, cast.record(number=2)])))
        assert [result.registered is None for result in results] == [True, True, False]
        assert head_of(engine).refusal_count == 1
        assert verify_database(engine, workers=1).faults == []

    def test_a_refusal_names_the_policy_of_its_own_moment(
        self, cast: Cast, registrar: Registrar, engine: Engine
    ) -> None:
        policy = {"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 1}}
        lines = [
            cast.record(iat=4_000_000_000, number=1),
            cast.act(policy),
            cast.record(iat=4_000_000_000, number=2),
        ]
        list(registrar.register_lines(enumerate(lines)))
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT record FROM refusals ORDER BY refusal_number")).all()
        records = [json.loads(bytes(row.record)) for row in rows]
        assert [(record["judged_at"], record["policy"]) for record in records] == [(1, 0), (2, 1)]
        assert verify_database(engine, workers=1).faults == []

    def test_a_document_with_faults_names_each(self, cast: Cast, registrar: Registrar) -> None:
        document = shipment()
        del document["epcisBody"]["eventList"][0]["action"]
        document["epcisBody"]["eventList"][0]["bizStep"] = "teleporting"
        with pytest.raises(StatementRefused) as error:
            registrar.register(cast.sign(document, cast.mine))
        assert len(error.value.findings) == 2

    def test_a_key_that_only_this_process_remembers(
        self, cast: Cast, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # As where an older database was restored and its mark adopted while this process went on.
        plant = actor("plant", "separator")
        remembered = EnrolledKey(parse_jwk(plant.signer.jwk), plant.party)
        monkeypatch.setattr(KeyDirectory, "find", lambda *_: remembered)
        with pytest.raises(LogInconsistent):
            registrar.register(cast.record(plant))
        assert head_of(engine).tree_size == 1

    def test_an_act_by_the_wrong_party(self, cast: Cast, registrar: Registrar) -> None:
        plant = actor("plant", "separator")
        with pytest.raises(StatementRefused) as error:
            registrar.register(cast.act({"act": "admit-party"} | cast.party(plant), cast.mine))
        assert "act.signer" in codes(error)

    def test_a_second_genesis(self, cast: Cast, registrar: Registrar) -> None:
        with pytest.raises(StatementRefused) as error:
            registrar.initialise(cast.act(cast.genesis()))
        assert codes(error) == ["genesis.not-first"]
        with pytest.raises(StatementRefused) as error:
            registrar.register(cast.act(cast.genesis()))
        assert "genesis.index" in codes(error)

    def test_an_empty_ledger_takes_nothing(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with pytest.raises(LedgerEmpty):
            cast.registrar(engine, tmp_path).register(cast.record())

    @pytest.mark.parametrize("change", [{"origin": "other.example/log"}, {"log_keys": []}, {"parties": []}])
    def test_a_genesis_that_does_not_fit(
        self, cast: Cast, engine: Engine, tmp_path: Path, change: dict[str, Any]
    ) -> None:
        with pytest.raises((StatementRefused, JwsHeaderInvalid)):
            cast.registrar(engine, tmp_path).initialise(cast.act(cast.genesis(**change)))
        assert head_of(engine).tree_size == 0

    def test_a_full_queue(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        registrar = cast.started(engine, tmp_path / "mark", limits=Limits(queue_statements=0))
        with pytest.raises(QueueFull):
            registrar.register(cast.record())
        registrar.close()


class TestStopping:
    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE head SET checkpoint_number = 7",
            "UPDATE head SET refusal_count = 7",
        ],
    )
    def test_a_log_that_contradicts_itself_stops_writing(
        self, cast: Cast, engine: Engine, tmp_path: Path, damage: str
    ) -> None:
        registrar = cast.started(engine, tmp_path / "mark")
        with engine.begin() as connection:
            connection.execute(text(damage))
        for number in range(2):
            with pytest.raises(LogInconsistent):
                registrar.register(cast.record(number=number))
        assert registrar.stopped is not None
        assert head_of(engine).tree_size == 1
        registrar.close()

    def test_a_stopped_process_keeps_nothing_of_what_it_turns_away(
        self, cast: Cast, engine: Engine, tmp_path: Path
    ) -> None:
        registrar = cast.started(engine, tmp_path / "mark")
        with engine.begin() as connection:
            connection.execute(text("UPDATE head SET checkpoint_number = 7"))
        told = []
        for number in range(3):
            with pytest.raises(LogInconsistent) as error:
                registrar.register(cast.record(number=number))
            told.append(error.value)
        assert told[1] is not told[2]
        assert told[1].detail == told[2].detail == told[0].detail
        assert len(list(traceback.walk_tb(told[1].__traceback__))) < 10
        registrar.close()

    def test_what_cannot_be_told_of_a_batch_ends_nothing(
        self, cast: Cast, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

        cast.started(engine, tmp_path / "mark").close()
        registrar = Registrar(
            engine, cast.origin, cast.log_signer, cast.mark(tmp_path / "mark"), SystemClock(), observe=full
        )
        assert registrar.register(cast.record(number=1)).index == 1
        monkeypatch.setattr("ledger.registration.committer._log.error", full, raising=False)
        with monkeypatch.context() as scope:
            scope.setattr(log_store, "read_head", full)
            with pytest.raises(LogInconsistent):
                registrar.register(cast.record(number=2))
        with pytest.raises(LogInconsistent):
            registrar.register(cast.record(number=3))
        registrar.close()


class TestChecking:
    def test_a_dry_run_records_nothing(self, cast: Cast, registrar: Registrar, engine: Engine) -> None:
        before = head_of(engine)
        jws = cast.record()
        report = registrar.check(jws)
        assert (report.would_be, report.index, report.findings) == ("created", 1, ())
        refused = registrar.check(cast.record(iat=4_000_000_000))
        assert (refused.would_be, refused.index) == ("refused", None)
        assert [finding.code for finding in refused.findings] == ["time.signed-in-future"]
        assert registrar.check(cast.record(actor("stranger", "miner"))).error is not None
        assert head_of(engine) == before
        registrar.register(jws)
        assert registrar.check(jws).would_be == "repeated"


class TestErasing:
    def test_the_bytes_go_and_the_proof_stays(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        cast.policy = {"rule_set": 1, "retention_days": 0}
        registrar = cast.started(engine, tmp_path / "mark")
        jws = cast.record()
        first = registrar.register(jws)
        erase = description(engine, first.index)
        registrar.register(cast.act(erase))
        with engine.connect() as connection:
            assert log_store.read_jws(connection, first.index) is None
        again = registrar.register(jws)
        assert (again.created, again.jws, again.receipt) == (False, None, first.receipt)
        registrar.close()

    def test_a_write_ahead_log_that_cannot_be_emptied_now_stops_nothing(
        self, cast: Cast, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(_: Engine) -> None:
            raise PoolTimeout("every connection is in use")

        cast.policy = {"rule_set": 1, "retention_days": 0}
        registrar = cast.started(engine, tmp_path / "mark")
        first = registrar.register(cast.record())
        monkeypatch.setattr(log_store, "truncate_wal", busy)
        assert registrar.register(cast.act(description(engine, first.index))).index == 2
        kept = cast.mark(tmp_path / "mark").read()
        assert kept is not None
        assert kept.size == 3
        assert registrar.stopped is None
        registrar.close()


def description(engine: Engine, index: int) -> dict[str, Any]:
    """An erase act that describes the statement."""
    with engine.connect() as connection:
        row = log_store.read_statement(connection, index)
    assert row is not None
    return {
        "act": "erase",
        "statement": b64url_encode(row.statement_hash),
        "index": row.entry_index,
        "issuer": row.issuer,
        "kid": row.kid,
        "jti": row.jti,
        "signing_input": b64url_encode(row.signing_input_hash),
        "effects": [],
    }
