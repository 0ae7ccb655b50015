"""Registers of which only what was asked for is in memory: parties, sites and prefixes for the rules.

Decides: that a rule which looks up a name gets the same answer whether or not anybody foresaw the name. What
is foreseen is brought in bulk; the rest is read when it is asked for. Whoever keeps these registers from one
batch to the next sees to it that nobody else writes meanwhile.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Connection

from ledger.statements.registers import Facts, Names, PartyRecord, PrefixRecord, SiteRecord
from ledger.store.registers_store import read_named

_V = TypeVar("_V")
_known = dict.get
"""What is in memory; without making a ``super`` each time, for every movement asks several times."""


class AskedRegister(dict[str, _V]):
    """One register; a name that is not in it is looked up once."""

    def __init__(self, kind: type[_V], column: str) -> None:
        super().__init__()
        self._kind = kind
        self._column = column
        self._absent: set[str] = set()
        self._connection: Connection | None = None

    def use(self, connection: Connection) -> None:
        """Reads over this connection from now on."""
        self._connection = connection

    def bring(self, names: Iterable[str]) -> None:
        """Looks up many names at once."""
        wanted = {name for name in names if name not in self._absent and not dict.__contains__(self, name)}
        if not wanted:
            return
        assert self._connection is not None
        for record in read_named(self._connection, self._kind, self._column, wanted):
            name = getattr(record, self._column)
            self[name] = record
            wanted.discard(name)
        self._absent |= wanted

    def get(self, key: Any, default: Any = None, /) -> Any:
        found = _known(self, key)
        if found is None and key not in self._absent:
            self.bring([key])
            found = _known(self, key)
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __missing__(self, key: str) -> _V:
        self.bring([key])
        found = super().get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, value: _V) -> None:
        self._absent.discard(key)
        super().__setitem__(key, value)


class AskedRegisters:
    """The registers that rules look names up in."""

    def __init__(self) -> None:
        self.parties: AskedRegister[PartyRecord] = AskedRegister(PartyRecord, "party")
        self.sites: AskedRegister[SiteRecord] = AskedRegister(SiteRecord, "site")
        self.prefixes: AskedRegister[PrefixRecord] = AskedRegister(PrefixRecord, "prefix")

    @property
    def size(self) -> int:
        """How many records are in memory."""
        return len(self.parties) + len(self.sites) + len(self.prefixes)

    def serve(self, facts: Facts, connection: Connection, foreseen: Names) -> None:
        """Puts these registers in the place of those in some facts, which were read in the same transaction.

        Args:
            facts: What acts need; their records are the newer ones.
            connection: For what is asked for from now on.
            foreseen: What to look up at once.
        """
        for mine, read, wanted in (
            (self.parties, facts.parties, foreseen.parties),
            (self.sites, facts.sites, foreseen.sites),
            (self.prefixes, facts.prefixes, foreseen.prefixes),
        ):
            register: Any = mine
            for name, record in read.items():
                register[name] = record
            register.use(connection)
            register.bring(wanted)
        facts.parties, facts.sites, facts.prefixes = self.parties, self.sites, self.prefixes
