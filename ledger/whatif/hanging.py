"""What hangs on movements that would have been refused: receipts of their shipments, and lots made of theirs.

Decides: how far that is followed. Only counted: each movement is judged against the history as it happened,
and nobody knows what the firms would have done instead.
"""

from typing import Any, Final

from ledger.books.context import Effect
from ledger.records.books import Books
from ledger.records.lots import EdgeRecord, LotRecord, ShipmentLineRecord, ShipmentRecord
from ledger.whatif.judging import Seen, born_of

MOST_REMEMBERED: Final = 50_000
MOST_NODES: Final = 200_000


class Hanging:
    """Remembers what would not have been, and looks what became of it."""

    def __init__(self) -> None:
        self._shipments: list[tuple[str, str]] = []
        self._nodes: set[int] = set()
        self._cut = False

    def add(self, seen: Seen, effect: Effect) -> None:
        """A recorded movement that would have been refused."""
        if len(self._shipments) + len(self._nodes) >= MOST_REMEMBERED:
            self._cut = True
            return
        self._shipments.extend((each.consignor, each.event_id) for each in effect.shipments)
        self._nodes.update(lot.node for lot in born_of(seen))

    def follow(self, now: Books) -> dict[str, Any]:
        """Counts of what hangs on them."""
        received, received_mg = self._received(now)
        lots, cut = self._descendants(now)
        return {
            "shipments": len(self._shipments),
            "received": received,
            "received_mg": received_mg,
            "births": len(self._nodes),
            "descendants": lots,
            "truncated": self._cut or cut,
        }

    def _received(self, now: Books) -> tuple[int, int]:
        """Shipments of which something was received, and how much."""
        now.prefetch(ShipmentRecord, self._shipments)
        now.prefetch_groups(ShipmentLineRecord, "shipment", self._shipments)
        count, mass_mg = 0, 0
        for name in self._shipments:
            shipment = now.get(ShipmentRecord, *name)
            if shipment is None or shipment.received_us is None or shipment.kind == "release":
                continue
            lines = now.group(ShipmentLineRecord, "shipment", *name)
            count += 1
            mass_mg += sum(line.sent_mg - line.left_mg for line in lines)
        return count, mass_mg

    def _descendants(self, now: Books) -> tuple[int, bool]:
        """Lots made of those that would not have been born, these left out."""
        seen = set(self._nodes)
        level = sorted(seen)
        while level and len(seen) < MOST_NODES:
            now.prefetch_groups(EdgeRecord, "parent", [(node,) for node in level])
            found = {
                edge.child
                for node in level
                for edge in now.group(EdgeRecord, "parent", node)
                if edge.voided_at is None
            }
            level = sorted(found - seen)
            seen |= found
        made = sorted(seen - self._nodes)
        now.prefetch_groups(LotRecord, "node", [(node,) for node in made])
        return sum(len(now.group(LotRecord, "node", node)) for node in made), bool(level)
