"""How many alerts are open: by rule, by party, by month. Decides nothing; counts."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from ledger.records.periods import DAY_US, MINUTE_US, month_of
from ledger.records.policy import Policy

_OPEN: Final = text(
    "SELECT code, party, (event_time_us + :offset) / :day AS days, count(*) FROM alerts "
    "WHERE state = 'open' AND (told OR :sees_all) AND (:party = '' OR party = :party) "
    "GROUP BY code, party, days"
)


def open_alert_counts(
    connection: Connection, policy: Policy, party: str | None, *, told_only: bool
) -> Mapping[str, int | Mapping[str, int]]:
    """Open alerts, counted.

    Args:
        connection: A reading transaction.
        policy: For the months.
        party: Only about its statements; None: about everybody's.
        told_only: Only those that the submitter was told of.

    Returns:
        ``open``, how many; ``by_code`` and ``by_party``, most first; ``by_month`` of what happened, in order.
    """
    offset_us = policy.filing_offset_min * MINUTE_US
    asked = {"offset": offset_us, "day": DAY_US, "sees_all": not told_only, "party": party or ""}
    codes: Counter[str] = Counter()
    parties: Counter[str] = Counter()
    months: Counter[str] = Counter()
    for code, about, days, count in connection.execute(_OPEN, asked):
        codes[code] += count
        parties[about] += count
        months[month_of(days * DAY_US - offset_us, policy)] += count
    return {
        "open": codes.total(),
        "by_code": _most_first(codes),
        "by_party": _most_first(parties),
        "by_month": dict(sorted(months.items())),
    }


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
