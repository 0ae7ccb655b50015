"""Rules that tie the members of one object together: which events say too little, and which too much."""

from typing import Any

import pytest

from ledger.statements.epcis import rules
from tests.support.epcis_documents import (
    assay,
    commissioning,
    findings,
    mounting,
    packing,
    separation,
    shipping,
    transfer,
    with_event,
)

EVENT = "/epcisBody/eventList/0"
QUANTITY = [{"epcClass": "urn:x:y", "quantity": 1}]


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (shipping(), {"epcList": []}),
        (shipping(), {"epcList": ..., "quantityList": QUANTITY}),
        (assay(), {}),
        (commissioning(), {"action": "ADD"}),
        (packing(), {"childEPCs": ...}),
        (packing(), {"childQuantityList": ...}),
        (packing(), {"childEPCs": ..., "childQuantityList": ..., "action": "DELETE"}),
        (packing(), {"parentID": ..., "action": "OBSERVE"}),
        (mounting(), {"childEPCs": [], "action": "DELETE"}),
        (transfer(), {"quantityList": ..., "epcList": []}),
        (transfer(), {"quantityList": ..., "action": "DELETE"}),
        (separation(), {"transformationID": ...}),
        (separation(), {"inputQuantityList": ...}),
        (separation(), {"outputEPCList": ...}),
        (separation(), {"outputEPCList": [], "outputQuantityList": QUANTITY, "transformationID": ...}),
        (shipping(), {"quantityList": [{"epcClass": "urn:x:y"}]}),
        (shipping(), {"quantityList": [{"epcClass": "urn:x:y", "quantity": 10.0}]}),
        (shipping(), {"quantityList": [{"epcClass": "urn:x:y", "quantity": 1.5, "uom": "KGM"}]}),
        (shipping(), {"quantityList": [{"epcClass": "urn:x:y", "quantity": 0}]}),
    ],
)
def test_an_event_says_enough(event: dict[str, Any], changes: dict[str, Any]) -> None:
    assert findings(with_event(event, **changes)) == []


@pytest.mark.parametrize(
    ("event", "changes", "code", "pointer"),
    [
        (shipping(), {"epcList": ..., "quantityList": ...}, "epcis.subject", ""),
        (shipping(), {"epcList": ..., "quantityList": []}, "epcis.subject", ""),
        (assay(), {"readPoint": ...}, "epcis.subject", ""),
        (assay(), {"sensorElementList": ...}, "epcis.subject", ""),
        (assay(), {"sensorElementList": []}, "epcis.subject", ""),
        (commissioning(), {"action": "OBSERVE"}, "epcis.ilmd", "/ilmd"),
        (commissioning(), {"action": "DELETE", "ilmd": {}}, "epcis.ilmd", "/ilmd"),
        (packing(), {"childEPCs": ..., "childQuantityList": ...}, "epcis.subject", ""),
        (packing(), {"childEPCs": [], "childQuantityList": []}, "epcis.subject", ""),
        (packing(), {"childEPCs": [], "childQuantityList": ..., "action": "OBSERVE"}, "epcis.subject", ""),
        (packing(), {"parentID": ...}, "epcis.required", "/parentID"),
        (packing(), {"parentID": ..., "action": "DELETE"}, "epcis.required", "/parentID"),
        (mounting(), {"childEPCs": ...}, "epcis.subject", ""),
        (mounting(), {"parentID": ..., "action": "OBSERVE"}, "epcis.required", "/parentID"),
        (transfer(), {"quantityList": ...}, "epcis.subject", ""),
        (transfer(), {"quantityList": []}, "epcis.subject", ""),
        (transfer(), {"bizTransactionList": []}, "epcis.empty", "/bizTransactionList"),
        (transfer(), {"bizTransactionList": ...}, "epcis.required", "/bizTransactionList"),
        (separation(), {"inputQuantityList": ..., "transformationID": ...}, "epcis.subject", ""),
        (separation(), {"outputEPCList": ..., "transformationID": ...}, "epcis.subject", ""),
        (separation(), {"outputEPCList": [], "transformationID": ...}, "epcis.subject", ""),
        (separation(), {"inputQuantityList": ..., "outputEPCList": ...}, "epcis.subject", ""),
        (commissioning(), {"persistentDisposition": {}}, "epcis.required", "/persistentDisposition"),
        (
            commissioning(),
            {"persistentDisposition": {"set": []}},
            "epcis.empty",
            "/persistentDisposition/set",
        ),
        (
            packing(),
            {"persistentDisposition": {"unset": []}},
            "epcis.empty",
            "/persistentDisposition/unset",
        ),
        (
            shipping(),
            {"quantityList": [{"epcClass": "urn:x:y", "uom": "KGM"}]},
            "epcis.required",
            "/quantityList/0/quantity",
        ),
        (
            shipping(),
            {"quantityList": [{"epcClass": "urn:x:y", "quantity": 1.5}]},
            "epcis.unit",
            "/quantityList/0/quantity",
        ),
        (
            assay(),
            {"sensorElementList": [{"sensorReport": [{"value": 1}]}]},
            "epcis.required",
            "/sensorElementList/0/sensorReport/0/type",
        ),
        (
            assay(),
            {"sensorElementList": [{"sensorReport": []}]},
            "epcis.empty",
            "/sensorElementList/0/sensorReport",
        ),
        (
            assay(),
            {"sensorElementList": [{"sensorMetadata": {}}]},
            "epcis.required",
            "/sensorElementList/0/sensorReport",
        ),
    ],
)
def test_an_event_that_says_too_little_or_too_much_is_refused(
    event: dict[str, Any], changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert findings(with_event(event, **changes)) == [(code, EVENT + pointer)]


ALL_RULES = (
    rules.object_has_a_subject,
    rules.ilmd_needs_add,
    rules.aggregation_has_children,
    rules.aggregation_has_parent,
    rules.transaction_has_a_subject,
    rules.transformation_is_whole,
    rules.disposition_changes,
    rules.report_has_a_type,
    rules.quantity_has_its_unit,
)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("odd", [None, True, 3, "text", [], {}, [[]], {"a": 1}])
def test_a_rule_stands_whatever_json_the_members_hold(rule: rules.Rule, odd: Any) -> None:
    names = (
        "epcList quantityList sensorElementList readPoint ilmd action childEPCs childQuantityList parentID "
    )
    names += "inputEPCList outputEPCList transformationID set unset type exception quantity uom"
    rule(dict.fromkeys(names.split(), odd))
    rule({})
