"""Every operation, asked by everybody, by token and in a session: nobody sees what is not theirs.

A row of ``ROWS`` says, for one operation, what is asked and to whom each question is open. Whatever the
answer, also a refusal, its body and headers may hold no name and no mass of things that the caller has
nothing to do with; ``tests.support.everybody`` works out from the signed statements who has to do with what.

To add an operation: write a row under its name. What is open to all or to all with a key takes a line
(``plain(PUBLIC)``, ``plain(KNOWN)``); where a parameter names whose or what, let the row ask for everybody's
(``whose()``, ``lots()``).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

import pytest
from werkzeug.wrappers import Response

from api.access import Token
from api.app import RESOURCES
from tests.support.asking import (
    AUDITORS,
    KNOWN,
    PUBLIC,
    REGULATORS,
    SOUTH,
    Ask,
    Caller,
    Row,
    anybody,
    attachments,
    between,
    bundle_paths,
    every,
    goods,
    in_session,
    inclusion,
    indices,
    journal,
    keys_of,
    lots,
    of_each,
    offices,
    own,
    own_or_none,
    parties_of,
    plain,
    posted,
    probed,
    regulators_of_lots,
    restricted,
    searched,
    shipments,
    shipping,
    statements,
    thinned,
    tile_paths,
    uploads,
    whole_lots,
    whose,
)
from tests.support.databases import engine_asked_for
from tests.support.doors import Door, expected, leaked, shown
from tests.support.everybody import CASE, INVOICE, LICENCE, Everybody, tell_everybody
from tests.support.web import JOSE, NDJSON

OPERATIONS: Final = {each.name: each for resource in RESOURCES for each in resource.operations}
NAMING: Final = re.compile(
    r"party|lot|unit|pool|consignor|shipment|site|case|subject|after\w*|licence|invoice|declaration|"
    r"hash|(before_)?sha256|kid|id|q"
)
"""Parameters that name somebody or something: a row asks for what is not the caller's by each of them."""
UNKNOWN_JOB: Final = "00000000-0000-4000-8000-000000000000"
PERIOD: Final = {"start": "2026-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}
_ORE: Final = "urn:epc:class:lgtin:9521001.000001.CARB-N-01"
_SOUTHERN: Final = "urn:epc:id:sgln:9521005.00001.0"
_JOB: Final = Ask(path={"id": UNKNOWN_JOB}, who=offices(AUDITORS), opens=frozenset({404}))
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
        own({"after_consignor": SOUTH, "after_shipment": "urn:"}, {"state": "received"}),
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
            {"code": "report.late"},
            {"state": "open"},
        ),
        own_or_none({"case": CASE}),
    ),
    "count_alerts": whose(),
    "list_quotas": every(
        whose(),
        thinned(whose({"monthly": "true"})),
        own({"after_party": SOUTH, "after_year": "2026", "after_activity": "a", "after_ore_class": "a"}),
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
            {"after_entry_index": "0", "after_position": "0"},
        ),
        own_or_none({"licence": LICENCE}),
    ),
    "list_cases": plain(offices(REGULATORS), {"after_case": CASE[:-1]}, {"state": "open"}),
    "list_restricted_parties": plain(
        KNOWN, {"after_name": "E", "after_control_list": "a", "after_entry_index": "0"}, tells=restricted
    ),
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
    "list_attachments": every(
        whose(),
        own({"missing": "true"}, {"before_index": "99", "before_position": "0", "before_sha256": "0" * 64}),
    ),
    "read_attachment": attachments,
    "store_attachment": uploads,
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
            "list_attachments",
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
