"""The copy of the lots beside PostgreSQL: it tells what the database tells, or it is not used."""

import json
import random
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.errors import LogInconsistent
from ledger.provenance.graph import walk
from ledger.records.lots import EdgeRecord, LotVersionRecord
from ledger.records.steps import tell_lot
from ledger.simulation.registering import register_folder
from ledger.simulation.simulate import simulate
from ledger.store import graph_copy
from ledger.store.books_source import NODE_SHIFT, write_records
from ledger.store.graph_copy import OPTION, Covered, GraphCopy
from ledger.store.locking import begin_read
from tests.support.copied import (
    ON_POSTGRESQL,
    STEPS,
    TOP,
    WIDTH,
    copy_all,
    copy_once,
    is_usable,
    layers,
    lot,
    record,
    same,
    taken,
    told,
)
from tests.support.databases import guards_off

pytestmark = ON_POSTGRESQL


def of_lots(queries: Sequence[str]) -> int:
    return sum("string_agg" in query for query in queries)


def test_a_way_is_taken_from_the_copy_alone(engine: Engine, copy: GraphCopy, asked: list[str]) -> None:
    record(engine, layers(), WIDTH * STEPS)
    assert copy_all(copy, engine) == 1
    covered = copy.covered()
    assert covered is not None
    assert (covered.size, covered.length) == (WIDTH * STEPS, WIDTH * STEPS)
    assert covered.leaf_hash == (WIDTH * STEPS - 1).to_bytes(32)
    assert told(engine, copy).size > WIDTH * 2
    assert asked == []
    found = same(engine, copy)
    assert found.size == told(engine, None).size
    assert of_lots(asked) == 2 * STEPS


@pytest.mark.parametrize("most", [0, 1, 7, 12, 100])
def test_a_way_that_is_cut_short_is_the_same(engine: Engine, copy: GraphCopy, most: int) -> None:
    record(engine, layers(), WIDTH * STEPS)
    copy_all(copy, engine)
    same(engine, copy, most=most)
    same(engine, copy, depth=2)
    same(engine, copy, since_us=WIDTH * 2)
    assert told(engine, copy, depth=2).dump_edges().count("[") == 1 + 2 + 4


def test_nothing_is_copied_where_nobody_keeps_a_copy(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), WIDTH * STEPS)
    same(engine, copy)
    assert not copy.folder.exists()
    assert not is_usable(engine, copy)


def test_an_empty_log_has_nothing_to_copy(engine: Engine, copy: GraphCopy) -> None:
    assert not copy_once(copy, engine)
    assert copy.covered() is None
    assert not is_usable(engine, copy)


def test_what_is_new_is_asked_of_the_database_and_then_copied(
    engine: Engine, copy: GraphCopy, asked: list[str]
) -> None:
    made = layers()
    record(engine, made[:20], 20)
    copy_all(copy, engine)
    record(engine, made[20:], WIDTH * STEPS)
    same(engine, copy)
    copy_all(copy, engine)
    asked.clear()
    told(engine, copy)
    assert asked == []


def test_a_lot_that_tells_its_parents_by_edges_alone_is_asked_for(
    engine: Engine, copy: GraphCopy, asked: list[str]
) -> None:
    made = layers()
    edges = [EdgeRecord(made[15].node, parent, 15, None) for parent in made[15].made_of or ()]
    made[15] = replace(made[15], made_of=None)
    record(engine, made, WIDTH * STEPS, *edges)
    copy_all(copy, engine)
    found = same(engine, copy, made[15].node)
    assert found.size > 3
    assert taken(engine, copy, made[15].node) == [[]]
    assert taken(engine, copy) == []


def test_a_lot_that_was_written_again_is_told_as_it_is(engine: Engine, copy: GraphCopy) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    record(engine, [replace(made[13], tainted_by=30, made_of=(made[7].node,))], 31)
    found = same(engine, copy)
    assert found.nodes[made[13].node].tainted_by == 30
    copy_all(copy, engine)
    assert same(engine, copy).nodes[made[13].node].tainted_by == 30
    _, made_of, *told_again = taken(engine, copy, made[13].node)[0]
    assert made_of == f"[{made[7].node}]".encode()
    assert b"".join(told_again) == tell_lot(replace(made[13], tainted_by=30)).encode()


def test_a_lot_whose_parents_are_told_by_edges_from_now_on_leaves_the_copy(
    engine: Engine, copy: GraphCopy
) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    record(engine, [replace(made[14], made_of=None)], 31)
    copy_all(copy, engine)
    assert taken(engine, copy, made[14].node, made[13].node)[0] == []
    same(engine, copy)


def test_a_number_that_a_lot_had_before_leaves_the_copy(engine: Engine, copy: GraphCopy) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    kept = {
        name: getattr(made[14], name)
        for name in [each.name for each in fields(LotVersionRecord) if each.name != "changed_at"]
    }
    elsewhere = replace(made[14], node=30 << NODE_SHIFT, entry_index=30)
    record(engine, [elsewhere], 31, LotVersionRecord(changed_at=30, **kept))
    assert taken(engine, copy, made[14].node) == [[]]
    same(engine, copy)
    copy_all(copy, engine)
    assert taken(engine, copy, made[14].node) == [[]]
    assert taken(engine, copy, elsewhere.node) != [[]]
    same(engine, copy)
    same(engine, copy, elsewhere.node)


def test_a_number_beyond_what_is_copied_at_once_waits_for_its_turn(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = layers()
    record(engine, made[:20], 20)
    copy_all(copy, engine)
    kept = {
        each.name: getattr(made[14], each.name)
        for each in fields(LotVersionRecord)
        if each.name != "changed_at"
    }
    elsewhere = replace(made[14], node=21 << NODE_SHIFT, entry_index=21)
    more = [lot(20, 1), lot(22, 20), lot(23, 21)]
    record(engine, [*more, elsewhere], 24, LotVersionRecord(changed_at=21, **kept))
    monkeypatch.setattr(graph_copy, "PAGE", 1)
    assert copy_once(copy, engine)
    same(engine, copy, 23 << NODE_SHIFT)
    assert copy_all(copy, engine) > 1
    assert [] not in taken(engine, copy, elsewhere.node, *[each.node for each in more])
    same(engine, copy, 23 << NODE_SHIFT)


def test_another_log_is_copied_anew(engine: Engine, copy: GraphCopy) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    with engine.connect() as connection, guards_off(connection):
        connection.execute(
            text("UPDATE entries SET leaf_hash = :leaf WHERE entry_index = 29"), {"leaf": bytes(32)}
        )
        connection.execute(text("DELETE FROM lots WHERE entry_index = 12"))
        connection.execute(text("DELETE FROM edges WHERE child = :node"), {"node": 12 << NODE_SHIFT})
    assert not is_usable(engine, copy)
    same(engine, copy)
    copy_all(copy, engine)
    assert is_usable(engine, copy)
    assert taken(engine, copy, 12 << NODE_SHIFT) == [[]]
    same(engine, copy)


def test_a_log_that_is_shorter_than_what_was_copied_is_copied_anew(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), 30)
    copy_all(copy, engine)
    with engine.connect() as connection, guards_off(connection):
        connection.execute(text("DELETE FROM entries WHERE entry_index >= 25"))
        connection.execute(text("DELETE FROM lots WHERE entry_index >= 25"))
        connection.execute(text("UPDATE head SET tree_size = 25"))
    assert not is_usable(engine, copy)
    copy_all(copy, engine)
    covered = copy.covered()
    assert covered is not None
    assert covered.size == 25
    assert taken(engine, copy, 26 << NODE_SHIFT, 24 << NODE_SHIFT)[0] == []
    same(engine, copy, 24 << NODE_SHIFT)


def test_a_log_that_was_emptied_leaves_nothing_in_the_copy(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), 30)
    copy_all(copy, engine)
    with engine.connect() as connection, guards_off(connection):
        for table in ("entries", "lots", "edges"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE head SET tree_size = 0"))
    assert not copy_once(copy, engine)
    assert copy.covered() is None


def test_a_log_without_its_last_entry_is_not_copied(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), 30)
    with engine.connect() as connection, guards_off(connection):
        connection.execute(text("DELETE FROM entries WHERE entry_index = 29"))
    with pytest.raises(LogInconsistent, match="the log has no entry 29, though it is longer"):
        copy_once(copy, engine)
    assert copy.covered() is None


def test_tables_of_another_version_are_copied_anew(engine: Engine, copy: GraphCopy) -> None:
    record(engine, layers(), 30)
    copy_all(copy, engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    assert not is_usable(engine, copy)
    copy_all(copy, engine)
    assert is_usable(engine, copy)


def test_a_copy_that_is_ahead_of_a_transaction_is_not_used_by_it(engine: Engine, copy: GraphCopy) -> None:
    made = layers()
    record(engine, made[:20], 20)
    copy_all(copy, engine)
    with engine.connect() as connection, begin_read(connection):
        connection.execute(text("SELECT 1 FROM head")).all()
        record(engine, [replace(made[14], tainted_by=20), *made[20:]], 30)
        copy_all(copy, engine)
        with copy.reading(connection) as lots:
            assert lots is None
        options = connection.execution_options(**{OPTION: copy})
        assert walk(options, [19 << NODE_SHIFT], "upstream").nodes[14 << NODE_SHIFT].tainted_by is None
    assert is_usable(engine, copy)


@pytest.mark.parametrize("covered", [0, 12])
def test_a_part_that_was_copied_later_is_not_used_by_an_earlier_transaction(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch, covered: int
) -> None:
    """The copy covers less than the transaction sees, and has it as it became afterwards."""
    made = layers()
    if covered:
        record(engine, made[:covered], covered)
        copy_all(copy, engine)
    record(engine, made[covered:], 30)
    with engine.connect() as connection, begin_read(connection):
        connection.execute(text("SELECT 1 FROM head")).all()
        record(engine, [replace(made[14], tainted_by=30)], 31)
        monkeypatch.setattr(graph_copy, "PAGE", 8)
        while (copy.covered() or Covered(0, 0, b"", "")).size < 20:
            assert copy_once(copy, engine)
        options = connection.execution_options(**{OPTION: copy})
        assert walk(options, [made[14].node], "upstream").nodes[made[14].node].tainted_by is None
    assert same(engine, copy, made[14].node).nodes[made[14].node].tainted_by == 30
    assert is_usable(engine, copy)


def test_what_is_written_again_twice_is_not_told_to_a_transaction_in_between(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row says when it was written last alone, so that the part copied next does not have it."""
    made = layers()
    record(engine, made[:20], 20)
    copy_all(copy, engine)
    record(engine, [replace(made[14], tainted_by=20), *made[20:22]], 22)
    record(engine, made[22:], 30)
    with engine.connect() as connection, begin_read(connection):
        connection.execute(text("SELECT 1 FROM head")).all()
        record(engine, [replace(made[14], tainted_by=20, made_of=(made[7].node,))], 31)
        monkeypatch.setattr(graph_copy, "PAGE", 4)
        assert copy_once(copy, engine)
        assert (copy.covered() or Covered(0, 0, b"", "")).size in range(21, 30)
        options = connection.execution_options(**{OPTION: copy})
        assert walk(options, [made[14].node], "upstream").nodes[made[14].node].tainted_by == 20
    same(engine, copy, made[14].node)


def test_a_log_that_was_cut_behind_what_is_covered_is_copied_anew(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that the copy covers were written again by entries that the database has lost since."""
    made = layers()
    record(engine, made, 30)
    record(engine, [replace(made[2], tainted_by=30)], 31)
    monkeypatch.setattr(graph_copy, "PAGE", 8)
    assert copy_once(copy, engine)
    with engine.connect() as connection, guards_off(connection):
        connection.execute(text("DELETE FROM entries WHERE entry_index >= 30"))
        connection.execute(text("UPDATE head SET tree_size = 30"))
        write_records(connection, [made[2]])
        connection.execute(text("UPDATE lots SET rewritten_at = NULL"))
    record(engine, [], 40)
    with engine.connect() as connection, guards_off(connection):
        another = {"leaf": bytes(32)}
        connection.execute(text("UPDATE entries SET leaf_hash = :leaf WHERE entry_index = 30"), another)
    same(engine, copy)
    copy_all(copy, engine)
    same(engine, copy)


def test_a_question_sees_the_copy_as_it_was_when_it_began(engine: Engine, copy: GraphCopy) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    with engine.connect() as connection, begin_read(connection), copy.reading(connection) as lots:
        assert lots is not None
        record(engine, [replace(made[14], tainted_by=30)], 31)
        copy_all(copy, engine)
        assert lots.take([str(made[14].node)])[0] is not None
        assert b'"tainted_by":null' in b"".join(lots.take([str(made[14].node)])[0] or ())


@pytest.mark.parametrize(("most", "used"), [(3, True), (2, False)])
def test_a_copy_that_is_far_behind_is_not_used(
    engine: Engine, copy: GraphCopy, monkeypatch: pytest.MonkeyPatch, most: int, used: bool
) -> None:
    made = layers()
    record(engine, made, 30)
    copy_all(copy, engine)
    record(engine, [replace(each, tainted_by=30) for each in made[:2]], 31)
    monkeypatch.setattr(graph_copy, "MOST_REWRITTEN", most)
    assert is_usable(engine, copy) == used
    same(engine, copy)


def test_downstream_and_earlier_states_are_asked_of_the_database(
    engine: Engine, copy: GraphCopy, asked: list[str]
) -> None:
    record(engine, layers(), 30)
    copy_all(copy, engine)
    with engine.connect() as connection, begin_read(connection):
        connection = connection.execution_options(**{OPTION: copy})
        assert walk(connection, [0], "downstream").size > WIDTH
        assert of_lots(asked) == STEPS
        assert walk(connection, [TOP], "upstream", at=29).size == told(engine, copy).size
        assert of_lots(asked) == 2 * STEPS


@pytest.mark.slow
def test_while_a_country_is_recorded_the_copy_has_what_the_database_has(
    engine: Engine, copy: GraphCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any time, whenever the copy was last kept up: with late filing, corrections, returns and pools."""
    simulate(tmp_path / "country", movements=400, plant=0.1, seed=8)
    monkeypatch.setattr(graph_copy, "PAGE", 50)
    chance = random.Random(5)
    seen = {"usable": 0, "left out": 0}

    def look(done: int, _whole: int) -> None:
        if chance.random() < 0.3:
            copy_once(copy, engine)
        if chance.random() < 0.3:
            compare(engine, copy, seen)

    register_folder(tmp_path / "country", engine, look)
    compare(engine, copy, seen)
    copy_all(copy, engine)
    compare(engine, copy, seen)
    assert seen["usable"] > 10
    assert seen["left out"] > 10
    with engine.connect() as connection:
        tops = connection.execute(
            text("SELECT node FROM lots WHERE stage = 'magnet' ORDER BY node LIMIT 40")
        ).all()
    assert len(tops) > 5
    for (top,) in tops:
        same(engine, copy, top)


def compare(engine: Engine, copy: GraphCopy, seen: dict[str, int]) -> None:
    """Holds each lot of the copy against the database's, and every number that a lot ever had."""
    with engine.connect() as connection, begin_read(connection), copy.reading(connection) as lots:
        if lots is None:
            return
        seen["usable"] += 1
        rows = connection.execute(text("SELECT node, made_of, told FROM lots")).all()
        before = connection.execute(text("SELECT node FROM lot_versions")).all()
        numbers = [str(node) for node in sorted({row[0] for row in [*rows, *before]})]
        stands = {str(node): (made_of, told) for node, made_of, told in rows}
        covered = copy.covered()
        assert covered is not None
        for number, found in zip(numbers, lots.take(numbers), strict=True):
            if found is None:
                made_of = stands.get(number, (None, None))[0]
                seen["left out"] += made_of is not None and int(number) >> NODE_SHIFT < covered.size
                continue
            made_of, told = stands[number]
            assert [found[1], found[2] + found[3]] == [made_of.encode(), told.encode()]
            pairs = [[int(number), parent] for parent in json.loads(made_of)]
            assert json.loads(b"[%s]" % found[0]) == pairs
