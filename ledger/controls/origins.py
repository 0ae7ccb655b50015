"""Whether goods are of their declared origin: recyclers' inputs, fingerprints, undeclared imports.

Decides: which compositions contradict a declared origin. Source: Regulation 785 articles 11 and 22
(recyclers may not use mineral products); the fingerprints are materials.fingerprints.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from ledger.controls.measures import UNIT, band_of
from ledger.controls.noticing import actor_of, listed, notice, recycles_only
from ledger.controls.rule import Case, Notice, rule
from ledger.materials.fingerprints import Fingerprint, fingerprints
from ledger.records.books import Books
from ledger.records.cells import by_origin, element_masses
from ledger.records.lots import EdgeRecord, EventRecord, HoldingRecord, LotRecord, PostingRecord
from ledger.records.oversight import TallyRecord

PRIMARY_STAGES: Final = ("ore", "concentrate")
MINERAL_STATUSES: Final = ("domestic", "import")
SCRAP_STRANGERS: Final = ("Y", "Er", "Yb", "Eu")
"""Elements that ores have and magnets have not."""
COMPARED_STAGES: Final = ("concentrate", "mixed_compound")
OTHER: Final = "other"
RECYCLED: Final = "recycled"
"""The tally of the events by which recyclers used a lot."""


@rule("recycler.ore-input", movements=("process", "feed"), stage="before", action="reject")
def ore_input(case: Case) -> Iterator[Notice]:
    """A recycler uses a mineral product."""
    if not recycles_only(case):
        return
    least = case.recording.policy.thresholds["recycler.primary_share"]
    for line in case.movement.inputs:
        lot = case.recording.books.get(LotRecord, line.lot)
        if lot is not None and _has(case, lot.lot) and _is_mineral(lot, least):
            yield notice(
                case,
                "recycler.ore-input",
                f"a recycler uses {lot.lot}, which is a mineral product ({lot.stage})",
                "Only published separation firms may use mineral products: correct the input, or the lot.",
                subject=f"lot:{lot.lot}",
                pointer=line.pointer,
                lot=lot.lot,
                stage=lot.stage,
                product=lot.product,
            )


@rule("recycler.ore-input", movements=("opening", "extract", "import", "process", "draw"), action="reject")
def ore_used_before(case: Case) -> Iterator[Notice]:
    """A recycler used a lot that is a mineral product by its birth, recorded or corrected only now."""
    books, least = case.recording.books, case.recording.policy.thresholds["recycler.primary_share"]
    for lot in case.effect.born:
        if lot.lot not in case.effect.awaited or not _is_mineral(lot, least):
            continue
        uses = _uses(books, lot.lot)
        if not uses:
            continue
        entries = {event.entry_index for event in uses}
        made = sorted(
            edge.child
            for edge in books.group(EdgeRecord, "parent", lot.node)
            if edge.voided_at is None and edge.entry_index in entries
        )
        found = notice(
            case,
            "recycler.ore-input",
            f"a recycler has used {lot.lot}, which is a mineral product ({lot.stage}) by its birth",
            "Only published separation firms may use mineral products: correct the birth, or the use.",
            subject=f"lot:{lot.lot}",
            site=uses[0].site,
            ongoing=True,
            taints=tuple(f"node:{child}" for child in made),
            lot=lot.lot,
            stage=lot.stage,
            product=lot.product,
            recyclers=sorted({event.issuer for event in uses}),
            entries=sorted(entries),
        )
        yield replace(found, past=True)


@rule("recycler.fingerprint", movements=("process", "feed"))
def scrap_fingerprint(case: Case) -> Iterator[Notice]:
    """Scrap that is fed has more of an element than scrap has, but ore."""
    for lot, _ in case.effect.used:
        yield from _unlike_scrap(case, lot)


@rule("recycler.fingerprint", movements=("opening", "extract", "import", "process", "draw"))
def scrap_used_before(case: Case) -> Iterator[Notice]:
    """Scrap that was fed is unlike scrap by its birth, recorded or corrected only now."""
    for lot in case.effect.born:
        if lot.lot in case.effect.revalued:
            for found in _unlike_scrap(case, lot):
                yield replace(found, past=True)


def _unlike_scrap(case: Case, lot: LotRecord) -> Iterator[Notice]:
    limits = case.recording.policy.thresholds
    least, sigmas = limits["fingerprint.share"], limits["fingerprint.sigma"]
    masses = element_masses(lot.cells) if lot.stage == "scrap" else {}
    whole = sum(masses.values())
    found = {
        element: Fraction(masses[element], whole)
        for element in SCRAP_STRANGERS
        if masses.get(element) and _above(masses[element], whole, least, sigmas)
    }
    if found:
        yield notice(
            case,
            "recycler.fingerprint",
            f"the scrap {lot.lot} has {listed(found)} like an ore, not like magnets or metal",
            "Have the scrap assayed and its source named; ore may not be recycled.",
            subject=f"lot:{lot.lot}",
            ongoing=True,
            shares=found,
        )


@rule("origin.fingerprint", movements=("extract", "process"))
def mine_fingerprint(case: Case) -> Iterator[Notice]:
    """A concentrate or mixed compound does not look like its declared mine."""
    born = case.effect.born
    if not any(lot.stage in COMPARED_STAGES for lot in born):
        return
    if case.movement.kind == "extract":
        for lot in born:
            if lot.stage in COMPARED_STAGES:
                yield from _compared(case, f"lot:{lot.lot}", element_masses(lot.cells), by_origin(lot.cells))
        return
    if any(lot.stage not in (*PRIMARY_STAGES, *COMPARED_STAGES) for lot in born):
        return  # what is split by elements looks like no mine
    if any(lot.stage not in PRIMARY_STAGES for lot, _ in case.effect.used):
        return  # nor does what was split before
    masses: dict[str, int] = {}
    origins: dict[str, int] = {}
    for lot in born:
        for element, mass in element_masses(lot.cells).items():
            masses[element] = masses.get(element, 0) + mass
        for origin, mass in by_origin(lot.cells).items():
            origins[origin] = origins.get(origin, 0) + mass
    yield from _compared(case, f"lot:{born[0].lot}", masses, origins)


@rule("origin.undeclared", movements=("import",))
def undeclared(case: Case) -> Iterator[Notice]:
    """An import without origin."""
    if case.effect.born and case.movement.origin in ("", "undeclared"):
        lots = [lot.lot for lot in case.effect.born]
        yield notice(
            case,
            "origin.undeclared",
            f"{listed(lots)} was imported without an origin",
            "State the country of origin and the digest of the supplier's declaration.",
            subject=f"lot:{lots[0]}",
            lots=lots,
        )


@rule("origin.undeclared", movements=("import",))
def unvouched(case: Case) -> Iterator[Notice]:
    """Goods that another party exported are brought back, and nothing vouches that they are the same."""
    movement, actor = case.movement, actor_of(case)
    if movement.origin_declaration:
        return
    for line in movement.inputs:
        exporters = {
            posting.custodian
            for posting in case.recording.books.group(PostingRecord, "lot", line.lot)
            if posting.account == "exported" and posting.mass_mg > 0
        }
        if exporters and actor not in exporters:
            yield notice(
                case,
                "origin.undeclared",
                f"{line.lot} is brought back by another party than exported it, without a proof",
                "State the digest of the foreign ledger's proof, or of the supplier's declaration.",
                subject=f"lot:{line.lot}",
                pointer=line.pointer,
                lots=[line.lot],
                exporters=sorted(exporters),
            )


def note_recycling(case: Case) -> None:
    """Remembers which lots a recycler used, for what they are may be recorded later."""
    if not recycles_only(case):
        return
    books, movement = case.recording.books, case.movement
    for lot, _ in case.effect.used:
        tally = books.get(TallyRecord, RECYCLED, lot.lot, "")
        uses = {} if tally is None else dict(tally.sums)
        uses[f"{case.recording.issuer} {movement.event_id}"] = case.recording.index
        books.put(TallyRecord(RECYCLED, lot.lot, "", uses))


def _uses(books: Books, lot: str) -> list[EventRecord]:
    """The processes and feeds by which recyclers used a lot, and which stand."""
    tally = books.get(TallyRecord, RECYCLED, lot, "")
    names = () if tally is None else (name.partition(" ") for name in tally.sums)
    events = (books.get(EventRecord, issuer, event_id) for issuer, _, event_id in names)
    return [event for event in events if event is not None and event.state == "booked"]


def _has(case: Case, lot: str) -> bool:
    """Whether the actor has some of a lot: what others have is not told to it."""
    actor = actor_of(case)
    held = case.recording.books.group(HoldingRecord, "lot", lot)
    return any(each.custodian == actor and each.mass_mg for each in held)


def _is_mineral(lot: LotRecord, least: Fraction) -> bool:
    if lot.stage in PRIMARY_STAGES:
        return True
    if lot.stage != "mixed_compound":
        return False
    whole = sum(lot.cells.values())
    primary = sum(mass for (_, _, status), mass in lot.cells.items() if status in MINERAL_STATUSES)
    return primary > least * whole


def _above(mass: int, whole: int, least: Fraction, sigmas: Fraction) -> bool:
    """Whether a share is above the least one even if the assay erred by so many standard uncertainties."""
    share = Fraction(mass, whole)
    return share - sigmas * share * Fraction(band_of(mass, whole), UNIT) > least


def _compared(
    case: Case, subject: str, masses: Mapping[str, int], origins: Mapping[str, int]
) -> Iterator[Notice]:
    known = {
        origin: fingerprint for origin in origins if (fingerprint := fingerprint_of(case, origin)) is not None
    }
    whole, covered = sum(origins.values()), sum(origins[origin] for origin in known)
    if not whole or covered * 20 < whole * 19:
        return
    limits = case.recording.policy.thresholds
    typical, most, spread = _mixture({origin: origins[origin] for origin in known}, known)
    total = sum(masses.values())
    found = {OTHER: Fraction(0)}
    for element, mass in sorted(masses.items()):
        name = element if element in typical else OTHER
        found[name] = found.get(name, Fraction(0)) + Fraction(mass, total)
    off: dict[str, dict[str, Fraction]] = {}
    for name, expected in sorted(typical.items()):
        share = found.get(name, Fraction(0))
        apart = max(share - most[name], Fraction(0) if name == OTHER else expected - share)
        largest = max(share, expected)
        u = largest * Fraction(band_of(max(int(largest * 10**9), 1), 10**9), UNIT)
        far = apart**2 > limits["fingerprint.sigma"] ** 2 * (u**2 + spread.get(name, Fraction(0)) ** 2)
        if far and apart > limits["fingerprint.share"]:
            off[name] = {"found": share, "expected": expected}
    if off:
        names = listed(sorted(known[origin].name_en for origin in known))
        yield notice(
            case,
            "origin.fingerprint",
            f"the shares of {listed(off)} are not those of {names}",
            "Name the mine that the goods come from, or have them assayed again.",
            subject=subject,
            shares=off,
            origins=sorted(known),
        )


def fingerprint_of(case: Case, origin: str) -> Fingerprint | None:
    """The fingerprint that a mine's listing names, or None."""
    site = case.recording.facts.sites.get(origin)
    return None if site is None else fingerprints().get(str(site.description.get("fingerprint", "")))


def _mixture(
    origins: Mapping[str, int], known: Mapping[str, Fingerprint]
) -> tuple[dict[str, Fraction], dict[str, Fraction], dict[str, Fraction]]:
    """A blend of mines: typical shares, the most that they may be, and how much they vary.

    What a mine does not state stands under OTHER; any element that it does not state may be part of that.
    """
    whole = sum(origins.values())
    parts = [(known[origin], Fraction(mass, whole)) for origin, mass in origins.items()]
    typical: dict[str, Fraction] = {OTHER: Fraction(0)}
    spread: dict[str, Fraction] = {}
    for fingerprint, part in parts:
        for element, share in {**fingerprint.shares, OTHER: fingerprint.rest}.items():
            typical[element] = typical.get(element, Fraction(0)) + part * share
            spread[element] = spread.get(element, Fraction(0)) + part * share * fingerprint.variation
    most = {
        element: share
        + sum(
            (part * each.rest for each, part in parts if element != OTHER and element not in each.shares),
            Fraction(0),
        )
        for element, share in typical.items()
    }
    return typical, most, spread
