"""Folding every act again, from entry 0 on, and comparing what comes out with the registers as stored.

Decides: whether each act was allowed where it stands, and whether the tables hold exactly the records that
the acts make. An act that is not rightly signed is left out: the fault is reported where it is.

An erased grant-read cannot be read any more; its effects are taken from the act that erased it, as they were
recorded, and cannot be decided again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ledger.audit.acts import ActBooks, erase_in, issuer_of, judge_and_fold, read_found_act
from ledger.audit.comparing import tell_differences
from ledger.audit.found import FoundAct
from ledger.audit.report import FaultList
from ledger.encoding import b64url_encode
from ledger.errors import EvidenceError, RequestError
from ledger.log.entry import parse_entry
from ledger.statements.acts import Act
from ledger.statements.acts.erase import Erase
from ledger.statements.acts.grant_read import put_grant, scope_members
from ledger.statements.acts.publish_refusals import PublishRefusals
from ledger.statements.envelope import ACT, parse_statement
from ledger.statements.registers import Facts, LoggedStatement, ReaderRecord
from ledger.store.raw_reads import RawReader, StoredEntry
from ledger.store.register_rows import REGISTERS

READERS = REGISTERS[ReaderRecord].table.name
"""The one register whose rows come from movements too: not to be held in memory."""

Rows = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]
"""By table: the rows by their key, each with its columns in the table's order."""


class Replay:
    """Folds the acts of a database in the order of the log.

    Attributes:
        facts: Everything that the acts so far make.
        rows: The register rows that they make.
        faults: What is wrong.
    """

    def __init__(self, reader: RawReader, origin: str) -> None:
        self._reader = reader
        self._origin = origin
        self.books = ActBooks()
        self.facts = Facts(books=self.books)
        self._acts: set[int] = set()
        self.rows: Rows = {register.table.name: {} for register in REGISTERS.values()}
        self.faults = FaultList()

    def take(self, found: FoundAct) -> None:
        """Judges and folds the next act; one that is not allowed is reported and not folded."""
        act = read_found_act(found.jws)
        if act is None:
            return
        self.prepare(act, found.entry_index)
        refused = judge_and_fold(found, act, self.facts, self._origin)
        if refused is not None:
            self.faults.add("act.refused", "statement_bytes", found.entry_index, refused)
        if found.entry_index not in self.books.left_open:
            self._acts.add(found.entry_index)
        self.books.take_changes()
        for record in self.facts.take_changes():
            register = REGISTERS[type(record)]
            values = register.to_row(record)
            key = tuple(values[column.name] for column in register.table.primary_key)
            row = tuple(values[column.name] for column in register.table.columns)
            self.rows[register.table.name][key] = row
        self.facts.statements.clear()

    def prepare(self, act: Act, index: int) -> None:
        """Brings into the facts what judging an act needs of the log beside its registers.

        Args:
            act: The act; ``facts.statements`` is to be cleared once it is folded.
            index: Its entry.
        """
        self._bring_statements(act, index)
        self._bring_effects(act)
        self._bring_refusals(act, index)

    def compare(self, stored: Mapping[str, Iterable[Sequence[Any]]], size: int) -> None:
        """Compares the rows that the acts make with those in the tables, both ways.

        Who may read a movement follows from its content: those rows of ``readers`` are passed over here, and
        compared where the whole log is folded again (``ledger.audit.refold``).

        Args:
            stored: The rows of every register table, as found.
            size: The log's size.
        """
        for register in REGISTERS.values():
            table = register.table
            keys = [table.columns.keys().index(column.name) for column in table.primary_key]
            expected = dict(self.rows[table.name])
            for row in stored[table.name]:
                key = tuple(row[at] for at in keys)
                made = expected.pop(key, None) if _is_plain(key) else None
                if made is None and table.name == READERS and self._is_of_a_movement(key[0], size):
                    continue
                if made is None:
                    detail = "no act makes this row, or it stands there twice"
                    self.faults.add("register.extra", table.name, _place(key), detail)
                    continue
                wrong = tell_differences(table.columns.keys(), row, made, "the acts make")
                if wrong:
                    self.faults.add("register.differs", table.name, _place(key), wrong)
            for key in expected:
                self.faults.add("register.missing", table.name, _place(key), "the row is missing")

    def _is_of_a_movement(self, index: object, size: int) -> bool:
        """Whether a row of readers can only be judged by the content of its entry."""
        return type(index) is int and 0 <= index < size and index not in self._acts

    def _bring_statements(self, act: Act, index: int) -> None:
        """What the log held, before this act, of the statements that it names."""
        erase = erase_in(act)
        for statement_hash in act.names().statements:
            if erase is not None and statement_hash == erase.statement:
                row = self._reader.entry(erase.index)
            else:
                row = self._reader.entry_of_statement(statement_hash)
            logged = None if row is None or row.entry_index >= index else self._logged(row)
            if logged is not None and logged.statement_hash == statement_hash:
                self.facts.statements[statement_hash] = logged
                if erase is not None and erase.index == logged.entry_index and row is not None:
                    self._compare_erased(erase, row, index)

    def _compare_erased(self, erase: Erase, row: StoredEntry, index: int) -> None:
        """Where the bytes are gone, the act that erased them says what the row must hold."""
        if row.jws is not None:
            return
        stated = replace(
            self.facts.statements[erase.statement],
            issuer=erase.issuer,
            kid=erase.kid,
            jti=erase.jti,
            signing_input_hash=erase.signing_input,
        )
        for column in ("issuer", "kid", "jti", "signing_input_hash"):
            if getattr(row, column) != getattr(stated, column):
                detail = f"{column} is not what entry {index}, which erased the statement, says"
                self.faults.add("statement.erased", "statements", erase.index, detail)
        self.facts.statements[erase.statement] = stated

    def _logged(self, row: StoredEntry) -> LoggedStatement | None:
        try:
            entry = parse_entry(row.entry) if type(row.entry) is bytes else None
        except EvidenceError:
            entry = None
        if entry is None:
            return None
        act = read_found_act(row.jws) if type(row.jws) is bytes else None
        return LoggedStatement(
            entry_index=row.entry_index,
            statement_hash=entry.statement,
            issuer=row.issuer,
            jti=row.jti,
            kid=row.kid,
            signing_input_hash=row.signing_input_hash,
            recorded_at_us=entry.recorded_at_us,
            public=entry.public,
            act=None if act is None else act.name,
            erased=row.entry_index in self.facts.erasures,
        )

    def _bring_effects(self, act: Act) -> None:
        """The effects of a statement that is gone, as the act that erased it records them."""
        erase = erase_in(act)
        if erase is None or erase.index in self.facts.grants:
            return
        row = self._reader.entry(erase.index)
        if row is None or row.jws is None:
            for effect in erase.effects:
                put_grant(self.facts, erase.index, effect["grantee"], scope_members(effect["scope"]))

    def _bring_refusals(self, act: Act, index: int) -> None:
        """The head that the journal must have had for a publication: so many records, this last hash."""
        if not isinstance(act, PublishRefusals):
            return
        held: Any = bytes(32)
        if act.count:
            row = next(iter(self._reader.refusals(act.count - 1, act.count)), None)
            held = None if row is None else row[2]
            if held != act.head:
                detail = f"entry {index} published another hash of this record"
                self.faults.add("refusal.published", "refusals", act.count - 1, detail)
                held = act.head
        self.facts.refusal_count, self.facts.refusal_hash = act.count, held


def fold_public(reader: RawReader, origin: str, size: int) -> Replay:
    """The keys, parties and policies that the public acts make, as far as these can be read.

    For judging signatures only: what is wrong with an act is found, and reported, when its entry is checked.
    """
    replay = Replay(reader, origin)
    for index, entry_bytes, jws in reader.public_entries(size):
        if type(entry_bytes) is not bytes or type(jws) is not bytes:
            continue
        try:
            entry = parse_entry(entry_bytes)
            header = parse_statement(jws).header
        except (EvidenceError, RequestError):
            continue
        if entry.index != index or sha256(jws).digest() != entry.statement or header.cty != ACT:
            continue
        issuer = issuer_of(replay.facts, header.kid, jws)
        if issuer is not None:
            replay.take(FoundAct(index, entry.recorded_at_us, issuer, header.kid, entry.statement, jws))
    return replay


def _is_plain(key: Iterable[object]) -> bool:
    return all(type(part) in (int, str, bytes) for part in key)


def _place(key: Sequence[Any]) -> Any:
    if len(key) == 1 and type(key[0]) is int:
        return key[0]
    return "/".join(b64url_encode(part) if type(part) is bytes else str(part) for part in key)
