"""Submitting documents: sign, keep, send, verify the receipt, keep it.

Decides: the statement is on the disk before it is sent, a receipt only after it verified; so a run may be
stopped at any moment and run again without a duplicate.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.client.documents import Document
from ledger.client.http import Answer, LedgerClient
from ledger.client.outbox import Outbox, Slot, write_file
from ledger.clock import Clock
from ledger.errors import EvidenceError, KeyFileInvalid, ReceiptMismatch, RemoteFailed, RequestError
from ledger.log.note import NoteVerifier
from ledger.statements.envelope import parse_statement, sign_statement, verify_statement
from ledger.statements.jwk import parse_jwk
from ledger.statements.keys import Signer

CHUNK = 256
CHUNK_BYTES = 8 * 1024 * 1024
ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one document.

    Attributes:
        source: The document's source.
        state: ``recorded`` now, ``known`` (recorded by an earlier run or another sender), ``refused``, or
            ``waiting`` (not recorded; run again).
        index: Its entry, where there is one.
        text: For a person: the entry, or the reason.
        receipt: Where the verified receipt is kept.
        findings: Of a refusal, as the server gave them.
    """

    source: str
    state: str
    index: int | None
    text: str
    receipt: Path | None = None
    findings: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class _Item:
    document: Document
    slot: Slot
    jws: bytes


class Submitter:
    """Submits documents to one ledger out of one outbox."""

    def __init__(
        self,
        client: LedgerClient,
        outbox: Outbox,
        *,
        origin: str,
        verifier: NoteVerifier,
        signer: Signer | None,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ties the parts together.

        Args:
            client: The ledger.
            outbox: Where statements and receipts are kept.
            origin: The log's origin.
            verifier: The log's key; receipts are verified with it.
            signer: Who signs; None where every document is signed already.
            clock: For ``iat``.
            pause: Waits between rounds.
        """
        self._client = client
        self._outbox = outbox
        self._origin = origin
        self._verifier = verifier
        self._signer = signer
        self._clock = clock
        self._pause = pause

    def submit(self, documents: Iterable[Document]) -> Iterator[Sent]:
        """Submits documents and yields what became of each, in order within each chunk.

        Raises:
            RemoteFailed: The ledger does not answer. What was yielded stands; run again for the rest.
        """
        for chunk in _chunks(documents):
            items: list[_Item] = []
            for document in chunk:
                slot = self._outbox.slot(document.source, document.content)
                kept = self._outbox.kept_receipt(slot, self._origin, self._verifier)
                if kept is not None:
                    yield Sent(document.source, "known", kept.index, f"entry {kept.index}", slot.receipt)
                else:
                    items.append(_Item(document, slot, self._statement(document, slot)))
            yield from self._send(items)

    def _statement(self, document: Document, slot: Slot) -> bytes:
        """The statement of a document: the kept one, or a new one that is kept before anything is sent."""
        if slot.jws.exists():
            return slot.jws.read_bytes()
        jws = document.content
        if document.cty is not None:
            if self._signer is None:
                raise KeyFileInvalid(
                    f"{document.source} is not signed, and no key was given", mend="Give --key."
                )
            jws = sign_statement(
                document.content,
                signer=self._signer,
                origin=self._origin,
                cty=document.cty,
                iat=self._clock.now_us() // 1_000_000,
                jti=str(uuid.uuid4()),
            )
        write_file(slot.jws, jws)
        return jws

    def _send(self, items: Sequence[_Item]) -> Iterator[Sent]:
        """Sends a chunk, and again what the ledger could not take yet or did not answer."""
        waiting = list(items)
        for round_number in range(ROUNDS):
            if not waiting:
                return
            if round_number:
                self._pause(min(0.5 * 2**round_number, 10.0))
            again: list[_Item] = []
            answered = 0
            answers = self._client.submit_lines(each.jws for each in waiting)
            for item in waiting:
                try:
                    answer = next(answers, None)
                except RemoteFailed:
                    if round_number == ROUNDS - 1:
                        raise
                    break
                if answer is None:
                    break
                answered += 1
                if answer.retry_safe:
                    again.append(item)
                else:
                    yield self._settle(item, answer)  # a receipt that does not verify ends the run
            waiting = again + waiting[answered:]
        for item in waiting:
            yield Sent(item.document.source, "waiting", None, "the ledger is busy; run this again")

    def _settle(self, item: _Item, answer: Answer) -> Sent:
        source = item.document.source
        if not answer.recorded:
            if answer.status in (400, 413, 422):
                self._outbox.keep_refusal(item.slot, answer.members)
            return Sent(source, "refused", None, answer.describe(), findings=answer.findings)
        receipt = str(answer.members.get("receipt", "")).encode("utf-8", "replace")
        recorded = str(answer.members.get("jws") or "").encode("utf-8", "replace") or item.jws
        try:
            if recorded != item.jws:
                self._require_same(recorded, item.jws)
            verified = self._outbox.keep_receipt(item.slot, recorded, receipt, self._origin, self._verifier)
            if recorded != item.jws:  # the same signing input was recorded first, under another signature
                write_file(item.slot.jws, recorded)
        except EvidenceError as error:
            raise RemoteFailed(
                f"the receipt for {source} does not verify: {error.code}: {error.detail}",
                mend="Do not trust this server. The statement and its answer prove what it did; keep both.",
            ) from error
        state = "recorded" if answer.status == 201 else "known"
        return Sent(source, state, verified.index, f"entry {verified.index}", item.slot.receipt)

    def _require_same(self, recorded: bytes, sent: bytes) -> None:
        """What is to replace the statement that was sent says the same, and is as well signed.

        Whose signature it is can be told only where the signer at hand made the one that was sent.
        """
        if recorded.rpartition(b".")[0] != sent.rpartition(b".")[0]:
            raise ReceiptMismatch("the server returned another statement than the one that was sent")
        try:
            statement = parse_statement(recorded)
            if self._signer is not None and self._signer.kid == statement.header.kid:
                verify_statement(statement, parse_jwk(self._signer.jwk))
        except RequestError as error:
            raise ReceiptMismatch(
                f"the server returned the statement under another signature that is not good: {error.detail}"
            ) from error


def _chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    size = 0
    for document in documents:
        chunk.append(document)
        size += len(document.content)
        if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
