"""Proofs that open no session, and what a challenge is good for."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api.challenges import Challenges
from ledger.clock import format_time_us
from ledger.encoding import b64url_decode, b64url_encode
from ledger.statements.envelope import make_proof_of_possession
from ledger.store.sessions import MAX_SESSIONS
from tests.support.cast import Actor, actor
from tests.support.sessions import (
    CURRENT,
    MINUTE_US,
    OWN,
    another_process,
    cookie_of,
    count,
    enrol,
    post_proof,
    revoke,
)
from tests.support.web import Site, assert_problem

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
