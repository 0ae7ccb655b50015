"""Names in queries: a misspelt one is told, one that is known and has nothing has an empty answer."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.cast import Actor
from tests.support.goods import Told
from tests.support.web import assert_problem

PERIOD = {"start": "2026-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}
LATER = {"start": "2031-01-01T00:00:00Z", "end": "2032-01-01T00:00:00Z"}
MAKER = "Demonstration Magnet Works"


def refused(told: Told, path: str, reader: Actor, **query: str) -> dict[str, Any]:
    response = told.site.get(f"{path}?{urlencode(query)}", reader)
    assert_problem(response, 404, "resource.not-found")
    members: dict[str, Any] = response.get_json()
    return members


def answered(told: Told, path: str, reader: Actor, **query: str) -> dict[str, Any]:
    response = told.site.get(f"{path}?{urlencode(query)}", reader)
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/holdings", {}),
        ("/v1/pools", {}),
        ("/v1/shipments", {}),
        ("/v1/shipments", {"side": "consignee", "state": "open"}),
        ("/v1/balance", PERIOD),
        ("/v1/balance", {**PERIOD, "months": "true"}),
        ("/v1/filing", {}),
        ("/v1/events", {}),
        ("/v1/quotas", {"year": "2026"}),
        ("/v1/licences", {"state": "granted"}),
        ("/v1/licences", {"newest": "true"}),
        ("/v1/technology-transfers", {}),
        ("/v1/technology-transfers", {"received": "true"}),
        ("/v1/invoices", {}),
        ("/v1/declarations", {}),
        ("/v1/alerts", {}),
        ("/v1/alerts/counts", {}),
        ("/v1/receivables", {}),
        ("/v1/receivables/invoices", {}),
        ("/v1/dependence", PERIOD),
        ("/v1/keys", {}),
        ("/v1/sites", {}),
    ],
)
def test_a_party_that_is_not_in_the_register_is_told(told: Told, path: str, query: dict[str, str]) -> None:
    authority, maker = told.cast.authority, told.company("maker").party
    members = refused(told, path, authority, party=maker[:-1] + "1", **query)
    assert (members["parameter"], "reledger search" in members["mend"]) == ("party", True)
    assert repr(maker[:-1] + "1") in members["detail"]
    assert f"Perhaps {maker} or " in members["mend"], "it is spelt nearly so"
    answered(told, path, authority, party=maker, **query)
    answered(told, path, authority, party=told.company("recycler").party, **query)


@pytest.mark.parametrize(
    ("path", "parameter", "value", "query", "meant"),
    [
        ("/v1/alerts", "code", "report.lat", {}, "Perhaps report.late"),
        ("/v1/alerts", "code", "nosuch", {"state": "open"}, ""),
        ("/v1/alerts", "site", "nosite", {}, ""),
        ("/v1/alerts", "case", "2026-99", {}, ""),
        ("/v1/balance", "site", "urn:epc:id:sgln:9521001.00001.9", PERIOD, "Perhaps urn:epc:id:sgln:9521001"),
        ("/v1/technology-transfers", "licence", "LIC-99", {}, ""),
        ("/v1/receivables/invoices", "customer", MAKER[:-1], {}, "Perhaps urn:epc:id:pgln"),
        ("/v1/customers/evaluation", "customer", "nobody", {}, ""),
        ("/v1/dependence", "product", "prnd-oxid", PERIOD, "Perhaps prnd-oxide"),
        ("/v1/dependence", "country", "XX", PERIOD, ""),
        ("/v1/interruptions", "country", "XX", PERIOD, ""),
        ("/v1/interruptions", "origin", "nosite", PERIOD, ""),
        ("/v1/interruptions", "origin", "import:XX", PERIOD, ""),
        ("/v1/interruptions", "origin", "opening:nobody", PERIOD, ""),
    ],
)
def test_another_name_that_nothing_has_is_told(
    told: Told, path: str, parameter: str, value: str, query: dict[str, str], meant: str
) -> None:
    whose = {} if "interr" in path or "depend" in path else {"party": told.company("mine").party}
    members = refused(told, path, told.cast.authority, **{parameter: value}, **whose, **query)
    assert members["parameter"] == parameter
    assert members["mend"].startswith(meant)
    assert ("Perhaps" in members["mend"]) is bool(meant)


def test_a_seller_whose_invoices_should_say_a_price_is_known(told: Told) -> None:
    lot = told.cast.goods.magnets
    assert (
        refused(told, "/v1/content-value", told.cast.authority, lot=lot, seller="nobody")["parameter"]
        == "seller"
    )
    answered(told, "/v1/content-value", told.cast.authority, lot=lot, seller=told.company("mine").party)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/alerts", {"code": "licence.missing"}),
        ("/v1/alerts", {"subject": "lot:urn:x:1"}),
        ("/v1/dependence", {**LATER, "product": "prnd-oxide"}),
        ("/v1/dependence", {**LATER, "product": "gd-oxide"}),
        ("/v1/dependence", {**LATER, "country": "KR"}),
        ("/v1/interruptions", {**LATER, "country": "unknown"}),
        ("/v1/interruptions", {**LATER, "origin": "import:AU"}),
        ("/v1/interruptions", {**LATER, "origin": "unexplained"}),
        ("/v1/interruptions", {**LATER, "origin": "awaited:urn:x:1"}),
    ],
)
def test_a_name_that_is_known_and_has_nothing_is_answered(
    told: Told, path: str, query: dict[str, str]
) -> None:
    answered(told, path, told.cast.authority, **query)


def test_a_site_that_is_known_and_had_nothing_is_answered(told: Told) -> None:
    mine, site = told.company("mine").party, told.cast.members["recycler"].site()
    found = answered(told, "/v1/balance", told.cast.authority, party=mine, site=site, **PERIOD)
    assert found["rows"] == []


def test_a_party_is_told_of_others_what_it_was_told_before(told: Told) -> None:
    """A name of the register and one of nobody are refused alike."""
    mine, maker = told.company("mine"), told.company("maker").party
    for path, query in (("/v1/holdings", {}), ("/v1/balance", PERIOD), ("/v1/alerts/counts", {})):
        answers = []
        for party in (maker, "nobody"):
            response = told.site.get(f"{path}?{urlencode({'party': party, **query})}", mine)
            assert_problem(response, 403, "role.forbidden")
            answers.append(response.get_json()["detail"])
        assert answers[0] == answers[1]


def test_what_may_be_anothers_is_not_told_from_what_is_nobodys(told: Told) -> None:
    mine = told.company("mine")
    for path, parameter in (("/v1/technology-transfers", "licence"), ("/v1/alerts", "case")):
        told_of = {
            value: refused(told, path, mine, **{parameter: value}) | {"request_id": ""}
            for value in (*names(told, parameter), "nothing")
        }
        assert len(told_of) > 1
        assert len({str(each) for each in told_of.values()}) == 1


def names(told: Told, parameter: str) -> list[str]:
    """Licences and cases of others."""
    path = {"licence": "/v1/licences", "case": "/v1/cases"}[parameter]
    found = answered(told, path, told.cast.authority)["records"]
    return [each[parameter] for each in found] or ["2026-0"]


def test_a_long_name_is_compared_with_none(told: Told) -> None:
    assert "Perhaps" not in refused(told, "/v1/alerts", told.cast.authority, code="x" * 201)["mend"]
