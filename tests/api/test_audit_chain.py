"""A range of the log verified now: what is sound is said to be, and a changed byte has its place."""

import pytest
from sqlalchemy import text

from tests.support.databases import unguarded
from tests.support.story import Story
from tests.support.web import Site, assert_problem


def test_a_sound_range_is_said_to_be_sound(story: Story) -> None:
    report = story.site.get("/v1/audit/chain", story.named("auditor")).get_json()
    assert report["ok"]
    assert (report["start"], report["end"], report["size"]) == (0, story.size, story.size)
    assert report["counts"]["entries"] == story.size
    assert report["counts"]["erased"] == 1
    assert report["faults"] == []
    assert f"nothing newer than size {story.size} can be excluded" in report["cannot_exclude"]


def test_a_range_is_widened_to_whole_tiles(story: Story) -> None:
    report = story.site.get("/v1/audit/chain?start=260&end=261", story.site.cast.authority).get_json()
    assert (report["start"], report["end"]) == (256, story.size)


@pytest.mark.parametrize("query", ["start=284", "start=9007199254740991", "start=5&end=2"])
def test_an_empty_range_is_sound(story: Story, query: str) -> None:
    report = story.site.get(f"/v1/audit/chain?{query}", story.site.cast.authority).get_json()
    assert report["ok"]


def test_work_is_bounded(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.resources.audit_chain.MAX_ENTRIES", 10)
    report = story.site.get("/v1/audit/chain?end=284", story.site.cast.authority).get_json()
    assert (report["start"], report["end"]) == (0, 256)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE entries SET leaf_hash = :other WHERE entry_index = 1", "entries"),
        ("UPDATE statements SET statement_hash = :other WHERE entry_index = 1", "statements"),
        ("UPDATE checkpoints SET root = :other WHERE checkpoint_number = 1", "checkpoints"),
    ],
)
def test_a_changed_byte_is_found_with_its_place(
    site: Site, database_url: str, statement: str, table: str
) -> None:
    site.registered(site.cast.record())
    with unguarded(database_url) as connection:
        connection.execute(text(statement), {"other": bytes(32)})
    report = site.get("/v1/audit/chain", site.cast.authority).get_json()
    assert not report["ok"]
    assert (table, 1) in {(fault["table"], fault["place"]) for fault in report["faults"]}


@pytest.mark.parametrize("query", ["start=-1", "end=x", "limit=5"])
def test_other_queries_are_refused(sqlite_site: Site, query: str) -> None:
    response = sqlite_site.get(f"/v1/audit/chain?{query}", sqlite_site.cast.authority)
    assert_problem(response, 400, "request.malformed")
