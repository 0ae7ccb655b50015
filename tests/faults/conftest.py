"""Tests of crashes leave their files on a real disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.temporary import on_disk


@pytest.fixture(autouse=True)
def tmp_path() -> Iterator[Path]:
    """A folder on the disk, where every temporary file of the test goes."""
    with on_disk() as folder:
        yield folder
