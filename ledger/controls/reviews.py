"""Sums over months, judged once a month's filing deadline has passed: cumulative balances, bursts of filing,
growth of exports.

Decides: when many small gains together are no longer honest. A single batch may hide 2 % in its
uncertainty; a year of them may not, for independent errors cancel and only a laboratory's bias adds up. By
simulation this finds 96 % of plants that launder 2 % of their throughput, and 18 % of those that launder 1
%.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Final

from ledger.controls.balances import GRAM_UNITS
from ledger.controls.exports import TONNE_MG, exported_in, mean_before
from ledger.controls.measures import TOTAL, beyond, bias_variance, sigmas_text
from ledger.controls.noticing import decimal_text, listed, plain
from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.oversight import AlertRecord, TallyRecord
from ledger.records.periods import month_after
from ledger.records.policy import Policy

BALANCE: Final = "balance"
REPORTS: Final = "reports"
YEAR: Final = 12
LEAST_MONTHS: Final = 6
"""A preceding year with fewer months of work is no measure."""


@dataclass(frozen=True, slots=True)
class Year:
    """A site's sums over twelve months, in mg by name, and in how many months it worked."""

    sums: Mapping[str, int]
    months: int
    stock_variances: Mapping[str, int]

    def recovered(self) -> Fraction | None:
        """What was neither declared lost nor missing, per what the processes can give at most."""
        norm = self.sums.get("norm", 0)
        if norm <= 0:
            return None
        unrecovered = self.sums.get(f"lost.{TOTAL}", 0) - self.sums.get(f"gain.{TOTAL}", 0)
        return Fraction(self.sums.get(f"in.{TOTAL}", 0) - unrecovered, norm)


def review_balance(books: Books, policy: Policy, site: str, month: str) -> Finding | None:
    """Gains and recovery of a site over the twelve months that end with one, or None if they are honest.

    Args:
        books: With the tallies.
        policy: For the thresholds.
        site: Which.
        month: The last month, all of whose movements are filed.
    """
    limits = policy.thresholds
    books.prefetch(TallyRecord, ((BALANCE, site, month_after(month, -back)) for back in range(2 * YEAR)))
    year, before = _year(books, site, month), _year(books, site, month_after(month, -YEAR))
    if year.sums.get("count", 0) < limits["cumulative.least_movements"]:
        return None
    gains = _gains(year, policy)
    evidence: dict[str, Any] = {"months": f"{month_after(month, 1 - YEAR)} to {month}"}
    if gains:
        evidence["elements"] = gains
    recovered = year.recovered()
    usual = before.recovered() if before.months >= LEAST_MONTHS else Fraction(1)
    high = (
        recovered is not None
        and usual is not None
        and recovered > usual + limits["cumulative.recovery_points"]
    )
    if recovered is not None and usual is not None and high:
        evidence |= {"recovery": recovered, "usual": usual}
    if not gains and not high:
        return None
    parts = []
    if gains:
        parts.append(f"gains of {listed(gains)} add up to more than assays and scales can err")
    if high and recovered is not None and usual is not None:
        percents = [decimal_text(each * 100, 2) for each in (recovered, usual)]
        parts.append(f"{percents[0]} % is recovered, and {percents[1]} % is usual")
    return Finding(
        "balance.cumulative",
        f"over twelve months at {site}, {' and '.join(parts)}",
        mend="Show assays, scales and stocks of these months; name inputs that were not recorded.",
        evidence={name: plain(each) for name, each in evidence.items()},
    )


def review_reports(books: Books, policy: Policy, party: str, month: str) -> Finding | None:
    """Whether too much of a party's month happened in its last hours, or None."""
    limits = policy.thresholds
    tally = books.get(TallyRecord, REPORTS, party, month)
    count, last = (0, 0) if tally is None else (tally.sums.get("count", 0), tally.sums.get("last", 0))
    if count < limits["burst.movements"] or last <= limits["burst.share"] * count:
        return None
    hours = decimal_text(limits["burst.hours"])
    return Finding(
        "report.burst",
        f"{last} of {count} movements of {month} are said to have happened in its last {hours} hours",
        mend="Record movements with the time at which they happened.",
        evidence={"month": month, "movements": count, "in_last_hours": last},
    )


def _gains(year: Year, policy: Policy) -> dict[str, dict[str, Any]]:
    limits, found = policy.thresholds, {}
    throughput = _throughput(year, TOTAL)
    for name, gain in sorted(year.sums.items()):
        side, _, element = name.partition(".")
        own = _throughput(year, element)
        if side != "gain" or gain <= 0 or own < limits["cumulative.least_share"] * throughput:
            continue
        variance = year.sums.get(f"var.{element}", 0) + 2 * year.stock_variances.get(element, 0)
        variance = variance * GRAM_UNITS + bias_variance(own, limits["cumulative.bias_floor"])
        if beyond(gain, limits["cumulative.gain_sigma"], variance):
            found[element] = {
                "gain_mg": gain,
                "throughput_mg": own,
                "sigmas": sigmas_text(gain, variance),
            }
    return found


def _throughput(year: Year, element: str) -> int:
    return max(year.sums.get(f"in.{element}", 0), year.sums.get(f"out.{element}", 0))


def _year(books: Books, site: str, last: str) -> Year:
    """Twelve months up to one. Errors of a measured stock do not add up: the next close takes them back."""
    sums: dict[str, int] = {}
    stock: dict[str, int] = {}
    months = 0
    for back in range(YEAR):
        tally = books.get(TallyRecord, BALANCE, site, month_after(last, -back))
        month_sums: Mapping[str, int] = {} if tally is None else tally.sums
        months += bool(month_sums.get(f"in.{TOTAL}"))
        for name, amount in month_sums.items():
            side, _, element = name.partition(".")
            if side == "stock":
                stock[element] = max(stock.get(element, 0), amount)
            else:
                sums[name] = sums.get(name, 0) + amount
    return Year(sums, months, stock)


def review_surge(books: Books, policy: Policy, subject: str, month: str) -> Finding | None:
    """A month's growth once that month is filed, or more of the year before it; told once, open or closed."""
    limits, month_mg = policy.thresholds, exported_in(books, subject, month)
    mean = mean_before(policy, month, partial(exported_in, books, subject))
    if (
        month_mg < limits["surge.tonnes"] * TONNE_MG
        or mean is None
        or month_mg <= limits["surge.factor"] * mean
    ):
        return None
    if any(each.code == "export.surge" for each in books.group(AlertRecord, "subject", f"{subject}|{month}")):
        return None
    return Finding(
        "export.surge",
        f"{subject}: {month_mg} mg in {month}, {decimal_text(month_mg / mean, 1)} times its mean",
        mend="Show the orders behind the growth, and where the goods stay.",
        evidence={
            "month": month,
            "month_mg": month_mg,
            "mean_mg": int(mean),
            "factor": plain(month_mg / mean),
        },
    )
