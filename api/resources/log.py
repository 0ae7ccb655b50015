"""The log as JSON: its head, proofs, entries and checkpoints."""

from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.fields import Count, Hash, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import IMMUTABLE, JSON, NDJSON, REVALIDATE, bytes_reply, json_reply, page_reply
from api.schemas import (
    TEXT_SCHEMA,
    CheckpointsSchema,
    ConsistencySchema,
    EntriesSchema,
    InclusionSchema,
    LogSchema,
)
from ledger.encoding import b64_encode
from ledger.errors import LedgerEmpty, LogInconsistent, ResourceNotFound
from ledger.log.merkle import leaf_hash, prove_consistency, prove_inclusion, tree_root
from ledger.store import listings, log_store, registers_store
from ledger.store.asking import ask
from ledger.store.proofs import node_reader

resource = Resource("log", "The log: its head, its entries, and proofs over them.")

PAGE = 1_000


class InclusionQuery(StrictSchema):
    """Which entry, in which tree."""

    index = Count(load_default=None, meaning="The entry's index; without index and hash: the last entry.")
    hash = Hash(load_default=None, meaning="The entry's statement hash, instead of its index or beside it.")
    size = Count(
        load_default=None, minimum=1, meaning="The tree's size; by default that of the latest checkpoint."
    )


class ConsistencyQuery(StrictSchema):
    """From which tree to which."""

    old = Count(required=True, minimum=1, meaning="The smaller tree's size.")
    new = Count(
        load_default=None, minimum=1, meaning="The larger tree's size; by default the latest checkpoint's."
    )


class EntriesQuery(StrictSchema):
    """Which entries."""

    start = Count(load_default=0, meaning="The first index.")
    end = Count(load_default=None, meaning="One past the last index; a page ends after 1,000 entries anyway.")


class CheckpointsQuery(StrictSchema):
    """Which checkpoints."""

    start = Count(load_default=0, meaning="The first checkpoint's number.")
    limit = Count(load_default=100, minimum=1, maximum=PAGE, meaning="How many at most.")


@resource.operation(
    "GET",
    "/v1/log",
    replies=[
        Reply(200, "Origin and keys, and the size and root of the latest checkpoint.", {JSON: LogSchema})
    ],
    errors=[LedgerEmpty],
)
def read_log(call: Call) -> Response:
    """Read what the log is called, who signs it, and how far it goes."""
    with call.reading() as connection:
        origin = registers_store.read_origin(connection)
        latest = ask(connection, log_store.last_checkpoint())
    if origin is None or latest is None:
        raise LedgerEmpty("the log is empty")
    members = {
        "origin": origin.origin,
        "vkeys": list(origin.log_keys),
        "size": latest.tree_size,
        "root": b64_encode(latest.root),
    }
    return json_reply(members)


@resource.operation(
    "GET",
    "/v1/log/proof/inclusion",
    replies=[Reply(200, "The proof.", {JSON: InclusionSchema})],
    query=InclusionQuery,
    errors=[ResourceNotFound, LedgerEmpty],
)
def prove_entry(call: Call) -> Response:
    """Prove that an entry is in the tree of a size."""
    wanted, statement_hash = call.query["index"], call.query["hash"]
    with call.reading() as connection:
        size = _tree_size(connection, call.query["size"])
        index = size - 1 if wanted is None else wanted
        if statement_hash is not None:
            statement = log_store.find_statement(connection, statement_hash)
            if statement is None or wanted not in (None, statement.entry_index):
                raise ResourceNotFound("the log holds no such statement at this index")
            index = statement.entry_index
        if index >= size:
            raise ResourceNotFound(f"a tree of {size} entries has no entry {index}")
        read = node_reader(connection, size)
        members = {
            "index": index,
            "size": size,
            "leaf": b64_encode(read([(0, index)])[0]),
            "hashes": [b64_encode(each) for each in prove_inclusion(index, size, read)],
            "root": b64_encode(tree_root(size, read)),
        }
    return json_reply(members, cache=_kept(call.query["size"]))


@resource.operation(
    "GET",
    "/v1/log/proof/consistency",
    replies=[Reply(200, "The proof.", {JSON: ConsistencySchema})],
    query=ConsistencyQuery,
    errors=[ResourceNotFound, LedgerEmpty],
    examples={"old": 1},
)
def prove_growth(call: Call) -> Response:
    """Prove that the tree of one size continues the tree of a smaller size."""
    old = call.query["old"]
    with call.reading() as connection:
        new = _tree_size(connection, call.query["new"])
        if old > new:
            raise ResourceNotFound(f"a tree of {new} entries continues none of {old}")
        read = node_reader(connection, new)
        members = {
            "old": old,
            "new": new,
            "hashes": [b64_encode(each) for each in prove_consistency(old, new, read)],
            "old_root": b64_encode(tree_root(old, node_reader(connection, old))),
            "new_root": b64_encode(tree_root(new, read)),
        }
    return json_reply(members, cache=_kept(call.query["new"]))


@resource.operation(
    "GET",
    "/v1/log/entries",
    replies=[
        Reply(
            200,
            "Entries in order; as lines: their exact bytes, one a line.",
            {JSON: EntriesSchema, NDJSON: TEXT_SCHEMA},
            {"Link": "The next page."},
        )
    ],
    query=EntriesQuery,
)
def list_entries(call: Call) -> Response:
    """List entries: what the log commits to, and nothing of what the statements say.

    The range is half open; where it holds nothing the page is empty.
    """
    start, end = call.query["start"], call.query["end"]
    with call.reading() as connection:
        size = log_store.read_head(connection).tree_size
        last = size if end is None else min(end, size)
        stop = max(start, min(last, start + PAGE))
        entries = log_store.read_entries(connection, start, stop)
    if len(entries) != stop - start:
        raise LogInconsistent(f"entries are missing between {start} and {stop}")
    following: dict[str, str | int] | None = None
    if stop < last:
        following = {"start": stop} if end is None else {"start": stop, "end": end}
    members: list[dict[str, Any]] = [
        {"index": start + place, "entry": entry.decode(), "leaf": b64_encode(leaf_hash(entry))}
        for place, entry in enumerate(entries)
    ]
    reply = page_reply({"entries": members}, "/v1/log/entries", following)
    if call.accepted == NDJSON:
        lines = bytes_reply(b"".join(entry + b"\n" for entry in entries), NDJSON)
        lines.headers.update({name: text for name, text in reply.headers.items() if name == "Link"})
        return lines
    return reply


@resource.operation(
    "GET",
    "/v1/log/checkpoints",
    replies=[Reply(200, "Checkpoints in order.", {JSON: CheckpointsSchema}, {"Link": "The next page."})],
    query=CheckpointsQuery,
)
def list_checkpoints(call: Call) -> Response:
    """List every checkpoint that was signed: one for each batch that appended."""
    start, limit = call.query["start"], call.query["limit"]
    with call.reading() as connection:
        rows = listings.list_checkpoints(connection, start, limit + 1)
    following = {"start": rows[limit].checkpoint_number, "limit": limit} if len(rows) > limit else None
    members = [
        {
            "number": row.checkpoint_number,
            "size": row.tree_size,
            "root": b64_encode(row.root),
            "checkpoint": row.note.decode(),
        }
        for row in rows[:limit]
    ]
    return page_reply({"checkpoints": members}, "/v1/log/checkpoints", following)


def _tree_size(connection: Connection, wanted: int | None) -> int:
    size = log_store.read_head(connection).tree_size
    if size == 0:
        raise LedgerEmpty("the log is empty")
    if wanted is None:
        return size
    if wanted > size:
        raise ResourceNotFound(f"the log has {size} entries, not {wanted}")
    return wanted


def _kept(stated_size: int | None) -> str:
    """A proof over stated sizes never changes; one over the latest does."""
    return REVALIDATE if stated_size is None else IMMUTABLE
