"""Restricted parties: nobody on a list, or held by listed parties to half or more, gets goods or technology.

Decides: which of an export's parties are compared, and when a military user or use is refused. Who belongs to
whom is ``controls.ownership``. Natural persons are never in the log. Source: MOFCOM announcement 61 of 2025
(affiliates at 50 % and more; military users).
"""

from collections.abc import Iterator

from ledger.controls.licences import end_use_meant
from ledger.controls.lists import MILITARY, end_use_of, lists_in_force
from ledger.controls.noticing import decimal_text, notice
from ledger.controls.ownership import Restriction, restriction_of
from ledger.controls.rule import Case, Notice, rule


@rule(
    "enduser.restricted",
    "enduser.military",
    movements=("export", "ship", "transfer", "release", "impart"),
    stage="before",
    action="reject",
)
def restricted(case: Case) -> Iterator[Notice]:
    """Consignee, end user or buyer is listed, or held to half by listed parties; or it is for arms."""
    movement, books = case.movement, case.recording.books
    if movement.disclosed or movement.did_not_occur:
        return
    parties = dict.fromkeys((movement.consignee, movement.end_user, movement.owner_to, movement.custodian_to))
    for party in parties:
        found = restriction_of(books, party, movement.event_time_us) if party else None
        if found is not None:
            record = found.record
            yield notice(
                case,
                "enduser.military" if record.military else "enduser.restricted",
                f"{party} {how(found)} ({record.control_list})",
                "Do not ship it or hand it over. Name the true end user if this is another party.",
                subject=f"party:{party}",
                party=party,
                restricted=record.name,
                control_list=record.control_list,
                listed_at=record.entry_index,
                share=found.share,
            )
    if end_use_of(end_use_meant(case))[0] == MILITARY:
        for refusing in lists_in_force(books, movement.event_time_us):
            if refusing.conditions.get("refuses_military"):
                yield notice(
                    case,
                    "enduser.military",
                    f"it is for military use ({refusing.control_list})",
                    "Do not ship it or hand it over. State the true end use if this is another one.",
                    control_list=refusing.control_list,
                )
                return


def how(found: Restriction) -> str:
    """Why a party is restricted, as the end of a sentence that begins with its name."""
    if found.share is None:
        return "is listed"
    whom = found.record.name
    return f"is held to {decimal_text(found.share * 100, 3)} % by {whom}, which is listed, and its affiliates"
