"""Who may be appended: the findings that need the log's state, in their documented order. Pure.

Order: what the examination found (audience, then schema), key, clock, ``seen``, then the act's own rules. All
findings are given; one is enough to refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.controls.submission import Submission
from ledger.encoding import b64_encode
from ledger.findings import Finding
from ledger.records.quick import quick
from ledger.statements.acts import ActContext
from ledger.statements.registers import Facts
from ledger.statements.standing import key_fault

IAT_TOLERANCE_US = 300 * 1_000_000


@quick
@dataclass(frozen=True, slots=True)
class Position:
    """Where a statement would stand.

    Attributes:
        index: The index that it would have.
        recorded_at_us: The entry's time.
        roots: Root of each published tree head that the batch's ``seen`` headers name, by size; sizes that
            were never published are absent.
    """

    index: int
    recorded_at_us: int
    roots: Mapping[int, bytes]


def act_context(submission: Submission, position: Position, origin: str) -> ActContext:
    """What an act's rules may know of the statement that carries it."""
    return ActContext(
        index=position.index,
        recorded_at_us=position.recorded_at_us,
        issuer=submission.issuer,
        kid=submission.statement.header.kid,
        statement_hash=submission.statement.statement_hash,
        origin=origin,
    )


def judge(submission: Submission, position: Position, facts: Facts, origin: str) -> list[Finding]:
    """Every finding that refuses the statement; none means that it is to be appended.

    Args:
        submission: A statement whose signature verified.
        position: Where it would stand.
        facts: The facts that it names, as of just before it.
        origin: This log's origin.
    """
    findings = list(submission.findings)
    header = submission.statement.header
    key = facts.keys.get(header.kid)
    if key is not None:  # at index 0 the key is in genesis itself, whose own rules judge it
        fault = key_fault(key, position.index, position.recorded_at_us)
        if fault is not None:
            findings.append(fault)
    if header.iat * 1_000_000 > position.recorded_at_us + IAT_TOLERANCE_US:
        findings.append(
            Finding(
                "time.signed-in-future",
                "iat lies more than 300 seconds after the ledger's clock",
                mend="Set the clock of the machine that signs, and sign again.",
            )
        )
    if header.seen is not None and position.roots.get(header.seen.size) != header.seen.root:
        known = header.seen.size in position.roots
        what = "has another root" if known else "was never published"
        findings.append(
            Finding(
                "seen.mismatch",
                f"seen names a tree head of size {header.seen.size} that {what} here",
                mend="Take size and root from a checkpoint of this log that you verified, or leave seen out.",
                evidence={"seen": f"{header.seen.size}:{b64_encode(header.seen.root)}"},
            )
        )
    act = submission.payload.act
    if act is not None and not submission.findings:
        findings.extend(act.judge(act_context(submission, position, origin), facts))
    return findings
