"""What the copy of the lots tells: it is read as it was written, or counts as nothing."""

from types import SimpleNamespace

import lmdb
import pytest

from ledger.store.graph_copy import FORMAT, CopiedLots, Covered


@pytest.mark.parametrize(
    "stored",
    [
        None,
        b"",
        FORMAT,
        b"0\0" + b"5\0" + b"6\0aa\0rev",
        b"1\0" + b"5\0aa\0rev",
    ],
)
def test_what_another_version_copied_counts_as_nothing(stored: bytes | None) -> None:
    assert Covered.decode(stored) is None


@pytest.mark.parametrize(
    ("written", "damaged"),
    [
        (b"\x005", b"\0x"),
        (b"\x006", b"\0"),
        (b"aa", b"aq"),
        (b"rev", b"\xff"),
        (b"\0rev", b""),
        (b"rev", b"rev\0"),
        (FORMAT, b"0"),
    ],
)
def test_what_is_damaged_counts_as_nothing(written: bytes, damaged: bytes) -> None:
    stored = Covered(5, 6, b"\xaa", "rev").encode()
    assert stored.count(written) == 1
    assert Covered.decode(stored) is not None
    assert Covered.decode(stored.replace(written, damaged)) is None


def test_what_is_covered_is_read_as_it_was_written() -> None:
    covered = Covered(7, 9, bytes(range(32)), "0015")
    assert Covered.decode(covered.encode()) == covered


@pytest.mark.parametrize("error", [lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.Error])
def test_of_a_file_that_is_damaged_everything_is_left_to_the_database(error: type[Exception]) -> None:
    def get(key: bytes) -> bytes:
        if key == b"\x012":
            raise error
        return b"\0\0\0"

    lots = CopiedLots(SimpleNamespace(get=get), [3])
    assert lots.take(["1", "3"]) == [[b"", b"", b"", b""], None]
    assert lots.take(["1", "2", "3"]) == [None, None, None]
