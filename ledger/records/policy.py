"""The policy in force, as the books and the rules read it; the defaults of every rule stand here, as data.

Decides: what happens to a finding unless set-policy says otherwise, and at which figures rules fire. Source
of the defaults: docs/rules.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal

from ledger.materials.catalogue import Catalogue

Action = Literal["reject", "flag", "off"]

REJECT: Final = (
    "actor.unlisted",
    "actor.role",
    "name.foreign",
    "custody.not-holder",
    "custody.not-consignee",
    "balance.overdrawn",
    "pool.overdrawn",
    "recycler.ore-input",
    "graph.cycle",
    "licence.missing",
    "licence.expired",
    "licence.exhausted",
    "licence.mismatch",
    "licence.reused",
    "licence.case-by-case",
    "enduser.restricted",
    "enduser.military",
    "technology.prohibited",
    "time.before-birth",
    "time.after-recording",
)
"""Codes that refuse a movement unless policy says ``flag``."""

FLAG: Final = (
    "balance.element-gain",
    "balance.undeclared-element",
    "balance.cumulative",
    "balance.recovery",
    "pool.gap",
    "pool.unclosed",
    "recycler.fingerprint",
    "origin.fingerprint",
    "origin.undeclared",
    "quota.nearing",
    "quota.exceeded",
    "hs.mismatch",
    "export.structuring",
    "export.surge",
    "export.no-arrival",
    "export.taken-back",
    "shipment.unreceived",
    "shipment.unsent",
    "shipment.difference",
    "stock.difference",
    "trade.carousel",
    "trade.tolling",
    "invoice.missing",
    "invoice.reused",
    "invoice.mismatch",
    "price.low",
    "capacity.exceeded",
    "seal.reused",
    "time.two-places",
    "time.too-fast",
    "report.late",
    "report.burst",
    "content.deminimis",
    "content.undecided",
    "technology.product",
    "taint.inherited",
    "disclosure",
    "key.suspect",
    "licence.overdue",
)
"""Codes that open an alert unless policy says ``reject`` or ``off``."""

TOLD: Final = ("report.late", "shipment.difference", "quota.nearing", "pool.unclosed", "shipment.unsent")
"""Flags that the submitter is told unless policy says otherwise."""

HOME_CURRENCY: Final = "CNY"
"""In which values are compared; rates of other currencies are in it."""

ALWAYS: Final = (
    "balance.overdrawn",
    "pool.overdrawn",
    "graph.cycle",
    "custody.not-holder",
    "custody.not-consignee",
)
"""Impossible in the books themselves: policy cannot make them flags."""

THRESHOLDS: Final[Mapping[str, str]] = {
    "gain.element_sigma": "4.5",
    "gain.total_sigma": "4",
    "gain.reject_sigma": "5",
    "gain.reject_share": "0.05",
    "gain.bias_floor": "0.004",
    "gain.unexplained_share": "0.25",
    "gain.unexplained_least": "0.01",
    "cumulative.gain_sigma": "3.5",
    "cumulative.bias_floor": "0.004",
    "cumulative.recovery_points": "0.013",
    "cumulative.least_share": "0.001",
    "cumulative.least_movements": "6",
    "recovery.sigma": "3.3",
    "whole.excess_share": "0.01",
    "receipt.tolerance_share": "0.01",
    "receipt.drying_share": "0.015",
    "pool.tolerance_share": "0.01",
    "adjust.own_share": "0.005",
    "pool.unclosed_days": "31",
    "pool.gap_sigma": "3.5",
    "pool.stock_share": "0.03",
    "recycler.primary_share": "0.5",
    "fingerprint.share": "0.005",
    "fingerprint.sigma": "3",
    "quota.nearing_share": "0.9",
    "structuring.parcels": "4",
    "structuring.parcel_kg": "500",
    "structuring.days": "30",
    "structuring.least_share": "0.5",
    "surge.factor": "5",
    "surge.months": "3",
    "surge.tonnes": "5",
    "arrival.days": "60",
    "unreceived.hours": "72",
    "unreceived.default_days": "14",
    "stock.difference_share": "0.01",
    "recording.skew_seconds": "300",
    "carousel.hops": "3",
    "carousel.days": "30",
    "invoice.grace_days": "30",
    "invoice.tolerance_share": "0.02",
    "assay.sigma": "4.5",
    "assay.least_share": "0.01",
    "price.share": "0.7",
    "transit.max_kmh": "900",
    "burst.share": "0.2",
    "burst.movements": "30",
    "burst.hours": "24",
    "deminimis.share": "0.001",
}
"""Figures at which rules fire, as decimal text; set-policy may state others within ``limits_of``."""

_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "gain.unexplained_least": (0, 1),
    "cumulative.recovery_points": (0, 1),
    "pool.unclosed_days": (1, 36_525),
    "surge.factor": (0, 1_000_000),
    "surge.months": (0, 12),
    "surge.tonnes": (0, 100_000_000),
    "structuring.parcel_kg": (0, 100_000_000_000),
    "structuring.parcels": (1, 1_000_000),
    "carousel.hops": (1, 1_000_000),
    "burst.movements": (1, 1_000_000),
    "cumulative.least_movements": (0, 1_000_000),
    "transit.max_kmh": (1, 1_000_000),
}
_LIMITS_BY_ENDING: Final[Mapping[str, tuple[int, int]]] = {
    "share": (0, 1),
    "bias_floor": (0, 1),
    "sigma": (0, 1_000),
    "days": (0, 36_525),
    "hours": (0, 36_525 * 24),
    "skew_seconds": (0, 24 * 60 * 60),
}


def limits_of(threshold: str) -> tuple[int, int]:
    """The least and the most that set-policy takes for a threshold: of time a hundred years at most."""
    if threshold in _LIMITS:
        return _LIMITS[threshold]
    return next(limits for ending, limits in _LIMITS_BY_ENDING.items() if threshold.endswith(ending))


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency was worth in CNY within [starts_us, ends_us), by whose word."""

    currency: str
    starts_us: int
    ends_us: int
    cny: Fraction
    source: str


@dataclass(frozen=True)
class Policy:
    """What set-policy said, completed by the defaults.

    Attributes:
        rule_set: Version of the rules.
        actions: By code. ``tells``: whether the submitter is told of a flag.
        thresholds: By name.
        quota_basis: ``first-product`` (see docs/rules.md) or ``output``.
        filing_day: Day of the next month until which a movement may be filed.
        filing_offset_min: The authority's offset from UTC in minutes.
        holidays: ISO dates that are no working days; working_days: ISO dates of weekends that are.
        opening_until_us: Until when opening stocks may be recorded; None while no end is set.
        tolling: Whether toll processing is ``banned`` or ``allowed``.
        index_prices: Decimal CNY per kg by product code, for price.low.
        rates: What currencies were worth, dated; outside of these spans nobody knows.
        catalogue: The packaged products, and the authority's own.
        softened: Codes for which policy itself says ``flag``: also what is severe only opens an alert.
    """

    rule_set: int
    actions: Mapping[str, Action]
    tells: Mapping[str, bool]
    thresholds: Mapping[str, Fraction]
    quota_basis: str = "first-product"
    filing_day: int = 10
    filing_offset_min: int = 480
    holidays: tuple[str, ...] = ()
    working_days: tuple[str, ...] = ()
    opening_until_us: int | None = None
    tolling: str = "banned"
    index_prices: Mapping[str, Fraction] = field(default_factory=dict)
    softened: frozenset[str] = frozenset()
    rates: tuple[Rate, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue.load)

    @cached_property
    def off(self) -> frozenset[str]:
        """Codes of which nothing becomes."""
        return frozenset(code for code, action in self.actions.items() if action == "off")

    @cached_property
    def _wholes(self) -> dict[tuple[str, int], int]:
        return {}

    def whole(self, name: str, unit: int) -> int:
        """A threshold times a unit, cut to a whole number: hours as microseconds."""
        known = self._wholes.get((name, unit))
        if known is None:
            known = self._wholes[name, unit] = int(self.thresholds[name] * unit)
        return known

    def rate(self, currency: str, at_us: int) -> Rate | None:
        """What a currency was worth at a moment, or None where no rate says."""
        for each in self.rates:
            if each.currency == currency and each.starts_us <= at_us < each.ends_us:
                return each
        return None

    def in_home_currency(self, currency: str, at_us: int) -> Fraction | None:
        """What one unit of a currency, the home one too, was worth at a moment; None where no rate says."""
        if currency == HOME_CURRENCY:
            return Fraction(1)
        stated = self.rate(currency, at_us)
        return None if stated is None else stated.cny

    def action(self, code: str) -> Action:
        """What happens to a finding of this code."""
        return self.actions.get(code, "flag")


_REJECT: Final[Action] = "reject"
_FLAG: Final[Action] = "flag"
_ACTIONS: Final[Mapping[str, Action]] = dict.fromkeys(REJECT, _REJECT) | dict.fromkeys(FLAG, _FLAG)
_THRESHOLDS: Final = {name: Fraction(text) for name, text in THRESHOLDS.items()}


def read_policy(members: Mapping[str, Any]) -> Policy:
    """The policy from the members that set-policy's schema loaded."""
    actions, tells, thresholds = dict(_ACTIONS), dict.fromkeys(TOLD, True), dict(_THRESHOLDS)
    for code, choice in members.get("rules", {}).items():
        if "action" in choice:
            actions[code] = choice["action"]
        if "tell" in choice:
            tells[code] = choice["tell"]
    for name, text in members.get("thresholds", {}).items():
        thresholds[name] = Fraction(text)
    return Policy(
        rule_set=members["rule_set"],
        actions=actions,
        tells=tells,
        thresholds=thresholds,
        quota_basis=members.get("quota_basis", "first-product"),
        filing_day=members.get("filing_day", 10),
        filing_offset_min=members.get("filing_offset_min", 480),
        holidays=tuple(members.get("holidays", ())),
        working_days=tuple(members.get("working_days", ())),
        opening_until_us=members.get("opening_until_us"),
        tolling=members.get("tolling", "banned"),
        index_prices={code: Fraction(text) for code, text in members.get("index_prices", {}).items()},
        softened=frozenset(
            code for code, choice in members.get("rules", {}).items() if choice.get("action") == "flag"
        ),
        rates=tuple(
            Rate(each["currency"], each["start_us"], each["end_us"], Fraction(each["cny"]), each["source"])
            for each in members.get("exchange_rates", ())
        ),
        catalogue=Catalogue.load().extended(members.get("products", ())),
    )
