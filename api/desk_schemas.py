"""What the lists and boards of a desk look like: stock, shipments, pools, licences, quotas, cases."""

from marshmallow import fields

from api.book_schemas import AlertSchema, HoldingSchema, ShipmentSchema
from api.fields import DIGEST_PATTERN, HASH_PATTERN, ListOf, Moment, Number, Object, StrictSchema, Text, Truth
from api.schemas import PageSchema


class StockSchema(HoldingSchema):
    """A holding with what its lot is and what the share contains."""

    product = Text("Catalogue code, or empty.")
    stage = Text("Stage of the product, or empty.")
    birth = Text("How the lot was born: opening, extract, import, process, draw or awaited.")
    instance = Truth("Whether it is one indivisible thing.")
    pieces = Number("How many pieces the whole lot was stated to have, or null.", allow_none=True)
    contained_mg = Object("REO in mg by element in this share of the lot.")
    tainted_by = Number("The entry that makes it illegal product, or null.", allow_none=True)


class HoldingsSchema(PageSchema):
    """Holdings in order of the lots."""

    holdings = ListOf(fields.Nested(StockSchema), "The holdings.")


class ShipmentRowSchema(ShipmentSchema):
    """A shipment with how much it carried and when it is due."""

    due = Moment("When it is due, or null where nothing was said.", allow_none=True)
    lines = Number("How many lots it carried.")
    sent_mg = Number("Their gross mass in mg.")
    left_mg = Number("What of it still travels, in mg.", minimum=-(2**53))


class ShipmentsSchema(PageSchema):
    """Shipments."""

    shipments = ListOf(fields.Nested(ShipmentRowSchema), "The shipments.")


class ShipmentLineSchema(StrictSchema):
    """One lot of a shipment."""

    lot = Text("The lot.")
    product = Text("Catalogue code, or empty.")
    stage = Text("Stage of the product, or empty.")
    sent_mg = Number("Gross mass that was sent, in mg.")
    left_mg = Number("What of it still travels, in mg.", minimum=-(2**53))
    weighed_mg = Number("What its consignee weighed so far, in mg.")


class ShipmentLinesSchema(StrictSchema):
    """The lots of one shipment."""

    consignor = Text("Who sent it.")
    shipment = Text("The consignor's event id.")
    lines = ListOf(fields.Nested(ShipmentLineSchema), "By lot.")


class PoolSchema(StrictSchema):
    """A continuous plant, tank, silo or stockpile, as of its newest version."""

    pool = Text("Its id.")
    site = Text("Where it stands.")
    custodian = Text("Who runs it.")
    version = Number("Its newest version.")
    index = Number("The entry that made that version.")
    contained_mg = Object("REO in mg by element.")
    owners = Object("REO in mg by owner.")
    blocked = Object("What closes found beyond the books and no regulator released: mg by element.")
    closed = Moment("When it was last closed; when it was first fed where it never was.")
    tainted_by = Number("The entry that makes what it holds illegal product, or null.", allow_none=True)


class PoolsSchema(PageSchema):
    """Pools in order of their ids."""

    pools = ListOf(fields.Nested(PoolSchema), "The pools.")


class AlertCountsSchema(StrictSchema):
    """How many alerts are open."""

    open = Number("All of them.")
    by_code = Object("How many, by rule: most first.")
    by_party = Object("How many, by the party that they are about: most first.")
    by_month = Object("How many, by the month of what happened.")


class QuotaRowSchema(StrictSchema):
    """A quota, and what was drawn on it; REO in mg."""

    party = Text("Whose.")
    year = Number("Of which year.")
    activity = Text("mining or separation.")
    ore_class = Text("rock, ionic or any.")
    allotted_mg = Number("What was allotted.")
    drawn_mg = Number("What was drawn.")
    entry_index = Number("The entry that allotted it last.")
    share_drawn = Text("Drawn per allotted, as a decimal; null where nothing was allotted.", allow_none=True)
    drawn_by_month = ListOf(
        fields.Integer(), "What was drawn in each month, January first; with monthly=true.", required=False
    )


class QuotasSchema(PageSchema):
    """Quotas."""

    records = ListOf(fields.Nested(QuotaRowSchema), "The quotas.")


class StopSchema(StrictSchema):
    """A time for which the clock of a decision stood: its working days do not count."""

    stopped = Moment("When it was stopped.")
    started = Moment("When it went on, or null while it stands.", allow_none=True)


class LicenceRowSchema(StrictSchema):
    """An export licence or an application, and the clock of its decision."""

    licence = Text("Its id.")
    exporter = Text("Who applied.")
    kind = Text("single or general.")
    state = Text("applied, granted, refused, suspended or revoked.")
    items = ListOf(
        fields.String(), "Products, commodity codes or control references; or items of technology."
    )
    destinations = ListOf(fields.String(), "Countries.")
    consignees = ListOf(fields.String(), "Parties.")
    end_users = ListOf(fields.String(), "Parties.")
    end_use = Text("What for.")
    quantity_mg = Number("Gross mass that it allows; 0: it is for technology.")
    drawn_mg = Number("What of it is used.")
    scope = Object("Of technology: how many of each form; empty where no number is set.")
    applied_at = Number("The entry of the application.")
    applied = Moment("When that was.")
    decided_at = Number("The entry of the decision, or null.", allow_none=True)
    decided = Moment("When that was, or null.", allow_none=True)
    due = Moment(
        "Until when a decision is due; null once it is there, and while the clock stands.", allow_none=True
    )
    valid_from = Moment("From when it is good, or null.", allow_none=True)
    valid_to = Moment("Until when, exclusive, or null.", allow_none=True)
    clock = ListOf(fields.Nested(StopSchema), "When the clock of the decision stood, in order.")
    reason = Text("Why it was refused or taken out of use, or empty.")
    shipments = ListOf(fields.String(), "Exports that drew on it.")
    reported = Object("Steps reported after export, by shipment.")
    working_days_open = Number("For how many working days the clock ran.")
    working_days_left = Number(
        "Of the 45 until a decision; below zero once they are over; null after it.",
        minimum=-(2**31),
        allow_none=True,
    )
    overdue = Truth("Whether a decision is waited for that was due before.")
    stopped = Truth("Whether the clock stands.")


class LicencesSchema(PageSchema):
    """Licences and applications."""

    records = ListOf(fields.Nested(LicenceRowSchema), "The licences.")


class TechnologyTransferSchema(StrictSchema):
    """Technology that was handed to a foreign organisation."""

    entry_index = Number("The entry.")
    position = Number("The event's place in its statement.")
    issuer = Text("Who signed.")
    event_id = Text("The event.")
    provider = Text("Who handed over.")
    technology = Text("The item's code.")
    manner = Text("export, or release within the country.")
    scope = Object("How many of each form; empty where that is not stated.")
    consignee = Text("Who received.")
    end_user = Text("Who uses it.")
    end_use = Text("What for, or empty.")
    destination = Text("Country of the organisation.")
    licence = Text("The licence that it names, or empty.")
    document_sha256 = Text("Digest of the documents in hex, or empty.")
    event_time = Moment("When it was.")
    disclosed = Truth("Whether it was told after the fact, for it would have been refused.")
    reason = Text("Why, where it is stated, or empty.")
    voided_at = Number("The entry that took it back, or null.", allow_none=True)


class TechnologyTransfersSchema(PageSchema):
    """Transfers of technology."""

    records = ListOf(fields.Nested(TechnologyTransferSchema), "The transfers.")


class FirmSchema(StrictSchema):
    """A firm by id and name."""

    party = Text("Its id.")
    name = Text("Its legal name; its id where the register has none.")


class CaseRowSchema(StrictSchema):
    """A case."""

    case = Text("Its id.")
    opened_by = Text("Who opened it; empty where it opened with its alert.")
    opened_at = Number("The entry.")
    alerts = ListOf(fields.List(fields.Integer()), "Pairs [entry, number].")
    parties = ListOf(fields.String(), "Parties that it names.")
    lots = ListOf(fields.String(), "Lots that it names.")
    state = Text("open or closed.")
    outcome = Text("Empty while it is open.")
    closed_at = Number("The entry that closed it, or null.", allow_none=True)
    reopens = Text("The closed case that it takes up again, or null.", allow_none=True)
    codes = ListOf(fields.String(), "The rules of its alerts.")
    firms = ListOf(fields.Nested(FirmSchema), "Whom it names or its alerts are about.")


class CasesSchema(PageSchema):
    """Cases."""

    records = ListOf(fields.Nested(CaseRowSchema), "The cases.")


class FilingSchema(StrictSchema):
    """Until when a party files what, and how it stands."""

    party = Text("Whose filing.")
    now = Moment("The server's time.")
    zone = Text("The authority's offset from UTC: +08:00.")
    deadline = Moment("The first moment at which that month's movements are late.")
    last_day = Text("The last day on which they are in time, where the authority is: 2026-12-10.")
    days_left = Number("Days until then; 0 on that day.")
    month = Text("The month that is to be filed next: 2026-11.")
    recorded = Number("The party's movements of that month that are recorded.")
    late = Number("Its movements that were recorded late since the present month began.")


class RuleSchema(StrictSchema):
    """A rule, and what policy does with its findings."""

    code = Text("Its code, as in docs/rules.md.")
    action = Text("reject, flag or off.")
    told = Truth("Whether the submitter is told of a flag.")
    fixed = Truth("Whether it is impossible in the books, so that policy cannot make it a flag.")
    softened = Truth("Whether policy itself says flag: then also what is beyond a second limit is one.")
    description = Text("When it fires.")
    thresholds = ListOf(fields.String(), "The figures that bound it, by name.")
    example = Text("A case in a few words.")


class PolicySchema(StrictSchema):
    """The policy in force, completed by the defaults."""

    index = Number("The entry that set it.")
    rule_set = Number("Version of the rules.")
    rules = ListOf(fields.Nested(RuleSchema), "Every rule.")
    thresholds = Object("Every figure as decimal text, by name.")
    quota_basis = Text("first-product or output.")
    tolling = Text("Whether toll processing is banned or allowed.")
    filing_day = Number("Day of the next month until which a movement may be filed.")
    zone = Text("The authority's offset from UTC: +08:00.")
    holidays = ListOf(fields.String(), "Dates that are no working days.")
    working_days = ListOf(fields.String(), "Dates of weekends that are.")
    opening_until = Moment("Until when opening stocks may be recorded, or null.", allow_none=True)
    index_prices = Object("CNY per kg as decimal text, by product.")
    retention_days = Number("How long statements are kept, in days, or null.", allow_none=True)
    confirmations = ListOf(fields.String(), "Acts that a second authority must confirm.")


class ProductSchema(StrictSchema):
    """A product of the catalogue."""

    code = Text("As movements name it.")
    name_en = Text("Its name in English.")
    name_zh = Text("Its name in Chinese.")
    stage = Text("ore, concentrate, mixed_compound, separated_compound, metal, alloy, magnet or scrap.")
    form = Text("Its form.")
    ore_class = Text("rock or ionic, for mineral products where it is known; else empty.")
    hs_code = Text("Commodity code of ten digits, or empty.")
    treo_fraction = Text("Typical REO per gross mass, as a decimal, or null.", allow_none=True)
    element_fractions = Object("Typical shares of REO by element, as decimals.")
    control_refs = ListOf(fields.String(), "Control lists that name it.")
    vat_name = Text("Name on the special VAT invoice, or empty.")
    source = Text("Where the row comes from.")
    verified = Truth("Whether a published source was read for it.")
    own = Truth("Whether policy states it, and not the packaged catalogue.")


class ProductsSchema(StrictSchema):
    """The products in force."""

    index = Number("The entry of the policy in force.")
    products = ListOf(fields.Nested(ProductSchema), "In the catalogue's order.")


class ProcessSchema(StrictSchema):
    """A process."""

    process = Text("As movements name it.")
    name_en = Text("Its name in English.")
    name_zh = Text("Its name in Chinese.")
    stages_from = ListOf(fields.String(), "Stages of what goes in; empty where any may.")
    stages_to = ListOf(fields.String(), "Stages of what comes out; empty where any may.")
    recovery_lower = Text("Least REO out per REO in, as a decimal.")
    recovery_upper = Text("Most of it.")
    source = Text("Where the bounds come from.")
    verified = Truth("Whether a published source was read for them.")


class ProcessesSchema(StrictSchema):
    """The processes."""

    processes = ListOf(fields.Nested(ProcessSchema), "In the table's order.")


class FoundSchema(StrictSchema):
    """One thing that was found."""

    kind = Text("lot, unit, shipment, pool, party, site, licence, case or entry.")
    id = Text("Its id; of a shipment the consignor's event id, of an entry its index.")
    name = Text("What to show.")
    party = Text("Whose it is (of a shipment its consignor); empty where the caller may not know.")
    detail = Text("Product, state, roles or country; or empty.")
    index = Number("The entry that recorded it.")


class SearchSchema(StrictSchema):
    """What was found."""

    found = ListOf(fields.Nested(FoundSchema), "The likeliest first.")


class FlowNodeSchema(StrictSchema):
    """A node of a flow."""

    id = Text("Unique in the answer.")
    kind = Text(
        "lot, pool, unit, shipment, origin or hidden; folded stage, party or site; where it ends held, "
        "travelling, in pool, exported, released, lost or difference."
    )
    name = Text("The id of what it is; empty where it is hidden.")
    label = Text("What to show.")
    stage = Text("Stage, or empty.")
    party = Text("Whose, or empty.")
    site = Text("Where, or empty.")
    country = Text("ISO 3166-1 alpha-2, or empty.")
    mass_mg = Number("What passes through it.")
    hidden = Truth("Whether it stands for what others did.")
    tainted = Truth("Whether some of it is illegal product.")


class FlowLinkSchema(StrictSchema):
    """What passes from one node to another, in the direction in which goods move."""

    source = Text("A node's id.")
    target = Text("A node's id.")
    mass_mg = Number("REO in mg.")


class FlowsSchema(StrictSchema):
    """Mass by element on its way."""

    element = Text("Symbol; null: all REO together.", allow_none=True)
    unit = Text("mg.")
    direction = Text("upstream or downstream.")
    by = Text("lot, stage, party or site.")
    nodes = ListOf(fields.Nested(FlowNodeSchema), "The nodes.")
    links = ListOf(fields.Nested(FlowLinkSchema), "What passes between them.")
    truncated = Truth("Whether a limit ended the walk.")


class LineSchema(StrictSchema):
    """One line of the journal."""

    account = Text(
        "birth, holding, transit, pool, exported, released, lost, difference (positive when stock falls) or "
        "suspense."
    )
    lot = Text("The lot whose share moves, or empty.")
    product = Text("The lot's product, or empty.")
    pool = Text("The pool, or empty.")
    owner = Text("Whose, or empty.")
    custodian = Text("Who has it.")
    site = Text("Where, or empty.")
    mass_mg = Number("Gross mass; negative where it leaves.", minimum=-(2**63))
    contained = Object("Where no lot's share moves: REO in mg by element, whole or as a fraction, as text.")


class MovementStorySchema(StrictSchema):
    """One movement of a statement, as it was booked."""

    position = Number("Its place in the statement.")
    kind = Text("What was done.")
    event = Text("The event's id.")
    event_time = Moment("When.")
    site = Text("Where, or empty.")
    unit = Text("The unit that it packed or unpacked, or empty.")
    state = Text("booked or corrected.")
    corrected_at = Number("The entry that corrected it, or null.", allow_none=True)
    lines = ListOf(fields.Nested(LineSchema), "What it changed.")


class StoredAttachmentSchema(StrictSchema):
    """A file that is in the store."""

    sha256 = Text("Its SHA-256, in hexadecimal digits.", pattern=DIGEST_PATTERN)
    size = Number("Its bytes.")
    stored_at = Moment("When it came.")


class AttachmentSchema(StrictSchema):
    """A file that a movement names."""

    index = Number("The entry.")
    position = Number("The movement's place in the statement.")
    statement = Text("The statement's hash, base64url.", pattern=HASH_PATTERN)
    role = Text("What the file is to the movement, such as weighbridge-ticket.")
    media_type = Text("Its media type, as stated.")
    size = Number("Its bytes, as stated.")
    sha256 = Text("Its SHA-256, as stated: read it at /v1/attachments/{sha256}.", pattern=DIGEST_PATTERN)
    stored_at = Moment("When its issuer uploaded it; null where it has not.", allow_none=True)


class AttachmentsSchema(PageSchema):
    """Attachments."""

    attachments = ListOf(fields.Nested(AttachmentSchema), "Newest entry first.")


class EntryStorySchema(StrictSchema):
    """An entry, with what its statement says as far as it is open to the caller."""

    index = Number("Its index.")
    recorded_at = Moment("When it was recorded.")
    public = Truth("Whether its statement is a public act.")
    previous = Text("Leaf hash of the entry before it, standard base64.")
    leaf = Text("Its leaf hash, standard base64.")
    statement = Text("The statement's hash, base64url: read it at /v1/statements/{hash}.")
    open = Truth("Whether the statement is open to the caller; otherwise what follows says nothing.")
    issuer = Text("Who signed it, or null.", allow_none=True)
    kid = Text("With which key, or null.", allow_none=True)
    act = Text("Which act it is; null for movements.", allow_none=True)
    erased = Truth("Whether its bytes were erased, or null.", allow_none=True)
    parties = ListOf(fields.Nested(FirmSchema), "Who signed it and whom it names.")
    movements = ListOf(fields.Nested(MovementStorySchema), "What was booked.")
    attachments = ListOf(fields.Nested(AttachmentSchema), "The files that the movements name.")
    alerts = ListOf(fields.Nested(AlertSchema), "What was noticed: to a party what it was told of.")


class PlaceSchema(StrictSchema):
    """A site on the way."""

    id = Text("Its id.")
    name = Text("Its name; its id where the register has none.")
    party = Text("Whose it is, or empty.")
    party_name = Text("Whose, by legal name, or empty.")
    country = Text("ISO 3166-1 alpha-2, or empty.")
    latitude = Text("Degrees as decimal text, or null.", allow_none=True)
    longitude = Text("Degrees as decimal text, or null.", allow_none=True)


class RouteSchema(StrictSchema):
    """What was shipped from one site to another."""

    source = Text("A site's id.")
    target = Text("A site's id.")
    mass_mg = Number("Gross mass in mg.")
    shipments = Number("How many lines of shipments.")
    first = Moment("When the first left.")
    last = Moment("When the last left.")


class RoutesSchema(StrictSchema):
    """Where goods travelled."""

    sites = ListOf(fields.Nested(PlaceSchema), "The sites.")
    routes = ListOf(fields.Nested(RouteSchema), "What was shipped between them.")
    truncated = Truth("Whether a limit ended the walk.")
