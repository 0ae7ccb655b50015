"""Fixtures of the HTTP tests: applications on either engine, with their genesis and their parties."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine

from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast, actor
from tests.support.databases import engine_asked_for
from tests.support.goods import Told, tell_goods
from tests.support.story import Story, tell_story
from tests.support.web import Site, open_site


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Errors alone are logged: without a server nothing has read the settings that say so."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.fixture
def cast() -> Cast:
    """The usual parties, and a plant, an auditor, and a trader."""
    return Cast(more=[actor("plant", "separator"), actor("auditor", "auditor"), actor("trader", "trader")])


@pytest.fixture
def site(cast: Cast, engine: Engine, tmp_path: Path) -> Iterator[Site]:
    """An application with its genesis: the test runs once for each engine."""
    with open_site(cast, engine, tmp_path / "site") as made:
        yield made


@pytest.fixture
def sqlite_site(cast: Cast, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """An application with its genesis, for tests that ask nothing of the database."""
    engine = create_ledger_engine(sqlite_url)
    with open_site(cast, engine, tmp_path / "site") as made:
        yield made
    engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A log with some of everything in it, for tests that change nothing: they run once for each engine."""
    folder = tmp_path_factory.mktemp("story")
    with engine_asked_for(request, folder) as engine, tell_story(engine, folder / "site") as made:
        yield made


@pytest.fixture
def story_site(story: Story) -> Site:
    """The story's application."""
    return story.site


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story of goods, for tests that change nothing: they run once for each engine."""
    folder = tmp_path_factory.mktemp("goods")
    with engine_asked_for(request, folder) as engine, tell_goods(engine, folder / "site") as made:
        yield made
