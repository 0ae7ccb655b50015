"""The log as files: checkpoint, tiles and bundles, byte for byte, and nothing beside them."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.log.checkpoint import open_checkpoint
from ledger.log.entry import parse_entry
from ledger.log.merkle import leaf_hash, tree_root
from ledger.log.tiles import parse_entry_bundle, tile_nodes, tile_path, tile_root
from tests.support.cast import Cast
from tests.support.story import Story
from tests.support.web import Site, assert_problem, open_site


def test_the_checkpoint_is_a_note_that_the_log_signed(story: Story) -> None:
    response = story.site.get("/checkpoint")
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    checkpoint = open_checkpoint(response.data, story.site.cast.origin, [story.site.cast.verifier])
    assert checkpoint.size == story.size
    again = story.site.get("/checkpoint", If_None_Match=response.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_the_tiles_give_the_checkpoints_root(story: Story) -> None:
    def fetch(level: int, index: int, width: int) -> bytes:
        response = story.site.get("/" + tile_path(level, index, width))
        assert response.content_type == "application/octet-stream"
        assert len(response.data) == 32 * width
        return response.data

    note = story.site.get("/checkpoint").data
    checkpoint = open_checkpoint(note, story.site.cast.origin, [story.site.cast.verifier])
    assert tree_root(checkpoint.size, tile_nodes(fetch, checkpoint.size)) == checkpoint.root
    assert story.site.get("/tile/1/000.p/1").data == tile_root(story.site.get("/tile/0/000").data)


def test_the_bundles_hold_the_entries_of_the_tiles(story: Story) -> None:
    rest = story.size - 256
    for path, width in (("000", 256), (f"001.p/{rest}", rest), ("000.p/7", 7)):
        entries = parse_entry_bundle(story.site.get(f"/tile/entries/{path}").data, width)
        hashes = story.site.get(f"/tile/0/{path}").data
        assert b"".join(leaf_hash(entry) for entry in entries) == hashes
    first = parse_entry_bundle(story.site.get("/tile/entries/000.p/2").data, 2)
    assert parse_entry(first[1]).statement == hashlib.sha256(story.records[0]).digest()


def test_every_width_up_to_the_present_one_is_served(story: Story) -> None:
    whole = story.site.get("/tile/0/000").data
    for width in (1, 2, 128, 255):
        assert story.site.get(f"/tile/0/000.p/{width}").data == whole[: 32 * width]
    for width in range(1, story.size - 256 + 1):
        assert len(story.site.get(f"/tile/0/001.p/{width}").data) == 32 * width


def test_full_tiles_are_kept_for_ever(story: Story) -> None:
    for path in ("/tile/0/000", "/tile/entries/000"):
        assert story.site.get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("/tile/0/000.p/1", "/tile/entries/001.p/1", "/tile/1/000.p/1"):
        assert "immutable" not in story.site.get(path).headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "0/001",
        "0/001.p/29",
        "0/001.p/255",
        "0/002.p/1",
        "1/000",
        "1/000.p/2",
        "2/000.p/1",
        "63/000.p/1",
        "64/000.p/1",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/+1",
        "0/000.p/-1",
        "0/000.p/",
        "0/000.p",
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/000",
        "0/000/000",
        "0/x00/000",
        "0/X001/000",
        "00/000",
        "-1/000",
        "0/000/",
        "0//000",
        "0/000.p/1/",
        "0/%30%30%30%00",
        "0/٠٠٠",
        "entries/001",
        "entries/002.p/1",
        "entries/000.p/0",
        "entries/000.p/256",
        "entries/",
        "entries",
        "entries/000.q/1",
        "0",
        "0/",
        "data/000",
        "../checkpoint",
        "0/x999/x999/x999/x999/x999/999",
    ],
)
def test_there_are_no_other_tiles(story: Story, path: str) -> None:
    assert_problem(story.site.get(f"/tile/{path}"), 404, "resource.not-found")


def test_queries_are_refused(sqlite_site: Site) -> None:
    for path in ("/checkpoint?x", "/tile/0/000.p/1?x=", "/tile/entries/000.p/1?width=1"):
        assert_problem(sqlite_site.get(path), 400, "request.malformed")


def test_an_empty_log_has_no_files(cast: Cast, engine: Engine, tmp_path: Path) -> None:
    with open_site(cast, engine, tmp_path, genesis=False) as site:
        assert_problem(site.get("/checkpoint"), 503, "ledger.empty")
        for path in ("/tile/0/000", "/tile/0/000.p/1", "/tile/entries/000.p/1"):
            assert_problem(site.get(path), 404, "resource.not-found")
