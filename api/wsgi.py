"""The WSGI entry point: ``build`` makes the application in each server process, from its environment.

Nothing happens when this module is imported; a server's workers call ``build`` after they were forked or
spawned, so that no connection, thread or lock is shared between processes.
"""

import gc
import multiprocessing
import multiprocessing.util
import sys
from collections.abc import Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from api.app import close_app, create_app
from api.ending import end_with
from api.logs import configure_logging
from api.parts import EXTENSION, Parts
from api.settings import load_settings

COLLECT_AFTER: Final = 100_000
# The committer asks for the interpreter after every step of the database, with the log lock held; at Python's
# own 5 ms for each thread that runs meanwhile, the other processes would wait for it. At half a millisecond
# the examining threads change so often that a statement takes an eighth more processor time.
_SWITCH_SECONDS: Final = 0.002


def build() -> WSGIApplication:
    """The application of this process, whose statements in waiting are committed when the process ends."""
    settings = load_settings()
    configure_logging(settings)
    app = create_app(settings)
    # Granian's workers end as multiprocessing's processes do: atexit is not run, finalizers are.
    multiprocessing.util.Finalize(None, close_app, args=(app,), exitpriority=10)
    parts: Parts = app.extensions[EXTENSION]
    parts.registrar.start()
    if parts.graph is not None:
        parts.graph.start()
    _collect_less()
    sys.setswitchinterval(_SWITCH_SECONDS)
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with(parent.pid)
    return WholeAnswers(app)


def _collect_less() -> None:
    """What was made to start with stays: the garbage collector need not look at it again and again.

    Statements make many objects and hardly any cycles, so it is called less often as well.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])


class WholeAnswers:
    """Hands an answer of known length to the server in one piece; streams stay streams.

    Granian sends a list in one go and anything else piece by piece through a channel, at several times the
    cost.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        whole = False

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal whole
            whole = any(name.lower() == "content-length" for name, _ in headers)
            return start_response(status, headers, exc_info)

        pieces = self._application(environ, start)
        if not whole:
            return pieces
        try:
            return [b"".join(pieces)]
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
