"""``verify`` on whole ledgers: what it finds, where, and that one fault hides no other."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text

from ledger.audit import report as report_module
from ledger.audit.crew import FEW_ENTRIES, default_processes
from ledger.audit.database import verify_database
from ledger.audit.report import AuditReport, Progress
from ledger.clock import format_time_us
from ledger.errors import AuditCancelled, SettingsInvalid
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import leaf_hash
from ledger.log.note import Cosigner, NoteSigner
from ledger.statements.envelope import ACT, SeenHead, parse_statement
from ledger.store.engine import create_ledger_engine
from tests.support.databases import unguarded
from tests.support.ledgers import DAY_US, LedgerBuilder
from tests.support.tampering import assign, drop_constraints, insert, rows

Found = list[tuple[str, str, int | str | None]]


@pytest.fixture
def ledger(engine: Engine) -> LedgerBuilder:
    """A ledger with its genesis; the test runs once for each engine."""
    made = LedgerBuilder(engine, batch=50, remember=True)
    made.genesis()
    return made


@pytest.fixture
def sqlite_ledger(sqlite_url: str) -> Iterator[LedgerBuilder]:
    """The same on SQLite alone, for what does not depend on the database."""
    engine = create_ledger_engine(sqlite_url)
    made = LedgerBuilder(engine, batch=50, remember=True)
    made.genesis()
    yield made
    engine.dispose()


def verify(ledger: LedgerBuilder, **options: Any) -> AuditReport:
    ledger.flush()
    members: dict[str, Any] = {"origin": ledger.origin, "vkeys": [ledger.vkey], "workers": 1} | options
    return verify_database(ledger.engine, **members)


def found(report: AuditReport) -> Found:
    return [(fault.code, fault.table, fault.place) for fault in report.faults]


def url_of(ledger: LedgerBuilder) -> str:
    return ledger.engine.url.render_as_string(hide_password=False)


def change(ledger: LedgerBuilder, table: str, key: Any, column: str, value: Any) -> None:
    """Changes one value of one row with a single key column."""
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        row = next(row for row in rows(connection, table) if key in row.values())
        assert assign(connection, table, row, column, value)


# --- sound ledgers ---


def test_a_sound_ledger_has_no_fault(ledger: LedgerBuilder) -> None:
    ledger.record(520)
    report = verify(ledger)
    assert report.faults == []
    assert report.ok
    assert (report.size, report.start, report.end) == (521, 0, 521)
    assert report.root == ledger.head.root
    assert report.counts["entries"] == report.counts["statements"] == 521
    assert report.counts["tiles"] == 2
    assert report.counts["checkpoints"] == len(ledger.checkpoints)
    assert report.counts["signatures"] == 521 + len(ledger.checkpoints)


def test_an_empty_ledger_has_no_fault(engine: Engine) -> None:
    report = verify_database(engine, workers=1)
    assert report.faults == []
    assert report.size == 0


def test_an_empty_log_with_leftovers_has_faults(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    with unguarded(url) as connection:
        row = {"entry_index": 0, "entry": b"{}", "leaf_hash": bytes(32)}
        assert insert(connection, "entries", row)
    assert found(verify_database(engine, workers=1)) == [("entry.beyond", "entries", 0)]


def test_without_keys_genesis_is_believed_and_the_report_says_so(ledger: LedgerBuilder) -> None:
    ledger.record(3)
    ledger.flush()
    report = verify_database(ledger.engine, workers=1)
    assert report.faults == []
    assert report.origin == ledger.origin
    assert any("its own genesis" in sentence for sentence in report.cannot_exclude)
    assert not any("its own genesis" in sentence for sentence in verify(ledger).cannot_exclude)


@pytest.mark.parametrize("step_us", [0, 1])
def test_entries_may_share_a_time(sqlite_ledger: LedgerBuilder, step_us: int) -> None:
    sqlite_ledger.step_us = step_us
    sqlite_ledger.record(5)
    assert verify(sqlite_ledger).faults == []


@pytest.mark.parametrize("batch", [1, 7, 256, 300])
def test_every_size_of_batch_is_sound(sqlite_ledger: LedgerBuilder, batch: int) -> None:
    sqlite_ledger.batch = batch
    sqlite_ledger.record(530)
    assert verify(sqlite_ledger).faults == []


def test_several_processes_find_what_one_finds(ledger: LedgerBuilder) -> None:
    ledger.record(5_000)
    ledger.refuse()
    ledger.publish_refusals()
    assert verify(ledger, workers=2).faults == []
    for index, column in ((3, "entry"), (2_100, "leaf_hash"), (4_999, "entry")):
        change(ledger, "entries", index, column, bytes(32))
    change(ledger, "statements", 4_000, "jti", "00000000-0000-4000-8000-000000000000")
    one, two = verify(ledger), verify(ledger, workers=2)
    assert found(one) == found(two)
    assert {place for _, _, place in found(one)} >= {3, 2_100, 4_999, 4_000}
    assert one.counts == two.counts


def test_few_entries_are_checked_by_one_process() -> None:
    assert default_processes(FEW_ENTRIES - 1) == 1
    assert default_processes(FEW_ENTRIES) >= 1


def test_progress_is_told_and_ends_at_the_end(sqlite_ledger: LedgerBuilder) -> None:
    sqlite_ledger.record(2_100)
    sqlite_ledger.refuse()
    told: list[Progress] = []
    verify(sqlite_ledger, progress=told.append)
    assert told == [
        Progress("entries", 2_048, 2_101),
        Progress("entries", 2_101, 2_101),
        Progress("refusals", 1, 1),
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_audit_can_be_stopped(sqlite_ledger: LedgerBuilder, workers: int) -> None:
    sqlite_ledger.record(2_100)
    cancel = threading.Event()
    with pytest.raises(AuditCancelled):
        verify(sqlite_ledger, workers=workers, cancel=cancel, progress=lambda _: cancel.set())


def test_a_range_is_checked_against_the_stored_tree(ledger: LedgerBuilder) -> None:
    ledger.record(1_100)
    report = verify(ledger, start=300, end=600)
    assert report.faults == []
    assert (report.start, report.end) == (256, 768)
    assert report.counts["entries"] == 512
    change(ledger, "entries", 700, "leaf_hash", bytes(32))
    assert found(verify(ledger, start=300, end=600)) == [("entry.leaf-hash", "entries", 700)]
    assert verify(ledger, start=0, end=512).faults == []
    assert verify(ledger, start=800).faults == []


def test_a_range_beyond_the_end_is_empty(sqlite_ledger: LedgerBuilder) -> None:
    report = verify(sqlite_ledger, start=5_000, end=6_000)
    assert (report.start, report.end) == (0, 1)
    assert report.faults == []


def test_the_report_as_json_is_json(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    change(ledger, "statements", 3, "kid", "x" * 43)
    members = json.loads(json.dumps(verify(ledger).as_json()))
    assert members["ok"] is False
    assert members["fault_count"] == 1
    assert members["faults"][0] == {
        "code": "statement.kid",
        "table": "statements",
        "place": 3,
        "detail": "the kid is not the one in the header",
    }
    assert members["fault_counts"] == {"statement.kid": 1}
    assert members["faults_left_out"] == 0


# --- exactly what is wrong, and no more ---


def test_a_changed_entry_is_named_with_the_link_after_it(ledger: LedgerBuilder) -> None:
    ledger.record(400)
    entry = ledger.appended[100].entry
    change(ledger, "entries", 100, "entry", entry.replace(b'"public":false', b'"public":true'))
    assert found(verify(ledger)) == [
        ("entry.changed", "entries", 100),
        ("entry.leaf-hash", "entries", 100),
        ("entry.public", "entries", 100),
        ("entry.link", "entries", 101),
    ]


def test_a_changed_entry_with_its_leaf_hash_does_not_spoil_the_checkpoints(ledger: LedgerBuilder) -> None:
    ledger.record(400)
    forged = ledger.appended[100].entry.replace(b"Z", b"Z", 1).replace(b".", b".", 1)
    forged = forged.replace(b'"recorded_at":"20', b'"recorded_at":"19', 1)
    change(ledger, "entries", 100, "entry", forged)

    change(ledger, "entries", 100, "leaf_hash", leaf_hash(forged))
    codes = found(verify(ledger))
    assert ("entry.changed", "entries", 100) in codes
    assert ("entry.link", "entries", 101) in codes
    assert not any(table in ("checkpoints", "head") for _, table, _ in codes)


def test_a_missing_entry_does_not_spoil_the_checkpoints(ledger: LedgerBuilder) -> None:
    ledger.record(400)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM entries WHERE entry_index = 90"))
    assert found(verify(ledger)) == [
        ("entry.missing", "entries", 90),
        ("statement.orphan", "statements", 90),
        ("statement.orphan", "statement_bytes", 90),
    ]


def test_a_damaged_act_does_not_make_its_party_look_forged(ledger: LedgerBuilder) -> None:
    trader = ledger.party("trader", "trader")
    ledger.act(ledger.admission(trader))
    enrolment = ledger.act(ledger.enrolment(trader))
    ledger.record(150, by=trader)
    change(ledger, "statement_bytes", enrolment.index, "jws", b"x.y.z")
    codes = found(verify(ledger))
    assert ("statement.mismatch", "statement_bytes", 2) in codes
    assert ("register.extra", "keys", trader.signer.kid) in codes
    assert not any(code in ("key.unknown", "statement.signature") for code, _, _ in codes)


def test_many_faults_of_one_kind_do_not_drown_another(
    sqlite_ledger: LedgerBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "KEPT_PER_KIND", 5)
    sqlite_ledger.record(40)
    sqlite_ledger.flush()
    with unguarded(url_of(sqlite_ledger)) as connection:
        connection.execute(text("UPDATE statements SET issuer = 'x' WHERE entry_index < 30"))
        connection.execute(text("UPDATE statements SET kid = 'x' WHERE entry_index = 35"))
    report = verify(sqlite_ledger)
    assert report.fault_list.counts() == {"statement.issuer": 30, "statement.kid": 1}
    assert len(report.faults) == 6
    assert report.as_json()["faults_left_out"] == 25
    assert ("statement.kid", "statements", 35) in found(report)


def test_a_wrong_leaf_hash_is_one_fault(ledger: LedgerBuilder) -> None:
    ledger.record(10)
    change(ledger, "entries", 5, "leaf_hash", bytes(32))
    assert found(verify(ledger)) == [("entry.leaf-hash", "entries", 5)]


def test_times_that_go_back_are_named_once(sqlite_ledger: LedgerBuilder) -> None:
    sqlite_ledger.record(3)
    sqlite_ledger.now_us -= 2_500_000
    sqlite_ledger.record(3)
    assert found(verify(sqlite_ledger)) == [("entry.time", "entries", 4)]


# --- statements that no honest ledger takes ---


def test_another_log_s_statement_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    jws = sqlite_ledger.sign(b"{}", sqlite_ledger.mine, origin="other.example/log")
    sqlite_ledger.append_unjudged(jws, sqlite_ledger.mine.party)
    assert found(verify(sqlite_ledger)) == [("statement.audience", "statement_bytes", 1)]


@pytest.mark.parametrize(("ahead_s", "is_fault"), [(300, False), (301, True), (10**9, True)])
def test_a_statement_from_the_future_is_a_fault(
    sqlite_ledger: LedgerBuilder, ahead_s: int, is_fault: bool
) -> None:
    sqlite_ledger.now_us -= sqlite_ledger.now_us % 1_000_000
    iat = sqlite_ledger.now_us // 1_000_000 + ahead_s
    sqlite_ledger.append_unjudged(
        sqlite_ledger.sign(b"{}", sqlite_ledger.mine, iat=iat), sqlite_ledger.mine.party
    )
    expected = [("statement.signed-in-future", "statement_bytes", 1)] if is_fault else []
    assert found(verify(sqlite_ledger)) == expected


def test_an_unknown_key_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    nobody = sqlite_ledger.party("nobody", "trader")
    sqlite_ledger.append_unjudged(sqlite_ledger.sign(b"{}", nobody), nobody.party)
    assert found(verify(sqlite_ledger)) == [("key.unknown", "statements", 1)]


def test_another_s_signature_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    mine, plant = sqlite_ledger.mine, sqlite_ledger.party("forger", "trader")
    real, forged = (sqlite_ledger.sign(b"{}", by) for by in (mine, plant))
    jws = real.rpartition(b".")[0] + b"." + forged.rpartition(b".")[2]
    sqlite_ledger.append_unjudged(jws, mine.party)
    assert found(verify(sqlite_ledger)) == [("statement.signature", "statement_bytes", 1)]


def test_an_issuer_who_does_not_own_the_key_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    jws = sqlite_ledger.sign(b"{}", sqlite_ledger.mine)
    sqlite_ledger.append_unjudged(jws, sqlite_ledger.plant.party)
    assert found(verify(sqlite_ledger)) == [("statement.issuer", "statements", 1)]


def test_a_revoked_key_is_judged_at_the_index(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    spare = ledger.party("mine", "miner", key="spare")
    ledger.act(ledger.enrolment(spare))
    ledger.record(1, by=spare)
    ledger.act({"act": "revoke-key", "kid": spare.signer.kid, "reason": "lost"}, spare)
    assert verify(ledger).faults == []
    ledger.append_unjudged(ledger.sign(b"{}", spare), spare.party)
    assert found(verify(ledger)) == [("key.revoked", "statements", 4)]


def test_a_key_is_judged_at_the_entry_s_time(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    start_us, end_us = ledger.now_us + DAY_US, ledger.now_us + 3 * DAY_US
    spare = ledger.party("mine", "miner", key="spare")
    window = {"not_before": format_time_us(start_us), "not_after": format_time_us(end_us)}
    ledger.act(ledger.enrolment(spare, **window))
    ledger.append_unjudged(ledger.sign(b"{}", spare), spare.party)
    ledger.now_us = start_us
    ledger.append_unjudged(ledger.sign(b"{}", spare), spare.party)
    ledger.now_us = end_us
    ledger.append_unjudged(ledger.sign(b"{}", spare), spare.party)
    assert found(verify(ledger)) == [("key.not-yet-valid", "statements", 2), ("key.expired", "statements", 4)]


def test_a_key_cannot_enrol_itself(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    spare = ledger.party("mine", "miner", key="spare")
    jws = ledger.sign(json.dumps(ledger.enrolment(spare)).encode(), spare, cty=ACT)
    ledger.append_unjudged(jws, spare.party, public=True)
    codes = found(verify(ledger))
    assert codes == [("key.unknown", "statements", 1)] or ("key.not-yet-valid", "statements", 1) in codes


def test_a_public_act_passed_off_as_private_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    members = {"act": "revoke-key", "kid": ledger.mine.signer.kid, "reason": "retired"}
    jws = ledger.sign(json.dumps(members).encode(), ledger.authority, cty=ACT)
    ledger.append_unjudged(jws, ledger.authority.party, public=False)
    assert ("entry.public", "entries", 1) in found(verify(ledger))


def test_an_act_that_was_not_allowed_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    members = {"act": "revoke-key", "kid": ledger.plant.signer.kid, "reason": "compromised"}
    jws = ledger.sign(json.dumps(members).encode(), ledger.mine, cty=ACT)
    ledger.append_unjudged(jws, ledger.mine.party, public=True)
    assert found(verify(ledger)) == [("act.refused", "statement_bytes", 1)]


def test_an_act_of_no_form_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    for payload in (b'{"act":"unheard-of"}', b"[]", b'{"act":"erase","act":"erase"}'):
        ledger.append_unjudged(ledger.sign(payload, ledger.authority, cty=ACT), ledger.authority.party)
    expected = [("act.malformed", "statement_bytes", index) for index in (1, 2, 3)]
    assert found(verify(ledger)) == expected


@pytest.mark.parametrize("reused", ["jti", "statement"])
def test_a_repeated_statement_is_a_fault(sqlite_ledger: LedgerBuilder, reused: str) -> None:
    ledger = sqlite_ledger
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        for table in ("statement_bytes", "statements"):
            drop_constraints(connection, table)
    with ledger.engine.begin() as connection:
        names = connection.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")).all()
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))
    jti = "0b8b1c0e-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
    first = ledger.sign(b"{}", ledger.mine, jti=jti)
    second = first if reused == "statement" else ledger.sign(b'{"a":1}', ledger.mine, jti=jti)
    for jws in (first, second):
        ledger.append_unjudged(jws, ledger.mine.party)
    assert found(verify(ledger)) == [("statement.repeated", "statements", 2)]


def test_seen_heads_are_compared_with_the_tree(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    ledger.record(60)
    ledger.flush()
    head = ledger.head
    ledger.record(1, seen=SeenHead(head.tree_size, head.root))
    for size, root in ((head.tree_size, bytes(32)), (62, head.root), (63, head.root), (2**62, head.root)):
        ledger.append_unjudged(ledger.sign(b"{}", ledger.mine, seen=SeenHead(size, root)), ledger.mine.party)
    places = [("statement.seen", "statement_bytes", index) for index in (62, 63, 64, 65)]
    assert found(verify(ledger)) == places


# --- erasure ---


def test_an_erased_statement_is_erased_and_not_invalid(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.act(ledger.erase(3))
    report = verify(ledger)
    assert report.faults == []
    assert report.counts["erased"] == 1
    assert any("1 erased" in sentence for sentence in report.checked)


def test_missing_bytes_without_an_act_are_a_fault(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM statement_bytes WHERE entry_index = 3"))
    assert found(verify(ledger)) == [("bytes.missing", "statement_bytes", 3)]


def test_an_erasure_that_no_act_made_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM statement_bytes WHERE entry_index = 3"))
        assert insert(connection, "erasures", {"entry_index": 3, "act_index": 5})
    assert found(verify(ledger)) == [("register.extra", "erasures", 3)]


def test_an_erasure_by_an_act_yet_to_come_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM statement_bytes WHERE entry_index = 3"))
        assert insert(connection, "erasures", {"entry_index": 3, "act_index": 500})
    assert ("bytes.missing", "statement_bytes", 3) in found(verify(ledger))


def test_bytes_that_came_back_are_a_fault(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    jws = ledger.appended[3].jws
    ledger.act(ledger.erase(3))
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        assert insert(connection, "statement_bytes", {"entry_index": 3, "jws": jws})
    assert found(verify(ledger)) == [("bytes.kept", "statement_bytes", 3)]


@pytest.mark.parametrize("column", ["issuer", "kid", "jti", "signing_input_hash", "statement_hash"])
def test_what_stays_of_an_erased_statement_cannot_be_changed(ledger: LedgerBuilder, column: str) -> None:
    ledger.record(5)
    ledger.act(ledger.erase(3))
    other = {"issuer": ledger.plant.party, "kid": ledger.plant.signer.kid}
    value: Any = bytes(32) if column.endswith("hash") else other.get(column, "0" * 36)
    change(ledger, "statements", 3, column, value)
    assert 3 in {place for _, table, place in found(verify(ledger)) if table == "statements"}


def test_a_statement_erased_while_the_audit_runs_is_no_fault(ledger: LedgerBuilder) -> None:
    ledger.record(2_100)
    ledger.flush()

    def erase(progress: Progress) -> None:
        if ledger.size == 2_101:
            ledger.act(ledger.erase(2_090))
            ledger.flush()

    report = verify(ledger, progress=erase)
    assert ledger.size == 2_102
    assert report.faults == []
    assert (report.size, report.counts["erased"]) == (2_101, 1)
    assert verify(ledger).faults == []


# --- checkpoints ---


def test_a_line_by_an_unknown_key_in_a_stored_checkpoint_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    witness = Cosigner.from_private_key("witness.example", Ed25519PrivateKey.generate())
    note = ledger.checkpoints[-1]
    cosigned = note + witness.sign(note.split(b"\n\n")[0] + b"\n", 1_790_000_000)
    change(ledger, "checkpoints", note, "note", cosigned)
    assert found(verify(ledger)) == [("checkpoint.note", "checkpoints", 1)]
    assert verify(ledger, cosigners=[witness.vkey]).faults == []
    other = Cosigner.from_private_key("witness.example", Ed25519PrivateKey.generate())
    assert found(verify(ledger, cosigners=[other.vkey])) == [("checkpoint.note", "checkpoints", 1)]


def test_a_checkpoint_without_the_log_s_own_signature_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    thief = NoteSigner.from_private_key(ledger.origin, Ed25519PrivateKey.generate())
    head = ledger.head
    note = sign_checkpoint(Checkpoint(ledger.origin, head.tree_size, head.root), thief)
    change(ledger, "checkpoints", ledger.checkpoints[-1], "note", note)
    assert set(found(verify(ledger))) == {
        ("checkpoint.note", "checkpoints", 1),
        ("checkpoint.signature", "checkpoints", 1),
    }


def test_a_checkpoint_of_another_root_is_named(ledger: LedgerBuilder) -> None:
    ledger.record(149)
    ledger.flush()
    wrong = sign_checkpoint(Checkpoint(ledger.origin, 51, bytes(32)), ledger.signer)
    with unguarded(url_of(ledger)) as connection:
        row = rows(connection, "checkpoints")[1]
        assert assign(connection, "checkpoints", row, "root", bytes(32))
        assert assign(connection, "checkpoints", row | {"root": bytes(32)}, "note", wrong)
    assert found(verify(ledger)) == [("checkpoint.root", "checkpoints", 1)]


def test_keys_that_genesis_does_not_list_are_a_fault(ledger: LedgerBuilder) -> None:
    other = NoteSigner.from_private_key(ledger.origin, Ed25519PrivateKey.generate())
    report = verify(ledger, vkeys=[ledger.vkey, other.vkey])
    assert found(report) == [("genesis.log-key", "entries", 0)]


def test_another_origin_is_a_fault(ledger: LedgerBuilder) -> None:
    signer = NoteSigner.from_private_key("other.example", ledger.log_key)
    codes = {code for code, _, _ in found(verify(ledger, origin="other.example", vkeys=[signer.vkey]))}
    assert {"statement.audience", "checkpoint.note", "act.refused"} & codes
    assert "genesis.missing" in codes


@pytest.mark.parametrize("vkeys", [[], ["nonsense"], ["other.example+00000000+AAAA"]])
def test_keys_that_are_none_are_refused(sqlite_ledger: LedgerBuilder, vkeys: list[str]) -> None:
    with pytest.raises(SettingsInvalid):
        verify(sqlite_ledger, vkeys=vkeys)


# --- the refusal journal ---


def test_refusals_are_chained_and_published(ledger: LedgerBuilder) -> None:
    for _ in range(3):
        ledger.refuse()
    ledger.publish_refusals()
    report = verify(ledger)
    assert report.faults == []
    assert report.counts["refusals"] == 3
    assert not any("refusals" in sentence for sentence in report.cannot_exclude)
    ledger.refuse()
    assert any("refusals from 3 on" in sentence for sentence in verify(ledger).cannot_exclude)


def test_a_journal_rewritten_after_publication_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.refuse("test.true")
    ledger.publish_refusals()
    ledger.flush()
    other = LedgerBuilder(ledger.engine, seed=ledger.seed)
    other.facts, other._edge = ledger.facts, ledger._edge
    other.refuse("test.false")
    (forged,) = other._refusals
    with unguarded(url_of(ledger)) as connection:
        (row,) = rows(connection, "refusals")
        for column in ("record", "record_hash", "statement_hash", "findings_hash", "jws"):
            value = getattr(forged, column)
            if row[column] != value:
                assert assign(connection, "refusals", row, column, value)
                row[column] = value
        (head,) = rows(connection, "head")
        assert assign(connection, "head", head, "refusal_hash", forged.record_hash)
    assert ("refusal.published", "refusals", 0) in found(verify(ledger))


def test_a_refused_statement_by_nobody_s_key_is_a_fault(sqlite_ledger: LedgerBuilder) -> None:
    sqlite_ledger.refuse(by=sqlite_ledger.party("nobody", "trader"))
    assert found(verify(sqlite_ledger)) == [("key.unknown", "refusals", 0)]


def test_a_key_enrolled_later_could_not_be_refused_before(sqlite_ledger: LedgerBuilder) -> None:
    ledger = sqlite_ledger
    spare = ledger.party("mine", "miner", key="spare")
    ledger.refuse(by=spare)
    ledger.act(ledger.enrolment(spare))
    ledger.refuse("test.later", by=spare)
    assert found(verify(ledger)) == [("key.unknown", "refusals", 0)]


# --- what cannot be read ---


def test_a_head_that_is_absurd_is_a_fault_and_the_log_is_checked_all_the_same(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    change(ledger, "head", 1, "tree_size", 2**62)
    report = verify(ledger)
    assert ("head.size", "head", 1) in found(report)
    assert report.counts["statements"] == 6


def test_a_head_that_is_gone_is_a_fault_and_the_log_is_checked_all_the_same(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM head"))
    report = verify(ledger)
    assert found(report) == [("head.missing", "head", 1)]
    assert report.counts["statements"] == 6


@pytest.mark.parametrize("table", ["entries", "readers", "head"])
def test_a_table_that_is_gone_is_a_fault(ledger: LedgerBuilder, table: str) -> None:
    ledger.flush()
    with ledger.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO lost"))
    assert found(verify(ledger)) == [("store.schema", table, None)]


def test_a_column_that_is_gone_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.flush()
    with ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE sites RENAME COLUMN description TO lost"))
    assert found(verify(ledger)) == [("store.schema", "sites", None)]


def test_a_damaged_file_is_a_fault(sqlite_ledger: LedgerBuilder, tmp_path: Path) -> None:
    sqlite_ledger.record(300)
    sqlite_ledger.flush()
    sqlite_ledger.engine.dispose()
    path = Path(str(sqlite_ledger.engine.url.database))
    octets = bytearray(path.read_bytes())
    for place in range(len(octets) // 2, len(octets) - 5_000, 4_096):
        octets[place : place + 64] = bytes(64)
    copy = tmp_path / "damaged.db"
    copy.write_bytes(octets)
    report = verify_database(f"sqlite:///{copy}", workers=1)
    assert report.faults
    assert {fault.code for fault in report.faults} & {
        "store.damaged",
        "store.unreadable",
        "statement.mismatch",
    }


def test_an_index_that_contradicts_its_table_is_a_fault(sqlite_ledger: LedgerBuilder, tmp_path: Path) -> None:
    sqlite_ledger.record(20)
    sqlite_ledger.flush()
    sqlite_ledger.engine.dispose()
    jti = parse_statement(sqlite_ledger.appended[7].jws).header.jti.encode()
    path = tmp_path / "copy.db"
    shutil.copyfile(str(sqlite_ledger.engine.url.database), path)
    octets = path.read_bytes()
    assert octets.count(jti) == 2  # in the table, and in the index over issuer and jti
    for at in (octets.index(jti), octets.rindex(jti)):
        changed = bytearray(octets)
        changed[at] ^= 1
        path.write_bytes(changed)
        report = verify_database(f"sqlite:///{path}", workers=1)
        assert "store.damaged" in {fault.code for fault in report.faults}
