"""What honest trade looks like: the figures of the honest noise, fixed before any threshold was tuned.

Decides: how far two honest records of one thing differ. Never changed to make a rule look better; a rule that
cannot bear this noise is the one to be changed.

Source: where a constant names none, issue "Rare-earth books, controls and provenance", item 6; DOMAIN is the
domain description, with the section. "Our own" marks figures that no source gives.
"""

from typing import Final

# One relative standard deviation of an assayed share of REO, by that share (DOMAIN section 7, the bands of
# balance.element-gain): at least this share of REO -> relative deviation.
ASSAY_BANDS: Final = ((0.10, 0.01), (0.01, 0.02), (0.001, 0.05))
ASSAY_TRACE: Final = 0.20
"""Below the last band, of the share itself, or ``ASSAY_TRACE_FLOOR`` of all REO where that is more."""
ASSAY_TRACE_FLOOR: Final = 0.0001
ASSAY_TREO: Final = 0.003
"""Of the REO content of the goods (DOMAIN section 7)."""

LABORATORY_BIAS: Final = (0.002, 0.004)
"""Every laboratory reads all REO contents too high or too low by a share in this range, always the same."""

WEIGHING: Final = 0.002
"""One relative standard deviation of a scale, at every weighing."""

IN_PROCESS_STOCK: Final = 0.03
"""One relative standard deviation of a measured in-process stock, for each element."""

DRYING: Final = (0.002, 0.012)
"""Moist goods lose a share of their gross mass in this range on their way. Our own."""
MOIST_ABOVE: Final = 0.03
"""Goods with more moisture than this dry on the way. Our own."""
MOISTURE_READING: Final = 0.001
"""Standard deviation of a moisture reading, as a share of gross mass. Our own."""

MONTHLY_FILERS: Final = 0.5
"""Share of the parties that file once, early in the next month, as they may (DOMAIN section 5)."""
PROMPT_FILING_H: Final = 14.0
"""Mean hours until the others file. Our own."""
LATE_FILING: Final = 0.05
"""Share of the movements that are filed after the 10th of the next month; feeds, draws, closes and packing
never are."""
LATE_DAYS: Final = (0.5, 21.0)
"""By how much, in days. Our own."""

# Shares of shipments or of processes; our own figures: the issue names these kinds without a share.
RETURNED: Final = 0.012
REFUSED: Final = 0.006
PARTIAL: Final = 0.05
SPILLED: Final = 0.002
"""Shipments that truly lose 2 to 6 % on the way; the difference is a fact."""
REWORKED: Final = 0.03
TOLLED: Final = 0.02
"""Of what traders give to smelters. Tolling is banned and happens: what the ledger says of it is a fact."""
CORRECTED: Final = 0.008
STOCKTAKEN: Final = 0.006
ASSAYED: Final = 0.06
"""Lots that an independent laboratory assays as well."""
PACKED: Final = 0.05
LOST: Final = 0.001
WAREHOUSED: Final = 0.08
KEY_ROTATION_DAYS: Final = 270
"""Every how many days a party takes a new key. Our own."""

# True recoveries: mean and standard deviation, as a share of REO in (DOMAIN section 4: at least the norm of
# the step, electrolysis 95-98 %, strip casting 98-99 %; magnet scrap 25-30 % of magnet output).
RECOVERY: Final = {
    "flotation": (0.84, 0.015),
    "concentrate-to-mixed": (0.955, 0.006),
    "separation": (0.978, 0.003),
    "separation-ionic": (0.968, 0.004),
    "electrolysis": (0.966, 0.004),
    "strip-cast": (0.985, 0.0015),
    "magnet-making": (0.985, 0.003),
    "scrap-recovery": (0.955, 0.006),
    "rework": (0.99, 0.002),
}
DECLARED_LOSS: Final = 0.05
"""One relative standard deviation of a declared loss: what is lost is not weighed. Our own."""
SWARF: Final = (0.20, 0.23)
"""Share of a magnet maker's REO that leaves as scrap: 25-30 % of magnet output (DOMAIN section 4)."""

SCRAP_OTHERS: Final = (0.0, 0.002)
"""Share of the REO of old magnets that comes of lamps and ceramics among them, as yttrium. Our own."""

PRICE_SPREAD: Final = 0.06
"""One relative standard deviation of a sale's price around the index. Our own."""
TRANSIT_KMH: Final = (30.0, 70.0)
"""Door to door, by road. Our own."""
