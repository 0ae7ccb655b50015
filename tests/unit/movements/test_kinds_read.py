"""Every kind of movement: its example passes, and each thing that it must carry is missed."""

from typing import Any

import pytest

from ledger.movements.kinds import FORMS
from ledger.movements.movement import KINDS
from ledger.movements.reading import read_movement, read_movements
from ledger.statements.epcis import read_document
from ledger.strict_json import JsonNumber
from tests.support.epcis_documents import document
from tests.support.movement_examples import (
    EXAMPLES,
    ISSUERS,
    change,
    example_event,
    findings_of,
    judged,
    unpointed,
)


def test_every_kind_has_a_form_and_an_example() -> None:
    assert set(FORMS) == set(KINDS) == set(EXAMPLES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_read_as_it_was_written(kind: str) -> None:
    movements, findings = judged(example_event(kind), ISSUERS[kind])
    assert findings == []
    (movement,) = movements
    assert unpointed(movement) == unpointed(EXAMPLES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_says_where_it_stands(kind: str) -> None:
    event = example_event(kind)
    ((movement,), _) = judged(event)
    for line in (*movement.inputs, *movement.outputs):
        place: Any = document(event)
        for token in line.pointer[1:].split("/"):
            place = place[int(token)] if isinstance(place, list) else place[token]
        assert line.lot in (place, place["epcClass"] if isinstance(place, dict) else None)


MUST_CARRY = [
    ("opening", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("opening", "ilmd", "movement.composition-missing", "/quantityList/0"),
    ("extract", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("extract", "bizStep", "movement.biz-step", "/bizStep"),
    ("extract", "ilmd", "movement.composition-missing", "/quantityList/0"),
    ("process", "ree:process", "movement.process-missing", "/ree:process"),
    ("process", "ree:declaredLosses", "movement.losses-missing", "/ree:declaredLosses"),
    ("process", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("process", "ilmd", "movement.composition-missing", "/outputQuantityList/0"),
    ("feed", "ree:process", "movement.process-missing", "/ree:process"),
    ("feed", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("draw", "ree:process", "movement.process-missing", "/ree:process"),
    ("draw", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("draw", "ilmd", "movement.composition-missing", "/outputQuantityList/0"),
    ("close", "ree:pool", "movement.pool-missing", "/ree:pool"),
    ("close", "ree:measured", "movement.measured-missing", "/ree:measured"),
    ("close", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("close", "bizStep", "movement.biz-step", "/bizStep"),
    ("ship", "bizStep", "movement.biz-step", "/bizStep"),
    ("ship", "disposition", "movement.disposition", "/disposition"),
    ("ship", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("ship", "sourceList 0", "movement.party-missing", "/sourceList"),
    ("ship", "sourceList 1", "movement.party-missing", "/sourceList"),
    ("ship", "destinationList 0", "movement.party-missing", "/destinationList"),
    ("ship", "destinationList 1", "movement.party-missing", "/destinationList"),
    ("receive", "bizStep", "movement.biz-step", "/bizStep"),
    ("receive", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("receive", "ree:shipment", "movement.shipment-missing", "/ree:shipment"),
    ("receive", "sourceList", "movement.party-missing", "/sourceList"),
    ("cancel", "bizStep", "movement.biz-step", "/bizStep"),
    ("cancel", "ree:shipment", "movement.shipment-missing", "/ree:shipment"),
    ("cancel", "ree:reason", "movement.reason-missing", "/ree:reason"),
    ("refuse", "bizStep", "movement.biz-step", "/bizStep"),
    ("refuse", "disposition", "movement.disposition", "/disposition"),
    ("refuse", "ree:shipment", "movement.shipment-missing", "/ree:shipment"),
    ("refuse", "destinationList", "movement.party-missing", "/destinationList"),
    ("refuse", "ree:reason", "movement.reason-missing", "/ree:reason"),
    ("return", "disposition", "movement.disposition", "/disposition"),
    ("return", "ree:shipment", "movement.shipment-missing", "/ree:shipment"),
    ("return", "ree:reason", "movement.reason-missing", "/ree:reason"),
    ("return", "destinationList 1", "movement.party-missing", "/destinationList"),
    ("transfer", "sourceList", "movement.party-missing", "/sourceList"),
    ("transfer", "destinationList", "movement.party-missing", "/destinationList"),
    ("transfer", "bizTransactionList 0 type", "movement.invoice-missing", "/bizTransactionList"),
    ("export", "ree:declaration", "movement.declaration-missing", "/ree:declaration"),
    ("export", "ree:consignee", "movement.consignee-missing", "/ree:consignee"),
    ("export", "ree:endUser", "movement.end-user-missing", "/ree:endUser"),
    ("export", "ree:destination", "movement.destination-missing", "/ree:destination"),
    ("export", "disposition", "movement.disposition", "/disposition"),
    ("export", "sourceList 0", "movement.party-missing", "/sourceList"),
    ("disclose", "ree:consignee", "movement.consignee-missing", "/ree:consignee"),
    ("disclose", "ree:endUser", "movement.end-user-missing", "/ree:endUser"),
    ("disclose", "ree:destination", "movement.destination-missing", "/ree:destination"),
    ("disclose", "ree:reason", "movement.reason-missing", "/ree:reason"),
    ("impart", "ree:manner", "movement.manner-missing", "/ree:manner"),
    ("impart", "ree:consignee", "movement.consignee-missing", "/ree:consignee"),
    ("impart", "ree:endUser", "movement.end-user-missing", "/ree:endUser"),
    ("impart", "ree:destination", "movement.destination-missing", "/ree:destination"),
    ("import", "ree:origin", "movement.origin-missing", "/ree:origin"),
    ("import", "ree:originDeclaration", "movement.origin-declaration", "/ree:originDeclaration"),
    ("import", "bizStep", "movement.biz-step", "/bizStep"),
    ("import", "ilmd", "movement.composition-missing", "/quantityList/0"),
    ("import", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("release", "bizStep", "movement.biz-step", "/bizStep"),
    ("release", "destinationList", "movement.party-missing", "/destinationList"),
    ("pack", "ree:seals", "movement.seals-missing", "/ree:seals"),
    ("pack", "bizStep", "movement.biz-step", "/bizStep"),
    ("pack", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("unpack", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("unpack", "bizStep", "movement.biz-step", "/bizStep"),
    ("assay", "bizStep", "movement.biz-step", "/bizStep"),
    ("assay", "bizTransactionList", "movement.test-missing", "/bizTransactionList"),
    ("assay", "sensorElementList", "movement.results-missing", "/sensorElementList"),
    ("assay", "ree:laboratory", "movement.laboratory-missing", "/ree:laboratory"),
    ("assay", "ree:document", "movement.document-missing", "/ree:document"),
    (
        "assay",
        "sensorElementList 0 sensorReport 0 ree:uncertainty",
        "movement.uncertainty-missing",
        "/sensorElementList/0/sensorReport/0/ree:uncertainty",
    ),
    ("stocktake", "bizStep", "movement.biz-step", "/bizStep"),
    ("stocktake", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("lose", "ree:reason", "movement.reason-missing", "/ree:reason"),
    ("lose", "bizLocation", "movement.site-missing", "/bizLocation"),
    ("dispose", "ree:reason", "movement.reason-missing", "/ree:reason"),
    ("destroy", "ree:reason", "movement.reason-missing", "/ree:reason"),
]


@pytest.mark.parametrize(("kind", "path", "code", "pointer"), MUST_CARRY)
def test_what_it_must_carry_is_missed(kind: str, path: str, code: str, pointer: str) -> None:
    assert (code, pointer) in findings_of(change(example_event(kind), path))


@pytest.mark.parametrize("kind", KINDS)
def test_every_need_of_a_form_is_left_out_above(kind: str) -> None:
    missed = {code for each, _, code, _ in MUST_CARRY if each == kind}
    named = {"laboratory", "document", "seals", "reason", "measured", "process", "destination", "consignee"}
    for need in FORMS[kind].needs:
        if need in named:
            assert f"movement.{need}-missing" in missed


@pytest.mark.parametrize("kind", KINDS)
def test_a_movement_has_an_event_id(kind: str) -> None:
    assert findings_of(change(example_event(kind), "eventID")) == [("movement.event-id-missing", "/eventID")]


WITH_MASS = [
    (kind, lists[1])
    for kind in KINDS
    for lists in (FORMS[kind].inputs, FORMS[kind].outputs)
    if lists[1] in example_event(kind)
]


@pytest.mark.parametrize(("kind", "member"), [each for each in WITH_MASS if each[0] != "assay"])
def test_a_mass_has_a_unit_and_that_one_of_mass(kind: str, member: str) -> None:
    element, event = f"{member} 0", example_event(kind)
    place = f"/{member}/0"
    event[member][0]["quantity"] = _number("5200")
    without = change(change(event, f"{element} quantity"), f"{element} uom")
    missing = [] if FORMS[kind].masses == "optional" else [("movement.mass-missing", f"{place}/quantity")]
    assert findings_of(without) == missing
    assert findings_of(change(event, f"{element} uom", "LTR")) == [("movement.unit", f"{place}/uom")]
    assert findings_of(change(event, f"{element} uom")) == [("movement.unit-missing", f"{place}/uom")]


@pytest.mark.parametrize(("kind", "member"), [each for each in WITH_MASS if each[0] != "assay"])
def test_a_mass_is_no_zero_but_where_it_was_counted(kind: str, member: str) -> None:
    event = example_event(kind)
    for zero in ("0", "0.0000001"):
        event[member][0]["quantity"] = _number(zero)
        expected = [] if FORMS[kind].masses == "zero" else [("movement.mass-zero", f"/{member}/0/quantity")]
        assert findings_of(event) == expected


@pytest.mark.parametrize("mass", ["100000000001", "1e308", "1e25"])
def test_a_mass_beyond_all_mines_is_refused(mass: str) -> None:
    event = example_event("stocktake")
    event["quantityList"][0]["quantity"] = _number(mass)
    assert findings_of(event) == [("movement.mass-range", "/quantityList/0/quantity")]


@pytest.mark.parametrize("kind", ["process", "feed", "ship", "export", "transfer", "pack", "lose"])
def test_the_whole_needs_no_scale(kind: str) -> None:
    event = example_event(kind) | {"ree:whole": True}
    member = next(each for each in event if each.endswith("uantityList"))
    event[member] = [{"epcClass": event[member][0]["epcClass"]}]
    ((movement,), findings) = judged(event)
    assert (findings, movement.whole) == ([], True)
    assert None in [line.mass_mg for line in movement.inputs]


def _number(text: str) -> Any:
    return JsonNumber(text)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_member_is_taken_for_a_typing_error(kind: str) -> None:
    event = example_event(kind) | {"ree:declardLosses": {"uom": "KGM"}}
    ((code, pointer),) = findings_of(event)
    assert (code, pointer) == ("movement.member-unknown", "/ree:declardLosses")
    _, (finding,) = judged(event)
    assert "ree:declaration" in finding.mend or "ree:declaredLosses" in finding.mend


@pytest.mark.parametrize("kind", KINDS)
def test_another_type_of_event_is_refused(kind: str) -> None:
    event = example_event(kind)
    event["type"] = "AssociationEvent"
    event.setdefault("parentID", "urn:x:p")
    event.setdefault("childEPCs", ["urn:x:c"])
    event["action"] = "OBSERVE"
    for member in ("epcList", "quantityList", "ilmd", "transformationID", *_TRANSFORMED):
        event.pop(member, None)
    assert ("movement.event-type", "/type") in findings_of(event)


_TRANSFORMED = ("inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if FORMS[kind].action])
def test_another_action_is_refused(kind: str) -> None:
    event = example_event(kind)
    event.pop("ilmd", None)
    if kind == "unpack":
        event["childEPCs"] = ["urn:x:drum"]
    event["action"] = "DELETE" if event["action"] != "DELETE" else "OBSERVE"
    assert ("movement.action", "/action") in findings_of(event)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if FORMS[kind].steps])
def test_another_business_step_is_refused(kind: str) -> None:
    event = example_event(kind) | {"bizStep": "https://ref.gs1.org/cbv/BizStep-holding"}
    assert ("movement.biz-step", "/bizStep") in findings_of(event)


@pytest.mark.parametrize("kind", ["ship", "refuse", "return", "export", "disclose"])
def test_another_disposition_is_refused(kind: str) -> None:
    event = example_event(kind) | {"disposition": "urn:epcglobal:cbv:disp:active"}
    assert ("movement.disposition", "/disposition") in findings_of(event)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if FORMS[kind].steps])
def test_every_spelling_of_the_words_is_taken(kind: str) -> None:
    event = example_event(kind)
    event["bizStep"] = f"urn:epcglobal:cbv:bizstep:{event['bizStep']}"
    if "disposition" in event:
        event["disposition"] = f"https://ref.gs1.org/cbv/Disp-{event['disposition']}"
    for member in ("sourceList", "destinationList"):
        for element in event.get(member, []):
            element["type"] = f"urn:epcglobal:cbv:sdt:{element['type']}"
    for element in event.get("bizTransactionList", []):
        element["type"] = f"cbv:BTT-{element['type']}"
    assert findings_of(event) == []


@pytest.mark.parametrize("value", ["shipping", "Ship", "", "correct"])
def test_a_kind_that_there_is_not_is_refused(value: str) -> None:
    assert findings_of(example_event("ship") | {"ree:movement": value}) == [
        ("movement.kind", "/ree:movement")
    ]


@pytest.mark.parametrize("value", [True, ["ship"], {"ship": True}])
def test_a_kind_that_is_no_text_is_refused(value: Any) -> None:
    assert findings_of(example_event("ship") | {"ree:movement": value}) == [
        ("movement.kind", "/ree:movement")
    ]


MISPLACED = [
    ("extract", "ree:licence", "EL-1"),
    ("ship", "ree:pool", "urn:x:p"),
    ("process", "ree:measured", {"uom": "KGM", "elements": {}}),
    ("receive", "ree:endUser", "https://user.example/"),
    ("stocktake", "ree:declaredLosses", {"uom": "KGM", "total": 1}),
    ("pack", "ree:final", True),
    ("impart", "ree:declaration", "310120260000000001"),
    ("export", "ree:scope", {"documents": 1}),
]


@pytest.mark.parametrize(("kind", "member", "value"), MISPLACED)
def test_a_member_that_the_kind_does_not_use_is_refused(kind: str, member: str, value: Any) -> None:
    event = example_event(kind) | {member: value}
    assert findings_of(event) == [("movement.member-misplaced", f"/{member}")]


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("ship", "bizTransactionList"),
        ("ship", "epcList"),
        ("extract", "sourceList"),
        ("stocktake", "sensorElementList"),
        ("process", "inputEPCList"),
        ("pack", "destinationList"),
    ],
)
def test_an_empty_list_is_refused(kind: str, member: str) -> None:
    assert ("movement.list-empty", f"/{member}") in findings_of(example_event(kind) | {member: []})


@pytest.mark.parametrize(("kind", "member"), [("feed", "outputQuantityList"), ("draw", "inputQuantityList")])
def test_a_feed_has_inputs_only_and_a_draw_outputs_only(kind: str, member: str) -> None:
    event = example_event(kind)
    event[member] = [{"epcClass": "urn:x:other", "quantity": _number("5"), "uom": "KGM"}]
    assert findings_of(event) == [("movement.list-misplaced", f"/{member}")]


def test_a_process_without_outputs_names_no_goods() -> None:
    event = example_event("process") | {"transformationID": "urn:x:t"}
    del event["outputQuantityList"], event["ilmd"]
    assert findings_of(event) == [("movement.goods-missing", "/outputQuantityList")]


def test_a_pool_is_named_alike_wherever_it_is_named() -> None:
    event = example_event("feed") | {"ree:pool": "https://plant.example/pools/other"}
    assert findings_of(event) == [("movement.pool", "/transformationID")]
    event = example_event("close") | {"ree:pool": "https://plant.example/pools/other"}
    assert findings_of(event) == [("movement.pool", "/quantityList")]
    event = example_event("close")
    event["quantityList"].append({"epcClass": "urn:x:lot"})
    assert findings_of(event) == [("movement.pool", "/quantityList")]


def test_all_findings_are_told_at_once() -> None:
    event = example_event("export")
    for member in ("ree:declaration", "ree:endUser", "bizStep", "eventID"):
        del event[member]
    event["quantityList"][0]["uom"] = "LTR"
    event["ree:finl"] = True
    assert {code for code, _ in findings_of(event)} == {
        "movement.declaration-missing",
        "movement.end-user-missing",
        "movement.biz-step",
        "movement.event-id-missing",
        "movement.unit",
        "movement.member-unknown",
    }


@pytest.mark.parametrize("prefix", ["r", "reledger"])
def test_any_prefix_may_stand_for_the_namespace(prefix: str) -> None:
    event = {name.replace("ree:", f"{prefix}:"): value for name, value in example_event("close").items()} | {
        "@context": {prefix: "https://w3id.org/reledger/ree#"}
    }
    ((movement,), findings) = judged(event)
    assert findings == []
    assert movement.measured_mg == EXAMPLES["close"].measured_mg
    assert findings_of(change(event, f"{prefix}:measured")) == [
        ("movement.measured-missing", f"/{prefix}:measured")
    ]


def test_members_may_be_named_in_full() -> None:
    event = {
        name.replace("ree:", "https://w3id.org/reledger/ree#"): value
        for name, value in example_event("close").items()
    }
    assert findings_of(event) == []
    del event["https://w3id.org/reledger/ree#pool"]
    assert findings_of(event) == [("movement.pool-missing", "/https:~1~1w3id.org~1reledger~1ree#pool")]


def test_a_record_is_no_movement() -> None:
    event = {name: value for name, value in example_event("stocktake").items() if "ree:" not in name}
    assert judged(event) == ((), [])


def test_one_event_can_be_read_alone() -> None:
    read = read_document(document(example_event("close")))
    movement, findings = read_movement(read.events[0])
    assert findings == []
    assert movement is not None
    assert movement.kind == "close"


def test_a_lot_that_comes_back_arrives() -> None:
    event = example_event("import")
    del event["ilmd"]
    event |= {"action": "OBSERVE", "bizStep": "arriving"}
    ((movement,), findings) = judged(event)
    assert findings == []
    assert movement.outputs == ()
    assert [line.lot for line in movement.inputs] == [EXAMPLES["import"].outputs[0].lot]
    assert ("movement.biz-step", "/bizStep") in findings_of(event | {"bizStep": "receiving"})


def test_an_undeclared_origin_needs_no_declaration() -> None:
    event = change(example_event("import"), "ree:originDeclaration") | {"ree:origin": "undeclared"}
    assert findings_of(event) == []


def test_the_origin_of_an_extraction_is_its_site_or_what_is_said() -> None:
    ((movement,), _) = judged(example_event("extract"))
    assert movement.origin == movement.site
    ((movement,), _) = judged(example_event("extract") | {"ree:origin": "https://scrap.example/yard"})
    assert movement.origin == "https://scrap.example/yard"


def test_the_read_point_stands_in_for_the_location() -> None:
    event = change(example_event("extract"), "bizLocation") | {"readPoint": {"id": "urn:x:gate"}}
    ((movement,), findings) = judged(event)
    assert (findings, movement.site) == ([], "urn:x:gate")


def test_a_place_carries_none_of_our_members() -> None:
    event = example_event("extract")
    event["bizLocation"]["ree:lots"] = {}
    assert findings_of(event) == [("movement.member-unknown", "/bizLocation/ree:lots")]


def test_the_despatch_advice_names_the_shipment_too() -> None:
    event = change(example_event("receive"), "ree:shipment")
    event["bizTransactionList"] = [{"type": "desadv", "bizTransaction": "urn:x:da-1"}]
    ((movement,), findings) = judged(event)
    assert (findings, movement.shipment, movement.despatch_advice) == ([], "urn:x:da-1", "urn:x:da-1")


def test_two_parties_of_one_type_are_refused() -> None:
    event = example_event("ship")
    event["destinationList"].append({"type": "owning_party", "destination": "https://other.example/"})
    assert findings_of(event) == [("movement.party-twice", "/destinationList/3")]


def test_two_invoices_are_refused() -> None:
    event = example_event("ship")
    event["bizTransactionList"].append({"type": "inv", "bizTransaction": "urn:x:other"})
    assert findings_of(event) == [("movement.transaction-twice", "/bizTransactionList/2")]


def test_a_party_of_a_code_is_named_by_its_uri() -> None:
    event = example_event("receive")
    event["sourceList"][0]["source"] = "https://w3id.org/reledger/party/91350211M000100Y43"
    ((movement,), findings) = judged(event)
    assert (findings, movement.custodian_from) == ([], "91350211M000100Y43")


def test_the_issuer_is_no_counterparty_of_itself() -> None:
    ((movement,), _) = judged(example_event("export"), "https://plant.example/")
    assert movement.counterparties == ("https://importer.example/",)
    ((movement,), _) = judged(example_event("export"), "https://agent.example/")
    assert movement.counterparties == ("https://importer.example/", "https://plant.example/")


def test_a_statement_has_one_set_of_counterparties() -> None:
    one, other = example_event("ship"), example_event("receive")
    read = read_document(document(one, other))
    _, findings = read_movements(read.events, "https://plant.example/")
    assert findings == []
    other["sourceList"][0]["source"] = "https://third.example/"
    read = read_document(document(one, other))
    _, findings = read_movements(read.events, "https://plant.example/")
    assert [(finding.code, finding.pointer) for finding in findings] == [
        ("movement.counterparties", "/epcisBody/eventList/1")
    ]


def test_an_event_id_stands_once_in_a_statement() -> None:
    event = example_event("close")
    read = read_document(document(event, event))
    _, findings = read_movements(read.events)
    assert [(finding.code, finding.pointer) for finding in findings] == [
        ("movement.event-id-twice", "/epcisBody/eventList/1/eventID")
    ]


@pytest.mark.parametrize("kind", ["extract", "process", "draw", "import", "opening"])
def test_what_is_born_has_a_mass_even_where_the_whole_is_taken(kind: str) -> None:
    event = example_event(kind) | {"ree:whole": True}
    member = "outputQuantityList" if "outputQuantityList" in event else "quantityList"
    event[member][0] = {"epcClass": event[member][0]["epcClass"]}
    assert findings_of(event) == [("movement.mass-missing", f"/{member}/0/quantity")]


def test_a_count_is_a_mass_even_where_the_whole_is_taken() -> None:
    event = example_event("stocktake") | {"ree:whole": True}
    event["quantityList"][0] = {"epcClass": event["quantityList"][0]["epcClass"]}
    assert findings_of(event) == [("movement.mass-missing", "/quantityList/0/quantity")]


def test_findings_are_told_up_to_a_thousand() -> None:
    event = example_event("close") | {f"ree:m{number}": 1 for number in range(1500)}
    assert len(findings_of(event)) == 1000
    other = event | {"eventID": "urn:x:other"}
    _, findings = read_movements(read_document(document(event, other)).events)
    assert len(findings) == 1000
