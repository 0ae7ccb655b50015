"""Pools: continuous plants, tanks, silos and stockpiles, which mix without batches.

Decides: what a pool holds after each feed, draw and close, by origin and by owner; that it never becomes
negative; and that what a close finds beyond the books may not be drawn before a regulator has released it.
Every change makes the pool's next version, a node of the graph.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.custody import acting_custodian
from ledger.books.pool_origins import resolve_pool
from ledger.books.pool_versions import put_version
from ledger.books.transformations import (
    ExactShare,
    Intake,
    ambiguous_owner,
    attribute,
    bear_outputs,
    declared_losses,
    declared_masses,
    sum_elements,
    take_inputs,
)
from ledger.findings import Finding
from ledger.materials.uncertainty import BANDS, absolute_u
from ledger.records.cells import STATUSES, UNEXPLAINED, Cell, Cells, apportion, element_masses, total
from ledger.records.lots import EdgeRecord, PoolRecord
from ledger.records.quick import replace


def book_feed(journal: Journal) -> None:
    """Books a feed: lots leave their holdings and are mixed into the pool, which it opens if it is new."""
    movement, effect = journal.movement, journal.effect
    custodian = acting_custodian(journal, movement.custodian_from or movement.custodian_to)
    new = journal.books.get(PoolRecord, movement.pool) is None
    pool = _opened(journal, custodian) if new else _standing(journal, custodian)
    intake = take_inputs(journal, custodian)
    lost = declared_losses(journal, intake.elements, intake.denominator, {})
    fed = {
        element: max(mass // intake.denominator - lost.get(element, 0), 0)
        for element, mass in intake.elements.items()
    }
    cells, _ = attribute(intake.cells, intake.denominator, fed, lost)
    effect.contained_in, effect.lost = intake.exact(), lost
    effect.contained_out = {element: mass_mg for element, mass_mg in fed.items() if mass_mg}
    effect.cells_in = ExactShare(intake.cells, intake.denominator)
    effect.difference = intake.rest(fed, lost)
    journal.post(
        "pool",
        contained=fed,
        pool=pool.pool,
        custodian=custodian,
        site=pool.site,
        reference=movement.process,
    )
    _post_rest(journal, custodian)
    taints = [taint for taint in (pool.tainted_by, intake.tainted_by) if taint is not None]
    after = replace(
        pool,
        cells=_added(pool.cells, cells),
        owners=_plus(pool.owners, _share_out(total(cells), _fed_by(intake))),
        tainted_by=min(taints, default=None),
    )
    _keep(journal, pool, after, intake.parents)


def book_draw(journal: Journal) -> None:
    """Books a draw: lots are born with the origins of the pool's newest version."""
    movement, effect = journal.movement, journal.effect
    custodian = acting_custodian(journal, movement.custodian_from or movement.custodian_to)
    pool = _standing(journal, custodian)
    owner = _drawer(journal, pool)
    drawable = drawable_cells(pool)
    available = sum_elements(drawable)
    out_mg = declared_masses(movement.outputs)
    lost = declared_losses(journal, available, 1, out_mg)
    _check_content(journal, pool, available, out_mg, lost)
    cells, gain = attribute(drawable, 1, out_mg, lost)
    taken = _taken(drawable, available, out_mg, lost)
    taken_mg = element_masses(taken)
    _check_owner(journal, pool, owner, total(taken))
    after = replace(
        pool,
        cells=_less(pool.cells, taken),
        owners=_drawn_from(pool.owners, owner, total(taken)),
    )
    journal.post(
        "pool",
        contained={element: -mass_mg for element, mass_mg in taken_mg.items()},
        pool=pool.pool,
        owner=owner,
        custodian=custodian,
        site=pool.site,
        reference=movement.process,
    )
    bear_outputs(journal, cells, owner=owner, custodian=custodian, parents=[pool.node], taint=pool.tainted_by)
    effect.contained_in = {element: Fraction(mass_mg) for element, mass_mg in sorted(taken_mg.items())}
    effect.contained_out, effect.lost, effect.gain = out_mg, lost, gain
    effect.cells_in = ExactShare(taken, 1)
    effect.difference = Intake(elements=taken_mg).rest(out_mg, lost)
    _post_rest(journal, custodian)
    _keep(journal, pool, after, ())


def book_close(journal: Journal) -> None:
    """Books a close: the pool holds what was measured, and the gap to the books is a difference.

    An element that is not stated was measured as nothing. What is missing is taken from earlier unreleased
    gaps first, then from all origins alike.
    """
    movement, effect = journal.movement, journal.effect
    custodian = acting_custodian(journal, movement.custodian_from or movement.custodian_to)
    pool = _standing(journal, custodian)
    booked = element_masses(pool.cells)
    gap = {
        element: booked.get(element, 0) - movement.measured_mg.get(element, 0)
        for element in sorted({*booked, *movement.measured_mg})
    }
    effect.gap = {element: mass_mg for element, mass_mg in gap.items() if mass_mg}
    missing, surplus = _missing(pool, gap), _surplus(pool, gap)
    blocked = {
        element: mass_mg - min(mass_mg, max(gap[element], 0)) for element, mass_mg in pool.blocked.items()
    }
    blocked = _plus(blocked, element_masses(surplus))
    owners = _minus(pool.owners, _share_out(total(missing), pool.owners))
    bearers = {owner: mass_mg for owner, mass_mg in owners.items() if mass_mg} or pool.owners
    owners = _plus(owners, _share_out(total(surplus), bearers or {custodian: 1}))
    after = replace(
        pool,
        cells=_added(_less(pool.cells, missing), surplus),
        owners=owners,
        blocked=blocked,
        closed_us=max(pool.closed_us, movement.event_time_us),
    )
    effect.difference = {element: Fraction(mass_mg) for element, mass_mg in effect.gap.items()}
    journal.post(
        "pool",
        contained={element: -mass_mg for element, mass_mg in effect.gap.items()},
        pool=pool.pool,
        custodian=custodian,
        site=pool.site,
        reference="close",
    )
    journal.post(
        "difference", contained=effect.difference, pool=pool.pool, custodian=custodian, reference="close"
    )
    _keep(journal, pool, after, ())


def drawable_cells(pool: PoolRecord) -> dict[Cell, int]:
    """What may be drawn: everything but gaps that no regulator has released."""
    cells = dict(pool.cells)
    for element, blocked_mg in pool.blocked.items():
        for status in sorted(STATUSES):
            cell = (element, UNEXPLAINED, status)
            part = min(blocked_mg, cells.get(cell, 0))
            if part:
                cells[cell] -= part
                blocked_mg -= part
    return {cell: mass_mg for cell, mass_mg in cells.items() if mass_mg}


def _opened(journal: Journal, custodian: str) -> PoolRecord:
    movement = journal.movement
    if not movement.pool:
        raise Impossible(
            Finding(
                "pool.unnamed",
                "the feed names no pool",
                movement.pointer,
                "Name the pool in ree:pool.",
            )
        )
    return PoolRecord(
        pool=movement.pool,
        site=movement.site,
        custodian=custodian,
        version=0,
        node=-1,
        cells={},
        owners={},
        blocked={},
        opened_at=journal.recording.index,
        closed_us=movement.event_time_us,
    )


def _standing(journal: Journal, custodian: str) -> PoolRecord:
    """The movement's pool, at the movement's site, with the origins that are known by now."""
    pool = _known(journal, custodian)
    _check_place(journal, pool)
    return resolve_pool(journal, pool)


def _known(journal: Journal, custodian: str) -> PoolRecord:
    """The movement's pool; of what others run is said no more than of what is not there."""
    movement = journal.movement
    pool = journal.books.get(PoolRecord, movement.pool)
    if pool is None or pool.custodian != custodian:
        raise Impossible(
            Finding(
                "custody.not-holder",
                f"{custodian} runs no pool {movement.pool or 'without a name'}",
                movement.pointer,
                "Record its opening stock and its feeds first, or correct its name.",
                {"pool": movement.pool, "custodian": custodian},
            )
        )
    return pool


def _check_place(journal: Journal, pool: PoolRecord) -> None:
    movement = journal.movement
    if pool.site != movement.site:
        raise Impossible(
            Finding(
                "pool.site",
                f"{pool.pool} stands at {pool.site}, not at {movement.site or 'an unstated site'}",
                movement.pointer,
                "State the pool's site as bizLocation; give a plant at another site a pool of its own.",
                {"pool": pool.pool, "site": pool.site},
            )
        )


def _drawer(journal: Journal, pool: PoolRecord) -> str:
    movement = journal.movement
    if movement.owner_to or movement.owner_from:
        return movement.owner_to or movement.owner_from
    if len(pool.owners) > 1:
        raise ambiguous_owner(journal, list(pool.owners))
    return next(iter(pool.owners), pool.custodian)


def _check_content(
    journal: Journal,
    pool: PoolRecord,
    available: Mapping[str, int],
    out_mg: Mapping[str, int],
    lost: Mapping[str, int],
) -> None:
    tolerance = journal.recording.policy.thresholds["pool.tolerance_share"]
    whole = sum(out_mg.values())
    over: dict[str, dict[str, int]] = {}
    for element in sorted({*out_mg, *lost}):
        wanted = out_mg.get(element, 0) + lost.get(element, 0)
        excess = wanted - available.get(element, 0)
        if excess > 0 and excess > tolerance * _assay_width(wanted, max(whole, wanted)):
            over[element] = {
                "drawn_mg": wanted,
                "available_mg": available.get(element, 0),
                "blocked_mg": pool.blocked.get(element, 0),
            }
    if over:
        raise Impossible(
            Finding(
                "pool.overdrawn",
                f"more {', '.join(over)} is drawn from {pool.pool} than it holds",
                journal.movement.pointer,
                "Record the missing feeds first, or correct the composition; what a close found beyond the "
                "books may be drawn once a regulator has released it by an adjust.",
                {"pool": pool.pool, "elements": over},
            )
        )


def _assay_width(element_mg: int, reo_mg: int) -> Fraction:
    """What a tolerance is a share of: the element's mass, more where it is rare and so assayed less well."""
    return Fraction(absolute_u(Fraction(element_mg, reo_mg)) / BANDS[0][1]) * reo_mg


def _check_owner(journal: Journal, pool: PoolRecord, owner: str, taken_mg: int) -> None:
    owned = pool.owners.get(owner, 0)
    tolerance = journal.recording.policy.thresholds["pool.tolerance_share"]
    if taken_mg - owned > tolerance * taken_mg:
        raise Impossible(
            Finding(
                "pool.overdrawn",
                f"{taken_mg} mg REO are drawn from {pool.pool} for {owner}, who owns {owned} mg of it",
                journal.movement.pointer,
                "State the right owner, or record the transfer of title before.",
                {"pool": pool.pool, "owner": owner, "drawn_mg": taken_mg, "owned_mg": owned},
            )
        )


def _taken(
    drawable: Mapping[Cell, int],
    available: Mapping[str, int],
    out_mg: Mapping[str, int],
    lost: Mapping[str, int],
) -> dict[Cell, int]:
    """What leaves the pool, by cell: its part of the outputs, then of the losses."""
    taken: dict[Cell, int] = {}
    cells = _per_element(drawable)
    for element in sorted({*out_mg, *lost}):
        own = cells.get(element, {})
        gone = min(lost.get(element, 0), available.get(element, 0))
        out = apportion(min(out_mg.get(element, 0), available.get(element, 0) - gone), own)
        rest = {cell: mass_mg - out.get(cell, 0) for cell, mass_mg in own.items()}
        taken.update(_added(out, apportion(gone, rest)))
    return taken


def _missing(pool: PoolRecord, gap: Mapping[str, int]) -> dict[Cell, int]:
    """What a close takes out: unreleased gaps first, then all origins alike."""
    booked, drawable = _per_element(pool.cells), _per_element(drawable_cells(pool))
    missing: dict[Cell, int] = {}
    for element, mass_mg in gap.items():
        if mass_mg <= 0:
            continue
        own, free = booked.get(element, {}), drawable.get(element, {})
        held = {cell: mass - free.get(cell, 0) for cell, mass in own.items()}
        first = min(mass_mg, sum(held.values()))
        missing.update(_added(apportion(first, held), apportion(mass_mg - first, free)))
    return missing


def _per_element(cells: Cells) -> dict[str, dict[Cell, int]]:
    """The cells of each element; a pool with many sources has hundreds."""
    found: dict[str, dict[Cell, int]] = {}
    for cell, mass_mg in cells.items():
        found.setdefault(cell[0], {})[cell] = mass_mg
    return found


def _surplus(pool: PoolRecord, gap: Mapping[str, int]) -> dict[Cell, int]:
    """What a close finds beyond the books: of unknown origin, with the pool's prevailing status."""
    statuses: dict[str, int] = {}
    for (_, _, status), mass_mg in pool.cells.items():
        statuses[status] = statuses.get(status, 0) + mass_mg
    status = max(sorted(statuses), key=lambda name: statuses[name], default="domestic")
    return {(element, UNEXPLAINED, status): -mass_mg for element, mass_mg in gap.items() if mass_mg < 0}


def _fed_by(intake: Intake) -> dict[str, Fraction]:
    """What was fed, by owner, exactly."""
    owners: dict[str, Fraction] = {}
    for lot, mass_mg, owner in intake.lots:
        owners[owner] = owners.get(owner, Fraction(0)) + Fraction(total(lot.cells) * mass_mg, lot.mass_mg)
    return owners


def _share_out(mass_mg: int, owners: Mapping[str, Fraction | int]) -> dict[str, int]:
    """Whole milligrams by owner, by largest remainder."""
    weights: dict[Cell, Fraction | int] = {(owner, "", ""): weight for owner, weight in owners.items()}
    return {owner: part for (owner, _, _), part in apportion(mass_mg, weights).items()}


def _drawn_from(owners: Mapping[str, int], owner: str, taken_mg: int) -> dict[str, int]:
    """The owners after a draw; what one draws beyond its own, within tolerance, is borne by all others."""
    own = min(taken_mg, owners.get(owner, 0))
    others = {name: mass_mg for name, mass_mg in owners.items() if name != owner}
    left = _minus(others, _share_out(taken_mg - own, others))
    return _plus(left, {owner: owners.get(owner, 0) - own})


def _post_rest(journal: Journal, custodian: str) -> None:
    """Posts what was lost, and the rest, which is a difference."""
    movement, effect = journal.movement, journal.effect
    for account, contained in (("lost", effect.lost), ("difference", effect.difference)):
        journal.post(
            account,
            contained=contained,
            pool=movement.pool,
            custodian=custodian,
            reference=movement.process,
        )


def _keep(journal: Journal, before: PoolRecord, after: PoolRecord, parents: Sequence[int]) -> None:
    """Puts the pool's next version into the books and the graph. One that holds nothing is not tainted."""
    recording = journal.recording
    cells = {cell: mass_mg for cell, mass_mg in after.cells.items() if mass_mg}
    after = replace(
        after,
        version=before.version + 1,
        node=journal.next_node(),
        cells=cells,
        tainted_by=after.tainted_by if cells else None,
        owners={owner: mass_mg for owner, mass_mg in sorted(after.owners.items()) if mass_mg},
        blocked={element: mass_mg for element, mass_mg in sorted(after.blocked.items()) if mass_mg},
    )
    put_version(journal, after, journal.movement.kind)
    for parent in _lineage(before, parents):
        journal.books.add(EdgeRecord(after.node, parent, recording.index))
    journal.effect.pool_before = element_masses(before.cells)
    journal.effect.pool_after = element_masses(after.cells)


def _lineage(before: PoolRecord, parents: Sequence[int]) -> Iterable[int]:
    if before.version:
        yield before.node
    yield from parents


def _added(cells: Cells, more: Cells) -> dict[Cell, int]:
    sums = dict(cells)
    for cell, mass_mg in more.items():
        sums[cell] = sums.get(cell, 0) + mass_mg
    return sums


def _less(cells: Cells, taken: Cells) -> dict[Cell, int]:
    left = {cell: mass_mg - taken.get(cell, 0) for cell, mass_mg in cells.items()}
    return {cell: mass_mg for cell, mass_mg in left.items() if mass_mg}


def _plus(masses: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: masses.get(name, 0) + more.get(name, 0) for name in sorted({*masses, *more})}


def _minus(masses: Mapping[str, int], less: Mapping[str, int]) -> dict[str, int]:
    return {name: mass_mg - less.get(name, 0) for name, mass_mg in masses.items()}
