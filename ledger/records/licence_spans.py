"""When an export licence was in force: its present span, and those that a suspension or revocation ended.

Decides: that an end takes nothing back, nor does a later grant give back the time of a suspension. An export
is filed up to weeks after it took place, and is judged by what held then; so a span that ended is kept, and a
licence that is put into force again has several.
"""

from collections.abc import Mapping
from typing import Final

from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord, TallyRecord

GRANTED: Final = "granted"
SPANS: Final = "licence"
"""The tally of what was in force: ends of spans that were ended, by their starts, half open; and times."""
SUSPENDED: Final = "suspended"
"""Since when it is suspended."""
SINCE: Final = "since"
"""From when on it is in force again, where the grant that put it there states a start before that."""


def in_force(books: Books, licence: LicenceRecord, at_us: int) -> bool:
    """Whether a licence was in force at a moment."""
    if licence.state == GRANTED and licence.valid_from_us is None:
        return True
    sums = _sums(books, licence)
    start_us, end_us = _present(licence, sums)
    return start_us <= at_us < end_us or any(
        int(start) <= at_us < end for start, end in sums.items() if start.lstrip("-").isdigit()
    )


def end_span(books: Books, licence: LicenceRecord, at_us: int, *, suspends: bool) -> None:
    """Keeps what was in force of a licence that is suspended, or revoked, at a moment."""
    sums = dict(_sums(books, licence))
    start_us, end_us = _present(licence, sums)
    if start_us < min(end_us, at_us):
        sums[str(start_us)] = min(end_us, at_us)
    sums.pop(SINCE, None)
    if suspends:
        sums[SUSPENDED] = at_us
    _put(books, licence, sums)


def begin_again(books: Books, licence: LicenceRecord, start_us: int, at_us: int) -> None:
    """A licence is put into force again at a moment, as from a start: a suspension's time stays one."""
    sums = dict(_sums(books, licence))
    suspended_us = sums.pop(SUSPENDED, None)
    if suspended_us is None:
        return
    if start_us <= suspended_us:
        sums[SINCE] = at_us
    _put(books, licence, sums)


def _present(licence: LicenceRecord, sums: Mapping[str, int]) -> tuple[int, int]:
    start_us, end_us = licence.valid_from_us, licence.valid_to_us
    if licence.state != GRANTED or start_us is None or end_us is None:
        return 0, 0
    return max(start_us, sums.get(SINCE, start_us)), end_us


def _sums(books: Books, licence: LicenceRecord) -> Mapping[str, int]:
    tally = books.get(TallyRecord, SPANS, licence.licence, "")
    return {} if tally is None else tally.sums


def _put(books: Books, licence: LicenceRecord, sums: Mapping[str, int]) -> None:
    books.put(TallyRecord(SPANS, licence.licence, "", {name: sums[name] for name in sorted(sums)}))
