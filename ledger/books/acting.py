"""On whose behalf a statement speaks: the signer's own, or a party's that it may act for.

Decides: that only the holder moves goods. A filing agent acts for whom it was delegated by, and a successor
for the party that went over into it.
"""

from ledger.books.accounts import Journal
from ledger.books.context import Impossible, Recording
from ledger.findings import Finding
from ledger.records.oversight import DelegationRecord, MergerRecord


def acting(journal: Journal, stated: str, code: str = "custody.not-holder") -> str:
    """The party whose goods move.

    Args:
        journal: The event.
        stated: The party that the event names in this part; "" means the signer.
        code: What the refusal is called.

    Raises:
        Impossible: The signer may not act for the party.
    """
    issuer = journal.recording.issuer
    if stated in ("", issuer) or acts_for(journal.recording, stated):
        return stated or issuer
    raise Impossible(
        Finding(
            code,
            f"{issuer} signed this and may not act for {stated}",
            journal.movement.pointer,
            "Let the party that has the goods record it, or let it delegate first.",
            {"issuer": issuer, "party": stated},
        )
    )


def acts_for(recording: Recording, principal: str) -> bool:
    """Whether the signer may act for another party, as of the entry's time."""
    delegation = recording.books.get(DelegationRecord, principal, recording.issuer)
    now_us = recording.recorded_at_us
    if delegation is not None and delegation.starts_us <= now_us < (delegation.ends_us or now_us + 1):
        return True
    merger = recording.books.get(MergerRecord, principal)
    return merger is not None and merger.successor == recording.issuer
