"""What is in force: policy and rules, products, processes, and the next filing deadline."""

from typing import Any

from flask import Response

from api.access import ANY_PARTY, REGULATORS
from api.book_members import CSV, csv_reply
from api.book_schemas import CSV_SCHEMA
from api.desk_schemas import FilingSchema, PolicySchema, ProcessesSchema, ProductsSchema
from api.fields import Name, StrictSchema
from api.naming import check_party
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, json_reply
from api.resources.stock import own_or_all
from ledger.clock import format_time_us
from ledger.controls.noticing import decimal_text
from ledger.controls.rule_texts import RULE_TEXTS
from ledger.errors import LedgerEmpty, ResourceNotFound, RoleForbidden
from ledger.materials.catalogue import Catalogue, Product
from ledger.materials.processes import Process, processes
from ledger.provenance.filing import filing_of
from ledger.provenance.in_force import policy_in_force
from ledger.records.policy import ALWAYS, FLAG, REJECT, THRESHOLDS, Policy

resource = Resource("in force", "Policy, rules, products and processes as they stand, and the calendar.")


class FilingQuery(StrictSchema):
    """Whose filing."""

    party = Name(load_default=None, meaning="The party; the caller's own if left out.")


@resource.operation(
    "GET",
    "/v1/filing",
    replies=[
        Reply(200, "The next deadline, and how the party stands.", {JSON: FilingSchema, CSV: CSV_SCHEMA})
    ],
    access=ANY_PARTY,
    query=FilingQuery,
    errors=[RoleForbidden, ResourceNotFound, LedgerEmpty],
)
def read_filing(call: Call) -> Response:
    """Say until when which month's movements are to be filed, how many are, and how many came late."""
    assert call.reader is not None
    party = own_or_all(call, call.query["party"])
    now_us = call.parts.clock.now_us()
    with call.reading() as connection:
        check_party(connection, party)
        _, policy = policy_in_force(connection)
        sees_all = call.reader.holds(REGULATORS)
        found = filing_of(connection, policy, party, now_us, sees_all=sees_all)
    members: dict[str, Any] = {
        "party": party,
        "now": format_time_us(now_us),
        "zone": zone_text(policy.filing_offset_min),
        "deadline": format_time_us(found.deadline_us),
        "last_day": found.last_day.isoformat(),
        "days_left": found.days_left,
        "month": found.month,
        "recorded": found.recorded,
        "late": found.late,
    }
    if call.accepted == CSV:
        return csv_reply(tuple(members), [tuple(members.values())], "filing.csv")
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/policy",
    replies=[Reply(200, "The policy.", {JSON: PolicySchema})],
    errors=[LedgerEmpty],
)
def show_policy(call: Call) -> Response:
    """Read the policy in force: what becomes of each finding, every threshold, and the calendar."""
    with call.reading() as connection:
        record, policy = policy_in_force(connection)
    stated = record.policy
    members: dict[str, Any] = {
        "index": record.entry_index,
        "rule_set": policy.rule_set,
        "rules": [_rule_members(code, policy) for code in (*REJECT, *FLAG)],
        "thresholds": {
            name: stated.get("thresholds", {}).get(name, text) for name, text in THRESHOLDS.items()
        },
        "quota_basis": policy.quota_basis,
        "tolling": policy.tolling,
        "filing_day": policy.filing_day,
        "zone": zone_text(policy.filing_offset_min),
        "holidays": list(policy.holidays),
        "working_days": list(policy.working_days),
        "opening_until": None if policy.opening_until_us is None else format_time_us(policy.opening_until_us),
        "index_prices": dict(stated.get("index_prices", {})),
        "retention_days": stated.get("retention_days"),
        "confirmations": list(stated.get("confirmations", ())),
    }
    return json_reply(members)


@resource.operation(
    "GET",
    "/v1/products",
    replies=[Reply(200, "The products.", {JSON: ProductsSchema})],
    errors=[LedgerEmpty],
)
def list_products(call: Call) -> Response:
    """List the products in force: the packaged catalogue, and those that policy states."""
    with call.reading() as connection:
        record, policy = policy_in_force(connection)
    packaged = Catalogue.load()
    products = [_product_members(each, own=packaged.product(each.code) != each) for each in policy.catalogue]
    return json_reply({"index": record.entry_index, "products": products})


@resource.operation(
    "GET",
    "/v1/processes",
    replies=[Reply(200, "The processes.", {JSON: ProcessesSchema})],
    stores=False,
)
def list_processes(call: Call) -> Response:
    """List the processes that movements may name, from which stages to which, with bounds of recovery."""
    return json_reply({"processes": [_process_members(each) for each in processes().values()]})


def zone_text(offset_min: int) -> str:
    """An offset from UTC as ISO 8601 writes it: ``+08:00``."""
    hours, minutes = divmod(abs(offset_min), 60)
    return f"{'-' if offset_min < 0 else '+'}{hours:02d}:{minutes:02d}"


def _rule_members(code: str, policy: Policy) -> dict[str, Any]:
    said = RULE_TEXTS[code]
    return {
        "code": code,
        "action": policy.action(code),
        "told": policy.tells.get(code, False),
        "fixed": code in ALWAYS,
        "softened": code in policy.softened,
        "description": said.fires,
        "thresholds": list(said.thresholds),
        "example": said.example,
    }


def _product_members(product: Product, *, own: bool) -> dict[str, Any]:
    treo = product.treo_fraction
    return {
        "code": product.code,
        "name_en": product.name_en,
        "name_zh": product.name_zh,
        "stage": product.stage,
        "form": product.form,
        "ore_class": product.ore_class,
        "hs_code": product.hs_code,
        "treo_fraction": None if treo is None else decimal_text(treo),
        "element_fractions": {
            element: decimal_text(share) for element, share in product.element_fractions.items()
        },
        "control_refs": list(product.control_refs),
        "vat_name": product.vat_name,
        "source": product.source,
        "verified": product.verified,
        "own": own,
    }


def _process_members(process: Process) -> dict[str, Any]:
    return {
        "process": process.process,
        "name_en": process.name_en,
        "name_zh": process.name_zh,
        "stages_from": list(process.stages_from),
        "stages_to": list(process.stages_to),
        "recovery_lower": decimal_text(process.recovery_lower),
        "recovery_upper": decimal_text(process.recovery_upper),
        "source": process.source,
        "verified": process.verified,
    }
