"""Registering a simulated folder with the ledger's own batch writer, at the folder's own times.

Decides: the clock, what shares a batch, and where a run that was stopped goes on. Statements are registered
in order of filing; those of one hour share a batch and the time of the last of them (deadlines fall on whole
hours, so none is crossed). Everything else is the ledger's own. Nobody's evidence is made here: commits are
not synced to the disk, and the mark is kept in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Engine, event

from ledger.clock import SettableClock
from ledger.controls.submission import Submission
from ledger.errors import KeyUnknown, SimulationInvalid
from ledger.log.entry import parse_entry
from ledger.log.note import NoteSigner, NoteVerifier
from ledger.registration.batch import BatchWriter
from ledger.registration.mark import Mark, MarkedHead
from ledger.registration.registrar import Registrar
from ledger.registration.submission import EnrolledKey, KeyDirectory, parse_and_examine
from ledger.simulation.folder import Truth, check_files, lines, months
from ledger.statements.envelope import parse_statement
from ledger.statements.keys import parse_jwk
from ledger.store import log_store
from ledger.store.asking import ask
from ledger.store.engine import is_sqlite
from ledger.store.registers_store import read_key
from ledger.store.schema import upgrade

SLOT_US: Final = 3_600_000_000
SLOT_STATEMENTS: Final = 512
Slot = list[tuple[bytes, Truth]]
Progress = Callable[[int, int], None]


class MemoryMark(Mark):
    """The mark of a ledger that nobody relies on: as high as what this process has committed."""

    def __init__(self, origin: str, verifier: NoteVerifier) -> None:
        """Begins without a mark."""
        super().__init__(Path(), origin, [verifier])
        self._marked: MarkedHead | None = None

    def read(self) -> MarkedHead | None:
        return self._marked

    def advance(self, note: bytes) -> None:
        checkpoint = self._open(note)
        self._marked = MarkedHead(checkpoint.size, checkpoint.root, note)


def register_folder(folder: Path, engine: Engine, progress: Progress = lambda done, whole: None) -> None:
    """Registers every statement of a simulation; goes on where an earlier call for this database was stopped.

    Args:
        folder: As ``simulate`` wrote it, to the end.
        engine: A database without entries, or one that an earlier call left; its tables are made.
        progress: Told of (statements registered, of how many).

    Raises:
        SimulationInvalid: The folder is not a finished simulation, as it was written; or the database
            holds another log.
    """
    manifest = check_files(folder)
    _hasten(engine)
    upgrade(engine.url.render_as_string(hide_password=False))
    origin, key = str(manifest["origin"]), _log_key(folder)
    signer = NoteSigner.from_private_key(origin, key)
    clock, mark = SettableClock(), MemoryMark(origin, signer.verifier)
    reached_us = _begin(folder, engine, Registrar(engine, origin, signer, mark, clock), mark, clock)
    writer = BatchWriter(engine, origin, signer, mark, clock)
    keys = KeyDirectory(lambda kid: _enrolled(engine, kid))
    done, whole = 0, int(manifest["statements"])
    for slot in slots(folder):
        done += len(slot)
        if slot[-1][1].filed_us >= reached_us:
            clock.set(slot[-1][1].filed_us)
            _register(slot, writer, keys, origin)
        progress(done, whole)


def slots(folder: Path) -> Iterator[Slot]:
    """The statements in order of filing, those of one hour together, ``SLOT_STATEMENTS`` or a few more."""
    slot: Slot = []
    for month in months(folder):
        for jws, truth in lines(folder, month):
            if slot and (
                truth.filed_us // SLOT_US != slot[0][1].filed_us // SLOT_US
                or (len(slot) >= SLOT_STATEMENTS and truth.filed_us > slot[-1][1].filed_us)
            ):
                yield slot
                slot = []
            slot.append((jws, truth))
    if slot:
        yield slot


def _register(slot: Slot, writer: BatchWriter, keys: KeyDirectory, origin: str) -> None:
    """One batch; a statement whose key an earlier one of it enrols begins another."""
    batch: list[Submission] = []
    for jws, _ in slot:
        try:
            submission = parse_and_examine(jws, keys, origin)
        except KeyUnknown:
            if not batch:
                continue
            _write(batch, writer)
            batch = []
            try:
                submission = parse_and_examine(jws, keys, origin)
            except KeyUnknown:
                continue
        batch.append(submission)
    _write(batch, writer)


def _write(batch: Sequence[Submission], writer: BatchWriter) -> None:
    """Writes all of a batch, in as many parts as the writer makes of it."""
    while batch:
        batch = batch[len(writer.write(batch)) :]


def _begin(folder: Path, engine: Engine, registrar: Registrar, mark: Mark, clock: SettableClock) -> int:
    """Starts the log, or makes sure that it is this folder's; gives the time that it has reached."""
    genesis = (folder / "statements" / "genesis.jws").read_bytes()
    with engine.connect() as connection:
        size = log_store.read_head(connection).tree_size
        if size:
            checkpoint = ask(connection, log_store.last_checkpoint())
            (last,) = log_store.read_entries(connection, size - 1, size)
            if log_store.read_jws(connection, 0) != genesis or checkpoint is None:
                raise SimulationInvalid(
                    "the database holds another log than this simulation's", mend="Name an empty database."
                )
            mark.advance(checkpoint.note)
            return parse_entry(last).recorded_at_us
    clock.set(parse_statement(genesis).header.iat * 1_000_000)
    registrar.initialise(genesis)
    return 0


def _enrolled(engine: Engine, kid: str) -> EnrolledKey | None:
    with engine.connect() as connection:
        record = read_key(connection, kid)
    return None if record is None else EnrolledKey(parse_jwk(record.jwk), record.party)


def _hasten(engine: Engine) -> None:
    """Lets commits return before they are on the disk: what a power cut takes can be registered again."""
    command = "PRAGMA synchronous=OFF" if is_sqlite(engine) else "SET synchronous_commit TO off"

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(command)
        cursor.close()
        connection.commit()


def _log_key(folder: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key((folder / "keys" / "log.pem").read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SimulationInvalid("the simulated log's key is no Ed25519 key")
    return key
