"""Whether an alert stands open already: no rule asks, but whoever opens alerts.

Decides: what is not opened twice. A rule that asked would be silent where policy refuses.
"""

from ledger.controls.rule import Notice
from ledger.records.books import Books
from ledger.records.oversight import AlertRecord


def stands_open(books: Books, code: str, subject: str) -> bool:
    """Whether an alert of this code about this subject was opened and not closed."""
    return any(
        alert.code == code and alert.state == "open" for alert in books.group(AlertRecord, "subject", subject)
    )


def opens(books: Books, notice: Notice) -> bool:
    """Whether what was noticed opens an alert: what goes on does so once."""
    return not (notice.ongoing and stands_open(books, notice.finding.code, notice.subject))
