"""What the lists and boards of a desk look like: stock, shipments, pools, licences, quotas, cases."""

from marshmallow import fields

from api.book_schemas import HoldingSchema, ShipmentSchema
from api.fields import ListOf, Moment, Number, Object, StrictSchema, Text, Truth
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
