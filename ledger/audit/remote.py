"""Auditing a ledger from outside, with nothing but its public key: chain, tree, checkpoint, public acts.

Decides: what is checked in which order, and from where the next audit goes on. What was found right is not
read again: an audit begins where the last one that found no fault ended, with the tree it had then, so that
the new root proves that the log only grew.

Source: DESIGN sections 1, 2 and 5; C2SP tlog-tiles.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from ledger.audit.notes import CheckpointNotes
from ledger.audit.remote_log import RemoteLog
from ledger.audit.remote_state import Kept, Position, RemoteState
from ledger.audit.remote_walk import RemoteWalk
from ledger.audit.report import AuditReport, ProgressCallback
from ledger.audit.transport import HttpTransport, PatientTransport, Transport
from ledger.errors import EvidenceError, ProofInvalid, SettingsInvalid, TileMalformed
from ledger.log.checkpoint import Checkpoint
from ledger.log.merkle import EMPTY_ROOT, prove_consistency, verify_consistency
from ledger.log.note import parse_vkey
from ledger.log.tiles import TILE_WIDTH, tile_nodes
from ledger.statements.keys import Signer

SAVED_ENTRIES = 64 * TILE_WIDTH


def audit_remote(
    url: str,
    *,
    vkeys: Sequence[str],
    state_dir: Path,
    token_signer: Signer | None = None,
    cosigners: Sequence[str] = (),
    transport: Transport | None = None,
    progress: ProgressCallback | None = None,
    cancel: Event | None = None,
) -> AuditReport:
    """Audits a ledger over HTTP and remembers how far it was found right.

    Afterwards the folder holds the newest checkpoint that was proved to continue the last one. A log that is
    smaller than that, or another one, is a fault, and the folder keeps the old checkpoint.

    Args:
        url: Base URL of the ledger.
        vkeys: The log's own keys, from a source that the caller trusts; their name is the origin.
        state_dir: Where to remember; several ledgers may share it.
        token_signer: A party's key, to read what its party may read; None for the public alone.
        cosigners: Keys of witnesses; their lines must then be right where they stand.
        transport: Instead of HTTP to ``url``.
        progress: Called now and then.
        cancel: Stops the audit once it is set; the next one goes on from the last full stretch.

    Raises:
        SettingsInvalid: A key is not one, or what is kept in the folder is not this log's.
        RemoteFailed: The ledger does not answer as it should, after several attempts.
        AuditCancelled: ``cancel`` was set.
    """
    if not vkeys:
        raise SettingsInvalid("no key of the log is given")
    try:
        notes = CheckpointNotes(parse_vkey(vkeys[0]).name, vkeys, cosigners)
    except ValueError as error:
        raise SettingsInvalid(str(error)) from error
    state = RemoteState(state_dir, notes.origin)
    own = HttpTransport(url)
    try:
        log = RemoteLog(PatientTransport(transport or own), notes.origin, token_signer)
        return _RemoteAudit(log, notes, state, progress, cancel).run()
    finally:
        own.close()


class _RemoteAudit:
    """One audit of one log."""

    def __init__(
        self,
        log: RemoteLog,
        notes: CheckpointNotes,
        state: RemoteState,
        progress: ProgressCallback | None,
        cancel: Event | None,
    ) -> None:
        self._log = log
        self._notes = notes
        self._state = state
        self._progress = progress
        self._cancel = cancel
        self._kept = state.load()
        self._known = self._open_kept()
        self.report = AuditReport(notes.origin, 0, EMPTY_ROOT, 0, 0)

    def run(self) -> AuditReport:
        """The whole audit."""
        note = self._log.checkpoint()
        try:
            head = self._notes.open(note)
        except EvidenceError as error:
            self.report.fault_list.add("checkpoint.signature", "checkpoint", None, error.detail)
            return self._finished()
        self.report.size, self.report.root = head.size, head.root
        if self._goes_on(head):
            self._walk(note, head)
        return self._finished()

    def _open_kept(self) -> Checkpoint | None:
        if self._kept.note is None:
            return None
        try:
            return self._notes.open(self._kept.note)
        except EvidenceError as error:
            raise SettingsInvalid(
                f"the checkpoint that is kept is not one by the given keys: {error.detail}"
            ) from error

    def _goes_on(self, head: Checkpoint) -> bool:
        """Whether the served head can continue the kept one at all."""
        known, add = self._known, self.report.fault_list.add
        if known is None:
            return True
        if head.size < known.size:
            detail = f"the log has {head.size} entries now, and it had signed {known.size}"
            add("log.shrunk", "checkpoint", head.size, detail)
            return False
        if head.size == known.size and head.root != known.root:
            detail = f"the log has signed two trees of {head.size} entries"
            add("log.forked", "checkpoint", head.size, detail)
            return False
        return True

    def _walk(self, note: bytes, head: Checkpoint) -> None:
        """Walks from where an unfinished audit came to; if that leads nowhere, from what is proven."""
        starts = [each for each in (self._kept.progress, self._kept.proven) if each is not None]
        for start in starts:
            if start.peaks.width > head.size:
                continue
            walk = self._walk_from(start, head)
            if walk is not None:
                self._keep(note, walk)
                return
            self._kept = Kept(self._kept.note, self._state.load().proven, None)
            self._state.save(self._kept)

    def _walk_from(self, start: Position, head: Checkpoint) -> RemoteWalk | None:
        """One walk; None where it does not end at the signed root."""
        report = self.report
        report.start, report.end = start.peaks.width, head.size
        walk = RemoteWalk(
            self._log, self._notes.origin, head.size, start, progress=self._progress, cancel=self._cancel
        )
        walk.fold_again(self._state.acts(start))
        reached, root, saved = start.peaks.width, start.peaks.root(), start.peaks.width
        known_root: bytes | None = root if self._known and self._known.size == reached else None
        for step in walk.run():
            reached, root = step
            if self._known is not None:
                known_root = walk.root_at(self._known.size) or known_root
            if reached - saved >= SAVED_ENTRIES and not walk.faults:
                self._save_progress(walk)
                saved = reached
        report.counts, report.fault_list = walk.counts, walk.faults
        self._check_genesis(walk)
        if reached == head.size and root == head.root:
            if self._known is None or known_root in (None, self._known.root):
                return walk
            detail = f"the entries give another root of size {self._known.size} than was signed then"
            walk.faults.add("log.forked", "checkpoint", self._known.size, detail)
            return None
        self._explain(head, walk, complete=reached == head.size)
        return None

    def _explain(self, head: Checkpoint, walk: RemoteWalk, *, complete: bool) -> None:
        """The entries do not give the signed root: tells a fork from entries that are not the log's."""
        if complete:
            detail = f"the served entries do not give the root that was signed for size {head.size}"
            walk.faults.add("log.root", "checkpoint", head.size, detail)
        known = self._known
        if known is None:
            return
        try:
            path = prove_consistency(known.size, head.size, tile_nodes(walk.fetch_tile, head.size))
            verify_consistency(known.size, head.size, path, known.root, head.root)
        except ProofInvalid as error:
            detail = f"the signed head does not continue the kept one of {known.size} entries: {error.detail}"
            walk.faults.add("log.forked", "checkpoint", head.size, detail)
        except TileMalformed as error:
            walk.faults.add("tile.missing", "tiles", None, f"no proof can be made: {error.detail}")

    def _check_genesis(self, walk: RemoteWalk) -> None:
        stated = walk.facts.origin
        if stated is None:
            walk.faults.add("genesis.missing", "acts", 0, "entry 0 is no genesis that is allowed")
            return
        for vkey in self._notes.vkeys:
            if vkey not in stated.log_keys:
                walk.faults.add("genesis.log-key", "acts", 0, f"genesis does not list the key {vkey}")

    def _save_progress(self, walk: RemoteWalk) -> None:
        walk.position.acts_bytes = self._state.append_acts(walk.take_acts())
        self._kept = Kept(self._kept.note, self._state.load().proven, walk.position)
        self._state.save(self._kept)

    def _keep(self, note: bytes, walk: RemoteWalk) -> None:
        """The root is the signed one: the checkpoint is kept; the position only if nothing was wrong."""
        if walk.faults:
            self._state.save(Kept(note, self._state.load().proven, None))
        else:
            walk.position.acts_bytes = self._state.append_acts(walk.take_acts())
            self._state.save(Kept(note, walk.position, None))

    def _finished(self) -> AuditReport:
        report, counts = self.report, self.report.counts
        report.checked = [
            f"entries {report.start} to {report.end}: form, links, times, {counts['tiles']} tiles, the root",
            f"{counts['acts']} public acts: served, signed, allowed",
            f"{counts['statements']} statements in all",
        ]
        report.cannot_exclude = [f"nothing newer than size {report.size} can be excluded"]
        if self._known is None:
            report.cannot_exclude.append(
                "that the log was signed anew before cannot be excluded: no earlier checkpoint is kept here"
            )
        else:
            report.checked.append(f"the head continues the kept one of {self._known.size} entries")
        left = counts["private"] if self._log.reads_private else counts["entries"] - counts["acts"]
        if left:
            report.cannot_exclude.append(f"{left} private statements were not read")
        if counts["acts_left_open"]:
            report.cannot_exclude.append(
                f"{counts['acts_left_open']} public act(s): form and signature alone were checked, for "
                "what they state follows from private statements"
            )
        return report
