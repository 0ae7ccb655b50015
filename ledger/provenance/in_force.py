"""The policy in force, as its act stated it and as the rules read it. Decides nothing."""

from sqlalchemy import Connection

from ledger.errors import LedgerEmpty
from ledger.records.policy import Policy, read_policy
from ledger.statements.registers import PolicyRecord
from ledger.store import registers_store


def policy_in_force(connection: Connection) -> tuple[PolicyRecord, Policy]:
    """The policy as its act stated it, and as the rules read it.

    Raises:
        LedgerEmpty: There is no genesis yet.
    """
    record = registers_store.read_policy(connection)
    if record is None:
        raise LedgerEmpty("the log is empty")
    return record, read_policy(record.policy)
