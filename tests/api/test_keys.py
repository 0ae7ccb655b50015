"""The register of keys."""

import pytest

from tests.support.story import Story
from tests.support.web import Site, assert_problem


def test_a_key_is_found_by_its_thumbprint(story: Story) -> None:
    mine = story.site.cast.mine
    members = story.site.get(f"/v1/keys/{mine.signer.kid}").get_json()
    assert members["kid"] == mine.signer.kid
    assert members["party"] == mine.party
    assert members["jwk"] == mine.signer.jwk
    assert (members["enrolled_at"], members["revoked_at"], members["suspect_from"]) == (0, None, None)
    assert members["not_after"] is None


def test_windows_and_revocations_are_told(story: Story) -> None:
    revoked = story.site.get(f"/v1/keys/{story.revoked.signer.kid}").get_json()
    assert revoked["revoked_at"] > revoked["enrolled_at"]
    assert story.site.get(f"/v1/keys/{story.expired.signer.kid}").get_json()["not_after"] is not None
    early = story.site.get(f"/v1/keys/{story.early.signer.kid}").get_json()
    assert early["not_before"] == "2090-01-01T00:00:00.000000Z"


def test_pages_hold_every_key_once_and_in_order(story: Story) -> None:
    found, path = [], "/v1/keys?limit=4"
    while path:
        page = story.site.get(path).get_json()
        found += [key["kid"] for key in page["keys"]]
        path = page["next"]
    assert found == sorted(found)
    assert len(found) == len(set(found)) == len(story.site.cast.actors) + 4


def test_one_partys_keys(story: Story) -> None:
    party = story.site.cast.mine.party
    page = story.site.get(f"/v1/keys?party={party}&limit=1").get_json()
    assert [key["party"] for key in page["keys"]] == [party]
    assert page["next"] is None
    assert_problem(story.site.get("/v1/keys?party=nobody"), 404, "resource.not-found")


@pytest.mark.parametrize("kid", ["A" * 43, "A" * 42, "A" * 42 + "B", "nobody", "%00", "a/b"])
def test_what_is_not_enrolled_is_not_found(sqlite_site: Site, kid: str) -> None:
    assert_problem(sqlite_site.get(f"/v1/keys/{kid}"), 404, "resource.not-found")


@pytest.mark.parametrize("query", ["party=", "party=%00", "after=", "after=%0A", "limit=0", "kid=x"])
def test_other_queries_are_refused(sqlite_site: Site, query: str) -> None:
    assert_problem(sqlite_site.get(f"/v1/keys?{query}"), 400, "request.malformed")
