"""Who may do what: every operation, asked without a token, with each kind of bad one, and by every role."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from api.access import Token
from api.app import RESOURCES
from api.operations import Operation
from ledger.statements.envelope import make_proof_of_possession
from tests.api.test_statements import path_of
from tests.support.cast import actor
from tests.support.story import EXPIRES_IN_US, Story
from tests.support.web import Site, assert_problem

OPERATIONS = [operation for resource in RESOURCES for operation in resource.operations]
NEEDED = [each for each in OPERATIONS if each.access.token is Token.NEEDED]
OPTIONAL = [each for each in OPERATIONS if each.access.token is Token.OPTIONAL]
UNKNOWN_JOB = "00000000-0000-4000-8000-000000000000"
HIDING = (
    "/v1/lots",
    "/v1/provenance",
    "/v1/recall",
    "/v1/labels",
    "/v1/flows",
    "/v1/routes",
    "/v1/shipments/lines",
)
ROLES = ("mine", "plant", "trader", "customs", "operator", "auditor", "authority")


def asked(site: Site, operation: Operation, token: Any = None) -> Any:
    """The operation, asked for something that it can answer or that is not there; nothing is changed."""
    path = operation.path.replace("{id}", UNKNOWN_JOB).replace("{hash}", "A" * 43)
    path = path.replace("{sha256}", "0" * 64)
    sent = {"Content_Type": next(iter(operation.body.content))} if operation.method == "PUT" else {}
    query = {
        name: operation.examples[name] for name in operation.query().fields if name in operation.examples
    }
    return site.ask(operation.method, f"{path}?{urlencode(query)}" if query else path, token, **sent)


def name_of(operation: Operation) -> str:
    return operation.name


def bad_tokens(story: Story) -> dict[str, str]:
    """Tokens that are no good, by what is wrong with them."""
    site, mine = story.site, story.site.cast.mine
    now_s = site.clock.now_us() // 1_000_000
    good = site.token(mine)
    header, claims, signature = good.split(".")
    other = site.token(story.named("plant"))
    return {
        "nothing": "",
        "nonsense": "nonsense",
        "long": "a" * 5_000,
        "parts swapped": ".".join((claims, header, signature)),
        "another's signature": f"{header}.{claims}.{other.rpartition('.')[2]}",
        "cut signature": good[:-4],
        "a statement": site.cast.record().decode(),
        "a registered statement": story.records[0].decode(),
        "a proof of possession": make_proof_of_possession(mine.signer, site.cast.origin, mine.party),
        "expired": site.token(mine, now_s=now_s - 301),
        "from the future": site.token(mine, now_s=now_s + 120),
        "for another log": site.token(mine, origin="ledger.example/other"),
        "by a stranger": site.token(actor("stranger", "auditor")),
        "by a revoked key": site.token(story.revoked),
        "by a key that is not valid yet": site.token(story.early),
        "by the log's own name": json.dumps({"alg": "none"}),
    }


BAD = (
    "nothing",
    "nonsense",
    "long",
    "parts swapped",
    "another's signature",
    "cut signature",
    "a statement",
    "a registered statement",
    "a proof of possession",
    "expired",
    "from the future",
    "for another log",
    "by a stranger",
    "by a revoked key",
    "by a key that is not valid yet",
    "by the log's own name",
)


class TestTokens:
    def test_the_list_of_bad_ones_is_whole(self, story: Story) -> None:
        assert set(bad_tokens(story)) == set(BAD)

    @pytest.mark.parametrize("operation", [*NEEDED, *OPTIONAL], ids=name_of)
    def test_a_bad_one_opens_nothing(self, story: Story, operation: Operation) -> None:
        let_in: dict[str, str] = {}
        for fault, token in bad_tokens(story).items():
            response = asked(story.site, operation, token)
            if response.status_code != 401:
                let_in[fault] = response.status
                continue
            assert_problem(response, 401, "token.invalid")
            assert response.headers["WWW-Authenticate"].endswith('", error="invalid_token"'), fault
        assert let_in == {}

    def test_one_by_a_key_whose_time_is_over_opens_nothing(self, story: Story) -> None:
        site = story.site
        assert site.get("/v1/refusals", story.expired).status_code == 200
        site.clock.shift_us = EXPIRES_IN_US
        try:
            token = site.token(story.expired, now_s=site.clock.now_us() // 1_000_000)
            members = assert_problem(site.get("/v1/refusals", token), 401, "token.invalid")
        finally:
            site.clock.shift_us = 0
        assert "valid until" in members["detail"]

    @pytest.mark.parametrize(
        "header", ["Basic dXNlcjpwYXNz", "bearer", "Bearer", "Token x", "Bearer x y", "", " "]
    )
    def test_other_credentials_are_not_taken(self, story: Story, header: str) -> None:
        response = story.site.get("/v1/refusals", Authorization=header)
        assert response.status_code == 401

    def test_the_scheme_is_read_in_any_case(self, story: Story) -> None:
        token = story.site.token(story.site.cast.mine)
        assert story.site.get("/v1/refusals", Authorization=f"bEARER {token}").status_code == 200

    def test_a_token_may_be_used_again_while_it_lasts(self, story: Story) -> None:
        token = story.site.token(story.site.cast.mine)
        for _ in range(2):
            assert story.site.get("/v1/refusals", token).status_code == 200

    def test_a_token_lasts_five_minutes(self, sqlite_site: Site) -> None:
        token = sqlite_site.token(sqlite_site.cast.mine)
        sqlite_site.clock.shift_us = 299_000_000
        assert sqlite_site.get("/v1/refusals", token).status_code == 200
        sqlite_site.clock.shift_us = 301_000_000
        assert_problem(sqlite_site.get("/v1/refusals", token), 401, "token.invalid")

    def test_a_token_is_no_statement(self, story: Story) -> None:
        token = story.site.token(story.site.cast.mine)
        assert_problem(story.site.post(token.encode()), 400, "jws.header")

    def test_a_key_opens_nothing_after_its_revocation(self, site: Site) -> None:
        token = site.token(site.cast.mine)
        assert site.get("/v1/refusals", token).status_code == 200
        site.registered(
            site.cast.act({"act": "revoke-key", "kid": site.cast.mine.signer.kid, "reason": "lost"})
        )
        assert_problem(site.get("/v1/refusals", token), 401, "token.invalid")


class TestRoles:
    @pytest.mark.parametrize("operation", NEEDED, ids=name_of)
    def test_nobody_gets_in_without_a_token(self, sqlite_site: Site, operation: Operation) -> None:
        response = asked(sqlite_site, operation)
        assert_problem(response, 401, "token.missing")
        assert response.headers["WWW-Authenticate"] == f'Bearer realm="{sqlite_site.cast.origin}"'

    @pytest.mark.parametrize(
        "operation", [each for each in NEEDED if each.name not in ("open_audit", "open_what_if")], ids=name_of
    )
    def test_each_role_gets_what_is_its_own(self, story: Story, operation: Operation) -> None:
        for name in ROLES:
            party = story.named(name)
            response = asked(story.site, operation, party)
            if operation.access.roles and not operation.access.roles & set(party.roles):
                assert response.status_code == 403, name
                members = assert_problem(response, 403, "role.forbidden")
                for role in operation.access.roles:
                    assert role in members["detail"], name
            else:
                # What is not there and what is hidden are one to a party that is no regulator:
                # test_secrets.py.
                hides = operation.path in HIDING and not {"regulator", "authority"} & set(party.roles)
                assert response.status_code in ((403,) if hides else (200, 204, 404)), name

    @pytest.mark.parametrize("name", ["mine", "customs", "operator"])
    def test_audits_are_not_started_by_others(self, story: Story, name: str) -> None:
        response = story.site.ask("POST", "/v1/audits", story.named(name))
        assert_problem(response, 403, "role.forbidden")

    def test_every_operation_is_open_to_whom_it_is_for(self) -> None:
        by_roles: dict[frozenset[str], set[str]] = {}
        for each in NEEDED:
            by_roles.setdefault(each.access.roles, set()).add(each.name)
        assert by_roles == {
            # Each looks by itself at whose it is: test_access_matrix.py.
            frozenset(): {
                "count_alerts",
                "end_all_sessions",
                "list_alerts",
                "list_attachments",
                "list_declarations",
                "list_events",
                "list_holdings",
                "list_invoices",
                "list_licences",
                "list_pools",
                "list_quotas",
                "list_receivable_invoices",
                "list_refusals",
                "list_restricted_parties",
                "list_shipment_lines",
                "list_shipments",
                "list_technology_transfers",
                "read_attachment",
                "read_balance",
                "read_dependence",
                "read_evaluation",
                "read_filing",
                "read_flows",
                "read_label",
                "read_lot",
                "read_provenance",
                "read_recall",
                "read_receivables",
                "read_routes",
                "screen_name",
                "search_everything",
                "store_attachment",
            },
            frozenset({"regulator", "authority"}): {
                "list_cases",
                "draft_publication",
                "read_interruption",
                "read_reserves",
                "read_content_value",
                "read_licence_need",
                "read_ownership",
            },
            frozenset({"auditor", "regulator", "authority"}): {
                "verify_range",
                "open_audit",
                "list_audits",
                "read_audit",
                "stop_audit",
                "watch_audit",
                "read_oversight",
                "open_what_if",
                "list_what_ifs",
                "read_what_if",
                "stop_what_if",
            },
        }

    def test_a_role_ends_with_the_listing(self, story: Story) -> None:
        assert_problem(story.site.get("/v1/audits", story.delisted), 403, "role.forbidden")

    def test_nothing_else_looks_at_tokens(self) -> None:
        assert {each.name for each in OPTIONAL} == {
            "read_entry_story",
            "read_receipt",
            "read_statement_back",
        }


class TestStatements:
    """What each party sees of each kind of statement."""

    @pytest.mark.parametrize("what", ["", "/receipt"])
    @pytest.mark.parametrize("name", ROLES)
    def test_records_and_grants(self, story: Story, name: str, what: str) -> None:
        readers = {
            story.records[5]: {"mine", "authority"},
            story.granted: {"mine", "authority", "trader"},
            story.grant: {"authority", "trader"},
        }
        for jws, allowed in readers.items():
            response = story.site.get(path_of(jws) + what, story.named(name))
            if name in allowed:
                assert response.status_code == 200
            else:
                assert_problem(response, 403, "statement.private")

    @pytest.mark.parametrize("name", ROLES)
    def test_an_erased_one_is_gone_for_those_who_might_read_it(self, story: Story, name: str) -> None:
        response = story.site.get(path_of(story.erased), story.named(name))
        if name in ("mine", "authority"):
            assert_problem(response, 410, "statement.erased")
            assert story.site.get(path_of(story.erased) + "/receipt", story.named(name)).status_code == 200
        else:
            assert_problem(response, 403, "statement.private")

    def test_what_was_erased_is_nowhere(self, story: Story) -> None:
        payload = story.erased.split(b".")[1]
        repeated = story.site.post(story.erased)
        assert repeated.status_code == 200
        assert repeated.get_json()["jws"] is None
        for path in ("/v1/acts", "/v1/log/entries", "/v1/refusals"):
            assert payload not in story.site.get(path, story.site.cast.authority).data

    @pytest.mark.parametrize(
        "path", ["/v1/log/entries", "/tile/entries/000", "/checkpoint", "/v1/acts", "/v1/log/checkpoints"]
    )
    def test_the_public_sees_commitments_only(self, story: Story, path: str) -> None:
        shown = story.site.get(path).data
        for jws in (*story.records[:9], story.grant, story.refused):
            assert jws not in shown
            assert jws.split(b".")[1] not in shown
        if path == "/v1/log/entries":
            for jws in story.records[:9]:
                digest = path_of(jws).rpartition("/")[2]
                assert digest.encode() in shown
