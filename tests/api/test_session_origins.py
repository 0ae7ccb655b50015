"""Requests with a session's cookie that another site made the browser send."""

from pathlib import Path

import pytest

from api.operations import Operation
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast
from tests.support.sessions import (
    CREDENTIALLED,
    CURRENT,
    NAME,
    OWN,
    bare,
    cookie_of,
    count,
    name_of,
    post_proof,
)
from tests.support.web import JOSE, Site, assert_problem, open_site

HOST = {"Host": "ledger.test:8000"}
FROM_ELSEWHERE: dict[str, dict[str, str]] = {
    "nothing said": {},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "none": {"Sec-Fetch-Site": "none"},
    "empty": {"Sec-Fetch-Site": ""},
    "nonsense": {"Sec-Fetch-Site": "same-origin, cross-site"},
    "in capitals": {"Sec-Fetch-Site": "Same-Origin"},
    "cross-site from an own origin": {
        "Sec-Fetch-Site": "cross-site",
        "Origin": "http://ledger.test:8000",
    },
    "another origin": {"Origin": "https://evil.example"},
    "no origin": {"Origin": "null"},
    "empty origin": {"Origin": ""},
    "another scheme": {"Origin": "https://ledger.test:8000"},
    "another port": {"Origin": "http://ledger.test:8001"},
    "without the port": {"Origin": "http://ledger.test"},
    "a longer name": {"Origin": "http://ledger.test:8000.evil.example"},
    "a name before it": {"Origin": "http://evil.ledger.test:8000"},
    "a path": {"Origin": "http://ledger.test:8000/"},
    "a referer": {"Referer": "http://ledger.test:8000/"},
    "two origins": {"Origin": "http://ledger.test:8000 https://evil.example"},
}


class TestCrossSite:
    @pytest.mark.parametrize("said", FROM_ELSEWHERE)
    def test_what_changes_something_must_come_from_here(self, sqlite_site: Site, said: str) -> None:
        cookie = cookie_of(sqlite_site.sign_in(sqlite_site.cast.authority))
        headers = HOST | {"Cookie": f"{NAME}={cookie}"} | FROM_ELSEWHERE[said]
        for method, path in (("POST", "/v1/audits"), ("DELETE", CURRENT), ("DELETE", "/v1/sessions")):
            response = bare(sqlite_site).open(path, method=method, headers=headers)
            assert_problem(response, 403, "session.cross-site")
            assert "Set-Cookie" not in response.headers
        assert count(sqlite_site, "sessions") == 1
        assert sqlite_site.get("/v1/audits", sqlite_site.cast.authority).get_json()["audits"] == []

    @pytest.mark.parametrize(
        "operation", [each for each in CREDENTIALLED if each.method != "GET"], ids=name_of
    )
    def test_that_holds_for_every_operation(self, sqlite_site: Site, operation: Operation) -> None:
        browser = sqlite_site.sign_in(sqlite_site.cast.authority)
        path = operation.path.replace("{id}", "00000000-0000-4000-8000-000000000000")
        response = browser.open(path, method=operation.method)
        assert_problem(response, 403, "session.cross-site")

    @pytest.mark.parametrize(
        "said",
        [
            {"Sec-Fetch-Site": "same-origin"},
            {"Origin": "http://ledger.test:8000"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "http://ledger.test:8000"},
        ],
        ids=str,
    )
    def test_what_comes_from_here_is_carried_out(self, sqlite_site: Site, said: dict[str, str]) -> None:
        cookie = cookie_of(sqlite_site.sign_in(sqlite_site.cast.authority))
        headers = HOST | {"Cookie": f"{NAME}={cookie}"} | said
        assert bare(sqlite_site).delete(CURRENT, headers=headers).status_code == 204

    @pytest.mark.parametrize("site_said", ["cross-site", "same-site", "", "nonsense"])
    def test_a_reading_request_from_elsewhere_is_one_without_a_cookie(
        self, sqlite_site: Site, site_said: str
    ) -> None:
        browser = sqlite_site.sign_in(sqlite_site.cast.mine)
        for method in ("GET", "HEAD"):
            for path in (OWN, CURRENT):
                response = browser.open(path, method=method, headers={"Sec-Fetch-Site": site_said})
                assert response.status_code == 401

    @pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}])
    def test_a_reading_request_from_here_has_its_cookie(
        self, sqlite_site: Site, headers: dict[str, str]
    ) -> None:
        browser = sqlite_site.sign_in(sqlite_site.cast.mine)
        assert browser.get(OWN, headers=headers).status_code == 200

    @pytest.mark.parametrize(
        "said", [each for each in FROM_ELSEWHERE if each not in ("nothing said", "a referer")]
    )
    def test_nobody_is_signed_in_from_elsewhere(self, sqlite_site: Site, said: str) -> None:
        """With any browser's header that says so; a program that is no browser sends none."""
        proof = sqlite_site.proof(sqlite_site.cast.mine)
        headers = HOST | FROM_ELSEWHERE[said]
        response = sqlite_site.client.post("/v1/sessions", data=proof, headers=JOSE | headers)
        assert_problem(response, 403, "session.cross-site")
        response = sqlite_site.client.post("/v1/sessions/challenges", headers=headers)
        assert_problem(response, 403, "session.cross-site")

    def test_a_token_needs_no_such_proof(self, sqlite_site: Site) -> None:
        response = sqlite_site.ask(
            "DELETE", "/v1/sessions", sqlite_site.cast.mine, Sec_Fetch_Site="cross-site"
        )
        assert response.status_code == 204

    def test_behind_a_proxy_the_origin_is_the_one_that_is_set(
        self, cast: Cast, sqlite_url: str, tmp_path: Path
    ) -> None:
        engine = create_ledger_engine(sqlite_url)
        with open_site(cast, engine, tmp_path / "site", public_url="https://ledger.example") as site:
            said = post_proof(site, site.proof(cast.mine)).headers["Set-Cookie"]
            cookie = {"Cookie": said.partition(";")[0]}
            for origin, status in (
                ("http://localhost", 403),
                ("http://ledger.example", 403),
                ("https://ledger.example:8443", 403),
                ("https://ledger.example", 204),
            ):
                response = bare(site).delete("/v1/sessions", headers=cookie | {"Origin": origin})
                assert response.status_code == status, origin
        engine.dispose()

    def test_no_answer_may_be_framed(self, sqlite_site: Site) -> None:
        browser = sqlite_site.sign_in(sqlite_site.cast.mine)
        for path in ("/", CURRENT, OWN, "/docs"):
            assert "frame-ancestors 'none'" in browser.get(path).headers["Content-Security-Policy"]
