"""Oversight of the offices: how long they take, where they depart from the policy, what they leave lying.

Decides: the meaning of these figures (docs/statistics.md says the same in words). Names offices, entries and
rules, never a firm: who may read the entries finds the firms there.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, bindparam, select, text

from ledger.controls.lists import listings_in_force
from ledger.log.entry import parse_entry
from ledger.provenance.subjects import books_of
from ledger.records.books import Record
from ledger.records.oversight import AlertRecord, CaseRecord, LicenceRecord, RestrictedPartyRecord
from ledger.records.periods import DAY_US, month_of
from ledger.records.policy import Policy
from ledger.records.working_days import DECISION_DAYS
from ledger.statements.acts.licence_figures import days_taken, median_text, percentile_90
from ledger.statements.acts.licences import decision_clock, is_stopped
from ledger.statements.registers import PolicyRecord
from ledger.store import log_store
from ledger.store.books_listings import list_records
from ledger.store.register_rows import REGISTERS

IGNORED_DAYS: Final = 30
"""An alert that is open for longer and in no case is ignored."""
QUEUE_BANDS: Final = ((0, 15), (16, 30), (31, DECISION_DAYS))
"""Working days that the clock of a pending application has run: first and last of each band."""
LATE: Final = "late"
RESTRICTED: Final = "restricted-party"
OPEN_CASE: Final = "open-case"
DEVIATIONS: Final = (LATE, RESTRICTED, OPEN_CASE)
"""In which ways a decision may depart from the policy."""
_EVERYTHING: Final = 1_000_000
_R = TypeVar("_R", bound=Record)


@dataclass(frozen=True, slots=True)
class Logged:
    """Who signed an entry, and when it was recorded."""

    issuer: str
    recorded_at_us: int


@dataclass(frozen=True, slots=True)
class Deviation:
    """A decision that departs from the policy, and how: some of ``DEVIATIONS``."""

    entry_index: int
    office: str
    decided_us: int
    kinds: tuple[str, ...]


class Oversight:
    """What the books and the log say of the offices at a moment.

    Args:
        connection: A reading transaction, kept until the last question.
        policy: In force; its calendar counts the working days.
        now_us: The moment.
    """

    def __init__(self, connection: Connection, policy: Policy, now_us: int) -> None:
        self._connection, self._policy, self._now_us = connection, policy, now_us
        licences = _all(connection, LicenceRecord)
        self._decided = [licence for licence in licences if licence.decided_us is not None]
        self._pending = [licence for licence in licences if licence.decided_us is None]
        self._cases = sorted(_all(connection, CaseRecord), key=lambda case: case.opened_at)
        indices = {licence.decided_at for licence in self._decided}
        indices |= {index for case in self._cases for index in (case.opened_at, case.closed_at)}
        self._logged = _logged(connection, sorted(index for index in indices if index is not None))
        self.deviations = list(self._deviations())

    def queue(self) -> dict[str, int]:
        """Pending applications by how many working days their clock has run; those that stand apart."""
        found: Counter[str] = Counter()
        for licence in self._pending:
            clock = decision_clock(licence, self._policy, self._now_us)
            found[
                "overdue" if clock.overdue else "stopped" if is_stopped(licence) else _band(clock.open_days)
            ] += 1
        names = [f"{first}-{last}" for first, last in QUEUE_BANDS]
        return {name: found[name] for name in (*names, "overdue", "stopped")}

    def decisions_by_office(self) -> list[dict[str, Any]]:
        """What each office decided on licences, and how long it took."""
        late = Counter(each.office for each in self.deviations if LATE in each.kinds)
        return [
            {
                "office": office,
                "granted": sum(licence.state != "refused" for licence in licences),
                "refused": sum(licence.state == "refused" for licence in licences),
                "late": late[office],
                **_days(sorted(map(days_taken, licences))),
            }
            for office, licences in _grouped((self._office(each), each) for each in self._decided)
        ]

    def cases_by_office(self) -> list[dict[str, Any]]:
        """What each office did with cases: those it opened, and those it closed with the days that took."""
        own = [case for case in self._cases if case.opened_by]  # others opened with their alert
        opened = Counter(case.opened_by for case in own)
        still = Counter(case.opened_by for case in own if case.state == "open")
        again = Counter(case.opened_by for case in self.taken_up_again())
        reopening = Counter(case.opened_by for case in self._cases if case.reopens is not None)
        closed = dict(
            _grouped((self._closer(case), case) for case in self._cases if case.closed_at is not None)
        )
        return [
            {
                "office": office,
                "opened": opened[office],
                "still_open": still[office],
                "reopening": reopening[office],
                "taken_up_again": again[office],
                "closed": len(closed.get(office, ())),
                **{
                    outcome: sum(case.outcome == outcome for case in closed.get(office, ()))
                    for outcome in ("confirmed", "unfounded", "settled")
                },
                **_days(sorted(map(self._days_open, closed.get(office, ())))),
            }
            for office in sorted({*opened, *closed})
        ]

    def taken_up_again(self) -> list[CaseRecord]:
        """Cases that say they take up a closed one, or are about a party or a lot of one."""
        closed: dict[str, int] = {}
        for case in self._cases:
            for subject in (*case.parties, *case.lots):
                if case.closed_at is not None:
                    closed[subject] = min(case.closed_at, closed.get(subject, case.closed_at))
        return [
            case
            for case in self._cases
            if case.reopens is not None
            or any(closed.get(each, case.opened_at) < case.opened_at for each in (*case.parties, *case.lots))
        ]

    def months(self, *, ended: bool) -> list[dict[str, Any]]:
        """By month: decisions and those that deviate, cases opened, closed and taken up again, and the days.

        Args:
            ended: Only months that are over: what is told of a month does not change then.
        """
        found: dict[str, Counter[str]] = defaultdict(Counter)
        decided: dict[str, list[int]] = defaultdict(list)
        closed: dict[str, list[int]] = defaultdict(list)
        for licence in self._decided:
            decided[self._month(licence.decided_us or 0)].append(days_taken(licence))
        for deviation in self.deviations:
            month = found[self._month(deviation.decided_us)]
            month["deviating"] += 1
            month.update(kind.replace("-", "_") for kind in deviation.kinds)
        for case in self._cases:
            month = found[self._month(self._logged[case.opened_at].recorded_at_us)]
            month["opened"] += 1
            month["reopening"] += case.reopens is not None
            if case.closed_at is not None:
                closed[self._month(self._logged[case.closed_at].recorded_at_us)].append(self._days_open(case))
        for case in self.taken_up_again():
            found[self._month(self._logged[case.opened_at].recorded_at_us)]["taken_up_again"] += 1
        now = self._month(self._now_us)
        kinds = (kind.replace("-", "_") for kind in DEVIATIONS)
        names = ("deviating", *kinds, "opened", "reopening", "taken_up_again")
        return [
            {
                "month": month,
                "decided": len(decided[month]),
                "closed": len(closed[month]),
                "days_to_decide": _days(sorted(decided[month])),
                "days_to_close": _days(sorted(closed[month])),
                **{name: found[month][name] for name in names},
            }
            for month in sorted({*found, *decided, *closed})
            if month < now or not ended
        ]

    def policies(self) -> list[dict[str, Any]]:
        """Every policy: what it changed, and what was recorded, refused and noticed while it was in force."""
        records = _policies(self._connection)
        size = log_store.read_head(self._connection).tree_size
        logged = _logged(self._connection, [record.entry_index for record in records])
        refused = _refused_by_policy(self._connection)
        found = []
        for place, record in enumerate(records):
            end = records[place + 1].entry_index if place + 1 < len(records) else size
            before = records[place - 1].policy if place else {}
            noticed = self._connection.execute(_NOTICED, {"start": record.entry_index, "end": end})
            found.append(
                {
                    "index": record.entry_index,
                    "office": logged[record.entry_index].issuer,
                    "recorded_us": logged[record.entry_index].recorded_at_us,
                    "changed": changes(before, record.policy) if place else [],
                    "entries": end - record.entry_index,
                    "refused": dict(sorted(refused[record.entry_index].items())),
                    "noticed": dict(map(tuple, noticed)),
                }
            )
        return found

    def _deviations(self) -> Iterator[Deviation]:
        listings = list(_all(self._connection, RestrictedPartyRecord))
        of_name = dict(_grouped((each.name, each) for each in listings))
        restricted: dict[str, dict[str, list[RestrictedPartyRecord]]] = defaultdict(dict)
        for each in listings:
            restricted[each.party][each.name] = of_name[each.name]
        accused = self._accused()
        for licence in sorted(self._decided, key=lambda each: each.decided_at or 0):
            index, at_us = licence.decided_at, licence.decided_us
            assert index is not None and at_us is not None  # noqa: PT018
            kinds = []
            if decision_clock(licence, self._policy, at_us).open_days > DECISION_DAYS:
                kinds.append(LATE)
            if licence.state != "refused":
                named = {*licence.consignees, *licence.end_users} & restricted.keys()
                if any(
                    _is_restricted(party, chain.from_iterable(restricted[party].values()), index, at_us)
                    for party in named
                ):
                    kinds.append(RESTRICTED)
                if any(
                    opened < index and (closed is None or index < closed)
                    for opened, closed in accused.get(licence.exporter, ())
                ):
                    kinds.append(OPEN_CASE)
            if kinds:
                yield Deviation(index, self._logged[index].issuer, at_us, tuple(kinds))

    def _accused(self) -> Mapping[str, Sequence[tuple[int, int | None]]]:
        """By party: from which entry to which a case about it was open; by name, or by an alert of it."""
        books = books_of(self._connection)
        books.prefetch(AlertRecord, [key for case in self._cases for key in case.alerts])
        found: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
        for case in self._cases:
            alerts = (books.get(AlertRecord, *key) for key in case.alerts)
            about = {*case.parties, *(alert.party for alert in alerts if alert is not None)}
            for party in about:
                found[party].append((case.opened_at, case.closed_at))
        return found

    def _office(self, licence: LicenceRecord) -> str:
        return self._logged[licence.decided_at or 0].issuer

    def _closer(self, case: CaseRecord) -> str:
        return self._logged[case.closed_at or 0].issuer

    def _days_open(self, case: CaseRecord) -> int:
        opened, closed = self._logged[case.opened_at], self._logged[case.closed_at or 0]
        return (closed.recorded_at_us - opened.recorded_at_us) // DAY_US

    def _month(self, at_us: int) -> str:
        return month_of(at_us, self._policy)


def alerts_by_rule(connection: Connection, now_us: int) -> list[dict[str, Any]]:
    """Open alerts by rule: how many, how many are in a case, how many are ignored; most ignored first."""
    before = first_index_at(connection, now_us - IGNORED_DAYS * DAY_US)
    rows = [
        {"code": code, "open": count, "in_case": in_case, "ignored": ignored}
        for code, count, in_case, ignored in connection.execute(_ALERTS, {"before": before})
    ]
    return sorted(rows, key=lambda row: (-row["ignored"], -row["open"], row["code"]))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs between two policies, member by member: the place, and both values (null: not stated)."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return [
        {"member": member, "before": old.get(member), "after": new.get(member)}
        for member in sorted({*old, *new})
        if old.get(member) != new.get(member)
    ]


def first_index_at(connection: Connection, at_us: int) -> int:
    """The index of the first entry that was recorded at a moment or later; the log's size where none was."""
    low, high = 0, log_store.read_head(connection).tree_size
    while low < high:
        middle = (low + high) // 2
        (entry,) = log_store.read_entries(connection, middle, middle + 1)
        if parse_entry(entry).recorded_at_us < at_us:
            low = middle + 1
        else:
            high = middle
    return low


_ALERTS: Final = text(
    "SELECT code, count(*), sum(CASE WHEN \"case\" <> '' THEN 1 ELSE 0 END), "
    "sum(CASE WHEN \"case\" = '' AND entry_index < :before THEN 1 ELSE 0 END) "
    "FROM alerts WHERE state = 'open' GROUP BY code"
)
_NOTICED: Final = text(
    "SELECT code, count(*) FROM alerts WHERE entry_index >= :start AND entry_index < :end "
    "GROUP BY code ORDER BY code"
)
_REFUSED: Final = text("SELECT record FROM refusals ORDER BY refusal_number")
_ISSUED: Final = text(
    "SELECT e.entry_index, e.entry, s.issuer FROM entries e JOIN statements s "
    "ON s.entry_index = e.entry_index WHERE e.entry_index IN :indices"
).bindparams(bindparam("indices", expanding=True))
_AT_ONCE: Final = 500


def _all(connection: Connection, kind: type[_R]) -> list[_R]:
    return list_records(connection, kind, limit=_EVERYTHING)


def _logged(connection: Connection, indices: Sequence[int]) -> dict[int, Logged]:
    """Who signed entries, and when they were recorded."""
    found = {}
    for start in range(0, len(indices), _AT_ONCE):
        chosen = list(indices[start : start + _AT_ONCE])
        for index, entry, issuer in connection.execute(_ISSUED, {"indices": chosen}):
            found[index] = Logged(issuer, parse_entry(bytes(entry)).recorded_at_us)
    return found


def _policies(connection: Connection) -> list[PolicyRecord]:
    register = REGISTERS[PolicyRecord]
    rows = connection.execute(select(register.table).order_by(register.table.c.entry_index))
    return [register.to_record(*row) for row in rows]


def _refused_by_policy(connection: Connection) -> Mapping[int, Counter[str]]:
    """Refused statements by the policy that they were judged by, and by each rule that refused them."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for (record,) in connection.execute(_REFUSED):
        members = json.loads(bytes(record))
        found[members["policy"]].update({finding["code"] for finding in members["findings"]})
    return found


def _is_restricted(party: str, listings: Iterable[RestrictedPartyRecord], index: int, at_us: int) -> bool:
    """Whether a listing of a party was in force at a decision, by the entries before it."""
    before = [each for each in listings if each.entry_index < index]
    return any(each.party == party for each in listings_in_force(before, at_us))


def _band(days: int) -> str:
    return next((f"{first}-{last}" for first, last in QUEUE_BANDS if days <= last), "overdue")


def _days(days: Sequence[int]) -> dict[str, Any]:
    return {
        "median_days": median_text(days) if days else None,
        "percentile_90_days": percentile_90(days) if days else None,
    }


def _grouped(pairs: Iterable[tuple[str, _R]]) -> list[tuple[str, list[_R]]]:
    found: dict[str, list[_R]] = defaultdict(list)
    for name, each in pairs:
        found[name].append(each)
    return sorted(found.items())


def _leaves(members: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value that is no object, as JSON text, by the names on the way to it."""
    if isinstance(members, Mapping) and (members or not place):
        for name, inner in members.items():
            yield from _leaves(inner, f"{place}.{name}" if place else str(name))
    else:
        yield place, json.dumps(members, ensure_ascii=False, sort_keys=True)
