"""Cases that open with their alert."""

from dataclasses import replace

import pytest

from ledger.records.books import Books
from ledger.records.oversight import AlertRecord, CaseRecord
from ledger.records.own_cases import put_alert

ALERT = AlertRecord(
    entry_index=7,
    number=2,
    code="disclosure",
    party="urn:party:1",
    site="",
    subject="lot:urn:lot:1",
    position=0,
    event_time_us=0,
    detail="It left.",
    mend="Say why.",
    evidence={},
    told=False,
)


@pytest.mark.parametrize("code", ["disclosure", "quota.exceeded"])
def test_what_calls_for_a_case_opens_one(code: str) -> None:
    books = Books()
    put_alert(books, replace(ALERT, code=code))
    name = f"{code}-7-2"
    assert books.get(AlertRecord, 7, 2) == replace(ALERT, code=code, case=name)
    case = books.get(CaseRecord, name)
    assert case == CaseRecord(name, "", 7, alerts=((7, 2),), parties=(), lots=())
    assert case.state == "open"


@pytest.mark.parametrize("code", ["quota.nearing", "mass.loss", "balance.recovery"])
def test_others_open_none(code: str) -> None:
    books = Books()
    put_alert(books, replace(ALERT, code=code))
    assert books.get(AlertRecord, 7, 2) == replace(ALERT, code=code)
    assert books.group(CaseRecord, "state", "open") == []


def test_a_name_that_an_office_has_used_is_left_to_it() -> None:
    books = Books()
    taken = [CaseRecord(name, "urn:office", 1, (), ("urn:party:1",), ()) for name in ("disclosure-7-2",)]
    taken.append(replace(taken[0], case="disclosure-7-2-2"))
    for case in taken:
        books.put(case)
    put_alert(books, ALERT)
    assert [books.get(CaseRecord, case.case) for case in taken] == taken
    found = books.get(AlertRecord, 7, 2)
    assert found is not None
    assert found.case == "disclosure-7-2-3"
    assert books.get(CaseRecord, found.case) is not None
