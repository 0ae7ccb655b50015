"""The last part of a lot's id, by which people call it: ``carb-s-02`` of ``urn:epc:class:lgtin:…CARB-S-02``.

Decides: where that part begins (behind the last ``.``, ``/``, ``:`` or ``=``), and that case does not count.
Said once for the database, whose index is by it, and once for what is asked.
"""

import re
from typing import Final

from sqlalchemy import ColumnElement, Text, literal_column

_SPLITS: Final = re.compile(r"[./:=]")
_PLAIN: Final = "replace(replace(replace(lot, '/', '.'), ':', '.'), '=', '.')"
TAIL_SQL: Final = f"lower(substr({_PLAIN}, length(rtrim({_PLAIN}, replace({_PLAIN}, '.', ''))) + 1))"
"""The part behind the last point: ``rtrim`` takes from the right whatever is no point. Both engines know
these functions, and lower ASCII alone: a lot's column is ordered by bytes."""
TAIL: Final[ColumnElement[str]] = literal_column(TAIL_SQL, Text)


def tail_of(name: str) -> str:
    """The last part of a lot's id, or of what is typed of it, in lower case as the database has it."""
    part = _SPLITS.split(name)[-1]
    return "".join(each.lower() if each.isascii() else each for each in part)
