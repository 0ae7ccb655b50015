"""The published control lists as dated data: what an authority may publish, switch off and on again by act.

Decides: nothing is in force by standing here. A list counts once ``publish-control-list`` states it, until it
is stated again with another span.

Source: the ``source`` of each list; ``verified`` is false where it was not read. Suspended to 2026-11-10 by
MOFCOM announcement 70 of 2025; what followed is not verified.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ledger.materials.tables import packaged_text


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A list as it was announced.

    Attributes:
        control_list: Its code.
        start: From when it was to be in force, RFC 3339.
        suspended: Start and end of its suspension, or None.
        items, conditions: As ``publish-control-list`` states them.
        source: Where it is written. ``verified``: whether that was read.
    """

    control_list: str
    name_en: str
    name_zh: str
    source: str
    verified: bool
    start: str
    suspended: tuple[str, str] | None
    items: tuple[Mapping[str, Any], ...]
    conditions: Mapping[str, Any]

    def act(self, start: str = "", end: str = "") -> dict[str, Any]:
        """The payload that puts the list in force from its own start, or another, to an end or for good."""
        members: dict[str, Any] = {
            "act": "publish-control-list",
            "control_list": self.control_list,
            "start": start or self.start,
            "items": [dict(item) for item in self.items],
            "conditions": {**self.conditions, "source": self.source, "verified": self.verified},
        }
        return members | ({"end": end} if end else {})


@cache
def published_lists() -> Mapping[str, PublishedList]:
    """Every packaged list by its code, in the order of the file."""
    rows = json.loads(packaged_text("control_lists.json"))
    return {row["control_list"]: _read(row) for row in rows}


def _read(row: Mapping[str, Any]) -> PublishedList:
    suspended = row.get("suspended")
    return PublishedList(
        control_list=row["control_list"],
        name_en=row["name_en"],
        name_zh=row["name_zh"],
        source=row["source"],
        verified=row["verified"],
        start=row["start"],
        suspended=None if suspended is None else (suspended["start"], suspended["end"]),
        items=tuple(row["items"]),
        conditions=row["conditions"],
    )
