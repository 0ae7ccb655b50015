"""Published statistics as tables, the next publication, and what the offices did."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Response

from api.access import ANY_PARTY, AUDITING, PUBLIC, REGULATORS, Access
from api.book_members import CSV, csv_reply, record_members
from api.book_schemas import CSV_SCHEMA
from api.fields import Name, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, REVALIDATE, json_reply
from api.statistics_schemas import (
    DraftSchema,
    OversightSchema,
    OversightSummarySchema,
    StatisticsTablesSchema,
)
from ledger.clock import format_time_us
from ledger.errors import LedgerEmpty, RequestMalformed, RoleForbidden
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.oversight import IGNORED_DAYS, Oversight, alerts_by_rule
from ledger.provenance.subjects import books_of
from ledger.records.books import Books
from ledger.records.oversight import StatisticsRecord
from ledger.records.periods import month_after, month_of
from ledger.records.policy import Policy
from ledger.statements.acts.publication_periods import is_period, period_after, period_us
from ledger.statements.acts.publish_statistics import (
    EXPORT_LICENCES,
    PERIODS,
    draft_statistics,
    last_published,
)
from ledger.store.books_listings import list_records

resource = Resource("statistics", "How licences were decided, as published; how the offices work.")

TOTAL: Final = "total"
REASON: Final = "reason"
FIGURES: Final = (
    "applications",
    "granted",
    "refused",
    "pending",
    "overdue",
    "median_days",
    "percentile_90_days",
    "tonnes",
)
COLUMNS: Final = ("statistics", "period", "entry_index", "table", "filed", "key", *FIGURES)
_TABLES: Final = {"destination": "by_destination", "element": "by_element"}
_MOST: Final = 10_000


class TablesQuery(StrictSchema):
    """Of which period."""

    period = Name(load_default=None, meaning="Only of this one: 2026, 2026-Q3, 2026-11, <start>/<end>.")


class DraftQuery(StrictSchema):
    """Of which periods."""

    period = Name(load_default=None, meaning="Of the totals: 2026, 2026-Q3, 2026-11, <start>/<end>.")
    filed = Name(load_default=None, meaning="Of the applications in the tables, likewise.")


@resource.operation(
    "GET",
    "/v1/statistics/tables",
    replies=[Reply(200, "Every published figure.", {JSON: StatisticsTablesSchema, CSV: CSV_SCHEMA})],
    access=PUBLIC,
    query=TablesQuery,
)
def read_statistics_tables(call: Call) -> Response:
    """List every published figure: a row for each total, destination, element and class of reason.

    A total counts what happened in ``period``, a row of a table the applications filed in ``filed``.
    What is not shown stands in the row ``other``; a figure that a row does not have is null, in CSV empty.
    """
    _check_periods(call.query)
    with call.reading() as connection:
        records = list_records(
            connection, StatisticsRecord, where={"period": call.query["period"]}, limit=_MOST
        )
    rows = [row for record in records for row in table_rows(record)]
    if call.accepted == CSV:
        return csv_reply(COLUMNS, ([row[name] for name in COLUMNS] for row in rows), "statistics.csv")
    return json_reply({"rows": rows}, cache=REVALIDATE)


@resource.operation(
    "GET",
    "/v1/statistics/draft",
    replies=[Reply(200, "The act, to be signed.", {JSON: DraftSchema})],
    access=Access(ANY_PARTY.token, REGULATORS),
    query=DraftQuery,
    errors=[RoleForbidden, LedgerEmpty],
)
def draft_publication(call: Call) -> Response:
    """Draft the next publication from the books as they are now.

    Without ``period`` it is the one that follows the last publication and is as long; where there is none,
    the month that ended last. Without ``filed`` the tables are of the period after that of the last tables,
    if that ended three months before this one; where there are none, of the period as long before that.
    ``act`` is null while the period has not ended.
    """
    asked, filed, now_us = call.query["period"], call.query["filed"], call.parts.clock.now_us()
    _check_periods(call.query)
    with call.reading() as connection:
        _, policy = policy_in_force(connection)
        books = books_of(connection)
        period = asked or _next_period(books, policy, now_us)
        _, end_us = period_us(period, policy)
        act = draft_statistics(books, policy, period, filed) if end_us <= now_us else None
    return json_reply({"period": period, "ends": format_time_us(end_us), "act": act}, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/oversight",
    replies=[Reply(200, "Office by office.", {JSON: OversightSchema})],
    access=AUDITING,
    errors=[RoleForbidden, LedgerEmpty],
)
def read_oversight(call: Call) -> Response:
    """Say how long each office takes, which decisions depart from the policy, and what was left lying.

    Names offices, entries and rules, but no firm.
    """
    with call.reading() as connection:
        _, policy = policy_in_force(connection)
        now_us = call.parts.clock.now_us()
        found = Oversight(connection, policy, now_us)
        members = {
            "queue": found.queue(),
            "decisions": found.decisions_by_office(),
            "deviations": list(map(record_members, found.deviations)),
            "cases": found.cases_by_office(),
            "taken_up_again": [
                {
                    "office": case.opened_by,
                    "opened_at": case.opened_at,
                    "reopens": case.reopens,
                }
                for case in found.taken_up_again()
            ],
            "alerts": alerts_by_rule(connection, now_us),
            "ignored_after_days": IGNORED_DAYS,
            "months": found.months(ended=False),
            "policies": list(map(_policy_members, found.policies())),
        }
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/oversight/summary",
    replies=[Reply(200, "All offices together.", {JSON: OversightSummarySchema})],
    access=PUBLIC,
    errors=[LedgerEmpty],
)
def read_oversight_summary(call: Call) -> Response:
    """Say how the offices work together; anyone may ask.

    Months that have ended and what policies did are counted when a month ends and when the policy changes,
    open alerts once a minute.
    """
    return json_reply(call.parts.oversight.summary(call.reading), cache=REVALIDATE)


def _policy_members(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy with its time as readers take it."""
    members = dict(policy)
    recorded_us = members.pop("recorded_us")
    return {**members, "recorded": format_time_us(recorded_us)}


def _check_periods(query: Mapping[str, Any]) -> None:
    """Returns only if whatever periods are asked for are some."""
    for name, period in query.items():
        if period is not None and not is_period(period):
            raise RequestMalformed(f"{name} is a {PERIODS}", extra={"parameter": name})


def _next_period(books: Books, policy: Policy, now_us: int) -> str:
    last = last_published(books.group(StatisticsRecord, "name", EXPORT_LICENCES), policy)
    return month_after(month_of(now_us, policy), -1) if last is None else period_after(last, policy)


def table_rows(record: StatisticsRecord) -> Iterator[dict[str, Any]]:
    """The rows of one publication: totals, refusals by reason, and its tables."""
    figures = record.figures
    yield _row(record, TOTAL, "", figures)
    for reason, count in sorted(figures["by_reason"].items()):
        yield _row(record, REASON, reason, {"refused": count})
    for table, member in _TABLES.items():
        for row in figures.get(member, ()):
            yield _row(record, table, row["key"], row, figures["filed"])
            for reason, count in sorted(row["by_reason"].items()):
                key = f"{row['key']} {reason}"
                yield _row(record, f"{table}-{REASON}", key, {"refused": count}, figures["filed"])


def _row(
    record: StatisticsRecord, table: str, key: str, figures: Mapping[str, Any], filed: str | None = None
) -> dict[str, Any]:
    return {
        "statistics": record.name,
        "period": record.period,
        "entry_index": record.entry_index,
        "table": table,
        "filed": filed,
        "key": key,
        **{name: figures.get(name) for name in FIGURES},
    }
