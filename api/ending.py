"""A process that ends once the one that started it is gone."""

import os
import signal
import threading
import time
from typing import Final

_POLL_SECONDS: Final = 1.0


def end_with(parent: int | None) -> None:
    """Ends this process in order once its parent is gone, which was killed then: a server that nobody can
    stop would go on holding the port.

    Args:
        parent: The parent's process id.
    """
    threading.Thread(target=_watch, args=(parent,), name="reledger-parent", daemon=True).start()


def _watch(parent: int | None) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    while True:
        # Said again and again: until the server listens to signals they are lost.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_POLL_SECONDS)
