"""What is counted, for Prometheus.

Decides: names, labels and buckets. Labels are bounded: the route's rule, never the path; an error's code,
never its text. With several server processes the counts of all of them are added up, through the folder
that ``PROMETHEUS_MULTIPROC_DIR`` names (``api.serving`` makes one); gauges are summed over the live
processes. The files there have their whole room from the begin: a disk that is full later stops no server.
"""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import prometheus_client
import prometheus_client.multiprocess
import prometheus_client.values
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:  # the process that only starts the server has no use for it
    from ledger.registration.committer import BatchReport

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"
ROOM_BYTES: Final = {
    "counter": 1 << 20,
    "histogram": 2 << 20,
    "gauge_livesum": 1 << 16,
    "gauge_livemax": 1 << 16,
}
"""Of each of a process's files, by the name that the library gives it: more than all its labels can fill."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024)

# The library does not annotate these.
_collect_all: Callable[[CollectorRegistry], Any] = prometheus_client.multiprocess.MultiProcessCollector
_mark_dead: Callable[[int], None] = prometheus_client.multiprocess.mark_process_dead


def shared_folder() -> Path | None:
    """The folder that a server's processes share, where this is one of them."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def _reserve(folder: Path) -> bool:
    """Gives the files of this process's counts their room before the library maps them.

    It would make them of holes, and where the disk is full once one is written to, the system ends the
    process (SIGBUS).

    Returns:
        Whether there is room for them.
    """
    for name, size in ROOM_BYTES.items():
        path = folder / f"{name}_{os.getpid()}.db"
        try:
            with path.open("xb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.write(bytes(size))
        except FileExistsError:
            continue
        except OSError as error:
            path.unlink(missing_ok=True)
            log = structlog.get_logger("reledger.metrics")
            log.warning("counts not shared", error=str(error), mend=f"Make room in {folder}, and restart.")
            return False
    return True


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        """Makes every counter anew, so that applications in one process do not share theirs."""
        folder = shared_folder()
        if folder is not None and not _reserve(folder):
            del os.environ[FOLDER_VARIABLE]  # this process counts for itself
            folder = None
        # The library chooses between memory and shared files once, when it is imported, which may have been
        # before the folder was named.
        values = prometheus_client.values
        if (folder is None) != (values.ValueClass is values.MutexValue):
            importlib.reload(values)
        self._registry = CollectorRegistry(auto_describe=True)
        self.requests = Counter(
            "reledger_http_requests",
            "Requests answered.",
            ["method", "rule", "status"],
            registry=self._registry,
        )
        self.request_seconds = Histogram(
            "reledger_http_request_seconds",
            "Time until a request's answer was sent whole.",
            ["method", "rule"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.refusals = Counter(
            "reledger_refusals",
            "Requests and lines that were not carried out, by error code.",
            ["code"],
            registry=self._registry,
        )
        self.statements = Counter(
            "reledger_statements", "Statements decided, by outcome.", ["outcome"], registry=self._registry
        )
        self.batch_size = Histogram(
            "reledger_batch_statements",
            "Statements in one committed batch.",
            buckets=_SIZES,
            registry=self._registry,
        )
        self.commit_seconds = Histogram(
            "reledger_commit_seconds",
            "Time that one batch took, from the log lock to the mark.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.queue_depth = Gauge(
            "reledger_queue_statements",
            "Statements that wait to be committed.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self.tree_size = Gauge(
            "reledger_tree_size",
            "Entries in the log, as of the newest batch or scrape that this host saw.",
            multiprocess_mode="livemax",
            registry=self._registry,
        )

    def observe_batch(self, report: "BatchReport") -> None:
        """Counts one batch; called from the committing thread."""
        self.statements.labels("appended").inc(report.appended)
        self.statements.labels("repeated").inc(report.repeated)
        self.statements.labels("refused").inc(report.refused)
        self.batch_size.observe(report.appended + report.repeated + report.refused)
        self.commit_seconds.observe(report.seconds)

    def observe_request(self, method: str, rule: str, status: int, seconds: float) -> None:
        """Counts one request that was answered."""
        self.requests.labels(method, rule, str(status)).inc()
        self.request_seconds.labels(method, rule).observe(seconds)

    def exposition(self) -> bytes:
        """The counts as text, of all server processes where there are several."""
        registry = self._registry
        if shared_folder() is not None:
            registry = CollectorRegistry()
            _collect_all(registry)
        return prometheus_client.generate_latest(registry)

    @staticmethod
    def end_process() -> None:
        """Takes this process's gauges out of the sums."""
        if shared_folder() is not None:
            _mark_dead(os.getpid())
