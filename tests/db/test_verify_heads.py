"""``verify`` on what is signed over the log and beside it: checkpoints, and the journal of refusals."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import SettingsInvalid
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.note import Cosigner, NoteSigner
from tests.support.databases import unguarded
from tests.support.ledgers import LedgerBuilder
from tests.support.tampering import assign, rows
from tests.support.verifying import change, found, url_of, verify

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
