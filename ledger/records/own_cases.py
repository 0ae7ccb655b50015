"""Cases that the ledger opens itself, with the alert that calls for one.

Decides: which alerts do. An export that is disclosed, and output beyond an allotment, are offences of
themselves: nobody at an office has to find the alert first, and none can leave it unnoticed among flags.
"""

from dataclasses import replace
from typing import Final

from ledger.records.books import Books
from ledger.records.oversight import AlertRecord, CaseRecord

OPENING: Final = ("disclosure", "quota.exceeded")


def put_alert(books: Books, alert: AlertRecord) -> AlertRecord:
    """Opens an alert, and a case of its own over it where its rule calls for one; gives it as it stands.

    Every alert that opens is put here.
    """
    if alert.code not in OPENING:
        books.put(alert)
        return alert
    case = name = f"{alert.code}-{alert.entry_index}-{alert.number}"
    others = 1
    while books.get(CaseRecord, case) is not None:  # an office was quicker to use the name
        others += 1
        case = f"{name}-{others}"
    alert = replace(alert, case=case)
    books.put(alert)
    key = (alert.entry_index, alert.number)
    books.put(CaseRecord(case, "", alert.entry_index, alerts=(key,), parties=(), lots=()))
    return alert
