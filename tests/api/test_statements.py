"""Registering, checking and reading back single statements."""

import gc
import hashlib
import uuid

import pytest

from ledger.encoding import b64url_encode
from ledger.log.receipt import verify_receipt
from ledger.statements.envelope import MAX_JWS_BYTES
from tests.support.cast import Actor, Cast, actor
from tests.support.garbage import left_behind
from tests.support.web import JOSE, Site, assert_problem, chunked


def hash_of(jws: bytes) -> bytes:
    return hashlib.sha256(jws).digest()


def path_of(jws: bytes) -> str:
    return f"/v1/statements/{b64url_encode(hash_of(jws))}"


def named(cast: Cast, name: str) -> Actor:
    return next(each for each in cast.actors if name in each.party)


class TestRegistering:
    def test_json_holds_everything_needed_to_prove_it(self, site: Site) -> None:
        jws = site.cast.record()
        response = site.post(jws, Accept="application/json")
        assert response.status_code == 201
        assert response.content_type == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        members = response.get_json()
        assert set(members) == {"index", "statement", "recorded_at", "receipt", "checkpoint", "findings"}
        assert members["statement"] == b64url_encode(hash_of(jws))
        assert response.headers["Location"] == path_of(jws)
        proved = verify_receipt(
            members["receipt"].encode(), hash_of(jws), site.cast.origin, [site.cast.verifier]
        )
        assert proved.index == members["index"] == 1
        assert members["receipt"].endswith(members["checkpoint"])
        assert members["checkpoint"].startswith(site.cast.origin + "\n2\n")
        assert members["findings"] == []

    def test_text_is_the_receipt_itself(self, site: Site) -> None:
        jws = site.cast.record()
        response = site.post(jws, Accept="text/plain")
        assert response.status_code == 201
        assert response.content_type == "text/plain; charset=utf-8"
        assert verify_receipt(response.data, hash_of(jws), site.cast.origin, [site.cast.verifier]).index == 1

    def test_repetition_gives_the_first_jws_and_receipt(self, site: Site) -> None:
        jws = site.cast.record()
        first = site.registered(jws)
        site.registered(site.cast.record(number=2))
        response = site.post(jws)
        assert response.status_code == 200
        assert response.get_json() == first | {"jws": jws.decode()}
        assert response.headers["Location"] == path_of(jws)
        assert site.post(jws, Accept="text/plain").data == first["receipt"].encode()

    def test_another_statement_under_the_same_jti_is_a_conflict(self, site: Site) -> None:
        jti = str(uuid.uuid4())
        site.registered(site.cast.record(number=1, jti=jti))
        members = assert_problem(site.post(site.cast.record(number=2, jti=jti)), 409, "statement.conflict")
        assert members["index"] == 1

    def test_a_refused_statement_may_use_its_jti_again(self, site: Site) -> None:
        jti = str(uuid.uuid4())
        members = assert_problem(
            site.post(site.cast.sign({"type": "EPCISDocument"}, site.cast.mine, jti=jti)),
            422,
            "statement.refused",
        )
        assert members["findings"]
        for finding in members["findings"]:
            assert {"code", "detail", "pointer", "mend"} <= set(finding)
        site.registered(site.cast.record(jti=jti))

    def test_a_batch_type_is_not_taken_for_one_statement(self, site: Site) -> None:
        response = site.client.post(
            "/v1/statements", data=site.cast.record(), headers={"Content-Type": "application/json"}
        )
        members = assert_problem(response, 415, "media-type.unsupported")
        assert "application/jose" in members["detail"]

    @pytest.mark.parametrize("content_type", ["application/jose; charset=utf-8", "APPLICATION/JOSE"])
    def test_spellings_of_the_type_are_one(self, site: Site, content_type: str) -> None:
        response = site.client.post(
            "/v1/statements", data=site.cast.record(), headers={"Content-Type": content_type}
        )
        assert response.status_code == 201

    @pytest.mark.parametrize(
        "accept", ["text/html", "application/xml;q=1", "application/json;q=0", "nonsense"]
    )
    def test_an_answer_that_nobody_accepts_is_not_given(self, site: Site, accept: str) -> None:
        size = site.get("/v1/log").get_json()["size"]
        assert_problem(site.post(site.cast.record(), Accept=accept), 406, "media-type.not-acceptable")
        assert site.get("/v1/log").get_json()["size"] == size

    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            ("*/*", "application/json"),
            ("text/*", "text/plain; charset=utf-8"),
            ("application/json;q=0.5, text/plain", "text/plain; charset=utf-8"),
            ("text/plain;q=0.1, */*;q=0.5", "application/json"),
            ("", "application/json"),
        ],
    )
    def test_the_caller_chooses_the_type(self, site: Site, accept: str, content_type: str) -> None:
        assert site.post(site.cast.record(), Accept=accept).content_type == content_type

    @pytest.mark.parametrize("body", [b"", b"\n", b"a.b.c", b"a.b", b"..", b"{}", b"\xff\xfe", b"\0" * 9])
    def test_what_is_no_jws_is_malformed(self, site: Site, body: bytes) -> None:
        assert_problem(site.post(body), 400, "jws.malformed")

    def test_white_space_around_a_jws_is_not_taken(self, site: Site) -> None:
        assert_problem(site.post(site.cast.record() + b"\n"), 400, "jws.malformed")

    @pytest.mark.parametrize("size", [MAX_JWS_BYTES + 1, 2 * MAX_JWS_BYTES])
    def test_too_much_is_refused_by_its_length(self, site: Site, size: int) -> None:
        assert_problem(site.post(b"a" * size), 413, "request.too-large")

    def test_too_much_is_refused_without_a_length(self, site: Site) -> None:
        body = b"a" * (MAX_JWS_BYTES + 1)
        response = site.client.post(
            "/v1/statements",
            headers=JOSE,
            environ_overrides=chunked(body),
        )
        assert_problem(response, 413, "request.too-large")

    def test_a_body_without_a_length_is_read(self, site: Site) -> None:
        response = site.client.post(
            "/v1/statements",
            headers=JOSE,
            environ_overrides=chunked(site.cast.record()),
        )
        assert response.status_code == 201

    def test_a_body_that_breaks_off_is_not_registered(self, site: Site) -> None:
        jws = site.cast.record()
        response = site.client.post(
            "/v1/statements",
            headers=JOSE,
            environ_overrides=chunked(jws[:-10]) | {"CONTENT_LENGTH": str(len(jws))},
        )
        assert_problem(response, 400, "request.malformed")

    def test_query_parameters_are_refused(self, site: Site) -> None:
        assert_problem(site.post(site.cast.record(), path="/v1/statements?x=1"), 400, "request.malformed")

    def test_a_token_is_not_looked_at(self, site: Site) -> None:
        assert site.post(site.cast.record(), Authorization="Bearer nonsense").status_code == 201


class TestChecking:
    def test_a_good_statement_would_be_created(self, site: Site) -> None:
        jws = site.cast.record()
        for _ in range(2):
            response = site.post(jws, path="/v1/statements/check")
            assert response.status_code == 200
            assert response.get_json() == {"would_be": "created", "status": 201, "index": 1, "findings": []}
        assert site.get("/v1/log").get_json()["size"] == 1

    @pytest.mark.parametrize("path", ["/v1/statements", "/v1/statements/check"])
    def test_what_is_refused_is_let_go_at_once(self, site: Site, path: str) -> None:
        site.post(b"x", path=path)
        gc.collect()
        gc.disable()
        try:
            assert {site.post(b"x" * 100, path=path).status_code for _ in range(20)} == {400}
            assert left_behind() == []
        finally:
            gc.enable()

    def test_a_repetition_is_told(self, site: Site) -> None:
        jws = site.cast.record()
        site.registered(jws)
        members = site.post(jws, path="/v1/statements/check").get_json()
        assert (members["would_be"], members["status"], members["index"]) == ("repeated", 200, 1)

    def test_every_finding_is_told_and_nothing_is_kept(self, site: Site) -> None:
        jws = site.cast.sign({"type": "EPCISDocument"}, site.cast.mine)
        members = site.post(jws, path="/v1/statements/check").get_json()
        assert (members["would_be"], members["status"]) == ("refused", 422)
        refused = assert_problem(site.post(jws), 422, "statement.refused")
        assert members["findings"] == refused["findings"] == members["problem"]["findings"]
        assert members["problem"]["code"] == "statement.refused"

    def test_a_dry_run_does_not_enter_the_refusal_journal(self, site: Site) -> None:
        site.post(site.cast.sign({"type": "EPCISDocument"}, site.cast.mine), path="/v1/statements/check")
        assert site.get("/v1/refusals", site.cast.authority).get_json()["refusals"] == []

    def test_a_stranger_is_told_so(self, site: Site) -> None:
        jws = site.cast.record(actor("stranger", "miner"))
        members = site.post(jws, path="/v1/statements/check").get_json()
        assert (members["would_be"], members["status"]) == ("refused", 401)
        assert members["problem"]["code"] == "key.unknown"

    def test_a_conflict_is_told(self, site: Site) -> None:
        jti = str(uuid.uuid4())
        site.registered(site.cast.record(number=1, jti=jti))
        members = site.post(site.cast.record(number=2, jti=jti), path="/v1/statements/check").get_json()
        assert (members["status"], members["problem"]["code"]) == (409, "statement.conflict")

    def test_what_is_no_statement_is_malformed_here_too(self, site: Site) -> None:
        assert_problem(site.post(b"a.b.c", path="/v1/statements/check"), 400, "jws.malformed")

    def test_a_statement_cannot_be_got_from_the_check(self, site: Site) -> None:
        response = site.get("/v1/statements/check")
        assert_problem(response, 405, "method.not-allowed")
        assert response.headers["Allow"] == "POST"


class TestReadingBack:
    def test_a_record_is_for_its_issuer_and_for_regulators(self, site: Site) -> None:
        jws = site.cast.record()
        site.registered(jws)
        for name in ("mine", "authority"):
            response = site.get(path_of(jws), named(site.cast, name))
            assert response.status_code == 200, name
            assert response.data == jws
            assert response.content_type == "application/jose"
            assert response.headers["Cache-Control"] == "private, no-cache"
            assert response.headers["ETag"] == f'"{b64url_encode(hash_of(jws))}"'

    @pytest.mark.parametrize("name", ["operator", "auditor", "plant", "trader"])
    @pytest.mark.parametrize("what", ["", "/receipt"])
    def test_it_is_not_for_others(self, site: Site, name: str, what: str) -> None:
        jws = site.cast.record()
        site.registered(jws)
        assert_problem(site.get(path_of(jws) + what, named(site.cast, name)), 403, "statement.private")

    @pytest.mark.parametrize("what", ["", "/receipt"])
    def test_it_is_not_for_strangers(self, site: Site, what: str) -> None:
        jws = site.cast.record()
        site.registered(jws)
        response = site.get(path_of(jws) + what)
        assert_problem(response, 401, "token.missing")
        assert response.headers["WWW-Authenticate"] == f'Bearer realm="{site.cast.origin}"'

    def test_a_grant_opens_it(self, site: Site) -> None:
        jws, other = site.cast.record(number=1), site.cast.record(number=2)
        statement = site.registered(jws)["statement"]
        site.registered(other)
        trader = named(site.cast, "trader")
        site.registered(
            site.cast.act(
                {"act": "grant-read", "grantee": trader.party, "scope": {"statements": [statement]}}
            )
        )
        assert site.get(path_of(jws), trader).data == jws
        assert_problem(site.get(path_of(other), trader), 403, "statement.private")

    def test_a_grant_of_an_issuer_is_bounded_by_its_range(self, site: Site) -> None:
        first, second, third = (site.cast.record(number=number) for number in range(3))
        for jws in (first, second, third):
            site.registered(jws)
        auditor = named(site.cast, "auditor")
        scope = {"issuers": [site.cast.mine.party], "start": 2, "end": 3}
        grant = site.cast.act({"act": "grant-read", "grantee": auditor.party, "scope": scope})
        site.registered(grant)
        for jws in (first, third):
            assert_problem(site.get(path_of(jws), auditor), 403, "statement.private")
        assert site.get(path_of(second), auditor).data == second
        assert site.get(path_of(grant), auditor).data == grant
        assert_problem(site.get(path_of(grant), named(site.cast, "trader")), 403, "statement.private")

    def test_a_grant_of_an_issuer_opens_no_others(self, site: Site) -> None:
        plant, auditor = named(site.cast, "plant"), named(site.cast, "auditor")
        jws, other = site.cast.record(number=1), site.cast.record(plant, number=2)
        site.registered(jws)
        site.registered(other)
        scope = {"issuers": [plant.party]}
        site.registered(site.cast.act({"act": "grant-read", "grantee": auditor.party, "scope": scope}))
        assert site.get(path_of(other), auditor).data == other
        assert_problem(site.get(path_of(jws), auditor), 403, "statement.private")

    def test_a_public_act_is_for_everybody(self, site: Site) -> None:
        act = site.get("/v1/acts").get_json()["acts"][0]
        response = site.get(f"/v1/statements/{act['statement']}")
        assert response.text == act["jws"]
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        receipt = site.get(f"/v1/statements/{act['statement']}/receipt")
        digest = hash_of(response.data)
        assert verify_receipt(receipt.data, digest, site.cast.origin, [site.cast.verifier]).index == 0

    def test_what_the_caller_has_is_not_sent_again(self, site: Site) -> None:
        jws = site.cast.record()
        site.registered(jws)
        etag = site.get(path_of(jws), site.cast.mine).headers["ETag"]
        response = site.get(path_of(jws), site.cast.mine, If_None_Match=etag)
        assert (response.status_code, response.data) == (304, b"")
        assert_problem(site.get(path_of(jws), If_None_Match=etag), 401, "token.missing")

    def test_the_stored_receipt_is_the_first_one(self, site: Site) -> None:
        jws = site.cast.record()
        receipt = site.registered(jws)["receipt"]
        site.registered(site.cast.record(number=2))
        response = site.get(path_of(jws) + "/receipt", site.cast.mine)
        assert response.text == receipt
        assert response.content_type == "text/plain; charset=utf-8"

    def test_head_answers_as_get_without_a_body(self, site: Site) -> None:
        jws = site.cast.record()
        site.registered(jws)
        response = site.ask("HEAD", path_of(jws), site.cast.mine)
        assert (response.status_code, response.data) == (200, b"")
        assert response.headers["Content-Length"] == str(len(jws))

    @pytest.mark.parametrize(
        "name",
        [
            "A" * 43,
            "A" * 42,
            "A" * 42 + "B",
            "A" * 44,
            "A" * 43 + "=",
            "A" * 42 + "%0A",
            "+" * 43,
            "%FF",
            "..",
            "A" * 43 + "/",
            "A" * 43 + "/receipt/",
        ],
    )
    def test_what_the_log_does_not_hold_is_not_found(self, site: Site, name: str) -> None:
        assert_problem(site.get(f"/v1/statements/{name}", site.cast.authority), 404, "resource.not-found")

    def test_a_bad_token_is_refused_even_for_a_public_act(self, site: Site) -> None:
        act = site.get("/v1/acts").get_json()["acts"][0]
        assert_problem(site.get(f"/v1/statements/{act['statement']}", "nonsense"), 401, "token.invalid")
