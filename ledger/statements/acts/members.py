"""Members that the acts on goods and licences share, and what they ask of parties and names.

Decides: the form of masses, decimal texts, dates and codes; who signs for whom; under whose prefix a name
lies; who may read a private act.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from marshmallow import ValidationError

from ledger.findings import Finding
from ledger.materials.elements import ELEMENTS
from ledger.materials.units import MASS_UNITS, to_mg
from ledger.records.books import Books
from ledger.records.oversight import DelegationRecord
from ledger.records.policy import Policy, read_policy
from ledger.statements.acts.base import Act, ActContext, forbidden_signer
from ledger.statements.acts.countries import is_country
from ledger.statements.acts.fields import (
    MAX_INTEGER,
    Checked,
    Fault,
    OneOf,
    StrictField,
    Text,
    refuse,
)
from ledger.statements.acts.prefixes import is_under
from ledger.statements.registers import Facts, ReaderRecord
from ledger.statements.standing import party_fault
from ledger.strict_json import JsonNumber

REGULATORS: Final = ("authority", "regulator")
"""Who decides on quotas, licences and lists."""

MAX_CODE_CHARACTERS: Final = 100
_DECIMAL = re.compile(r"(?:0|[1-9]\d{0,17})(?:\.\d{1,9})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


class DecimalText(Text):
    """A decimal number that is not negative, as text: exact in every language. Loads as that text."""

    def __init__(self, *, least: str = "0", most: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = Fraction(least)
        self.most = None if most is None else Fraction(most)

    def check(self, value: str) -> str:
        if _DECIMAL.fullmatch(value) is None:
            raise refuse("schema.value", f"{value!r} is no decimal number", 'Write it like "4.5".')
        number = Fraction(value)
        if number < self.least or (self.most is not None and number > self.most):
            end = "" if self.most is None else f" to {float(self.most):g}"
            raise refuse("schema.value", f"the number must lie in {float(self.least):g}{end}")
        return value


class Code(Text):
    """A short code: letters, digits and . _ : / - after the first of them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=MAX_CODE_CHARACTERS, **kwargs)

    def check(self, value: str) -> str:
        if _CODE.fullmatch(value) is None:
            raise refuse("schema.value", f"{value!r} is no code", "Write letters, digits and . _ : / - only.")
        return value


class Country(Checked):
    """An assigned ISO 3166-1 alpha-2 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(is_country, "assigned ISO 3166-1 alpha-2 code", **kwargs)


class Currency(Checked):
    """Three capital letters, as in ISO 4217."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_is_currency, "currency of three capital letters (ISO 4217)", **kwargs)


class Date(Text):
    """An ISO 8601 date. Loads as its text."""

    def check(self, value: str) -> str:
        try:
            if _DATE.fullmatch(value) is None:
                raise ValueError("another form")
            date.fromisoformat(value)
        except ValueError:
            raise refuse("schema.value", f"{value!r} is no date", "Write it like 2026-10-01.") from None
        return value


class Truth(StrictField):
    """``true`` or ``false``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise refuse("schema.type", "true or false is needed")
        return value


class Mass(StrictField):
    """``{"quantity": 1000.5, "uom": "KGM"}``, as in EPCIS; loads as whole milligrams.

    Args:
        least: The least mass in mg.
    """

    def __init__(self, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, Mapping):
            raise refuse("schema.type", "an object with quantity and uom is needed")
        if set(value) != {"quantity", "uom"}:
            raise refuse("schema.value", "a mass has exactly the members quantity and uom")
        quantity, uom = value["quantity"], value["uom"]
        if isinstance(quantity, bool) or not isinstance(quantity, JsonNumber | int):
            raise ValidationError({"quantity": [Fault("schema.type", "a number is needed")]})
        if not isinstance(uom, str) or uom not in MASS_UNITS:
            detail = f"{uom!r} is no unit of mass"
            raise ValidationError({"uom": [Fault("schema.value", detail, "Write KGM, TNE, GRM or MGM.")]})
        mass_mg = to_mg(quantity, uom) if quantity >= 0 else -1
        if not self.least <= mass_mg <= MAX_INTEGER:
            detail = f"the mass must lie in {self.least} to {MAX_INTEGER} mg"
            raise ValidationError({"quantity": [Fault("schema.value", detail)]})
        return mass_mg


class ByElement(StrictField):
    """An object of masses by element; loads as whole milligrams of REO by element."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, int]:
        if not isinstance(value, Mapping):
            raise refuse("schema.type", "an object of masses by element is needed")
        if not value:
            raise refuse("schema.value", "at least one element is needed")
        loaded: dict[str, int] = {}
        faults: dict[str, Any] = {}
        for symbol, member in value.items():
            if symbol not in ELEMENTS:
                faults[symbol] = [Fault("schema.value", f"{symbol!r} is no rare-earth element")]
                continue
            try:
                loaded[str(symbol)] = int(Mass(least=0).deserialize(member) or 0)
            except ValidationError as error:
                faults[symbol] = error.messages
        if faults:
            raise ValidationError(faults)
        return loaded


class Elements(OneOf):
    """The symbol of a rare-earth element."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(tuple(ELEMENTS), **kwargs)


def ends_after_start(data: Mapping[str, Any], start: str = "start", end: str = "end") -> None:
    """Refuses a span that ends before it starts.

    Raises:
        ValidationError: It does.
    """
    if end in data and data[end] <= data.get(start, 0):
        raise ValidationError([Fault("schema.value", "the span ends after it starts")], end)


def share_of(percent: str) -> str:
    """A percentage as a share, in decimal text."""
    return format(Decimal(percent).scaleb(-2), "f")


def policy_in_force(facts: Facts) -> Policy:
    """The policy in force as the rules read it; the defaults before genesis."""
    return read_policy({"rule_set": 1} if facts.policy is None else facts.policy.policy)


def unknown_parties(facts: Facts, named: Mapping[str, str]) -> list[Finding]:
    """A finding for each party that was never admitted.

    Args:
        facts: The registers.
        named: Parties by the pointer at which the act names them.
    """
    return [
        Finding("party.unknown", f"{party} was never admitted", pointer, "Ask an authority to admit it.")
        for pointer, party in named.items()
        if party not in facts.parties
    ]


def signs_for(books: Books, signer: str, party: str, at_us: int) -> bool:
    """Whether a party may sign for another at a moment: it is the same one, or a delegation is in force."""
    if signer == party:
        return True
    delegation = books.get(DelegationRecord, party, signer)
    return (
        delegation is not None
        and delegation.starts_us <= at_us
        and (delegation.ends_us is None or at_us < delegation.ends_us)
    )


def party_or_role_faults(
    act: Act, context: ActContext, facts: Facts, parties: Iterable[str], roles: Iterable[str]
) -> list[Finding]:
    """Why the issuer may not sign an act that one of some parties, or a party with one of some roles, signs.

    Args:
        act: The act.
        context: Where it stands.
        facts: The registers and books.
        parties: Who may sign it, or have it signed by a filing agent.
        roles: Which roles may sign it for anyone.
    """
    issuer = facts.parties.get(context.issuer)
    at_us = context.recorded_at_us
    own = any(signs_for(facts.books, context.issuer, party, at_us) for party in parties)
    if issuer is None or not (own or set(roles) & set(issuer.roles)):
        return [forbidden_signer(act.name, act.signers)]
    fault = party_fault(issuer, at_us)
    return [] if fault is None else [fault]


def foreign_name(facts: Facts, party: str, name: str, pointer: str) -> list[Finding]:
    """A finding where a name lies under none of a party's prefixes."""
    if any(record.party == party and is_under(record.prefix, name) for record in facts.prefixes.values()):
        return []
    return [
        Finding(
            "name.foreign",
            f"{name} lies under none of the prefixes that are bound to {party}",
            pointer,
            "Make the name from a prefix of your own (admit-party binds them).",
            {"party": party},
        )
    ]


def let_read(facts: Facts, context: ActContext, parties: Iterable[str]) -> None:
    """Makes parties readers of a private act; its issuer is one already."""
    for party in sorted({*parties} - {context.issuer, ""}):
        facts.put(ReaderRecord(context.index, party))
