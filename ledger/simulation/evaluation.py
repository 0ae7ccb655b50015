"""Evaluation: a simulated folder goes through the real registrar, at its own times, and is scored.

Decides: the clock. Statements are registered in order of filing; those of one hour share a batch and the time
of the last of them (deadlines fall on whole hours, so none is crossed). Everything else is the ledger's own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Engine, text

from ledger.clock import SettableClock
from ledger.errors import SimulationInvalid, StatementRefused
from ledger.log.note import NoteSigner
from ledger.registration.committer import Limits
from ledger.registration.mark import Mark
from ledger.registration.outcomes import LineResult
from ledger.registration.registrar import Registrar
from ledger.simulation.folder import Truth, lines, months, read_manifest, read_planted, read_unfiled
from ledger.simulation.scoring import Alert, Score, Scorer
from ledger.statements.envelope import parse_statement
from ledger.store.schema import upgrade

SLOT_US: Final = 3_600_000_000
SLOT_STATEMENTS: Final = 512
Slot = list[tuple[bytes, Truth]]
Progress = Callable[[int, int], None]


def evaluate(
    folder: Path, engine: Engine, mark_dir: Path, progress: Progress = lambda done, whole: None
) -> Score:
    """Registers a simulation in an empty ledger and scores what the ledger says of it.

    Args:
        folder: As ``simulate`` wrote it, to the end.
        engine: A database without entries; its tables are made.
        mark_dir: Where the ledger keeps its mark.
        progress: Told of (statements registered, of how many).

    Raises:
        SimulationInvalid: The folder is not a finished simulation.
    """
    manifest = read_manifest(folder)
    if not manifest.get("complete"):
        raise SimulationInvalid(f"the simulation in {folder} was not finished", mend="Run simulate again.")
    upgrade(engine.url.render_as_string(hide_password=False))
    clock = SettableClock()
    origin = str(manifest["origin"])
    signer = NoteSigner.from_private_key(origin, _log_key(folder))
    scorer = Scorer(read_planted(folder))
    registrar = Registrar(
        engine,
        origin,
        signer,
        Mark(mark_dir, origin, [signer.verifier]),
        clock,
        limits=Limits(patience_statements=1, patience_s=0.0),
    )
    genesis = (folder / "statements" / "genesis.jws").read_bytes()
    clock.set(parse_statement(genesis).header.iat * 1_000_000)
    registrar.initialise(genesis)
    done = 0
    try:
        for slot in slots(folder):
            clock.set(slot[-1][1].filed_us)
            results = registrar.register_lines((number, jws) for number, (jws, _) in enumerate(slot))
            for (_, truth), result in zip(slot, results, strict=True):
                index, codes, detail = outcome(result)
                scorer.statement(truth, index, codes, detail)
            done += len(slot)
            progress(done, int(manifest["statements"]))
    finally:
        registrar.close()
    for truth in read_unfiled(folder):
        scorer.facts(truth)
    scorer.alerts(read_alerts(engine))
    return scorer.finish()


def slots(folder: Path) -> Iterator[Slot]:
    """The statements in order of filing, those of one hour together, up to ``SLOT_STATEMENTS``."""
    slot: Slot = []
    for month in months(folder):
        for jws, truth in lines(folder, month):
            if slot and (
                truth.filed_us // SLOT_US != slot[0][1].filed_us // SLOT_US or len(slot) >= SLOT_STATEMENTS
            ):
                yield slot
                slot = []
            slot.append((jws, truth))
    if slot:
        yield slot


def outcome(result: LineResult) -> tuple[int | None, tuple[str, ...], str]:
    """The entry of a line, or the codes that refused it with the first in words."""
    if result.registered is not None:
        return result.registered.index, (), ""
    error = result.error
    assert error is not None
    if isinstance(error, StatementRefused):
        return None, tuple(finding.code for finding in error.findings), error.findings[0].detail
    return None, (error.code,), error.detail


def read_alerts(engine: Engine) -> Iterator[Alert]:
    """Every alert of the ledger, in order."""
    query = text(
        "SELECT entry_index, code, party, site, subject, position, detail FROM alerts "
        "ORDER BY entry_index, number"
    )
    with engine.connect().execution_options(stream_results=True, max_row_buffer=1000) as connection:
        for row in connection.execute(query):
            yield Alert(*row)


def _log_key(folder: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key((folder / "keys" / "log.pem").read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SimulationInvalid("the simulated log's key is no Ed25519 key")
    return key
