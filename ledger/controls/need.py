"""Would this need a licence? Every list, the Chinese value, the end user and the end use, for goods as asked.

Decides: one answer out of all of them. It says what the rules would say of an export that was recorded with
these particulars, and why; it books nothing and refuses nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from ledger.controls.content import Content, content_of
from ledger.controls.licences import VALUE, least_content
from ledger.controls.lists import (
    HOME,
    MILITARY,
    advanced_use,
    end_use_of,
    lists_in_force,
    naming_list,
    reaching,
)
from ledger.controls.ownership import Restriction, restriction_of
from ledger.records.books import Books
from ledger.records.lots import LotRecord
from ledger.records.policy import Policy

Answer = Literal["refused", "needed", "undecided", "none"]
ANSWERS: Final[tuple[Answer, ...]] = ("refused", "needed", "undecided", "none")
"""The gravest first: the answer is the gravest of its reasons."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a list, a listing or a use makes of it.

    Attributes:
        answer: What it makes of it alone.
        why: ``restricted``, ``military-user``, ``military-use``, ``listed``, ``content``, ``case-by-case``.
        control_list: By which list.
        subject: The party, lot or use that it is about.
        restriction: Of a party, or None.
    """

    answer: Answer
    why: str
    control_list: str
    subject: str
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """The answer with its reasons.

    Attributes:
        answer: The gravest of the reasons; ``none`` without one.
        lists: Codes of the lists that are in force and about such an export.
        content: The Chinese value, where a list asks for it. ``least``: from which share on.
    """

    answer: Answer
    reasons: tuple[Reason, ...]
    lists: tuple[str, ...]
    content: Content | None
    least: Fraction | None


@dataclass(frozen=True, slots=True)
class Particulars:
    """An export as it is asked about.

    Attributes:
        country: From where it would leave; "" for the authority's own.
        destination: To which country.
        parties: Consignee, end user, buyer.
        end_use: As ``ree:endUse`` would state it, or "".
        at_us: When.
    """

    country: str
    destination: str
    parties: tuple[str, ...]
    end_use: str
    at_us: int


def need_of(books: Books, policy: Policy, lot: LotRecord, asked: Particulars) -> Need:
    """What an export of a lot would need.

    Args:
        books: The books.
        policy: In force.
        lot: The goods.
        asked: To where, to whom, for what, when.
    """
    lists = reaching(lists_in_force(books, asked.at_us), asked.country, asked.destination)
    reasons = list(_parties(books, asked))
    named = naming_list(lot, lists, policy.catalogue)
    if named:
        reasons.append(Reason("needed", "listed", named, lot.lot))
    content, least = None, None
    for record in lists:
        if (
            record.conditions.get("foreign_content_share")
            and record.conditions.get("content_basis") == VALUE
            and asked.country not in ("", HOME)
        ):
            content = content or content_of(books, policy, lot)
            least = least_content(policy, record)
            verdict = content.verdict(least)
            if verdict == "undecided":
                reasons.append(Reason("undecided", "content", record.control_list, lot.lot))
            elif verdict == "reaches" and record.conditions.get("needs_licence", True):
                reasons.append(Reason("needed", "content", record.control_list, lot.lot))
        if advanced_use(record, asked.end_use) is not None:
            reasons.append(Reason("needed", "case-by-case", record.control_list, asked.end_use))
    # A use is decided case by case where a licence is needed at all.
    if not any(each.answer != "none" and each.why in ("listed", "content") for each in reasons):
        reasons = [each for each in reasons if each.why != "case-by-case"]
    given = {reason.answer for reason in reasons}
    answer: Answer = next((each for each in ANSWERS if each in given), "none")
    return Need(answer, tuple(reasons), tuple(each.control_list for each in lists), content, least)


def _parties(books: Books, asked: Particulars) -> Iterator[Reason]:
    for party in dict.fromkeys(filter(None, asked.parties)):
        found = restriction_of(books, party, asked.at_us)
        if found is not None:
            why = "military-user" if found.record.military else "restricted"
            yield Reason("refused", why, found.record.control_list, party, found)
    if end_use_of(asked.end_use)[0] == MILITARY:
        for record in lists_in_force(books, asked.at_us):
            if record.conditions.get("refuses_military"):
                yield Reason("refused", "military-use", record.control_list, asked.end_use)
                return
