"""Quotas on mining and separation: what a movement draws, and when an allotment is nearly or wholly used.

Decides: what counts towards which allotment. Basis ``first-product``: mining counts the REO of the first
mineral product (concentrate, ionic product, or whatever else is made of ore), with whoever makes it;
separation counts what is first drawn as separated compound or beyond, so rework and recycled feed draw
nothing and imported ore draws separation only. Basis ``output``: every extraction, and every separated
compound. Where allotments are published for an activity in a year, who has none is allotted nothing. Source:
Regulation 785 article 10, Order 71 (imported ore and monazite count).
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from ledger.books.counting import SEPARATED
from ledger.controls.drawn import quota_name, to_give_back
from ledger.controls.fed import ORE, ore_shares
from ledger.controls.noticing import actor_of, decimal_text, notice, recycles_only
from ledger.controls.rule import Case, Notice, rule
from ledger.findings import Finding
from ledger.records.allotments import ANY, TALLY, allotment_of, drawn_mg, put_drawn
from ledger.records.books import Books
from ledger.records.cells import element_masses, total
from ledger.records.lots import LotRecord
from ledger.records.oversight import PUBLISHED_QUOTAS, QuotaRecord, TallyRecord
from ledger.records.periods import year_of
from ledger.records.policy import Policy

UNCOUNTED: Final = (ORE, "scrap")
"""What comes out of the ground or is gathered, and is no mineral product yet."""

NEARING: Final = "quota.nearing"
EXCEEDED: Final = "quota.exceeded"

Draw = tuple[str, str]
"""Activity and ore class."""


@rule("quota.nearing", "quota.exceeded", movements=("extract", "process", "draw"), tell=True)
def quota(case: Case) -> Iterator[Notice]:
    """An allotment is used to 90 %, or beyond: goods beyond it are illegal product."""
    limits, books = case.recording.policy.thresholds, case.recording.books
    party = actor_of(case)
    year = year_of(case.movement.event_time_us, case.recording.policy)
    for (activity, ore_class), mass_mg in draws(case).items():
        allotment = allotment_of(books, party, year, activity, ore_class)
        if allotment is None:
            if not are_published(books, activity, year) or (activity == "separation" and recycles_only(case)):
                continue  # what a recycler uses is judged by recycler.ore-input
            allotment = QuotaRecord(party, year, activity, ore_class, 0, 0, 0)
        given_back = to_give_back(case).get(quota_name(party, year, activity, ore_class), 0)
        drawn = drawn_mg(books, party, year, activity, allotment.ore_class) + mass_mg - given_back
        finding = _beyond(allotment, drawn, limits["quota.nearing_share"])
        if finding is None:
            continue
        exceeded = finding.code == EXCEEDED
        yield notice(
            case,
            finding.code,
            finding.detail,
            finding.mend,
            subject=_subject(allotment),
            taints=tuple(lot.lot for lot in case.effect.born) if exceeded else (),
            ongoing=True,
            **finding.evidence,
        )


def judge_allotment(books: Books, allotment: QuotaRecord, policy: Policy) -> Iterator[Notice]:
    """An allotment that is published when it is nearly or wholly used already.

    No goods are tainted by it: which of them lie beyond it nobody could know when they were made.
    """
    drawn = drawn_mg(books, allotment.party, allotment.year, allotment.activity, allotment.ore_class)
    finding = _beyond(allotment, drawn, policy.thresholds["quota.nearing_share"]) if drawn > 0 else None
    if finding is not None:
        yield Notice(finding, _subject(allotment), ongoing=True)


def _subject(allotment: QuotaRecord) -> str:
    return f"quota:{allotment.party}|{allotment.year}|{allotment.activity}|{allotment.ore_class}"


def _beyond(allotment: QuotaRecord, drawn: int, nearing: Fraction) -> Finding | None:
    """What is wrong where so much is drawn on an allotment; None where that is not near it yet."""
    exceeded = drawn > allotment.allotted_mg
    if not exceeded and drawn * nearing.denominator < nearing.numerator * allotment.allotted_mg:
        return None
    share = Fraction(drawn, allotment.allotted_mg) if allotment.allotted_mg else Fraction(0)
    return Finding(
        EXCEEDED if exceeded else NEARING,
        f"{allotment.party} has used {drawn} mg REO of {allotment.allotted_mg} for {allotment.activity} in "
        f"{allotment.year}",
        mend="Stop until a further allotment is published; what is beyond it is illegal product."
        if exceeded
        else f"Plan for the rest: {decimal_text(share * 100, 1)} % is used.",
        evidence={
            "party": allotment.party,
            "year": allotment.year,
            "activity": allotment.activity,
            "ore_class": allotment.ore_class,
            "drawn_mg": drawn,
            "allotted_mg": allotment.allotted_mg,
            "share": decimal_text(share),
        },
    )


def draws(case: Case) -> dict[Draw, int]:
    """What a movement draws, in mg REO by activity and ore class; nothing where it draws nothing."""
    kind, effect = case.movement.kind, case.effect
    by_output = case.recording.policy.quota_basis == "output"
    found: dict[Draw, int] = {}
    if kind == "extract":
        for lot in effect.born:
            if lot.stage not in UNCOUNTED or (by_output and lot.stage == ORE):
                _add(found, ("mining", ore_class_of(case, lot)), total(lot.cells))
    if kind in ("process", "draw"):
        shares = {} if by_output else ore_shares(case)
        for lot in effect.born if shares else ():
            if lot.stage != ORE:
                _add(found, ("mining", ore_class_of(case, lot)), _of_ore(lot, shares))
        separated = effect.counted_mg
        if by_output:
            separated = sum(total(lot.cells) for lot in effect.born if lot.stage == SEPARATED)
            separated += effect.counted_beyond_mg
        _add(found, ("separation", ANY), separated)
    return {draw: mass for draw, mass in found.items() if mass}


def are_published(books: Books, activity: str, year: int) -> bool:
    """Whether allotments of a year are published for an activity, whosever they are."""
    return books.get(TallyRecord, PUBLISHED_QUOTAS, activity, str(year)) is not None


def ore_class_of(case: Case, lot: LotRecord) -> str:
    """``rock`` or ``ionic``: by the product, else by the mine's listing, else by its stage and allotments."""
    product = case.recording.policy.catalogue.product(lot.product)
    if product is not None and product.ore_class:
        return product.ore_class
    site = case.recording.facts.sites.get(lot.site)
    stated = "" if site is None else str(site.description.get("ore_class", ""))
    return stated or _likely(case, "ionic" if lot.stage == "mixed_compound" else "rock")


def draw_quotas(books: Books, party: str, year: int, drawn: Mapping[Draw, int]) -> None:
    """Books draws on the allotments.

    Args:
        drawn: mg REO by activity and ore class; negative where a correction gives back.
    """
    for (activity, ore_class), mass_mg in drawn.items():
        subject = f"{party}|{activity}|{ore_class}"
        tally = books.get(TallyRecord, TALLY, subject, str(year))
        before = 0 if tally is None else tally.sums.get("drawn_mg", 0)
        books.put(TallyRecord(TALLY, subject, str(year), {"drawn_mg": before + mass_mg}))
        allotment = allotment_of(books, party, year, activity, ore_class)
        if allotment is not None:
            put_drawn(books, allotment)


def _likely(case: Case, ore_class: str) -> str:
    """A class that nothing states: the party's only one, if it is not allotted the likely one."""
    year = year_of(case.movement.event_time_us, case.recording.policy)
    quotas = case.recording.books.group(QuotaRecord, "party", actor_of(case), year)
    own = {each.ore_class for each in quotas if each.activity == "mining"}
    return next(iter(own)) if len(own) == 1 and own.isdisjoint((ore_class, ANY)) else ore_class


def _add(found: dict[Draw, int], draw: Draw, mass_mg: int) -> None:
    found[draw] = found.get(draw, 0) + mass_mg


def _of_ore(lot: LotRecord, shares: Mapping[str, Fraction]) -> int:
    """How much of a lot was ore until it was made, in whole mg REO."""
    masses = element_masses(lot.cells)
    return int(sum((mass * shares.get(each, Fraction(0)) for each, mass in masses.items()), Fraction(0)))
