"""What answers about dependence, reserves, interruptions and receivables look like.

Masses are whole milligrams of REO; shares and days are decimals, rounded only here; null is "cannot be said",
never nothing.
"""

from marshmallow import fields

from api.fields import ListOf, Moment, Number, Object, StrictSchema, Text
from api.schemas import PageSchema

_LEAST = -(2**53)


class CountryShareSchema(StrictSchema):
    """What comes from one country."""

    country = Text("ISO 3166-1 alpha-2, or unknown.")
    mass_mg = Number("REO in mg.", minimum=_LEAST)
    share = Text("Of the element, as a decimal; null where nothing came.", allow_none=True)


class ElementDependenceSchema(StrictSchema):
    """Where one element comes from."""

    element = Text("Symbol, or REO for all together.")
    mass_mg = Number("All of it: the denominator of the shares.", minimum=_LEAST)
    hhi_least = Text("The least that the HHI can be, 0 to 1; null where nothing came.", allow_none=True)
    hhi_most = Text("The most: higher only where the origin of some is unknown.", allow_none=True)
    countries = ListOf(fields.Nested(CountryShareSchema), "The largest first.")


class DependenceSchema(StrictSchema):
    """Where the elements of a product, a firm or an importing country come from."""

    kind = Text("product, party or country.")
    name = Text("Which.")
    start = Moment("The period, from.")
    end = Moment("Until, exclusive.")
    elements = ListOf(fields.Nested(ElementDependenceSchema), "All REO first, then by symbol.")


class ReserveSchema(StrictSchema):
    """A country's strategic stock of an element against its use."""

    country = Text("Where the holders are registered.")
    element = Text("Symbol, or REO for all together.")
    stock_mg = Number("What they own at the end, wherever it lies.", minimum=_LEAST)
    released_mg = Number("Released to users by parties of the country, in the period.")
    exported_mg = Number("Exported by them in it.")
    cover_days = Text("Stock over the use of a day; null where nothing was used.", allow_none=True)
    cover_with_exports_days = Text("Stock over use and exports of a day; null: neither.", allow_none=True)


class ReservesSchema(StrictSchema):
    """Strategic stocks."""

    start = Moment("The period of the use, from.")
    end = Moment("Until, exclusive; stocks are those at this moment.")
    days = Text("Its length in days.")
    reserves = ListOf(fields.Nested(ReserveSchema), "By country and element.")


class FirmLossSchema(StrictSchema):
    """What a firm would miss, and for how long its stock bridges that."""

    party = Text("The firm.")
    element = Text("Symbol, or REO for all together.")
    came_mg = Number("Mined, imported and received in the period.", minimum=_LEAST)
    lost_mg = Number("The part of it that comes from the source.")
    share = Text("That part of what came.")
    went_mg = Number("Shipped, exported, released and lost in it.", minimum=_LEAST)
    stock_mg = Number("What it has at the end, pools included.")
    deficit_mg = Number("What went out beyond what would still have come.")
    lasts_days = Text("How long the stock makes up for the deficit; null: there is none.", allow_none=True)


class LossSchema(StrictSchema):
    """What of a flow comes from the source."""

    name = Text("A product's code; a destination; or release: to users.")
    element = Text("Symbol, or REO for all together.")
    mass_mg = Number("All of it in the period.")
    lost_mg = Number("The part that comes from the source.")
    share = Text("That part.")


class ReserveCoverSchema(StrictSchema):
    """How long strategic stocks would stand in for the source."""

    element = Text("Symbol, or REO for all together.")
    used_mg = Number("All exports and releases of the period.")
    lost_mg = Number("The part of them that comes from the source.")
    stock_mg = Number("What reserves own at the end.", minimum=_LEAST)
    lasts_days = Text("Stock over what the source gave in a day.")


class InterruptionSchema(StrictSchema):
    """What the loss of a source would take away."""

    country = Text("The country of origin that is lost, or empty.")
    origin = Text("The one origin that is lost, or empty.")
    start = Moment("The period whose rates count, from.")
    end = Moment("Until, exclusive; stocks are those at this moment.")
    days = Text("Its length in days.")
    firms = ListOf(fields.Nested(FirmLossSchema), "Firms that had something from it.")
    products = ListOf(fields.Nested(LossSchema), "Products that were made with it.")
    uses = ListOf(fields.Nested(LossSchema), "Exports by destination, and releases.")
    reserves = ListOf(fields.Nested(ReserveCoverSchema), "Strategic stocks against it.")


class AgeingSchema(StrictSchema):
    """What one customer, or all, owe in one currency, by days since it was due. Decimal text."""

    customer = Text("Who owes; empty in totals.")
    currency = Text("ISO 4217.")
    invoices = Number("On how many invoices.")
    owed = Text("All of it.")
    overdue = Text("What of it is past its time.")
    no_due_date = Text("On invoices without a due date.")
    not_due = Text("Not due yet.")
    to_30 = Text("Up to 30 days overdue.")
    to_60 = Text("Above 30, up to 60 days.")
    to_90 = Text("Above 60, up to 90 days.")
    over_90 = Text("Above 90 days.")
    owed_back = Text("Paid on invoices that were cancelled; not set off.")
    oldest_days = Number("Whole days that the oldest is overdue; null: none is.", allow_none=True)


class ReceivablesSchema(StrictSchema):
    """What customers owe a seller."""

    party = Text("The seller.")
    as_of = Moment("The moment at which it stands so.")
    customers = ListOf(fields.Nested(AgeingSchema), "By customer and currency.")
    totals = ListOf(fields.Nested(AgeingSchema), "By currency; never added across currencies.")


class PaymentSchema(StrictSchema):
    """One payment."""

    index = Number("The entry that says so.")
    amount = Text("How much.")
    paid = Moment("When.")
    signer = Text("Who said so.")


class ReceivableSchema(StrictSchema):
    """An invoice as it stands."""

    invoice = Text("Its number.")
    kind = Text("special or ordinary.")
    customer = Text("Who is to pay it.")
    currency = Text("ISO 4217.")
    amount = Text("What it amounts to.")
    settled = Text("What was paid of it.")
    owed = Text("What is still to be paid.")
    owed_back = Text("What was paid of it before it was cancelled.")
    state = Text("open, partly_settled, settled or cancelled.")
    issued = Moment("When it was issued.")
    due = Moment("When it is due, or null.", allow_none=True)
    overdue_days = Number("Whole days overdue; null where it is not.", allow_none=True)
    late_days = Number("Days, begun ones too, by which it was paid late; null: not known.", allow_none=True)
    index = Number("The entry that registered it.")
    cancelled_at = Number("The entry that cancelled it, or null.", allow_none=True)
    payments = ListOf(fields.Nested(PaymentSchema), "In order of the days.")


class ReceivableInvoicesSchema(PageSchema):
    """Invoices by due date."""

    party = Text("The seller.")
    as_of = Moment("The moment at which they stand so.")
    invoices = ListOf(fields.Nested(ReceivableSchema), "The invoices; those without a due date last.")


class ContestSchema(StrictSchema):
    """A way to contest a sentence."""

    by = Text("customer, seller or authority: who signs.")
    kind = Text("act or movement.")
    name = Text("Which one.")


class DisputeSchema(StrictSchema):
    """What the customer says against a sentence."""

    ground = Text("not-so, agreed, seller, carrier or quality.")
    index = Number("The entry that says so.")
    disputed = Moment("When it was recorded.")


class SentenceSchema(StrictSchema):
    """One thing that the books say of a customer."""

    code = Text("paid, overdue, differences, late_receipts, sent_back or alerts.")
    tone = Text("none, good, warn or bad.")
    text = Text("In English.")
    figures = Object("Its figures by name.")
    entries = ListOf(fields.Integer(), "The entries that it rests on.")
    contests = ListOf(fields.Nested(ContestSchema), "How to contest it.")
    dispute = fields.Nested(DisputeSchema, allow_none=True)


class EvaluationSchema(StrictSchema):
    """What the books say of a customer."""

    seller = Text("Whose customer.")
    customer = Text("Whom it is about.")
    start = Moment("Deliveries and payments from this moment on count.")
    as_of = Moment("Up to this moment.")
    standing = Text("The gravest tone of its sentences: none, good, warn or bad.")
    sentences = ListOf(fields.Nested(SentenceSchema), "The sentences.")
