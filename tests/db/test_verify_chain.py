"""A range of the log verified over an open connection, as GET /v1/audit/chain does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.audit.chain import check_chain
from ledger.audit.database import verify_database
from ledger.audit.report import AuditReport
from ledger.errors import LogInconsistent
from tests.support.databases import unguarded
from tests.support.ledgers import LedgerBuilder
from tests.support.originals import Original, original
from tests.support.tampering import assign, rows


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    def fill(engine: Engine) -> LedgerBuilder:
        made = LedgerBuilder(engine, batch=50, remember=True)
        made.genesis()
        made.record(1_299)
        return made

    with original(request, request.param, tmp_path_factory.mktemp("chain"), fill) as made:
        yield made


@pytest.fixture
def ledger(begun: Original) -> Iterator[LedgerBuilder]:
    """A log of 1,300 entries; the test runs once for each engine."""
    with begun.continued() as made:
        yield made


def check(ledger: LedgerBuilder, start: int, end: int, **options: Any) -> AuditReport:
    members: dict[str, Any] = {"origin": ledger.origin, "vkeys": [ledger.vkey]} | options
    with ledger.engine.connect() as connection:
        return check_chain(connection, start, end, **members)


def found(report: AuditReport) -> list[tuple[str, str, object]]:
    return [(fault.code, fault.table, fault.place) for fault in report.faults]


def change(ledger: LedgerBuilder, table: str, at: int, column: str, value: Any) -> None:
    with unguarded(ledger.engine.url.render_as_string(hide_password=False)) as connection:
        assert assign(connection, table, rows(connection, table)[at], column, value)


@pytest.mark.parametrize(
    ("start", "end", "checked"),
    [
        (0, 1_300, (0, 1_300)),
        (0, 1, (0, 256)),
        (300, 301, (256, 512)),
        (255, 257, (0, 512)),
        (1_024, 5_000, (1_024, 1_300)),
        (1_299, 1_300, (1_280, 1_300)),
        (700, 700, (512, 768)),
        (9_000, 9_999, (1_280, 1_300)),
    ],
)
def test_a_range_is_rounded_to_tiles_and_has_no_fault(
    ledger: LedgerBuilder, start: int, end: int, checked: tuple[int, int]
) -> None:
    report = check(ledger, start, end)
    assert report.faults == []
    assert (report.start, report.end) == checked
    assert report.counts["statements"] == checked[1] - checked[0]
    assert report.size == 1_300
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


def test_a_range_in_which_no_checkpoint_ends_has_no_fault(engine: Engine) -> None:
    made = LedgerBuilder(engine, batch=1_100, remember=True)
    made.genesis()
    made.record(1_099)
    made.flush()
    report = check(made, 256, 512)
    assert (report.faults, report.counts["checkpoints"]) == ([], 0)
    assert verify_database(engine, vkeys=[made.vkey], workers=1).faults == []


def test_faults_inside_the_range_are_named(ledger: LedgerBuilder) -> None:
    change(ledger, "entries", 600, "leaf_hash", bytes(32))
    change(ledger, "statements", 601, "issuer", "https://nobody.example/")
    change(ledger, "statement_bytes", 602, "jws", b"x.y.z")
    assert found(check(ledger, 512, 768)) == [
        ("entry.leaf-hash", "entries", 600),
        ("statement.issuer", "statements", 601),
        ("statement.mismatch", "statement_bytes", 602),
    ]


def test_faults_outside_the_range_are_not_looked_for(ledger: LedgerBuilder) -> None:
    change(ledger, "statements", 601, "issuer", "https://nobody.example/")
    assert check(ledger, 768, 1_300).faults == []
    assert check(ledger, 0, 512).faults == []


def test_a_tile_that_was_made_to_fit_is_caught_by_the_root(ledger: LedgerBuilder) -> None:
    change(ledger, "tiles", 1, "root", bytes(32))
    assert ("tile.root", "tiles", "0/1") in found(check(ledger, 256, 512))
    # The tree of the head is made of the tiles' roots, so every range shows that they do not fit.
    assert ("head.root", "head", 1) in found(check(ledger, 1_024, 1_300))


def test_a_checkpoint_in_the_range_is_checked(ledger: LedgerBuilder) -> None:
    change(ledger, "checkpoints", 12, "root", bytes(32))
    codes = found(check(ledger, 512, 768))
    assert ("checkpoint.root", "checkpoints", 12) in codes
    assert ("checkpoint.note", "checkpoints", 12) in codes


def test_a_key_that_is_not_the_one_of_its_kid_is_not_used(ledger: LedgerBuilder) -> None:
    kid = ledger.mine.signer.kid
    with unguarded(ledger.engine.url.render_as_string(hide_password=False)) as connection:
        row = next(row for row in rows(connection, "keys") if row["kid"] == kid)
        jwk = json.dumps(ledger.second.signer.jwk, separators=(",", ":"))
        assert assign(connection, "keys", row, "jwk", jwk)
    assert ("key.unknown", "statements", 300) in found(check(ledger, 256, 512))


def test_an_empty_log_has_no_fault(engine: Engine) -> None:
    made = LedgerBuilder(engine)
    report = check(made, 0, 100)
    assert report.faults == []
    assert (report.start, report.end, report.size) == (0, 0, 0)


def test_without_a_head_nothing_can_be_said(ledger: LedgerBuilder) -> None:
    with unguarded(ledger.engine.url.render_as_string(hide_password=False)) as connection:
        connection.execute(text("DELETE FROM head"))
    with pytest.raises(LogInconsistent):
        check(ledger, 0, 10)


def test_the_connection_reads_text_as_before(ledger: LedgerBuilder) -> None:
    with ledger.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        before = getattr(driver, "text_factory", None)
        check_chain(connection, 0, 10, origin=ledger.origin, vkeys=[ledger.vkey])
        assert getattr(driver, "text_factory", None) is before
