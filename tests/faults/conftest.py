"""Tests of crashes leave their files on a real disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.registration import batch
from tests.support.temporary import on_disk


@pytest.fixture(autouse=True)
def tmp_path() -> Iterator[Path]:
    """A folder on the disk, where every temporary file of the test goes."""
    with on_disk() as folder:
        yield folder


@pytest.fixture(params=[batch.SENT_AT_ONCE, 1], ids=["together", "one-by-one"])
def sent_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many entries a database that works meanwhile is sent while the next are judged."""
    number: int = request.param
    monkeypatch.setattr(batch, "SENT_AT_ONCE", number)
    return number
