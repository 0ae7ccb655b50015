"""The register of sites."""

import pytest

from tests.support.story import SITE, Story
from tests.support.web import Site, assert_problem


def test_a_listed_site_is_there(story: Story) -> None:
    page = story.site.get("/v1/sites").get_json()
    (one,) = page["sites"]
    assert (one["id"], one["party"]) == (SITE, story.site.cast.mine.party)
    assert one["description"] == {"name": "Pit one", "country": "CN"}
    assert one["listed_at"] == one["changed_at"]
    assert page["next"] is None


def test_only_one_partys_sites(story: Story) -> None:
    mine, plant = story.site.cast.mine.party, story.named("plant").party
    assert len(story.site.get(f"/v1/sites?party={mine}").get_json()["sites"]) == 1
    assert story.site.get(f"/v1/sites?party={plant}").get_json()["sites"] == []
    assert_problem(story.site.get("/v1/sites?party=nobody"), 404, "resource.not-found")
    assert story.site.get(f"/v1/sites?after={SITE}").get_json()["sites"] == []


def test_pages_hold_every_site_once(site: Site) -> None:
    for name in "dacb":
        site.registered(
            site.cast.act(
                {
                    "act": "list-site",
                    "site": f"https://mine.example/sites/{name}",
                    "party": site.cast.mine.party,
                    "description": {"name": name, "country": "CN"},
                }
            )
        )
    found, path = [], f"/v1/sites?limit=3&party={site.cast.mine.party}"
    while path:
        page = site.get(path).get_json()
        found += [each["description"]["name"] for each in page["sites"]]
        path = page["next"]
    assert found == ["a", "b", "c", "d"]


@pytest.mark.parametrize("query", ["party=", "after=%00", "limit=x", "id=x"])
def test_other_queries_are_refused(sqlite_site: Site, query: str) -> None:
    assert_problem(sqlite_site.get(f"/v1/sites?{query}"), 400, "request.malformed")


def test_a_single_site_has_no_address(sqlite_site: Site) -> None:
    assert_problem(sqlite_site.get("/v1/sites/x"), 404, "resource.not-found")
