"""The refusal journal: to whom it is shown, and that it is chained."""

import hashlib
import json

import pytest

from ledger.encoding import b64url_encode
from tests.support.cast import actor
from tests.support.story import Story
from tests.support.web import Site, assert_problem


def refused(site: Site, number: int, signed_by: str = "mine") -> bytes:
    party = next(each for each in site.cast.actors if f"//{signed_by}." in each.party)
    jws = site.cast.sign({"type": "EPCISDocument", "n": number}, party)
    assert site.post(jws).status_code == 422
    return jws


def test_a_party_sees_its_own(story: Story) -> None:
    (one,) = story.site.get("/v1/refusals", story.site.cast.mine).get_json()["refusals"]
    assert one["jws"] == story.refused.decode()
    record = json.loads(one["record"])
    assert record["statement"] == b64url_encode(hashlib.sha256(story.refused).digest())
    assert one["hash"] == b64url_encode(hashlib.sha256(one["record"].encode()).digest())


def test_others_see_nothing(story: Story) -> None:
    for name in ("plant", "trader", "operator", "customs"):
        response = story.site.get("/v1/refusals", story.named(name))
        assert response.get_json() == {"refusals": [], "next": None}
        assert response.headers["Cache-Control"] == "private, no-cache"


def test_auditors_see_the_journal_and_regulators_the_statements_too(story: Story) -> None:
    (audited,) = story.site.get("/v1/refusals", story.named("auditor")).get_json()["refusals"]
    assert "jws" not in audited
    (regulated,) = story.site.get("/v1/refusals", story.site.cast.authority).get_json()["refusals"]
    assert regulated == audited | {"jws": story.refused.decode()}


def test_an_auditor_that_is_not_listed_sees_nothing(story: Story) -> None:
    assert story.site.get("/v1/refusals", story.delisted).get_json()["refusals"] == []


def test_a_page_ends_early_where_statements_are_long(site: Site) -> None:
    for number in range(40):
        jws = site.cast.sign({"type": "EPCISDocument", "n": number, "x": "x" * 500_000}, site.cast.mine)
        assert site.post(jws).status_code == 422
    path, sizes = "/v1/refusals?limit=1000", []
    while path:
        response = site.get(path, site.cast.mine)
        assert len(response.data) < 32 * 1_048_576
        sizes.append(len(response.get_json()["refusals"]))
        path = response.get_json()["next"]
    assert sizes == [16, 16, 8]


def test_records_are_chained_and_paged(site: Site) -> None:
    for number in range(5):
        refused(site, number, "mine" if number % 2 else "plant")
    found, path = [], "/v1/refusals?limit=2"
    while path:
        page = site.get(path, site.cast.authority).get_json()
        found += page["refusals"]
        path = page["next"]
    assert [each["number"] for each in found] == [0, 1, 2, 3, 4]
    previous = b64url_encode(bytes(32))
    for each in found:
        assert json.loads(each["record"])["previous"] == previous
        previous = each["hash"]


def test_pages_of_a_party_may_be_empty_and_go_on(site: Site) -> None:
    refused(site, 1, "plant")
    refused(site, 2, "plant")
    jws = refused(site, 3, "mine")
    page = site.get("/v1/refusals?limit=2", site.cast.mine).get_json()
    assert page == {"refusals": [], "next": "/v1/refusals?start=2&limit=2"}
    (one,) = site.get(page["next"], site.cast.mine).get_json()["refusals"]
    assert (one["number"], one["jws"]) == (2, jws.decode())


def test_what_never_had_a_good_signature_is_not_kept(site: Site) -> None:
    site.post(b"nonsense")
    site.post(site.cast.record(actor("stranger", "miner")))
    assert site.get("/v1/refusals", site.cast.authority).get_json()["refusals"] == []


@pytest.mark.parametrize("query", ["start=-1", "limit=1001", "party=x"])
def test_other_queries_are_refused(sqlite_site: Site, query: str) -> None:
    response = sqlite_site.get(f"/v1/refusals?{query}", sqlite_site.cast.mine)
    assert_problem(response, 400, "request.malformed")
