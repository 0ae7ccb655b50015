"""Schemathesis: every operation of the document, every check, on either engine; nothing may fail.

The document is the server's own. What only this test can know is added to it: how a signed statement is
made, and which parties, keys and statements there are. Exceptions to the tool's expectations are listed, each
with its reason.

Making requests takes longer than answering them. Each is made once, for a log on the first engine, and then
sent to a log with the same statements on the other one, whose answer passes the same checks.
"""

import copy
import hashlib
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CHECKS as REGISTERED
from schemathesis.checks import CheckContext, run_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, FuzzScenarioFinished, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.transport.wsgi import WSGITransport
from werkzeug.test import Client

from api.app import RESOURCES
from ledger.clock import SystemClock
from ledger.store.engine import create_ledger_engine
from tests.support import movements
from tests.support.cast import Cast
from tests.support.fuzzing import proofs, statements
from tests.support.movements import PIT, PLANT, WORKS
from tests.support.movements_written import payload_of
from tests.support.web import Site, open_site

SEED = 20_261_120
EXAMPLES = 50
BUSY_SECONDS = 20
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
TICKET = "weighbridge ticket"
TICKET_SHA256 = hashlib.sha256(TICKET.encode()).hexdigest()


@schemathesis.serializer("application/jose", "application/x-ndjson")
def _as_text(context: Any, value: Any) -> Any:
    """Strings as they are; what is no string as its JSON text."""
    return value if isinstance(value, str | bytes) else json.dumps(value)


def told(document: dict[str, Any], cast: Cast, statement: str, page: str) -> dict[str, Any]:
    """The document with what this test knows beyond it; ``page`` names files of the console."""
    named = re.search(r"/console/assets/(?P<digest>[^/]+)/(?P<file>[^\"]+)", page)
    assert named is not None
    known = {"kid": cast.mine.signer.kid} | named.groupdict()
    in_paths = {"party": cast.mine.party, "hash": statement, "sha256": TICKET_SHA256}
    made = copy.deepcopy(document)
    for path, item in made["paths"].items():
        for operation in item.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if path == "/v1/sessions":
                    media["schema"]["format"] = PROOF_FORMAT
                elif path == "/v1/attachments/{sha256}":
                    media["example"] = TICKET
                elif path in ("/v1/statements", "/v1/statements/check"):
                    media["schema"]["format"] = STATEMENT_FORMAT
                    media["example"] = cast.record().decode()
                else:
                    media["example"] = (cast.record() + b"\n" + cast.record(number=2) + b"\n").decode()
            for parameter in operation["parameters"]:
                examples = known | (in_paths if parameter["in"] == "path" else {})
                if parameter["name"] in examples:
                    parameter["example"] = examples[parameter["name"]]
    return made


def sent(cast: Cast) -> Iterator[bytes]:
    """Statements to begin with: a record, then the lot and the shipment that the document's examples name.

    Each is made when the one before is registered, on whose time it depends.
    """
    mine = cast.mine
    yield cast.record(number=1)
    description = {"name": "Site", "country": "CN"}
    for place, party in ((PIT, mine.party), (WORKS, PLANT)):
        yield cast.act({"act": "list-site", "site": place, "party": party, "description": description})
    ticket = ("weighbridge-ticket", "text/plain", len(TICKET), TICKET_SHA256)
    mined = movements.extract(LOT, 1_000, at_us=SystemClock().now_us(), attachments=(ticket,))
    yield cast.sign(payload_of([mined]), mine)
    shipped = movements.ship({LOT: 10}, at_us=SystemClock().now_us(), event_id="urn:uuid:0", site_to=WORKS)
    yield cast.sign(payload_of([shipped]), mine)


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


OTHERS_TURN: ContextVar[bool] = ContextVar("others_turn", default=False)
"""Whether requests go to the other site."""


class Served:
    """The sites, with the fuller document in place of their own, and a token that is always new.

    Requests go to the first site until it is the other one's turn. That one has names of its own for sessions
    and jobs, which take the place of the first one's.
    """

    def __init__(self, sites: list[Site], document: dict[str, Any], token: str) -> None:
        self._first, self._other = sites[0], sites[-1]
        self._document = json.dumps(document).encode()
        self._token = f"Bearer {token}"
        self._names: dict[str, str] = {}

    def call_alike(self, name: str, name_of_the_other: str) -> None:
        """The other site knows by a name of its own what the first one calls this."""
        self._names[name] = name_of_the_other

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/fuller.json":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [self._document]
        site = self._first
        if OTHERS_TURN.get():
            site = self._other
            for name, name_of_the_other in self._names.items():
                for variable in ("PATH_INFO", "HTTP_COOKIE"):
                    environ[variable] = environ.get(variable, "").replace(name, name_of_the_other)
        # A token lasts five minutes, and a slow machine asks for longer.
        if environ.get("HTTP_AUTHORIZATION") == self._token:
            # Files are uploaded by who signed for them.
            signer = site.cast.mine if environ["REQUEST_METHOD"] == "PUT" else site.cast.authority
            environ["HTTP_AUTHORIZATION"] = f"Bearer {site.token(signer)}"
        return site.app(environ, start_response)


@dataclass
class Tally:
    """What was asked of one site, and how it answered, by the operation."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, recorder: ScenarioRecorder) -> None:
        for case_id, node in recorder.cases.items():
            label = node.value.operation.label
            self.cases[label] += 1
            response = recorder.find_response(case_id=case_id)
            if response is not None:
                self.statuses[label][response.status_code] += 1


class OtherSite:
    """A check that sends each request to the other site too, whose answer goes through all other checks.

    They see that site's earlier answers alone. Requests that they make themselves go there as well.
    """

    def __init__(self, served: Served, engine: str) -> None:
        self._served = served
        self._engine = engine
        self._recorders: dict[int, tuple[ScenarioRecorder, ScenarioRecorder]] = {}
        self._enforced: set[str] = set()

    @contextmanager
    def registered(self) -> Iterator[None]:
        """Among schemathesis' checks while the context lasts."""
        check = schemathesis.check(self.answered_alike)
        try:
            yield
        finally:
            REGISTERED.unregister(check.__name__)

    def taken(self, recorder: ScenarioRecorder) -> ScenarioRecorder:
        """The other site's part of what was recorded in a scenario that is over."""
        _, other = self._recorders.pop(id(recorder), (None, ScenarioRecorder(label=recorder.label)))
        return other

    def answered_alike(self, ctx: CheckContext, response: Any, case: Any) -> None:
        asked = ctx.internals
        recorder = None if asked.recorder is None else self._recorder(asked.recorder, case)
        found: list[str] = []

        def fail(name: str, collected: set[Failure], failure: Failure) -> None:
            collected.add(failure)
            found.append(f"{self._engine}: {name}: {failure}")

        turn = OTHERS_TURN.set(True)
        try:
            answer = self._answer(asked.transport_kwargs or {}, response, case)
            self._know_again(case, response, answer)
            if recorder is not None:
                recorder.record_response(case_id=case.id, response=answer)
            other = CheckContext(
                override=asked.override,
                auth=asked.auth,
                headers=asked.headers,
                config=ctx.config,
                transport_kwargs=asked.transport_kwargs,
                recorder=recorder,
                response_checks=None,
                phase=ctx.phase,
                auth_enforced_operations=self._enforced,
            )
            checks = [check for check in asked.checks if check.__name__ != "answered_alike"]
            run_checks(case=case, response=answer, ctx=other, checks=checks, on_failure=fail)
        finally:
            OTHERS_TURN.reset(turn)
        if found:
            raise AssertionError("\n".join(found))

    def _answer(self, options: dict[str, Any], response: Any, case: Any) -> Any:
        """The other site's answer; where its last job alone is in the way, when that is done."""
        deadline = time.monotonic() + BUSY_SECONDS
        answer = case.call(**options)
        while (response.status_code, answer.status_code) == (202, 503) and time.monotonic() < deadline:
            time.sleep(0.1)
            answer = case.call(**options)
        return answer

    def _recorder(self, recorder: ScenarioRecorder, case: Any) -> ScenarioRecorder:
        """What is recorded of the other site in the same scenario, with this request."""
        # The first one is kept, so that no other takes its id.
        fresh = (recorder, ScenarioRecorder(label=recorder.label))
        _, other = self._recorders.setdefault(id(recorder), fresh)
        node = recorder.cases[case.id]
        other.record_case(
            case=case,
            parent_id=node.parent_id,
            transition=node.transition,
            is_transition_applied=node.is_transition_applied,
        )
        return other

    def _know_again(self, case: Any, response: Any, answer: Any) -> None:
        """Both sites made something, to which each gave a name."""
        if case.method == "POST" and response.status_code == answer.status_code == 202:
            self._served.call_alike(response.json()["id"], answer.json()["id"])


def signed_in(site: Site) -> str:
    """The cookie of a new session."""
    cookie = site.sign_in(site.cast.operator).get_cookie("reledger_session")
    assert cookie is not None
    return cookie.value


def configuration(cookie: str, token: str) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            # A browser says of its own pages' requests where they come from.
            "headers": {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "same-origin"},
            "auth": {"openapi": {"session": {"api_key": cookie}}},
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
                    # Nor which parameters belong together, which codes are countries, or when a period ends.
                    "include-path": [
                        "/v1/alerts",
                        "/v1/attachments",
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
                        "/v1/restricted-parties",
                        "/v1/routes",
                        "/v1/screening",
                        "/v1/shipments",
                        "/v1/statistics",
                        "/v1/statistics/draft",
                        "/v1/statistics/tables",
                        "/v1/technology-transfers",
                    ],
                    "checks": {
                        "positive_data_acceptance": {
                            "expected-statuses": ["2xx", "400", "401", "403", "404", "409"]
                        }
                    },
                },
                {
                    # Nor which bytes a file has.
                    "include-name": "PUT /v1/attachments/{sha256}",
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "413", "422"]}
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


def failed(recorder: ScenarioRecorder, engine: str) -> Iterator[str]:
    """Failures of a scenario, each with its engine: the first one, where the other site does not say so."""
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                where = "" if check.name == OtherSite.answered_alike.__name__ else f"{engine}: "
                failure = check.failure_info
                yield f"{where}{check.name}: {failure.failure}\n{failure.code_sample}"


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
def fuzzed(
    cast: Cast, sqlite_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Site]]:
    """A site on either engine, with one and the same genesis."""
    monkeypatch.setattr("api.resources.audits.STREAM_SECONDS", 0.3)
    genesis = cast.act(cast.genesis())
    with ExitStack() as stack:
        sites = []
        for url in (sqlite_url, postgres_url):
            engine = create_ledger_engine(url)
            stack.callback(engine.dispose)
            folder = tmp_path / engine.dialect.name
            opened = open_site(cast, engine, folder, genesis=False, max_audits=1, max_lines=50)
            sites.append(stack.enter_context(opened))
            sites[-1].parts.registrar.initialise(genesis)
        yield sites


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.usefixtures("in_process")
@pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")
def test_nothing_fails(cast: Cast, fuzzed: list[Site]) -> None:
    first = fuzzed[0]
    engines = [site.parts.engine.dialect.name for site in fuzzed]
    kept = [[site.registered(jws) for site in fuzzed] for jws in sent(cast)]
    statement = kept[0][0]["statement"]
    for site in fuzzed:
        headers = {
            "Authorization": f"Bearer {site.token(cast.mine)}",
            "Content-Type": "application/octet-stream",
        }
        path = f"/v1/attachments/{TICKET_SHA256}"
        assert site.client.put(path, data=TICKET.encode(), headers=headers).status_code == 201
    schemathesis.openapi.format(STATEMENT_FORMAT, statements(cast))
    schemathesis.openapi.format(PROOF_FORMAT, proofs(first))
    page = first.get("/").text
    document = told(json.loads(first.get("/openapi.json").data), cast, statement, page)
    token = first.token(cast.authority)
    cookies = [signed_in(site) for site in fuzzed]
    served = Served(fuzzed, document, token)
    served.call_alike(*cookies)
    other = OtherSite(served, engines[1])
    schema = schemathesis.openapi.from_wsgi("/fuller.json", served, config=configuration(cookies[0], token))
    tallies = [Tally(), Tally()]
    failures: list[str] = []
    labels = {f"{each.method} {each.path}" for resource in RESOURCES for each in resource.operations}
    with other.registered():
        for event in from_schema(schema).execute():
            if isinstance(event, FatalError):
                raise event.exception
            if isinstance(event, NonFatalError):
                failures.append(f"{event.label}: {event.value!r}")
            if not isinstance(event, ScenarioFinished | FuzzScenarioFinished):
                continue
            tallies[0].add(event.recorder)
            tallies[1].add(other.taken(event.recorder))
            failures += failed(event.recorder, engines[0])
        for engine, tally in zip(engines, tallies, strict=True):
            for label in sorted(tally.cases):
                print(engine, label, tally.cases[label], dict(sorted(tally.statuses[label].items())))
        assert not failures, "\n\n".join(sorted(set(failures))[:10])
        for tally in tallies:
            assert set(tally.cases) == labels
        for operation in (result.ok() for result in schema.get_all_operations()):
            cases = min(tally.cases[operation.label] for tally in tallies)
            if cases < EXAMPLES:
                top_up(operation, EXAMPLES - cases, token)
    for engine, tally in zip(engines, tallies, strict=True):
        for label in labels:
            statuses = tally.statuses[label]
            assert any(200 <= status < 300 for status in statuses), (engine, label, statuses)


def test_a_token_that_has_run_out_goes_on_as_a_new_one(sqlite_site: Site) -> None:
    authority = sqlite_site.cast.authority
    old = sqlite_site.token(authority, now_s=SystemClock().now_us() // 1_000_000 - 400)
    assert sqlite_site.get("/v1/audits", old).status_code == 401
    client = Client(Served([sqlite_site], {}, old))
    for bearer, status in ((old, 200), (old + "A", 401), ("", 401)):
        assert client.get("/v1/audits", headers={"Authorization": f"Bearer {bearer}"}).status_code == status
