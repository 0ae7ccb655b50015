"""The registers: records in and out, and no more facts than a batch names."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from ledger.encoding import b64url_encode
from ledger.errors import LogInconsistent
from ledger.statements.registers import (
    ErasureRecord,
    Facts,
    GrantRecord,
    KeyRecord,
    Listing,
    Names,
    OriginRecord,
    PartyRecord,
    PendingRecord,
    PolicyRecord,
    PrefixRecord,
    ReaderRecord,
    RefusalPublicationRecord,
    SiteRecord,
)
from ledger.store import log_store, registers_store
from ledger.store.locking import begin_write
from ledger.store.models import REGISTER_TABLES, Base
from ledger.store.register_rows import REGISTERS
from ledger.store.registers_store import RECORD_TYPES, read_facts, read_register, write_changes
from tests.support.databases import unguarded
from tests.support.rows import fill, new_entry, some_hash

ODD = "钕 '\"\\ %s :x {} [0]"


def party(name: str, *roles: str) -> PartyRecord:
    return PartyRecord(
        name, {"name": ODD, "country": "DE"}, roles or ("producer",), (Listing(0, 5), Listing(7, None)), 1, 2
    )


def key(kid: str, owner: str) -> KeyRecord:
    return KeyRecord(kid, owner, {"kty": "OKP", "crv": "Ed25519", "x": "A"}, 5, 9, 1, 7, 3)


def site(name: str, owner: str = "mine") -> SiteRecord:
    return SiteRecord(name, owner, {"name": ODD, "nested": {"a": [1, None, True]}}, (Listing(3, None),), 4, 5)


def pending(index: int) -> PendingRecord:
    return PendingRecord(
        new_entry(index).statement_hash, index, 9, "authority", "k", "erase", some_hash(index)
    )


RECORDS: list[Any] = [
    OriginRecord("log.example/a", ("log.example/a+0a0b0c0d+AQ+/=", "second")),
    PolicyRecord(0, {"ruleset": 1}),
    PolicyRecord(4, {"ruleset": 2, "thresholds": {"mass_mg": 9007199254740991}}),
    party("mine"),
    party(ODD, "authority", "operator"),
    PrefixRecord("https://mine.example/", "mine", 0),
    PrefixRecord("urn:钕", ODD, 3),
    key("kid-1", "mine"),
    replace(key("kid-2", "mine"), not_after_us=None, revoked_at=None, suspect_from=None),
    key("kid-3", ODD),
    site("https://mine.example/pit"),
    ReaderRecord(2, "importer"),
    ReaderRecord(2, "mine"),
    GrantRecord(3, "auditor", {"issuers": ["mine"], "start": 0}),
    ErasureRecord(1, 9),
    RefusalPublicationRecord(6, 2, some_hash("p")),
    RefusalPublicationRecord(8, 3, some_hash("q")),
    pending(2),
    replace(pending(1), confirmed_at=2),
]


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the log lock."""
    with engine.connect() as connection:
        begin_write(connection)
        yield connection


def everything(connection: Connection) -> list[Any]:
    return [record for kind in RECORD_TYPES for record in read_register(connection, kind)]


def jws(payload: object, cty: str = "act+json") -> bytes:
    header = b64url_encode(json.dumps({"cty": cty}).encode())
    return f"{header}.{b64url_encode(json.dumps(payload).encode())}.c2ln".encode()


class TestRecords:
    def test_every_register_has_a_table_of_its_own(self) -> None:
        assert {register.table.name for register in REGISTERS.values()} == set(REGISTER_TABLES)
        assert {type(record) for record in RECORDS} == set(RECORD_TYPES)

    def test_they_come_back_as_they_were(self, connection: Connection) -> None:
        write_changes(connection, RECORDS)
        found = everything(connection)
        assert len(found) == len(RECORDS)
        assert all(record in found for record in RECORDS)

    def test_each_register_is_read_in_order_of_its_key(self, connection: Connection) -> None:
        names = ["b", "a", "Z", "é", "z", "10", "9"]
        write_changes(connection, [party(name) for name in names])
        assert [record.party for record in read_register(connection, PartyRecord)] == sorted(names)

    def test_a_record_is_replaced_by_its_successor(self, connection: Connection) -> None:
        write_changes(
            connection, [party("mine"), key("k", "mine"), site("s"), PrefixRecord("p", "mine", 0), pending(0)]
        )
        newer = [
            replace(party("mine"), organisation={"name": "Other"}, roles=(), changed_at=9),
            replace(key("k", "mine"), not_after_us=11, revoked_at=12, suspect_from=None),
            replace(site("s"), listings=(), changed_at=9),
            PrefixRecord("p", "other", 5),
            replace(pending(0), confirmed_at=4),
        ]
        write_changes(connection, newer)
        found = everything(connection)
        assert len(found) == len(newer)
        assert all(record in found for record in newer)

    @pytest.mark.parametrize(
        "record",
        [
            RECORDS[0],
            PolicyRecord(0, {}),
            ReaderRecord(1, "a"),
            GrantRecord(1, "a", {}),
            ErasureRecord(1, 2),
            RefusalPublicationRecord(1, 1, bytes(32)),
        ],
        ids=lambda record: type(record).__name__,
    )
    def test_what_never_changes_is_not_replaced(self, connection: Connection, record: Any) -> None:
        write_changes(connection, [record])
        with pytest.raises(IntegrityError):
            write_changes(connection, [record])

    def test_no_changes_are_none(self, connection: Connection) -> None:
        write_changes(connection, [])
        assert everything(connection) == []

    def test_a_thing_that_is_no_record_is_refused(self, connection: Connection) -> None:
        with pytest.raises(KeyError):
            write_changes(connection, ["party"])

    def test_columns_are_canonical_json(self, connection: Connection) -> None:
        write_changes(connection, [replace(site("s"), description={"b": 1, "a": "钕"})])
        stored = connection.scalar(text("SELECT description FROM sites"))
        assert stored == '{"a":"钕","b":1}'

    @pytest.mark.parametrize(
        ("column", "value"), [("organisation", "{"), ("roles", ""), ("listings", "[1]"), ("listings", "5")]
    )
    def test_text_that_no_fold_wrote_is_noticed(
        self, connection: Connection, column: str, value: str
    ) -> None:
        write_changes(connection, [party("mine")])
        connection.execute(text(f"UPDATE parties SET {column} = :value"), {"value": value})
        with pytest.raises(LogInconsistent):
            read_facts(connection, Names(parties={"mine"}))


class TestFacts:
    @pytest.fixture
    def filled(self, connection: Connection) -> Connection:
        write_changes(connection, RECORDS)
        return connection

    def test_an_empty_log_has_none(self, connection: Connection) -> None:
        names = Names({"p"}, {"k"}, {"s"}, {bytes(32)}, all_prefixes=True, authority_keys=True)
        assert read_facts(connection, names) == Facts()

    def test_origin_policy_publication_and_journal_are_always_read(self, filled: Connection) -> None:
        head = log_store.read_head(filled)
        log_store.swap_head(filled, head, head._replace(refusal_count=3, refusal_hash=some_hash("q")))
        facts = read_facts(filled, Names())
        expected = Facts(refusal_count=3, refusal_hash=some_hash("q"))
        for record in (RECORDS[0], RECORDS[2], RefusalPublicationRecord(8, 3, some_hash("q"))):
            expected.put(record)
        expected.take_changes()
        assert facts == expected

    def test_only_what_is_named_is_read(self, filled: Connection) -> None:
        facts = read_facts(filled, Names(parties={"mine", "nobody"}, kids={"kid-3", "none"}, sites={"no"}))
        assert facts.parties == {"mine": party("mine")}
        assert facts.keys == {"kid-3": key("kid-3", ODD)}
        assert facts.sites == {}
        assert facts.prefixes == {}
        assert facts.statements == {}

    def test_reading_is_not_changing(self, filled: Connection) -> None:
        names = Names({"mine"}, {"kid-1"}, set(), set(), all_prefixes=True, authority_keys=True)
        assert read_facts(filled, names).take_changes() == []

    def test_all_prefixes(self, filled: Connection) -> None:
        facts = read_facts(filled, Names(all_prefixes=True))
        assert facts.prefixes == {r.prefix: r for r in RECORDS if isinstance(r, PrefixRecord)}

    def test_authorities_come_with_all_their_keys(self, filled: Connection) -> None:
        write_changes(
            filled,
            [
                party("near-miss", "not-an-authority", 'the"authority"x', "AUTHORITY"),
                key("kid-4", "near-miss"),
            ],
        )
        facts = read_facts(filled, Names(authority_keys=True))
        assert facts.parties == {ODD: party(ODD, "authority", "operator")}
        assert facts.keys == {"kid-3": key("kid-3", ODD)}

    def test_so_do_named_parties_then(self, filled: Connection) -> None:
        facts = read_facts(filled, Names(parties={"mine"}, authority_keys=True))
        assert set(facts.keys) == {"kid-1", "kid-2", "kid-3"}

    def test_names_are_data(self, filled: Connection) -> None:
        names = {ODD, "' OR 1=1 --", '"]', "}", "NULL", "", "%"}
        facts = read_facts(filled, Names(parties=names, kids=names, sites=names))
        assert set(facts.parties) == {ODD}

    def test_thousands_of_names(self, connection: Connection) -> None:
        names = {f"party-{number}" for number in range(3_000)}
        write_changes(connection, [party(name) for name in names])
        assert set(read_facts(connection, Names(parties=names | {"other"})).parties) == names

    def test_a_missing_head_is_noticed(self, database_url: str, engine: Engine) -> None:
        with unguarded(database_url) as owner:
            owner.execute(text("DELETE FROM head"))
        with engine.connect() as reader, pytest.raises(LogInconsistent, match="head"):
            read_facts(reader, Names())


class TestLoggedStatements:
    def put(self, connection: Connection, *entries: log_store.NewEntry) -> None:
        log_store.append_entries(connection, entries, [])

    def test_acts_and_documents(self, connection: Connection) -> None:
        entries = [
            new_entry(0, public=True, jws=jws({"act": "genesis"})),
            new_entry(1, jws=jws({"type": "EPCISDocument"}, "epcis+json")),
            new_entry(2, jws=jws({"act": "grant-read"})),
        ]
        self.put(connection, *entries)
        names = Names(statements={e.statement_hash for e in entries} | {bytes(32)})
        found = read_facts(connection, names).statements
        assert set(found) == {e.statement_hash for e in entries}
        first, second, third = (found[e.statement_hash] for e in entries)
        assert (first.act, second.act, third.act) == ("genesis", None, "grant-read")
        assert (first.public, second.public, third.public) == (True, False, False)
        assert (first.recorded_at_us, third.recorded_at_us) == (0, 2_000_000)
        assert (third.issuer, third.jti, third.kid) == (entries[2].issuer, entries[2].jti, entries[2].kid)
        assert third.signing_input_hash == entries[2].signing_input_hash
        assert third.entry_index == 2
        assert not third.erased

    def test_grants_erasures_and_pending_acts_come_with_them(self, connection: Connection) -> None:
        self.put(connection, *(new_entry(index, jws=jws({"act": "x"})) for index in range(4)))
        grant = GrantRecord(1, "auditor", {"start": 0})
        records = [ErasureRecord(0, 3), ErasureRecord(3, 9), grant, GrantRecord(3, "x", {}), pending(2)]
        write_changes(connection, records)
        log_store.delete_erased_bytes(connection, [0])
        facts = read_facts(
            connection, Names(statements={new_entry(index).statement_hash for index in (0, 1, 2)})
        )
        erased = facts.statements[new_entry(0).statement_hash]
        assert erased.erased
        assert erased.act is None
        assert facts.erasures == {0: ErasureRecord(0, 3)}
        assert facts.grants == {1: grant}
        assert facts.pending == {pending(2).statement_hash: pending(2)}

    def test_many(self, connection: Connection) -> None:
        entries = [new_entry(index, jws=jws({"act": "x"})) for index in range(1_200)]
        self.put(connection, *entries)
        assert (
            len(read_facts(connection, Names(statements={e.statement_hash for e in entries})).statements)
            == 1_200
        )

    @pytest.mark.parametrize(
        "stored",
        [
            b"",
            b"a.b",
            b"a.b.c.d",
            b"!.!.!",
            jws({"act": 5}),
            jws([]),
            jws({}),
            jws({"act": "x"}).replace(b".", b".!", 1),
        ],
    )
    def test_bytes_that_are_no_statement_are_noticed(self, connection: Connection, stored: bytes) -> None:
        self.put(connection, replace(new_entry(0), jws=stored))
        with pytest.raises(LogInconsistent, match="entry 0"):
            read_facts(connection, Names(statements={new_entry(0).statement_hash}))

    def test_bytes_that_are_no_entry_are_noticed(self, connection: Connection) -> None:
        self.put(connection, replace(new_entry(0), entry=b'{"index":0}', jws=jws({"act": "x"})))
        with pytest.raises(LogInconsistent, match="entry 0"):
            read_facts(connection, Names(statements={new_entry(0).statement_hash}))


class TestLists:
    @pytest.fixture
    def filled(self, connection: Connection) -> Connection:
        write_changes(connection, RECORDS)
        return connection

    def test_pages_of_parties(self, connection: Connection) -> None:
        names = [f"{number:03d}" for number in range(25)]
        write_changes(connection, [party(name) for name in names])
        pages: list[str] = []
        after = ""
        while page := registers_store.list_parties(connection, after=after, limit=10):
            assert len(page) <= 10
            pages += [each.party for each in page]
            after = pages[-1]
        assert pages == names
        assert registers_store.list_parties(connection, limit=0) == []

    def test_keys_of_one_party(self, filled: Connection) -> None:
        assert [each.kid for each in registers_store.list_keys(filled)] == ["kid-1", "kid-2", "kid-3"]
        assert [each.kid for each in registers_store.list_keys(filled, party="mine")] == ["kid-1", "kid-2"]
        assert [each.kid for each in registers_store.list_keys(filled, party="mine", after="kid-1")] == [
            "kid-2"
        ]
        assert registers_store.list_keys(filled, party="nobody") == []

    def test_sites_of_one_party(self, filled: Connection) -> None:
        assert registers_store.list_sites(filled) == [site("https://mine.example/pit")]
        assert registers_store.list_sites(filled, party="mine") == registers_store.list_sites(filled)
        assert registers_store.list_sites(filled, party=ODD) == []
        assert registers_store.list_sites(filled, after="https://mine.example/pit") == []

    def test_single_records(self, filled: Connection) -> None:
        assert registers_store.read_key(filled, "kid-1") == key("kid-1", "mine")
        assert registers_store.read_key(filled, "kid-9") is None
        assert registers_store.read_party(filled, ODD) == party(ODD, "authority", "operator")
        assert registers_store.read_party(filled, "nobody") is None
        assert registers_store.read_policy(filled) == RECORDS[2]
        assert registers_store.read_origin(filled) == RECORDS[0]
        assert registers_store.read_readers(filled, 2) == {"importer", "mine"}
        assert registers_store.read_readers(filled, 1) == set()
        assert registers_store.read_grants(filled, "auditor") == [RECORDS[13]]
        assert registers_store.read_grants(filled, "mine") == []

    def test_before_genesis(self, connection: Connection) -> None:
        assert registers_store.read_policy(connection) is None
        assert registers_store.read_origin(connection) is None

    def test_filled_logs_have_no_registers_of_their_own(self, connection: Connection) -> None:
        fill(connection)
        assert everything(connection) == []
        assert {table.name for table in Base.metadata.sorted_tables} >= set(REGISTER_TABLES)
