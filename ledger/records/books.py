"""The books while they are folded: records by key and by group, what was changed, and the way back.

Decides: which record a reader sees (the changed one before the stored one), and what a refused statement
leaves behind (nothing). Knows no rule and no table. The same fold runs over a database (the committer), over
a scratch database (replay) and over nothing but memory (tests, simulation): only the ``Source`` differs.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
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
    """Where records that are not in memory come from.

    What it gives may be read for when it is first looked at, with all else that was asked for until then.
    """

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


def _values(names: Sequence[str]) -> Callable[[Any], Key]:
    """Gives the values of some fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda record: ()
    get = attrgetter(*names)
    return lambda record: (get(record),)


@cache
def _key_getter(kind: type[Record]) -> Callable[[Any], Key]:
    return _values(kind.KEY)


class _Group:
    """One of a kind's groups.

    Attributes:
        value_of: The group's value in a record.
        at: Where its fields stand in the key, if all do; then a record that takes another's place is in the
            same groups. Else None.
        members: Keys by value, of the values that were asked for.
        asked: Whether any was.
    """

    __slots__ = ("asked", "at", "members", "value_of")

    def __init__(self, kind: type[Record], names: tuple[str, ...]) -> None:
        self.value_of = _values(names)
        in_key = names and set(names) <= set(kind.KEY)
        self.at = tuple(kind.KEY.index(name) for name in names) if in_key else None
        self.members: dict[Key, dict[Key, None]] = {}
        self.asked = False


class _Shelf:
    """Everything of one kind that is in memory.

    Attributes:
        key_of: A record's primary key.
        records: By key; None for what does not exist.
        groups: By name. ``asked``: those of them that were asked for.
    """

    __slots__ = ("asked", "groups", "key_of", "records")

    def __init__(self, kind: type[Record]) -> None:
        self.key_of = _key_getter(kind)
        self.records: dict[Key, Any] = {}
        self.groups = {group: _Group(kind, names) for group, names in kind.GROUPS.items()}
        self.asked: list[_Group] = []

    def members(self, group: str) -> dict[Key, dict[Key, None]]:
        """The keys of a group by value, as far as it was asked for."""
        found = self.groups[group]
        if not found.asked:
            found.asked = True
            self.asked.append(found)
        return found.members

    def set(self, key: Key, record: Any, before: Any) -> None:
        """Puts a record, or None, under its key and into the groups that were asked for."""
        self.records[key] = record
        for group in self.asked:
            if before is not None:
                if record is not None and group.at is not None:
                    continue
                keys = group.members.get(group.value_of(before))
                if keys is not None:
                    keys.pop(key, None)
            if record is not None:
                keys = group.members.get(group.value_of(record))
                if keys is not None:
                    keys[key] = None


def key_of(record: Record) -> Key:
    """The record's primary key."""
    return _key_getter(type(record))(record)


class Books:
    """Records by key and by group, over a source.

    ``changed`` is what is to be written. Between ``begin`` and ``commit`` or ``rollback`` every put is
    remembered, so that a refused statement leaves the books as they were.
    """

    def __init__(self, source: Source | None = None) -> None:
        self._source = source or NoSource()
        self._complete = source is None
        self._shelves: dict[type[Record], _Shelf] = {}
        self._changed: dict[tuple[type[Record], Key], Record] = {}
        self._keys_changed: dict[type[Record], dict[Key, None]] = {}
        self._undo: list[tuple[type[Record], Key, Any, Record | None]] | None = None
        self._asked: dict[type[Record], list[Key]] = {}

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
            found: R | None = self._shelves[kind].records[key]
        except KeyError:
            found = self._load(kind, key)
        return found

    def group(self, kind: type[R], group: str, *value: Any) -> list[R]:
        """Every record whose fields of the named group have this value, in order of the keys."""
        shelf = self._shelf(kind)
        keys = shelf.members(group).get(value)
        if keys is None:
            loaded = self._source.load_groups(kind, group, [value])
            keys = self._take_group(kind, group, [value], loaded)[value]
        found: list[Any] = [shelf.records[key] for key in (sorted(keys) if len(keys) > 1 else keys)]
        return found

    def prefetch(self, kind: type[Record], keys: Iterable[Key]) -> None:
        """Reads many records at once, so that ``get`` need not."""
        self.prefetch_places([(kind, "", keys)])

    def prefetch_groups(self, kind: type[Record], group: str, values: Iterable[Key]) -> None:
        """Reads many groups at once, so that ``group`` need not."""
        self.prefetch_places([(kind, group, values)])

    def prefetch_places(self, places: Iterable[tuple[type[Record], str, Iterable[Key]]]) -> None:
        """Reads records of several kinds at once: by their keys, or those of groups.

        Args:
            places: Kinds, each with the name of a group and its values, or with "" and keys.
        """
        # All are asked for before the first is looked at. Records by keys are taken first: until then their
        # keys stand for nothing, also in groups.
        loaded: list[tuple[dict[Key, Any], Iterable[Record]]] = []
        found: list[tuple[type[Record], str, list[Key], Iterable[Record]]] = []
        for kind, group, keys in places:
            shelf = self._shelf(kind)
            there: Container[Key] = shelf.members(group) if group else shelf.records
            wanted = sorted({key for key in keys if key not in there})
            if wanted and group:
                found.append((kind, group, wanted, self._source.load_groups(kind, group, wanted)))
            elif wanted:
                shelf.records.update(dict.fromkeys(wanted))
                loaded.append((shelf.records, self._source.load(kind, wanted)))
        for known, records in loaded:
            known.update((key_of(record), record) for record in records)
        for kind, group, wanted, records in found:
            self._take_group(kind, group, wanted, records)

    def put(self, record: Record) -> None:
        """Puts a record in place of the one with its key."""
        kind = type(record)
        shelf = self._shelves.get(kind) or self._shelf(kind)
        key = shelf.key_of(record)
        try:
            before = shelf.records[key]
        except KeyError:
            before = self._load(kind, key)
        self._put(shelf, (kind, key), record, before)

    def add(self, record: Record) -> None:
        """As ``put``, of a record that the source cannot have, which is not asked for it."""
        kind = type(record)
        shelf = self._shelves.get(kind) or self._shelf(kind)
        key = shelf.key_of(record)
        self._put(shelf, (kind, key), record, shelf.records.get(key))

    def _put(self, shelf: _Shelf, name: tuple[type[Record], Key], record: Record, before: Any) -> None:
        kind, key = name
        if self._undo is not None:
            self._undo.append((kind, key, before, self._changed.get(name)))
        if shelf.asked:
            shelf.set(key, record, before)
        else:
            shelf.records[key] = record
        if name not in self._changed:
            self._keys_changed.setdefault(kind, {})[key] = None
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
            shelf = self._shelves[kind]
            shelf.set(key, before, shelf.records[key])
            if changed is None:
                del self._changed[kind, key]
                del self._keys_changed[kind][key]
            else:
                self._changed[kind, key] = changed

    def put_since_begin(self, kinds: Container[type[Record]]) -> list[Record]:
        """The newest state of every record of these kinds that was put since ``begin``."""
        undo, changed = self._undo or (), self._changed
        return [changed[kind, key] for kind, key, _, _ in undo if kind in kinds]

    def take_changes(self) -> list[Record]:
        """The newest state of every record put since the last call, in order of first change."""
        changes = list(self._changed.values())
        self._changed.clear()
        self._keys_changed.clear()
        return changes

    def take_asked(self) -> dict[type[Record], list[Key]]:
        """The keys that the source was asked for one by one since the last call, by kind."""
        asked, self._asked = self._asked, {}
        return asked

    def records(self, kind: type[R]) -> list[R]:
        """Every record of a kind that is in memory, in order of the keys: all, where there is no source."""
        known: Any = self._shelf(kind).records
        return [known[key] for key in sorted(known) if known[key] is not None]

    def held(self, kind: type[R]) -> Iterator[R]:
        """Every record of a kind that is in memory, in no order."""
        shelf = self._shelves.get(kind)
        return (record for record in shelf.records.values() if record is not None) if shelf else iter(())

    @property
    def size(self) -> int:
        """How many records and absences are in memory."""
        return sum(len(shelf.records) for shelf in self._shelves.values())

    def drop(self, kind: type[Record]) -> None:
        """Lets the records of a kind go, none of which waits to be written: who needs one reads it again."""
        assert not self._complete
        assert not self._keys_changed.get(kind)
        self._shelves.pop(kind, None)

    def forget(self) -> None:
        """Empties the memory; nothing may be waiting to be written."""
        assert not self._changed
        assert self._undo is None
        self._shelves.clear()

    def _shelf(self, kind: type[Record]) -> _Shelf:
        shelf = self._shelves.get(kind)
        if shelf is None:
            shelf = self._shelves[kind] = _Shelf(kind)
        return shelf

    def _load(self, kind: type[Record], key: Key) -> Any:
        """The record with this key as the source has it."""
        shelf = self._shelf(kind)
        shelf.records[key] = None
        if not self._complete and not _is_absent(shelf, key):
            self._asked.setdefault(kind, []).append(key)
            for record in self._source.load(kind, [key]):
                shelf.records[key_of(record)] = record
        return shelf.records[key]

    def _present(self) -> dict[Any, Record]:
        return {
            (kind, key): record
            for kind, shelf in self._shelves.items()
            for key, record in shelf.records.items()
            if record is not None
        }

    def _take_group(
        self, kind: type[Record], group: str, values: Sequence[Key], loaded: Iterable[Record]
    ) -> dict[Key, dict[Key, None]]:
        shelf = self._shelf(kind)
        groups, known = shelf.members(group), shelf.records
        for value in values:
            groups[value] = {}
        value_of = shelf.groups[group].value_of
        here = list(known if self._complete else self._keys_changed.get(kind, ()))
        for record in loaded:
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
        return groups


def _is_absent(shelf: _Shelf, key: Key) -> bool:
    """Whether a group that the record would be in is in memory whole: what is not there is nowhere."""
    for group in shelf.asked:
        if group.at is not None and tuple([key[each] for each in group.at]) in group.members:
            return True
    return False
