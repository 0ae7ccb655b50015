"""The file of the copy of the lots: in which parts it is written, and what becomes of a damaged one."""

import mmap
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.store import graph_copy
from ledger.store.books_source import NODE_SHIFT
from ledger.store.graph_copy import CopyUnusable, GraphCopy
from tests.support.copied import (
    ON_POSTGRESQL,
    copy_all,
    copy_once,
    is_usable,
    layers,
    lot,
    record,
    same,
    taken,
)
from tests.support.databases import guards_off

pytestmark = ON_POSTGRESQL

PATIENCE_S = 10
WRITER = f"""
import signal, sys, lmdb
signal.alarm({PATIENCE_S})
with lmdb.open(sys.argv[1]).begin(write=True):
    print("writing", flush=True)
    sys.stdin.read()
"""
READER = f"""
import signal, sys, lmdb
signal.alarm({PATIENCE_S})
with lmdb.open(sys.argv[1]).begin():
    print("reading", flush=True)
    sys.stdin.read()
"""


class Stop(Exception):
    pass


def copy_until_stopped(copy: GraphCopy, engine: Engine, patch: pytest.MonkeyPatch, rows: int) -> None:
    """Copies, which ends in the middle of a part: behind so many rows."""
    put, left = graph_copy._value, rows

    def stopped(*row: Any) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stop
        return put(*row)

    with patch.context() as scope:
        scope.setattr(graph_copy, "_value", stopped)
        with pytest.raises(Stop):
            copy_once(copy, engine)


def listed_readers(copy: GraphCopy) -> list[str]:
    """The processes that the file lists as readers."""
    return [line.split()[0] for line in copy._open().environment.readers().splitlines() if line.split()]


@pytest.mark.parametrize("page", [1, 2, 3, 7, 29, 30, 31])
def test_lots_are_copied_by_whole_entries(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Some entries made several lots, two made more than a page of them, and others none."""
    entries = [0, 0, 0, 0, 0, 1, 3, 3, 4, 7, 7, 7, 7, 7, 7, 7, 7, 9]
    made = [lot(place, at=entry, lots=place) for place, entry in enumerate(entries)]
    record(engine, made, 12)
    monkeypatch.setattr(graph_copy, "PAGE", page)
    parts = copy_all(copy, engine)
    assert (parts == 1) == (page > len(made))
    covered = copy.covered()
    assert covered is not None
    assert covered.size == 12
    assert [] not in taken(engine, copy, *[each.node for each in made])


@pytest.mark.parametrize(("pages", "read"), [(4, True), (3, False)])
def test_a_file_is_read_ahead_where_there_is_memory(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch, pages: int, read: bool
) -> None:
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _, *how: asked.append(how))
    copy.warm()
    assert not copy.folder.exists()
    record(engine, layers(), 30)
    copy_all(copy, engine)
    size = (copy.folder / "data.mdb").stat().st_size
    assert size % mmap.PAGESIZE == 0
    memory = {"SC_PHYS_PAGES": pages * size // mmap.PAGESIZE, "SC_PAGE_SIZE": mmap.PAGESIZE}
    monkeypatch.setattr(os, "sysconf", memory.__getitem__)
    copy.warm()
    assert asked == [(0, 0, os.POSIX_FADV_WILLNEED)] * read


def test_numbers_of_any_length_are_found(engine: Engine, copy: GraphCopy) -> None:
    """Of one digit to eight, together and by themselves, in their order and in none."""
    made = [replace(lot(place), node=3**place) for place in range(16)]
    made = [replace(each, entry_index=each.node >> NODE_SHIFT) for each in made]
    record(engine, made, (made[-1].node >> NODE_SHIFT) + 1)
    copy_all(copy, engine)
    nodes = [each.node for each in made]
    assert len({len(str(node)) for node in nodes}) == 8
    named = [f'"name":"urn:lot:ä\\"{place}","kind":"lot"'.encode() for place in range(16)]
    for order in (nodes, nodes[::-1], [*nodes[5:], *nodes[:5]]):
        heads = [found[2] for found in taken(engine, copy, *order)]
        assert heads == [named[nodes.index(node)] for node in order]
    for node, name in zip(nodes, named, strict=True):
        assert taken(engine, copy, node)[0][2] == name
        assert taken(engine, copy, node + 1) == [[]]


def test_what_was_copied_stays_where_copying_is_stopped(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = layers()
    record(engine, made[:20], 20)
    copy_all(copy, engine)
    record(engine, made[20:], 30)
    copy_until_stopped(copy, engine, monkeypatch, 5)
    covered = copy.covered()
    assert covered is not None
    assert covered.size == 20
    assert taken(engine, copy, 21 << NODE_SHIFT) == [[]]
    same(engine, copy)
    copy_all(copy, engine)
    same(engine, copy)


def test_what_was_written_again_is_copied_in_parts(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever that is stopped, answers are the same."""
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    again = [replace(each, tainted_by=30) for each in made[:20]]
    record(engine, again, 31)
    monkeypatch.setattr(graph_copy, "PAGE", 6)
    copy_until_stopped(copy, engine, monkeypatch, 15)
    covered = copy.covered()
    assert covered is not None
    assert (covered.size, covered.length) == (30, 31)
    assert is_usable(engine, copy)
    same(engine, copy)
    record(engine, [replace(each, tainted_by=None) for each in again[:3]], 32)
    same(engine, copy)
    copy_all(copy, engine)
    assert [] not in taken(engine, copy, *[each.node for each in made])
    assert same(engine, copy).nodes[again[5].node].tainted_by == 30


def test_nothing_of_another_log_is_used_where_copying_anew_is_stopped(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    record(engine, [replace(made[14], tainted_by=30)], 31)
    with engine.connect() as connection, guards_off(connection):
        another = {"leaf": bytes(32)}
        connection.execute(text("UPDATE entries SET leaf_hash = :leaf WHERE entry_index = 29"), another)
    copy_until_stopped(copy, engine, monkeypatch, 0)
    assert not is_usable(engine, copy)
    copy_all(copy, engine)
    same(engine, copy)


def test_a_file_that_is_no_copy_is_told_and_not_used(engine: Engine, tmp_path: Path) -> None:
    record(engine, layers(), 30)
    copy = GraphCopy(tmp_path / "graph")
    copy.folder.mkdir()
    (copy.folder / "data.mdb").write_bytes(b"no copy" * 2_000)
    same(engine, copy)
    with pytest.raises(CopyUnusable, match="the copy of the lots cannot be used: "):
        copy_once(copy, engine)
    with pytest.raises(CopyUnusable):
        copy.covered()


def test_a_file_that_has_more_than_it_says_is_told(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), 30)
    copy_all(copy, engine)
    covered = copy.covered()
    assert covered is not None
    with copy._open().environment.begin(write=True) as transaction:
        transaction.put(graph_copy._COVERED, replace(covered, size=20).encode())
    told = f"has lot {20 << NODE_SHIFT}, which is to be copied for the first time"
    with pytest.raises(CopyUnusable, match=told):
        copy_once(copy, engine)
    same(engine, copy)


def test_a_place_that_is_no_folder_is_told_and_not_used(engine: Engine, tmp_path: Path) -> None:
    record(engine, layers(), 30)
    (tmp_path / "file").write_text("")
    copy = GraphCopy(tmp_path / "file" / "graph")
    same(engine, copy)
    with pytest.raises(CopyUnusable):
        copy_once(copy, engine)


def test_no_question_waits_for_another_process_that_writes(
    engine: Engine, copy: GraphCopy, tmp_path: Path
) -> None:
    """It may be stopped, or wait for the database."""
    record(engine, layers(), 30)
    copy_all(copy, engine)
    unopened = shutil.copytree(copy.folder, tmp_path / "unopened")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, unopened], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        assert is_usable(engine, GraphCopy(unopened))
        assert writer.poll() is None


def test_what_a_process_that_was_killed_had_read_is_given_back(engine: Engine, copy: GraphCopy) -> None:
    """Else the file grows by all that is written again since, for as long as the server runs."""
    record(engine, layers(), 30)
    copy_all(copy, engine)
    with subprocess.Popen(
        [sys.executable, "-c", READER, copy.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"
        copy_once(copy, engine)
        assert str(reader.pid) in listed_readers(copy)
        reader.kill()
    assert str(reader.pid) in listed_readers(copy)
    copy_once(copy, engine)
    assert str(reader.pid) not in listed_readers(copy)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system sets nothing aside")
def test_who_reads_needs_no_room_that_a_full_disk_does_not_have(engine: Engine, copy: GraphCopy) -> None:
    """The list of readers is written as memory, which ends a process whose disk has no place for it."""
    record(engine, layers(), 30)
    copy_all(copy, engine)
    listed = (copy.folder / "lock.mdb").stat()
    assert listed.st_size >= graph_copy._READERS * 64
    assert listed.st_blocks * 512 >= listed.st_size


def test_two_of_a_process_share_a_file(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), 30)
    copy_all(copy, engine)
    other = GraphCopy(copy.folder)
    assert other.covered() == copy.covered()
    same(engine, other)
