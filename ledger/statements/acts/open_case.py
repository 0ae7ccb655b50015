"""open-case: an authority takes up alerts, parties or lots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.lots import LotRecord
from ledger.records.oversight import AlertRecord, CaseRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Fault, Integer, Members, MemberSchema, PartyId, Text
from ledger.statements.acts.members import Code, unknown_parties
from ledger.statements.registers import Facts, Names

INVESTIGATORS: Final = ("authority", "regulator", "customs", "tax")


class AlertSchema(MemberSchema):
    """An alert: the entry at which it was opened, and its number there."""

    entry = Integer(required=True)
    number = Integer(required=True)


class OpenCaseSchema(MemberSchema):
    """What the case is about; at least one alert, party or lot. It may take up a closed case again."""

    case = Code(required=True)
    alerts = Each(Members(AlertSchema), load_default=())
    parties = Each(PartyId(), load_default=())
    lots = Each(Text(longest=1024), load_default=())
    reopens = Code()

    @validates_schema
    def _is_about_something(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not (data["alerts"] or data["parties"] or data["lots"]):
            raise ValidationError([Fault("case.subject", "a case names alerts, parties or lots")])


@dataclass(frozen=True)
class OpenCase(Act):
    """Opens a case. Those it is about do not read the act: an inquiry that is announced finds nothing."""

    name: ClassVar[str] = "open-case"
    schema: ClassVar[type[MemberSchema]] = OpenCaseSchema
    signers: ClassVar[tuple[str, ...]] = INVESTIGATORS

    case: str
    alerts: tuple[Mapping[str, int], ...] = ()
    parties: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    reopens: str | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties=set(self.parties))

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = list(self._alert_faults(facts))
        known = facts.books.get(CaseRecord, self.case)
        if known is not None:
            findings.insert(
                0,
                Finding(
                    "case.exists",
                    f"entry {known.opened_at} opened a case of this name",
                    "/case",
                    "Give the case a name of its own.",
                ),
            )
        findings.extend(self._earlier_faults(facts))
        named = {f"/parties/{place}": party for place, party in enumerate(self.parties)}
        return [*findings, *unknown_parties(facts, named), *unknown_lots(facts, self.lots, "/lots")]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        keys = tuple((alert["entry"], alert["number"]) for alert in self.alerts)
        for key in keys:
            alert = facts.books.get(AlertRecord, *key)
            assert alert is not None
            facts.books.put(replace(alert, case=self.case, changed_at=context.index))
        facts.books.put(
            CaseRecord(
                self.case,
                context.issuer,
                context.index,
                keys,
                self.parties,
                self.lots,
                reopens=self.reopens,
            )
        )

    def _earlier_faults(self, facts: Facts) -> Iterator[Finding]:
        """A case that is taken up again exists and is closed."""
        if self.reopens is None:
            return
        earlier = facts.books.get(CaseRecord, self.reopens)
        if earlier is None:
            detail = "no case of this name was opened"
            yield Finding("case.unknown", detail, "/reopens", "Correct its name.")
        elif earlier.closed_at is None:
            yield Finding("case.open", "that case is still open", "/reopens", "Go on with that case.")

    def _alert_faults(self, facts: Facts) -> Iterator[Finding]:
        for place, key in enumerate(self.alerts):
            alert = facts.books.get(AlertRecord, key["entry"], key["number"])
            if alert is None:
                code, detail = "alert.unknown", "no such alert was opened"
            elif alert.state != "open":
                code, detail = "alert.closed", f"the alert is closed: {alert.outcome}"
            elif alert.case:
                code, detail = "alert.case", f"the alert belongs to the case {alert.case}"
            else:
                continue
            yield Finding(code, detail, f"/alerts/{place}", "Name open alerts that belong to no case.")


def unknown_lots(facts: Facts, lots: tuple[str, ...], pointer: str) -> list[Finding]:
    """A finding for each lot that is not in the books."""
    return [
        Finding("lot.unknown", f"no lot {lot} is in the books", f"{pointer}/{place}", "Correct its name.")
        for place, lot in enumerate(lots)
        if facts.books.get(LotRecord, lot) is None
    ]
