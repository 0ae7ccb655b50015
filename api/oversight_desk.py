"""What anyone is told of the offices, counted seldom however often it is asked for.

Decides: what is over is counted once, when a month has ended or the policy has changed; open alerts at most
once a minute, and only if the log has grown since or a day has ended. So a question costs the same whatever
the log's size.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from ledger.clock import Clock
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.oversight import IGNORED_DAYS, Oversight, alerts_by_rule
from ledger.records.periods import DAY_US, month_of
from ledger.store import log_store

KEPT_US: Final = 60_000_000
"""For how long open alerts stay counted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Figures, and what they were counted for.

    Attributes:
        key: While it is the same they hold.
        counted_us: When they were counted.
        members: The figures.
    """

    key: tuple[Any, ...]
    counted_us: int
    members: dict[str, Any]


class OversightDesk:
    """The sums of one process; any number of threads may ask.

    Args:
        clock: The host's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._over = self._alerts = Kept((), 0, {})

    def summary(self, reading: Callable[[], AbstractContextManager[Connection]]) -> dict[str, Any]:
        """All offices together: the months that have ended, what policies did, open alerts now.

        Args:
            reading: Opens a reading transaction; whoever waits for another's count has none open.

        Raises:
            LedgerEmpty: The log has no genesis.
        """
        with self._lock, reading() as connection:
            now_us = self._clock.now_us()
            index, policy = policy_in_force(connection)
            month = (month_of(now_us, policy), index)
            if self._over.key != month:
                self._over = Kept(month, now_us, _count_what_is_over(Oversight(connection, policy, now_us)))
            grown = (log_store.read_head(connection).tree_size, now_us // DAY_US)
            kept_us = now_us - self._alerts.counted_us
            if self._alerts.key != grown and not (self._alerts.key and 0 <= kept_us < KEPT_US):
                self._alerts = Kept(grown, now_us, _count_alerts(connection, now_us))
            return {**self._over.members, **self._alerts.members, "ignored_after_days": IGNORED_DAYS}


def _count_what_is_over(found: Oversight) -> dict[str, Any]:
    policies = found.policies()
    effects = [
        {
            "index": each["index"],
            "changed": [change["member"] for change in each["changed"]],
            "entries": each["entries"],
            "refused": sum(each["refused"].values()),
            "noticed": sum(each["noticed"].values()),
        }
        for each in policies
    ]
    return {"months": found.months(ended=True), "policy_changes": len(policies) - 1, "policies": effects}


def _count_alerts(connection: Connection, now_us: int) -> dict[str, Any]:
    alerts = alerts_by_rule(connection, now_us)
    return {
        "alerts_open": sum(row["open"] for row in alerts),
        "alerts_ignored": sum(row["ignored"] for row in alerts),
    }
