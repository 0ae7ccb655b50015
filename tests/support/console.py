"""The demonstration's ledger, with its story told, behind a real server: what the browser tests open.

The story is told once for a test process and engine; every server has a copy of that ledger.
"""

import contextlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2

from api.app import close_app, create_app
from api.demo.cast import Member
from api.demo.performance import Performance
from api.demo.stage import Stage, prepare
from benchmarks.forking import Forker
from benchmarks.servers import free_port, serving
from ledger.client.http import LedgerClient
from tests.support.postgres import PostgresServer

SQLITE = "sqlite"
POSTGRESQL = "postgresql"


@dataclass(frozen=True)
class Told:
    """A ledger with its story, on which no server runs.

    Attributes:
        stage: Its keys, settings and folder.
        server: The PostgreSQL server that its database is on, or None.
    """

    stage: Stage
    server: PostgresServer | None


@dataclass(frozen=True)
class Console:
    """A running server of the console.

    Attributes:
        engine: ``sqlite`` or ``postgresql``.
        stage: Its keys, settings and folder.
        lasting: Whether it serves more than one test.
    """

    engine: str
    stage: Stage
    lasting: bool = False

    @property
    def url(self) -> str:
        """Where it is, without a slash at its end."""
        return self.stage.url

    @property
    def members(self) -> dict[str, Member]:
        """Everybody with a key, by name: the authority, the operator, and the companies."""
        return {
            "authority": self.stage.authority,
            "auditor": self.stage.auditor,
            "operator": self.stage.operator,
            **self.stage.members,
        }

    def link(self, name: str) -> str:
        """The link that signs a member in."""
        return self.stage.sign_in_link(self.members[name])

    def key_file(self, name: str) -> Path:
        """The key of a member, as PEM."""
        return self.stage.folder / "keys" / f"{name}.pem"


def tell_story(folder: Path, server: PostgresServer | None) -> Told:
    """Tells the demonstration's story in an empty folder; on PostgreSQL where a server is given."""
    url = server.url(server.create_database()) if server is not None else None
    stage = prepare(folder, 1, url)
    app = create_app(stage.settings)
    http = httpx2.Client(transport=httpx2.WSGITransport(app))
    with contextlib.redirect_stdout(io.StringIO()), LedgerClient("http://ledger.test", http=http) as client:
        performance = Performance(stage, client)
        performance.begin()
        performance.tell()
        performance.settle_desks()
    close_app(app)
    return Told(stage, server)


@contextlib.contextmanager
def running(
    told: Told, folder: Path, *, forker: Forker | None = None, lasting: bool = False
) -> Iterator[Console]:
    """A server, with a forker from there, on a copy of the ledger, which is removed with it."""
    with contextlib.ExitStack() as stack:
        shutil.copytree(told.stage.folder, folder)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = f"sqlite:///{folder / 'ledger.db'}"
        if told.server is not None:
            template = told.stage.settings.database_url.partition("?")[0].rpartition("/")[2]
            name = told.server.create_database(template)
            stack.callback(told.server.drop_database, name)
            url = told.server.url(name)
        settings = replace(
            told.stage.settings,
            database_url=url,
            log_key_file=folder / "keys" / "log.pem",
            mark_dir=folder / "mark",
            port=free_port(),
        )
        stage = replace(told.stage, folder=folder, settings=settings)
        stack.enter_context(serving(settings, forker=forker))
        yield Console(SQLITE if told.server is None else POSTGRESQL, stage, lasting)
