"""One job in a process of its own: ``python -m api.audit_job FOLDER ID`` runs an audit.

Decides: nothing about the work; it waits for its turn, does it, and writes how far it is. Its settings come
from the environment.
"""

import signal
import sys
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Final

import structlog

from api.audit_desk import JobFiles
from api.file_locks import FileLock
from api.log_key import open_mark, read_log_signer
from api.logs import FAILED_CODE, FAILED_MEND, configure_logging, exception_members
from api.settings import Settings, load_settings
from ledger.audit.database import verify_database
from ledger.audit.report import Progress
from ledger.errors import AuditCancelled, ReledgerError

_WRITE_SECONDS: Final = 0.2
_POLL_SECONDS: Final = 0.1


class Job(ABC):
    """The one job of this process.

    Attributes:
        what: What it is called.
    """

    what: ClassVar[str]

    def __init__(self, files: JobFiles, settings: Settings) -> None:
        self._files = files
        self._settings = settings
        self._members: dict[str, Any] = files.read() or {}
        self._written = 0.0
        self._cancel = threading.Event()
        self._ended = threading.Event()

    def run(self) -> None:
        """Waits for its turn and works; afterwards the state says how it ended, or the job is forgotten."""
        with FileLock(self._files.lock) as alive:
            while not alive.acquire():  # somebody looks whether this job is alive
                time.sleep(_POLL_SECONDS / 10)
            self._files.begun.touch()
            watcher = threading.Thread(target=self._watch, daemon=True)
            watcher.start()
            try:
                self._wait_and_work()
            except AuditCancelled:
                if not self._files.cancel.exists():
                    self._end("interrupted")
            finally:
                self._ended.set()
                watcher.join()
            if self._files.cancel.exists():
                self._files.remove()

    @abstractmethod
    def work(self) -> dict[str, Any]:
        """Does what was asked for and returns its report; tells ``progress``, and heeds ``cancel``."""

    def interrupt(self) -> None:
        """Ends the job as soon as may be; its state stays and says so."""
        self._cancel.set()

    def _watch(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            if self._files.cancel.exists():
                self._cancel.set()

    def _wait_and_work(self) -> None:
        with FileLock(self._files.turn) as turn:
            while not turn.acquire():
                if self._cancel.wait(_POLL_SECONDS):
                    raise AuditCancelled(f"the {self.what} was stopped while it waited")
            self._members["state"] = "running"
            self._files.write(self._members)
            self._work()

    def _work(self) -> None:
        try:
            report = self.work()
        except AuditCancelled:
            raise
        except ReledgerError as error:
            self._end("failed", error={"code": error.code, "detail": error.detail, "mend": error.mend})
        except Exception as error:  # the edge of this process: the job must not be left as running
            structlog.get_logger("reledger.audit").error(
                "failed", job=self._files.job, error=exception_members(error)
            )
            detail = f"the {self.what} broke off, for a reason that only the server's log tells"
            self._end("failed", error={"code": FAILED_CODE, "detail": detail, "mend": FAILED_MEND})
        else:
            self._end("done", report=report)

    def progress(self, progress: Progress) -> None:
        """Writes how far it is, now and then."""
        now = time.monotonic()
        if now - self._written >= _WRITE_SECONDS:
            self._written = now
            self._members["progress"] = progress._asdict()
            self._files.write(self._members)

    def _end(self, state: str, **outcome: Any) -> None:
        self._members.update(outcome, state=state)
        self._files.write(self._members)


class AuditJob(Job):
    """A full audit."""

    what = "audit"

    def work(self) -> dict[str, Any]:
        signer = read_log_signer(self._settings)
        report = verify_database(
            self._settings.database_url,
            origin=self._settings.origin,
            vkeys=[signer.vkey],
            mark=open_mark(self._settings, signer),
            progress=self.progress,
            cancel=self._cancel,
            replay=True,
        )
        return report.as_json()


def run_job(kind: type[Job], folder: str, job: str) -> None:
    """Runs one job of a kind."""
    settings = load_settings()
    configure_logging(settings)
    found = kind(JobFiles(Path(folder), job), settings)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: found.interrupt())
    found.run()


if __name__ == "__main__":
    run_job(AuditJob, *sys.argv[1:])
