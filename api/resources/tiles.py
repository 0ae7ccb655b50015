"""The log as files: checkpoint, tiles of hashes, bundles of entries; byte for byte as C2SP describes them.

Source: C2SP tlog-checkpoint, tlog-tiles.
"""

from typing import Final

from flask import Response

from api.fields import Name
from api.operations import Call, Reply, Resource
from api.replies import IMMUTABLE, OCTETS, REVALIDATE, TEXT, bytes_reply, tagged
from api.schemas import NOTE_SCHEMA, OCTETS_SCHEMA
from ledger.errors import LedgerEmpty, LogInconsistent, ResourceNotFound, TileMalformed
from ledger.log.tiles import TILE_HEIGHT, TILE_WIDTH, TileCoordinate, entry_bundle, parse_tile_path
from ledger.store import log_store
from ledger.store.asking import ask

resource = Resource("files", "The log as the files that C2SP tlog-tiles describes.")

_TILE: Final = Name(
    slashes=True,
    meaning="The tile's number in groups of three digits, all but the last prefixed with x; a partial tile's "
    "width after .p/.",
)
_PARTIAL: Final = "public, max-age=3600"


@resource.operation(
    "GET",
    "/checkpoint",
    replies=[Reply(200, "The latest checkpoint.", {TEXT: NOTE_SCHEMA}, {"ETag": "Names these bytes."})],
    errors=[LedgerEmpty],
)
def read_checkpoint(call: Call) -> Response:
    """Read the latest checkpoint, a signed note."""
    with call.reading() as connection:
        latest = ask(connection, log_store.last_checkpoint())
    if latest is None:
        raise LedgerEmpty("the log is empty")
    return tagged(bytes_reply(latest.note, TEXT, cache=REVALIDATE), f"checkpoint-{latest.checkpoint_number}")


@resource.operation(
    "GET",
    "/tile/entries/{tile}",
    replies=[Reply(200, "A bundle: each entry after its length in two bytes.", {OCTETS: OCTETS_SCHEMA})],
    path_fields={"tile": _TILE},
    errors=[ResourceNotFound],
    examples={"tile": "000.p/1"},
)
def read_entry_bundle(call: Call) -> Response:
    """Read a bundle of entries."""
    return _read_tile(call, f"tile/entries/{call.path['tile']}")


@resource.operation(
    "GET",
    "/tile/{level}/{tile}",
    replies=[Reply(200, "A tile: its hashes, 32 bytes each.", {OCTETS: OCTETS_SCHEMA})],
    path_fields={"level": Name(meaning="The tile's level, 0 is that of the leaves."), "tile": _TILE},
    errors=[ResourceNotFound],
    examples={"level": "0", "tile": "000.p/1"},
)
def read_tile(call: Call) -> Response:
    """Read a tile of hashes."""
    return _read_tile(call, f"tile/{call.path['level']}/{call.path['tile']}")


def _read_tile(call: Call, path: str) -> Response:
    try:
        coordinate = parse_tile_path(path)
    except TileMalformed as error:
        raise ResourceNotFound(error.detail) from error
    with call.reading() as connection:
        size = log_store.read_head(connection).tree_size
        _require_within(coordinate, size)
        if coordinate.level is not None:
            body = log_store.read_tile_hashes(
                connection, coordinate.level, coordinate.index, coordinate.width
            )
        else:
            first = coordinate.index * TILE_WIDTH
            entries = log_store.read_entries(connection, first, first + coordinate.width)
            if len(entries) != coordinate.width:
                raise LogInconsistent(f"entries are missing between {first} and {first + coordinate.width}")
            body = entry_bundle(entries)
    return bytes_reply(body, OCTETS, cache=IMMUTABLE if coordinate.width == TILE_WIDTH else _PARTIAL)


def _require_within(coordinate: TileCoordinate, size: int) -> None:
    """A tile exists as far as the log goes: nodes at its level that are complete subtrees of the tree."""
    complete = size >> (TILE_HEIGHT * (coordinate.level or 0))
    if coordinate.index * TILE_WIDTH + coordinate.width > complete:
        raise ResourceNotFound("the log has not grown so far")
