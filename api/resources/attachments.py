"""Attachments: the files that movements name by SHA-256, put into the private store and read back."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, find_attachment
from api.bodies import ReceivedFile, receive_file
from api.book_members import CSV, naming_members, rows_reply
from api.book_schemas import CSV_SCHEMA
from api.desk_schemas import AttachmentsSchema, StoredAttachmentSchema
from api.fields import Count, Digest, Flag, Name, StrictSchema
from api.naming import check_party
from api.operations import Body, Call, Reply, Resource
from api.parts import Parts
from api.replies import JSON, OCTETS, PRIVATE, json_reply, tagged
from api.resources.stock import own_or_all
from api.schemas import OCTETS_SCHEMA
from ledger.clock import format_time_us
from ledger.encoding import b64_encode
from ledger.errors import (
    AttachmentMismatch,
    LogInconsistent,
    RequestMalformed,
    ResourceNotFound,
    RoleForbidden,
    StatementErased,
    TooLarge,
)
from ledger.store import attachments_store
from ledger.store.attachments_store import PIECE_BYTES, StoredAttachment
from ledger.store.locking import begin_write, busy_as_unavailable

resource = Resource("attachments", "The files that movements name by their SHA-256, in the private store.")

_PATH: Final = {"sha256": Digest(meaning="The file's SHA-256, as the movement states it.")}
_DIGEST: Final = "Repr-Digest"


class AttachmentsQuery(StrictSchema):
    """Whose, which, and how many."""

    party = Name(load_default=None, meaning="Who signed the statements; the caller if left out.")
    missing = Flag(load_default=False, meaning="Only those that it has not uploaded yet.")
    before_index = Count(load_default=None, meaning="Where the page before ended: entry.")
    before_position = Count(load_default=None, meaning="Where the page before ended: event in the entry.")
    before_sha256 = Digest(load_default=None, meaning="Where the page before ended: file.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


@resource.operation(
    "GET",
    "/v1/attachments",
    replies=[
        Reply(
            200,
            "Attachments, newest entry first.",
            {JSON: AttachmentsSchema, CSV: CSV_SCHEMA},
            {"Link": "The next page."},
        )
    ],
    access=ANY_PARTY,
    query=AttachmentsQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_attachments(call: Call) -> Response:
    """List the files that a party's statements name, and which of them it has uploaded.

    A file that several movements name is listed with each. Those of erased statements are left out.
    """
    party = own_or_all(call, call.query["party"])
    limit, missing = call.query["limit"], call.query["missing"]
    after = tuple(call.query[name] for name in ("before_index", "before_position", "before_sha256"))
    if 0 < after.count(None) < len(after):
        raise RequestMalformed("give before_index, before_position and before_sha256 together")
    with call.reading() as connection:
        found = attachments_store.list_namings(
            connection, party, missing=missing, after=None if None in after else after, limit=limit + 1
        )
        if not found:
            check_party(connection, party)
    following: dict[str, Any] | None = None
    if len(found) > limit:
        last = found[limit - 1].attachment
        following = {
            "party": party,
            "missing": "true" if missing else "false",
            "before_index": last.entry_index,
            "before_position": last.position,
            "before_sha256": last.sha256_hex,
            "limit": limit,
        }
    shown = [naming_members(each) for each in found[:limit]]
    return rows_reply(call, "/v1/attachments", AttachmentsSchema, shown, following)


@resource.operation(
    "PUT",
    "/v1/attachments/{sha256}",
    replies=[
        Reply(201, "The file is in the store.", {JSON: StoredAttachmentSchema}),
        Reply(200, "It was there before: the same bytes.", {JSON: StoredAttachmentSchema}),
    ],
    access=ANY_PARTY,
    path_fields=_PATH,
    body=Body({OCTETS: OCTETS_SCHEMA}, "The file's bytes."),
    errors=[AttachmentMismatch, StatementErased, TooLarge],
)
def store_attachment(call: Call) -> Response:
    """Put a file that one's own statement names into the ledger's private store.

    Its SHA-256 and its size must be those that the statement states. Whoever may read the statement may read
    the file from then on. Sending it again is safe. It is kept until the last statement is erased in which
    its sender names it.
    """
    assert call.reader is not None
    parts, party, sha256_hex = call.parts, call.reader.party, call.path["sha256"]
    most = parts.settings.max_attachment_bytes
    with call.reading() as connection:
        sizes = _sizes_stated(connection, party, sha256_hex)
    if min(sizes) > most:
        raise TooLarge(
            f"your statement states {min(sizes)} bytes, and this ledger keeps attachments of at most {most}",
            mend="Keep the file yourself: its SHA-256 in the log proves it as well.",
        )
    with receive_file(min(max(sizes), most)) as received:
        _check(received, sha256_hex, sizes)
        stored, created = _store(parts, party, received)
    return json_reply(_stored_members(stored), 201 if created else 200, cache="no-store")


@resource.operation(
    "GET",
    "/v1/attachments/{sha256}",
    replies=[
        Reply(
            200,
            "The file's bytes.",
            {OCTETS: OCTETS_SCHEMA},
            {"ETag": "Names these bytes.", _DIGEST: "Their SHA-256 (RFC 9530)."},
        )
    ],
    access=ANY_PARTY,
    path_fields=_PATH,
    errors=[StatementErased],
)
def read_attachment(call: Call) -> Response:
    """Read a file that a statement names, as its issuer uploaded it.

    Open to whoever may read the statement. Compare its SHA-256 with the one that was signed: that it is the
    file is then certain, whoever keeps the store.
    """
    sha256_hex = call.path["sha256"]
    assert call.reader is not None
    with call.reading() as connection:
        party = find_attachment(connection, call.reader, sha256_hex)
        stored = attachments_store.find_stored(connection, sha256_hex, party)
    assert stored is not None, "seen in the same state"
    reply = Response(_pieces(call.parts, stored), content_type=OCTETS)
    reply.content_length = stored.size_bytes
    reply.headers["Cache-Control"] = PRIVATE
    reply.headers["Content-Disposition"] = f'attachment; filename="{sha256_hex}"'
    reply.headers[_DIGEST] = f"sha-256=:{b64_encode(bytes.fromhex(sha256_hex))}:"
    return tagged(reply, sha256_hex)


def _stored_members(stored: StoredAttachment) -> dict[str, Any]:
    return {
        "sha256": stored.sha256_hex,
        "size": stored.size_bytes,
        "stored_at": format_time_us(stored.stored_at_us),
    }


def _check(received: ReceivedFile, sha256_hex: str, sizes: set[int]) -> None:
    if received.sha256_hex != sha256_hex:
        raise AttachmentMismatch(f"the SHA-256 of the bytes that came is {received.sha256_hex}")
    if received.size not in sizes:
        stated = ", ".join(str(size) for size in sorted(sizes))
        raise AttachmentMismatch(f"the file has {received.size} bytes, and the movement states {stated}")


def _sizes_stated(connection: Connection, party: str, sha256_hex: str) -> set[int]:
    """The sizes that a party's statements state of a file.

    Raises:
        ResourceNotFound: None of them names it.
        StatementErased: Each of them was erased.
    """
    standing, erased = attachments_store.stated_sizes(connection, sha256_hex, party)
    if standing:
        return standing
    if erased:
        raise StatementErased("every statement of yours that named this attachment was erased")
    raise ResourceNotFound(
        "no statement of yours names an attachment with this SHA-256",
        mend="Record the movement that names it first; the files of a statement are its issuer's to upload.",
    )


def _store(parts: Parts, party: str, received: ReceivedFile) -> tuple[StoredAttachment, bool]:
    """What is in the store now, and whether it came with this request."""
    most = parts.settings.max_attachments_bytes
    stored = StoredAttachment(received.sha256_hex, party, received.size, parts.clock.now_us())
    with (
        busy_as_unavailable(),
        parts.engine.connect() as connection,
        begin_write(connection, lock_key=attachments_store.lock_key(stored)),
    ):
        _sizes_stated(connection, party, stored.sha256_hex)
        known = attachments_store.find_stored(connection, stored.sha256_hex, party)
        if known is not None:
            return known, False
        _require_room(connection, stored, most)
        attachments_store.put(connection, stored, iter(lambda: received.stream.read(PIECE_BYTES), b""))
        attachments_store.lock(connection)
        # Again: a statement may have been erased since, or the room have gone to another file.
        _sizes_stated(connection, party, stored.sha256_hex)
        _require_room(connection, stored, most)
    return stored, True


def _require_room(connection: Connection, stored: StoredAttachment, most: int) -> None:
    """Returns only if who uploads a file has room for it beside all others.

    Raises:
        TooLarge: It would have more than ``most`` bytes.
    """
    taken = attachments_store.bytes_beside(connection, stored)
    if taken + stored.size_bytes > most:
        raise TooLarge(
            f"your attachments have {taken} bytes, and with this one they would have more than {most}",
            mend="Ask the ledger's operator for more room.",
        )


def _pieces(parts: Parts, stored: StoredAttachment) -> Iterator[bytes]:
    """A file's bytes; no connection is held while the reader takes its time.

    Raises:
        LogInconsistent: What is stored is not the file: the answer is broken off before its end.
    """
    digest, left, piece = hashlib.sha256(), stored.size_bytes, 0
    while left > 0:
        with parts.reading() as connection:
            octets = attachments_store.read_piece(connection, stored, piece)
        digest.update(octets or b"")
        left -= len(octets or b"")
        if not octets or left < 0 or (left == 0 and digest.hexdigest() != stored.sha256_hex):
            raise LogInconsistent(
                f"the attachment {stored.sha256_hex} is not stored as it was uploaded, or is no more"
            )
        yield octets
        piece += 1
