"""The list of planted patterns: every code of DOMAIN section 7 has at least one.

Decides: names, codes, parties of their own, costs, and which have a variant just under the threshold.
"""

from typing import Final

from ledger.simulation import export_patterns as export
from ledger.simulation import goods_patterns as goods
from ledger.simulation import office_patterns as office
from ledger.simulation import trade_patterns as trade
from ledger.simulation.planting import Pattern

MINE: Final = ("rock-mine", ("miner",))
SMELTER: Final = ("smelter", ("smelter",))
EXPORTER: Final = ("trader", ("trader", "exporter"))
CUSTOMER: Final = ("importer", ("importer", "user"))

PATTERNS: Final = (
    Pattern("unlisted-site", ("actor.unlisted",), office.unlisted_site),
    Pattern("wrong-role", ("actor.role",), office.wrong_role),
    Pattern("foreign-name", ("name.foreign",), office.foreign_name),
    Pattern("not-holder", ("custody.not-holder",), goods.not_holder),
    Pattern("not-consignee", ("custody.not-consignee",), goods.not_consignee),
    Pattern("overdrawn", ("balance.overdrawn",), goods.overdrawn, evasive=True),
    Pattern("pool-overdrawn", ("pool.overdrawn",), goods.pool_overdrawn),
    Pattern("element-gain", ("balance.element-gain",), goods.element_gain, evasive=True),
    Pattern("undeclared-element", ("balance.undeclared-element",), goods.undeclared_element),
    Pattern(
        "cumulative",
        ("balance.cumulative",),
        goods.cumulative,
        20,
        rogues=(SMELTER,),
        evasive=True,
        shape="spread",
        least=14,
        first=0.02,
        last=0.2,
    ),
    Pattern("poor-recovery", ("balance.recovery",), goods.poor_recovery, evasive=True),
    Pattern("pool-gap", ("pool.gap",), goods.pool_gap, evasive=True),
    Pattern(
        "pool-unclosed",
        ("pool.unclosed",),
        goods.pool_unclosed,
        0,
        rogues=(("separator", ("separator",)),),
        silent=True,
        last=0.7,
    ),
    Pattern("recycler-ore", ("recycler.ore-input",), goods.recycler_ore),
    Pattern("recycler-fingerprint", ("recycler.fingerprint",), goods.recycler_fingerprint, evasive=True),
    Pattern("origin-fingerprint", ("origin.fingerprint",), goods.origin_fingerprint, evasive=True),
    Pattern(
        "graph-cycle",
        ("graph.cycle",),
        goods.graph_cycle,
        3,
        rogues=(SMELTER, SMELTER),
        shape="combined",
    ),
    Pattern("import-undeclared", ("origin.undeclared",), goods.import_undeclared),
    Pattern(
        "quota",
        ("quota.nearing", "quota.exceeded"),
        office.quota,
        2,
        rogues=(MINE,),
        evasive=True,
        shape="combined",
    ),
    Pattern("capacity", ("capacity.exceeded",), office.capacity, 1, rogues=(MINE,), evasive=True),
    Pattern("licence-missing", ("licence.missing",), export.licence_missing),
    Pattern("licence-expired", ("licence.expired",), export.licence_expired, last=0.6),
    Pattern("licence-exhausted", ("licence.exhausted",), export.licence_exhausted, last=0.65),
    Pattern("licence-mismatch", ("licence.mismatch",), export.licence_mismatch, last=0.65),
    Pattern("licence-reused", ("licence.reused",), export.licence_reused, last=0.65),
    Pattern(
        "restricted",
        ("enduser.restricted",),
        export.restricted,
        rogues=(CUSTOMER,),
        evasive=True,
    ),
    Pattern("hs-declared", ("hs.mismatch",), export.hs_mismatch),
    Pattern("hs-assayed", ("hs.mismatch",), goods.hs_assay, evasive=True),
    Pattern(
        "structuring",
        ("export.structuring",),
        export.structuring,
        5,
        rogues=(EXPORTER, CUSTOMER),
        evasive=True,
        shape="spread",
    ),
    Pattern(
        "surge",
        ("export.surge",),
        export.surge,
        4,
        rogues=(EXPORTER,),
        evasive=True,
        shape="spread",
        last=0.5,
    ),
    Pattern("no-arrival", ("export.no-arrival",), export.no_arrival, last=0.65),
    Pattern(
        "reexport",
        ("content.deminimis",),
        export.reexport,
        rogues=(("importer", ("importer", "exporter", "user")),),
        last=0.6,
    ),
    Pattern("disclosure", ("disclosure",), export.disclosure),
    Pattern("unreceived", ("shipment.unreceived",), trade.unreceived, last=0.7),
    Pattern("unsent", ("shipment.unsent",), trade.unsent, last=0.7),
    Pattern("difference", ("shipment.difference",), trade.difference, evasive=True),
    Pattern("stock-difference", ("stock.difference",), goods.stock_difference, evasive=True),
    Pattern("carousel", ("trade.carousel",), trade.carousel, 3, evasive=True, shape="spread"),
    Pattern("tolling", ("trade.tolling",), trade.tolling),
    Pattern("invoice-missing", ("invoice.missing",), trade.invoice_missing, last=0.7),
    Pattern("invoice-reused", ("invoice.reused",), trade.invoice_reused, 2),
    Pattern("invoice-mismatch", ("invoice.mismatch",), trade.invoice_mismatch, evasive=True),
    Pattern("price-low", ("price.low",), trade.price_low, evasive=True),
    Pattern("seal-reused", ("seal.reused",), trade.seal_reused, 2),
    Pattern("before-birth", ("time.before-birth",), office.before_birth),
    Pattern("after-recording", ("time.after-recording",), office.after_recording),
    Pattern("two-places", ("time.two-places",), trade.two_places),
    Pattern("too-fast", ("time.too-fast",), trade.too_fast, evasive=True),
    Pattern("late", ("report.late",), office.late),
    Pattern(
        "burst", ("report.burst",), office.burst, 12, rogues=(MINE,), evasive=True, shape="spread", last=0.7
    ),
)
