"""What is refused is let go at once.

An error that is kept in a cycle keeps the frames that it passed, with a statement of up to a MiB, until the
garbage collector comes, which a server calls seldom.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

import pytest
from sqlalchemy import Engine

from ledger.errors import LogInconsistent, RequestError, StoreBusy
from ledger.registration.batch import BatchWriter
from ledger.registration.registrar import Registrar
from tests.support.cast import Cast, actor
from tests.support.garbage import left_behind

LINES = 40


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def registrar(cast: Cast, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = cast.started(engine, tmp_path / "mark")
    made.register(cast.record(number=999))
    yield made
    made.close()


def test_a_cycle_is_found() -> None:
    def fail() -> None:
        kept = ValueError()
        raise kept

    with pytest.raises(ValueError):
        fail()
    assert {type(each) for each in left_behind()} == {ValueError, FrameType, TracebackType}


def statements(cast: Cast, what: str) -> list[bytes]:
    stranger = actor("stranger", "miner")
    return {
        "good": [cast.record(number=number) for number in range(LINES)],
        "malformed": [b"x" * 100] * LINES,
        "of an unknown key": [cast.record(stranger, number=number) for number in range(LINES)],
        "for another log": [
            cast.record(origin="elsewhere.example/log", number=number) for number in range(LINES)
        ],
        "not JSON": [cast.sign(b"[", cast.mine) for _ in range(LINES)],
    }[what]


KINDS = ["good", "malformed", "of an unknown key", "for another log", "not JSON"]


@pytest.mark.parametrize("what", KINDS)
def test_lines(cast: Cast, registrar: Registrar, what: str) -> None:
    lines = enumerate(statements(cast, what))
    gc.collect()
    assert sum(result.error is None for result in registrar.register_lines(lines)) == LINES * (what == "good")
    del lines
    assert left_behind() == []


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("checked", [False, True])
def test_single_statements(cast: Cast, registrar: Registrar, what: str, checked: bool) -> None:
    sent = statements(cast, what)
    gc.collect()
    for jws in sent:
        if checked:
            assert (registrar.check(jws).would_be == "created") == (what == "good")
            continue
        try:
            registrar.register(jws)
        except RequestError:
            assert what != "good"
        else:
            assert what == "good"
    assert left_behind() == []


@pytest.mark.parametrize("error", [StoreBusy("not now"), LogInconsistent("never again")])
def test_statements_whose_batch_fails(
    cast: Cast, registrar: Registrar, monkeypatch: pytest.MonkeyPatch, error: RequestError
) -> None:
    def fail(*parts: object, **named: object) -> None:
        raise type(error)(error.detail)

    monkeypatch.setattr(BatchWriter, "write", fail)
    sent = statements(cast, "good")
    gc.collect()
    for jws in sent:
        with pytest.raises(type(error)):
            registrar.register(jws)
    assert all(type(result.error) is type(error) for result in registrar.register_lines(enumerate(sent)))
    assert left_behind() == []
    if isinstance(error, LogInconsistent):  # it is kept for good: with what it passed it would only grow
        assert registrar.stopped is not None
        assert registrar.stopped.__traceback__ is None
