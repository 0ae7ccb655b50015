"""Auditing a ledger from outside: through the real application, and against servers that lie."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import Engine

from ledger.audit import remote
from ledger.audit.remote import audit_remote
from ledger.audit.report import AuditReport, Progress
from ledger.audit.transport import HttpTransport, Reply, Transport
from ledger.encoding import b64url_encode
from ledger.errors import AuditCancelled, RemoteFailed, SettingsInvalid
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.note import NoteSigner
from ledger.statements.envelope import SeenHead
from ledger.statements.keys import Signer
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast
from tests.support.ledgers import LedgerBuilder
from tests.support.originals import Original, original
from tests.support.web import open_site

URL = "http://ledger.test"

Change = Callable[[str, Reply], Reply]


class Meddling:
    """A transport that passes answers on as ``change`` wants them, and remembers what was asked."""

    def __init__(self, inner: Transport, change: Change | None = None) -> None:
        self._inner = inner
        self.change = change
        self.asked: list[str] = []

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Reply:
        self.asked.append(path)
        reply = self._inner.get(path, headers, limit)
        return reply if self.change is None else self.change(path, reply)


class Outside:
    """An auditor with a folder, and a ledger that it asks."""

    def __init__(self, app: Flask, ledger: LedgerBuilder, folder: Path) -> None:
        client = httpx2.Client(transport=httpx2.WSGITransport(app=app), base_url=URL)
        self.ledger = ledger
        self.folder = folder
        self.transport = Meddling(HttpTransport(URL, client))

    def audit(self, change: Change | None = None, **options: Any) -> AuditReport:
        self.transport.change = change
        self.transport.asked.clear()
        members = {
            "vkeys": [self.ledger.vkey],
            "state_dir": self.folder,
            "transport": self.transport,
        } | options
        return audit_remote(URL, **members)

    def faults(self, change: Change | None = None, **options: Any) -> list[tuple[str, object]]:
        return [(fault.code, fault.place) for fault in self.audit(change, **options).faults]


@pytest.fixture(scope="module")
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    def fill(engine: Engine) -> LedgerBuilder:
        ledger = LedgerBuilder(engine, batch=40, remember=True)
        ledger.genesis()
        trader = ledger.party("trader", "trader")
        ledger.act(ledger.admission(trader))
        ledger.act(ledger.enrolment(trader))
        ledger.record(297)
        ledger.act({"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 0}})
        return ledger

    with original(request, "sqlite", tmp_path_factory.mktemp("remote"), fill) as made:
        yield made


@pytest.fixture
def outside(begun: Original, tmp_path: Path) -> Iterator[Outside]:
    with begun.continued() as ledger, serving(ledger.engine, ledger, tmp_path) as app:
        yield Outside(app, ledger, tmp_path / "auditor")


@contextmanager
def serving(engine: Engine, ledger: LedgerBuilder, folder: Path) -> Iterator[Flask]:
    """The real application on a simulated ledger's database."""
    cast = Cast(origin=ledger.origin, log_key=ledger.log_key)
    with open_site(cast, engine, folder / "site", genesis=False) as site:
        yield site.app


def only(path: str, change: Callable[[Reply], Reply]) -> Change:
    """Changes the answers to paths that begin like this."""
    return lambda asked, reply: change(reply) if asked.startswith(path) else reply


def missing(reply: Reply) -> Reply:
    return Reply(404, b"{}")


def flipped(at: int) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        body = bytearray(reply.body)
        body[at] ^= 1
        return reply._replace(body=bytes(body))

    return change


# --- an honest ledger ---


def test_an_honest_ledger_has_no_fault(outside: Outside) -> None:
    seen: list[Progress] = []
    report = outside.audit(progress=seen.append)
    assert report.faults == []
    assert report.size == outside.ledger.size == 301
    assert report.root == outside.ledger.head.root
    assert report.counts["acts"] == 4
    assert report.counts["entries"] == 301
    assert seen[-1] == Progress("entries", 301, 301)
    assert report.cannot_exclude == [
        "nothing newer than size 301 can be excluded",
        "that the log was signed anew before cannot be excluded: no earlier checkpoint is kept here",
        "297 private statements were not read",
    ]


def test_the_next_audit_goes_on_from_the_last_full_tile(outside: Outside) -> None:
    assert outside.audit().ok
    outside.ledger.record(20)
    outside.ledger.flush()
    report = outside.audit()
    assert report.faults == []
    assert (report.start, report.end) == (256, 321)
    assert "/tile/entries/000" not in outside.transport.asked
    assert f"the head continues the kept one of {301} entries" in report.checked
    assert not any("signed anew before" in sentence for sentence in report.cannot_exclude)


def test_an_audit_with_nothing_new_is_right_too(outside: Outside) -> None:
    assert outside.audit().ok
    assert outside.audit().ok


def test_several_tiles_and_levels_are_gone_over(outside: Outside) -> None:
    outside.ledger.record(1100 - outside.ledger.size)
    outside.ledger.flush()
    report = outside.audit()
    assert report.faults == []
    # Five tiles of leaves, the last one partial, and one partial tile above them.
    assert report.counts["tiles"] == 6
    assert "/tile/1/000.p/4" in outside.transport.asked


def test_an_unfinished_audit_goes_on_where_it_was(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SAVED_ENTRIES", 256)
    outside.ledger.record(1100 - outside.ledger.size)
    outside.ledger.flush()
    cancel = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.done == 768:
            cancel.set()

    with pytest.raises(AuditCancelled):
        outside.audit(progress=stop, cancel=cancel)
    report = outside.audit()
    assert report.faults == []
    assert report.start == 768
    assert report.counts["acts"] == 0


def test_private_statements_are_read_by_those_who_may(outside: Outside) -> None:
    signer: Signer = outside.ledger.regulator.signer
    report = outside.audit(token_signer=signer)
    assert report.faults == []
    assert report.counts["statements"] == 301
    assert report.counts["private"] == 0
    mine = outside.audit(token_signer=outside.ledger.mine.signer, state_dir=outside.folder / "mine")
    assert mine.counts["private"] == 0
    plant = outside.audit(token_signer=outside.ledger.plant.signer, state_dir=outside.folder / "plant")
    assert plant.counts["private"] == 297
    assert "297 private statements were not read" in plant.cannot_exclude


def test_an_erased_statement_is_no_fault(outside: Outside) -> None:
    outside.ledger.act(outside.ledger.erase(100))
    outside.ledger.flush()
    report = outside.audit(token_signer=outside.ledger.regulator.signer)
    assert report.faults == []
    assert report.counts["erased"] == 1


def test_seen_heads_of_readable_statements_are_checked(outside: Outside) -> None:
    ledger = outside.ledger
    ledger.record(1, seen=SeenHead(ledger.head.tree_size, ledger.head.root))
    wrong = ledger.sign(b"{}", ledger.mine, seen=SeenHead(256, bytes(32)))
    ledger.append_unjudged(wrong, ledger.mine.party)
    large = ledger.sign(b"{}", ledger.mine, seen=SeenHead(5_000, bytes(32)))
    ledger.append_unjudged(large, ledger.mine.party)
    ledger.flush()
    assert outside.faults(token_signer=ledger.regulator.signer) == [
        ("statement.seen", 302),
        ("statement.seen", 303),
    ]


# --- a ledger that lies ---


def test_a_checkpoint_by_another_key_is_refused(outside: Outside) -> None:
    other = NoteSigner.from_private_key(outside.ledger.origin, Ed25519PrivateKey.generate())
    assert outside.faults(vkeys=[other.vkey]) == [("checkpoint.signature", None)]


def test_a_checkpoint_with_a_changed_byte_is_refused(outside: Outside) -> None:
    assert outside.faults(only("/checkpoint", flipped(30))) == [("checkpoint.signature", None)]


def test_a_log_that_names_other_keys_in_genesis_is_refused(outside: Outside) -> None:
    # A thief of the database signs the same entries with a key that genesis does not list.
    thief = NoteSigner.from_private_key(outside.ledger.origin, Ed25519PrivateKey.generate())
    head = outside.ledger.head
    note = sign_checkpoint(Checkpoint(outside.ledger.origin, head.tree_size, head.root), thief)
    change = only("/checkpoint", lambda reply: reply._replace(body=note))
    assert outside.faults(change, vkeys=[thief.vkey]) == [("genesis.log-key", 0)]


def test_a_withheld_public_act_is_a_fault(outside: Outside) -> None:
    policy = outside.ledger.appended[300]

    def withhold(path: str, reply: Reply) -> Reply:
        if path.startswith("/v1/acts"):
            acts = [act for act in json.loads(reply.body)["acts"] if act["index"] != 300]
            return reply._replace(body=json.dumps({"acts": acts}).encode())
        hidden = path == f"/v1/statements/{b64url_encode(policy.statement_hash)}"
        return missing(reply) if hidden else reply

    assert outside.faults(withhold) == [("act.withheld", 300)]


def test_an_act_that_the_list_leaves_out_is_asked_for_by_its_hash(outside: Outside) -> None:
    change = only("/v1/acts", lambda reply: reply._replace(body=b'{"acts": []}'))
    assert outside.faults(change) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"acts": 5}', b'{"acts": [{"index": 0}]}', b"\xff", b"[" * 5000]
)
def test_an_unusable_list_of_acts_is_done_without(outside: Outside, body: bytes) -> None:
    assert outside.faults(only("/v1/acts", lambda reply: reply._replace(body=body))) == []


def test_another_act_than_the_entry_commits_to_is_a_fault(outside: Outside) -> None:
    forged = outside.ledger.sign(b'{"act":"set-policy"}', outside.ledger.authority, cty="act+json")

    def forge(path: str, reply: Reply) -> Reply:
        if path.startswith("/v1/acts"):
            acts = json.loads(reply.body)["acts"]
            for act in acts:
                if act["index"] == 300:
                    act["jws"] = forged.decode()
            return reply._replace(body=json.dumps({"acts": acts}).encode())
        return reply._replace(body=forged) if path.startswith("/v1/statements/") else reply

    assert outside.faults(forge) == [("statement.mismatch", 300)]


def test_an_act_that_was_not_allowed_is_a_fault(outside: Outside) -> None:
    ledger = outside.ledger
    members = {"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 1}}
    jws = ledger.sign(json.dumps(members).encode(), ledger.mine, cty="act+json")
    ledger.append_unjudged(jws, ledger.mine.party, public=True)
    ledger.flush()
    assert outside.faults() == [("act.refused", 301)]


def test_an_act_signed_with_a_revoked_key_is_a_fault(outside: Outside) -> None:
    ledger = outside.ledger
    kid = ledger.second.signer.kid
    ledger.act({"act": "revoke-key", "kid": kid, "reason": "lost"})
    members = {"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 1}}
    jws = ledger.sign(json.dumps(members).encode(), ledger.second, cty="act+json")
    ledger.append_unjudged(jws, ledger.second.party, public=True)
    ledger.flush()
    assert outside.faults() == [("key.revoked", 302)]


def test_a_record_passed_off_as_public_is_a_fault(outside: Outside) -> None:
    ledger = outside.ledger
    ledger.append_unjudged(ledger.sign(b"{}", ledger.mine), ledger.mine.party, public=True)
    ledger.flush()
    assert outside.faults() == [("entry.public", 301)]


def test_an_act_passed_off_as_private_is_found_by_who_may_read_it(outside: Outside) -> None:
    ledger = outside.ledger
    members = {"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 1}}
    jws = ledger.sign(json.dumps(members).encode(), ledger.authority, cty="act+json")
    ledger.append_unjudged(jws, ledger.authority.party, public=False)
    ledger.flush()
    assert outside.faults(state_dir=outside.folder / "anybody") == []
    assert outside.faults(token_signer=ledger.regulator.signer) == [("entry.public", 301)]


def test_a_private_statement_that_the_ledger_denies_is_a_fault(outside: Outside) -> None:
    change = only("/v1/statements/", missing)
    found = outside.faults(change, token_signer=outside.ledger.regulator.signer)
    assert found[0] == ("statement.withheld", 3)
    assert len(found) == 100


def test_private_bytes_that_are_not_those_of_the_entry_are_a_fault(outside: Outside) -> None:
    fourth = f"/v1/statements/{b64url_encode(outside.ledger.appended[4].statement_hash)}"
    found = outside.faults(only(fourth, flipped(-1)), token_signer=outside.ledger.regulator.signer)
    assert found == [("statement.mismatch", 4)]


@pytest.mark.parametrize(
    ("path", "place"),
    [("/tile/0/000", "0/0"), ("/tile/0/001.p/45", "0/1"), ("/tile/1/000.p/1", "1/0")],
)
def test_a_tile_with_a_changed_byte_is_a_fault(outside: Outside, path: str, place: str) -> None:
    assert outside.faults(only(path, flipped(5))) == [("tile.hashes", place)]


def test_a_tile_that_is_not_served_is_a_fault(outside: Outside) -> None:
    assert outside.faults(only("/tile/0/000", missing)) == [("tile.missing", "0/0")]


def test_a_tile_with_trailing_bytes_is_a_fault(outside: Outside) -> None:
    change = only("/tile/0/000", lambda reply: reply._replace(body=reply.body + b"x"))
    assert outside.faults(change) == [("tile.hashes", "0/0")]


def test_a_bundle_that_is_not_served_ends_the_audit(outside: Outside) -> None:
    found = outside.faults(only("/tile/entries/001", missing))
    assert found == [("bundle.missing", 256)]


def test_a_bundle_of_another_form_ends_the_audit(outside: Outside) -> None:
    change = only("/tile/entries/000", lambda reply: reply._replace(body=reply.body[:-1]))
    assert ("bundle.missing", 0) in outside.faults(change)


def test_a_changed_entry_is_a_fault_with_its_place(outside: Outside) -> None:
    def change(reply: Reply) -> Reply:
        old = outside.ledger.appended[7].entry
        assert old in reply.body
        return reply._replace(body=reply.body.replace(old, old.replace(b'"index":7', b'"index":9')))

    found = outside.faults(only("/tile/entries/000", change))
    assert ("entry.index", 7) in found
    assert ("entry.link", 8) in found
    assert ("tile.hashes", "0/0") in found
    assert ("log.root", 301) in found


def test_faults_are_found_again_by_the_next_audit(outside: Outside) -> None:
    change = only("/tile/0/000", flipped(5))
    assert outside.faults(change) == [("tile.hashes", "0/0")]
    assert outside.faults(change) == [("tile.hashes", "0/0")]
    assert outside.faults() == []


# --- forks and cuts ---


def older(outside: Outside, number: int) -> Change:
    note = outside.ledger.checkpoints[number]
    return only("/checkpoint", lambda reply: reply._replace(body=note))


def test_a_smaller_log_is_a_fault(outside: Outside) -> None:
    assert outside.audit().ok
    assert outside.faults(older(outside, 2)) == [("log.shrunk", 81)]
    assert outside.audit().ok


def test_a_first_audit_cannot_know_of_what_was_cut(outside: Outside) -> None:
    report = outside.audit(older(outside, 2))
    assert report.faults == []
    assert report.size == 81


def test_a_second_tree_of_the_same_size_is_a_fault(outside: Outside) -> None:
    assert outside.audit().ok
    note = sign_checkpoint(Checkpoint(outside.ledger.origin, 301, bytes(32)), outside.ledger.signer)
    assert outside.faults(only("/checkpoint", lambda reply: reply._replace(body=note))) == [
        ("log.forked", 301)
    ]


@pytest.mark.parametrize("kept", [3, 6])
def test_a_log_that_was_signed_anew_is_a_fault(
    outside: Outside, sqlite_template: Path, tmp_path: Path, kept: int
) -> None:
    assert outside.audit(older(outside, kept)).ok
    # The operator writes another history with its own key, and serves it throughout.
    path = tmp_path / "fork.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = create_ledger_engine(f"sqlite:///{path}")
    fork = LedgerBuilder(engine, batch=40)
    fork.genesis()
    fork.record(400)
    fork.flush()
    folder = tmp_path / "fork"
    folder.mkdir()
    with serving(engine, fork, folder) as app:
        liar = Outside(app, fork, outside.folder)
        codes = {code for code, _ in liar.faults()}
        assert "log.forked" in codes
        assert {code for code, _ in liar.faults()} == codes
    engine.dispose()
    assert outside.audit().ok


def test_a_fork_after_the_kept_head_is_no_fork_for_this_auditor(outside: Outside) -> None:
    assert outside.audit(older(outside, 3)).ok
    assert outside.audit().ok


# --- what is kept, and how it is asked ---


def test_a_kept_state_that_cannot_be_read_is_refused(outside: Outside) -> None:
    assert outside.audit().ok
    (state,) = outside.folder.glob("*/state.json")
    for text in ("", "{}", '{"version": 1}', "[]", '{"version": 2, "note": null}'):
        state.write_text(text)
        with pytest.raises(SettingsInvalid):
            outside.audit()


def test_a_kept_checkpoint_of_another_key_is_refused(outside: Outside) -> None:
    assert outside.audit().ok
    other = NoteSigner.from_private_key(outside.ledger.origin, Ed25519PrivateKey.generate())
    with pytest.raises(SettingsInvalid, match="kept"):
        outside.audit(vkeys=[other.vkey])


@pytest.mark.parametrize("vkeys", [[], ["nonsense"], [""]])
def test_without_a_key_nothing_is_audited(outside: Outside, vkeys: list[str]) -> None:
    with pytest.raises(SettingsInvalid):
        outside.audit(vkeys=vkeys)


def test_a_refused_token_ends_the_audit(outside: Outside) -> None:
    with pytest.raises(RemoteFailed, match="token"):
        outside.audit(token_signer=outside.ledger.party("nobody", "trader").signer)


def test_an_endless_answer_is_cut_off(outside: Outside) -> None:
    inner = outside.transport
    with pytest.raises(RemoteFailed, match="more than"):
        inner.get("/checkpoint", {}, 10)


def test_a_ledger_without_checkpoint_is_said_so(outside: Outside) -> None:
    with pytest.raises(RemoteFailed, match="/checkpoint answered 404"):
        outside.audit(only("/checkpoint", missing))
