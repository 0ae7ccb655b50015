"""Public acts: everybody reads them, as they were signed, in pages."""

import hashlib
import json

import pytest

from ledger.encoding import b64url_decode, b64url_encode
from tests.support.story import Story
from tests.support.web import Site, assert_problem


def payload(jws: str) -> dict[str, object]:
    members: dict[str, object] = json.loads(b64url_decode(jws.split(".")[1]))
    return members


def test_the_public_acts_are_listed_as_they_were_signed(story: Story) -> None:
    page = story.site.get("/v1/acts").get_json()
    assert page["next"] is None
    acts = page["acts"]
    assert [payload(each["jws"])["act"] for each in acts] == [
        "genesis",
        "list-site",
        "admit-party",
        "enrol-key",
        "revoke-key",
        "admit-party",
        "enrol-key",
        "admit-party",
        "enrol-key",
        "admit-party",
        "enrol-key",
        "admit-party",
    ]
    for each in acts:
        assert each["statement"] == b64url_encode(hashlib.sha256(each["jws"].encode()).digest())


def test_private_acts_are_not_among_them(story: Story) -> None:
    text = story.site.get("/v1/acts").text
    assert story.grant.decode() not in text
    assert b64url_encode(hashlib.sha256(story.grant).digest()) not in text


def test_pages_hold_every_act_once(story: Story) -> None:
    whole = story.site.get("/v1/acts").get_json()["acts"]
    found, path = [], "/v1/acts?limit=5"
    while path:
        response = story.site.get(path)
        page = response.get_json()
        assert len(page["acts"]) <= 5
        found += page["acts"]
        path = page["next"]
        assert response.headers.get("Link") == (f'<{path}>; rel="next"' if path else None)
    assert found == whole


def test_a_page_begins_where_it_is_told(story: Story) -> None:
    acts = story.site.get("/v1/acts?start=1").get_json()["acts"]
    assert acts[0]["index"] == story.site.get("/v1/sites").get_json()["sites"][0]["listed_at"]


def test_beyond_the_log_there_is_nothing(story: Story) -> None:
    assert story.site.get("/v1/acts?start=9007199254740991").get_json() == {"acts": [], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        "start=-1",
        "start=+1",
        "start=1.0",
        "start=1e3",
        "start=01",
        "start=",
        "start=%20",
        "start=9007199254740992",
        "start=1&start=1",
        "start[]=1",
        "limit=0",
        "limit=1001",
        "page=1",
        "%00=1",
        "start=%D9%A1",
    ],
)
def test_other_queries_are_refused(sqlite_site: Site, query: str) -> None:
    members = assert_problem(sqlite_site.get(f"/v1/acts?{query}"), 400, "request.malformed")
    assert "parameter" in members
