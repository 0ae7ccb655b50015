"""Rules of the standard that tie the members of one object together.

Decides: which combinations are no event. Each rule takes the object as parsed, tolerates any JSON in it (the
fields report wrong types), and says what is wrong with a pointer relative to the object.

Source: EPCIS 2.0.1, core event types, by the names of the types in the docstrings.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ledger.findings import Finding
from ledger.strict_json import JsonNumber

Rule: TypeAlias = "Callable[[Mapping[str, Any]], Finding | None]"


def object_has_a_subject(event: Mapping[str, Any]) -> Finding | None:
    """ObjectEvent: what was observed, or what a sensor reported of a place."""
    if "epcList" in event or event.get("quantityList"):
        return None
    if event.get("sensorElementList") and "readPoint" in event:
        return None
    return _subject(
        "an epcList, a quantityList with an element, or a sensorElementList together with a readPoint"
    )


def ilmd_needs_add(event: Mapping[str, Any]) -> Finding | None:
    """ObjectEvent: master data of instances and lots belongs to their birth."""
    if "ilmd" in event and event.get("action") in ("OBSERVE", "DELETE"):
        return Finding(
            "epcis.ilmd",
            "ilmd stands in an event whose action is not ADD.",
            "/ilmd",
            "Leave ilmd out, or use ADD.",
        )
    return None


def aggregation_has_children(event: Mapping[str, Any]) -> Finding | None:
    """AggregationEvent, AssociationEvent: only DELETE may leave the children out, and then means all."""
    if event.get("childEPCs") or event.get("childQuantityList") or event.get("action") == "DELETE":
        return None
    return _subject("childEPCs or a childQuantityList with an element, unless the action is DELETE")


def aggregation_has_parent(event: Mapping[str, Any]) -> Finding | None:
    """AggregationEvent: the parent may be left out only where the action is OBSERVE."""
    if "parentID" not in event and event.get("action") in ("ADD", "DELETE"):
        return Finding(
            "epcis.required",
            "The member parentID is missing.",
            "/parentID",
            "Add parentID; only an aggregation that was merely observed may go without.",
        )
    return None


def transaction_has_a_subject(event: Mapping[str, Any]) -> Finding | None:
    """TransactionEvent: only DELETE may leave the objects out, and then means all of them."""
    if "epcList" in event or event.get("quantityList") or event.get("action") == "DELETE":
        return None
    return _subject("an epcList or a quantityList with an element, unless the action is DELETE")


def transformation_is_whole(event: Mapping[str, Any]) -> Finding | None:
    """TransformationEvent: inputs and outputs, or one of them with the transformationID that ties them."""
    inputs = event.get("inputEPCList") or event.get("inputQuantityList")
    outputs = event.get("outputEPCList") or event.get("outputQuantityList")
    if (inputs and outputs) or ((inputs or outputs) and "transformationID" in event):
        return None
    return _subject("inputs and outputs, or one of them together with a transformationID")


def disposition_changes(change: Mapping[str, Any]) -> Finding | None:
    """PersistentDisposition: a persistent disposition sets or unsets something."""
    if "set" in change or "unset" in change:
        return None
    return Finding(
        "epcis.required", "Neither set nor unset is given.", "", "Add set or unset with a disposition."
    )


def report_has_a_type(report: Mapping[str, Any]) -> Finding | None:
    """SensorReport: what was measured, or which exception there was."""
    if "type" in report or "exception" in report:
        return None
    return Finding(
        "epcis.required",
        "The member type is missing.",
        "/type",
        "Say what was measured (type), or which exception was met.",
    )


def quantity_has_its_unit(element: Mapping[str, Any]) -> Finding | None:
    """QuantityElement: a unit belongs to a quantity, and a quantity without a unit is a count."""
    quantity = element.get("quantity")
    if "uom" in element and "quantity" not in element:
        return Finding(
            "epcis.required",
            "There is a unit and no quantity.",
            "/quantity",
            "Add quantity, or leave uom out.",
        )
    if "uom" not in element and isinstance(quantity, JsonNumber) and quantity != quantity.to_integral_value():
        return Finding(
            "epcis.unit",
            f"A count of {quantity.text} is not a whole number, and there is no unit.",
            "/quantity",
            "Add the unit as uom (UN/ECE Recommendation 20, for example KGM), or give a whole number.",
        )
    return None


def _subject(wanted: str) -> Finding:
    return Finding(
        "epcis.subject", f"The event names nothing that it happened to: it needs {wanted}.", "", "Add them."
    )
