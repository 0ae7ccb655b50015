"""What answers about goods look like. Masses are whole milligrams; REO is rare-earth oxide equivalent."""

from typing import Final

from marshmallow import fields

from api.fields import ListOf, Moment, Number, Object, StrictSchema, Text, Truth
from api.schemas import PageSchema

CSV_SCHEMA = {"type": "string", "description": "Comma-separated values with a header line, UTF-8."}


class OriginSchema(StrictSchema):
    """What one origin contributed."""

    origin = Text(
        "A site, import:<country>, opening:<party>, unexplained, or awaited:<lot>; to a party opening and "
        "awaited alone, where the firm or lot behind is another's."
    )
    share = Text("Of all REO asked for, as a decimal.")
    mass_mg = Number("REO in mg.")
    elements = Object("REO in mg by element.")
    statuses = Object("REO in mg by status.")


class HoldingSchema(StrictSchema):
    """A share of a lot in somebody's hands."""

    lot = Text("The lot.")
    owner = Text("Whose it is.")
    custodian = Text("Who has it.")
    site = Text("Where.")
    mass_mg = Number("Gross mass in mg, as a share of the lot's.")
    provisional_mg = Number("How much of it awaits the consignor's shipment.")


class TravellingSchema(StrictSchema):
    """What was sent and has not arrived, is abroad, or was released to a user."""

    lot = Text("The lot.")
    consignor = Text("Who sent it.")
    shipment = Text("The shipment: the consignor's event id.")
    consignee = Text("To whom.")
    kind = Text("ship, export, return, disclose or release.")
    site_to = Text("Where to, or empty.")
    left_mg = Number("What still travels, in mg.")
    sent_mg = Number("What was sent, in mg.")
    state = Text("The kind while it travels; exported: it is abroad; released: a user has it.")
    mass_mg = Number("What of it travels, is abroad now, or was released, in mg.")


class AlertSchema(StrictSchema):
    """An open or closed alert."""

    index = Number("The entry that opened it.")
    number = Number("Its number among the entry's alerts.")
    code = Text("The rule.")
    party = Text("Whose statement it is about.")
    site = Text("Where, or empty.")
    subject = Text("What it is about, as kind:id.")
    event_time = Moment("When that happened.")
    detail = Text("What was noticed.")
    mend = Text("What to do.")
    evidence = Object("Figures and names behind it.")
    told = Truth("Whether the submitter was told.")
    state = Text("open or closed.")
    case = Text("The case that it belongs to, or empty.")
    outcome = Text("confirmed, unfounded or settled; empty while it is open.")


class AlertsSchema(PageSchema):
    """Alerts, newest first."""

    alerts = ListOf(fields.Nested(AlertSchema), "The alerts.")


class LotSchema(StrictSchema):
    """A lot."""

    lot = Text("Its id.")
    product = Text("Catalogue code, or empty.")
    stage = Text("Stage of the product, or empty.")
    birth = Text("opening, extract, import, process, draw or awaited.")
    index = Number("The entry that recorded its birth.")
    event_time = Moment("When it was born.")
    producer = Text("Who recorded its birth; empty where the caller may not know.")
    site = Text("Where; empty where the caller may not know.")
    mass_mg = Number("Gross mass at birth in mg.")
    contained_mg = Object("REO in mg by element.")
    composition = Object("As declared.")
    custody_model = Text("As declared, or empty.")
    tainted_by = Number("The entry that makes it illegal product, or null.", allow_none=True)
    voided_at = Number("The entry that undid its birth, or null.", allow_none=True)
    corrected_at = Number("The entry that last corrected it; null: as recorded.", allow_none=True)
    origins = ListOf(fields.Nested(OriginSchema), "Shares by origin, largest first.")
    holders = ListOf(fields.Nested(HoldingSchema), "Present holders, as far as the caller may see them.")


class StepSchema(StrictSchema):
    """A lot or a pool version on the way."""

    node = Number("Its number in the graph.")
    kind = Text("lot or pool.")
    name = Text("Its id.")
    version = Number("Of a pool; 0 for a lot.")
    change = Text("How it was born, or what made the pool's version.")
    depth = Number("Steps from what was asked about.")
    index = Number("The entry of its event: provable by /v1/log/proof/inclusion.")
    position = Number("The event's place in the statement.")
    event_time = Moment("When.")
    product = Text("Catalogue code, or empty.")
    stage = Text("Stage, or empty.")
    party = Text("Who recorded it.")
    site = Text("Where.")
    mass_mg = Number("Gross mass at birth; 0 for a pool.")
    tainted_by = Number("The entry that makes it illegal product, or null.", allow_none=True)


class ModelSchema(StrictSchema):
    """The declared chain-of-custody model against the graph."""

    model = Text("As declared, or empty.")
    holds = Truth("Whether the graph bears it out; null: nothing to check.", allow_none=True)
    reason = Text("Why.")


class CarriedSchema(StrictSchema):
    """How much of a lot is in a unit, or was in a shipment."""

    lot = Text("The lot.")
    mass_mg = Number("Gross mass in mg of the part.")
    whole_mg = Number("Gross mass in mg of all of the lot; null to a party.", allow_none=True)


_ENDED: Final = (
    "What ended the walk before the graph did: limit; and, told to regulators, depth, until (downstream) or "
    "since (upstream). Empty: nothing further is behind."
)
_PARTS: Final = (
    "Of a unit or shipment its lots. Where a part is less than the whole, steps, holders and what travels "
    "are of the whole lot, since its parts are not told apart; contained_mg and origins are of the parts."
)


class ProvenanceSchema(StrictSchema):
    """Where something came from, or where it went."""

    kind = Text("lot, unit, shipment or pool.")
    name = Text("Its id.")
    direction = Text("upstream or downstream.")
    at = Number("The entry after which the books were asked, or null: now.", allow_none=True)
    corrected_at = Number("The entry that last corrected the lot; null: as recorded.", allow_none=True)
    contained_mg = Object("REO in mg by element of what was asked about.")
    parts = ListOf(fields.Nested(CarriedSchema), _PARTS)
    origins = ListOf(fields.Nested(OriginSchema), "Shares by origin, largest first.")
    countries = Object("Share of REO by country of origin, as decimals.")
    steps = ListOf(fields.Nested(StepSchema), "What the caller may see of the way, nearest first.")
    edges = ListOf(fields.List(fields.Integer()), "Pairs [child, parent] of steps.")
    hidden = Object("Steps of others, by stage: how many.")
    truncated = Truth("Whether a limit ended the walk.")
    ended_by = ListOf(fields.String(), _ENDED)
    model = fields.Nested(ModelSchema, required=True)
    holders = ListOf(fields.Nested(HoldingSchema), "Present holders.")
    travelling = ListOf(
        fields.Nested(TravellingSchema), "What is under way or abroad, or was released to users."
    )
    alerts = ListOf(
        fields.Nested(AlertSchema),
        "To regulators: open alerts about what is on the way, the events that made it, and what moved it.",
    )
    tainted = ListOf(fields.String(), "Lots on the way that are illegal product.")


class RecalledSchema(StrictSchema):
    """Who has some of it, where some of it travels, or a pool that it is in."""

    lot = Text("The lot, or the pool.")
    custodian = Text("Who has it, or to whom it travels or went.")
    owner = Text("Whose it is; empty of what travels and of a pool.")
    site = Text("Where, or where to.")
    mass_mg = Number("Gross mass in mg; null of a pool, which has none.", allow_none=True)
    provisional_mg = Number("How much of it awaits the consignor's shipment.")
    state = Text("held, in pool, or of what travels or left how it was sent.")


class RecallSchema(StrictSchema):
    """Who must be called."""

    kind = Text("lot, unit, shipment or pool.")
    name = Text("Its id.")
    at = Number("The entry after which a unit's contents are meant, or null: now.", allow_none=True)
    parts = ListOf(fields.Nested(CarriedSchema), _PARTS)
    whole_lots = Truth(
        "Whether a part is less than its lot, so that the rows are of more than was asked about."
    )
    rows = ListOf(fields.Nested(RecalledSchema), "Who has it or anything made of it.")
    truncated = Truth("Whether a limit ended the walk.")
    ended_by = ListOf(fields.String(), _ENDED)


class NamedSchema(StrictSchema):
    """A firm or a site."""

    id = Text("Its id.")
    name = Text("A firm's legal name or a site's name, as registered; empty where the register has none.")


def _those(meaning: str) -> ListOf:
    return ListOf(fields.Nested(NamedSchema), f"{meaning} Left out where there are none.", required=False)


class LabelSchema(StrictSchema):
    """What a lot's label says, derived from the graph."""

    supplier = fields.Nested(NamedSchema, required=True, metadata={"description": "Who recorded the lot."})
    lot = Text("The lot.")
    product = Text("Catalogue code.")
    mine = _those("Of ore and concentrate: the mines.")
    ore_producer = _those("Of compounds: who mined the ore and dressed it.")
    scrap_supplier = _those("Of compounds: who supplied the scrap that they were made of.")
    oxide_producer = _those("Of metal and what is made of it: who last made an oxide of it.")
    without_producer = ListOf(
        fields.String(),
        "What else it is made of, of which no producer is known: opening (stock from before the ledger), "
        "import:<country>, awaited, unexplained. Left out where there is nothing such.",
        required=False,
    )


class BalanceRowSchema(StrictSchema):
    """One element of a balance, in mg REO; what leaves is negative."""

    month = Text("Which month, with months=true: 2026-11.", required=False)
    element = Text("Symbol.")
    opening = Number("In stock before.", minimum=-(2**53))
    births = Number("Opened, mined, imported.", minimum=-(2**53))
    received = Number("Received, also by transfer.", minimum=-(2**53))
    produced = Number("Put into stock by processes and pools.", minimum=-(2**53))
    sent = Number("Shipped, exported, released, transferred.", minimum=-(2**53))
    used = Number("Taken from stock by processes and pools.", minimum=-(2**53))
    lost = Number("Lost, disposed of, destroyed.", minimum=-(2**53))
    adjusted = Number("Set to what was counted or measured: adjustments, closes of pools.", minimum=-(2**53))
    other = Number("Corrections, samples, and what was filed late.", minimum=-(2**53))
    closing = Number("In stock at the end: the sum of all before.", minimum=-(2**53))
    gap = Number("Booked as difference in the period, positive when stock fell.", minimum=-(2**53))
    declared_loss = Number("Declared as lost in processes.", minimum=-(2**53))


class BalanceSchema(StrictSchema):
    """The mass balance of a party, at a site or everywhere, over a period."""

    party = Text("Whose books.")
    site = Text("Where; empty: all its sites.")
    start = Moment("From, inclusive.")
    end = Moment("Until, exclusive.")
    rows = ListOf(fields.Nested(BalanceRowSchema), "By element.")


class ShipmentSchema(StrictSchema):
    """A shipment."""

    consignor = Text("Who sent it.")
    shipment = Text("The consignor's event id.")
    kind = Text("ship, export, return or disclose.")
    consignee = Text("To whom.")
    state = Text("open, received, voided or refused.")
    event_time = Moment("When it left.")
    index = Number("The entry that recorded it.")
    site_from = Text("From where.")
    site_to = Text("To where, or empty.")
    despatch_advice = Text("Its number, or empty.")
    invoice = Text("Its invoice, or empty.")
    licence = Text("Its licence, or empty.")
    destination = Text("Country of destination, or empty.")


class RecordsSchema(PageSchema):
    """Records of one kind, as the books hold them: see docs/books.md for the members of each kind."""

    records = ListOf(fields.Dict(), "The records.")
