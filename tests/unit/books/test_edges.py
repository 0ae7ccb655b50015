"""What an entry itself bears has no edges yet: nobody is asked for them."""

from collections.abc import Iterable, Sequence

from ledger.movements.movement import Line
from ledger.records.books import Books, Key, Record
from ledger.records.lots import EdgeRecord
from tests.support.books import Desk, born, movement

POOL = "https://plant.example/pool/cascade"


class Asked:
    """A source without records, which notes the kinds that it is asked for by key."""

    def __init__(self) -> None:
        self.kinds: list[type[Record]] = []

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        self.kinds.append(kind)
        return ()

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        return ()


def test_edges_of_what_an_entry_bears_are_not_asked_for() -> None:
    asked = Asked()
    desk = Desk(Books(asked))
    desk.book(movement("extract", "event:ore", outputs=(born("ore", 1000, {"Nd": 500}),)))
    desk.book(
        movement(
            "process",
            "event:made",
            inputs=(Line("ore", 600),),
            outputs=(born("made", 400, {"Nd": 300}),),
        )
    )
    desk.book(movement("feed", "event:feed", inputs=(Line("ore", 400),), pool=POOL))
    desk.book(movement("draw", "event:draw", outputs=(born("drawn", 200, {"Nd": 150}),), pool=POOL))
    assert len(desk.books.records(EdgeRecord)) == 4
    assert asked.kinds
    assert EdgeRecord not in asked.kinds
    assert EdgeRecord not in desk.books.take_asked()
