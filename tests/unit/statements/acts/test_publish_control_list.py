"""publish-control-list: items that say which goods are meant, as dated data."""

from typing import Any

import pytest

from ledger.records.oversight import ControlListRecord
from tests.support.act_books import EXPORTER, LATER, NOW, log_with_everyone
from tests.support.acts import AUTHORITY, OPERATOR, REGULATOR, START_US, ActLog, faults, read

ITEMS = [{"elements": ["Dy", "Tb"], "stage": "magnet", "least_share": "0.01"}, {"hs_code": "2846"}]


def published(**members: Any) -> dict[str, Any]:
    return {
        "act": "publish-control-list",
        "control_list": "mofcom-18-2025",
        "start": NOW,
        "items": ITEMS,
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


@pytest.mark.parametrize("issuer", [AUTHORITY, REGULATOR])
def test_a_list_is_published(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, published(conditions={"needs_licence": True})) == []
    assert log.facts.books.group(ControlListRecord, "all") == [
        ControlListRecord("mofcom-18-2025", 6, START_US, None, tuple(ITEMS), {"needs_licence": True})
    ]


def test_a_newer_version_stands_beside_the_older(log: ActLog) -> None:
    assert log.state(REGULATOR, published()) == []
    assert log.state(REGULATOR, published(end=LATER, items=[])) == []
    versions = log.facts.books.group(ControlListRecord, "all")
    assert [(version.entry_index, version.ends_us, len(version.items)) for version in versions] == [
        (6, None, 2),
        (7, START_US + 1_000_000, 0),
    ]
    assert versions[0].conditions == {}


@pytest.mark.parametrize("issuer", [EXPORTER, OPERATOR])
def test_only_who_decides(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, published()) == [("act.signer", "")]


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({}, ("control-list.item", "/items/0")),
        ({"least_share": "0.1"}, ("control-list.item", "/items/0")),
        ({"stage": "magnet", "least_share": "0.1"}, ("control-list.item", "/items/0/least_share")),
        ({"stage": "powder"}, ("schema.value", "/items/0/stage")),
        ({"form": "powder"}, ("schema.value", "/items/0/form")),
        ({"elements": []}, ("schema.value", "/items/0/elements")),
        ({"elements": ["Fe"]}, ("schema.value", "/items/0/elements/0")),
        ({"elements": ["Dy"], "least_share": "1.01"}, ("schema.value", "/items/0/least_share")),
        ({"elements": ["Dy"], "least_share": 0.01}, ("schema.type", "/items/0/least_share")),
        ({"elements": ["Dy"], "least_share": "1/100"}, ("schema.value", "/items/0/least_share")),
        ({"hs_code": "284"}, ("schema.value", "/items/0/hs_code")),
        ({"hs_code": "2846.90"}, ("schema.value", "/items/0/hs_code")),
        ({"name": "magnets"}, ("schema.unknown-member", "/items/0/name")),
    ],
)
def test_an_item_says_what_it_means(item: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(published(items=[item])) == [fault]


@pytest.mark.parametrize(
    "item",
    [
        {"product": "smco-magnet"},
        {"control_ref": "mofcom-18-2025"},
        {"hs_code": "8505"},
        {"hs_code": "8505111000"},
        {"elements": ["Dy"], "least_share": "1"},
        {"elements": ["Dy"], "least_share": "0"},
    ],
)
def test_items_at_the_limit(item: dict[str, Any]) -> None:
    assert faults(published(items=[item])) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"end": NOW}, ("schema.value", "/end")),
        ({"control_list": "MOFCOM 18"}, ("schema.value", "/control_list")),
        ({"conditions": {"needs_licence": "yes"}}, ("schema.type", "/conditions/needs_licence")),
        ({"conditions": {"affiliate_share": "2"}}, ("schema.value", "/conditions/affiliate_share")),
        ({"conditions": {"else": True}}, ("schema.unknown-member", "/conditions/else")),
        ({"items": [{"hs_code": "2846"}, {"hs_code": "2846"}]}, ("schema.value", "/items/1")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(published(**members)) == [fault]


def test_it_is_public() -> None:
    assert read(published()).public
