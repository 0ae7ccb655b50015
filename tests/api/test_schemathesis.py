"""Schemathesis: every operation of the document, every check, on either engine; nothing may fail.

The document is the server's own. What only this test can know is added to it: how a signed statement is
made, and which parties, keys and statements there are. Exceptions to the tool's expectations are listed, each
with its reason.
"""

import copy
import json
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, FuzzScenarioFinished, NonFatalError, ScenarioFinished
from schemathesis.transport.wsgi import WSGITransport
from sqlalchemy import Engine
from werkzeug.test import Client

from api.app import RESOURCES
from ledger.clock import SystemClock
from tests.support import movements
from tests.support.cast import Cast
from tests.support.movements import PIT, PLANT, WORKS
from tests.support.movements_written import payload_of
from tests.support.web import Site, open_site

SEED = 20_261_120
EXAMPLES = 50
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "use_after_free",
    "ensure_resource_availability",
    "missing_required_header",
    "ignored_auth",
    "object_level_authorization",
    "unsupported_method",
    "allow_header_conformance",
)
STATEMENT_FORMAT = "compact-jws"
PROOF_FORMAT = "session-proof"
LOT = "https://mine.example/lots/1"


@schemathesis.serializer("application/jose", "application/x-ndjson")
def _as_text(context: Any, value: Any) -> Any:
    """Strings as they are; what is no string as its JSON text."""
    return value if isinstance(value, str | bytes) else json.dumps(value)


def statements(cast: Cast) -> st.SearchStrategy[str]:
    """Statements that are good, repeated, in conflict, refused, forged or nothing of the kind."""
    kept = [cast.record(number=number) for number in range(3)]
    jti = str(uuid.uuid4())
    forged = kept[0].rpartition(b".")[0] + b"." + kept[1].rpartition(b".")[2]
    others = [
        *kept,
        cast.record(number=4, jti=jti),
        cast.record(number=5, jti=jti),
        cast.sign({"type": "EPCISDocument"}, cast.mine),
        cast.sign(b"[]", cast.mine),
        forged,
    ]
    fresh = st.builds(lambda number: cast.record(number=number).decode(), st.integers(0, 9_999))
    return st.one_of(fresh, st.sampled_from([each.decode() for each in others]))


def told(document: dict[str, Any], cast: Cast, statement: str, page: str) -> dict[str, Any]:
    """The document with what this test knows beyond it; ``page`` names files of the console."""
    named = re.search(r"/console/assets/(?P<digest>[^/]+)/(?P<file>[^\"]+)", page)
    assert named is not None
    made = copy.deepcopy(document)
    for path, item in made["paths"].items():
        for operation in item.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if path == "/v1/sessions":
                    media["schema"]["format"] = PROOF_FORMAT
                elif path in ("/v1/statements", "/v1/statements/check"):
                    media["schema"]["format"] = STATEMENT_FORMAT
                    media["example"] = cast.record().decode()
                else:
                    media["example"] = (cast.record() + b"\n" + cast.record(number=2) + b"\n").decode()
            for parameter in operation["parameters"]:
                if parameter["name"] == "party" and parameter["in"] == "path":
                    parameter["example"] = cast.mine.party
                if parameter["name"] in ("digest", "file"):
                    parameter["example"] = named[parameter["name"]]
                if parameter["name"] == "kid":
                    parameter["example"] = cast.mine.signer.kid
                if parameter["name"] == "hash" and parameter["in"] == "path":
                    parameter["example"] = statement
    return made


def proofs(site: Site) -> st.SearchStrategy[str]:
    """Answers to challenges: mostly good when they are made."""
    others = [site.token(site.cast.mine), site.proof(site.cast.mine, challenge="A" * 43)]
    return st.one_of(st.builds(lambda _: site.proof(site.cast.mine), st.integers()), st.sampled_from(others))


def bear_a_lot(site: Site) -> None:
    """The lot and the shipment that the document's examples name."""
    mine = site.cast.mine
    description = {"name": "Site", "country": "CN"}
    for place, party in ((PIT, mine.party), (WORKS, PLANT)):
        site.registered(
            site.cast.act({"act": "list-site", "site": place, "party": party, "description": description})
        )
    mined = movements.extract(LOT, 1_000, at_us=SystemClock().now_us())
    site.registered(site.cast.sign(payload_of([mined]), mine))
    sent = movements.ship({LOT: 10}, at_us=SystemClock().now_us(), event_id="urn:uuid:0", site_to=WORKS)
    site.registered(site.cast.sign(payload_of([sent]), mine))


def top_up(operation: Any, missing: int, token: str) -> None:
    """Makes so many further requests; where there are fewer to make, the last one again and again."""
    headers = {"Authorization": f"Bearer {token}"}
    made: list[Any] = []

    @seed(SEED)
    @settings(
        max_examples=max(missing, 1),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        made.append(case)
        case.call_and_validate(headers=headers)

    ask()
    for _ in range(missing - len(made)):
        made[-1].call_and_validate(headers=headers)


class Served:
    """The application with the fuller document in place of its own, and a token that is always new."""

    def __init__(self, site: Site, document: dict[str, Any], token: str) -> None:
        self._site = site
        self._document = json.dumps(document).encode()
        self._token = f"Bearer {token}"

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/fuller.json":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [self._document]
        # A token lasts five minutes, and a slow machine asks for longer.
        if environ.get("HTTP_AUTHORIZATION") == self._token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self._site.token(self._site.cast.authority)}"
        return self._site.app(environ, start_response)


def configuration(site: Site, token: str) -> SchemathesisConfig:
    cookie = site.sign_in(site.cast.operator).get_cookie("reledger_session")
    assert cookie is not None
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            # A browser says of its own pages' requests where they come from.
            "headers": {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "same-origin"},
            "auth": {"openapi": {"session": {"api_key": cookie.value}}},
            # With a database of examples, a sixth of the time goes into choosing which ones to keep there.
            "generation": {"max-examples": EXAMPLES, "deterministic": False, "database": "none"},
            "checks": {name: {"enabled": True} for name in CHECKS},
            "operations": [
                {
                    # The one session that there is may have been ended before.
                    "include-path": "/v1/sessions/current",
                    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401"]}},
                },
                {
                    # No schema can say which signatures are good.
                    "include-name": "POST /v1/sessions",
                    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "413"]}},
                },
                {
                    # No schema can say which signatures are good.
                    "include-path": ["/v1/statements", "/v1/statements/check"],
                    "checks": {
                        "positive_data_acceptance": {
                            "expected-statuses": ["2xx", "400", "401", "409", "413", "422"]
                        }
                    },
                },
                {
                    # No schema can say which parameters belong together, which codes are countries, or that a
                    # period ends late enough.
                    "include-path": [
                        "/v1/alerts",
                        "/v1/balance",
                        "/v1/content-value",
                        "/v1/control-lists",
                        "/v1/customers/evaluation",
                        "/v1/dependence",
                        "/v1/events",
                        "/v1/flows",
                        "/v1/interruptions",
                        "/v1/licence-need",
                        "/v1/ownership",
                        "/v1/provenance",
                        "/v1/quotas",
                        "/v1/recall",
                        "/v1/receivables",
                        "/v1/receivables/invoices",
                        "/v1/reserves",
                        "/v1/routes",
                        "/v1/screening",
                        "/v1/shipments",
                        "/v1/statistics",
                        "/v1/statistics/draft",
                        "/v1/technology-transfers",
                    ],
                    "checks": {
                        "positive_data_acceptance": {
                            "expected-statuses": ["2xx", "400", "401", "403", "404", "409"]
                        }
                    },
                },
                {
                    # Each line is refused by itself; the request as a whole is carried out.
                    "include-path": "/v1/statements/batch",
                    "checks": {"negative_data_rejection": {"expected-statuses": ["2xx", "4xx"]}},
                },
                {
                    # No schema can say which policies and lists can be tried, nor how many wait.
                    "include-path": "/v1/what-ifs",
                    "checks": {
                        "positive_data_acceptance": {
                            "expected-statuses": ["2xx", "400", "413", "422", "503"]
                        },
                        "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]},
                    },
                },
                {
                    # One audit may wait or run on a host; others are told to come again.
                    "include-path": "/v1/audits",
                    "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]}},
                },
            ],
        }
    )


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Schemathesis 4.32.5 hands its probes of authorization settings of sockets, of which WSGI has none."""
    send = WSGITransport.send

    def without_sockets(self: WSGITransport, case: Any, **options: Any) -> Any:
        for name in ("max_redirects", "verify", "cert", "proxies"):
            options.pop(name, None)
        return send(self, case, **options)

    monkeypatch.setattr(WSGITransport, "send", without_sockets)


@pytest.fixture
def fuzzed(cast: Cast, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("api.resources.audits.STREAM_SECONDS", 0.3)
    with open_site(cast, engine, tmp_path / "site", max_audits=1, max_lines=50) as site:
        yield site


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
@pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")
def test_nothing_fails(fuzzed: Site) -> None:
    cast = fuzzed.cast
    statement = fuzzed.registered(cast.record(number=1))["statement"]
    bear_a_lot(fuzzed)
    schemathesis.openapi.format(STATEMENT_FORMAT, statements(cast))
    schemathesis.openapi.format(PROOF_FORMAT, proofs(fuzzed))
    page = fuzzed.get("/").text
    document = told(json.loads(fuzzed.get("/openapi.json").data), cast, statement, page)
    token = fuzzed.token(cast.authority)
    schema = schemathesis.openapi.from_wsgi(
        "/fuller.json", Served(fuzzed, document, token), config=configuration(fuzzed, token)
    )
    cases: Counter[str] = Counter()
    statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)
    failures: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError):
            raise event.exception
        if isinstance(event, NonFatalError):
            failures.append(f"{event.label}: {event.value!r}")
        if not isinstance(event, ScenarioFinished | FuzzScenarioFinished):
            continue
        for case_id, node in event.recorder.cases.items():
            label = node.value.operation.label
            cases[label] += 1
            response = event.recorder.find_response(case_id=case_id)
            if response is not None:
                statuses[label][response.status_code] += 1
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failures.append(
                        f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
                    )
    for label in sorted(cases):
        print(label, cases[label], dict(sorted(statuses[label].items())))
    assert not failures, "\n\n".join(sorted(set(failures))[:10])
    labels = {f"{each.method} {each.path}" for resource in RESOURCES for each in resource.operations}
    assert set(cases) == labels
    for operation in (result.ok() for result in schema.get_all_operations()):
        if cases[operation.label] < EXAMPLES:
            top_up(operation, EXAMPLES - cases[operation.label], token)
    for label in labels:
        assert any(200 <= status < 300 for status in statuses[label]), (label, statuses[label])


def test_a_token_that_has_run_out_goes_on_as_a_new_one(sqlite_site: Site) -> None:
    authority = sqlite_site.cast.authority
    old = sqlite_site.token(authority, now_s=SystemClock().now_us() // 1_000_000 - 400)
    assert sqlite_site.get("/v1/audits", old).status_code == 401
    client = Client(Served(sqlite_site, {}, old))
    for bearer, status in ((old, 200), (old + "A", 401), ("", 401)):
        assert client.get("/v1/audits", headers={"Authorization": f"Bearer {bearer}"}).status_code == status
