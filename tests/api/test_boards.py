"""Receivables, evaluations and dependence over HTTP: what is answered, and to whom."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from ledger.audit.database import verify_database
from ledger.audit.refold import Bounds, refold
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Actor, Cast, actor
from tests.support.web import Site, assert_problem, open_site

PLANT, TRADER, AUDITOR = actor("plant", "separator"), actor("trader", "trader"), actor("auditor", "auditor")
NOW = datetime.now(UTC).replace(microsecond=0)
PERIOD = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}


def days(count: int) -> str:
    return (NOW - timedelta(days=count)).isoformat()


def invoice(cast: Cast, number: str, amount: str, due: int | None, buyer: Actor, **members: str) -> bytes:
    lines = [{"product": "prnd-oxide", "mass": {"quantity": 1, "uom": "KGM"}, "amount": amount}]
    said: dict[str, Any] = {"act": "register-invoice", "invoice": number, "kind": "special"}
    said |= {"seller": cast.mine.party, "buyer": buyer.party, "lines": lines, "amount": amount}
    said |= {"currency": "CNY", "issued": days(200), **members}
    return cast.act(said | ({} if due is None else {"due": days(due)}), cast.mine)


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Any:
    """Four invoices: one overdue in part, one paid ten days late, one in euro, one cancelled."""
    cast = Cast(more=[PLANT, TRADER, AUDITOR])
    engine = create_ledger_engine(sqlite_url)
    with open_site(cast, engine, tmp_path) as made:
        for jws in (
            invoice(cast, "I-1", "100.10", 40, PLANT),
            invoice(cast, "I-2", "20", 30, PLANT),
            invoice(cast, "I-3", "7.5", None, TRADER, currency="EUR"),
            invoice(cast, "I-4", "900", 10, PLANT),
            cast.act({"act": "settle-invoice", "invoice": "I-1", "amount": "40.05"}, cast.mine),
            cast.act({"act": "settle-invoice", "invoice": "I-2", "amount": "20", "paid": days(20)}, PLANT),
            cast.act({"act": "settle-invoice", "invoice": "I-4", "amount": "1", "paid": days(15)}, PLANT),
            cast.act({"act": "cancel-invoice", "invoice": "I-4", "reason": "replaced"}, cast.mine),
        ):
            made.registered(jws)
        yield made
    engine.dispose()


def ask(site: Site, path: str, reader: Actor, **query: Any) -> dict[str, Any]:
    response = site.get(f"{path}?{urlencode(query)}", reader)
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


def test_receivables(site: Site) -> None:
    cast = site.cast
    found = ask(site, "/v1/receivables", cast.mine)
    owing = {(row["customer"], row["currency"]): row for row in found["customers"]}
    assert owing.keys() == {(PLANT.party, "CNY"), (TRADER.party, "EUR")}
    plant = owing[PLANT.party, "CNY"]
    assert (plant["owed"], plant["overdue"], plant["to_60"], plant["owed_back"]) == (
        *("60.05", "60.05", "60.05", "1.00"),
    )
    assert (plant["invoices"], plant["oldest_days"]) == (1, 40)
    assert [(row["currency"], row["owed"]) for row in found["totals"]] == [("CNY", "60.05"), ("EUR", "7.50")]
    assert (
        ask(site, "/v1/receivables", cast.authority, party=cast.mine.party)["customers"] == found["customers"]
    )
    earlier = ask(site, "/v1/receivables", cast.mine, as_of=days(14))["totals"]
    assert earlier[0]["owed"] == "999.10"  # before the part payment and the cancellation
    response = site.get("/v1/receivables", cast.mine, Accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["owed"] for row in rows] == ["60.05", "7.50"]
    for reader in (PLANT, AUDITOR):
        response = site.get(f"/v1/receivables?{urlencode({'party': cast.mine.party})}", reader)
        assert_problem(response, 403, "role.forbidden")


def test_invoices_page_by_page(site: Site) -> None:
    mine = site.cast.mine
    first = ask(site, "/v1/receivables/invoices", mine, limit=3)
    assert [each["invoice"] for each in first["invoices"]] == ["I-1", "I-2", "I-4"]
    response = site.get(first["next"], mine)
    assert [each["invoice"] for each in response.get_json()["invoices"]] == ["I-3"]
    states = {each["invoice"]: each for each in first["invoices"]}
    assert [each["state"] for each in first["invoices"]] == ["partly_settled", "settled", "cancelled"]
    assert (states["I-2"]["late_days"], states["I-2"]["payments"][0]["signer"]) == (10, PLANT.party)
    assert (states["I-4"]["owed"], states["I-4"]["owed_back"]) == ("0.00", "1.00")
    own = ask(site, "/v1/receivables/invoices", PLANT, party=mine.party, customer=PLANT.party)
    assert [each["invoice"] for each in own["invoices"]] == ["I-1", "I-2", "I-4"]
    assert ask(site, "/v1/receivables/invoices", mine, state="settled")["invoices"] == [states["I-2"]]
    asked = urlencode({"party": mine.party, "customer": PLANT.party})
    assert_problem(site.get(f"/v1/receivables/invoices?{asked}", TRADER), 403, "role.forbidden")
    assert_problem(site.get("/v1/receivables/invoices?after=I-9", mine), 400, "request.malformed")


def test_a_payment_that_was_taken_back_is_owed_again(site: Site) -> None:
    mine = site.cast.mine
    (paid,) = next(
        each["payments"]
        for each in ask(site, "/v1/receivables/invoices", mine)["invoices"]
        if each["invoice"] == "I-2"
    )
    back = {"act": "cancel-settlement", "invoice": "I-2", "entry": paid["index"], "reason": "error"}
    assert_problem(site.post(site.cast.act(back, mine)), 422, "statement.refused")
    site.registered(site.cast.act(back, PLANT))
    found = {each["invoice"]: each for each in ask(site, "/v1/receivables/invoices", mine)["invoices"]}["I-2"]
    assert (found["state"], found["owed"], found["overdue_days"], found["payments"]) == (
        "open",
        "20.00",
        30,
        [],
    )
    engine = site.app.extensions["reledger"].engine
    assert verify_database(engine, workers=1, replay=True).faults == []


def test_an_evaluation_is_open_to_both_and_regulators(site: Site) -> None:
    cast = site.cast
    said = {"party": cast.mine.party, "customer": PLANT.party}
    found = ask(site, "/v1/customers/evaluation", cast.mine, customer=PLANT.party)
    sentences = {each["code"]: each for each in found["sentences"]}
    assert sentences["paid"]["text"] == "1 of 1 invoices were paid late: 10.0 days on average, 10 at most"
    assert sentences["paid"]["tone"] == found["standing"] == "bad"
    assert sentences["overdue"]["figures"] == {"invoices": 1, "amounts": {"CNY": "60.05"}, "oldest_days": 40}
    assert {way["name"] for way in sentences["overdue"]["contests"]} == {
        "settle-invoice",
        "cancel-invoice",
        "dispute-evaluation",
    }
    for index in sentences["overdue"]["entries"]:
        assert site.get(f"/v1/entries/{index}", PLANT).get_json()["act"] in (
            "register-invoice",
            "settle-invoice",
        )
    assert ask(site, "/v1/customers/evaluation", cast.authority, **said)["standing"] == "bad"
    own = ask(site, "/v1/customers/evaluation", PLANT, **said)
    assert [each["code"] for each in own["sentences"]] == [code for code in sentences if code != "alerts"]
    assert all(each["dispute"] is None for each in own["sentences"])
    disputing = {"act": "dispute-evaluation", "seller": cast.mine.party, "customer": PLANT.party}
    disputing |= {"sentence": "overdue", "ground": "agreed"}
    index = site.registered(cast.act(disputing, PLANT))["index"]
    for reader in (cast.mine, PLANT, cast.authority):
        shown = ask(site, "/v1/customers/evaluation", reader, **said)
        disputes = {each["code"]: each["dispute"] for each in shown["sentences"] if each["dispute"]}
        assert [(code, each["ground"], each["index"]) for code, each in disputes.items()] == [
            ("overdue", "agreed", index)
        ]
        assert shown["standing"] == "bad", "a dispute changes no figure"
    for as_of, disputed in ((disputes["overdue"]["disputed"], ["overdue"]), (own["as_of"], [])):
        shown = ask(site, "/v1/customers/evaluation", PLANT, **said, as_of=as_of)
        assert [each["code"] for each in shown["sentences"] if each["dispute"]] == disputed
    site.registered(cast.act(disputing | {"ground": "withdrawn"}, PLANT))
    shown = ask(site, "/v1/customers/evaluation", PLANT, **said)
    assert all(each["dispute"] is None for each in shown["sentences"])
    for reader in (TRADER, AUDITOR):
        response = site.get(f"/v1/customers/evaluation?{urlencode(said)}", reader)
        assert_problem(response, 403, "role.forbidden")
    response = site.get(f"/v1/customers/evaluation?{urlencode(said)}", PLANT, Accept="text/csv")
    assert len(response.text.splitlines()) == 6


def test_dependence_is_of_one_thing_over_a_span(site: Site) -> None:
    cast = site.cast
    empty = ask(site, "/v1/dependence", cast.mine, **PERIOD)
    assert (empty["kind"], empty["name"]) == ("party", cast.mine.party)
    assert empty["elements"] == [
        {"element": "REO", "mass_mg": 0, "hhi_least": None, "hhi_most": None, "countries": []}
    ]
    for path, query, reader, status in (
        ("/v1/dependence", {"product": "prnd-oxide"}, cast.mine, 403),
        ("/v1/dependence", {"country": "DE"}, AUDITOR, 403),
        ("/v1/dependence", {"product": "prnd-oxide", "country": "DE"}, cast.authority, 400),
        ("/v1/dependence", {"start": PERIOD["end"]}, cast.mine, 400),
        ("/v1/interruptions", {}, cast.authority, 400),
        ("/v1/interruptions", {"country": "DE", "origin": "x:y"}, cast.authority, 400),
    ):
        assert site.get(f"{path}?{urlencode({**PERIOD, **query})}", reader).status_code == status
    for path in ("/v1/reserves", "/v1/interruptions"):
        response = site.get(f"{path}?{urlencode({**PERIOD, 'country': 'CN'})}", AUDITOR)
        assert response.status_code in (400, 403)


def test_a_replay_gives_every_payment_and_misses_none(site: Site) -> None:
    engine = site.parts.engine
    bounds = Bounds(9, 0, site.clock.now_us())
    assert not refold(engine, site.cast.origin, bounds).faults
    with engine.begin() as connection:
        connection.execute(text("UPDATE settlements SET amount = '41' WHERE invoice = 'I-1'"))
    assert refold(engine, site.cast.origin, bounds).faults
