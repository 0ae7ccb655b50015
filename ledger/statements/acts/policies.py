"""What policy may say. A later member comes with the rules that read it, under a name documented here."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from marshmallow import ValidationError, fields, validates_schema

from ledger.errors import TableInvalid
from ledger.materials.catalogue import read_product
from ledger.records.policy import ALWAYS, FLAG, HOME_CURRENCY, REJECT, THRESHOLDS, limits_of
from ledger.statements.acts.fields import (
    Each,
    Fault,
    Integer,
    Members,
    MemberSchema,
    OneOf,
    StrictField,
    Text,
    Time,
    refuse,
)
from ledger.statements.acts.members import (
    MAX_CODE_CHARACTERS,
    Currency,
    Date,
    DecimalText,
    Truth,
    ends_after_start,
)
from ledger.statements.registers import Facts

# Versions of the rules that this program can judge by; an old one stays for as long as a log holds it.
RULE_SETS: Final = (1,)
RETENTION_DAYS: Final = 1826
MAX_RETENTION_DAYS: Final = 36_525
# Without these two one authority alone could have the others too: by another policy, or by a second self.
CONFIRMATION_CORE: Final = frozenset({"admit-party", "set-policy"})
CONFIRMABLE: Final = ("admit-party", "erase", "set-policy")
CODES: Final = frozenset({*REJECT, *FLAG})
MAX_CALENDAR_DAYS: Final = 2000
MAX_CELL_CHARACTERS: Final = 300
# Offsets from UTC that are or were in use lie between these.
LEAST_OFFSET_MIN: Final = -12 * 60
MOST_OFFSET_MIN: Final = 14 * 60


class ChoiceSchema(MemberSchema):
    """What becomes of a finding: ``action``, and whether the submitter is told of a flag."""

    action = OneOf(("reject", "flag", "off"))
    tell = Truth()


class Named(StrictField):
    """An object of members with names of a kind, each loaded by one field; loads as a dict.

    Args:
        code: The fault's code for a name that is not of the kind.
        known: Names that may stand; None for any code.
        inner: What each member is.
    """

    def __init__(
        self, code: str, known: frozenset[str] | None, inner: fields.Field[Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.code = code
        self.known = known
        self.inner = inner

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise refuse("schema.type", "an object is needed")
        loaded: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        for name, member in value.items():
            fault = self._name_fault(name)
            if fault is not None:
                faults[name] = [fault]
                continue
            try:
                loaded[name] = self.inner.deserialize(member)
            except ValidationError as error:
                faults[name] = error.messages
        if faults:
            raise ValidationError(faults)
        return loaded

    def _name_fault(self, name: str) -> Fault | None:
        if self.known is not None and name not in self.known:
            return Fault(self.code, f"{name!r} is not known", "docs/rules.md lists codes and thresholds.")
        if not 1 <= len(name) <= MAX_CODE_CHARACTERS:
            return Fault("schema.value", f"a name has 1 to {MAX_CODE_CHARACTERS} characters")
        return None


class ProductRow(StrictField):
    """A product in the catalogue's own columns; loads as the cells that are stated."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise refuse("schema.type", "an object is needed")
        if not all(isinstance(text, str) and len(text) <= MAX_CELL_CHARACTERS for text in value.values()):
            raise refuse("schema.type", f"every column is a text of at most {MAX_CELL_CHARACTERS} characters")
        cells = {str(column): text.strip() for column, text in sorted(value.items()) if text.strip()}
        try:
            read_product(cells)
        except TableInvalid as error:
            raise refuse("policy.product", error.detail, error.mend) from error
        return cells


class RateSchema(MemberSchema):
    """What one unit of a currency was worth in CNY within [start, end), and who says so."""

    currency = Currency(required=True)
    start = Time(required=True)
    end = Time(required=True)
    cny = DecimalText(least="0.000000001", required=True)
    source = Text(required=True)

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data)


class PolicySchema(MemberSchema):
    """The policy in force from an entry on."""

    rule_set = Integer(least=1, required=True)
    retention_days = Integer(most=MAX_RETENTION_DAYS, load_default=RETENTION_DAYS)
    confirmations = Each(OneOf(CONFIRMABLE), load_default=())
    rules = Named("policy.code", CODES, Members(ChoiceSchema))
    thresholds = Named("policy.threshold", frozenset(THRESHOLDS), DecimalText())
    quota_basis = OneOf(("first-product", "output"))
    filing_day = Integer(least=1, most=28)
    filing_offset_min = Integer(least=LEAST_OFFSET_MIN, most=MOST_OFFSET_MIN)
    holidays = Each(Date(), most=MAX_CALENDAR_DAYS)
    working_days = Each(Date(), most=MAX_CALENDAR_DAYS)
    opening_until = Time()
    tolling = OneOf(("banned", "allowed"))
    index_prices = Named("schema.value", None, DecimalText())
    products = Each(ProductRow())
    exchange_rates = Each(Members(RateSchema), most=MAX_CALENDAR_DAYS)

    @validates_schema
    def _judge(self, data: dict[str, Any], **kwargs: Any) -> None:
        faults: dict[str, Any] = {}
        if data["rule_set"] not in RULE_SETS:
            known = ", ".join(map(str, RULE_SETS))
            faults["rule_set"] = [
                Fault("policy.rule-set", f"rule set {data['rule_set']} is not known here", f"Known: {known}.")
            ]
        stated = set(data["confirmations"])
        if stated and not stated >= CONFIRMATION_CORE:
            faults["confirmations"] = [
                Fault(
                    "policy.confirmations",
                    "while one authority may admit a party or set policy alone, two are needed for nothing",
                    "List admit-party and set-policy as well, or nothing.",
                )
            ]
        codes = [row["code"] for row in data.get("products", ())]
        if len(codes) != len(set(codes)):
            twice = min(code for code in codes if codes.count(code) > 1)
            faults["products"] = [Fault("policy.product", f"{twice} stands there twice", "State it once.")]
        faults |= _rate_faults(data.get("exchange_rates", ()))
        faults |= _rule_faults(data.get("rules", {}), data.get("thresholds", {}))
        both = set(data.get("holidays", ())) & set(data.get("working_days", ()))
        if both:
            detail = f"{min(both)} is a holiday and a working day"
            faults["working_days"] = [Fault("policy.calendar", detail, "State each date once.")]
        if faults:
            raise ValidationError(faults)


def _rule_faults(rules: Mapping[str, Any], thresholds: Mapping[str, str]) -> dict[str, Any]:
    faults: dict[str, Any] = {}
    softened = sorted(
        code for code in set(ALWAYS) & set(rules) if rules[code].get("action", "reject") != "reject"
    )
    if softened:
        faults["rules"] = {
            code: {
                "action": [
                    Fault(
                        "policy.always",
                        "what is impossible in the books is always refused",
                        "Leave the rule out, or say reject.",
                    )
                ]
            }
            for code in softened
        }
    beyond = {name: fault for name, text in thresholds.items() if (fault := _beyond(name, text)) is not None}
    if beyond:
        faults["thresholds"] = beyond
    return faults


def _beyond(name: str, text: str) -> list[Fault] | None:
    """What is wrong with a threshold that lies outside its limits."""
    least, most = limits_of(name)
    if least <= Fraction(text) <= most:
        return None
    mend = (
        "Write 0.05 for five per cent." if most == 1 else "docs/rules.md has the limits of every threshold."
    )
    return [Fault("schema.value", f"{name} lies in {least} to {most:,}", mend)]


def _rate_faults(rates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(rates, key=lambda rate: (rate["currency"], rate["start"]))
    for earlier, later in pairwise(ordered):
        if earlier["currency"] == later["currency"] and later["start"] < earlier["end"]:
            detail = f"two rates of {later['currency']} hold at one moment"
            return {"exchange_rates": [Fault("policy.rate", detail, "End the one where the other starts.")]}
    if any(rate["currency"] == HOME_CURRENCY for rate in rates):
        return {"exchange_rates": [Fault("policy.rate", f"rates are in {HOME_CURRENCY}", "Leave it out.")]}
    return {}


def policy_members(loaded: dict[str, Any]) -> dict[str, Any]:
    """The policy as the register holds it, in JSON's types: what was stated, and always the first three.

    What the rules read and nobody stated stays out, so that a policy of earlier logs reads as it did.
    """
    members: dict[str, Any] = {
        "rule_set": loaded["rule_set"],
        "retention_days": loaded["retention_days"],
        "confirmations": sorted(loaded["confirmations"]),
    }
    for name in ("quota_basis", "filing_day", "filing_offset_min", "tolling"):
        if name in loaded:
            members[name] = loaded[name]
    for name in ("rules", "thresholds", "index_prices"):
        if name in loaded:
            members[name] = {key: loaded[name][key] for key in sorted(loaded[name])}
    for name in ("holidays", "working_days"):
        if name in loaded:
            members[name] = sorted(loaded[name])
    if "products" in loaded:
        members["products"] = sorted(loaded["products"], key=lambda row: str(row["code"]))
    if "exchange_rates" in loaded:
        members["exchange_rates"] = sorted(
            (
                {
                    "currency": rate["currency"],
                    "start_us": rate["start"],
                    "end_us": rate["end"],
                    "cny": rate["cny"],
                    "source": rate["source"],
                }
                for rate in loaded["exchange_rates"]
            ),
            key=lambda rate: (str(rate["currency"]), int(rate["start_us"])),
        )
    if "opening_until" in loaded:
        members["opening_until_us"] = loaded["opening_until"]
    return members


def retention_days(facts: Facts) -> int:
    """For how many days a private statement must be kept, under the policy in force."""
    return RETENTION_DAYS if facts.policy is None else int(facts.policy.policy["retention_days"])
