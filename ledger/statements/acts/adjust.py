"""adjust: the books of a holding or a pool are set to what is there; or a found gap may be drawn.

Decides: who may, and what it does to the books: the rest goes to differences, so the conservation identity
holds. Every line is posted with position -1, for an act has no events.

A regulator adjusts anything. A party adjusts a holding of its own by 0.5 % of its throughput at most, all its
own adjustments of that lot together, wherever it has it; this opens the alert ``stock.difference``. More than
the lot's mass never passes through a holding: what was sent, taken back and sent again counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.cells import UNEXPLAINED, Cell, apportion, element_masses, total
from ledger.records.gaps import released
from ledger.records.lots import (
    EdgeRecord,
    HoldingRecord,
    LotRecord,
    PoolRecord,
    PostingRecord,
)
from ledger.records.oversight import AlertRecord
from ledger.records.own_cases import put_alert
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Fault, Members, MemberSchema, OneOf, PartyId, Text, Uri
from ledger.statements.acts.members import (
    REGULATORS,
    ByElement,
    Mass,
    let_read,
    party_or_role_faults,
    policy_in_force,
)
from ledger.statements.registers import Facts, Names

REASONS: Final = ("stocktake", "weighing", "assay", "drying", "spillage", "book-error", "inspection")
POSITION: Final = -1
OWN: Final = "adjust:own"
OFFICIAL: Final = "adjust"
NODE_SHIFT: Final = 20
DIFFERENCE: Final = "stock.difference"


class HoldingSchema(MemberSchema):
    """A holding, and the gross mass that is there."""

    lot = Text(longest=1024, required=True)
    owner = PartyId(required=True)
    custodian = PartyId(required=True)
    site = Uri(required=True)
    counted = Mass(least=0, required=True)


class PoolSchema(MemberSchema):
    """A pool, and the REO of some elements that is there."""

    pool = Text(longest=1024, required=True)
    measured = ByElement(required=True)


class GapSchema(MemberSchema):
    """A pool, and how much of what a close found beyond the books may be drawn."""

    pool = Text(longest=1024, required=True)
    released = ByElement(required=True)


class AdjustSchema(MemberSchema):
    """Exactly one of a holding, a pool and a gap."""

    reason = OneOf(REASONS, required=True)
    holding = Members(HoldingSchema)
    pool = Members(PoolSchema)
    gap = Members(GapSchema)

    @validates_schema
    def _adjusts_one_thing(self, data: dict[str, Any], **kwargs: Any) -> None:
        if len({"holding", "pool", "gap"} & set(data)) != 1:
            raise ValidationError([Fault("adjust.subject", "name a holding, a pool or a gap: one of them")])


@dataclass(frozen=True)
class Adjust(Act):
    """Sets the books to what is there."""

    name: ClassVar[str] = "adjust"
    schema: ClassVar[type[MemberSchema]] = AdjustSchema
    signers: ClassVar[tuple[str, ...]] = REGULATORS

    reason: str
    holding: Mapping[str, Any] | None = None
    pool: Mapping[str, Any] | None = None
    gap: Mapping[str, Any] | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.holding["owner"], self.holding["custodian"]} if self.holding else set())

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        own = [self.holding["custodian"]] if self.holding else []
        return party_or_role_faults(self, context, facts, own, self.signers)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        if self.holding is not None:
            return self._holding_faults(self.holding, context, facts)
        named = self.pool if self.pool is not None else self.gap
        assert named is not None
        pool = facts.books.get(PoolRecord, named["pool"])
        if pool is None:
            place = "/pool/pool" if self.pool is not None else "/gap/pool"
            return [
                Finding("pool.unknown", "nothing was ever fed into this pool", place, "Correct its name.")
            ]
        if self.gap is None:
            return []
        return [
            Finding(
                "adjust.gap",
                f"{pool.blocked.get(element, 0)} mg of {element} are blocked",
                f"/gap/released/{element}",
                "Release what a close found beyond the books, or less.",
                {"blocked_mg": pool.blocked.get(element, 0)},
            )
            for element, mass_mg in self.gap["released"].items()
            if mass_mg > pool.blocked.get(element, 0)
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        books = facts.books
        if self.holding is not None:
            own = not self._is_official(context, facts)
            held = _holding(books, self.holding)
            lot = books.get(LotRecord, self.holding["lot"])
            assert held is not None
            assert lot is not None
            changed = self.holding["counted"] - held.mass_mg
            adjust_holding(books, lot, held, self.holding["counted"], context, OWN if own else OFFICIAL)
            if own:
                _alert(facts, context, held, changed)
            let_read(facts, context, [held.owner, held.custodian])
            return
        named = self.pool if self.pool is not None else self.gap
        assert named is not None
        pool = books.get(PoolRecord, named["pool"])
        assert pool is not None
        if self.pool is not None:
            adjust_pool(books, pool, self.pool["measured"], context)
        else:
            release_gap(books, pool, named["released"], context)
        let_read(facts, context, [pool.custodian, *pool.owners])

    def _holding_faults(self, stated: Mapping[str, Any], context: ActContext, facts: Facts) -> list[Finding]:
        held = _holding(facts.books, stated)
        lot = facts.books.get(LotRecord, stated["lot"])
        if held is None or lot is None or lot.voided_at is not None:
            return [
                Finding(
                    "holding.unknown",
                    "no such holding is in the books",
                    "/holding",
                    "Correct lot, owner, custodian or site, or record how it came there.",
                )
            ]
        changed = stated["counted"] - held.mass_mg
        findings = []
        if changed == 0:
            findings.append(
                Finding("adjust.nothing", "the books say the same", "/holding/counted", "Nothing is to do.")
            )
        if lot.instance and stated["counted"] not in (0, lot.mass_mg):
            findings.append(
                Finding(
                    "lot.indivisible",
                    f"it is one thing of {lot.mass_mg} mg: there or not",
                    "/holding/counted",
                    "State its whole mass, or 0.",
                )
            )
        if not self._is_official(context, facts):
            findings.extend(_own_faults(lot, held, changed, facts))
        return findings

    def _is_official(self, context: ActContext, facts: Facts) -> bool:
        issuer = facts.parties.get(context.issuer)
        return issuer is not None and bool(set(self.signers) & set(issuer.roles))


def adjust_holding(
    books: Books, lot: LotRecord, held: HoldingRecord, counted_mg: int, context: ActContext, reference: str
) -> None:
    """Sets a holding to a mass; what it contained more or less is a difference."""
    changed = counted_mg - held.mass_mg
    books.put(
        replace(
            held,
            mass_mg=counted_mg,
            provisional_mg=min(held.provisional_mg, counted_mg),
            changed_at=context.index,
        )
    )
    contained = {
        element: Fraction(cell_mg * changed, lot.mass_mg)
        for element, cell_mg in element_masses(lot.cells).items()
    }
    line = PostingRecord(
        entry_index=context.index,
        position=POSITION,
        line=0,
        account="holding",
        lot=lot.lot,
        pool="",
        owner=held.owner,
        custodian=held.custodian,
        site=held.site,
        event_time_us=context.recorded_at_us,
        mass_mg=changed,
        reference=reference,
    )
    books.put(line)
    books.put(_difference(line, contained))


def adjust_pool(books: Books, pool: PoolRecord, measured: Mapping[str, int], context: ActContext) -> None:
    """Makes a pool's next version, with some elements as measured; what came or went is a difference.

    What is more has the origin ``unexplained`` and may be drawn: a regulator has seen it. What is less is
    taken from all origins alike.
    """
    cells = {cell: mass_mg for cell, mass_mg in pool.cells.items() if cell[0] not in measured}
    changed: dict[str, Fraction] = {}
    for element, mass_mg in measured.items():
        own = {cell: held for cell, held in pool.cells.items() if cell[0] == element}
        before = total(own)
        if mass_mg <= before:
            own = apportion(mass_mg, own)
        else:
            cell = (element, UNEXPLAINED, _status(pool))
            own[cell] = own.get(cell, 0) + mass_mg - before
        cells.update(own)
        changed[element] = Fraction(mass_mg - before)
    blocked = _still_blocked(pool, cells)
    _put_version(
        books, replace(pool, cells=cells, owners=_owners(pool, total(cells)), blocked=blocked), context
    )
    line = PostingRecord(
        entry_index=context.index,
        position=POSITION,
        line=0,
        account="pool",
        lot="",
        pool=pool.pool,
        owner="",
        custodian=pool.custodian,
        site=pool.site,
        event_time_us=context.recorded_at_us,
        mass_mg=0,
        contained=_texts(changed),
        reference=OFFICIAL,
    )
    books.put(line)
    books.put(_difference(line, changed))


def release_gap(books: Books, pool: PoolRecord, masses_mg: Mapping[str, int], context: ActContext) -> None:
    """Makes a pool's next version, of which so much of what a close found beyond the books may be drawn.

    Nothing moves, so there is nothing to post. It is a version all the same: what an event changed is what
    its version has other than the one before, and a later correction must not block again what is released.
    """
    _put_version(books, released(pool, masses_mg), context)


def _put_version(books: Books, changed: PoolRecord, context: ActContext) -> None:
    """Puts what an act made of a pool as its next version. One that holds nothing is not tainted."""
    after = replace(
        changed,
        version=changed.version + 1,
        node=context.index << NODE_SHIFT,
        tainted_by=changed.tainted_by if any(changed.cells.values()) else None,
    )
    books.put(after)
    books.put(
        after.as_version(
            "adjust", entry_index=context.index, position=POSITION, event_time_us=context.recorded_at_us
        )
    )
    books.put(EdgeRecord(after.node, changed.node, context.index))


def _own_faults(lot: LotRecord, held: HoldingRecord, changed: int, facts: Facts) -> list[Finding]:
    """Why a party may not adjust a holding of its own by so much."""
    policy = policy_in_force(facts)
    throughput = adjusted = 0
    for posting in facts.books.group(PostingRecord, "lot", held.lot):
        if posting.account != "holding" or posting.custodian != held.custodian:
            continue
        if posting.reference == OWN:
            adjusted += abs(posting.mass_mg)
        elif posting.mass_mg > 0 and posting.reference != OFFICIAL and _is_of(posting, held):
            throughput += posting.mass_mg
    throughput = min(throughput, lot.mass_mg)
    share = policy.thresholds["adjust.own_share"]
    if adjusted + abs(changed) > share * throughput:
        return [
            Finding(
                "adjust.regulator",
                f"a party adjusts {float(share):.2%} of its throughput at most; this would come to "
                f"{adjusted + abs(changed)} mg of {throughput} mg",
                "/holding/counted",
                "Have a regulator adjust it.",
                {"adjusted_mg": adjusted, "throughput_mg": throughput},
            )
        ]
    if policy.action(DIFFERENCE) == "reject":
        return [
            Finding(
                DIFFERENCE,
                "policy lets no party adjust its own stock",
                "/holding/counted",
                "Have a regulator adjust it.",
            )
        ]
    return []


def _alert(facts: Facts, context: ActContext, held: HoldingRecord, changed: int) -> None:
    policy = policy_in_force(facts)
    if policy.action(DIFFERENCE) == "off":
        return
    number = 0
    while facts.books.get(AlertRecord, context.index, number) is not None:
        number += 1
    put_alert(
        facts.books,
        AlertRecord(
            entry_index=context.index,
            number=number,
            code=DIFFERENCE,
            party=held.custodian,
            site=held.site,
            subject=f"lot:{held.lot}",
            position=POSITION,
            event_time_us=context.recorded_at_us,
            detail=f"{held.custodian} adjusted its stock of {held.lot} by {changed} mg",
            mend="Count the stock, and find where the difference arose.",
            evidence={"changed_mg": changed, "book_mg": held.mass_mg},
            told=policy.tells.get(DIFFERENCE, False),
        ),
    )


def _holding(books: Books, stated: Mapping[str, Any]) -> HoldingRecord | None:
    return books.get(HoldingRecord, stated["lot"], stated["owner"], stated["custodian"], stated["site"])


def _is_of(posting: PostingRecord, held: HoldingRecord) -> bool:
    return (posting.owner, posting.custodian, posting.site) == (held.owner, held.custodian, held.site)


def _difference(line: PostingRecord, came: Mapping[str, Fraction]) -> PostingRecord:
    """The line that meets one: positive where stock fell."""
    contained = _texts({element: -mass for element, mass in came.items()})
    return replace(line, line=1, account="difference", lot="", mass_mg=0, contained=contained)


def _texts(masses: Mapping[str, Fraction]) -> dict[str, str]:
    return {element: str(mass) for element, mass in sorted(masses.items()) if mass}


def _status(pool: PoolRecord) -> str:
    """The status that most of a pool has."""
    statuses: dict[str, int] = {}
    for (_, _, status), mass_mg in pool.cells.items():
        statuses[status] = statuses.get(status, 0) + mass_mg
    return max(sorted(statuses), key=lambda name: statuses[name], default="domestic")


def _owners(pool: PoolRecord, total_mg: int) -> dict[str, int]:
    """What each owner has of a new total: as much of it as before."""
    weights: dict[Cell, int] = {(owner, "", ""): mass_mg for owner, mass_mg in pool.owners.items()}
    if not sum(weights.values()):
        return {pool.custodian: total_mg} if total_mg else {}
    return {owner: mass_mg for (owner, _, _), mass_mg in apportion(total_mg, weights).items()}


def _still_blocked(pool: PoolRecord, cells: Mapping[Cell, int]) -> dict[str, int]:
    """Blocked gaps, as far as the pool still holds what they are."""
    held = element_masses({cell: mass_mg for cell, mass_mg in cells.items() if cell[1] == UNEXPLAINED})
    blocked = {element: min(mass_mg, held.get(element, 0)) for element, mass_mg in pool.blocked.items()}
    return {element: mass_mg for element, mass_mg in blocked.items() if mass_mg}
