"""Running the server: N processes of M threads each, which stop without dropping what they took in.

Granian was chosen over gunicorn's threads: both stream requests and answers and both let requests in flight
finish on SIGTERM; granian costs a third as much for each request. Its ``readline`` is not used (see
``api.bodies``), and as it shares its port with whoever else does so, the port is tried first. On Linux the
kernel deals connections out to the processes by chance; ``api.dealing`` evens out those that send batches.
(Of one socket that all processes listen on, whoever wakes first takes most.)
"""

import errno
import functools
import importlib
import os
import socket
import tempfile
from typing import Any, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from api.log_key import read_log_signer
from api.metrics import FOLDER_VARIABLE
from api.settings import CONFIG_VARIABLE, Settings
from ledger.errors import SettingsInvalid
from ledger.store.engine import create_ledger_engine
from ledger.store.schema import require_newest

_APPLICATION: Final = "api.wsgi:build"


def serve(settings: Settings) -> None:
    """Serves the ledger until SIGINT or SIGTERM; then what is in flight is finished and committed.

    Must be called in the main thread.

    Args:
        settings: Handed to the server processes through their environment.

    Raises:
        SettingsInvalid: The port is taken, or the database has another version.
        KeyFileInvalid: The log's key cannot be read.
        StoreBusy: The database cannot be reached.
    """
    read_log_signer(settings)
    engine = create_ledger_engine(settings.database_url, pool_size=1)
    try:
        require_newest(engine)
    finally:
        engine.dispose()
    run_application(_APPLICATION, settings)


def run_application(target: str, settings: Settings) -> None:
    """Serves a WSGI application as ``serve`` does.

    Args:
        target: ``module:function``; the function makes the application, in each server process.
        settings: As for ``serve``.
    """
    _refuse_taken_port(settings)
    os.environ.pop(CONFIG_VARIABLE, None)
    os.environ.update(settings.as_environment())
    with tempfile.TemporaryDirectory(prefix="reledger-metrics-") as folder:
        os.environ.setdefault(FOLDER_VARIABLE, folder)
        server = Granian(
            target,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            workers=settings.workers,
            blocking_threads=settings.threads,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=settings.stop_timeout_s,
            log_level=LogLevels.info if settings.log_level == "debug" else LogLevels.error,
            log_dictconfig=_logging(),
        )
        # Granian's own loader looks for the module in the current folder first, whatever lies there.
        server.serve(target_loader=functools.partial(_load, target), wrap_loader=False)


def _load(target: str) -> Any:
    """Runs in a server process."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)()


def _refuse_taken_port(settings: Settings) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise SettingsInvalid(
                f"cannot listen on {settings.host}:{settings.port}: "
                f"{'another program does' if taken else error.strerror}",
                mend="Set another port (RELEDGER_PORT) or host (RELEDGER_HOST), or stop the other program.",
            ) from error


def _logging() -> dict[str, Any]:
    """The server's own lines as JSON on stderr, like all others."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "api.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {"_granian": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
    }
