"""What a database alone cannot show: a cut tail, a log signed anew; and the evidence that shows them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from ledger.audit.database import verify_database
from ledger.audit.kept import KeptItem
from ledger.audit.report import AuditReport
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.note import NoteSigner
from ledger.registration.mark import Mark
from ledger.store.engine import create_ledger_engine
from tests.support.ledgers import LedgerBuilder
from tests.support.postgres import PostgresServer

NOTHING_NEWER = "nothing newer than size {} can be excluded"


@dataclass
class Histories:
    """A ledger; the same database before its last entries; another history signed with the same key."""

    ledger: LedgerBuilder
    earlier: Engine
    forked: Engine


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str | None], str]]:
    """Makes an empty database, or a copy of the one with a URL on which nothing is open."""
    made: list[str] = []
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        def copy_file(url: str | None) -> str:
            made.append(f"sqlite:///{tmp_path}/{len(made)}.db")
            shutil.copyfile(template if url is None else url[10:], made[-1][10:])
            return made[-1]

        yield copy_file
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    empty: str = request.getfixturevalue("postgres_template")

    def copy_database(url: str | None) -> str:
        made.append(server.create_database(empty if url is None else str(make_url(url).database)))
        return server.url(made[-1])

    yield copy_database
    for name in made:
        server.drop_database(name)


@pytest.fixture
def histories(copies: Callable[[str | None], str]) -> Iterator[Histories]:
    url = copies(None)
    ledger = LedgerBuilder(create_ledger_engine(url), batch=20, remember=True)
    ledger.genesis()
    ledger.record(100)
    ledger.flush()
    ledger.engine.dispose()
    earlier, forked = (create_ledger_engine(copies(url)) for _ in range(2))
    fork = ledger.fork(forked)
    for builder in (ledger, fork):
        builder.record(40)
        builder.flush()
    yield Histories(ledger, earlier, forked)
    for engine in (ledger.engine, earlier, forked):
        engine.dispose()


def verify(histories: Histories, engine: Engine, **options: object) -> AuditReport:
    ledger = histories.ledger
    members = {"origin": ledger.origin, "vkeys": [ledger.vkey], "workers": 1} | options
    return verify_database(engine, **members)


def found(report: AuditReport) -> list[tuple[str, str, object]]:
    return [(fault.code, fault.table, fault.place) for fault in report.faults]


def test_a_cut_tail_alone_is_no_fault_and_the_report_says_what_it_cannot_exclude(
    histories: Histories,
) -> None:
    report = verify(histories, histories.earlier)
    assert report.faults == []
    assert report.cannot_exclude[0].startswith(NOTHING_NEWER.format(101))
    assert "without the mark, a receipt or a kept checkpoint" in report.cannot_exclude[0]


def test_a_fork_alone_is_no_fault_and_the_report_says_what_it_cannot_exclude(histories: Histories) -> None:
    report = verify(histories, histories.forked)
    assert report.faults == []
    assert report.cannot_exclude[0].startswith(NOTHING_NEWER.format(141))


def test_the_mark_shows_a_cut_tail(histories: Histories) -> None:
    report = verify(histories, histories.earlier, mark=histories.ledger.checkpoints[-1])
    assert found(report) == [("log.cut", "mark", "mark")]


def test_the_mark_shows_a_fork(histories: Histories) -> None:
    report = verify(histories, histories.forked, mark=histories.ledger.checkpoints[-1])
    assert found(report) == [("log.forked", "mark", "mark")]


def test_the_host_s_own_mark_may_be_given(histories: Histories, tmp_path: Path) -> None:
    ledger = histories.ledger
    mark = Mark(tmp_path / "mark", ledger.origin, [ledger.signer.verifier])
    assert verify(histories, histories.earlier, mark=mark).faults == []
    mark.advance(ledger.checkpoints[-1])
    assert found(verify(histories, histories.earlier, mark=mark)) == [("log.cut", "mark", "mark")]
    assert verify(histories, ledger.engine, mark=mark).faults == []


def test_a_receipt_shows_a_cut_tail_and_a_fork(histories: Histories) -> None:
    receipt = histories.ledger.receipt(histories.ledger.appended[130])
    assert found(verify(histories, histories.earlier, receipts=[receipt])) == [
        ("log.cut", "kept_receipts", "0")
    ]
    named = KeptItem("shipment.receipt", receipt)
    assert found(verify(histories, histories.forked, receipts=[named])) == [
        ("log.forked", "kept_receipts", "shipment.receipt"),
        ("log.forked", "kept_receipts", "shipment.receipt"),
    ]
    assert verify(histories, histories.ledger.engine, receipts=[receipt]).faults == []


def test_any_kept_checkpoint_shows_a_fork_from_then_on(histories: Histories) -> None:
    notes = histories.ledger.checkpoints
    kept = [KeptItem(f"checkpoint-{number}", note) for number, note in enumerate(notes)]
    report = verify(histories, histories.forked, checkpoints=kept)
    assert found(report) == [
        ("log.forked", "kept_checkpoints", "checkpoint-6"),
        ("log.forked", "kept_checkpoints", "checkpoint-7"),
    ]
    assert verify(histories, histories.ledger.engine, checkpoints=kept).faults == []


def test_old_evidence_leaves_the_newer_entries_open(histories: Histories) -> None:
    kept = histories.ledger.checkpoints[3]
    report = verify(histories, histories.forked, checkpoints=[kept])
    assert report.faults == []
    assert report.cannot_exclude == [
        NOTHING_NEWER.format(141),
        "that entries from 61 on were signed anew cannot be excluded: the newest evidence is for size 61",
    ]
    assert "1 signed heads kept elsewhere, up to size 61" in report.checked


def test_full_evidence_leaves_only_what_is_newer_open(histories: Histories) -> None:
    report = verify(histories, histories.ledger.engine, mark=histories.ledger.checkpoints[-1])
    assert report.cannot_exclude == [NOTHING_NEWER.format(141)]


def test_evidence_by_another_key_is_no_evidence(histories: Histories) -> None:
    ledger = histories.ledger
    thief = NoteSigner.from_private_key(ledger.origin, Ed25519PrivateKey.generate())
    note = sign_checkpoint(Checkpoint(ledger.origin, 141, ledger.head.root), thief)
    report = verify(histories, ledger.engine, checkpoints=[note, b"", b"nonsense\n"], mark=note)
    assert [code for code, _, _ in found(report)] == ["kept.invalid"] * 4


def test_a_receipt_that_proves_nothing_is_a_fault(histories: Histories) -> None:
    ledger = histories.ledger
    good = ledger.receipt(ledger.appended[130])
    other = ledger.receipt(ledger.appended[20])
    swapped = good.replace(good.split(b"\n")[1], other.split(b"\n")[1])
    assert swapped != good
    report = verify(histories, ledger.engine, receipts=[good, swapped, b"", good[:-5]])
    assert found(report) == [("kept.invalid", "kept_receipts", name) for name in ("1", "2", "3")]


def test_hundreds_of_receipts_are_compared_one_by_one(histories: Histories) -> None:
    ledger = histories.ledger
    receipts = (ledger.receipt(ledger.appended[index]) for _ in range(3) for index in range(1, 141))
    report = verify(histories, ledger.engine, receipts=receipts)
    assert report.faults == []
    assert "420 signed heads kept elsewhere, up to size 141" in report.checked
