"""What is read ahead of a batch: by name, and never everything that bears no name."""

from collections.abc import Iterable, Sequence

from ledger.books.prefetch import prefetch
from ledger.movements.movement import KINDS
from ledger.records.books import Books, Key, Record
from tests.support.movement_examples import EXAMPLES, ISSUERS
from tests.support.movements import impart


class Asked:
    """A source without records, which notes what it is asked for."""

    def __init__(self) -> None:
        self.groups: list[tuple[type[Record], str, Key]] = []

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        return ()

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        self.groups += [(kind, group, value) for value in values]
        return ()


def test_what_bears_no_name_is_not_read() -> None:
    """The group of the empty name would grow with the log."""
    asked = Asked()
    prefetch(Books(asked), [(ISSUERS[kind], EXAMPLES[kind]) for kind in KINDS])
    assert [each for each in asked.groups if "" in each[2]] == []


def test_a_technology_without_a_licence_reads_no_licence() -> None:
    asked = Asked()
    prefetch(Books(asked), [("urn:plant", impart("1E902.a"))])
    assert "licence" not in [group for _, group, _ in asked.groups]
    prefetch(Books(asked), [("urn:plant", impart("1E902.a", licence="urn:licence"))])
    assert [value for _, group, value in asked.groups if group == "licence"] == [("urn:licence",)]
