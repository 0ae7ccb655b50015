"""What comes out of a process against what went in: gains, undeclared elements, recovery, gaps of pools.

Decides: from which excess on a difference is no longer honest uncertainty. The sums over twelve months
stand in ``ledger.controls.reviews``.
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from ledger.controls.measures import (
    TOTAL,
    UNIT,
    Balance,
    Batch,
    batch_of,
    beyond,
    bias_variance,
    more_than,
    sigmas_text,
)
from ledger.controls.noticing import decimal_text, listed, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.materials.processes import bounds_of
from ledger.records.cells import UNEXPLAINED
from ledger.records.lots import LotRecord, PoolRecord
from ledger.records.oversight import TallyRecord
from ledger.records.periods import month_after, month_of

POOL_TALLY = "pool"
GRAM_UNITS = (1000 * UNIT) ** 2
"""A variance of one square gram, in the units of ``measures``."""


def balance_of(case: Case) -> Balance:
    """Both sides of a process, feed or draw as assayed; worked out once."""
    known = case.effect.workings.get("balance")
    if isinstance(known, Balance):
        return known
    outputs = [batch_of(lot, lot.mass_mg) for lot in case.effect.born]
    balance = Balance([batch_of(lot, mass_mg) for lot, mass_mg in case.effect.used], outputs)
    case.effect.workings["balance"] = balance
    return balance


@rule("balance.element-gain", movements=("process",))
def element_gain(case: Case) -> Iterator[Notice]:
    """More of an element, or of all REO, comes out than went in, beyond uncertainty."""
    limits = case.recording.policy.thresholds
    balance = balance_of(case)
    came, went = balance.outputs.masses, balance.inputs.masses
    pairs = {element: (mass, went.get(element, 0)) for element, mass in sorted(came.items())}
    pairs[TOTAL] = (balance.outputs.total, balance.inputs.total)
    gains: dict[str, dict[str, object]] = {}
    severe = False
    for element, (out_mg, in_mg) in pairs.items():
        excess = out_mg - in_mg
        if excess <= 0:
            continue
        variance = max(balance.variance(element), bias_variance(in_mg, limits["gain.bias_floor"]))
        sigmas = limits["gain.total_sigma" if element == TOTAL else "gain.element_sigma"]
        if beyond(excess, sigmas, variance):
            gains[element] = {"in_mg": in_mg, "out_mg": out_mg, "sigmas": sigmas_text(excess, variance)}
            share = more_than(excess, limits["gain.reject_share"], balance.inputs.total)
            severe |= share and beyond(excess, limits["gain.reject_sigma"], variance)
    if gains:
        yield notice(
            case,
            "balance.element-gain",
            f"more {listed(gains)} comes out than went in, by more than assays and scales can err",
            "Correct masses and compositions, or name the input that is missing (a grain-boundary metal, a "
            "blended lot).",
            subject=f"lot:{case.effect.born[0].lot}",
            severe=severe,
            elements=gains,
        )


@rule("balance.element-gain", movements=("extract", "opening", "import", "process", "draw"))
def late_birth(case: Case) -> Iterator[Notice]:
    """More was made of a lot before its birth was recorded, or corrected, than it contains by that.

    Never severe: what was really born must be recordable, whatever others said of it before.
    """
    books, limits = case.recording.books, case.recording.policy.thresholds
    for name, (before, used_mg) in sorted(case.effect.revalued.items()):
        lot = books.get(LotRecord, name)
        if lot is None:
            continue
        then = replace(lot, cells=before.cells, mass_mg=before.mass_mg)
        balance = Balance([batch_of(lot, used_mg)], [batch_of(then, used_mg)])
        now, made = balance.inputs, balance.outputs
        pairs = {element: (mass, now.masses.get(element, 0)) for element, mass in sorted(made.masses.items())}
        pairs[TOTAL] = (made.total, now.total)
        gains: dict[str, dict[str, object]] = {}
        for element, (out_mg, in_mg) in pairs.items():
            variance = max(balance.variance(element), bias_variance(in_mg, limits["gain.bias_floor"]))
            sigmas = limits["gain.total_sigma" if element == TOTAL else "gain.element_sigma"]
            if beyond(out_mg - in_mg, sigmas, variance):
                gains[element] = {"contains_mg": in_mg, "used_as_mg": out_mg}
        if gains:
            yield notice(
                case,
                "balance.element-gain",
                f"{used_mg} mg of {name} were used as more {listed(gains)} than they contain by its birth",
                "Compare both declarations with assays; correct the birth, or what was made of the lot.",
                subject=f"lot:{name}",
                used_mg=used_mg,
                elements=gains,
            )


@rule("balance.element-gain", movements=("process", "draw"))
def gain_upon_gain(case: Case) -> Iterator[Notice]:
    """More comes out once more, and by now much of it has no origin left: what is worked round and round."""
    effect, limits = case.effect, case.recording.policy.thresholds
    if not effect.gain:
        return
    masses: dict[str, int] = {}
    lost = {element: -mass for element, mass in effect.gain.items()}  # this one gain may be chance
    for lot in effect.born:
        for (element, origin, _), mass in lot.cells.items():
            masses[element] = masses.get(element, 0) + mass
            if origin == UNEXPLAINED:
                lost[element] = lost.get(element, 0) + mass
    least = limits["gain.unexplained_least"] * sum(masses.values())
    share = limits["gain.unexplained_share"]
    found = {
        element: {"unexplained_mg": lost[element], "out_mg": masses[element]}
        for element in sorted(effect.gain)
        if lost[element] > max(share * masses[element], least)
    }
    if found:
        yield notice(
            case,
            "balance.element-gain",
            f"of {listed(found)} more than {decimal_text(share * 100, 2)} % came out of nothing before, "
            "gain upon gain",
            "Have the lots assayed; draw of what is worked again no more than was fed.",
            subject=f"site:{case.movement.site}",
            ongoing=True,
            elements=found,
        )


@rule("balance.undeclared-element", movements=("process", "draw"))
def undeclared_element(case: Case) -> Iterator[Notice]:
    """An element comes out that nothing that went in declared."""
    effect = case.effect
    balance = balance_of(case)
    if case.movement.kind == "draw":
        before = {element: mass for element, mass in effect.pool_before.items() if mass}
        balance = Balance([Batch("", before, sum(before.values()))], balance.outputs.batches)
    sigmas = case.recording.policy.thresholds["gain.element_sigma"]
    traces = balance.inputs.total**2  # what may lie below detection: 0.01 % of REO
    found = {
        element: mass
        for element, mass in sorted(balance.outputs.masses.items())
        if element not in balance.inputs.masses and beyond(mass, sigmas, balance.variance(element) + traces)
    }
    if found:
        yield notice(
            case,
            "balance.undeclared-element",
            f"{listed(found)} comes out, and nothing that went in declares it",
            "Declare the element in the inputs (correct their composition), or name what brought it.",
            subject=f"lot:{effect.born[0].lot}",
            elements_mg=found,
        )


@rule("balance.recovery", movements=("process",))
def recovery(case: Case) -> Iterator[Notice]:
    """The recovery lies outside what the process can do."""
    balance = balance_of(case)
    in_mg, out_mg = balance.inputs.total, balance.outputs.total
    if not in_mg:
        return
    limits = case.recording.policy.thresholds
    lower, upper = bounds_of(case.movement.process, {lot.stage for lot in case.effect.born})
    if lower.numerator * in_mg <= out_mg * lower.denominator and not more_than(out_mg, upper, in_mg):
        return
    variance = balance.variance(TOTAL) + bias_variance(in_mg, limits["gain.bias_floor"])
    short, excess = lower * in_mg - out_mg, out_mg - upper * in_mg
    if beyond(max(short, excess), limits["recovery.sigma"], variance):
        share = Fraction(out_mg, in_mg)
        yield notice(
            case,
            "balance.recovery",
            f"{decimal_text(share * 100, 2)} % of the REO comes out, and {case.movement.process} gives "
            f"{decimal_text(lower * 100, 2)} to {decimal_text(upper * 100, 2)} %",
            "Correct masses, name every output (residues, swarf), or name the process that was used.",
            subject=f"lot:{case.effect.born[0].lot}" if case.effect.born else "",
            recovery=share,
            lower=lower,
            upper=upper,
            in_mg=in_mg,
            out_mg=out_mg,
        )


@rule("pool.gap", movements=("close",))
def pool_gap(case: Case) -> Iterator[Notice]:
    """The measured in-process mass differs from the books beyond its uncertainty."""
    movement, limits = case.movement, case.recording.policy.thresholds
    tally = case.recording.books.get(TallyRecord, POOL_TALLY, movement.pool, "")
    sums = {} if tally is None else tally.sums
    gaps = dict(case.effect.gap)
    measured = dict(movement.measured_mg)
    gaps[TOTAL], measured[TOTAL] = sum(gaps.values()), sum(measured.values())
    book_total = measured[TOTAL] + gaps[TOTAL]
    found: dict[str, dict[str, object]] = {}
    for element in sorted(gaps):
        gap, stock = gaps[element], measured.get(element, 0)
        if max(stock, stock + gap) * 100 < book_total:
            continue  # traces are measured in the total
        variance = sums.get(f"var.{element}", 0) * GRAM_UNITS
        for held in (max(stock, stock + gap), sums.get(f"stock.{element}", 0)):
            variance += bias_variance(held, limits["pool.stock_share"])
        if beyond(abs(gap), limits["pool.gap_sigma"], variance):
            found[element] = {
                "book_mg": stock + gap,
                "measured_mg": stock,
                "sigmas": sigmas_text(abs(gap), variance),
            }
    if found:
        yield notice(
            case,
            "pool.gap",
            f"{movement.pool} was measured, and {listed(found)} differs from the books beyond uncertainty",
            "Measure again, record feeds, draws and losses that are missing, or ask a regulator to adjust.",
            subject=f"pool:{movement.pool}",
            elements=found,
        )


@rule("pool.unclosed", movements=("close",), stage="before", tell=True)
def month_without_close(case: Case) -> Iterator[Notice]:
    """A pool is closed after a whole calendar month without a close."""
    movement, policy = case.movement, case.recording.policy
    pool = case.recording.books.get(PoolRecord, movement.pool)
    if pool is None:
        return
    missing = month_after(month_of(pool.closed_us, policy))
    if missing < month_of(movement.event_time_us, policy):
        yield notice(
            case,
            "pool.unclosed",
            f"{movement.pool} was not closed in {missing}",
            "Measure what is in process and record a close, at least monthly.",
            subject=f"pool:{movement.pool}",
            ongoing=True,
            month=missing,
        )
