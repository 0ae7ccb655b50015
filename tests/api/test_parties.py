"""The register of parties; their identifiers are URIs and stand in paths."""

from urllib.parse import quote

import pytest

from tests.support.story import Story
from tests.support.web import Site, assert_problem


def test_a_party_is_found_by_its_identifier_however_it_is_written(story: Story) -> None:
    party = story.site.cast.mine.party
    one = story.site.get(f"/v1/parties/{quote(party, safe='')}").get_json()
    assert one["id"] == party
    assert one["roles"] == ["miner"]
    assert one["organisation"]["legal_name"] == "Test miner"
    assert one["listings"][0]["end"] is None
    assert (one["admitted_at"], one["changed_at"]) == (0, 0)
    assert story.site.get(f"/v1/parties/{party}").get_json() == one
    assert story.site.get(f"/v1/parties?id={quote(party, safe='')}").get_json()["parties"] == [one]


def test_a_delisted_party_is_told_to_be(story: Story) -> None:
    one = story.site.get(f"/v1/parties/{story.delisted.party}").get_json()
    assert one["listings"][0]["end"] is not None
    assert one["changed_at"] > one["admitted_at"]


def test_pages_hold_every_party_once_and_in_order(story: Story) -> None:
    found, path = [], "/v1/parties?limit=3"
    while path:
        page = story.site.get(path).get_json()
        found += [party["id"] for party in page["parties"]]
        path = page["next"]
    assert found == sorted(found)
    assert len(found) == len(story.site.cast.actors) + 4


def test_after_goes_with_id_as_with_the_list(story: Story) -> None:
    party = story.site.cast.mine.party
    assert story.site.get(f"/v1/parties?id={party}&after={party}").get_json()["parties"] == []
    assert story.site.get("/v1/parties?id=nobody").get_json()["parties"] == []


@pytest.mark.parametrize(
    "party",
    ["nobody", "https://mine.example", "https:/mine.example/", "HTTPS://mine.example/", "%00", "a" * 1_025],
)
def test_what_was_not_admitted_is_not_found(sqlite_site: Site, party: str) -> None:
    assert_problem(sqlite_site.get(f"/v1/parties/{party}"), 404, "resource.not-found")


@pytest.mark.parametrize("query", ["id=", "id=%00", "id=a&id=b", "after=%7F", "limit=1001", "party=x"])
def test_other_queries_are_refused(sqlite_site: Site, query: str) -> None:
    assert_problem(sqlite_site.get(f"/v1/parties?{query}"), 400, "request.malformed")
