"""Who may do what, where, and under which names: ``actor.unlisted``, ``actor.role``, ``name.foreign``.

Decides: which role may record which movement and bring forth goods of which stage. Source: Regulation 785
articles 8 and 11 (only published firms mine, separate and smelt; recyclers recycle); the table of roles is
our own reading of it, in docs/rules.md.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.clock import format_time_us
from ledger.controls.fed import stages_fed
from ledger.controls.naming import prefix_owner
from ledger.controls.noticing import actor_of, acts_for, listed, notice, roles_of
from ledger.controls.rule import Case, Notice, rule
from ledger.records.lots import LotRecord, PoolRecord
from ledger.statements.standing import is_listed

PROCESSORS: Final = ("miner", "separator", "smelter", "magnet_maker", "recycler")
HOLDERS: Final = (*PROCESSORS, "trader", "exporter", "importer", "warehouse", "reserve", "user")
HANDLERS: Final = (*HOLDERS, "carrier")
OFFICES: Final = ("regulator", "customs", "authority")

MAY: Final[Mapping[str, tuple[str, ...]]] = {
    "opening": HOLDERS,
    "extract": ("miner", "recycler", "user"),
    "process": (*PROCESSORS, "trader", "exporter", "warehouse", "reserve"),
    "feed": (*PROCESSORS, "trader", "warehouse", "reserve"),
    "draw": (*PROCESSORS, "trader", "warehouse", "reserve"),
    "close": (*PROCESSORS, "trader", "warehouse", "reserve"),
    "ship": HANDLERS,
    "receive": HANDLERS,
    "cancel": HANDLERS,
    "refuse": HANDLERS,
    "return": HANDLERS,
    "transfer": HOLDERS,
    "export": ("exporter",),
    "disclose": HANDLERS,
    "impart": (*HOLDERS, "laboratory"),
    "import": tuple(role for role in HOLDERS if role != "user"),
    "release": HOLDERS,
    "pack": HANDLERS,
    "unpack": HANDLERS,
    "assay": (*HANDLERS, *OFFICES, "laboratory", "auditor"),
    "stocktake": (*HANDLERS, *OFFICES, "auditor"),
    "lose": (*HANDLERS, *OFFICES),
    "dispose": (*HANDLERS, *OFFICES),
    "destroy": (*HANDLERS, *OFFICES),
}
"""Which roles may record a movement of each kind; one of them is enough."""

MAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "miner": ("ore", "concentrate", "mixed_compound"),
    "separator": ("concentrate", "mixed_compound", "separated_compound"),
    "smelter": ("separated_compound", "metal", "alloy"),
    "magnet_maker": ("metal", "alloy", "magnet"),
    "recycler": ("mixed_compound", "separated_compound", "metal", "alloy"),
}
"""Stages that a role may bring forth in a process or a pool. Anyone who works goods may also make scrap, and
the stage that went in (repacking, blending)."""

MINES: Final = ("ore", "concentrate", "mixed_compound")
"""Stages that come out of the ground: what is finer is made by a process or a pool."""
SCRAP: Final = "scrap"
SCRAP_GATHERERS: Final = ("recycler", "user", "magnet_maker")
"""Who finds scrap, which comes into the books by an extraction."""

SITED: Final = ("extract", "process", "feed", "draw", "close")
"""Movements that a party records only at a site of its own."""
LENIENT: Final = ("import",)
"""Births under names that another ledger or a foreign supplier gave."""


@rule("actor.unlisted", stage="before", action="reject")
def unlisted(case: Case) -> Iterator[Notice]:
    """Party or site is not listed at the event's time; or a receipt's consignor never was and cannot file."""
    facts, at_us = case.recording.facts, case.movement.event_time_us
    actor = actor_of(case)
    party = facts.parties.get(actor)
    if party is None or not is_listed(party.listings, at_us):
        yield _unlisted(case, f"party:{actor}", "admit-party", party is not None)
    site = facts.sites.get(case.movement.site)
    if case.movement.site and (site is None or not is_listed(site.listings, at_us)):
        yield _unlisted(case, f"site:{case.movement.site}", "list-site", site is not None)
    consignor = case.movement.custodian_from or case.movement.owner_from
    if case.movement.kind == "receive" and consignor and consignor not in facts.parties:
        yield _unlisted(case, f"party:{consignor}", "admit-party", known=False)


@rule("actor.role", stage="before", action="reject")
def role(case: Case) -> Iterator[Notice]:
    """The party's roles do not allow the movement, what it makes, or whom it releases to."""
    movement, issuer = case.movement, actor_of(case)
    roles = roles_of(case, issuer)
    allowed = _allowed(case)
    if roles and roles.isdisjoint(allowed):
        yield notice(
            case,
            "actor.role",
            f"{issuer} is {listed(sorted(roles))}, and {movement.kind} is recorded by {listed(allowed, 12)}",
            "Have the party that did it record it, or ask an authority to publish the role (admit-party).",
            subject=f"party:{issuer}",
            roles=sorted(roles),
            allowed=list(allowed),
        )
    elif movement.kind in ("extract", "process", "draw"):
        yield from _makes(case, roles)
    elif movement.kind == "release":
        user = movement.owner_to or movement.custodian_to
        if "user" not in roles_of(case, user):
            yield notice(
                case,
                "actor.role",
                f"goods leave the books at a user, and {user or 'nobody'} is not published as one",
                "Ship to the party instead, or ask an authority to publish it with the role user.",
                subject=f"party:{user}",
                party=user,
            )


@rule("name.foreign", stage="before", action="reject")
def foreign_name(case: Case) -> Iterator[Notice]:
    """A new lot, unit or pool lies outside the issuer's prefixes, or the work is done at another's site."""
    movement, recording = case.movement, case.recording
    names = [(line.lot, line.pointer) for line in movement.outputs]
    if movement.kind == "pack" and movement.parent:
        names.append((movement.parent, movement.pointer))
    for name, pointer in names:
        owner = prefix_owner(name, recording.facts.prefixes)
        if owner is None and movement.kind in LENIENT:
            continue
        if owner is None or not _is_own(case, owner):
            yield _foreign(case, name, owner, pointer)
    pool = recording.books.get(PoolRecord, movement.pool) if movement.kind == "feed" else None
    if movement.kind == "feed" and movement.pool and (pool is None or pool.custodian != actor_of(case)):
        owner = prefix_owner(movement.pool, recording.facts.prefixes)
        if owner is not None and not _is_own(case, owner):
            yield _foreign(case, movement.pool, owner, movement.pointer)
    site = recording.facts.sites.get(movement.site)
    if movement.kind in SITED and site is not None and not _is_own(case, site.party):
        yield _foreign(case, movement.site, site.party, movement.pointer)


def _allowed(case: Case) -> tuple[str, ...]:
    movement = case.movement
    if movement.kind == "extract":
        stages = {case.recording.policy.catalogue.stage(line.product) for line in movement.outputs}
        return SCRAP_GATHERERS if stages == {SCRAP} else ("miner",)
    return MAY[movement.kind]


def _makes(case: Case, roles: frozenset[str]) -> Iterator[Notice]:
    stages, extracted = case.recording.policy.catalogue.stage, case.movement.kind == "extract"
    may = {"", *_extracts(roles)} if extracted else {"", SCRAP, *_worked(case), *_made_by(roles)}
    for line in case.movement.outputs:
        stage = stages(line.product)
        if stage not in may:
            yield notice(
                case,
                "actor.role",
                f"{actor_of(case)} is {listed(sorted(roles))} and may not "
                f"{'extract' if extracted else 'make'} {line.product} ({stage})",
                "Correct the product, or record the process or the pool that made it."
                if extracted
                else "Correct the product, or ask an authority to publish the role that makes it "
                "(admit-party).",
                subject=f"lot:{line.lot}",
                pointer=line.pointer,
                roles=sorted(roles),
                stage=stage,
            )


def _extracts(roles: frozenset[str]) -> set[str]:
    """What may come into the books by an extraction: a mine's products, and scrap where it is gathered."""
    mined = MINES if not roles or "miner" in roles else ()
    return {*mined, *((SCRAP,) if not roles or not roles.isdisjoint(SCRAP_GATHERERS) else ())}


def _made_by(roles: frozenset[str]) -> set[str]:
    return {stage for role in roles for stage in MAKES.get(role, ())}


def _worked(case: Case) -> set[str]:
    """The stages of what goes into a process, or was ever fed to a pool."""
    books, movement = case.recording.books, case.movement
    if movement.kind == "draw":
        return stages_fed(books, movement.pool)
    lots = (books.get(LotRecord, line.lot) for line in movement.inputs)
    return {lot.stage for lot in lots if lot is not None}


def _is_own(case: Case, owner: str) -> bool:
    """Whether it is the issuer's, or of a party that it may act for."""
    return acts_for(case, owner)


def _unlisted(case: Case, subject: str, act: str, known: bool) -> Notice:
    kind, _, name = subject.partition(":")
    when = format_time_us(case.movement.event_time_us)
    return notice(
        case,
        "actor.unlisted",
        f"the {kind} {name} {'is not listed' if known else 'was never listed'} at {when}",
        f"Correct the event's time or {kind}, or ask an authority to list it ({act}).",
        subject=subject,
        event_time=when,
        name=name,
    )


def _foreign(case: Case, name: str, owner: str | None, pointer: str) -> Notice:
    whose = "nobody's prefix" if owner is None else f"what belongs to {owner}"
    return notice(
        case,
        "name.foreign",
        f"{name} lies under {whose}, not under a prefix or listing of {case.recording.issuer}",
        "Use a name under one of your own prefixes, a site of your own, or have the owner record it.",
        subject=f"name:{name}",
        pointer=pointer,
        name=name,
        owner=owner or "",
    )
