"""Challenges and sessions in the database: how long each lasts, how many there are, what is good once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, func, insert, select

from ledger.store import sessions
from ledger.store.locking import SESSION_LOCK_KEY, begin_write
from ledger.store.models import Base
from ledger.store.sessions import (
    IDLE_US,
    LONGEST_US,
    MAX_SESSIONS,
    SECOND_US,
    SessionRow,
)
from tests.support.rows import some_hash

NOW_US = 1_795_000_000 * SECOND_US
KID, OTHER = "k" * 43, "o" * 43
CHALLENGES, SESSIONS = Base.metadata.tables["challenges"], Base.metadata.tables["sessions"]


def count(connection: Connection, table: str) -> int:
    return connection.execute(select(func.count()).select_from(Base.metadata.tables[table])).scalar_one()


def row_of(number: int, kid: str, seen_us: int) -> dict[str, object]:
    return {"session_hash": some_hash(number), "kid": kid, "issued_us": seen_us, "seen_us": seen_us}


def test_the_times_are_these() -> None:
    assert (IDLE_US, LONGEST_US) == (900 * SECOND_US, 28_800 * SECOND_US)
    assert sessions.RENEWAL_US == 60 * SECOND_US


class TestChallenges:
    def test_one_is_good_once(self, engine: Engine) -> None:
        with engine.begin() as connection:
            assert sessions.take_challenge(connection, some_hash(1), NOW_US + 1, NOW_US)
            assert not sessions.take_challenge(connection, some_hash(1), NOW_US + 1, NOW_US)
            assert sessions.take_challenge(connection, some_hash(2), NOW_US + 1, NOW_US)

    def test_one_that_was_taken_in_vain_is_good_again(self, engine: Engine) -> None:
        with engine.connect() as connection:
            assert sessions.take_challenge(connection, some_hash(1), NOW_US + 1, NOW_US)
            connection.rollback()
            assert sessions.take_challenge(connection, some_hash(1), NOW_US + 1, NOW_US)

    def test_those_that_are_over_are_forgotten(self, engine: Engine) -> None:
        with engine.begin() as connection:
            for number in range(3):
                sessions.take_challenge(connection, some_hash(number), NOW_US + 10 + number, NOW_US)
            assert count(connection, "challenges") == 3
            sessions.take_challenge(connection, some_hash("new"), NOW_US + 99, NOW_US + 11)
            assert count(connection, "challenges") == 2

    def test_many_at_once_take_one_once(self, engine: Engine) -> None:
        def take(_: int) -> bool:
            with engine.connect() as connection, begin_write(connection, lock_key=SESSION_LOCK_KEY):
                return sessions.take_challenge(connection, some_hash(1), NOW_US + 1, NOW_US)

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]


class TestSessions:
    def test_one_is_read_back(self, engine: Engine) -> None:
        with engine.begin() as connection:
            made = sessions.add_session(connection, some_hash(1), KID, NOW_US)
            assert made == SessionRow(some_hash(1), KID, NOW_US, NOW_US)
            assert sessions.read_session(connection, some_hash(1), NOW_US) == made
            assert sessions.read_session(connection, some_hash(2), NOW_US) is None
            assert made.expires_us == NOW_US + LONGEST_US
            assert made.idle_expires_us == NOW_US + IDLE_US

    @pytest.mark.parametrize(("after_us", "there"), [(0, True), (IDLE_US - 1, True), (IDLE_US, False)])
    def test_it_ends_when_it_is_idle(self, engine: Engine, after_us: int, there: bool) -> None:
        with engine.begin() as connection:
            sessions.add_session(connection, some_hash(1), KID, NOW_US)
            found = sessions.read_session(connection, some_hash(1), NOW_US + after_us)
            assert (found is not None) is there

    def test_use_puts_off_its_end_but_not_for_ever(self, engine: Engine) -> None:
        with engine.begin() as connection:
            sessions.add_session(connection, some_hash(1), KID, NOW_US)
            step_us = IDLE_US - SECOND_US
            for used_us in range(NOW_US + step_us, NOW_US + LONGEST_US, step_us):
                assert sessions.read_session(connection, some_hash(1), used_us) is not None
                sessions.note_use(connection, some_hash(1), used_us)
            last = sessions.read_session(connection, some_hash(1), NOW_US + LONGEST_US - 1)
            assert last is not None
            assert last.idle_expires_us == last.expires_us == NOW_US + LONGEST_US
            assert sessions.read_session(connection, some_hash(1), NOW_US + LONGEST_US) is None

    def test_use_is_never_noted_backwards(self, engine: Engine) -> None:
        with engine.begin() as connection:
            sessions.add_session(connection, some_hash(1), KID, NOW_US)
            sessions.note_use(connection, some_hash(1), NOW_US - SECOND_US)
            assert sessions.read_session(connection, some_hash(1), NOW_US) == SessionRow(
                some_hash(1), KID, NOW_US, NOW_US
            )

    def test_use_does_not_bring_a_session_back(self, engine: Engine) -> None:
        with engine.begin() as connection:
            sessions.add_session(connection, some_hash(1), KID, NOW_US)
            sessions.end_session(connection, some_hash(1))
            sessions.note_use(connection, some_hash(1), NOW_US + SECOND_US)
            assert sessions.read_session(connection, some_hash(1), NOW_US) is None
            assert count(connection, "sessions") == 0

    def test_each_end_ends_what_it_names(self, engine: Engine) -> None:
        with engine.begin() as connection:
            for number in range(3):
                sessions.add_session(connection, some_hash(number), KID, NOW_US)
            sessions.add_session(connection, some_hash("other"), OTHER, NOW_US)
            sessions.end_session(connection, some_hash(0))
            assert count(connection, "sessions") == 3
            sessions.end_sessions(connection, KID)
            assert sessions.read_session(connection, some_hash("other"), NOW_US) is not None
            assert count(connection, "sessions") == 1

    def test_a_key_has_so_many_and_the_one_used_longest_ago_makes_room(self, engine: Engine) -> None:
        with engine.begin() as connection:
            sessions.add_session(connection, some_hash("other"), OTHER, NOW_US)
            for number in range(MAX_SESSIONS):
                sessions.add_session(connection, some_hash(number), KID, NOW_US + number)
            sessions.note_use(connection, some_hash(0), NOW_US + SECOND_US)
            sessions.add_session(connection, some_hash("new"), KID, NOW_US + 2 * SECOND_US)
            there = set(connection.scalars(select(SESSIONS.c.session_hash)))
        assert there == {some_hash(number) for number in range(MAX_SESSIONS) if number != 1} | {
            some_hash("new"),
            some_hash("other"),
        }

    def test_ten_thousand_of_one_key_do_not_stay(self, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(insert(SESSIONS), [row_of(number, KID, NOW_US) for number in range(10_000)])
            for number in range(10_000, 10_020):
                sessions.add_session(connection, some_hash(number), KID, NOW_US + number)
                assert count(connection, "sessions") == MAX_SESSIONS

    def test_those_that_are_over_are_forgotten_whosever_they_are(self, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(
                insert(SESSIONS), [row_of(number, f"{number:043d}", NOW_US) for number in range(10_000)]
            )
            sessions.add_session(connection, some_hash("new"), KID, NOW_US + IDLE_US - 1)
            assert count(connection, "sessions") == 10_001
            sessions.add_session(connection, some_hash("newer"), KID, NOW_US + IDLE_US)
            assert count(connection, "sessions") == 2
