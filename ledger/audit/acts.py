"""Acts as an audit meets them: read again from signed bytes, judged again where they stand, folded.

Decides: nothing that the acts themselves do not. Reads nothing by itself.
"""

from functools import lru_cache
from typing import Any, Final, TypeVar

from ledger.audit.found import FoundAct
from ledger.errors import RequestError
from ledger.records.books import Books, Record
from ledger.records.oversight import (
    ControlListRecord,
    DelegationRecord,
    MergerRecord,
    RestrictedPartyRecord,
)
from ledger.statements.acts import Act, ActContext
from ledger.statements.acts.confirm import Confirm
from ledger.statements.acts.erase import Erase
from ledger.statements.acts.genesis import Genesis
from ledger.statements.envelope import ACT, parse_statement
from ledger.statements.payload import read_payload
from ledger.statements.registers import Facts

_R = TypeVar("_R", bound=Record)
_OF_ACTS_ALONE: Final = (ControlListRecord, DelegationRecord, MergerRecord, RestrictedPartyRecord)
OF_PUBLIC_ACTS: Final = (ControlListRecord,)
"""What nothing makes but acts that everybody may read."""


class ActBooks(Books):
    """What the acts alone make of the books: enough to decide acts that ask for nothing else.

    What movements make too (holdings, licences with their draw-down, alerts) is not known here. An act that
    asked for such a record and would be refused is left open: a replay of the whole log decides it.

    Attributes:
        asked: Whether something was asked for, since this was last unset, that may be there unknown.
        left_open: Indices of the acts that were left open.
    """

    def __init__(self, known: tuple[type[Record], ...] = _OF_ACTS_ALONE) -> None:
        """Empty books.

        Args:
            known: Kinds of records of which the acts to come make every one.
        """
        super().__init__()
        self._known = known
        self.asked = False
        self.left_open: set[int] = set()

    def get(self, kind: type[_R], *key: Any) -> _R | None:
        self.asked = self.asked or kind not in self._known
        return super().get(kind, *key)

    def group(self, kind: type[_R], group: str, *value: Any) -> list[_R]:
        self.asked = self.asked or kind not in self._known
        return super().group(kind, group, *value)


# An audit meets an act up to three times: for the keys, with its entry, and when it is folded.
@lru_cache(maxsize=64)
def read_act_payload(jws: bytes) -> tuple[Act | None, str | None]:
    """The act in a statement's bytes, and what is wrong with it; for a record neither."""
    try:
        statement = parse_statement(jws)
        if statement.header.cty != ACT:
            return None, None
        payload = read_payload(ACT, statement.payload)
    except RequestError as error:
        return None, error.detail
    return payload.act, payload.findings[0].detail if payload.findings else None


def read_found_act(jws: bytes) -> Act | None:
    """The act in a statement's bytes, None where there is none that can be read."""
    return read_act_payload(jws)[0]


def judge_and_fold(found: FoundAct, act: Act, facts: Facts, origin: str) -> str | None:
    """Judges an act where it stands, and folds it if it was allowed.

    Args:
        found: Where it stands.
        act: What ``found.jws`` says.
        facts: Everything before it; changed.
        origin: The log's origin.

    Returns:
        Why it was not allowed, and then nothing is folded; None where it was, or where the acts alone cannot
        decide it (``ActBooks``).
    """
    context = ActContext(
        index=found.entry_index,
        recorded_at_us=found.recorded_at_us,
        issuer=found.issuer,
        kid=found.kid,
        statement_hash=found.statement_hash,
        origin=origin,
    )
    books = facts.books
    if isinstance(books, ActBooks):
        books.asked = False
    findings = act.judge(context, facts)
    if findings and isinstance(books, ActBooks) and books.asked:
        books.left_open.add(found.entry_index)
        return None
    if findings:
        return f"the act {act.name} was not allowed: {findings[0].detail} ({findings[0].code})"
    act.apply(context, facts)
    return None


def erase_in(act: Act) -> Erase | None:
    """The erase that an act is or confirms."""
    inner = act.confirmed if isinstance(act, Confirm) else act
    return inner if isinstance(inner, Erase) else None


def issuer_of(facts: Facts, kid: str, jws: bytes) -> str | None:
    """Whose a key is, by the acts so far or, for genesis, by what it says itself; None where nobody's."""
    known = facts.keys.get(kid)
    if known is not None:
        return known.party
    act = read_found_act(jws)
    found = act.find_key(kid) if isinstance(act, Genesis) else None
    return None if found is None else found[0]
