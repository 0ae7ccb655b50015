"""Jobs (audits, what-ifs): asked for over HTTP, run one of a kind at a time, each in a process of its own.

Decides: how many wait, what is kept of each, and how a job is seen to be dead. State is in files below one
folder, since the server process that is asked about a job is rarely the one that started it; a job is alive
as long as its process holds the lock on its file. Jobs of other hosts are not seen here.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.file_locks import FileLock, is_locked
from api.settings import CONFIG_VARIABLE, Settings
from ledger.clock import Clock, format_time_us
from ledger.errors import QueueFull, ResourceNotFound
from ledger.identifiers import is_uuid4

KEPT_JOBS: Final = 100
START_SECONDS: Final = 120.0
"""How long a job may take to begin before it counts as dead."""
LIVE: Final = frozenset({"waiting", "running"})

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of one job."""

    folder: Path
    job: str

    @property
    def state(self) -> Path:
        return self.folder / f"{self.job}.json"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.job}.lock"

    @property
    def begun(self) -> Path:
        """There once the job's process has held the lock: if the lock is free then, the job is over."""
        return self.folder / f"{self.job}.begun"

    @property
    def cancel(self) -> Path:
        return self.folder / f"{self.job}.cancel"

    @property
    def turn(self) -> Path:
        """The lock that the one running job of the host holds."""
        return self.folder / "turn.lock"

    def read(self) -> dict[str, Any] | None:
        """The job's state as last written, or None where there is no such job."""
        try:
            members: dict[str, Any] = json.loads(self.state.read_bytes())
        except FileNotFoundError:
            return None
        return members

    def write(self, members: dict[str, Any]) -> None:
        """Replaces the state: a reader sees the old one or the new."""
        descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=f"{self.job}.", suffix=".tmp")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(members, stream)
        os.replace(temporary, self.state)

    def remove(self) -> None:
        """Forgets the job."""
        for path in (self.state, self.cancel, self.begun, self.lock):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


class AuditDesk:
    """The jobs of one kind of this host."""

    def __init__(
        self, settings: Settings, clock: Clock, *, what: str = "audit", module: str = "api.audit_job"
    ) -> None:
        """Touches nothing.

        Args:
            settings: Where jobs are kept and how many may wait; handed on to the job's process.
            clock: For when a job was asked for.
            what: What a job is called; those other than audits have a folder of that name.
            module: What a job's process runs.
        """
        self._settings = settings
        self._clock = clock
        self._what = what
        self._module = module
        self._folder = settings.audit_folder if what == "audit" else settings.audit_folder / f"{what}s"
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []

    def open(self, requested_by: str, **asked: str) -> dict[str, Any]:
        """Starts a job and returns its state.

        Args:
            requested_by: The party.
            asked: Further members of the state, for the job to read.

        Raises:
            QueueFull: As many as may wait or run do already.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock, FileLock(self._folder / "desk.lock") as lock:
            while not lock.acquire():
                time.sleep(_POLL_SECONDS / 10)
            jobs = self.list()
            if sum(job["state"] in LIVE for job in jobs) >= self._settings.max_audits:
                raise QueueFull(
                    f"{self._settings.max_audits} {self._what}s wait or run on this host already",
                    mend="Wait until one is done, or stop one with DELETE.",
                )
            for job in [each for each in jobs if each["state"] not in LIVE][KEPT_JOBS - 1 :]:
                JobFiles(self._folder, job["id"]).remove()
            for path in self._folder.glob("*.cancel"):
                stopped = JobFiles(self._folder, path.stem)
                if not self._is_alive(stopped):
                    stopped.remove()
            files = JobFiles(self._folder, str(uuid.uuid4()))
            members = {
                "id": files.job,
                "state": "waiting",
                "requested_by": requested_by,
                "requested_at": format_time_us(self._clock.now_us()),
                "progress": None,
                "report": None,
                "error": None,
                **asked,
            }
            files.write(members)
            self._start(files)
        return members

    def read(self, job: str) -> dict[str, Any]:
        """A job's state now.

        Raises:
            ResourceNotFound: This host has no such job.
        """
        files = JobFiles(self._folder, job)
        members = files.read() if is_uuid4(job) else None
        if members is None or files.cancel.exists():
            raise ResourceNotFound(f"this host has no such {self._what}")
        if members["state"] in LIVE and not self._is_alive(files):
            # It may have ended between the two looks.
            members = files.read() or members
            if members["state"] in LIVE:
                members["state"] = "interrupted"
        return members

    def list(self) -> list[dict[str, Any]]:
        """Every job, newest first."""
        jobs = []
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(ResourceNotFound):
                jobs.append(self.read(path.stem))
        return sorted(jobs, key=lambda job: (job["requested_at"], job["id"]), reverse=True)

    def stop(self, job: str) -> None:
        """Stops a job and forgets it.

        Raises:
            ResourceNotFound: This host has no such job.
        """
        self.read(job)
        files = JobFiles(self._folder, job)
        if self._is_alive(files):
            # Its own process forgets it as soon as it sees this.
            files.cancel.touch()
        else:
            files.remove()

    def close(self) -> None:
        """Ends the jobs that this process started."""
        with self._lock:
            for process in self._processes:
                process.terminate()
            for process in self._processes:
                process.wait()
            self._processes.clear()

    def _start(self, files: JobFiles) -> None:
        self._processes = [process for process in self._processes if process.poll() is None]
        environment = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("RELEDGER_", "PROMETHEUS_")) and name != CONFIG_VARIABLE
        }
        environment |= self._settings.as_environment()
        root = str(Path(__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", self._module, str(files.folder), files.job]
        self._processes.append(
            subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        )

    def _is_alive(self, files: JobFiles) -> bool:
        begun = files.begun.exists()  # looked at first: what begins between the two looks is found locked
        if is_locked(files.lock):
            return True
        if begun:
            return False
        with contextlib.suppress(FileNotFoundError):
            return time.time() - files.state.stat().st_mtime < START_SECONDS
        return False
