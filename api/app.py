"""The application: the one place where the parts are put together.

Nothing is opened, read or started when this module is imported. ``create_app`` reads the log's key and
builds the rest lazily: the database is first touched by the first request, the committer started by the
first statement, in the process that serves it.
"""

import sys
from functools import cache, partial
from typing import Final

from flask import Flask
from sqlalchemy import Engine

from api.audit_desk import AuditDesk
from api.challenges import Challenges
from api.console import shell
from api.dealing import Dealing
from api.documentation import Documentation
from api.graph_keeper import GraphKeeper
from api.log_key import derive_secret, open_mark, read_log_key
from api.metrics import Metrics, shared_folder
from api.observing import install_observing
from api.operations import Resource, install_operations
from api.oversight_desk import OversightDesk
from api.parts import EXTENSION, Parts, reading_of
from api.problems import install_problems
from api.resources import (
    acts,
    attachments,
    audit_chain,
    audits,
    batch,
    dependence,
    documents,
    entries,
    events,
    export_control,
    flows,
    front,
    health,
    in_force,
    keys,
    log,
    lots,
    oversight,
    parties,
    receivables,
    refusals,
    search,
    sessions,
    sites,
    statements,
    statistics,
    stock,
    tiles,
    what_ifs,
)
from api.sessions import SessionDesk
from api.settings import Settings
from ledger.clock import Clock, SystemClock
from ledger.log.note import NoteSigner
from ledger.processors import processors
from ledger.registration.committer import Limits
from ledger.registration.registrar import Registrar
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.graph_copy import OPTION, GraphCopy

RESOURCES: Final[tuple[Resource, ...]] = (
    statements.resource,
    batch.resource,
    acts.resource,
    keys.resource,
    parties.resource,
    sites.resource,
    log.resource,
    entries.resource,
    tiles.resource,
    audit_chain.resource,
    audits.resource,
    refusals.resource,
    search.resource,
    lots.resource,
    flows.resource,
    stock.resource,
    oversight.resource,
    statistics.resource,
    dependence.resource,
    receivables.resource,
    export_control.resource,
    in_force.resource,
    events.resource,
    attachments.resource,
    what_ifs.resource,
    sessions.resource,
    health.resource,
    documents.resource,
    front.resource,
    shell.resource,
)


def create_app(
    settings: Settings,
    *,
    engine: Engine | None = None,
    registrar: Registrar | None = None,
    clock: Clock | None = None,
) -> Flask:
    """A WSGI application on one ledger; end it with ``close_app``.

    Args:
        settings: As read.
        engine: The ledger's database, where it is open already; it stays open.
        registrar: The one way into the log, where there is one already; it is closed with the application.
        clock: The host's clock.

    Raises:
        SettingsInvalid: The database's URL cannot be used.
        KeyFileInvalid: The log's key cannot be read.
    """
    clock = clock or SystemClock()
    log_key = read_log_key(settings)
    signer = NoteSigner.from_private_key(settings.origin, log_key)
    mark = open_mark(settings, signer)
    metrics = Metrics()
    own_engine = engine is None
    if engine is None:
        engine = create_ledger_engine(settings.database_url, pool_size=settings.database_pool_size)
    if registrar is None:
        limits = Limits(queue_statements=settings.queue_limit)
        registrar = Registrar(
            engine,
            settings.origin,
            signer,
            mark,
            clock,
            limits=limits,
            observe=metrics.observe_batch,
            examiners=max(1, processors() // settings.workers),
        )
    parts = Parts(
        settings=settings,
        engine=engine,
        registrar=registrar,
        mark=mark,
        clock=clock,
        metrics=metrics,
        dealing=Dealing(shared_folder(), settings.workers),
        audits=AuditDesk(settings, clock),
        what_ifs=AuditDesk(settings, clock, what="what-if", module="api.what_if_job"),
        graph=_graph_keeper(engine, settings),
        sessions=SessionDesk(engine, clock, Challenges(derive_secret(log_key, "session challenges"))),
        oversight=OversightDesk(clock),
        documentation=Documentation(RESOURCES),
        closes_engine=own_engine,
    )
    app = _without_routes()
    app.url_map = _routed().url_map
    app.view_functions.update(_routed().view_functions)
    app.extensions[EXTENSION] = parts
    install_problems(app, settings.origin)
    install_observing(app, metrics)
    return app


def _graph_keeper(engine: Engine, settings: Settings) -> GraphKeeper | None:
    """What keeps a copy of the lots beside an engine that answers from another process."""
    if is_sqlite(engine) or sys.platform == "win32":  # there its file would be as large as it may become
        return None
    copy = GraphCopy(settings.graph_folder)
    engine.update_execution_options(**{OPTION: copy})
    return GraphKeeper(copy, partial(reading_of, engine))


def _without_routes() -> Flask:
    return Flask("reledger", static_folder=None, template_folder=None)


@cache
def _routed() -> Flask:
    """The routes, which are alike for every ledger: to make them takes most of what an application takes."""
    app = _without_routes()
    # A party's identifier is a URI and stands in paths; "//" in it means what it says.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    install_operations(app, RESOURCES)
    return app


def close_app(app: Flask) -> None:
    """Commits what is queued, ends this process's audits, and lets the database go."""
    parts: Parts = app.extensions[EXTENSION]
    parts.registrar.close()
    if parts.graph is not None:
        parts.graph.close()
    parts.audits.close()
    parts.what_ifs.close()
    parts.sessions.settle()
    if parts.closes_engine:
        parts.engine.dispose()
    parts.dealing.close()
    parts.metrics.end_process()
