"""The schemas of EPCIS 2.0 JSON documents: one marshmallow definition of each object of the standard.

Decides: which members an object has, which of them it must have, and what each may be. ``compiled.py`` makes
fast validators from these same definitions.

Source: EPCIS 2.0.1, data definition layer, in its JSON binding.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from marshmallow import INCLUDE, Schema, ValidationError, validates_schema

from ledger.statements.epcis import rules as standard
from ledger.statements.epcis import words
from ledger.statements.epcis.extensions import extension_findings
from ledger.statements.epcis.fields import (
    Choice,
    Flag,
    Form,
    Listed,
    Moment,
    Number,
    Part,
    Strict,
    Text,
    Uri,
    UriOrList,
    current_scope,
    scoped,
)
from ledger.statements.epcis.scope import Scope
from ledger.statements.epcis.terms import AttributeValue, Context, EventType, Term

MAX_EVENTS: Final = 1000


class EpcisSchema(Schema):
    """An object of the standard; members that it does not know are judged as extensions.

    Attributes:
        extensible: Whether users may add members of their own.
        rules: What ties the members together.
        known: The names that the standard gives to the members.
    """

    class Meta:
        unknown = INCLUDE

    extensible: ClassVar[bool] = False
    rules: ClassVar[tuple[standard.Rule, ...]] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known: Final = frozenset(field.data_key or name for name, field in self.fields.items())

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_whole(self, data: Any, original: Any, **kwargs: Any) -> None:
        if not isinstance(original, dict):
            return
        found = extension_findings(original, self.known, current_scope(), extensible=self.extensible)
        found.extend(fault for rule in self.rules if (fault := rule(original)) is not None)
        if found:
            raise ValidationError(found)


def _unit() -> Form:
    return Form(
        r"[A-Z0-9]{2,3}",
        code="epcis.unit",
        form="a unit code of UN/ECE Recommendation 20, for example KGM",
    )


class QuantityElement(EpcisSchema):
    rules = (standard.quantity_has_its_unit,)
    epc_class = Uri(required=True, data_key="epcClass")
    quantity = Number(negative=False)
    uom = _unit()


class BizTransaction(EpcisSchema):
    biz_transaction_type = Term(words.TRANSACTION_TYPE, data_key="type")
    biz_transaction = Uri(required=True, data_key="bizTransaction")


class Source(EpcisSchema):
    source_type = Term(words.SOURCE_DESTINATION_TYPE, required=True, data_key="type")
    source = Uri(required=True)


class Destination(EpcisSchema):
    destination_type = Term(words.SOURCE_DESTINATION_TYPE, required=True, data_key="type")
    destination = Uri(required=True)


class Place(EpcisSchema):
    """readPoint and bizLocation."""

    extensible = True
    place_id = Uri(required=True, data_key="id")


class PersistentDisposition(EpcisSchema):
    to_set = Listed(Term(words.DISPOSITION), least=1, unique=True, data_key="set")
    to_unset = Listed(Term(words.DISPOSITION), least=1, unique=True, data_key="unset")
    rules = (standard.disposition_changes,)


class ErrorDeclaration(EpcisSchema):
    extensible = True
    declaration_time = Moment(required=True, data_key="declarationTime")
    reason = Term(words.ERROR_REASON)
    corrective_event_ids = Listed(Uri(), data_key="correctiveEventIDs")


class SensorMetadata(EpcisSchema):
    extensible = True
    time = Moment()
    device_id = Uri(data_key="deviceID")
    device_metadata = Uri(data_key="deviceMetadata")
    raw_data = Uri(data_key="rawData")
    start_time = Moment(data_key="startTime")
    end_time = Moment(data_key="endTime")
    data_processing_method = Uri(data_key="dataProcessingMethod")
    biz_rules = Uri(data_key="bizRules")


class SensorReport(EpcisSchema):
    extensible = True
    rules = (standard.report_has_a_type,)
    measurement_type = Term(words.MEASUREMENT_TYPE, data_key="type")
    exception = Term(words.ALERT_TYPE)
    device_id = Uri(data_key="deviceID")
    device_metadata = Uri(data_key="deviceMetadata")
    raw_data = Uri(data_key="rawData")
    data_processing_method = Uri(data_key="dataProcessingMethod")
    biz_rules = Uri(data_key="bizRules")
    time = Moment()
    microorganism = Uri()
    chemical_substance = Uri(data_key="chemicalSubstance")
    coordinate_reference_system = Uri(data_key="coordinateReferenceSystem")
    value = Number()
    component = Term(words.COMPONENT)
    string_value = Text(data_key="stringValue")
    boolean_value = Flag(data_key="booleanValue")
    hex_binary_value = Form(
        r"(?:[A-Fa-f0-9]{2})+",
        code="epcis.hex",
        form="an even number of hexadecimal digits",
        data_key="hexBinaryValue",
    )
    uri_value = Uri(data_key="uriValue")
    min_value = Number(data_key="minValue")
    max_value = Number(data_key="maxValue")
    mean_value = Number(data_key="meanValue")
    standard_deviation = Number(data_key="sDev")
    percentile_rank = Number(data_key="percRank")
    percentile_value = Number(data_key="percValue")
    uom = Text()


class SensorElement(EpcisSchema):
    extensible = True
    sensor_metadata = Part(SensorMetadata, data_key="sensorMetadata")
    sensor_report = Listed(Part(SensorReport), required=True, least=1, data_key="sensorReport")


class Ilmd(EpcisSchema):
    """Instance and lot master data: extensions and nothing else."""

    extensible = True


class EventBase(EpcisSchema):
    """What every event has."""

    extensible = True
    context = Context(data_key="@context")
    event_time = Moment(required=True, data_key="eventTime")
    event_time_zone_offset = Form(
        r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)",
        code="epcis.time-zone",
        form="an offset from UTC between -14:00 and +14:00, for example +08:00",
        required=True,
        data_key="eventTimeZoneOffset",
    )
    record_time = Moment(data_key="recordTime")
    event_id = Uri(data_key="eventID")
    certification_info = UriOrList(data_key="certificationInfo")
    error_declaration = Part(ErrorDeclaration, data_key="errorDeclaration")


class BusinessEvent(EventBase):
    """The why, where and how that events share."""

    biz_step = Term(words.BIZ_STEP, data_key="bizStep")
    disposition = Term(words.DISPOSITION)
    persistent_disposition = Part(PersistentDisposition, data_key="persistentDisposition")
    read_point = Part(Place, data_key="readPoint")
    biz_location = Part(Place, data_key="bizLocation")
    biz_transaction_list = Listed(Part(BizTransaction), data_key="bizTransactionList")
    source_list = Listed(Part(Source), data_key="sourceList")
    destination_list = Listed(Part(Destination), data_key="destinationList")
    sensor_element_list = Listed(Part(SensorElement), data_key="sensorElementList")


def _action(*, required: bool = True) -> Choice:
    return Choice("OBSERVE", "ADD", "DELETE", code="epcis.action", required=required)


class ObjectEvent(BusinessEvent):
    rules = (standard.object_has_a_subject, standard.ilmd_needs_add)
    event_type = Text(required=True, data_key="type")
    action = _action()
    epc_list = Listed(Uri(), unique=True, data_key="epcList")
    quantity_list = Listed(Part(QuantityElement), data_key="quantityList")
    ilmd = Part(Ilmd)


class AggregationEvent(BusinessEvent):
    rules = (standard.aggregation_has_children, standard.aggregation_has_parent)
    event_type = Text(required=True, data_key="type")
    action = _action()
    parent_id = Uri(data_key="parentID")
    child_epcs = Listed(Uri(), data_key="childEPCs")
    child_quantity_list = Listed(Part(QuantityElement), data_key="childQuantityList")


class AssociationEvent(BusinessEvent):
    rules = (standard.aggregation_has_children,)
    event_type = Text(required=True, data_key="type")
    action = _action()
    parent_id = Uri(required=True, data_key="parentID")
    child_epcs = Listed(Uri(), data_key="childEPCs")
    child_quantity_list = Listed(Part(QuantityElement), data_key="childQuantityList")


class TransactionEvent(BusinessEvent):
    rules = (standard.transaction_has_a_subject,)
    event_type = Text(required=True, data_key="type")
    action = _action()
    biz_transaction_list = Listed(Part(BizTransaction), required=True, least=1, data_key="bizTransactionList")
    parent_id = Uri(data_key="parentID")
    epc_list = Listed(Uri(), data_key="epcList")
    quantity_list = Listed(Part(QuantityElement), data_key="quantityList")


class TransformationEvent(BusinessEvent):
    rules = (standard.transformation_is_whole,)
    event_type = Text(required=True, data_key="type")
    input_epc_list = Listed(Uri(), unique=True, data_key="inputEPCList")
    input_quantity_list = Listed(Part(QuantityElement), data_key="inputQuantityList")
    output_epc_list = Listed(Uri(), unique=True, data_key="outputEPCList")
    output_quantity_list = Listed(Part(QuantityElement), data_key="outputQuantityList")
    transformation_id = Uri(data_key="transformationID")
    ilmd = Part(Ilmd)


class ExtendedEvent(BusinessEvent):
    """An event type of a user's own; it may use any member of the standard's events."""

    event_type = EventType(required=True, data_key="type")
    action = _action(required=False)
    parent_id = Uri(data_key="parentID")
    epc_list = Listed(Uri(), data_key="epcList")
    quantity_list = Listed(Part(QuantityElement), data_key="quantityList")
    child_epcs = Listed(Uri(), data_key="childEPCs")
    child_quantity_list = Listed(Part(QuantityElement), data_key="childQuantityList")
    input_epc_list = Listed(Uri(), data_key="inputEPCList")
    input_quantity_list = Listed(Part(QuantityElement), data_key="inputQuantityList")
    output_epc_list = Listed(Uri(), data_key="outputEPCList")
    output_quantity_list = Listed(Part(QuantityElement), data_key="outputQuantityList")
    transformation_id = Uri(data_key="transformationID")
    ilmd = Part(Ilmd)


EVENT_SCHEMAS: Final[Mapping[str, EpcisSchema]] = {
    schema.__name__: schema()
    for schema in (ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent, AssociationEvent)
}
EXTENDED_EVENT: Final = ExtendedEvent()


def event_schema(event: Any) -> EpcisSchema:
    """The schema that judges an event: that of its standard type, or that of events of a user's own."""
    kind = event.get("type") if isinstance(event, dict) else None
    return EVENT_SCHEMAS.get(kind, EXTENDED_EVENT) if isinstance(kind, str) else EXTENDED_EVENT


def event_scope(event: Any, scope: Scope) -> Scope:
    """The prefixes in force inside an event: its own context adds to the document's."""
    if isinstance(event, dict) and "@context" in event:
        return scope.extended(event["@context"])
    return scope


class Event(Strict):
    """Any event, judged by the schema of its type within the prefixes of its own context."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        with scoped(event_scope(value, current_scope())):
            errors = event_schema(value).validate(value)
        if errors:
            raise ValidationError(errors)
        return value


class MasterDataAttribute(EpcisSchema):
    attribute_id = Uri(required=True, data_key="id")
    attribute = AttributeValue()


class VocabularyElement(EpcisSchema):
    extensible = True
    element_id = Uri(required=True, data_key="id")
    attributes = Listed(Part(MasterDataAttribute))
    children = Listed(Uri())


class MasterDataVocabulary(EpcisSchema):
    extensible = True
    vocabulary_type = Uri(required=True, data_key="type")
    vocabulary_element_list = Listed(Part(VocabularyElement), data_key="vocabularyElementList")


class MasterData(EpcisSchema):
    extensible = True
    vocabulary_list = Listed(Part(MasterDataVocabulary), data_key="vocabularyList")


class Header(EpcisSchema):
    extensible = True
    master_data = Part(MasterData, data_key="epcisMasterData")


class Body(EpcisSchema):
    extensible = True
    event_list = Listed(Event(), most=MAX_EVENTS, required=True, data_key="eventList")


class Document(EpcisSchema):
    """The outermost object of a payload that has a list of events."""

    extensible = True
    context = Context(required=True, data_key="@context")
    document_id = Uri(data_key="id")
    document_type = Choice("EPCISDocument", code="epcis.document-type", required=True, data_key="type")
    schema_version = Form(
        r"2(?:\.[0-9]+)*",
        code="epcis.schema-version",
        form="a version of EPCIS 2, for example 2.0",
        required=True,
        data_key="schemaVersion",
    )
    creation_date = Moment(required=True, data_key="creationDate")
    instance_identifier = Text(data_key="instanceIdentifier")
    sender = Text()
    receiver = Text()
    header = Part(Header, data_key="epcisHeader")
    body = Part(Body, required=True, data_key="epcisBody")


DOCUMENT: Final = Document()
