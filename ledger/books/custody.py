"""Whose hands: the party that a movement is done by, and whether its signer may say so.

Decides: a party records what it has itself; for another it records only as its delegate, or as the party that
it went over into, at once or by way of others. When it is recorded counts: what went before is filed late.
"""

from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.findings import Finding
from ledger.records.mergers import went_over_into
from ledger.records.oversight import DelegationRecord


def acting_custodian(journal: Journal, stated: str, code: str = "custody.not-holder") -> str:
    """Who has the goods: the stated party, or the signer where none is stated.

    Raises:
        Impossible: ``code``: the signer may not record for that party.
    """
    recording = journal.recording
    if stated in ("", recording.issuer):
        return recording.issuer
    delegation = journal.books.get(DelegationRecord, stated, recording.issuer)
    if (
        delegation is not None
        and delegation.starts_us <= recording.recorded_at_us
        and (delegation.ends_us is None or recording.recorded_at_us < delegation.ends_us)
    ):
        return stated
    if went_over_into(journal.books, stated, recording.issuer, recording.recorded_at_us):
        return stated
    raise Impossible(
        Finding(
            code,
            f"{recording.issuer} may not record for {stated}",
            journal.movement.pointer,
            "Let the party that has the goods sign, or have it delegate its filings to the signer.",
            {"issuer": recording.issuer, "custodian": stated},
        )
    )
