"""What an application is made of: built once by ``api.app``, asked for everywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from flask import current_app
from sqlalchemy import Connection, Engine

from api.audit_desk import AuditDesk
from api.dealing import Dealing
from api.graph_keeper import GraphKeeper
from api.metrics import Metrics
from api.oversight_desk import OversightDesk
from api.sessions import SessionDesk
from api.settings import Settings
from ledger.clock import Clock
from ledger.registration.mark import Mark
from ledger.registration.registrar import Registrar
from ledger.store.locking import begin_read, busy_as_unavailable

if TYPE_CHECKING:  # it documents the operations, whose calls hold the parts
    from api.documentation import Documentation

EXTENSION: Final = "reledger"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one application.

    Attributes:
        settings: As read.
        engine: The ledger's database.
        registrar: The one way into the log.
        mark: This host's high-water mark.
        clock: The host's clock.
        metrics: What is counted.
        dealing: How many batches each process of the server has under way.
        audits: The audit jobs of this host; ``what_ifs``: its what-ifs.
        graph: What keeps the copy of the lots up; None where the database is a file of this host.
        sessions: The console's sessions.
        oversight: What is counted of the offices.
        documentation: What the application says of itself.
        closes_engine: Whether the engine is the application's own.
    """

    settings: Settings
    engine: Engine
    registrar: Registrar
    mark: Mark
    clock: Clock
    metrics: Metrics
    dealing: Dealing
    audits: AuditDesk
    what_ifs: AuditDesk
    graph: GraphKeeper | None
    sessions: SessionDesk
    oversight: OversightDesk
    documentation: "Documentation"
    closes_engine: bool

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """As ``reading_of``, of the ledger's database."""
        with reading_of(self.engine) as connection:
            yield connection


@contextmanager
def reading_of(engine: Engine) -> Iterator[Connection]:
    """A connection on which every query sees one and the same state.

    Raises:
        StoreBusy: The database is busy, has no room or cannot be reached.
    """
    with busy_as_unavailable(), engine.connect() as connection, begin_read(connection):
        yield connection


def parts() -> Parts:
    """The parts of the application that serves this request."""
    return cast(Parts, current_app.extensions[EXTENSION])
