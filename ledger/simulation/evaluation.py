"""Evaluation: a simulated folder goes through the ledger, at its own times, and is scored.

Decides: that what counts is what the ledger holds in the end: log, journal of refusals, and alerts.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text

from ledger.simulation.folder import read_manifest, read_planted, read_unfiled
from ledger.simulation.registering import Progress, register_folder, slots
from ledger.simulation.scoring import Alert, Score, Scorer
from ledger.store.listings import list_refusals
from ledger.store.log_store import find_by_jti

REFUSALS_PAGE = 1_000
Refusal = tuple[tuple[str, ...], str]
"""The codes that refused a statement, and the first of them in words."""
UNRECORDED: Refusal = (("statement.unrecorded",), "neither in the log nor in the journal of refusals")


def evaluate(folder: Path, engine: Engine, progress: Progress = lambda done, whole: None) -> Score:
    """Registers a simulation in an empty ledger and scores what the ledger says of it.

    Memory holds what was planted, what is true of single statements, and the refusals; statements and alerts
    are streamed.

    Args:
        folder: As ``simulate`` wrote it, to the end.
        engine: A database without entries, or one in which this was stopped; its tables are made.
        progress: Told of (statements registered, of how many).

    Raises:
        SimulationInvalid: The folder is not a finished simulation, as it was written; or the database
            holds another log.
    """
    register_folder(folder, engine, progress)
    return score_folder(folder, engine)


def score_folder(folder: Path, engine: Engine) -> Score:
    """Scores what a ledger says of a simulation that is registered in it."""
    scorer = Scorer(read_planted(folder), read_manifest(folder)["planted"])
    with engine.connect() as connection:
        refused = read_refusals(engine)
        for slot in slots(folder):
            logged = find_by_jti(connection, [(truth.party, truth.jti) for _, truth in slot])
            for jws, truth in slot:
                found = logged.get((truth.party, truth.jti))
                if found is not None:
                    scorer.statement(truth, found.entry_index, ())
                else:
                    said = refused.get(hashlib.sha256(jws).digest(), UNRECORDED)
                    scorer.statement(truth, None, *said)
    for truth in read_unfiled(folder):
        scorer.facts(truth)
    scorer.alerts(read_alerts(engine))
    return scorer.finish()


def read_refusals(engine: Engine) -> dict[bytes, Refusal]:
    """What refused each refused statement first, by its hash."""
    found: dict[bytes, Refusal] = {}
    start = 0
    with engine.connect() as connection:
        while page := list_refusals(connection, start, REFUSALS_PAGE):
            for refusal in page:
                findings = json.loads(refusal.record)["findings"]
                codes = tuple(finding["code"] for finding in findings)
                found.setdefault(refusal.statement_hash, (codes, findings[0]["detail"]))
            start = page[-1].refusal_number + 1
    return found


def read_alerts(engine: Engine) -> Iterator[Alert]:
    """Every alert of the ledger, in order."""
    query = text(
        "SELECT entry_index, code, party, site, subject, position, detail FROM alerts "
        "ORDER BY entry_index, number"
    )
    with engine.connect().execution_options(stream_results=True, max_row_buffer=1000) as connection:
        for row in connection.execute(query):
            yield Alert(*row)
