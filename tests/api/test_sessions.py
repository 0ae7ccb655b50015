"""Sessions over HTTP: opened by a challenge and a key, used where no token is sent, ended here or all."""

import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from api.access import Token
from api.app import RESOURCES, close_app, create_app
from api.challenges import Challenges
from api.operations import Operation
from ledger.audit.database import verify_database
from ledger.clock import format_time_us
from ledger.encoding import b64url_decode, b64url_encode
from ledger.statements.envelope import make_proof_of_possession
from ledger.statements.tokens import make_session_proof
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import SESSION_LOCK_KEY, begin_write
from ledger.store.sessions import MAX_SESSIONS
from tests.support.cast import Actor, Cast, actor
from tests.support.web import JOSE, Site, assert_problem, open_site, settings_for

MINUTE_US = 60_000_000
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
NAME = "reledger_session"
CURRENT = "/v1/sessions/current"
OWN = "/v1/refusals"
"""Something that only a known caller reads."""
CREDENTIALLED = [
    each for resource in RESOURCES for each in resource.operations if each.access.token is not Token.NONE
]


def post_proof(
    site: Site, proof: str | bytes, browser: FlaskClient | None = None, **headers: str
) -> TestResponse:
    named = {name.replace("_", "-"): said for name, said in headers.items()}
    return (browser or site.client).post("/v1/sessions", data=proof, headers=JOSE | named)


def cookie_of(browser: FlaskClient) -> str:
    cookie = browser.get_cookie(NAME)
    assert cookie is not None
    return cookie.value


def bare(site: Site) -> FlaskClient:
    """A client that sends the cookies that a test writes into the header, and no others."""
    return site.app.test_client(use_cookies=False)


def count(site: Site, table: str) -> int:
    with site.parts.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def seen_us(site: Site) -> int:
    with site.parts.engine.connect() as connection:
        return connection.execute(text("SELECT seen_us FROM sessions")).scalar_one()


def name_of(operation: Operation) -> str:
    return operation.name


@contextmanager
def another_process(site: Site, folder: Path) -> Iterator[Site]:
    """Another server on the same database, with an engine of its own."""
    url = site.parts.engine.url.render_as_string(hide_password=False)
    app = create_app(settings_for(site.cast, url, folder), clock=site.clock)
    try:
        yield Site(site.cast, app, site.clock)
    finally:
        close_app(app)


class TestSigningIn:
    def test_from_signing_in_to_signing_out(self, site: Site) -> None:
        mine, browser = site.cast.mine, site.client
        given = browser.post("/v1/sessions/challenges")
        assert given.status_code == 201
        assert given.headers["Cache-Control"] == "no-store"
        challenge = given.get_json()
        assert set(challenge) == {"challenge", "origin", "expires"}
        now_s = site.clock.now_us() // 1_000_000
        proof = make_session_proof(mine.signer, challenge["origin"], challenge["challenge"], now_s)
        opened = post_proof(site, proof, browser)
        assert opened.status_code == 201
        assert opened.headers["Cache-Control"] == "no-store"
        members = opened.get_json()
        assert list(members) == [
            *("party", "organisation", "roles", "kid", "issued", "expires", "idle_expires")
        ]
        assert (members["party"], members["kid"], members["roles"]) == (
            *(mine.party, mine.signer.kid),
            ["miner"],
        )
        assert members["organisation"]["legal_name"] == "Test miner"
        assert browser.get(CURRENT).get_json() == members
        assert browser.get(OWN).get_json() == site.get(OWN, mine).get_json()
        ended = browser.delete(CURRENT, headers=SAME_ORIGIN)
        assert ended.status_code == 204
        assert browser.get_cookie(NAME) is None
        assert_problem(browser.get(CURRENT), 401, "token.missing")
        assert_problem(browser.get(OWN), 401, "token.missing")

    def test_an_empty_object_may_be_sent_for_a_challenge(self, sqlite_site: Site) -> None:
        given = [sqlite_site.client.post("/v1/sessions/challenges", json={}).get_json() for _ in range(2)]
        assert given[0]["challenge"] != given[1]["challenge"]
        assert all(len(each["challenge"]) == 43 for each in given)

    def test_the_times_are_told(self, sqlite_site: Site) -> None:
        sqlite_site.clock.shift_us = 1_000_000
        browser = sqlite_site.sign_in(sqlite_site.cast.mine)
        members = browser.get(CURRENT).get_json()
        start_us = seen_us(sqlite_site)
        assert members["issued"] == format_time_us(start_us)
        assert members["idle_expires"] == format_time_us(start_us + 15 * MINUTE_US)
        assert members["expires"] == format_time_us(start_us + 480 * MINUTE_US)

    def test_the_cookie_is_for_this_site_and_no_script(self, sqlite_site: Site) -> None:
        response = post_proof(sqlite_site, sqlite_site.proof(sqlite_site.cast.mine))
        name, *attributes = response.headers["Set-Cookie"].split("; ")
        assert name.startswith(f"{NAME}=")
        assert {each for each in attributes if not each.startswith("Expires=")} == {
            "HttpOnly",
            "SameSite=Strict",
            "Path=/",
            "Max-Age=28800",
        }
        assert len(name.partition("=")[2]) == 43
        assert name.partition("=")[2] not in response.text

    @pytest.mark.parametrize("base_url", [None, "https://ledger.example"])
    def test_over_https_it_is_secure_and_of_this_host(
        self, cast: Cast, sqlite_url: str, tmp_path: Path, base_url: str | None
    ) -> None:
        """Where the request says https itself, and where the setting says that a proxy does."""
        engine = create_ledger_engine(sqlite_url)
        told: dict[str, Any] = {"base_url": base_url} if base_url else {}
        changes = {} if base_url else {"public_url": "https://ledger.example"}
        with open_site(cast, engine, tmp_path / "site", **changes) as site:
            response = site.client.post("/v1/sessions", data=site.proof(cast.mine), headers=JOSE, **told)
            said = response.headers["Set-Cookie"]
            assert said.startswith(f"__Host-{NAME}=")
            assert "Secure" in said.split("; ")
            assert "Domain" not in said
            value = said.partition("=")[2].partition(";")[0]
            for cookie, status in ((f"__Host-{NAME}={value}", 200), (f"{NAME}={value}", 401)):
                assert bare(site).get(CURRENT, headers={"Cookie": cookie}, **told).status_code == status
        engine.dispose()

    def test_the_database_holds_no_cookie(self, site: Site) -> None:
        cookie = cookie_of(site.sign_in(site.cast.mine))
        with site.parts.engine.connect() as connection:
            (row,) = connection.execute(text("SELECT * FROM sessions")).all()
        assert bytes(row[0]) == hashlib.sha256(cookie.encode()).digest()

    def test_each_sign_in_makes_a_new_cookie_whatever_the_browser_has(self, site: Site) -> None:
        """Fixation: neither a session nor a value that somebody put there is taken over."""
        browser = site.client
        browser.set_cookie(NAME, "A" * 43)
        assert post_proof(site, site.proof(site.cast.mine), browser).status_code == 201
        first = cookie_of(browser)
        assert first != "A" * 43
        assert post_proof(site, site.proof(site.cast.operator), browser).status_code == 201
        assert cookie_of(browser) != first
        assert browser.get(CURRENT).get_json()["party"] == site.cast.operator.party

    def test_a_delisted_party_signs_in_without_roles(self, site: Site) -> None:
        auditor = site.cast.more[1]
        delist(site, auditor)
        browser = site.sign_in(auditor)
        assert browser.get(CURRENT).get_json()["roles"] == []
        assert_problem(browser.get("/v1/audits"), 403, "role.forbidden")

    def test_sessions_are_none_of_verifys_business(self, site: Site) -> None:
        site.sign_in(site.cast.mine)
        site.client.post("/v1/sessions/challenges")
        report = verify_database(
            site.parts.engine, origin=site.cast.origin, vkeys=[site.cast.vkey], workers=1
        )
        assert report.faults == []


BAD: dict[str, Any] = {
    "nothing": lambda site, mine: b"",
    "nonsense": lambda site, mine: b"nonsense",
    "a long text": lambda site, mine: b"a" * 5_000,
    "a reader token": lambda site, mine: site.token(mine),
    "a statement": lambda site, mine: site.cast.record(),
    "a proof of possession": lambda site, mine: make_proof_of_possession(
        mine.signer, site.cast.origin, mine.party
    ),
    "a challenge that was never given": lambda site, mine: site.proof(mine, challenge="A" * 43),
    "a challenge with one bit changed": lambda site, mine: site.proof(mine, challenge=changed(site)),
    "another log's challenge": lambda site, mine: site.proof(
        mine, challenge=Challenges(bytes(32)).give(site.clock.now_us())[0]
    ),
    "another log's": lambda site, mine: site.proof(mine, origin="ledger.example/other"),
    "a proof that is over": lambda site, mine: site.proof(mine, now_s=site.clock.now_us() // 1_000_000 - 301),
    "a proof from the future": lambda site, mine: site.proof(
        mine, now_s=site.clock.now_us() // 1_000_000 + 120
    ),
    "another's signature": lambda site, mine: (
        site.proof(mine).rpartition(".")[0] + "." + site.proof(site.cast.operator).rpartition(".")[2]
    ),
    "another's name over one's own signature": lambda site, mine: swapped(site, mine),
    "the proof twice": lambda site, mine: f"{site.proof(mine)}\n{site.proof(mine)}",
    "a line end": lambda site, mine: site.proof(mine) + "\n",
}


def changed(site: Site) -> str:
    """A challenge that would be good for longer."""
    given = b64url_decode(site.client.post("/v1/sessions/challenges").get_json()["challenge"])
    return b64url_encode(given[:7] + bytes([given[7] ^ 1]) + given[8:])


def swapped(site: Site, mine: Actor) -> str:
    """A proof whose header names the authority's key, signed by the mine."""
    _, claims, signature = site.proof(mine).split(".")
    members = {"alg": "Ed25519", "kid": site.cast.authority.signer.kid, "typ": "reledger-session+jwt"}
    return f"{b64url_encode(json.dumps(members).encode())}.{claims}.{signature}"


class TestRefusedProofs:
    @pytest.mark.parametrize("fault", BAD)
    def test_what_opens_no_session(self, site: Site, fault: str) -> None:
        response = post_proof(site, BAD[fault](site, site.cast.mine))
        assert_problem(response, 401, "session.refused")
        assert "Set-Cookie" not in response.headers
        assert count(site, "sessions") == 0

    def test_a_challenge_is_good_once(self, site: Site) -> None:
        proof = site.proof(site.cast.mine)
        assert post_proof(site, proof).status_code == 201
        response = post_proof(site, proof)
        assert_problem(response, 401, "session.refused")
        assert "Set-Cookie" not in response.headers

    def test_a_challenge_that_one_party_has_answered_is_not_good_for_another(self, site: Site) -> None:
        challenge = site.client.post("/v1/sessions/challenges").get_json()["challenge"]
        assert post_proof(site, site.proof(site.cast.mine, challenge=challenge)).status_code == 201
        refused = post_proof(site, site.proof(site.cast.operator, challenge=challenge))
        assert_problem(refused, 401, "session.refused")

    @pytest.mark.parametrize(("after_s", "status"), [(119, 201), (121, 401)])
    def test_a_challenge_is_good_for_two_minutes(self, site: Site, after_s: int, status: int) -> None:
        challenge = site.client.post("/v1/sessions/challenges").get_json()["challenge"]
        site.clock.shift_us += after_s * 1_000_000
        assert post_proof(site, site.proof(site.cast.mine, challenge=challenge)).status_code == status

    def test_asking_for_thousands_stores_nothing_and_keeps_nobody_out(self, sqlite_site: Site) -> None:
        for _ in range(5_000):
            sqlite_site.parts.sessions.give_challenge()
        assert count(sqlite_site, "challenges") == 0
        assert post_proof(sqlite_site, sqlite_site.proof(sqlite_site.cast.mine)).status_code == 201
        assert count(sqlite_site, "challenges") == 1

    def test_a_bad_proof_does_not_use_up_the_challenge(self, site: Site) -> None:
        challenge = site.client.post("/v1/sessions/challenges").get_json()["challenge"]
        stranger = site.proof(actor("stranger", "miner"), challenge=challenge)
        assert_problem(post_proof(site, stranger), 401, "key.unknown")
        assert post_proof(site, site.proof(site.cast.mine, challenge=challenge)).status_code == 201

    def test_a_revoked_key_opens_none(self, site: Site) -> None:
        proof = site.proof(site.cast.mine)
        revoke(site, site.cast.mine)
        assert "revoked" in assert_problem(post_proof(site, proof), 401, "session.refused")["detail"]

    def test_keys_whose_window_is_not_open_open_none(self, site: Site) -> None:
        soon = format_time_us(site.clock.now_us() + 10 * MINUTE_US)
        past = enrol(site, "past", not_before="2020-01-01T00:00:00.000000Z", not_after=soon)
        early = enrol(site, "early", not_before="2090-01-01T00:00:00.000000Z")
        assert post_proof(site, site.proof(past)).status_code == 201
        site.clock.shift_us = 11 * MINUTE_US
        for each in (past, early):
            assert_problem(post_proof(site, site.proof(each)), 401, "session.refused")

    def test_a_proof_of_another_media_type_is_refused(self, sqlite_site: Site) -> None:
        """A page of another site could send text or a form without asking first."""
        proof = sqlite_site.proof(sqlite_site.cast.mine)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
            response = sqlite_site.client.post("/v1/sessions", data=proof, headers={"Content-Type": kind})
            assert_problem(response, 415, "media-type.unsupported")

    def test_a_session_proof_is_neither_a_token_nor_a_statement(self, sqlite_site: Site) -> None:
        proof = sqlite_site.proof(sqlite_site.cast.mine)
        assert_problem(sqlite_site.get(OWN, proof), 401, "token.invalid")
        assert_problem(sqlite_site.post(proof.encode()), 400, "jws.header")

    def test_a_cookie_is_no_token(self, sqlite_site: Site) -> None:
        cookie = cookie_of(sqlite_site.sign_in(sqlite_site.cast.mine))
        assert_problem(sqlite_site.get(OWN, cookie), 401, "token.invalid")

    def test_many_at_once_open_one_session_with_one_challenge(self, site: Site, tmp_path: Path) -> None:
        """In two processes."""
        proof = site.proof(site.cast.mine)
        with another_process(site, tmp_path / "other") as other, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: post_proof((site, other)[number % 2], proof), range(8)))
        assert sorted(each.status_code for each in answers) == [201] + [401] * 7
        assert count(site, "sessions") == 1

    def test_who_signs_in_again_and_again_leaves_no_more_than_so_many(self, site: Site) -> None:
        browsers = [site.sign_in(site.cast.mine) for _ in range(MAX_SESSIONS + 3)]
        assert count(site, "sessions") == MAX_SESSIONS
        assert [each.get(CURRENT).status_code for each in browsers] == [401] * 3 + [200] * MAX_SESSIONS


BAD_COOKIES = (
    "",
    "x",
    "A" * 42,
    "A" * 43,
    "A" * 44,
    "A" * 42 + "B",
    "../../etc/passwd",
    "' OR 1=1 --",
    "a" * 4_000,
    "%00",
    "日本",
)


class TestUse:
    @pytest.mark.parametrize("operation", [*CREDENTIALLED], ids=name_of)
    @pytest.mark.parametrize("cookie", ["A" * 43, "nonsense"])
    def test_a_wrong_cookie_is_as_good_as_none(
        self, sqlite_site: Site, operation: Operation, cookie: str
    ) -> None:
        path = operation.path.replace("{id}", "00000000-0000-4000-8000-000000000000").replace(
            "{hash}", "A" * 43
        )
        headers = SAME_ORIGIN | {"Cookie": f"{NAME}={cookie}"}
        with_it = bare(sqlite_site).open(path, method=operation.method, headers=headers)
        without = sqlite_site.client.open(path, method=operation.method)
        assert with_it.status_code == without.status_code
        assert with_it.get_json(force=True)["code"] == without.get_json(force=True)["code"]
        assert "Set-Cookie" not in with_it.headers
        if operation.access.token is not Token.OPTIONAL:
            assert_problem(with_it, 401, "token.missing")

    @pytest.mark.parametrize("cookie", BAD_COOKIES, ids=repr)
    def test_what_is_no_cookie_of_a_session(self, sqlite_site: Site, cookie: str) -> None:
        sqlite_site.sign_in(sqlite_site.cast.mine)
        response = bare(sqlite_site).get(
            OWN, headers={"Cookie": f"{NAME}={cookie}".encode().decode("latin-1")}
        )
        assert_problem(response, 401, "token.missing")

    def test_the_stored_hash_is_no_cookie(self, site: Site) -> None:
        hashed = hashlib.sha256(cookie_of(site.sign_in(site.cast.mine)).encode()).digest()
        response = bare(site).get(OWN, headers={"Cookie": f"{NAME}={b64url_encode(hashed)}"})
        assert_problem(response, 401, "token.missing")

    def test_what_is_public_stays_so_with_a_dead_cookie(self, site: Site) -> None:
        browser = site.sign_in(site.cast.mine)
        act = site.get("/v1/acts").get_json()["acts"][0]
        site.clock.shift_us = 16 * MINUTE_US
        response = browser.get(f"/v1/statements/{act['statement']}")
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers

    def test_a_token_goes_before_the_cookie(self, site: Site) -> None:
        browser = site.sign_in(site.cast.authority)
        assert_problem(browser.get(OWN, headers={"Authorization": "Bearer no"}), 401, "token.invalid")
        assert_problem(browser.get(OWN, headers={"Authorization": ""}), 401, "token.invalid")
        own = {"Authorization": f"Bearer {site.token(site.cast.mine)}"}
        assert_problem(browser.get("/v1/audits", headers=own), 403, "role.forbidden")
        assert browser.get("/v1/audits").status_code == 200

    def test_a_token_is_no_session(self, sqlite_site: Site) -> None:
        for method in ("GET", "DELETE"):
            response = sqlite_site.ask(method, CURRENT, sqlite_site.cast.mine)
            assert_problem(response, 401, "token.missing")

    def test_what_one_reader_sees_is_kept_from_shared_caches(self, sqlite_site: Site) -> None:
        browser = sqlite_site.sign_in(sqlite_site.cast.authority)
        for operation in CREDENTIALLED:
            if operation.method == "GET" and not operation.path_fields:
                response = browser.get(operation.path)
                said = response.headers["Cache-Control"]
                assert "private" in said or "no-store" in said, operation.path

    @pytest.mark.parametrize("what", ["revoked", "expired"])
    def test_a_session_ends_with_its_key(self, site: Site, what: str) -> None:
        soon = format_time_us(site.clock.now_us() + 10 * MINUTE_US)
        short = enrol(site, "short", not_before="2020-01-01T00:00:00.000000Z", not_after=soon)
        browser = site.sign_in(short)
        assert browser.get(OWN).status_code == 200
        if what == "revoked":
            revoke(site, short)
        else:
            site.clock.shift_us = 11 * MINUTE_US
        assert_problem(browser.get(OWN), 401, "token.missing")
        assert_problem(browser.get(CURRENT), 401, "token.missing")

    def test_a_role_ends_with_the_listing_within_the_session(self, site: Site) -> None:
        auditor = site.cast.more[1]
        browser = site.sign_in(auditor)
        assert browser.get("/v1/audits").status_code == 200
        delist(site, auditor)
        assert_problem(browser.get("/v1/audits"), 403, "role.forbidden")
        assert browser.get(OWN).status_code == 200
        assert browser.get(CURRENT).get_json()["roles"] == []

    def test_a_session_of_one_process_is_one_of_every_process(self, site: Site, tmp_path: Path) -> None:
        with another_process(site, tmp_path / "other") as other:
            challenge = site.client.post("/v1/sessions/challenges").get_json()["challenge"]
            browser = other.client
            assert (
                post_proof(other, site.proof(site.cast.mine, challenge=challenge), browser).status_code == 201
            )
            here = {"Cookie": f"{NAME}={cookie_of(browser)}"}
            assert bare(site).get(CURRENT, headers=here).status_code == 200
            assert bare(site).delete(CURRENT, headers=here | SAME_ORIGIN).status_code == 204
            assert browser.get(CURRENT).status_code == 401


class TestTimes:
    def test_it_ends_after_a_quarter_of_an_hour(self, site: Site) -> None:
        browser = site.sign_in(site.cast.mine)
        site.clock.shift_us = 15 * MINUTE_US - 5_000_000
        assert browser.get(OWN).status_code == 200
        site.parts.sessions.settle()
        site.clock.shift_us += 15 * MINUTE_US + 1_000_000
        assert_problem(browser.get(OWN), 401, "token.missing")

    def test_use_in_any_process_puts_off_its_end_for_eight_hours_at_most(
        self, site: Site, tmp_path: Path
    ) -> None:
        cookie = {"Cookie": f"{NAME}={cookie_of(site.sign_in(site.cast.mine))}"}
        with another_process(site, tmp_path / "other") as other:
            for number in range(1, 34):
                site.clock.shift_us = number * 14 * MINUTE_US
                here = (site, other)[number % 2]
                assert bare(here).get(OWN, headers=cookie).status_code == 200, number
                here.parts.sessions.settle()
        site.clock.shift_us = 481 * MINUTE_US
        assert_problem(bare(site).get(OWN, headers=cookie), 401, "token.missing")

    def test_use_is_written_down_once_a_minute(self, site: Site) -> None:
        browser = site.sign_in(site.cast.mine)
        first = seen_us(site)
        site.clock.shift_us = 55_000_000
        for _ in range(3):
            assert browser.get(OWN).status_code == 200
        site.parts.sessions.settle()
        assert seen_us(site) == first
        site.clock.shift_us = 61_000_000
        assert browser.get(OWN).status_code == 200
        site.parts.sessions.settle()
        second = seen_us(site)
        assert second >= first + 60_000_000
        assert browser.get(OWN).status_code == 200
        site.parts.sessions.settle()
        assert seen_us(site) == second

    def test_nobody_waits_for_the_writers_lock_to_read(self, site: Site) -> None:
        """The lock is held while the answer comes; the use is written down once it is free."""
        browser = site.sign_in(site.cast.mine)
        first = seen_us(site)
        site.clock.shift_us = 2 * MINUTE_US
        engine = create_ledger_engine(site.parts.engine.url, pool_size=1)
        with engine.connect() as connection, begin_write(connection, lock_key=SESSION_LOCK_KEY):
            assert browser.get(OWN).status_code == 200
            assert seen_us(site) == first
        engine.dispose()
        site.parts.sessions.settle()
        assert seen_us(site) > first

    def test_a_note_that_fails_does_not_end_the_noting(
        self, sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser = sqlite_site.sign_in(sqlite_site.cast.mine)
        first = seen_us(sqlite_site)
        sqlite_site.clock.shift_us = 2 * MINUTE_US
        failed: list[Any] = []
        monkeypatch.setattr(threading, "excepthook", failed.append)
        with monkeypatch.context() as broken:
            broken.setattr("ledger.store.sessions.note_use", lambda *_: 1 // 0)
            assert browser.get(OWN).status_code == 200
            sqlite_site.parts.sessions.settle()
        assert [each.exc_type for each in failed] == [ZeroDivisionError]
        assert seen_us(sqlite_site) == first
        assert browser.get(OWN).status_code == 200
        sqlite_site.parts.sessions.settle()
        assert seen_us(sqlite_site) > first


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


class TestSigningOut:
    def test_here_leaves_the_others(self, site: Site) -> None:
        here, there = (site.sign_in(site.cast.mine) for _ in range(2))
        stolen = cookie_of(here)
        assert here.delete(CURRENT, headers=SAME_ORIGIN).status_code == 204
        assert bare(site).get(OWN, headers={"Cookie": f"{NAME}={stolen}"}).status_code == 401
        assert there.get(OWN).status_code == 200

    @pytest.mark.parametrize("by", ["session", "token"])
    def test_everywhere_ends_every_session_of_the_key(self, site: Site, tmp_path: Path, by: str) -> None:
        with another_process(site, tmp_path / "other") as other:
            browsers = [each.sign_in(site.cast.mine) for each in (site, other, site)]
            stranger = site.sign_in(site.cast.operator)
            if by == "session":
                response = browsers[0].delete("/v1/sessions", headers=SAME_ORIGIN)
            else:
                response = other.ask("DELETE", "/v1/sessions", site.cast.mine)
            assert response.status_code == 204
            assert f"{NAME}=;" in response.headers["Set-Cookie"]
            assert [each.get(OWN).status_code for each in browsers] == [401] * 3
            assert stranger.get(OWN).status_code == 200
            # The key itself is as good as before.
            assert other.sign_in(site.cast.mine).get(OWN).status_code == 200

    def test_a_sign_out_that_nobody_is_signed_in_for_is_refused(self, sqlite_site: Site) -> None:
        for path in (CURRENT, "/v1/sessions"):
            response = sqlite_site.client.delete(path, headers=SAME_ORIGIN)
            assert_problem(response, 401, "token.missing")

    def test_a_use_that_is_noted_late_brings_nothing_back(self, site: Site) -> None:
        browser = site.sign_in(site.cast.mine)
        cookie = {"Cookie": f"{NAME}={cookie_of(browser)}"}
        site.clock.shift_us = 2 * MINUTE_US
        engine = create_ledger_engine(site.parts.engine.url, pool_size=1)
        with engine.connect() as connection, begin_write(connection, lock_key=SESSION_LOCK_KEY):
            assert browser.get(OWN).status_code == 200  # noted behind this transaction
            connection.execute(text("DELETE FROM sessions"))
        engine.dispose()
        site.parts.sessions.settle()
        assert count(site, "sessions") == 0
        assert bare(site).get(OWN, headers=cookie).status_code == 401


def enrol(site: Site, name: str, **window: str) -> Actor:
    """A separator whose key has this window."""
    made = actor(name, "separator")
    site.registered(site.cast.act({"act": "admit-party", **site.cast.party(made)}))
    enrolment = {"party": made.party, **made.enrolment(site.cast.origin), **window}
    site.registered(site.cast.act({"act": "enrol-key", **enrolment}))
    return made


def revoke(site: Site, party: Actor) -> None:
    site.registered(site.cast.act({"act": "revoke-key", "kid": party.signer.kid, "reason": "lost"}))


def delist(site: Site, party: Actor) -> None:
    """Ends the party's listing now."""
    listed = site.get(f"/v1/parties/{party.party}").get_json()["listings"][0]
    listing = {"start": listed["start"], "end": format_time_us(site.clock.now_us())}
    site.registered(site.cast.act({"act": "admit-party", **site.cast.party(party), "listing": listing}))
