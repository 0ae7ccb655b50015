"""``verify`` on statements that no honest ledger takes, and on erased ones."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from ledger.audit.report import Progress
from ledger.clock import format_time_us
from ledger.log.tiles import TILE_WIDTH
from ledger.statements.envelope import ACT, SeenHead
from tests.support.databases import unguarded
from tests.support.ledgers import DAY_US, LedgerBuilder
from tests.support.tampering import drop_constraints, insert
from tests.support.verifying import change, found, url_of, verify

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
    ledger.record(2 * TILE_WIDTH + 50)  # so that it is told of a range before it comes to the statement
    ledger.flush()
    size = ledger.size

    def erase(progress: Progress) -> None:
        if ledger.size == size:
            ledger.act(ledger.erase(size - 10))
            ledger.flush()

    report = verify(ledger, progress=erase)
    assert ledger.size == size + 1
    assert report.faults == []
    assert (report.size, report.counts["erased"]) == (size, 1)
    assert verify(ledger).faults == []
