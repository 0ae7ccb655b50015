"""Sessions over HTTP: opened by a challenge and a key, used where no token is sent, ended here or all."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api.access import Token
from api.operations import Operation
from ledger.audit.database import verify_database
from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.statements.tokens import make_session_proof
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import SESSION_LOCK_KEY, begin_write
from tests.support.cast import Cast
from tests.support.sessions import (
    CREDENTIALLED,
    CURRENT,
    MINUTE_US,
    NAME,
    OWN,
    SAME_ORIGIN,
    another_process,
    bare,
    cookie_of,
    count,
    delist,
    enrol,
    name_of,
    post_proof,
    revoke,
    seen_us,
)
from tests.support.web import JOSE, Site, assert_problem, open_site


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
