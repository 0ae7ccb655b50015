"""The books of one entry: what later entries took back stands, and what the entry itself did counts."""

import pytest

from ledger.records.books import Books
from ledger.records.oversight import TechnologyTransferRecord
from ledger.whatif.comparing import WITH_STATEMENT, whole
from ledger.whatif.judging import Verdict
from ledger.whatif.past import OwnAlerts, Past

TRANSFER = TechnologyTransferRecord(
    entry_index=3,
    position=0,
    issuer="urn:plant",
    event_id="urn:event:1",
    provider="urn:plant",
    technology="1E902.a",
    manner="export",
    scope={},
    consignee="urn:buyer",
    end_user="urn:buyer",
    end_use="",
    destination="JP",
    licence="urn:licence",
    document_sha256="",
    event_time_us=0,
    disclosed=False,
    reason="",
    voided_at=5,
)


@pytest.mark.parametrize(("at", "found"), [(2, []), (3, [None]), (4, [None]), (5, [5]), (6, [5])])
def test_technology_is_taken_back_by_the_entry_that_does_so(at: int, found: list[int | None]) -> None:
    now = Books()
    now.put(TRANSFER)
    past = Books(Past(now, Books(), Books(), at, OwnAlerts()))
    then = past.group(TechnologyTransferRecord, "licence", "urn:licence")
    assert [each.voided_at for each in then] == found


def test_what_is_refused_with_its_statement_is_not_licensed() -> None:
    refused = Verdict(("licence.missing",), ())
    others = [Verdict((), ("price.low",), 5, licensed=True), Verdict((), ())]
    assert whole(others) == others
    assert whole([refused, *others]) == [
        refused,
        Verdict((WITH_STATEMENT,), ("price.low",)),
        Verdict((WITH_STATEMENT,), ()),
    ]
