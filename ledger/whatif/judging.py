"""One movement judged under one policy with its lists, by the rules themselves.

Decides: which rules run, what the books tell them, and what comes of a movement: refused, flagged, licensed
or passed. Rules see the effect as the entry booked it, which its journal tells; a refused movement booked
nothing, and is judged by the masses that it states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ledger.books.context import Effect, Recording
from ledger.controls.licences import licensed_mass
from ledger.controls.rule import Case, Notice, Rule
from ledger.controls.standing_alerts import opens
from ledger.controls.technology import naming_licence
from ledger.findings import Finding
from ledger.movements.movement import Movement
from ledger.provenance.as_of import lot_at
from ledger.records.books import Books
from ledger.records.lots import EventRecord, LotRecord, PostingRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.oversight import AlertRecord
from ledger.records.policy import ALWAYS, Policy
from ledger.statements.registers import Facts, PolicyRecord
from ledger.whatif.past import OwnAlerts, Past
from ledger.whatif.scenario import Scenario

REFUSED: Final = "refused"
FLAGGED: Final = "flagged"
LICENSED: Final = "licensed"
PASSED: Final = "passed"
OUTCOMES: Final = (REFUSED, FLAGGED, LICENSED, PASSED)
"""From the hardest to the mildest."""
WITH_STATEMENT: Final = "statement.refused"
"""In the place of a code: another movement of the same statement is refused, and it stands or falls whole."""


class Found(NamedTuple):
    """What the record says of an entry's movement: codes of its alerts, or why it was refused."""

    refused: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of a movement.

    Attributes:
        refused, flagged: The codes, sorted.
        licensed_mg: Gross mass that needs a licence and has it; 0 where it is refused.
        licensed: Whether it is technology that needs a licence and has it: it has no mass.
        findings: What the rules that were run say.
    """

    refused: tuple[str, ...]
    flagged: tuple[str, ...]
    licensed_mg: int = 0
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    licensed: bool = False

    @property
    def outcome(self) -> str:
        """One of ``OUTCOMES``."""
        if self.refused:
            return REFUSED
        if self.flagged:
            return FLAGGED
        return LICENSED if self.licensed_mg or self.licensed else PASSED


@dataclass(frozen=True, slots=True)
class Seen:
    """A movement where it stands.

    Attributes:
        movement: What was recorded, or refused.
        index: Its entry; of a refused one the index that it was judged for.
        position: Its place in the statement.
        recorded_at_us: The entry's time.
        issuer: Who signed.
        facts: The registers before it.
        now: The tables.
        folded: What was folded so far.
        booked: Whether it is an entry's.
        products: Product codes of lots that were read ahead.
    """

    movement: Movement
    index: int
    position: int
    recorded_at_us: int
    issuer: str
    facts: Facts
    now: Books
    folded: Books
    booked: bool = True
    products: Mapping[str, str] = field(default_factory=dict)


class World:
    """One side of the comparison: a scenario over what was in force.

    Attributes:
        scenario: What it puts in place of what was.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._policies: tuple[PolicyRecord, Policy] | None = None
        self.alerts = OwnAlerts()

    def policy(self, record: PolicyRecord) -> Policy:
        """The policy where this one was in force."""
        if self._policies is None or self._policies[0] != record:
            self._policies = (record, self.scenario.policy(record.policy))
        return self._policies[1]

    def case(self, seen: Seen, effect: Effect) -> Case:
        """The movement with the books of this side, as rules take it."""
        assert seen.facts.policy is not None
        at = seen.index if seen.booked else seen.index - 1
        past = Past(seen.now, seen.folded, self.scenario.books, at, self.alerts)
        recording = Recording(
            index=seen.index,
            recorded_at_us=seen.recorded_at_us,
            issuer=seen.issuer,
            policy=self.policy(seen.facts.policy),
            facts=seen.facts,
            books=Books(past),
        )
        return Case(seen.movement, recording, effect)

    def judge(self, seen: Seen, effect: Effect, rules: Sequence[Rule], found: Found) -> Verdict:
        """What comes of a movement here.

        Args:
            seen: The movement.
            effect: What it booked.
            rules: Those that are judged again.
            found: What the record says of all other rules.
        """
        case = self.case(seen, replace(effect, workings={}))  # worked out by this side's policy
        policy = case.recording.policy
        refused: set[str] = {code for code in found.refused if _treats(policy, code) == "reject"}
        flagged = {code for code in found.refused if _treats(policy, code) == "flag"}
        for code in found.flagged:
            action = policy.action(code)
            if action != "off":
                (refused if action == "reject" else flagged).add(code)
        findings: list[Finding] = []
        for rule in rules:
            if seen.movement.kind not in rule.movements or policy.off.issuperset(rule.codes):
                continue
            for each in rule.judge(case):
                code = each.finding.code
                if policy.action(code) == "off" and code not in ALWAYS:
                    continue
                findings.append(each.finding)
                if _refuses(each, policy):
                    refused.add(code)
                    continue
                if opens(case.recording.books, each):
                    flagged.add(code)
                    self._open(each, seen)
        if refused:
            return Verdict(tuple(sorted(refused)), tuple(sorted(flagged)), 0, tuple(findings))
        kind, licensed_mg = seen.movement.kind if seen.movement.licence else "", 0
        if kind == "export":
            licensed_mg = licensed_mass(case)
        licensed = kind == "impart" and naming_licence(case) != ""
        return Verdict((), tuple(sorted(flagged)), licensed_mg, tuple(findings), licensed)

    def _open(self, notice: Notice, seen: Seen) -> None:
        finding = notice.finding
        self.alerts.open(
            AlertRecord(
                entry_index=seen.index,
                number=0,
                code=finding.code,
                party=seen.issuer,
                site="",
                subject=notice.subject,
                position=seen.position,
                event_time_us=seen.movement.event_time_us,
                detail="",
                mend="",
                evidence={},
                told=False,
            )
        )


def _treats(policy: Policy, code: str) -> str:
    """What becomes of a recorded reason to refuse; what no policy can soften stays one."""
    return "reject" if code in ALWAYS or code not in policy.actions else policy.action(code)


def _refuses(notice: Notice, policy: Policy) -> bool:
    code = notice.finding.code
    if code in ALWAYS:
        return True
    if notice.severe:
        return code not in policy.softened
    return policy.action(code) == "reject"


def effect_of(seen: Seen) -> Effect:
    """What an entry's movement booked, from its journal; of a refused one, what it states."""
    effect = Effect()
    movement, now = seen.movement, seen.now
    consignor = movement.custodian_from or seen.issuer
    if not seen.booked:
        effect.lines = [
            ShipmentLineRecord(consignor, movement.event_id, line.lot, line.mass_mg or 0, 0, 0)
            for line in movement.inputs
        ]
        if movement.kind == "cancel" and movement.corrects:
            effect.postings = _undoing(seen)
        return effect
    effect.postings = now.group(PostingRecord, "event", seen.index, seen.position)
    shipment = now.get(ShipmentRecord, consignor, movement.event_id)
    if shipment is not None and shipment.entry_index == seen.index:
        effect.shipments = [shipment]
        effect.lines = now.group(ShipmentLineRecord, "shipment", consignor, movement.event_id)
    if movement.kind == "import":
        effect.born = born_of(seen)
    return effect


def _undoing(seen: Seen) -> list[PostingRecord]:
    """The lines by which a refused correction of a cancellation would have let its shipment travel again."""
    event = seen.now.get(EventRecord, seen.issuer, seen.movement.corrects)
    if event is None or event.entry_index >= seen.index:
        return []
    lines = seen.now.group(PostingRecord, "event", event.entry_index, event.position)
    return [replace(each, mass_mg=-each.mass_mg) for each in lines if each.line >= event.first_line]


def born_of(seen: Seen) -> list[LotRecord]:
    """The lots that a recorded movement bore."""
    found = (lot_at(seen.now, line.lot, seen.index) for line in seen.movement.outputs)
    return [lot for lot in found if lot is not None and lot.entry_index == seen.index]


def goods_of(effect: Effect) -> Mapping[str, int]:
    """The gross mass in mg of each lot that a movement is about: what was sent, or else what it moved."""
    if effect.lines:
        return {line.lot: line.sent_mg for line in effect.lines}
    masses: dict[str, int] = {}
    for posting in effect.postings:
        if posting.lot and posting.account == "holding":
            masses[posting.lot] = max(masses.get(posting.lot, 0), abs(posting.mass_mg))
    return masses


def product_of(seen: Seen, name: str) -> str:
    """A lot's product code, or "" where nobody says."""
    known = seen.products.get(name)
    if known is not None:
        return known
    lot = seen.now.get(LotRecord, name)
    return "" if lot is None else lot.product
