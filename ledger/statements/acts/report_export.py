"""report-export: what became of an export: it left, arrived, was installed, is used."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from ledger.findings import Finding
from ledger.records.oversight import NO_ARRIVAL, DueRecord, LicenceRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, OneOf, Text, Time, Uri
from ledger.statements.acts.licences import SETTLED, unknown_licence
from ledger.statements.acts.members import party_or_role_faults
from ledger.statements.registers import Facts, Names

STEPS: Final = ("shipment", "arrival", "installation", "use")
"""Source: dual-use items export regulation (2024)."""


class ReportExportSchema(MemberSchema):
    """Which step of which export under which licence; ``shipment`` is the export's event id."""

    licence = Uri(required=True)
    shipment = Text(longest=1024, required=True)
    step = OneOf(STEPS, required=True)
    occurred = Time(required=True)


@dataclass(frozen=True)
class ReportExport(Act):
    """Reports one step of an export; each once, in their order, though steps may be left out."""

    name: ClassVar[str] = "report-export"
    schema: ClassVar[type[MemberSchema]] = ReportExportSchema
    signers: ClassVar[tuple[str, ...]] = ("exporter",)

    licence: str
    shipment: str
    step: str
    occurred: int

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        record = facts.books.get(LicenceRecord, self.licence)
        holders = [] if record is None else [record.exporter]
        return party_or_role_faults(self, context, facts, holders, self.signers if record is None else ())

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        record = facts.books.get(LicenceRecord, self.licence)
        if record is None:
            return [unknown_licence()]
        findings = []
        if self.shipment not in record.shipments:
            findings.append(
                Finding(
                    "report.shipment",
                    "no export of this name drew on the licence",
                    "/shipment",
                    "Record the export first, or name it by its event id.",
                )
            )
        before = record.reported.get(self.shipment, ())
        last = max(map(STEPS.index, before), default=-1)
        if STEPS.index(self.step) <= last:
            findings.append(
                Finding(
                    "report.step",
                    f"{STEPS[last]} was reported before",
                    "/step",
                    "Report the next step: shipment, arrival, installation, use.",
                    {"reported": list(before)},
                )
            )
        if self.occurred > context.recorded_at_us:
            findings.append(
                Finding("report.future", "the step lies in the future", "/occurred", "Report it then.")
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        record = facts.books.get(LicenceRecord, self.licence)
        assert record is not None
        steps = (*record.reported.get(self.shipment, ()), self.step)
        facts.books.put(replace(record, reported={**record.reported, self.shipment: steps}))
        due = facts.books.get(DueRecord, NO_ARRIVAL, f"shipment:{record.exporter} {self.shipment}")
        if due is not None and self.step != "shipment" and due.bucket != SETTLED:
            facts.books.put(replace(due, bucket=SETTLED))
