"""Checking a range of the refusal journal: form, chain, what each record says, and the refused statement.

Decides: what must hold between a record and its row, the record before it, the statement that was refused,
and the policy of that time. Never decides whether the refusal was right."""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.audit.report import FaultList
from ledger.audit.statements import StatementChecker
from ledger.encoding import b64url_encode
from ledger.errors import RequestError
from ledger.log.canonical import canonical_json
from ledger.store.raw_reads import RawReader
from ledger.strict_json import JsonNumber, parse_json

RANGE_REFUSALS = 1_024
_MEMBERS = {"findings", "judged_at", "number", "policy", "previous", "statement"}


@dataclass(slots=True)
class RefusalResult:
    """What checking the records [start, end) came to.

    Attributes:
        start: First number.
        end: One past the last.
        last_hash: Hash of the last record, None where it cannot be told.
        counts: How many of each thing were checked.
        faults: What is wrong.
    """

    start: int
    end: int
    last_hash: bytes | None = None
    counts: Counter[str] = field(default_factory=Counter)
    faults: FaultList = field(default_factory=FaultList)


def split_refusals(count: int) -> Iterator[tuple[int, int]]:
    """Cuts a journal of ``count`` records into ranges."""
    for start in range(0, count, RANGE_REFUSALS):
        yield start, min(start + RANGE_REFUSALS, count)


class RefusalChecker:
    """Checks ranges of the journal over one connection."""

    def __init__(
        self, reader: RawReader, statements: StatementChecker, size: int, policies: Sequence[int]
    ) -> None:
        """Checks the journal of a log.

        Args:
            reader: Reads the tables.
            statements: Checks signatures under the folded keys.
            size: The log's size: no statement can have been judged for an index beyond it.
            policies: Indices of the acts that set a policy, rising.
        """
        self._reader = reader
        self._statements = statements
        self._size = size
        self._policies = policies

    def check(self, start: int, end: int) -> RefusalResult:
        """Checks the records with numbers in [start, end)."""
        result = RefusalResult(start, end)
        before = self._hash_before(start)
        judged_before = 0
        expected = start
        for row in self._reader.refusals(start, end):
            number = row[0]
            if type(number) is not int or number < expected:
                result.faults.add(
                    "refusal.extra", "refusals", number, "the number stands there twice, or is none"
                )
                continue
            while expected < number:
                result.faults.add("refusal.missing", "refusals", expected, "the record is missing")
                expected, before = expected + 1, None
            record = self._check_row(result, row, before)
            judged_at = record.get("judged_at", judged_before)
            if judged_at < judged_before:
                detail = f"it was judged for index {judged_at}, and an earlier one for {judged_before}"
                result.faults.add("refusal.record", "refusals", number, detail)
            judged_before = judged_at
            before = hashlib.sha256(row[1]).digest() if type(row[1]) is bytes else None
            expected += 1
        while expected < end:
            result.faults.add("refusal.missing", "refusals", expected, "the record is missing")
            expected, before = expected + 1, None
        result.last_hash = before
        result.counts["refusals"] += end - start
        result.counts["signatures"] += self._statements.take_count()
        return result

    def _hash_before(self, start: int) -> bytes | None:
        if start == 0:
            return bytes(32)
        row = next(iter(self._reader.refusals(start - 1, start)), None)
        return hashlib.sha256(row[1]).digest() if row is not None and type(row[1]) is bytes else None

    def _check_row(self, result: RefusalResult, row: Sequence[Any], before: bytes | None) -> dict[str, int]:
        """Checks one row; gives the numbers that its record states, as far as it can be read."""
        number, record_bytes, record_hash, statement_hash, findings_hash, jws = row

        def report(code: str, table: str, detail: str) -> None:
            result.faults.add(code, table, number, detail)

        if type(jws) is not bytes or hashlib.sha256(jws).digest() != statement_hash:
            report("refusal.statement", "refusals", "the statement hash is not that of the refused statement")
        if type(record_bytes) is not bytes:
            report("refusal.record", "refusals", "the record is not bytes")
            return {}
        if hashlib.sha256(record_bytes).digest() != record_hash:
            report("refusal.hash", "refusals", "the record hash is not that of the record")
        record = read_record(record_bytes)
        if record is None:
            report("refusal.record", "refusals", "the record is not canonical JSON of the one form")
            return {}
        if record["number"] != number:
            report("refusal.record", "refusals", f"the record says that it is number {record['number']}")
        if type(statement_hash) is not bytes or record["statement"] != b64url_encode(statement_hash):
            report("refusal.statement", "refusals", "the record is for another statement than the row")
        if hashlib.sha256(canonical_json(record["findings"])).digest() != findings_hash:
            report("refusal.findings", "refusals", "the findings hash is not that of the record's findings")
        if before is not None and record["previous"] != b64url_encode(before):
            report("refusal.link", "refusals", "previous is not the hash of the record before")
        judged_at = int(record["judged_at"])
        if judged_at > self._size:
            report(
                "refusal.record", "refusals", f"it was judged for index {judged_at}, which the log never had"
            )
        in_force = bisect_left(self._policies, max(judged_at, 1)) - 1
        if in_force >= 0 and record["policy"] != self._policies[in_force]:
            report(
                "refusal.record", "refusals", f"the policy of entry {record['policy']} was not in force then"
            )
        if type(jws) is bytes:
            self._statements.check_refused(jws, judged_at, report)
        return {"judged_at": judged_at}


def read_record(record: bytes) -> dict[str, Any] | None:
    """A record of the journal, if these bytes are the one form of one."""
    try:
        value = parse_json(record)
        if not isinstance(value, dict) or value.keys() != _MEMBERS or canonical_json(value) != record:
            return None
    except RequestError:
        return None
    numbers = (value["judged_at"], value["number"], value["policy"])
    texts = (value["previous"], value["statement"])
    sound = (
        isinstance(value["findings"], list)
        and all(isinstance(number, JsonNumber) and number >= 0 for number in numbers)
        and all(isinstance(text, str) for text in texts)
    )
    return value if sound else None
