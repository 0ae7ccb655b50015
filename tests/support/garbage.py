"""What only the garbage collector would let go."""

import gc
from types import FrameType, TracebackType


def left_behind() -> list[object]:
    """Errors and frames that only the garbage collector finds."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    found = [each for each in gc.garbage if isinstance(each, BaseException | FrameType | TracebackType)]
    gc.garbage.clear()
    return found
