"""From a parsed payload to an act."""

from functools import cache
from typing import Any

from ledger.findings import Finding
from ledger.statements.acts.base import ACTS, Act
from ledger.statements.acts.fields import MemberSchema, read_members


def read_act(value: object) -> tuple[Act | None, list[Finding]]:
    """The act that a payload states, or None and every fault of its form, ordered by place.

    Args:
        value: The payload, as ``parse_json`` gives it.

    Returns:
        Findings of code ``act.unknown``, ``schema.*``, and those of the values' own rules
        (``party.identifier``, ``prefix.form``, ``key.*``, ``policy.*``, ``grant.scope``, ``confirm.kind``).
    """
    if not isinstance(value, dict):
        return None, [Finding("schema.type", "an act is a JSON object", mend='Send {"act": ...}.')]
    name = value.get("act")
    if not isinstance(name, str):
        code = "schema.type" if "act" in value else "schema.required"
        return None, [Finding(code, "the member act names the act", "/act", _known())]
    act_class = ACTS.get(name)
    if act_class is None:
        return None, [Finding("act.unknown", f"there is no act {name!r}", "/act", _known())]
    return _read(act_class, value)


def _read(act_class: type[Act], value: dict[str, Any]) -> tuple[Act | None, list[Finding]]:
    members, findings = read_members(
        _schema(act_class.schema), {name: member for name, member in value.items() if name != "act"}
    )
    if members is None:
        return None, findings
    return act_class(**members, source=value), []


@cache
def _schema(schema: type[MemberSchema]) -> MemberSchema:
    return schema()


def _known() -> str:
    return f"Known acts: {', '.join(sorted(ACTS))}."
