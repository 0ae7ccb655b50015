"""The log as JSON: head, entries, checkpoints, and proofs that verify."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.encoding import b64_decode, b64url_encode
from ledger.errors import ProofInvalid
from ledger.log.checkpoint import open_checkpoint
from ledger.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.support.cast import Cast
from tests.support.story import Story
from tests.support.web import Site, assert_problem, open_site


def hashed(jws: bytes) -> str:
    return b64url_encode(hashlib.sha256(jws).digest())


class TestHead:
    def test_it_is_what_the_checkpoint_says(self, story: Story) -> None:
        members = story.site.get("/v1/log").get_json()
        note = story.site.get("/checkpoint").data
        checkpoint = open_checkpoint(note, story.site.cast.origin, [story.site.cast.verifier])
        assert members == {
            "origin": story.site.cast.origin,
            "vkeys": [story.site.cast.vkey],
            "size": checkpoint.size,
            "root": note.split(b"\n")[2].decode(),
        }
        assert b64_decode(members["root"]) == checkpoint.root

    def test_an_empty_log_has_none(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path, genesis=False) as site:
            for path in ("/v1/log", "/v1/log/proof/inclusion", "/v1/log/proof/consistency?old=1"):
                response = site.get(path)
                assert_problem(response, 503, "ledger.empty")
                assert response.headers["Retry-After"] == "30"
            for path, name in (
                ("/v1/acts", "acts"),
                ("/v1/keys", "keys"),
                ("/v1/parties", "parties"),
                ("/v1/sites", "sites"),
                ("/v1/log/entries", "entries"),
                ("/v1/log/checkpoints", "checkpoints"),
            ):
                assert site.get(path).get_json() == {name: [], "next": None}


class TestInclusion:
    @pytest.mark.parametrize(
        ("index", "size"), [(0, 1), (0, 284), (1, 2), (255, 256), (256, 257), (100, 200)]
    )
    def test_the_proof_verifies(self, story: Story, index: int, size: int) -> None:
        members = story.site.get(f"/v1/log/proof/inclusion?index={index}&size={size}").get_json()
        assert (members["index"], members["size"]) == (index, size)
        path = [b64_decode(each) for each in members["hashes"]]
        leaf, root = b64_decode(members["leaf"]), b64_decode(members["root"])
        verify_inclusion(leaf, index, size, path, root)
        entry = story.site.get(f"/v1/log/entries?start={index}&end={index + 1}").get_json()["entries"][0]
        assert leaf_hash(entry["entry"].encode()) == leaf == b64_decode(entry["leaf"])

    def test_a_statement_is_found_by_its_hash(self, story: Story) -> None:
        jws = story.records[7]
        members = story.site.get(f"/v1/log/proof/inclusion?hash={hashed(jws)}").get_json()
        assert (members["index"], members["size"]) == (8, story.size)
        both = story.site.get(f"/v1/log/proof/inclusion?hash={hashed(jws)}&index=8")
        assert both.get_json() == members

    def test_the_root_is_that_of_the_head(self, story: Story) -> None:
        members = story.site.get("/v1/log/proof/inclusion").get_json()
        assert members["index"] == story.size - 1
        assert members["root"] == story.site.get("/v1/log").get_json()["root"]

    def test_stated_sizes_may_be_kept(self, story: Story) -> None:
        kept = story.site.get("/v1/log/proof/inclusion?index=0&size=2").headers["Cache-Control"]
        assert kept == "public, max-age=31536000, immutable"
        assert story.site.get("/v1/log/proof/inclusion?index=0").headers["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize(
        "query",
        [
            "index=284",
            "index=1&size=1",
            "size=285",
            "size=9007199254740991",
            f"hash={'A' * 43}",
            "index=9&hash=",
        ],
    )
    def test_what_is_not_in_the_tree_is_not_found(self, story: Story, query: str) -> None:
        if query.endswith("hash="):
            query += hashed(story.records[7])
        assert_problem(story.site.get(f"/v1/log/proof/inclusion?{query}"), 404, "resource.not-found")

    def test_a_statement_beyond_the_tree_is_not_found(self, story: Story) -> None:
        path = f"/v1/log/proof/inclusion?hash={hashed(story.records[7])}&size=8"
        assert_problem(story.site.get(path), 404, "resource.not-found")

    @pytest.mark.parametrize(
        "query",
        ["size=0", "index=-1", "index=0x1", "hash=x", f"hash={'A' * 42}B", f"hash={'A' * 44}", "leaf=1"],
    )
    def test_other_queries_are_refused(self, sqlite_site: Site, query: str) -> None:
        assert_problem(sqlite_site.get(f"/v1/log/proof/inclusion?{query}"), 400, "request.malformed")


class TestConsistency:
    @pytest.mark.parametrize(("old", "new"), [(1, 1), (1, 2), (1, 284), (255, 256), (256, 257), (200, 284)])
    def test_the_proof_verifies(self, story: Story, old: int, new: int) -> None:
        members = story.site.get(f"/v1/log/proof/consistency?old={old}&new={new}").get_json()
        path = [b64_decode(each) for each in members["hashes"]]
        roots = b64_decode(members["old_root"]), b64_decode(members["new_root"])
        verify_consistency(old, new, path, *roots)
        if old != new:
            with pytest.raises(ProofInvalid):
                verify_consistency(old, new, path, roots[1], roots[0])

    def test_the_new_tree_is_the_present_one_by_default(self, story: Story) -> None:
        assert story.site.get("/v1/log/proof/consistency?old=3").get_json()["new"] == story.size

    @pytest.mark.parametrize("query", ["old=285", "old=2&new=1", "old=1&new=285"])
    def test_what_there_is_no_proof_of_is_not_found(self, story: Story, query: str) -> None:
        assert_problem(story.site.get(f"/v1/log/proof/consistency?{query}"), 404, "resource.not-found")

    @pytest.mark.parametrize("query", ["", "old=0", "new=1", "old=1&new=0", "old=1&size=2"])
    def test_other_queries_are_refused(self, sqlite_site: Site, query: str) -> None:
        assert_problem(sqlite_site.get(f"/v1/log/proof/consistency?{query}"), 400, "request.malformed")


class TestEntries:
    def test_a_page_is_what_the_tiles_hold(self, story: Story) -> None:
        entries = story.site.get("/v1/log/entries").get_json()["entries"]
        assert [each["index"] for each in entries] == list(range(story.size))
        lines = story.site.get("/v1/log/entries", Accept="application/x-ndjson")
        assert lines.content_type == "application/x-ndjson"
        assert lines.data == b"".join(each["entry"].encode() + b"\n" for each in entries)

    def test_a_range_is_half_open(self, story: Story) -> None:
        page = story.site.get("/v1/log/entries?start=5&end=8").get_json()
        assert [each["index"] for each in page["entries"]] == [5, 6, 7]
        assert page["next"] is None

    @pytest.mark.parametrize(
        "query", ["start=284", "start=9007199254740991", "start=5&end=5", "start=5&end=2", "end=0"]
    )
    def test_an_empty_range_is_an_empty_page(self, story: Story, query: str) -> None:
        assert story.site.get(f"/v1/log/entries?{query}").get_json() == {"entries": [], "next": None}

    def test_long_ranges_come_in_pages(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("api.resources.log.PAGE", 100)
        response = story.site.get("/v1/log/entries?end=150")
        assert response.get_json()["next"] == "/v1/log/entries?start=100&end=150"
        assert len(story.site.get(response.get_json()["next"]).get_json()["entries"]) == 50
        lines = story.site.get("/v1/log/entries", Accept="application/x-ndjson")
        assert lines.headers["Link"] == '</v1/log/entries?start=100>; rel="next"'

    @pytest.mark.parametrize("query", ["start=-1", "end=x", "limit=1"])
    def test_other_queries_are_refused(self, sqlite_site: Site, query: str) -> None:
        assert_problem(sqlite_site.get(f"/v1/log/entries?{query}"), 400, "request.malformed")


class TestCheckpoints:
    def test_every_one_is_there_and_signed(self, story: Story) -> None:
        found, path = [], "/v1/log/checkpoints?limit=7"
        while path:
            page = story.site.get(path).get_json()
            found += page["checkpoints"]
            path = page["next"]
        assert [each["number"] for each in found] == list(range(len(found)))
        for each in found:
            opened = open_checkpoint(
                each["checkpoint"].encode(), story.site.cast.origin, [story.site.cast.verifier]
            )
            assert (opened.size, opened.root) == (each["size"], b64_decode(each["root"]))
        assert found[-1]["size"] == story.size

    def test_a_page_begins_where_it_is_told(self, story: Story) -> None:
        assert story.site.get("/v1/log/checkpoints?start=2").get_json()["checkpoints"][0]["number"] == 2

    @pytest.mark.parametrize("query", ["start=-1", "limit=1001", "end=3"])
    def test_other_queries_are_refused(self, sqlite_site: Site, query: str) -> None:
        assert_problem(sqlite_site.get(f"/v1/log/checkpoints?{query}"), 400, "request.malformed")
