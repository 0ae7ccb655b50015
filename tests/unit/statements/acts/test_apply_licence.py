"""apply-licence: an application, its name, its signer, and when a decision is due."""

from typing import Any

import pytest

from ledger.records.oversight import ControlListRecord, DueRecord, LicenceRecord
from tests.support.act_books import (
    AGENT,
    BUYER,
    EXPORTER,
    LATER,
    LICENCE,
    STRANGER,
    application,
    delegation,
    licence,
    log_with_everyone,
    mass,
    readers,
)
from tests.support.acts import AUTHORITY, MINE, REGULATOR, START_US, ActLog, faults, read

# Friday 2027-01-15; the 45th working day after it is Friday 2027-03-19; due by its end at UTC+8.
DUE_US = 1_805_472_000_000_000


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


def test_an_application(log: ActLog) -> None:
    assert log.state(EXPORTER, application()) == []
    assert licence(log) == LicenceRecord(
        licence=LICENCE,
        exporter=EXPORTER,
        kind="single",
        state="applied",
        items=("dy-oxide",),
        destinations=("DE",),
        consignees=(BUYER,),
        end_users=("https://motors.example/",),
        end_use="traction motors",
        quantity_mg=2_500_000_000,
        drawn_mg=0,
        applied_at=6,
        applied_us=START_US,
        due_us=DUE_US,
    )
    assert readers(log) == {BUYER, "https://motors.example/"}


def test_a_decision_is_due(log: ActLog) -> None:
    assert log.state(EXPORTER, application()) == []
    subject = f"licence:{LICENCE}"
    due = log.facts.books.get(DueRecord, "licence.decision", subject)
    assert due == DueRecord("licence.decision", subject, EXPORTER, "", DUE_US, 6, DUE_US // 3_600_000_000)


def test_holidays_and_zone_are_the_policys() -> None:
    log = log_with_everyone(holidays=["2027-02-08"], working_days=["2027-01-16"], filing_offset_min=0)
    assert log.state(EXPORTER, application()) == []
    assert licence(log).due_us == DUE_US + 8 * 3_600_000_000
    log = log_with_everyone(holidays=["2027-02-08", "2027-02-09"])
    assert log.state(EXPORTER, application()) == []
    assert licence(log).due_us == DUE_US + 4 * 86_400_000_000, "Friday becomes Tuesday"


def test_an_agent_applies_while_it_may(log: ActLog) -> None:
    assert log.state(AGENT, application()) == [("act.signer", "")]
    assert log.state(EXPORTER, delegation(EXPORTER, end=LATER)) == []
    log.now_us += 999_999
    assert log.judge(AGENT, application()) == []
    log.now_us += 1
    assert log.state(AGENT, application()) == [("act.signer", "")]


@pytest.mark.parametrize("issuer", [MINE, AUTHORITY, REGULATOR, BUYER])
def test_only_the_exporter(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, application()) == [("act.signer", "")]


def test_the_exporter_is_one(log: ActLog) -> None:
    name = "https://mine.example/lots/licence-1"
    assert log.state(MINE, application(exporter=MINE, licence=name)) == [("licence.exporter", "/exporter")]
    assert log.state(STRANGER, application(exporter=STRANGER)) == [
        ("act.signer", ""),
        ("licence.exporter", "/exporter"),
        ("name.foreign", "/licence"),
    ]


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("https://exporter.example/licences/2", False),
        ("urn:epc:id:gdti:6901234.00001.17", False),
        ("https://id.gs1.org/253/690123400000817", False),
        ("https://exporter.example/licence/2", True),
        ("https://mine.example/lots/2", True),
        ("urn:epc:id:gdti:6901235.00001.17", True),
        ("https://id.gs1.org/253/690123500000817", True),
        ("https://evil.example/?x=https://exporter.example/licences/2", True),
    ],
)
def test_the_name_is_the_exporters_own(log: ActLog, name: str, refused: bool) -> None:
    assert log.state(EXPORTER, application(licence=name)) == (
        [("name.foreign", "/licence")] if refused else []
    )


def test_each_name_once(log: ActLog) -> None:
    assert log.state(EXPORTER, application()) == []
    assert log.state(EXPORTER, application(end_use="wind turbines")) == [("licence.exists", "/licence")]
    assert licence(log).end_use == "traction motors"


def test_a_general_licence_has_many(log: ActLog) -> None:
    many = {"destinations": ["DE", "FR"], "end_users": [BUYER, MINE]}
    assert log.state(EXPORTER, application(kind="general", **many)) == []
    assert licence(log).destinations == ("DE", "FR")


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"end_users": [BUYER, MINE]}, ("licence.single", "/end_users")),
        ({"destinations": ["DE", "FR"]}, ("licence.single", "/destinations")),
        ({"destinations": ["UK"]}, ("schema.value", "/destinations/0")),
        ({"destinations": []}, ("schema.value", "/destinations")),
        ({"items": []}, ("schema.value", "/items")),
        ({"items": ["Dy oxide"]}, ("schema.value", "/items/0")),
        ({"items": ["dy-oxide", "dy-oxide"]}, ("schema.value", "/items/1")),
        ({"kind": "temporary"}, ("schema.value", "/kind")),
        ({"quantity": mass(0)}, ("schema.value", "/quantity/quantity")),
        ({"end_users": ["A. Person"]}, ("party.identifier", "/end_users/0")),
        ({"licence": "1"}, ("schema.value", "/licence")),
        ({"end_use": ""}, ("schema.value", "/end_use")),
        ({"contact": "x"}, ("schema.unknown-member", "/contact")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(application(**members)) == [fault]


def test_names_and_privacy() -> None:
    act = read(application())
    assert not act.public
    assert act.names().parties == {EXPORTER}
    assert act.names().all_prefixes


# --- Technology -------------------------------------------------------------------------------------------


def technology(**members: Any) -> dict[str, Any]:
    goods = application(technologies=["1E902.a"], **members)
    return {name: value for name, value in goods.items() if name not in {"items", "quantity"} - set(members)}


def listing(log: ActLog, *items: str, version: int = 0, ends_us: int | None = None) -> None:
    named = tuple({"technology": each} for each in items)
    log.facts.books.put(ControlListRecord("mofcom-62-2025", version, 0, ends_us, named, {}))


def test_an_application_for_technology_has_no_mass(log: ActLog) -> None:
    listing(log, "1E902.a")
    assert log.state(EXPORTER, technology(scope={"documents": 12, "training": 1})) == []
    record = licence(log)
    assert (record.items, record.quantity_mg, record.of_technology) == (("1E902.a",), 0, True)
    assert record.scope == {"documents": 12, "training": 1}
    assert record.due_us == DUE_US, "the same clock runs"


def test_a_number_need_not_be_set(log: ActLog) -> None:
    listing(log, "1E902.a")
    assert log.state(EXPORTER, technology()) == []
    assert licence(log).scope == {}


@pytest.mark.parametrize(
    ("starts_us", "found"), [(START_US + 1, []), (START_US, ["licence.technology"]), (START_US + 10**12, [])]
)
def test_a_list_that_is_amended_ahead_of_time_names_it_still(
    log: ActLog, starts_us: int, found: list[str]
) -> None:
    listing(log, "1E902.a")
    other = ({"technology": "1E902.b"},)
    log.facts.books.put(ControlListRecord("mofcom-62-2025", 1, starts_us, None, other, {}))
    assert [code for code, _ in log.state(EXPORTER, technology())] == found


@pytest.mark.parametrize(("ends_us", "found"), [(START_US + 1, []), (START_US, ["licence.technology"])])
def test_it_is_of_a_list_that_has_not_ended(log: ActLog, ends_us: int, found: list[str]) -> None:
    listing(log, "1E902.a", ends_us=ends_us)
    assert [code for code, _ in log.state(EXPORTER, technology())] == found


def test_a_list_that_says_so_no_longer_does_not_count(log: ActLog) -> None:
    listing(log, "1E902.a")
    listing(log, "1E902.b", version=1)
    assert log.state(EXPORTER, technology()) == [("licence.technology", "/technologies/0")]


@pytest.mark.parametrize(
    "payload",
    [
        technology(items=["dy-oxide"]),
        technology(quantity=mass(1)),
        technology(items=["dy-oxide"], quantity=mass(1)),
        application(scope={"documents": 1}),
        {name: value for name, value in application().items() if name != "quantity"},
        {name: value for name, value in application().items() if name != "items"},
        {name: value for name, value in application().items() if name not in ("items", "quantity")},
    ],
)
def test_it_is_for_goods_or_for_technology(payload: dict[str, Any]) -> None:
    assert [code for code, _ in faults(payload)] == ["licence.subject"]


@pytest.mark.parametrize("scope", [{}, {"documents": 0}, {"documents": "1"}, {"drawings": 1}, {"data": 1.5}])
def test_a_scope_is_whole_numbers_of_known_forms(scope: dict[str, Any]) -> None:
    assert all(code.startswith("schema.") for code, _ in faults(technology(scope=scope)))
    assert faults(technology(scope=scope)) != []
