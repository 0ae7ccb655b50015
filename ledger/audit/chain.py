"""Verifying a range of the log now, over a connection that is open already.

Decides: what ``GET /v1/audit/chain`` checks: entries, links, leaf hashes, tiles up to the head, checkpoints
and statements of the range; keys as the register has them. Reads only."""

from collections.abc import Sequence

from sqlalchemy import Connection

from ledger.audit.notes import CheckpointNotes
from ledger.audit.ranges import RangeChecker, split_range
from ledger.audit.report import AuditReport
from ledger.audit.snapshot import usable_keys
from ledger.audit.statements import StatementChecker
from ledger.audit.stitching import Stitcher, check_above
from ledger.log.tiles import TILE_WIDTH
from ledger.store.log_store import read_head
from ledger.store.models import Base
from ledger.store.raw_reads import raw_reader

_KEYS = Base.metadata.tables["keys"]


def check_chain(
    connection: Connection, start: int, end: int, *, origin: str, vkeys: Sequence[str]
) -> AuditReport:
    """Checks the entries [start, end), rounded outwards to whole tiles.

    Args:
        connection: A transaction that sees one state throughout.
        start: First index, >= 0.
        end: One past the last; what lies beyond the log is left out.
        origin: The log's origin.
        vkeys: The log's own keys.

    Raises:
        LogInconsistent: There is no head row.
    """
    head = read_head(connection)
    start = min(start, head.tree_size)
    start -= start % TILE_WIDTH
    end = max(start, min(head.tree_size, -(-end // TILE_WIDTH) * TILE_WIDTH))
    report = AuditReport(origin, head.tree_size, head.root, start, end)
    notes = CheckpointNotes(origin, vkeys)
    roots: dict[int, bytes] = {}
    with raw_reader(connection) as reader:
        statements = StatementChecker(origin, usable_keys(reader.table_rows(_KEYS)))
        checker = RangeChecker(reader, statements, notes, head.tree_size)
        stitcher = Stitcher(reader, start)
        for range_start, range_end in split_range(start, end):
            result = checker.check(range_start, range_end)
            stitcher.take(result)
            report.fault_list.merge(result.faults)
            report.counts.update(result.counts)
            roots |= dict(enumerate(result.tile_roots, range_start // TILE_WIDTH))
        report.fault_list.merge(stitcher.faults)
        if head.tree_size:
            check_above(reader, report.fault_list, roots, (head.tree_size, head.root))
    counts = report.counts
    report.checked = [
        f"entries {start} to {end}: form, links, leaf hashes, times, {counts['tiles']} tiles",
        f"{counts['statements']} statements under the register of keys; {counts['checkpoints']} checkpoints",
    ]
    report.cannot_exclude = [
        f"nothing newer than size {head.tree_size} can be excluded",
        "keys are taken from the register; 'reledger verify' folds it again from the acts",
    ]
    return report
