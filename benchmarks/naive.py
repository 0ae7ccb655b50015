"""The naive design: the same server, verification and tables, the ORM, and one commit for each request.

No queue and no batches: each request takes the log lock, reads the head, judges, adds its rows, signs a
checkpoint and commits. ``python -m benchmarks.naive`` serves it with the settings of the environment.
"""

from flask import Flask, Response, request
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from api.log_key import read_log_signer
from api.serving import run_application
from api.settings import load_settings
from ledger.clock import SystemClock
from ledger.controls.judging import Position, judge
from ledger.errors import RequestError
from ledger.log.checkpoint import sign_checkpoint
from ledger.log.entry import Entry, parse_entry
from ledger.log.merkle import leaf_hash, prove_inclusion
from ledger.log.receipt import Receipt
from ledger.log.tree_head import Checkpoint
from ledger.registration.log_state import LogState
from ledger.registration.submission import EnrolledKey, KeyDirectory, parse_and_examine
from ledger.statements.keys import parse_jwk
from ledger.store import models
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import begin_write
from ledger.store.log_store import HeadRow, read_entries, read_head
from ledger.store.proofs import read_edge
from ledger.store.registers_store import read_facts, read_key


def create_app() -> Flask:
    """The naive server's application."""
    settings = load_settings()
    engine = create_ledger_engine(settings.database_url)
    signer = read_log_signer(settings)
    clock = SystemClock()
    app = Flask("naive")
    known: list[LogState | None] = [None]

    def end_of_log(connection: Connection, head: HeadRow) -> LogState:
        state = known[0]
        if state is not None and state.head == head:
            return state
        (last,) = read_entries(connection, head.tree_size - 1, head.tree_size)
        edge = read_edge(connection, head.tree_size)
        return LogState(head, edge, leaf_hash(last), parse_entry(last).recorded_at_us)

    def load(kid: str) -> EnrolledKey | None:
        with engine.connect() as connection:
            record = read_key(connection, kid)
        return None if record is None else EnrolledKey(parse_jwk(record.jwk), record.party)

    keys = KeyDirectory(load)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    @app.post("/v1/statements")
    def post() -> Response:
        try:
            submission = parse_and_examine(request.get_data(), keys, settings.origin)
        except RequestError as error:
            return Response(str(error), 400)
        statement = submission.statement
        with engine.connect() as connection:
            begin_write(connection)
            session = Session(bind=connection, join_transaction_mode="control_fully")
            head = read_head(connection)
            state = end_of_log(connection, head)
            facts = read_facts(connection, submission.names())
            now_us = max(clock.now_us(), state.last_recorded_at_us)
            if judge(submission, Position(head.tree_size, now_us, {}), facts, settings.origin):
                return Response("refused", 422)
            entry = Entry(
                head.tree_size, state.last_leaf_hash, False, now_us, statement.statement_hash
            ).encode()
            edge = state.edge.copy()
            edge.append(leaf_hash(entry))
            session.add(models.Entry(entry_index=head.tree_size, entry=entry, leaf_hash=leaf_hash(entry)))
            session.flush()
            session.add(
                models.Statement(
                    entry_index=head.tree_size,
                    statement_hash=statement.statement_hash,
                    issuer=submission.issuer,
                    jti=statement.header.jti,
                    kid=statement.header.kid,
                    signing_input_hash=statement.signing_input_hash,
                )
            )
            session.flush()
            session.add(models.StatementBytes(entry_index=head.tree_size, jws=statement.jws))
            for tile in edge.take_full_tiles():
                session.add(
                    models.Tile(level=tile.level, tile_index=tile.index, hashes=tile.hashes, root=tile.root)
                )
            checkpoint = Checkpoint(settings.origin, edge.size, edge.root())
            note = sign_checkpoint(checkpoint, signer)
            session.add(
                models.Checkpoint(
                    checkpoint_number=head.checkpoint_number + 1,
                    tree_size=edge.size,
                    root=checkpoint.root,
                    note=note,
                )
            )
            row = session.get_one(models.Head, 1)
            row.tree_size, row.root = edge.size, checkpoint.root
            row.checkpoint_number = head.checkpoint_number + 1
            session.commit()
            path = prove_inclusion(head.tree_size, edge.size, edge.nodes)
            edge.forget()
            new_head = head._replace(
                tree_size=edge.size, root=checkpoint.root, checkpoint_number=head.checkpoint_number + 1
            )
            known[0] = LogState(new_head, edge, leaf_hash(entry), now_us)
        receipt = Receipt(entry, head.tree_size, tuple(path), note).encode()
        return Response(receipt, 201, mimetype="text/plain")

    return app


if __name__ == "__main__":
    run_application("benchmarks.naive:create_app", load_settings())
