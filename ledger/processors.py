"""How much of the machine this process may use."""

import os


def processors() -> int:
    """The processors that this process may run on, at least 1."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return usable or 1
