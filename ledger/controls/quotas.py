"""Quotas on mining and separation: what a movement draws, and when an allotment is nearly or wholly used.

Decides: what counts towards which allotment. Basis ``first-product``: mining counts the REO of the first
mineral product (concentrate, ionic product); separation counts what is first drawn as separated compound,
so rework and recycled feed draw nothing and imported ore draws separation only. Basis ``output``: every
extraction, and every separated compound. Source: Regulation 785 article 10, Order 71 (imported ore and
monazite count).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from ledger.controls.drawn import quota_name, to_give_back
from ledger.controls.noticing import actor_of, decimal_text, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.records.books import Books
from ledger.records.cells import total
from ledger.records.lots import LotRecord
from ledger.records.oversight import QuotaRecord, TallyRecord
from ledger.records.periods import year_of

TALLY: Final = "quota"
FIRST_PRODUCTS: Final = ("concentrate", "mixed_compound")
ANY: Final = "any"
CLASSES: Final = ("rock", "ionic", ANY)

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
            continue
        given_back = to_give_back(case).get(quota_name(party, year, activity, ore_class), 0)
        drawn = drawn_mg(books, party, year, activity, allotment.ore_class) + mass_mg - given_back
        subject = f"quota:{party}|{year}|{activity}|{allotment.ore_class}"
        exceeded = drawn > allotment.allotted_mg
        code = "quota.exceeded" if exceeded else "quota.nearing"
        nearing = limits["quota.nearing_share"]
        if not exceeded and drawn * nearing.denominator < nearing.numerator * allotment.allotted_mg:
            continue
        share = Fraction(drawn, allotment.allotted_mg) if allotment.allotted_mg else Fraction(0)
        yield notice(
            case,
            code,
            f"{party} has used {drawn} mg REO of {allotment.allotted_mg} for {activity} in {year}",
            "Stop until a further allotment is published; what is beyond it is illegal product."
            if exceeded
            else f"Plan for the rest: {decimal_text(share * 100, 1)} % is used.",
            subject=subject,
            taints=tuple(lot.lot for lot in case.effect.born) if exceeded else (),
            ongoing=True,
            party=party,
            year=year,
            activity=activity,
            ore_class=allotment.ore_class,
            drawn_mg=drawn,
            allotted_mg=allotment.allotted_mg,
            share=share,
        )


def draws(case: Case) -> dict[Draw, int]:
    """What a movement draws, in mg REO by activity and ore class; nothing where it draws nothing."""
    kind, effect = case.movement.kind, case.effect
    by_output = case.recording.policy.quota_basis == "output"
    found: dict[Draw, int] = {}
    if kind == "extract":
        for lot in effect.born:
            if lot.stage in FIRST_PRODUCTS or (by_output and lot.stage == "ore"):
                _add(found, ("mining", ore_class_of(case, lot)), total(lot.cells))
    elif kind == "process" and not by_output and all(lot.stage == "ore" for lot, _ in effect.used):
        for lot in effect.born:
            if lot.stage in FIRST_PRODUCTS:
                _add(found, ("mining", ore_class_of(case, lot)), _domestic(lot))
    if kind in ("process", "draw"):
        separated = effect.counted_mg
        if by_output:
            separated = sum(total(lot.cells) for lot in effect.born if lot.stage == "separated_compound")
        _add(found, ("separation", ANY), separated)
    return {draw: mass for draw, mass in found.items() if mass}


def ore_class_of(case: Case, lot: LotRecord) -> str:
    """``rock`` or ``ionic``: by the product, else by its mine's listing, else by what it is."""
    product = case.recording.policy.catalogue.product(lot.product)
    if product is not None and product.ore_class:
        return product.ore_class
    site = case.recording.facts.sites.get(lot.site)
    stated = "" if site is None else str(site.description.get("ore_class", ""))
    return stated or ("ionic" if lot.stage == "mixed_compound" else "rock")


def allotment_of(books: Books, party: str, year: int, activity: str, ore_class: str) -> QuotaRecord | None:
    """The allotment that a draw goes to: the class's own, else the one for any class; None without one.

    A party without any allotment is not judged here: that it may mine at all is its listing's matter.
    """
    for found in (ore_class, ANY):
        record = books.get(QuotaRecord, party, year, activity, found)
        if record is not None:
            return record
    if activity == "separation":
        own = [each for each in books.group(QuotaRecord, "party", party, year) if each.activity == activity]
        return own[0] if own else None
    return None


def drawn_mg(books: Books, party: str, year: int, activity: str, ore_class: str) -> int:
    """What was drawn so far on an allotment, in mg REO; what was drawn before it was published included."""
    drawn = 0
    for found in CLASSES:
        allotment = allotment_of(books, party, year, activity, found)
        if (found if allotment is None else allotment.ore_class) == ore_class:
            tally = books.get(TallyRecord, TALLY, f"{party}|{activity}|{found}", str(year))
            drawn += 0 if tally is None else tally.sums.get("drawn_mg", 0)
    return drawn


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
            now_mg = drawn_mg(books, party, year, activity, allotment.ore_class)
            books.put(replace(allotment, drawn_mg=now_mg))


def _add(found: dict[Draw, int], draw: Draw, mass_mg: int) -> None:
    found[draw] = found.get(draw, 0) + mass_mg


def _domestic(lot: LotRecord) -> int:
    return sum(mass for (_, _, status), mass in lot.cells.items() if status == "domestic")
