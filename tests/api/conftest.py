"""Fixtures of the HTTP tests: an application on either engine, with its genesis and its parties."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.cast import Cast, actor
from tests.support.web import Site, open_site


@pytest.fixture
def cast() -> Cast:
    """The usual parties, and a plant, an auditor, and a trader whom nobody names."""
    return Cast(more=[actor("plant", "separator"), actor("auditor", "auditor"), actor("trader", "trader")])


@pytest.fixture
def site(cast: Cast, engine: Engine, tmp_path: Path) -> Iterator[Site]:
    """An application with its genesis: the test runs once for each engine."""
    with open_site(cast, engine, tmp_path / "site") as made:
        yield made
