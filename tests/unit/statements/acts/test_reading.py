"""From payloads to acts: the registry, and what no act may hold."""

import dataclasses
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from ledger.findings import Finding
from ledger.statements.acts import ACTS, ROLES, ActContext, read_act
from ledger.statements.acts.base import Act
from ledger.statements.acts.fields import Integer, MemberSchema
from ledger.statements.registers import Facts, Names
from tests.support.acts import ActLog, admission, faults, read


def test_the_acts() -> None:
    assert sorted(ACTS) == [
        "adjust",
        "admit-party",
        "allot-quota",
        "apply-licence",
        "cancel-invoice",
        "cancel-settlement",
        "close-case",
        "confirm",
        "declare-customs",
        "delegate",
        "delist",
        "dispute-evaluation",
        "enrol-key",
        "erase",
        "genesis",
        "grant-licence",
        "grant-read",
        "list-restricted-party",
        "list-site",
        "merge-party",
        "open-case",
        "publish-control-list",
        "publish-refusals",
        "publish-statistics",
        "refuse-licence",
        "register-invoice",
        "report-export",
        "revoke-key",
        "revoke-licence",
        "set-policy",
        "settle-invoice",
        "start-clock",
        "state-ownership",
        "stop-clock",
        "suspend-licence",
    ]


@pytest.mark.parametrize("module", ["confirm", "base"])
def test_any_module_of_the_package_may_be_imported_first(module: str) -> None:
    program = (
        f"import ledger.statements.acts.{module}\nfrom ledger.statements.acts import ACTS\nprint(len(ACTS))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == f"{len(ACTS)}\n"


@pytest.mark.parametrize("name", sorted(ACTS))
def test_schema_and_class_have_the_same_members(name: str) -> None:
    act = ACTS[name]
    fields = {field.name: field for field in dataclasses.fields(act) if field.name != "source"}
    schema = act.schema().fields
    assert fields.keys() == schema.keys()
    for member, field in fields.items():
        optional = field.default is not dataclasses.MISSING
        assert schema[member].required == (not optional), member


@pytest.mark.parametrize("name", sorted(ACTS))
def test_signers_are_roles(name: str) -> None:
    assert ACTS[name].signers
    assert set(ACTS[name].signers) <= set(ROLES)


@pytest.mark.parametrize("value", [None, [], "admit-party", True])
def test_an_act_is_an_object(value: Any) -> None:
    act, findings = read_act(value)
    assert act is None
    assert [(finding.code, finding.pointer) for finding in findings] == [("schema.type", "")]


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({}, ("schema.required", "/act")),
        ({"act": 1}, ("schema.type", "/act")),
        ({"act": None}, ("schema.type", "/act")),
        ({"act": "Admit-Party"}, ("act.unknown", "/act")),
        ({"act": ""}, ("act.unknown", "/act")),
        ({"act": "allot-quotas"}, ("act.unknown", "/act")),
    ],
)
def test_the_act_has_a_known_name(payload: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(payload) == [fault]


def test_every_fault_is_told_at_once_in_order() -> None:
    payload = admission("nobody", "miner", "king", extra=1)
    del payload["organisation"]
    assert faults(payload) == [
        ("schema.unknown-member", "/extra"),
        ("schema.required", "/organisation"),
        ("party.identifier", "/party"),
        ("schema.value", "/roles/1"),
    ]


def test_the_source_is_kept_as_read() -> None:
    payload = admission("https://a.example/")
    assert read(payload).source == payload


def test_a_new_act_is_a_schema_and_a_class() -> None:
    class CountSchema(MemberSchema):
        count = Integer(required=True)

    try:

        @dataclass(frozen=True)
        class Count(Act):
            name: ClassVar[str] = "count-for-this-test"
            schema: ClassVar[type[MemberSchema]] = CountSchema
            signers: ClassVar[tuple[str, ...]] = ("miner",)

            count: int

            @property
            def public(self) -> bool:
                return True

            def names(self) -> Names:
                return Names()

            def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
                return [Finding("count.odd", "odd", "/count")] if self.count % 2 else []

            def take_effect(self, context: ActContext, facts: Facts) -> None:
                facts.refusal_count = self.count

        log = ActLog.begun()
        assert log.state("https://mine.example/", {"act": "count-for-this-test", "count": 3}) == [
            ("count.odd", "/count")
        ]
        assert log.state("https://authority.example/", {"act": "count-for-this-test", "count": 2}) == [
            ("act.signer", "")
        ]
        assert log.facts.refusal_count == 0
        assert log.state("https://mine.example/", {"act": "count-for-this-test", "count": 2}) == []
        assert log.facts.refusal_count == 2
    finally:
        ACTS.pop("count-for-this-test", None)


def test_one_name_has_one_class() -> None:
    with pytest.raises(TypeError, match="two classes"):
        type("Again", (ACTS["erase"],), {})
