"""Books that count what they hand out: how the work of one statement grows with what stands there already."""

from dataclasses import dataclass, field
from typing import Any

from ledger.books.apply import apply_movement
from ledger.movements.movement import Movement
from ledger.records.books import Books, R
from tests.support.yard import MINER, Yard


class CountedBooks(Books):
    """Counts every record that was asked for, alone or in a group.

    Attributes:
        looked_at: How many so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = 0

    def get(self, kind: type[R], *key: Any) -> R | None:
        self.looked_at += 1
        return super().get(kind, *key)

    def group(self, kind: type[R], group: str, *value: Any) -> list[R]:
        found = super().group(kind, group, *value)
        self.looked_at += 1 + len(found)
        return found


@dataclass
class CountedYard(Yard):
    """A yard that checks nothing and tells how many records each movement looked at."""

    books: CountedBooks = field(default_factory=CountedBooks)
    last: int = 0

    def book(self, moved: Movement, issuer: str = MINER) -> Any:
        before = self.books.looked_at
        self.books.begin()
        effect = apply_movement(moved, self.recording(issuer), 0)
        self.books.commit()
        self.index += 1
        self.last = self.books.looked_at - before
        return effect
