"""Folding a log's acts into facts, as a verifier does.

The committer judges and applies acts one batch at a time on the facts that the batch names; a verifier folds
every act that it may read, from entry 0 on, into facts that hold everything. Both make the same records.
"""

from ledger.statements.acts.base import Act, ActContext
from ledger.statements.registers import Facts


def fold_act(context: ActContext, act: Act, facts: Facts) -> None:
    """Applies an act of the log; ``facts.changed`` is left empty, for nothing is to be written.

    Args:
        context: The entry that carries it.
        act: The act; it was judged when it was logged.
        facts: Every fact of the entries before it.
    """
    act.apply(context, facts)
    facts.changed.clear()
