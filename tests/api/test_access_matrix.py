"""Every operation, asked by everybody, by token and in a session: nobody sees what is not theirs.

A row of ``ROWS`` says, for one operation, what is asked and to whom each question is open. Whatever the
answer, also a refusal, its body and headers may hold no name and no mass of things that the caller has
nothing to do with; ``tests.support.everybody`` works out from the signed statements who has to do with what.

To add an operation: write a row under its name. What is open to all or to all with a key takes a line
(``plain(PUBLIC)``, ``plain(KNOWN)``); where a parameter names whose or what, let the row ask for everybody's
(``whose()``, ``lots()``).
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from api.access import Token
from api.app import RESOURCES
from api.operations import Operation
from ledger.encoding import b64url_decode
from ledger.movements import writing
from ledger.movements.writing import KG, LotContent, dump_document
from tests.support.cast import Actor
from tests.support.databases import engine_asked_for
from tests.support.everybody import (
    CASE,
    INVOICE,
    LICENCE,
    TANK,
    UNIT,
    Everybody,
    Said,
    marks_of,
    tell_everybody,
)
from tests.support.web import JOSE, NDJSON

OPERATIONS: Final = {each.name: each for resource in RESOURCES for each in resource.operations}
REGULATORS: Final = frozenset({"authority", "inspector"})
AUDITORS: Final = REGULATORS | {"auditor"}
CALLERS: Final = (
    *("nobody", "stranger"),
    *("mine", "south", "plant", "maker", "recycler", "importer", "leaver"),
    *("authority", "inspector", "operator", "auditor", "customs", "tax"),
)
MODES: Final = ("token", "session")
NAMING: Final = re.compile(
    r"party|lot|unit|pool|consignor|shipment|site|case|subject|after\w*|licence|invoice|declaration|hash|kid|id|q"
)
"""Parameters that name somebody or something: a row asks for what is not the caller's by each of them."""
UNKNOWN_JOB: Final = "00000000-0000-4000-8000-000000000000"
SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Caller:
    """Who asks, and how.

    Attributes:
        name: As in ``CALLERS``.
        mode: token or session.
        party: Its identifier; None for those that are not enrolled.
    """

    name: str
    mode: str
    party: str | None

    @property
    def known(self) -> bool:
        return self.party is not None


Who = Callable[[Caller], bool]


def anybody(_: Caller) -> bool:
    return True


def with_a_key(caller: Caller) -> bool:
    return caller.known


def in_session(caller: Caller) -> bool:
    return caller.known and caller.mode == "session"


def only(*parties: str) -> Who:
    """Regulators and these parties."""
    return lambda caller: caller.name in REGULATORS or caller.party in parties


def offices(names: frozenset[str]) -> Who:
    return lambda caller: caller.name in names


Tells = Callable[[Everybody, Caller], Iterable[str]]


def nothing(_: Everybody, __: Caller) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Ask:
    """One question.

    Attributes:
        query: The query's parameters.
        path: The path's parameters.
        headers: Of the request.
        body: What is posted; from the caller, where that makes a difference.
        who: To whom it is open.
        opens: Statuses of an answer to these.
        closed: The status for others that are known.
        tells: Names and masses that this answer may tell a caller although they are not its own, and why they
            may stands beside it.
    """

    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[Everybody, Caller], bytes] = b""
    who: Who = with_a_key
    opens: frozenset[int] = frozenset({200})
    closed: int = 403
    tells: Tells = nothing

    def __str__(self) -> str:
        return " ".join(filter(None, (urlencode(self.query), *map(str, self.path.values()))))


Row = Callable[[Everybody], Iterable[Ask]]


def plain(who: Who, *queries: Mapping[str, str], opens: int = 200, **members: Any) -> Row:
    """Open to these, whatever is asked of it; asked without parameters and with each of these."""
    asks = [Ask(query=query, who=who, opens=frozenset({opens}), **members) for query in ({}, *queries)]
    return lambda _: asks


PUBLIC: Final = anybody
KNOWN: Final = with_a_key


def every(*rows: Row) -> Row:
    return lambda crowd: itertools.chain.from_iterable(row(crowd) for row in rows)


def whose(*queries: Mapping[str, str]) -> Row:
    """A list of a party's things: its own to itself, all to regulators; with each of these queries."""

    def asks(crowd: Everybody) -> Iterator[Ask]:
        for query in queries or ({},):
            yield Ask(query=query)
            for each in crowd.parties.values():
                yield Ask(query={**query, "party": each.party}, who=only(each.party))

    return asks


def between(crowd: Everybody, **members: Any) -> Iterator[Ask]:
    """What lies between a seller and its customer: to the two."""
    customer = crowd.cast.members["plant"].party
    for each in crowd.parties.values():
        query = {"party": each.party, "customer": customer}
        yield Ask(query=query, who=only(each.party, customer), **members)


def own(*queries: Mapping[str, str]) -> Row:
    """One's own things, whatever is asked for: names of others find nothing and tell nothing."""
    return lambda _: [Ask(query=query) for query in queries]


def lots(whom: str = "handlers", tells: Tells = nothing, **more: str) -> Row:
    """Asked for every lot; open to those through whose hands it went, or to who made it.

    What is not in the books is refused alike, and a regulator is told that it is not there.
    """

    def asks(crowd: Everybody) -> Iterator[Ask]:
        for lot, (maker, handlers) in crowd.lots.items():
            who = only(*(handlers if whom == "handlers" else {maker}))
            yield Ask(query={"lot": lot, **more}, who=who, tells=tells)
        refused = {
            mark for each in crowd.refused for mark in each.marks if "lgtin" in mark
        } - crowd.lots.keys()
        for lot in refused:
            yield Ask(query={"lot": lot, **more}, who=only(), opens=frozenset({404}))

    return asks


def goods(**more: str) -> Row:
    """Asked for every lot, shipment, pool and unit."""

    def asks(crowd: Everybody) -> Iterator[Ask]:
        yield from lots(**more)(crowd)
        plant = crowd.cast.companies["plant"].party
        yield Ask(query={"pool": TANK, **more}, who=only(plant))
        yield Ask(query={"unit": UNIT, **more}, who=only(plant))
        for consignor, event, ends in crowd.shipments:
            yield Ask(query={"consignor": consignor, "shipment": event, **more}, who=only(*ends))

    return asks


def shipments(crowd: Everybody) -> Iterator[Ask]:
    for consignor, event, ends in crowd.shipments:
        yield Ask(query={"consignor": consignor, "shipment": event}, who=only(*ends))


def thinned(row: Row, step: int = 3) -> Row:
    """One of so many questions, for what differs from another row in form alone."""
    return lambda crowd: itertools.islice(row(crowd), 0, None, step)


def statements(crowd: Everybody) -> Iterator[Ask]:
    """A statement of each kind by each party: public ones to all, others to those whom they are for."""
    kinds: dict[tuple[str, str], Said] = {}
    for said in crowd.said:
        kinds.setdefault((said.issuer, said.kind), said)
    for said in kinds.values():
        readers = [each.party for each in crowd.parties.values() if crowd.may_read(said, each.party)]
        yield Ask(path={"hash": said.name}, who=anybody if said.public else only(*readers))
    for said in crowd.refused:
        yield Ask(path={"hash": said.name}, who=anybody, opens=frozenset({404}), closed=404)


def journal(crowd: Everybody, caller: Caller) -> Iterable[str]:
    """Auditors see why something was refused: the lots it is about and their masses; not the statement."""
    if caller.name not in AUDITORS:
        return set()
    named = {mark for each in crowd.refused for mark in each.marks}
    about = [each for each in crowd.movements if not named.isdisjoint(each.marks & crowd.lots.keys())]
    masses = {mark for each in [*about, *crowd.refused] for mark in each.marks if mark.isdecimal()}
    return masses | {mark for mark in named if "lgtin" in mark}


def whole_lots(crowd: Everybody, caller: Caller) -> Iterable[str]:
    """A lot is described whole, as it was born, to everyone through whose hands some of it went."""
    return {crowd.born[lot] for lot, (_, handlers) in crowd.lots.items() if caller.party in handlers}


def regulators_of_lots(**more: str) -> Row:
    """Asked for every lot; open to regulators alone."""
    return lambda crowd: [
        Ask(query={"lot": lot, **more}, who=offices(REGULATORS)) for lot in sorted(crowd.lots)
    ]


def restricted(crowd: Everybody, _: Caller) -> Iterable[str]:
    """Whom goods may not go to is told to everyone who sends any."""
    return {"Example Arms Works", "https://arms.example/"}


def shipping(crowd: Everybody, caller: Caller) -> bytes:
    """Somebody says that it ships another's lot."""
    members = crowd.cast.members
    lot = members["plant"].lot(1, "PRND-01")
    event = writing.ship(
        [LotContent(lot, 7 * KG)],
        event_id="urn:uuid:probe-ship",
        at_us=crowd.site.clock.now_us() - 60_000_000,
        consignor=caller.party or "https://nobody.example/",
        consignee=members["importer"].party,
        site=members[caller.name if caller.name in members else "mine"].site(),
        site_to=members["importer"].site(),
    )
    signer = crowd.parties.get(caller.name, crowd.cast.stranger)
    document = writing.document([event], crowd.site.clock.now_us())
    return crowd.cast.sign(dump_document(document), signer)


def probed(crowd: Everybody, _: Caller) -> Iterable[str]:
    """What the caller's own statement says."""
    return {crowd.cast.members["plant"].lot(1, "PRND-01")}


PERIOD: Final = {"start": "2026-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}
_ORE: Final = "urn:epc:class:lgtin:9521001.000001.CARB-N-01"
_SOUTH: Final = "urn:epc:id:pgln:9521005.00000"
_SOUTHERN: Final = "urn:epc:id:sgln:9521005.00001.0"
_JOB: Final = Ask(path={"id": UNKNOWN_JOB}, who=offices(AUDITORS), opens=frozenset({404}))


def posted(body: Any, headers: Mapping[str, str], opens: int, **members: Any) -> Row:
    return lambda _: [Ask(body=body, headers=headers, who=anybody, opens=frozenset({opens}), **members)]


def keys_of(crowd: Everybody) -> Iterator[Ask]:
    yield from (Ask(path={"kid": each.signer.kid}, who=anybody) for each in crowd.parties.values())


def parties_of(crowd: Everybody) -> Iterator[Ask]:
    yield from (Ask(path={"party": each.party}, who=anybody) for each in crowd.parties.values())


def of_each(parameter: str) -> Row:
    """Public, and asked of every party."""
    return lambda crowd: (
        [Ask(query={parameter: each.party}, who=anybody) for each in crowd.parties.values()]
        + [Ask(who=anybody), Ask(query={"after": _SOUTH}, who=anybody)]
    )


def searched(crowd: Everybody) -> Iterator[Ask]:
    """Everything that has an id, by its id, its beginning or its end; firms by a part of their names."""
    events = [event for _, event, _ in crowd.shipments]
    ends = [lot.rpartition(".")[2].lower() for lot in crowd.lots]
    for wanted in (
        *crowd.lots,
        *ends,
        *events,
        INVOICE,
        crowd.movements[0].name,
        TANK,
        UNIT,
        LICENCE,
        LICENCE[:-1],
        CASE,
        "urn:epc",
        "mine",
        "7",
    ):
        yield Ask(query={"q": wanted})


def indices(crowd: Everybody) -> Iterator[Ask]:
    """Every entry: its commitment is for all."""
    yield from (Ask(path={"index": str(place)}, who=anybody) for place in range(len(crowd.said) + 1))


def inclusion(crowd: Everybody) -> Iterator[Ask]:
    for said in [crowd.said[0], *crowd.movements[:3]]:
        yield Ask(query={"hash": said.name}, who=anybody)
    yield Ask(query={"index": "3"}, who=anybody)


def tile_paths(crowd: Everybody) -> Iterator[Ask]:
    yield Ask(path={"level": "0", "tile": f"000.p/{len(crowd.said) + 1}"}, who=anybody)


def bundle_paths(crowd: Everybody) -> Iterator[Ask]:
    yield Ask(path={"tile": f"000.p/{len(crowd.said) + 1}"}, who=anybody)


ROWS: Final[dict[str, Row]] = {
    # Statements and the log.
    "register_statement": posted(b"nonsense", JOSE, 400),
    "check_statement": every(
        posted(b"nonsense", JOSE, 400),
        lambda _: [Ask(body=shipping, headers=JOSE, who=anybody, opens=frozenset({200}), tells=probed)],
    ),
    "register_batch": posted(b"nonsense\n", NDJSON, 200),
    "read_statement_back": statements,
    "read_receipt": thinned(statements),
    "list_acts": plain(PUBLIC, {"start": "5"}),
    "list_keys": of_each("party"),
    "read_key": keys_of,
    "list_parties": of_each("id"),
    "read_party": parties_of,
    "list_sites": of_each("party"),
    "read_log": plain(PUBLIC),
    "prove_entry": inclusion,
    "prove_growth": lambda _: [Ask(query={"old": "3"}, who=anybody)],
    "list_entries": plain(PUBLIC, {"start": "5"}),
    "read_entry_story": indices,
    "list_checkpoints": plain(PUBLIC, {"start": "2"}),
    "read_checkpoint": plain(PUBLIC),
    "read_entry_bundle": bundle_paths,
    "read_tile": tile_paths,
    # Audits.
    "verify_range": plain(offices(AUDITORS), {"start": "3", "end": "9"}),
    "open_audit": lambda _: [Ask(who=offices(AUDITORS), opens=frozenset({202, 503}))],
    "list_audits": plain(offices(AUDITORS)),
    "read_audit": lambda _: [_JOB],
    "stop_audit": lambda _: [_JOB],
    "watch_audit": lambda _: [_JOB],
    # What-ifs.
    "open_what_if": lambda _: [
        Ask(
            body=b'{"scenario":{}}',
            headers={"Content-Type": "application/json"},
            who=offices(AUDITORS),
            opens=frozenset({202, 503}),
        )
    ],
    "list_what_ifs": plain(offices(AUDITORS)),
    "read_what_if": lambda _: [_JOB],
    "stop_what_if": lambda _: [_JOB],
    "list_refusals": plain(KNOWN, {"start": "1"}, tells=journal),
    # Goods.
    "read_lot": lots(tells=whole_lots),
    "read_provenance": every(
        goods(),
        thinned(goods(direction="downstream")),
        thinned(lots(element="Nd")),
        thinned(lambda crowd: [replace(each, headers={"Accept": "text/csv"}) for each in goods()(crowd)]),
    ),
    "search_everything": searched,
    "read_recall": goods(),
    "read_flows": every(
        goods(),
        thinned(goods(direction="downstream", by="party")),
        thinned(lots(element="Nd", by="site")),
        thinned(lambda crowd: [replace(each, headers={"Accept": "text/csv"}) for each in goods()(crowd)]),
    ),
    "read_routes": thinned(every(goods(), goods(direction="downstream"))),
    "read_label": lots("maker"),
    "list_holdings": every(whose(), own({"after": _ORE})),
    "list_shipments": every(
        whose({"side": "consignor"}, {"side": "consignee"}),
        own({"after_consignor": _SOUTH, "after_shipment": "urn:"}, {"state": "received"}),
    ),
    "list_shipment_lines": shipments,
    "list_pools": every(whose(), own({"after": "urn:"})),
    "read_balance": every(
        whose(PERIOD, {**PERIOD, "site": _SOUTHERN}, {**PERIOD, "months": "true"}),
        lambda _: [Ask(query=PERIOD, headers={"Accept": "text/csv"})],
    ),
    # Oversight.
    "list_alerts": every(
        whose(),
        own(
            {"subject": f"lot:{_ORE}"},
            {"site": _SOUTHERN},
            {"case": CASE},
            {"code": "report.late"},
            {"state": "open"},
        ),
    ),
    "count_alerts": whose(),
    "list_quotas": every(
        whose(),
        thinned(whose({"monthly": "true"})),
        own({"after_party": _SOUTH, "after_year": "2026", "after_activity": "a", "after_ore_class": "a"}),
    ),
    "list_licences": every(whose(), own({"after_licence": LICENCE[:-1]}, {"newest": "true"})),
    "list_invoices": every(whose(), own({"after_invoice": INVOICE[:-1]})),
    "read_receivables": every(
        whose(), lambda _: [Ask(query={"as_of": PERIOD["end"]}, headers={"Accept": "text/csv"})]
    ),
    "list_receivable_invoices": every(
        whose(),
        own({"state": "open"}),
        lambda _: [Ask(query={"after": INVOICE}, opens=frozenset({200, 400}))],  # 400: none of one's own
        lambda crowd: between(crowd, headers={"Accept": "text/csv"}),
    ),
    "read_evaluation": lambda crowd: between(crowd),
    # Dependence.
    "read_dependence": every(
        whose(PERIOD),
        lambda _: [
            Ask(query={**PERIOD, **query}, who=offices(REGULATORS))
            for query in ({"product": "prnd-oxide"}, {"country": "DE"})
        ],
    ),
    "read_reserves": lambda _: [Ask(query=PERIOD, who=offices(REGULATORS))],
    "read_interruption": lambda _: [
        Ask(query={**PERIOD, **query}, who=offices(REGULATORS))
        for query in ({"country": "CN"}, {"origin": _SOUTHERN})
    ],
    "list_declarations": every(whose(), own({"after_declaration": "2201"})),
    "list_technology_transfers": every(
        whose(),
        own(
            {"received": "true"},
            {"licence": LICENCE},
            {"after_entry_index": "0", "after_position": "0"},
        ),
    ),
    "list_cases": plain(offices(REGULATORS), {"after_case": CASE[:-1]}, {"state": "open"}),
    "list_restricted_parties": plain(KNOWN, {"after_name": "E"}, tells=restricted),
    "list_control_lists": plain(PUBLIC),
    "read_content_value": regulators_of_lots(),
    "read_licence_need": regulators_of_lots(destination="DE", country="JP", end_user="https://arms.example/"),
    "read_ownership": lambda _: [Ask(query={"party": "https://arms.example/"}, who=offices(REGULATORS))],
    "screen_name": lambda _: [Ask(query={"name": "Example Arms Works"}, tells=restricted)],
    "list_statistics": plain(PUBLIC),
    "read_statistics_tables": plain(PUBLIC, {"period": "2026-11"}),
    "draft_publication": plain(offices(REGULATORS), {"period": "2026-01"}),
    "read_oversight": plain(offices(AUDITORS)),
    "read_oversight_summary": plain(PUBLIC),
    "read_filing": whose(),
    "list_events": every(whose(), own({"before_index": "40", "before_position": "0"})),
    "show_policy": plain(PUBLIC),
    "list_products": plain(PUBLIC),
    "list_processes": plain(PUBLIC),
    # Sessions: those that end one are asked last, as ENDING says.
    "give_challenge": plain(PUBLIC, opens=201),
    "open_session": posted(b"nonsense", JOSE, 401),
    "read_session": lambda _: [Ask(who=in_session, closed=401)],
    "end_session": lambda _: [Ask(who=in_session, closed=401, opens=frozenset({204}))],
    "end_all_sessions": lambda _: [Ask(opens=frozenset({204}))],
    # The server itself.
    "read_health": plain(PUBLIC),
    "read_readiness": plain(PUBLIC),
    "read_metrics": plain(PUBLIC),
    "read_openapi": plain(PUBLIC),
    "read_operations_page": plain(PUBLIC),
    "read_errors_page": plain(PUBLIC),
    "read_style": plain(PUBLIC),
    "read_log_page": plain(PUBLIC, {"before": "9"}),
    "read_front_page": plain(PUBLIC),
    "read_console_page": lambda _: [Ask(path={"page": "x"}, who=anybody, opens=frozenset({200, 404}))],
    "read_console_file": lambda _: [
        Ask(path={"digest": "x", "file": "x"}, who=anybody, opens=frozenset({404}), closed=404)
    ],
}
ENDING: Final = frozenset({"end_session", "end_all_sessions"})


class Door:
    """Asks as somebody: with a token, or in a browser where the caller has signed in."""

    def __init__(self, crowd: Everybody) -> None:
        self._crowd = crowd
        self._thin = crowd.site.parts.engine.dialect.name != "sqlite"
        self._browsers: dict[str, FlaskClient] = {}

    def asked(self, asks: Sequence[Ask]) -> Iterator[tuple[Caller, Ask]]:
        """Every question by every caller, by token and in a session; where there are many, by turns.

        On the second engine, whose answers come from the same code, each caller asks every other one of many.
        """
        many = len(asks) >= 4
        for (number, name), (place, ask) in itertools.product(enumerate(CALLERS), enumerate(asks)):
            if many and self._thin and (number + place // 2) % 2:
                continue
            known = self._crowd.parties.get(name)
            modes = MODES if not many else (MODES[(number + place) % 2],)
            for mode in modes if known is not None else MODES[:1]:
                yield Caller(name, mode, None if known is None else known.party), ask

    def ask(self, operation: Operation, ask: Ask, caller: Caller) -> TestResponse:
        path = operation.path
        for name, value in ask.path.items():
            path = path.replace("{" + name + "}", quote(value, safe="/:"))
        body = ask.body if isinstance(ask.body, bytes) else ask.body(self._crowd, caller)
        address = f"{path}?{urlencode(ask.query)}" if ask.query else path
        client, headers = self._client(caller)
        return client.open(
            address, method=operation.method, headers={**headers, **ask.headers}, data=body or None
        )

    def forget(self, caller: Caller) -> None:
        """What was signed in is signed out."""
        self._browsers.pop(caller.name, None)

    def _client(self, caller: Caller) -> tuple[FlaskClient, dict[str, str]]:
        site = self._crowd.site
        if caller.name == "nobody":
            return site.client, {}
        signer: Actor = self._crowd.parties.get(caller.name, self._crowd.cast.stranger)
        if caller.mode == "token":
            return site.client, {"Authorization": f"Bearer {site.token(signer)}"}
        if caller.name not in self._browsers:
            self._browsers[caller.name] = site.sign_in(signer)
        return self._browsers[caller.name], SAME_ORIGIN


def expected(operation: Operation, ask: Ask, caller: Caller) -> frozenset[int]:
    """The statuses that this caller's question may be answered with."""
    token = operation.access.token
    if token is Token.NONE:
        return ask.opens
    if caller.name == "stranger" and token is not Token.SESSION:
        return frozenset({401})  # a bad credential opens nothing, not even what is public
    if ask.who(caller):
        return ask.opens
    return frozenset({ask.closed if caller.known else 401})


def shown(response: Response) -> str:
    """Everything that an answer tells, and what is inside the statements that it holds."""
    text = response.get_data().decode("utf-8", "replace")
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers if name != "Set-Cookie")
    inner: list[str] = []
    for payload in re.findall(r"[\w-]{8,}\.([\w-]{8,})\.[\w-]{40,}", text):
        try:
            said = json.loads(b64url_decode(payload))
        except ValueError:
            continue
        inner += [json.dumps(said), *marks_of(said)]
    whole = "\n".join([text, headers, *inner])
    return whole if unquote(whole) == whole else f"{whole}\n{unquote(whole)}"


def leaked(text: str, secrets: Iterable[str]) -> list[str]:
    """Which of the names and masses stand in a text."""
    numbers = set(re.findall(r"\d+", text))
    return sorted(
        secret for secret in secrets if (secret in numbers if secret.isdecimal() else secret in text)
    )


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    folder = tmp_path_factory.mktemp("crowd")
    with engine_asked_for(request, folder) as engine, tell_everybody(engine, folder, max_audits=1) as made:
        yield made


@pytest.fixture(scope="module")
def door(crowd: Everybody) -> Door:
    return Door(crowd)


def test_every_operation_has_a_row() -> None:
    missing = sorted(OPERATIONS.keys() - ROWS.keys())
    assert not missing, (
        f"{', '.join(missing)}: nobody has said who may see what. Add a row under each name to ROWS in "
        "tests/api/test_access_matrix.py: plain(PUBLIC) or plain(KNOWN) where the answer is the same for all "
        "of them, whose() for a list that a 'party' parameter asks for, lots() or goods() where a lot, unit, "
        "pool or shipment is named, own({...}) for each further parameter that names something."
    )
    gone = sorted(ROWS.keys() - OPERATIONS.keys())
    assert not gone, f"{', '.join(gone)}: there is no such operation any more; take its row out of ROWS."


@pytest.mark.parametrize("crowd", ["sqlite"], indirect=True)
def test_a_row_asks_by_every_parameter_that_names_something(crowd: Everybody) -> None:
    for name in sorted(ROWS.keys() & OPERATIONS.keys()):
        operation = OPERATIONS[name]
        if operation.access.token is Token.NONE:
            continue
        asked = {parameter for ask in ROWS[name](crowd) for parameter in (*ask.query, *ask.path)}
        naming = {
            each for each in (*operation.query().fields, *operation.path_fields) if NAMING.fullmatch(each)
        }
        assert naming <= asked, (
            f"the row of {name} never asks by {', '.join(sorted(naming - asked))}: add a question with each "
            "to ROWS that names something of others, as own({...}) or whose({...}) do."
        )


@pytest.mark.parametrize("name", sorted(OPERATIONS, key=lambda name: (name in ENDING, name)))
def test_nobody_sees_what_is_not_theirs(crowd: Everybody, door: Door, name: str) -> None:
    operation = OPERATIONS[name]
    asks = list(ROWS[name](crowd)) if name in ROWS else []
    faults: list[str] = []
    for caller, ask in door.asked(asks):
        response = door.ask(operation, ask, caller)
        if name in ENDING:
            door.forget(caller)
        who = f"{caller.name} by {caller.mode}: {name} {ask}"
        wanted = expected(operation, ask, caller)
        if response.status_code not in wanted:
            faults.append(f"{who}: {response.status_code}, not {sorted(wanted)}: {response.text[:200]}")
        found = leaked(shown(response), crowd.secrets(caller.party) - set(ask.tells(crowd, caller)))
        if found:
            faults.append(f"{who}: {response.status_code} tells of {found}")
    assert asks, f"{name} has no row: see test_every_operation_has_a_row"
    assert not faults, (
        f"{len(faults)} answers are not what ROWS[{name!r}] in tests/api/test_access_matrix.py says. Either "
        "the operation lets in, or tells, too much; or the row is wrong: 'who' says to whom a question is "
        "open, 'tells' what an answer may tell beyond the caller's own statements, with the reason.\n"
        + "\n".join(faults[:20])
    )


class TestTheTestItself:
    """It would notice."""

    def test_a_party_has_secrets_and_things_of_its_own(self, crowd: Everybody) -> None:
        for name, party in crowd.parties.items():
            secrets = crowd.secrets(party.party)
            assert bool(secrets) is (name not in REGULATORS), name
            assert secrets <= crowd.marks
            assert (secrets < crowd.marks) is (name != "operator"), name
        assert crowd.secrets(None) == crowd.marks
        assert len(crowd.marks) > 60
        assert len(crowd.lots) >= 10
        assert len(crowd.shipments) >= 6

    def test_what_a_regulator_is_told_would_be_a_leak_to_others(self, crowd: Everybody, door: Door) -> None:
        """Each kind of name and mass is found in an answer where it stands."""
        authority = Caller("authority", "token", crowd.cast.authority.party)
        told: set[str] = set()
        for name in (
            "read_lot",
            "list_shipments",
            "list_licences",
            "list_invoices",
            "list_declarations",
            "list_cases",
            "read_statement_back",
            "list_refusals",
            "list_pools",
            "read_recall",
            "list_quotas",
            "list_restricted_parties",
            "list_events",
            "list_shipment_lines",
        ):
            for ask in ROWS[name](crowd):
                told.update(leaked(shown(door.ask(OPERATIONS[name], ask, authority)), crowd.marks))
        assert crowd.marks - told == set()

    def test_names_are_found_in_statements_addresses_and_headers(self, crowd: Everybody) -> None:
        mark = crowd.cast.goods.magnets
        said = next(each for each in crowd.movements if mark in each.marks)

        for answer in (
            Response(said.jws),
            Response(json.dumps({"jws": said.jws.decode()}).encode()),
            Response(json.dumps({"next": f"/v1/lots?{urlencode({'lot': mark})}"}).encode()),
            Response(headers={"Link": f"</v1/lots?lot={quote(mark)}>"}),
            Response(f'"{mark}"'.encode()),
        ):
            assert mark in leaked(shown(answer), {mark})
        assert leaked('{"mass_mg":5198000000}', {"5198000000"}) == ["5198000000"]
        assert leaked('{"mass_mg":51980000001}', {"5198000000"}) == []
