"""Keeping the copy of the lots up: one process of a host does, and nothing depends on it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx2
import psutil
import pytest
from sqlalchemy import Connection, Engine, text
from structlog.testing import capture_logs

from api import app, graph_keeper
from api.graph_keeper import GraphKeeper
from api.parts import reading_of
from benchmarks.servers import prepared, serving
from ledger.errors import LogInconsistent, StoreBusy
from ledger.store.engine import create_ledger_engine
from ledger.store.graph_copy import OPTION, CopyUnusable, GraphCopy
from ledger.store.log_store import read_head
from tests.support.cast import Cast
from tests.support.goods import Told, tell_goods
from tests.support.web import JOSE, Site

PATIENCE_S = 60.0
QUESTIONS = ("lots", "provenance", "flows")
Reading = Callable[[], AbstractContextManager[Connection]]
Keep = Callable[[GraphCopy, Reading], GraphKeeper]


@pytest.fixture
def engine(postgres_engine: Engine) -> Engine:
    """PostgreSQL alone has a copy beside it."""
    return postgres_engine


@pytest.fixture
def goods(engine: Engine, tmp_path: Path) -> Iterator[Told]:
    with tell_goods(engine, tmp_path / "site") as told:
        yield told


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_keeper, "KEPT_SECONDS", 0.02)
    monkeypatch.setattr(graph_keeper, "FAILED_SECONDS", 0.02)


@pytest.fixture
def keep() -> Iterator[Keep]:
    """Starts keepers that end with the test."""
    with ExitStack() as stack:

        def start(copy: GraphCopy, reading: Reading) -> GraphKeeper:
            keeper = GraphKeeper(copy, reading)
            stack.callback(keeper.close)
            keeper.start()
            return keeper

        yield start


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def size_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return read_head(connection).tree_size


def covers(copy: GraphCopy, engine: Engine) -> bool:
    covered = copy.covered()
    return covered is not None and covered.size == size_of(engine)


@pytest.mark.postgresql
def test_answers_are_the_same_with_the_copy_that_an_application_keeps(goods: Told, engine: Engine) -> None:
    site, inspector = goods.site, goods.cast.authority
    copy: GraphCopy = engine.get_execution_options()[OPTION]
    assert copy.folder == site.parts.settings.graph_folder
    with engine.connect() as connection:
        lots = connection.execute(text("SELECT lot FROM lots ORDER BY lot")).scalars().all()
    askers = [inspector, *goods.cast.companies.values()]
    asked = [
        (f"/v1/{what}?{urlencode({'lot': lot})}", asker)
        for what in QUESTIONS
        for lot in lots
        for asker in askers
    ]

    def answers() -> list[tuple[int, bytes]]:
        found = [site.get(*each) for each in asked]
        return [(each.status_code, each.data if each.status_code == 200 else b"") for each in found]

    before = answers()
    assert sum(status == 200 for status, _ in before) > 2 * len(lots)
    assert not copy.folder.exists()
    assert site.parts.graph is not None
    site.parts.graph.start()
    until(lambda: covers(copy, engine))
    assert answers() == before


@pytest.mark.postgresql
def test_what_comes_later_is_copied_too(cast: Cast, engine: Engine, tmp_path: Path, keep: Keep) -> None:
    registrar = cast.started(engine, tmp_path / "mark")
    copy = GraphCopy(tmp_path / "graph")
    keep(copy, partial(reading_of, engine))
    until(lambda: covers(copy, engine))
    for number in range(3):
        registrar.register(cast.record(number=number))
        until(lambda: covers(copy, engine))
    registrar.close()
    assert size_of(engine) == 4


@pytest.mark.postgresql
def test_of_two_one_copies_and_the_other_takes_over(
    cast: Cast, engine: Engine, tmp_path: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.started(engine, tmp_path / "mark").close()
    copies = [GraphCopy(tmp_path / "graph") for _ in range(2)]
    read = [0, 0]
    warmed: list[GraphCopy] = []
    monkeypatch.setattr(GraphCopy, "warm", lambda copy: warmed.append(copy))

    @contextmanager
    def counted(which: int) -> Iterator[Connection]:
        read[which] += 1
        with reading_of(engine) as connection:
            yield connection

    first = keep(copies[0], partial(counted, 0))
    until(lambda: read[0] > 2)
    keep(copies[1], partial(counted, 1))
    before = read[0]
    until(lambda: read[0] > before + 2)
    assert read[1] == 0
    assert warmed == copies[:1]
    first.close()
    until(lambda: read[1] > 2)
    assert warmed == copies


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreBusy("the database is busy"), ""),
        (LogInconsistent("the log has no entry 7"), "log.inconsistent: the log has no entry 7"),
        (OSError("no room"), "no room"),
        (CopyUnusable("no copy"), "no copy"),
        (ValueError("nobody foresaw it"), "nobody foresaw it"),
    ],
)
def test_what_fails_is_told_and_tried_again(
    cast: Cast,
    engine: Engine,
    tmp_path: Path,
    keep: Keep,
    error: Exception,
    told: str,
) -> None:
    cast.started(engine, tmp_path / "mark").close()
    copy = GraphCopy(tmp_path / "graph")
    failures = [error, error]

    @contextmanager
    def failing() -> Iterator[Connection]:
        if failures:
            raise failures.pop()
        with reading_of(engine) as connection:
            yield connection

    with capture_logs() as logged:
        keep(copy, failing)
        until(lambda: covers(copy, engine))
    assert [line["error"] for line in logged] == [told, told][: 2 * bool(told)]
    assert {line["mend"].rpartition(" ")[2] for line in logged} <= {f"{copy.folder}."}


@pytest.mark.postgresql
def test_tables_that_are_not_there_yet_are_waited_for(
    cast: Cast, engine: Engine, tmp_path: Path, keep: Keep
) -> None:
    cast.started(engine, tmp_path / "mark").close()
    copy = GraphCopy(tmp_path / "graph")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE alembic_version RENAME TO elsewhere"))
    with capture_logs() as logged:
        keep(copy, partial(reading_of, engine))
        until(lambda: len(logged) > 1)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO alembic_version"))
        until(lambda: covers(copy, engine))
    assert "alembic_version" in logged[0]["error"]


@pytest.mark.postgresql
def test_a_folder_that_cannot_be_made_is_told(cast: Cast, engine: Engine, tmp_path: Path, keep: Keep) -> None:
    cast.started(engine, tmp_path / "mark").close()
    (tmp_path / "file").write_text("")
    with capture_logs() as logged:
        keep(GraphCopy(tmp_path / "file" / "graph"), partial(reading_of, engine))
        until(lambda: len(logged) > 1)
    assert "Not a directory" in logged[0]["error"]


@pytest.mark.postgresql
def test_a_disk_that_is_nearly_full_is_left_to_others(
    cast: Cast, engine: Engine, tmp_path: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.started(engine, tmp_path / "mark").close()
    copy, room = GraphCopy(tmp_path / "graph"), graph_keeper.ROOM_BYTES
    monkeypatch.setattr(graph_keeper, "ROOM_BYTES", 2**62)
    with capture_logs() as logged:
        keep(copy, partial(reading_of, engine))
        until(lambda: len(logged) > 1)
        assert not (copy.folder / "data.mdb").exists()
        monkeypatch.setattr(graph_keeper, "ROOM_BYTES", room)
        until(lambda: covers(copy, engine))
    assert "bytes free" in logged[0]["error"]


def test_ledgers_that_share_a_folder_have_each_their_copy(sqlite_site: Site) -> None:
    settings = sqlite_site.parts.settings
    other = settings.with_changes(origin="other.example/log")
    assert other.graph_folder.parent == settings.graph_folder.parent == settings.mark_dir / "graph"
    assert other.graph_folder != settings.graph_folder
    elsewhere = settings.with_changes(graph_dir=settings.mark_dir / "elsewhere")
    assert elsewhere.graph_folder.parent == settings.mark_dir / "elsewhere"


@pytest.mark.parametrize(
    ("answers", "pause_s", "ended_s"),
    [(True, 600.0, graph_keeper.ENDED_SECONDS), (False, 0.02, 0.05)],
    ids=["it waits to copy again", "the database does not answer"],
)
def test_a_keeper_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool, pause_s: float, ended_s: float
) -> None:
    monkeypatch.setattr(graph_keeper, "KEPT_SECONDS", pause_s)
    monkeypatch.setattr(graph_keeper, "ENDED_SECONDS", ended_s)
    asked, answered = threading.Event(), threading.Event()
    if answers:
        answered.set()

    @contextmanager
    def gone() -> Iterator[Connection]:
        asked.set()
        answered.wait(PATIENCE_S)
        raise StoreBusy("the database is gone")
        yield

    keeper = GraphKeeper(GraphCopy(tmp_path / "graph"), gone)
    keeper.start()
    assert asked.wait(PATIENCE_S)
    begun = time.monotonic()
    keeper.close()
    assert time.monotonic() - begun < PATIENCE_S / 2
    answered.set()
    keeper.close()


@pytest.mark.parametrize("more", [True, False])
def test_as_long_as_something_is_left_half_of_the_time_is_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: bool
) -> None:
    """In which it answers. What is new is looked for after a while."""
    monkeypatch.setattr(graph_keeper, "KEPT_SECONDS", 600.0)
    copy = GraphCopy(tmp_path)
    times = iter([100.0, 107.0])
    monkeypatch.setattr(graph_keeper, "time", SimpleNamespace(monotonic=lambda: next(times)))
    monkeypatch.setattr(copy, "copy_more", lambda _: more)
    assert GraphKeeper(copy, nullcontext)._copy_some() == (7.0 if more else 600.0)


def test_after_a_failure_it_is_tried_again_later_than_what_is_new_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log would be full of it. A database that is busy is no failure."""
    monkeypatch.setattr(graph_keeper, "FAILED_SECONDS", 600.0)
    asked = []

    @contextmanager
    def failing() -> Iterator[Connection]:
        asked.append(1)
        raise StoreBusy("the database is busy") if len(asked) < 3 else OSError("no room")
        yield

    keeper = GraphKeeper(GraphCopy(tmp_path / "graph"), failing)
    with capture_logs() as logged:
        keeper.start()
        until(lambda: bool(logged))
        time.sleep(5 * graph_keeper.KEPT_SECONDS)
    keeper.close()
    assert (len(asked), len(logged)) == (3, 1)


def test_a_log_that_cannot_be_told_ends_no_keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    @contextmanager
    def failing() -> Iterator[Connection]:
        asked.append(1)
        raise OSError("no room")
        yield

    keeper = GraphKeeper(GraphCopy(tmp_path / "graph"), failing)

    def untold(*_: object, **__: object) -> None:
        raise OSError("no room for the log either")

    monkeypatch.setattr(keeper, "_log", SimpleNamespace(error=untold))
    keeper.start()
    until(lambda: len(asked) > 2)
    keeper.close()


def test_a_keeper_that_never_began_is_closed(tmp_path: Path) -> None:
    GraphKeeper(GraphCopy(tmp_path / "graph"), nothing_to_read).close()
    assert not (tmp_path / "graph").exists()


def nothing_to_read() -> AbstractContextManager[Connection]:
    raise AssertionError("nobody asks")


def test_beside_a_file_no_copy_is_kept(sqlite_site: Site) -> None:
    assert sqlite_site.parts.graph is None
    assert OPTION not in sqlite_site.parts.engine.get_execution_options()


def test_on_windows_no_copy_is_kept(sqlite_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_ledger_engine("postgresql://nobody@127.0.0.1:1/none")
    settings = sqlite_site.parts.settings
    made = app._graph_keeper(engine, settings)
    assert made is not None
    assert engine.get_execution_options()[OPTION].folder == settings.graph_folder
    monkeypatch.setattr("sys.platform", "win32")
    other = create_ledger_engine("postgresql://nobody@127.0.0.1:1/none")
    assert app._graph_keeper(other, settings) is None
    assert OPTION not in other.get_execution_options()


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_server_keeps_the_copy_though_the_process_that_did_is_killed() -> None:
    cast = Cast()
    with prepared("postgresql", workers=2, cast=cast) as log, serving(log.settings) as running:
        engine = create_ledger_engine(log.settings.database_url)
        copy = GraphCopy(log.settings.graph_folder)
        until(lambda: (copy.folder / "data.mdb").exists() and covers(copy, engine))
        keeper = (copy.folder / "keeper.lock").stat().st_ino
        (holder,) = holders_of(keeper)
        assert psutil.Process(holder).ppid() == running.process.pid
        psutil.Process(holder).kill()
        with httpx2.Client(base_url=running.url, timeout=30) as client:
            until(lambda: posted(client, cast.record(number=1)))
        until(lambda: covers(copy, engine))
        assert size_of(engine) == 2
        assert holder not in holders_of(keeper)
        engine.dispose()


def posted(client: httpx2.Client, jws: bytes) -> bool:
    """Sends a statement; whoever took the connection may be gone."""
    with suppress(httpx2.TransportError):
        answer = client.post("/v1/statements", content=jws, headers=JOSE)
        return answer.status_code in (200, 201)
    return False


def holders_of(inode: int) -> list[int]:
    """The processes that hold a lock on a file, as Linux tells them."""
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [int(each[4]) for each in locks if each[5].endswith(f":{inode}")]
