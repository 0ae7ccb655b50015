"""An entry as a person reads it: what it says, and to whom."""

from typing import Any

import pytest

from tests.support.cast import Actor
from tests.support.goods import Told
from tests.support.web import assert_problem

KG = 1_000_000


def entry(told: Told, index: int, reader: Actor | None) -> dict[str, Any]:
    response = told.site.get(f"/v1/entries/{index}", reader)
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


def index_of(told: Told, title: str) -> int:
    return next(int(answer["index"]) for scene, answer in told.scenes if title in scene.title)


def test_a_movement_is_told_with_its_goods(told: Told) -> None:
    index = index_of(told, "plant separates")
    found = entry(told, index, told.company("plant"))
    assert (found["open"], found["public"], found["act"]) == (True, False, None)
    assert found["issuer"] == told.company("plant").party
    (movement,) = found["movements"]
    assert (movement["kind"], movement["state"]) == ("process", "booked")
    masses = {line["product"]: 0 for line in movement["lines"] if line["account"] == "holding"}
    for line in movement["lines"]:
        if line["account"] == "holding":
            masses[line["product"]] += line["mass_mg"]
    assert masses == {"mixed-carbonate": -7_000 * KG, "prnd-oxide": 980 * KG, "lace-oxide": 2_090 * KG}
    (lost,) = [line for line in movement["lines"] if line["account"] == "lost"]
    assert sum(int(text) for text in lost["contained"].values()) == 80 * KG
    assert entry(told, index, told.cast.authority)["movements"] == found["movements"]


def test_the_entry_is_the_log_s(told: Told) -> None:
    index = index_of(told, "plant separates")
    found = entry(told, index, None)
    (listed,) = told.site.get(f"/v1/log/entries?start={index}&end={index + 1}").get_json()["entries"]
    assert found["leaf"] == listed["leaf"]
    assert f'"statement":"{found["statement"]}"' in listed["entry"]
    assert f'"recorded_at":"{found["recorded_at"]}"' in listed["entry"]


@pytest.mark.parametrize("reader", [None, "mine", "maker"])
def test_whom_the_statement_is_not_for_is_told_its_commitment_alone(told: Told, reader: str | None) -> None:
    found = entry(told, index_of(told, "plant separates"), None if reader is None else told.company(reader))
    said = ("issuer", "kid", "act", "erased", "parties", "movements", "alerts")
    assert [found[name] for name in ("open", *said)] == [False, None, None, None, None, [], [], []]


def test_whom_a_statement_names_reads_it(told: Told) -> None:
    index = index_of(told, "ships the PrNd oxide")
    found = entry(told, index, told.company("maker"))
    assert {each["party"] for each in found["parties"]} == {
        told.company("plant").party,
        told.company("maker").party,
    }
    (movement,) = found["movements"]
    assert [line["mass_mg"] for line in movement["lines"] if line["account"] == "holding"] == [-980 * KG]


def test_a_public_act_has_a_name(told: Told) -> None:
    found = entry(told, 0, None)
    assert (found["open"], found["act"], found["movements"]) == (True, "genesis", [])
    assert found["parties"][0]["party"] == told.cast.authority.party


def test_what_is_no_entry_is_not_found(told: Told) -> None:
    for name in ("99999999", "x", "-1", "01"):
        assert_problem(told.site.get(f"/v1/entries/{name}"), 404, "resource.not-found")
