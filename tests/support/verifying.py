"""``verify`` on a simulated ledger, and changes to its rows for it to find."""

from typing import Any

from ledger.audit.database import verify_database
from ledger.audit.report import AuditReport
from tests.support.databases import unguarded
from tests.support.ledgers import LedgerBuilder
from tests.support.tampering import assign, rows

Found = list[tuple[str, str, int | str | None]]


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
