"""The private store of attachments over HTTP: what is taken, who may read it, and when it goes."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from psycopg.errors import DiskFull
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from api import bodies
from ledger.statements.envelope import EPCIS, parse_statement
from ledger.store import attachments_store, log_store
from ledger.store.attachments_store import PIECE_BYTES
from ledger.store.engine import is_sqlite
from tests.support.movements import extract, ship
from tests.support.movements_written import payload_of
from tests.support.story import erasure_of
from tests.support.traders import Traders, open_traders
from tests.support.web import assert_problem, chunked

TICKET = b"%PDF-1.7 weighbridge ticket" + bytes(range(256)) * 2_500
"""More than two pieces of it."""
NOTHING = hashlib.sha256(b"").hexdigest()
OCTETS = {"Content-Type": "application/octet-stream"}


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Filing:
    """A ledger whose mine has shipped ore to the plant with a ticket; a trader has nothing to do with it."""

    traders: Traders
    index: int = -1
    lots: int = 0
    jws: list[bytes] = field(default_factory=list)

    def name(self, *bodies: bytes, sizes: tuple[int, ...] = (), by: str = "mine") -> int:
        """A firm records ore with files of these bytes; the entry."""
        stated = sizes or tuple(len(body) for body in bodies)
        attachments = tuple(
            ("weighbridge-ticket", "application/pdf", size, digest(body))
            for body, size in zip(bodies, stated, strict=True)
        )
        self.lots += 1
        made = extract(
            self.traders.lot(by, f"{self.lots}"),
            100,
            site=self.traders.place(by),
            at_us=self.traders.ago(100),
            attachments=attachments,
        )
        self.jws.append(self.traders.cast.sign(payload_of([made]), self.traders.actors[by], cty=EPCIS))
        return int(self.traders.site.registered(self.jws[-1])["index"])

    def erase(self, number: int) -> None:
        """The authority erases a statement that ``name`` has recorded, by its number."""
        statement = parse_statement(self.jws[number])
        with self.traders.site.parts.engine.connect() as connection:
            row = log_store.find_statement(connection, statement.statement_hash)
        assert row is not None
        self.traders.site.registered(self.traders.cast.act({"act": "erase", **erasure_of(row)}))

    def put(
        self,
        body: Any,
        by: str | None = "mine",
        name: str | None = None,
        environ: dict[str, Any] | None = None,
        **headers: str,
    ) -> TestResponse:
        site = self.traders.site
        sent = OCTETS | {key.replace("_", "-"): value for key, value in headers.items()}
        if by is not None:
            sent["Authorization"] = f"Bearer {site.token(self.traders.actors[by])}"
        path = f"/v1/attachments/{digest(body) if name is None else name}"
        return site.client.put(path, data=body, headers=sent, environ_overrides=environ)

    def get(self, name: str, by: str | None = "mine", **headers: str) -> TestResponse:
        reader = None if by is None else self.traders.actors[by]
        return self.traders.site.get(f"/v1/attachments/{name}", reader, **headers)

    def rows(self) -> dict[str, int]:
        """How many rows the store's tables have."""
        with self.traders.site.parts.engine.connect() as connection:
            return {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("stored_attachments", "attachment_pieces")
            }


@pytest.fixture
def filing(engine: Engine, tmp_path: Path) -> Iterator[Filing]:
    roles = {"plant": ("separator",), "pit": ("miner",), "trader": ("trader",), "auditor": ("auditor",)}
    with open_traders(engine, tmp_path / "site", **roles) as traders:
        yield Filing(traders)


class TestStoring:
    def test_what_a_movement_names_is_taken_and_given_back_byte_for_byte(self, filing: Filing) -> None:
        index = filing.name(TICKET)
        answer = filing.put(TICKET)
        assert answer.status_code == 201, answer.text
        assert answer.get_json() | {"stored_at": ""} == {
            "sha256": digest(TICKET),
            "size": len(TICKET),
            "stored_at": "",
        }
        assert filing.rows() == {"stored_attachments": 1, "attachment_pieces": -(-len(TICKET) // PIECE_BYTES)}
        found = filing.get(digest(TICKET))
        assert (found.status_code, found.data) == (200, TICKET)
        assert (
            found.headers["Repr-Digest"] == f"sha-256=:{b64encode(bytes.fromhex(digest(TICKET))).decode()}:"
        )
        assert found.headers["Content-Type"] == "application/octet-stream"
        assert found.headers["Content-Disposition"].startswith("attachment;")
        assert found.headers["Cache-Control"] == "private, no-cache"
        assert found.content_length == len(TICKET)
        (listed,) = filing.traders.ask("/v1/attachments", "mine")["attachments"]
        assert (listed["index"], listed["role"], listed["media_type"]) == (
            index,
            "weighbridge-ticket",
            "application/pdf",
        )

    def test_sending_it_again_is_safe(self, filing: Filing) -> None:
        filing.name(TICKET)
        first = filing.put(TICKET).get_json()
        again = filing.put(TICKET)
        assert (again.status_code, again.get_json()) == (200, first)
        assert filing.rows()["stored_attachments"] == 1

    def test_it_may_be_empty(self, filing: Filing) -> None:
        filing.name(b"")
        assert filing.put(b"").status_code == 201
        assert filing.get(NOTHING).data == b""

    @pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])
    def test_pieces_end_where_they_should(self, filing: Filing, size: int) -> None:
        body = bytes(size)
        filing.name(body)
        assert filing.put(body).status_code == 201
        assert filing.get(digest(body)).data == body

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (TICKET[:-1] + b"x", "attachment.mismatch"),
            (TICKET[:-1], "attachment.mismatch"),
            (b"", "attachment.mismatch"),
            (TICKET + b"x", "request.too-large"),
        ],
    )
    def test_other_bytes_are_refused_and_nothing_is_kept(
        self, filing: Filing, body: bytes, code: str
    ) -> None:
        filing.name(TICKET)
        answer = filing.put(body, name=digest(TICKET))
        assert_problem(answer, 413 if code == "request.too-large" else 422, code)
        assert filing.rows() == {"stored_attachments": 0, "attachment_pieces": 0}
        assert_problem(filing.get(digest(TICKET)), 404, "resource.not-found")

    @pytest.mark.parametrize(
        ("body", "length", "status", "code"),
        [
            (TICKET, None, 201, ""),
            (TICKET + bytes(PIECE_BYTES), None, 413, "request.too-large"),
            (TICKET[:1_000], None, 422, "attachment.mismatch"),
            (TICKET[:1_000], len(TICKET), 400, "request.malformed"),
        ],
    )
    def test_how_a_body_may_come(
        self, filing: Filing, body: bytes, length: int | None, status: int, code: str
    ) -> None:
        filing.name(TICKET)
        sent = chunked(body) if length is None else chunked(body) | {"CONTENT_LENGTH": str(length)}
        answer = filing.put(None, name=digest(TICKET), environ=sent)
        if code:
            assert_problem(answer, status, code)
        assert answer.status_code == status
        assert filing.rows()["stored_attachments"] == (status == 201)

    def test_a_file_of_another_size_than_was_signed_is_refused(self, filing: Filing) -> None:
        filing.name(TICKET, sizes=(len(TICKET) + 1,))
        members = assert_problem(filing.put(TICKET), 422, "attachment.mismatch")
        assert str(len(TICKET)) in members["detail"]
        filing.name(TICKET)
        assert filing.put(TICKET).status_code == 201

    @pytest.mark.parametrize("name", ["x", "A" * 64, "0" * 63, "0" * 65, "g" * 64])
    def test_what_is_no_digest_is_not_found(self, filing: Filing, name: str) -> None:
        assert_problem(filing.put(b"", name=name), 404, "resource.not-found")
        assert_problem(filing.get(name), 404, "resource.not-found")

    def test_another_media_type_is_refused(self, filing: Filing) -> None:
        filing.name(TICKET)
        assert_problem(filing.put(TICKET, Content_Type="application/pdf"), 415, "media-type.unsupported")


class TestNoRoom:
    @pytest.mark.parametrize("buffering", [0, -1])
    def test_a_host_without_room_says_so(
        self, filing: Filing, monkeypatch: pytest.MonkeyPatch, buffering: int
    ) -> None:
        """Buffered writing fails only when it is flushed, and again at closing."""
        filing.name(b"abc")
        monkeypatch.setattr(bodies, "TemporaryFile", lambda: open("/dev/full", "r+b", buffering))  # noqa: SIM115
        members = assert_problem(filing.put(b"abc"), 503, "store.busy")
        assert members["detail"] == "this host has no room to receive the file"
        assert filing.rows()["stored_attachments"] == 0

    def test_a_host_without_a_folder_for_it_says_so(
        self, filing: Filing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filing.name(b"abc")
        monkeypatch.setattr(bodies, "TemporaryFile", partial(open, "/nowhere/x", "w+b"))
        assert_problem(filing.put(b"abc"), 503, "store.busy")

    def test_a_database_without_room_says_so_and_keeps_nothing(
        self, filing: Filing, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filing.name(TICKET)
        used = filing.traders.site.parts.engine
        if is_sqlite(engine):

            def limit(connection: Any, *_: Any) -> None:
                pages = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count={pages + 20}")

            event.listen(used, "checkout", limit)
        else:
            full = OperationalError("INSERT", {}, DiskFull("could not extend file"))
            monkeypatch.setattr(attachments_store, "put", Mock(side_effect=full))
        members = assert_problem(filing.put(TICKET), 503, "store.busy")
        assert "has no room" in members["detail"]
        assert filing.rows() == {"stored_attachments": 0, "attachment_pieces": 0}


class TestLimits:
    @pytest.mark.parametrize(("most", "status"), [(len(TICKET), 201), (len(TICKET) - 1, 413), (0, 413)])
    def test_a_file_has_a_largest_size(self, engine: Engine, tmp_path: Path, most: int, status: int) -> None:
        with open_traders(engine, tmp_path / "site", {"max_attachment_bytes": most}) as traders:
            filing = Filing(traders)
            filing.name(TICKET)
            assert filing.put(TICKET).status_code == status

    def test_a_party_has_room_for_so_much(self, engine: Engine, tmp_path: Path) -> None:
        room = {"max_attachments_bytes": 2 * len(TICKET) - 1}
        with open_traders(engine, tmp_path / "site", room, pit=("miner",)) as traders:
            filing = Filing(traders)
            other = TICKET[::-1]
            filing.name(TICKET, other)
            filing.name(TICKET, other, by="pit")
            assert filing.put(TICKET).status_code == 201
            members = assert_problem(filing.put(other), 413, "request.too-large")
            assert str(len(TICKET)) in members["detail"]
            assert filing.put(TICKET).status_code == 200  # takes no room
            assert filing.put(other, by="pit").status_code == 201  # has its own


class TestReading:
    def test_it_is_open_to_whom_the_statement_is_open(self, filing: Filing) -> None:
        traders = filing.traders
        lot = traders.lot("mine", "sold")
        where = {"site": traders.place("mine"), "at_us": traders.ago(50)}
        named = ("contract", "application/pdf", len(TICKET), digest(TICKET))
        traders.say("mine", extract(lot, 100, **where))
        traders.sent(lot, 50, "mine", "plant", 40, attachments=(named,))
        assert_problem(filing.put(TICKET, by="plant"), 404, "resource.not-found")
        assert_problem(filing.get(digest(TICKET), "plant"), 404, "resource.not-found")
        assert filing.put(TICKET).status_code == 201
        for reader in ("mine", "plant", "authority"):
            assert filing.get(digest(TICKET), reader).data == TICKET, reader
        for reader in ("pit", "trader", "auditor"):
            assert_problem(filing.get(digest(TICKET), reader), 404, "resource.not-found")
            assert_problem(filing.put(TICKET, by=reader), 404, "resource.not-found")
        assert_problem(filing.get(digest(TICKET), None), 401, "token.missing")
        assert_problem(filing.put(TICKET, by=None), 401, "token.missing")

    def test_to_others_it_is_as_if_nobody_named_it(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        answers = [filing.get(name, "trader").get_json() for name in (digest(TICKET), digest(b"unheard of"))]
        assert [each | {"request_id": ""} for each in answers] == [answers[0] | {"request_id": ""}] * 2

    @pytest.mark.parametrize("named_too", [(), ("mine",)])
    def test_who_knows_the_digest_alone_gains_nothing_by_naming_it(
        self, filing: Filing, named_too: tuple[str, ...]
    ) -> None:
        """Not even where the statement names the file's owner as its counterparty."""
        filing.name(TICKET)
        filing.put(TICKET)
        filing.name(TICKET, by="pit")
        if named_too:
            traders = filing.traders
            lot = traders.lot("pit", "bait")
            traders.say("pit", extract(lot, 9, site=traders.place("pit"), at_us=traders.ago(90)))
            named = ("contract", "application/pdf", len(TICKET), digest(TICKET))
            traders.sent(lot, 9, "pit", "mine", 80, attachments=(named,))
        told = assert_problem(filing.get(digest(TICKET), "pit"), 404, "resource.not-found")
        filing.erase(0)  # whether it is in the store is not told either
        later = assert_problem(filing.get(digest(TICKET), "pit"), 404, "resource.not-found")
        assert later | {"request_id": ""} == told | {"request_id": ""}
        assert filing.put(TICKET, by="pit").status_code == 201  # it has the bytes
        assert filing.get(digest(TICKET), "pit").data == TICKET

    def test_each_issuer_has_its_own(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.name(TICKET, by="pit")
        assert [filing.put(TICKET, by=name).status_code for name in ("mine", "pit", "pit")] == [201, 201, 200]
        assert filing.rows()["stored_attachments"] == 2
        filing.erase(0)
        assert filing.rows()["stored_attachments"] == 1
        assert filing.get(digest(TICKET), "pit").data == TICKET
        assert_problem(filing.get(digest(TICKET)), 410, "statement.erased")

    @pytest.mark.parametrize(
        ("scope", "status"),
        [
            ({"issuers": ["mine"]}, 200),
            ({"issuers": ["pit"]}, 404),
            ({"start": 0}, 200),
            ({"end": 1}, 404),
        ],
    )
    def test_a_grant_opens_it(self, filing: Filing, scope: dict[str, Any], status: int) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        if "issuers" in scope:
            scope = {"issuers": [filing.traders.party(name) for name in scope["issuers"]]}
        act = {"act": "grant-read", "grantee": filing.traders.party("auditor"), "scope": scope}
        filing.traders.site.registered(filing.traders.cast.act(act))
        assert filing.get(digest(TICKET), "auditor").status_code == status

    def test_statements_of_others_with_other_sizes_keep_nobody_out(self, filing: Filing) -> None:
        """Each of them names the mine as its counterparty: hundreds of sizes, one of them the file's."""
        traders = filing.traders
        filing.name(TICKET)
        lot = traders.lot("pit", "sold")
        traders.say("pit", extract(lot, 200, site=traders.place("pit"), at_us=traders.ago(60)))
        sold = [
            ship(
                {lot: 1},
                consignor=traders.party("pit"),
                consignee=traders.party("mine"),
                site=traders.place("pit"),
                site_to=traders.place("mine"),
                at_us=traders.ago(50),
                attachments=(("contract", "application/pdf", size, digest(TICKET)),),
            )
            for size in range(120)
        ]
        traders.say("pit", *sold)
        assert filing.put(TICKET).status_code == 201

    def test_what_nobody_uploaded_is_told_from_what_nobody_named(self, filing: Filing) -> None:
        filing.name(TICKET)
        members = assert_problem(filing.get(digest(TICKET)), 404, "resource.not-found")
        assert "its issuer has not uploaded it" in members["detail"]

    def test_who_has_it_is_not_sent_it_again(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        tag = filing.get(digest(TICKET)).headers["ETag"]
        assert filing.get(digest(TICKET), If_None_Match=tag).status_code == 304

    def test_what_was_changed_in_the_store_is_not_given_as_if_whole(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        with filing.traders.site.parts.engine.begin() as connection:
            other = {"octets": bytes(len(TICKET) % PIECE_BYTES)}
            connection.execute(text("UPDATE attachment_pieces SET octets = :octets WHERE piece = 2"), other)
        with pytest.raises(Exception, match="not stored as it was uploaded"):
            _ = filing.get(digest(TICKET)).data


class TestListing:
    def test_missing_ones_are_those_that_nobody_uploaded(self, filing: Filing) -> None:
        bodies = [TICKET, TICKET[::-1], b"a"]
        entries = [filing.name(*bodies[:2]), filing.name(bodies[2])]
        filing.put(TICKET)
        listed = filing.traders.ask("/v1/attachments", "mine")["attachments"]
        assert [each["index"] for each in listed] == [entries[1], entries[0], entries[0]]
        missing = filing.traders.ask("/v1/attachments", "mine", missing="true")["attachments"]
        assert {each["sha256"] for each in missing} == {digest(body) for body in bodies[1:]}
        assert all(each["stored_at"] is None for each in missing)

    def test_pages_follow_each_other_and_leave_nothing_out(self, filing: Filing) -> None:
        bodies = [bytes([number]) for number in range(7)]
        for start in (0, 3, 5):
            filing.name(*bodies[start : start + 2 if start else 3])
        whole = filing.traders.ask("/v1/attachments", "mine")["attachments"]
        found, path = [], "/v1/attachments?limit=2"
        while path:
            page = filing.traders.site.get(path, filing.traders.actors["mine"]).get_json()
            assert len(page["attachments"]) <= 2
            found += page["attachments"]
            path = page["next"]
        assert found == whole
        assert len(whole) == 7

    def test_a_party_lists_its_own(self, filing: Filing) -> None:
        filing.name(TICKET)
        party = filing.traders.party("mine")
        assert filing.traders.ask("/v1/attachments", "plant")["attachments"] == []
        assert len(filing.traders.ask("/v1/attachments", "authority", party=party)["attachments"]) == 1
        refused = filing.traders.site.get(f"/v1/attachments?party={party}", filing.traders.actors["plant"])
        assert_problem(refused, 403, "role.forbidden")
        unknown = filing.traders.site.get("/v1/attachments?party=nobody", filing.traders.actors["authority"])
        assert_problem(unknown, 404, "resource.not-found")

    def test_half_a_place_is_refused(self, filing: Filing) -> None:
        answer = filing.traders.site.get("/v1/attachments?before_index=3", filing.traders.actors["mine"])
        assert_problem(answer, 400, "request.malformed")

    def test_an_entry_tells_what_it_names(self, filing: Filing) -> None:
        index = filing.name(TICKET, b"a")
        filing.put(TICKET)
        path = f"/v1/entries/{index}"
        told = filing.traders.site.get(path, filing.traders.actors["mine"]).get_json()["attachments"]
        assert {each["sha256"]: each["stored_at"] is not None for each in told} == {
            digest(TICKET): True,
            digest(b"a"): False,
        }
        assert filing.traders.site.get(path, filing.traders.actors["trader"]).get_json()["attachments"] == []


class TestErasing:
    def test_it_goes_with_the_last_statement_that_names_it(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.name(TICKET, b"a")
        filing.put(TICKET)
        filing.put(b"a")
        filing.erase(0)
        assert filing.get(digest(TICKET)).data == TICKET
        filing.erase(1)
        for body in (TICKET, b"a"):
            assert_problem(filing.get(digest(body)), 410, "statement.erased")
            assert_problem(filing.put(body), 410, "statement.erased")
        assert filing.rows() == {"stored_attachments": 0, "attachment_pieces": 0}
        assert filing.traders.ask("/v1/attachments", "mine")["attachments"] == []

    def test_it_may_be_named_anew(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        filing.erase(0)
        filing.name(TICKET)
        assert filing.put(TICKET).status_code == 201
        assert filing.get(digest(TICKET)).data == TICKET

    def test_what_is_not_erased_stays(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.name(b"a")
        filing.put(TICKET)
        filing.erase(1)
        assert filing.get(digest(TICKET)).data == TICKET
