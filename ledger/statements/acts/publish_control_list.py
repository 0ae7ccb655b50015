"""publish-control-list: which goods need an export licence, from when to when, as dated data."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.materials.catalogue import STAGES
from ledger.materials.hs_codes import FORMS
from ledger.records.oversight import ControlListRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import (
    Checked,
    Each,
    Fault,
    Members,
    MemberSchema,
    OneOf,
    Text,
    Time,
)
from ledger.statements.acts.members import REGULATORS, Code, DecimalText, Elements, Truth, ends_after_start
from ledger.statements.registers import Facts, Names

_SELECTING: Final = ("product", "hs_code", "stage", "form", "control_ref", "elements", "technology")


TERRITORIES: Final = ("home", "abroad", "anywhere")
"""From where an export leaves that a list is about: the authority's country, elsewhere, or both."""
BASES: Final = ("reo", "value")
"""Of what a content share is one: of the REO in the goods, or of what they were sold for."""


def _is_hs_code(text: str) -> bool:
    return 4 <= len(text) <= 10 and text.isascii() and text.isdigit()


class ItemSchema(MemberSchema):
    """Goods of which everything that is stated holds, or a technology by its code alone.

    ``elements`` are met by any of them, each at ``least_share`` of REO or more; ``hs_code`` may be the
    beginning of one.
    """

    product = Code()
    hs_code = Checked(_is_hs_code, "commodity code of 4 to 10 digits")
    stage = OneOf(STAGES)
    form = OneOf(FORMS)
    control_ref = Code()
    elements = Each(Elements(), fewest=1)
    least_share = DecimalText(most="1")
    technology = Code()

    @validates_schema
    def _selects(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "technology" in data and len(data) > 1:
            raise ValidationError([Fault("control-list.item", "a technology is no goods: it stands alone")])
        if not set(_SELECTING) & set(data):
            raise ValidationError([Fault("control-list.item", "an item says which goods are meant")])
        if "least_share" in data and "elements" not in data:
            raise ValidationError(
                [Fault("control-list.item", "a least share is one of elements")], "least_share"
            )


class CaseSchema(MemberSchema):
    """An end use that is decided case by case: its code, and from or up to which figure."""

    end_use = Code(required=True)
    least = DecimalText()
    most = DecimalText()

    @validates_schema
    def _limits(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "least" in data and "most" in data and Fraction(data["least"]) > Fraction(data["most"]):
            raise ValidationError([Fault("schema.value", "the least figure is above the most")], "least")


class ConditionsSchema(MemberSchema):
    """What a list demands of its goods, from where, and where that is written."""

    needs_licence = Truth()
    exports_from = OneOf(TERRITORIES)
    foreign_content_share = DecimalText(most="1")
    content_basis = OneOf(BASES)
    refuses_military = Truth()
    affiliate_share = DecimalText(most="1")
    case_by_case = Each(Members(CaseSchema), fewest=1)
    prohibits = Truth()
    technology_products = Truth()
    source = Text(longest=1024)
    verified = Truth()


class PublishControlListSchema(MemberSchema):
    """A list, whole: it is in force in [start, end), open without ``end``."""

    control_list = Code(required=True)
    start = Time(required=True)
    end = Time()
    items = Each(Members(ItemSchema), required=True)
    conditions = Members(ConditionsSchema)

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data)


@dataclass(frozen=True)
class PublishControlList(Act):
    """Publishes a list anew, also to suspend it; of the versions that have begun the newest counts."""

    name: ClassVar[str] = "publish-control-list"
    schema: ClassVar[type[MemberSchema]] = PublishControlListSchema
    signers: ClassVar[tuple[str, ...]] = REGULATORS

    control_list: str
    start: int
    items: tuple[Mapping[str, Any], ...]
    conditions: Mapping[str, Any] | None = None
    end: int | None = None

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        return []

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        items = tuple(_plain(item) for item in self.items)
        facts.books.put(
            ControlListRecord(
                self.control_list, context.index, self.start, self.end, items, _plain(self.conditions or {})
            )
        )


def _plain(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members in JSON's types."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in members.items()}
