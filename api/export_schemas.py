"""What answers about export control look like: Chinese value, who holds whom, screening, and the need."""

from marshmallow import fields

from api.fields import ListOf, Moment, Number, Object, StrictSchema, Text, Truth


class PriceSchema(StrictSchema):
    """What one invoice says of a lot."""

    invoice = Text("The invoice.")
    index = Number("The entry that registered it.")
    seller = Text("Who sold.")
    buyer = Text("Who bought.")
    issued = Moment("When it was issued.")
    amount = Text("Its amounts for the lot, decimal text.")
    currency = Text("In which currency (ISO 4217).")
    mass_mg = Number("For how much of it, in mg.")
    rate = Text("CNY for one unit on that day, decimal text; null where no rate holds.", allow_none=True)
    rate_source = Text("Whose rate that is, or empty.")
    cny = Text("The amount in CNY, decimal text; null where no rate holds.", allow_none=True)


class RangeSchema(StrictSchema):
    """From a figure to a figure; one of them twice where all is known."""

    least = Text("At least, decimal text.")
    most = Text("At most, decimal text; null where nobody knows.", allow_none=True)


class PartSchema(StrictSchema):
    """One lot on the way."""

    lot = Text("The lot.")
    producer = Text("Who recorded its birth.")
    index = Number("The entry of its birth.")
    depth = Number("Steps from the goods.")
    kind = Text("origin (worth what was paid), made (worth what its parts are), foreign or unknown.")
    home = fields.Nested(RangeSchema, required=True)
    used_mg = Number("How much of it was used, in mg.")
    mass_mg = Number("Of how much.")
    used_by = Text("Who used it; empty for the goods.")
    value = fields.Nested(RangeSchema, required=True)
    missing = Text("invoice, rate, pool, limit, part (further up), or empty.")
    prices = ListOf(fields.Nested(PriceSchema), "The invoices that count.")


class ContentSchema(StrictSchema):
    """The Chinese share of what goods are sold for, with the evidence."""

    lot = Text("The goods.")
    verdict = Text("reaches, below or undecided.")
    least = Text("Against which share, decimal text.")
    share = fields.Nested(RangeSchema, required=True)
    chinese_cny = fields.Nested(RangeSchema, required=True)
    value_cny = fields.Nested(RangeSchema, required=True)
    missing = ListOf(Object("What is missing, and of which lot."), "What would have to be known.")
    parts = ListOf(fields.Nested(PartSchema), "Everything that was looked at, the goods first.")


class HolderSchema(StrictSchema):
    """What one organisation holds of another within a span."""

    held = Text("Of which.")
    held_name = Text("Its legal name, or its id.")
    holder = Text("Which.")
    holder_name = Text("Its legal name, or its id.")
    share = Text("Share of 1, decimal text.")
    start = Moment("From when.")
    end = Moment("Until when, or null.", allow_none=True)
    index = Number("The entry that says so.")
    basis = Text("Where it is written, or which list says so.")


class RestrictionSchema(StrictSchema):
    """Why goods may not go to a party."""

    party = Text("The party.")
    name = Text("The listed organisation: itself, or one that holds it.")
    control_list = Text("Under which list.")
    reference = Text("Which entry of it, or empty.")
    index = Number("The act that lists it.")
    military = Truth("Whether it is listed as a military user.")
    share = Text("What of the party listed parties and their affiliates hold; null: itself.", allow_none=True)
    least = Text("From which share on that counts.")
    path = ListOf(fields.Nested(HolderSchema), "The holdings that make it so, from the party up.")


class OwnershipSchema(StrictSchema):
    """Who stands behind a party at a moment."""

    party = Text("The party.")
    name = Text("Its legal name, or its id.")
    at = Moment("At which moment.")
    restriction = fields.Nested(RestrictionSchema, required=True, allow_none=True)
    above = ListOf(fields.Nested(HolderSchema), "Every holding above it at that moment.")
    spans = ListOf(fields.Nested(HolderSchema), "Every holding in it, at any time.")
    holds = ListOf(fields.Nested(HolderSchema), "What it holds itself, at any time.")


class PairSchema(StrictSchema):
    """Two words that were paired."""

    asked = Text("Of the name that was asked about.")
    listed = Text("Of the listed name.")
    alike = Number("How alike, in thousandths.")
    weight = Number("What the word weighs: rare words weigh more.")


class HitSchema(StrictSchema):
    """A listed organisation that a name is like, and why."""

    organisation = Text("Its legal name.")
    name = Text("The name that is alike.")
    name_kind = Text("name or alias.")
    party = Text("Its identifier, or empty.")
    control_list = Text("Under which list.")
    reference = Text("Which entry of it, or empty.")
    start = Moment("Listed from.")
    end = Moment("Until, or null.", allow_none=True)
    index = Number("The act that lists it.")
    score = Number("0 to 1,000.")
    words = Number("Its part from words, 0 to 1,000.")
    letters = Number("Its part from letters, 0 to 1,000.")
    same = Text("exact, form, spelling, or empty.")
    pairs = ListOf(fields.Nested(PairSchema), "The words that were paired.")
    asked_only = ListOf(Text("A word."), "Words of the asked name alone.")
    listed_only = ListOf(Text("A word."), "Words of the listed name alone.")


class ScreeningSchema(StrictSchema):
    """What listed organisations a name is like."""

    name = Text("As asked.")
    words = ListOf(Text("A word."), "What is compared of it.")
    least = Number("The least score that is shown.")
    compared = Number("How many listed organisations stand at that moment.")
    at = Moment("At which moment.")
    hits = ListOf(fields.Nested(HitSchema), "The likest first.")


class ReasonSchema(StrictSchema):
    """One thing that a list, a listing or a use makes of it."""

    answer = Text("refused, needed or undecided.")
    why = Text("restricted, military-user, military-use, listed, content or case-by-case.")
    control_list = Text("By which list.")
    subject = Text("The party, lot or use that it is about.")
    restriction = fields.Nested(RestrictionSchema, required=True, allow_none=True)


class NeedSchema(StrictSchema):
    """Whether an export would need a licence."""

    lot = Text("The goods.")
    country = Text("From where; empty for the authority's own country.")
    destination = Text("To where.")
    at = Moment("At which moment.")
    answer = Text("refused, needed, undecided or none: the gravest of the reasons.")
    lists = ListOf(Text("A code."), "The lists in force that are about such an export.")
    reasons = ListOf(fields.Nested(ReasonSchema), "Why.")
    content = fields.Nested(ContentSchema, required=True, allow_none=True)
