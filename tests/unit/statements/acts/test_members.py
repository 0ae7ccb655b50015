"""Members of the acts on goods: what each form takes, and who signs for whom."""

from typing import Any

import pytest
from marshmallow import ValidationError

from ledger.statements.acts.fields import MAX_INTEGER, MemberSchema, read_members
from ledger.statements.acts.members import (
    ByElement,
    Code,
    Country,
    Date,
    DecimalText,
    Mass,
    Truth,
    policy_in_force,
)
from ledger.statements.registers import Facts
from ledger.strict_json import JsonNumber
from tests.support.act_books import AGENT, BUYER, EXPORTER, application, delegation, log_with_everyone
from tests.support.acts import AUTHORITY


class OneSchema(MemberSchema):
    """A member of every kind."""

    decimal = DecimalText(least="0.5", most="100")
    code = Code()
    country = Country()
    day = Date()
    mass = Mass()
    by_element = ByElement()
    truth = Truth()


def kilograms(text: str) -> dict[str, Any]:
    return {"quantity": JsonNumber(text), "uom": "KGM"}


@pytest.mark.parametrize(
    ("name", "value", "loaded"),
    [
        ("decimal", "0.5", "0.5"),
        ("decimal", "100", "100"),
        ("decimal", "99.999999999", "99.999999999"),
        ("code", "mofcom-18/2025:a.b_c", "mofcom-18/2025:a.b_c"),
        ("code", "x" * 100, "x" * 100),
        ("country", "CN", "CN"),
        ("day", "2028-02-29", "2028-02-29"),
        ("mass", kilograms("0.0000015"), 2),
        ("mass", kilograms("0.000001"), 1),
        ("mass", kilograms("9007199254.740991"), MAX_INTEGER),
        ("mass", {"quantity": 3, "uom": "LBR"}, 1_360_777),
        ("by_element", {"Nd": kilograms("0"), "Pr": kilograms("1e-6")}, {"Nd": 0, "Pr": 1}),
        ("truth", False, False),
    ],
)
def test_what_is_taken(name: str, value: Any, loaded: Any) -> None:
    members, findings = read_members(OneSchema(), {name: value})
    assert findings == []
    assert members == {name: loaded}


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("decimal", "0.4", ("schema.value", "")),
        ("decimal", "100.000000001", ("schema.value", "")),
        ("decimal", "1.0000000001", ("schema.value", "")),
        ("decimal", "1e1", ("schema.value", "")),
        ("decimal", "+1", ("schema.value", "")),
        ("decimal", "01", ("schema.value", "")),
        ("decimal", "1.", ("schema.value", "")),
        ("decimal", "١", ("schema.value", "")),
        ("decimal", "NaN", ("schema.value", "")),
        ("decimal", JsonNumber("1"), ("schema.type", "")),
        ("code", "x" * 101, ("schema.value", "")),
        ("code", "-a", ("schema.value", "")),
        ("code", "a b", ("schema.value", "")),
        ("code", "ä", ("schema.value", "")),
        ("country", "cn", ("schema.value", "")),
        ("day", "2027-02-29", ("schema.value", "")),
        ("day", "20270101", ("schema.value", "")),
        ("day", "2027-W01-1", ("schema.value", "")),
        ("mass", None, ("schema.type", "")),
        ("mass", [1, "KGM"], ("schema.type", "")),
        ("mass", {"quantity": 1, "uom": "kg"}, ("schema.value", "/uom")),
        ("mass", {"quantity": 1, "uom": None}, ("schema.value", "/uom")),
        ("mass", {"quantity": 1, "uom": ["KGM"]}, ("schema.value", "/uom")),
        ("mass", {"quantity": None, "uom": "KGM"}, ("schema.type", "/quantity")),
        ("mass", kilograms("0.0000005"), ("schema.value", "/quantity")),
        ("mass", kilograms("9007199254.740992"), ("schema.value", "/quantity")),
        ("mass", kilograms("1e308"), ("schema.value", "/quantity")),
        ("mass", kilograms("-0.000000001"), ("schema.value", "/quantity")),
        ("by_element", {}, ("schema.value", "")),
        ("by_element", {"nd": kilograms("1")}, ("schema.value", "/nd")),
        ("by_element", {"Nd": JsonNumber("1")}, ("schema.type", "/Nd")),
        ("by_element", {"Nd": kilograms("-1")}, ("schema.value", "/Nd/quantity")),
        ("truth", JsonNumber("1"), ("schema.type", "")),
        ("truth", "true", ("schema.type", "")),
    ],
)
def test_what_is_refused(name: str, value: Any, fault: tuple[str, str]) -> None:
    members, findings = read_members(OneSchema(), {name: value})
    assert members is None
    code, place = fault
    assert [(finding.code, finding.pointer) for finding in findings] == [(code, f"/{name}{place}")]


def test_a_field_alone_raises() -> None:
    with pytest.raises(ValidationError):
        DecimalText().deserialize("x")


def test_before_genesis_the_defaults_hold() -> None:
    assert policy_in_force(Facts()).filing_day == 10


def test_an_agent_has_to_be_listed_itself() -> None:
    log = log_with_everyone()
    assert log.state(EXPORTER, delegation(EXPORTER)) == []
    assert log.judge(AGENT, application()) == []
    delisted = {"act": "delist", "party": AGENT, "since": "2027-01-15T08:00:00.000001Z"}
    assert log.state(AUTHORITY, delisted) == []
    log.now_us += 1
    assert log.state(AGENT, application()) == [("party.unlisted", "")]


def test_a_delegation_is_for_one_party() -> None:
    log = log_with_everyone()
    assert log.state(BUYER, delegation(BUYER)) == []
    assert log.state(AGENT, application()) == [("act.signer", "")]
