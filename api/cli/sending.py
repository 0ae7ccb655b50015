"""Sending one official act: signed, kept, sent, its receipt verified and kept."""

import json
from pathlib import Path
from typing import Any

from ledger.client.documents import Document
from ledger.client.http import LedgerClient
from ledger.client.outbox import Outbox
from ledger.client.submitting import Sent, Submitter
from ledger.clock import SystemClock
from ledger.statements.envelope import ACT
from ledger.statements.keys import Signer


def send_act(act: dict[str, Any], url: str, signer: Signer, folder: Path) -> Sent:
    """Sends an act.

    Args:
        act: Its members, ``act`` among them.
        url: The ledger.
        signer: Who signs.
        folder: The outbox that keeps statement and receipt.

    Returns:
        What became of it; ``index`` is None where it was not recorded.
    """
    outbox = Outbox(folder)
    content = json.dumps(act, ensure_ascii=False, separators=(",", ":")).encode()
    with LedgerClient(url) as client:
        described = client.log()
        verifier = outbox.pin_log_key(described["origin"], described["vkeys"], None)
        submitter = Submitter(
            client, outbox, origin=described["origin"], verifier=verifier, signer=signer, clock=SystemClock()
        )
        (sent,) = submitter.submit([Document(act["act"], content, ACT)])
    return sent
