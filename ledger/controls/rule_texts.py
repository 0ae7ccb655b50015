"""What each rule looks for, in a sentence, with the figures that bound it and an example.

Decides: the words alone. docs/rules.md says the same, which a test checks; what becomes of a finding is
policy's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RuleText:
    """What is said of a rule.

    Attributes:
        fires: When it fires.
        thresholds: The figures of policy that it reads.
        example: A case in a few words.
    """

    fires: str
    thresholds: tuple[str, ...]
    example: str


RULE_TEXTS: Final[Mapping[str, RuleText]] = {
    "actor.unlisted": RuleText(
        fires=(
            "the party or the site is not listed at the event's time; or the consignor of a receipt "
            "was never listed, so that it cannot file its shipment"
        ),
        thresholds=(),
        example="a mine whose listing ended in June extracts in July",
    ),
    "actor.role": RuleText(
        fires="the party's roles do not allow the movement, what it makes, or whom it releases goods to",
        thresholds=(),
        example="a trader makes metal out of oxide",
    ),
    "name.foreign": RuleText(
        fires=(
            "a new lot, unit or pool lies outside the signer's prefixes, or the work is done at another's "
            "site"
        ),
        thresholds=(),
        example="a plant names its lot under the mine's prefix",
    ),
    "custody.not-holder": RuleText(
        fires="the signer does not have what it moves",
        thresholds=(),
        example="a trader ships a lot that it has not received",
    ),
    "custody.not-consignee": RuleText(
        fires="the shipment goes to somebody else",
        thresholds=(),
        example="a firm receives its neighbour's delivery",
    ),
    "balance.overdrawn": RuleText(
        fires="more leaves than is there",
        thresholds=("whole.excess_share",),
        example="1,050 kg of a lot of 1,000 kg are shipped",
    ),
    "pool.overdrawn": RuleText(
        fires="more is drawn than the pool holds, beyond what assays can err",
        thresholds=("pool.tolerance_share",),
        example="dysprosium is drawn from a pool into which none was fed",
    ),
    "graph.cycle": RuleText(
        fires="a late birth descends from provisional uses of its own lot",
        thresholds=(),
        example="the oxide's batch names as input what was made of that oxide",
    ),
    "balance.element-gain": RuleText(
        fires=(
            "more of an element, or of all REO, comes out than went in, beyond uncertainty; refused "
            "beyond both refusal thresholds. Flagged, never refused: more was made of a lot before "
            "its birth was recorded or corrected than it contains by that; and gain upon gain, each "
            "within what assays can err, until much of an element has no origin left"
        ),
        thresholds=(
            "gain.element_sigma",
            "gain.total_sigma",
            "gain.reject_sigma",
            "gain.reject_share",
            "gain.bias_floor",
            "gain.unexplained_share",
            "gain.unexplained_least",
        ),
        example="400 kg Nd go in, 428 kg come out: 4.5 sigma is 427.9 kg",
    ),
    "balance.undeclared-element": RuleText(
        fires="an element comes out that nothing that went in declares, beyond traces",
        thresholds=("gain.element_sigma",),
        example="1.5 kg Dy out of 1,000 kg REO of pure La and Nd",
    ),
    "balance.cumulative": RuleText(
        fires=(
            "over twelve months at a site, gains and gaps of an element, or recovery, are beyond what"
            " is honest"
        ),
        thresholds=(
            "cumulative.gain_sigma",
            "cumulative.bias_floor",
            "cumulative.recovery_points",
            "cumulative.least_share",
            "cumulative.least_movements",
        ),
        example="every batch of a year gives 2 % more than it should",
    ),
    "balance.recovery": RuleText(
        fires="the recovery lies outside the process's bounds; a process that no table names is held to the "
        "widest bounds of those that make the same stage",
        thresholds=(
            "recovery.sigma",
            "gain.bias_floor",
        ),
        example="separation gives 93 % where the norm is 96 to 100 %",
    ),
    "pool.gap": RuleText(
        fires="a close measures another mass in process than the books have, beyond uncertainty",
        thresholds=(
            "pool.gap_sigma",
            "pool.stock_share",
        ),
        example="890 t are measured where 1,000 t were fed",
    ),
    "pool.unclosed": RuleText(
        fires="no close of a pool that holds something is recorded for a month, or a calendar month had none",
        thresholds=("pool.unclosed_days",),
        example="fed on 2 September, no close recorded by 10 November",
    ),
    "recycler.ore-input": RuleText(
        fires="a recycler uses an ore, a concentrate, or a mixed compound that is mostly from mines. "
        "Flagged, never refused: what a recycler used is such a product by the birth that is recorded or "
        "corrected afterwards; what was made of it is tainted",
        thresholds=("recycler.primary_share",),
        example="a recycler feeds monazite concentrate",
    ),
    "recycler.fingerprint": RuleText(
        fires="scrap that is fed has more Y, Er, Yb or Eu than scrap has",
        thresholds=(
            "fingerprint.share",
            "fingerprint.sigma",
        ),
        example='"magnet scrap" with 0.6 % yttrium',
    ),
    "origin.fingerprint": RuleText(
        fires="a concentrate or mixed compound has other shares than its declared mine",
        thresholds=(
            "fingerprint.share",
            "fingerprint.sigma",
        ),
        example='concentrate "of Bayan Obo" with 4 % dysprosium',
    ),
    "origin.undeclared": RuleText(
        fires="an import states no origin; or what another party exported is brought back without a proof",
        thresholds=(),
        example='`"ree:origin": "undeclared"`',
    ),
    "quota.nearing": RuleText(
        fires="an allotment is used to 90 %",
        thresholds=("quota.nearing_share",),
        example="90 t of 100 t are mined",
    ),
    "quota.exceeded": RuleText(
        fires="more is drawn than was allotted, or anything by a party without an allotment where they are "
        "published; goods made beyond a published allotment are tainted, and a case opens",
        thresholds=(),
        example="101 t of 100 t are mined",
    ),
    "licence.missing": RuleText(
        fires=(
            "a controlled item, goods or technology, is exported without a licence that was granted at the "
            "event's time; or controlled goods in the country go to a party or site that the register has in "
            "another one, by a movement that is no export"
        ),
        thresholds=(),
        example="dysprosium oxide, no licence named; shipped or sold to a firm in Germany by a `ship`",
    ),
    "licence.expired": RuleText(
        fires="the licence, which is granted, was not in force at the event's time",
        thresholds=(),
        example="shipped a day after `valid_to`",
    ),
    "licence.exhausted": RuleText(
        fires="more is exported than the licence has left, in mass or in number of documents and the like",
        thresholds=(),
        example="60 kg on a licence with 50 kg left",
    ),
    "licence.mismatch": RuleText(
        fires="another exporter, item, scope, destination, consignee, end user or end use",
        thresholds=(),
        example="a licence for Germany, goods to Japan",
    ),
    "licence.reused": RuleText(
        fires="a single licence for a second shipment, or for technology handed over a second time",
        thresholds=(),
        example="the same single licence on Monday and on Friday",
    ),
    "licence.case-by-case": RuleText(
        fires="goods for an advanced use leave without a single licence for that very use",
        thresholds=(),
        example="magnets for 7 nm logic under a general licence",
    ),
    "licence.overdue": RuleText(
        fires="an application is not decided within 45 working days, clock stops left out",
        thresholds=(),
        example="applied in January, undecided in May",
    ),
    "enduser.restricted": RuleText(
        fires="consignee, end user or buyer is listed, or held to half or more by listed parties together",
        thresholds=(),
        example="two listed firms hold 30 % each of the consignee's owner",
    ),
    "enduser.military": RuleText(
        fires="a military user, an affiliate of one, or a military use, while such a list is in force",
        thresholds=(),
        example='`"ree:endUse": "military"`',
    ),
    "technology.prohibited": RuleText(
        fires="technology is handed to a foreign organisation that a list in force prohibits",
        thresholds=(),
        example="a separation plant's flow sheet for a firm in Germany, licensed or not",
    ),
    "technology.product": RuleText(
        fires="goods leave a foreign country whose maker was given listed technology before it made them",
        thresholds=(),
        example="magnets of a firm in Viet Nam that had been given 1E902.a, to Japan",
    ),
    "hs.mismatch": RuleText(
        fires="assay or product contradicts commodity code or name; a lot is born as another product than it "
        "was received as before; Dy or Tb in magnets without a licence",
        thresholds=(
            "assay.sigma",
            "assay.least_share",
        ),
        example="neodymium oxide declared as solder paste",
    ),
    "export.structuring": RuleText(
        fires="several parcels below the reporting size go to one consignee or end user within a window",
        thresholds=(
            "structuring.parcels",
            "structuring.parcel_kg",
            "structuring.days",
            "structuring.least_share",
        ),
        example="four parcels of 490 kg in two weeks",
    ),
    "export.surge": RuleText(
        fires=(
            "a month's exports of an exporter, or to a country, are far above the mean of the twelve "
            "months before"
        ),
        thresholds=(
            "surge.factor",
            "surge.months",
            "surge.tonnes",
        ),
        example="6 t after a year of 1 t a month",
    ),
    "export.no-arrival": RuleText(
        fires="no arrival of an export is reported in time",
        thresholds=("arrival.days",),
        example="exported on 1 March, nothing heard by 30 April",
    ),
    "export.taken-back": RuleText(
        fires="an export gives its licence back after its arrival, installation or use was reported",
        thresholds=("receipt.tolerance_share",),
        example="reported as arrived on Monday, cancelled on Tuesday",
    ),
    "shipment.unreceived": RuleText(
        fires=(
            "a shipment arrived long after it was due, or no final receipt is recorded by the "
            "consignee's filing deadline"
        ),
        thresholds=(
            "unreceived.hours",
            "unreceived.default_days",
        ),
        example="due on 3 May, arrived on 9 May",
    ),
    "shipment.unsent": RuleText(
        fires="goods were received, and the consignor recorded no shipment by its filing deadline",
        thresholds=(),
        example="received in May, no shipment by 10 June",
    ),
    "shipment.difference": RuleText(
        fires=(
            "the dry contained mass that arrived differs from what was sent; or more of a lot was "
            "received before its birth was recorded than was born"
        ),
        thresholds=(
            "receipt.tolerance_share",
            "receipt.drying_share",
        ),
        example="1,000 kg sent, 985 kg weighed at the same moisture",
    ),
    "stock.difference": RuleText(
        fires="a count differs from the books; or a party adjusts its own stock",
        thresholds=(
            "stock.difference_share",
            "adjust.own_share",
        ),
        example="97 kg are counted where 100 kg are booked",
    ),
    "trade.carousel": RuleText(
        fires="a lot is sold back to an earlier owner, or through three traders within thirty days",
        thresholds=(
            "carousel.hops",
            "carousel.days",
        ),
        example="a plant buys back its oxide from a trader's customer",
    ),
    "trade.tolling": RuleText(
        fires="goods are processed for another owner while policy bans it",
        thresholds=(),
        example="a separator processes a trader's carbonate",
    ),
    "invoice.missing": RuleText(
        fires="a sale has no special invoice after the grace period",
        thresholds=("invoice.grace_days",),
        example="sold on 5 May, only an ordinary invoice by 10 June",
    ),
    "invoice.reused": RuleText(
        fires=(
            "an invoice stands for more sales than it covers, or for a second one of lots that it "
            "does not name"
        ),
        thresholds=("invoice.tolerance_share",),
        example="two deliveries of 10 t under one invoice of 10 t",
    ),
    "invoice.mismatch": RuleText(
        fires="an invoice has another name, mass (of compounds gross or REO) or party than the sale",
        thresholds=("invoice.tolerance_share",),
        example="lanthanum oxide invoiced, neodymium oxide shipped",
    ),
    "price.low": RuleText(
        fires="the unit price, of a movement or by an invoice, is far below the index",
        thresholds=("price.share",),
        example="PrNd oxide at 400 CNY/kg, index 606",
    ),
    "capacity.exceeded": RuleText(
        fires="a site's output in a year is above its listed capacity",
        thresholds=(),
        example="12 kt out of a plant of 10 kt",
    ),
    "seal.reused": RuleText(
        fires="a seal or unit is put to use while it is in use elsewhere",
        thresholds=(),
        example="one seal number on two drums",
    ),
    "time.before-birth": RuleText(
        fires="something happens to a lot before it was born. Flagged, never refused: by a birth that is "
        "recorded or corrected afterwards",
        thresholds=(),
        example="shipped on Monday, extracted on Tuesday",
    ),
    "time.after-recording": RuleText(
        fires="the event lies after the moment of its recording",
        thresholds=("recording.skew_seconds",),
        example="tomorrow's shipment, filed today",
    ),
    "time.two-places": RuleText(
        fires="goods arrive before they leave, or one thing is at two sites at once",
        thresholds=(),
        example="received at 08:00, shipped at 09:00",
    ),
    "time.too-fast": RuleText(
        fires="a shipment travels faster than anything does",
        thresholds=("transit.max_kmh",),
        example="Ganzhou to Baotou in one hour",
    ),
    "report.late": RuleText(
        fires="a movement is recorded, or corrected into an earlier month, after the filing day of the next "
        "month",
        thresholds=(),
        example="May's extraction, filed on 12 June",
    ),
    "report.burst": RuleText(
        fires="a large part of a party's month is said to have happened in its last hours",
        thresholds=(
            "burst.share",
            "burst.movements",
            "burst.hours",
        ),
        example="12 of 40 movements at 23:00 on the 31st",
    ),
    "content.deminimis": RuleText(
        fires="goods of Chinese origin are re-exported from abroad while such a list is in force",
        thresholds=("deminimis.share",),
        example="magnets from Germany with 5 % Chinese neodymium",
    ),
    "content.undecided": RuleText(
        fires="a price is missing, and without it nobody can say whether the Chinese value reaches the share",
        thresholds=("deminimis.share",),
        example="no invoice of the metal that the magnets are made of",
    ),
    "taint.inherited": RuleText(
        fires="a lot is made of illegal product, or illegal product changes hands",
        thresholds=(),
        example="oxide out of ore mined beyond the quota",
    ),
    "disclosure": RuleText(
        fires="an export that would have been refused is disclosed, of technology too; its lots are tainted, "
        "and a case opens",
        thresholds=(),
        example="a controlled parcel that left without a licence",
    ),
    "key.suspect": RuleText(
        fires="a revoked key signed entries that may not be its owner's",
        thresholds=(),
        example="`revoke-key` with `suspect_from`",
    ),
}
"""By code."""
