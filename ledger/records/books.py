"""The books while they are folded: records by key and by group, what was changed, and the way back.

Decides: which record a reader sees (the changed one before the stored one), and what a refused statement
leaves behind (nothing). Knows no rule and no table. The same fold runs over a database (the committer), over
a scratch database (replay) and over nothing but memory (tests, simulation): only the ``Source`` differs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

Key = tuple[Any, ...]


@runtime_checkable
class Record(Protocol):
    """A frozen dataclass with its primary key and the groups by which it can be found."""

    KEY: ClassVar[tuple[str, ...]]
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]]


R = TypeVar("R", bound=Record)


class Source(Protocol):
    """Where records that are not in memory come from."""

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        """The records of these keys; those that do not exist are left out."""

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        """Every record of the named group that has one of these values."""


class NoSource:
    """Everything is in memory."""

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        return ()

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        return ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is asked of every record of a kind, worked out once.

    Attributes:
        key: A record's primary key.
        groups: Each group: the name of its place in memory, its value in a record, and whether its fields are
            all part of the key, so that a record that takes another's place is in the same groups.
        in_key: The groups whose fields are all part of the key, with their places in it.
    """

    key: Callable[[Any], Key]
    groups: tuple[tuple[tuple[type[Record], str], Callable[[Any], Key], bool], ...]
    in_key: tuple[tuple[tuple[type[Record], str], tuple[int, ...]], ...]


def _values(names: Sequence[str]) -> Callable[[Any], Key]:
    """Gives the values of some fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda record: ()
    get = attrgetter(*names)
    return lambda record: (get(record),)


@cache
def _shape_of(kind: type[Record]) -> _Shape:
    in_key = {group for group, names in kind.GROUPS.items() if names and set(names) <= set(kind.KEY)}
    return _Shape(
        _values(kind.KEY),
        tuple(((kind, group), _values(names), group in in_key) for group, names in kind.GROUPS.items()),
        tuple(
            ((kind, group), tuple(kind.KEY.index(name) for name in kind.GROUPS[group]))
            for group in kind.GROUPS
            if group in in_key
        ),
    )


def key_of(record: Record) -> Key:
    """The record's primary key."""
    return _shape_of(type(record)).key(record)


class Books:
    """Records by key and by group, over a source.

    ``changed`` is what is to be written. Between ``begin`` and ``commit`` or ``rollback`` every put is
    remembered, so that a refused statement leaves the books as they were.
    """

    def __init__(self, source: Source | None = None) -> None:
        self._source = source or NoSource()
        self._complete = source is None
        self._records: dict[type[Record], dict[Key, Any]] = {}
        self._groups: dict[tuple[type[Record], str], dict[Key, dict[Key, None]]] = {}
        self._changed: dict[tuple[type[Record], Key], Record] = {}
        self._undo: list[tuple[type[Record], Key, Record | None, Record | None]] | None = None

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same records in memory, and the same of them wait to be written."""
        if not isinstance(other, Books):
            return NotImplemented
        return self._changed == other._changed and self._present() == other._present()

    def use(self, source: Source) -> None:
        """Reads from another source from now on; what is in memory must be what it holds."""
        assert not self._complete
        self._source = source

    def get(self, kind: type[R], *key: Any) -> R | None:
        """The record with this key, or None."""
        try:
            found: R | None = self._records[kind][key]
        except KeyError:
            found = self._load(kind, key)
        return found

    def group(self, kind: type[R], group: str, *value: Any) -> list[R]:
        """Every record whose fields of the named group have this value, in order of the keys."""
        groups = self._groups.setdefault((kind, group), {})
        if value not in groups:
            self._take_group(kind, group, [value])
        known = self._records.get(kind, {})
        found: list[Any] = [known[key] for key in sorted(groups[value])]
        return found

    def prefetch(self, kind: type[Record], keys: Iterable[Key]) -> None:
        """Reads many records at once, so that ``get`` need not."""
        known = self._records.setdefault(kind, {})
        wanted = sorted({key for key in keys if key not in known})
        if wanted:
            for key in wanted:
                known[key] = None
            for record in self._source.load(kind, wanted):
                known[key_of(record)] = record

    def prefetch_groups(self, kind: type[Record], group: str, values: Iterable[Key]) -> None:
        """Reads many groups at once, so that ``group`` need not."""
        groups = self._groups.setdefault((kind, group), {})
        wanted = sorted({value for value in values if value not in groups})
        if wanted:
            self._take_group(kind, group, wanted)

    def put(self, record: Record) -> None:
        """Puts a record in place of the one with its key."""
        kind = type(record)
        key = _shape_of(kind).key(record)
        self._put(kind, key, record, self.get(kind, *key))

    def add(self, record: Record) -> None:
        """As ``put``, of a record that the source cannot have, which is not asked for it."""
        kind = type(record)
        key = _shape_of(kind).key(record)
        self._put(kind, key, record, self._records.setdefault(kind, {}).get(key))

    def _put(self, kind: type[Record], key: Key, record: Record, before: Record | None) -> None:
        name = (kind, key)
        if self._undo is not None:
            self._undo.append((kind, key, before, self._changed.get(name)))
        self._set(kind, key, record, before)
        self._changed[name] = record

    def begin(self) -> None:
        """Remembers from here on what ``rollback`` takes back. Not nested."""
        assert self._undo is None
        self._undo = []

    def commit(self) -> None:
        """Keeps what was put since ``begin``."""
        self._undo = None

    def rollback(self) -> None:
        """Takes back everything that was put since ``begin``."""
        undo, self._undo = self._undo or [], None
        for kind, key, before, changed in reversed(undo):
            self._set(kind, key, before, self._records[kind][key])
            if changed is None:
                del self._changed[kind, key]
            else:
                self._changed[kind, key] = changed

    def take_changes(self) -> list[Record]:
        """The newest state of every record put since the last call, in order of first change."""
        changes = list(self._changed.values())
        self._changed.clear()
        return changes

    def records(self, kind: type[R]) -> list[R]:
        """Every record of a kind that is in memory, in order of the keys: all, where there is no source."""
        known: Any = self._records.get(kind, {})
        return [known[key] for key in sorted(known) if known[key] is not None]

    @property
    def size(self) -> int:
        """How many records and absences are in memory."""
        return sum(len(known) for known in self._records.values())

    def drop(self, kind: type[Record]) -> None:
        """Lets the records of a kind go, none of which waits to be written: who needs one reads it again."""
        assert not self._complete
        assert not any(changed is kind for changed, _ in self._changed)
        self._records.pop(kind, None)
        for group in kind.GROUPS:
            self._groups.pop((kind, group), None)

    def forget(self) -> None:
        """Empties the memory; nothing may be waiting to be written."""
        assert not self._changed
        assert self._undo is None
        self._records.clear()
        self._groups.clear()

    def _load(self, kind: type[Record], key: Key) -> Any:
        """The record with this key as the source has it."""
        known = self._records.setdefault(kind, {})
        known[key] = None
        if not self._is_absent(kind, key):
            for record in self._source.load(kind, [key]):
                known[key_of(record)] = record
        return known[key]

    def _is_absent(self, kind: type[Record], key: Key) -> bool:
        """Whether a group that the record would be in is in memory whole: what is not there is nowhere."""
        for name, at in _shape_of(kind).in_key:
            groups = self._groups.get(name)
            if groups is not None and tuple([key[each] for each in at]) in groups:
                return True
        return False

    def _present(self) -> dict[Any, Record]:
        return {
            (kind, key): record
            for kind, known in self._records.items()
            for key, record in known.items()
            if record is not None
        }

    def _take_group(self, kind: type[Record], group: str, values: Sequence[Key]) -> None:
        groups = self._groups.setdefault((kind, group), {})
        for value in values:
            groups[value] = {}
        known, value_of = self._records.setdefault(kind, {}), _values(kind.GROUPS[group])
        here = [key for changed_kind, key in self._changed if changed_kind is kind]
        if self._complete:
            here = list(known)
        for record in self._source.load_groups(kind, group, values):
            key = key_of(record)
            known.setdefault(key, record)
            here.append(key)
        wanted = set(values)
        for key in here:
            present = known[key]
            if present is not None:
                value = value_of(present)
                if value in wanted:
                    groups[value][key] = None

    def _set(self, kind: type[Record], key: Key, record: Record | None, before: Record | None) -> None:
        self._records[kind][key] = record
        for name, value_of, in_key in _shape_of(kind).groups:
            groups = self._groups.get(name)
            if groups is None or (in_key and before is not None and record is not None):
                continue
            if before is not None:
                members = groups.get(value_of(before))
                if members is not None:
                    members.pop(key, None)
            if record is not None:
                members = groups.get(value_of(record))
                if members is not None:
                    members[key] = None
