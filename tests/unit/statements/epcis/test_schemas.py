"""The schemas hold the members that the standard gives to each object, and demand those that it demands."""

from collections.abc import Mapping

import pytest

from ledger.statements.epcis import schemas

COMMON = "@context type eventTime eventTimeZoneOffset recordTime eventID certificationInfo errorDeclaration "
BUSINESS = (
    "bizStep disposition persistentDisposition readPoint bizLocation bizTransactionList sourceList "
    "destinationList sensorElementList "
)
TRANSFORMED = "inputEPCList inputQuantityList outputEPCList outputQuantityList "
CHILDREN = "parentID childEPCs childQuantityList "

MEMBERS: Mapping[type[schemas.EpcisSchema], tuple[str, str]] = {
    schemas.Document: (
        (
            "@context id type schemaVersion creationDate instanceIdentifier sender receiver epcisHeader "
            "epcisBody"
        ),
        "@context type schemaVersion creationDate epcisBody",
    ),
    schemas.Header: ("epcisMasterData", ""),
    schemas.MasterData: ("vocabularyList", ""),
    schemas.MasterDataVocabulary: ("type vocabularyElementList", "type"),
    schemas.VocabularyElement: ("id attributes children", "id"),
    schemas.MasterDataAttribute: ("id attribute", "id"),
    schemas.Body: ("eventList", "eventList"),
    schemas.ObjectEvent: (
        COMMON + BUSINESS + "action epcList quantityList ilmd",
        "type eventTime eventTimeZoneOffset action",
    ),
    schemas.AggregationEvent: (
        COMMON + BUSINESS + CHILDREN + "action",
        "type eventTime eventTimeZoneOffset action",
    ),
    schemas.AssociationEvent: (
        COMMON + BUSINESS + CHILDREN + "action",
        "type eventTime eventTimeZoneOffset action parentID",
    ),
    schemas.TransactionEvent: (
        COMMON + BUSINESS + "action parentID epcList quantityList",
        "type eventTime eventTimeZoneOffset action bizTransactionList",
    ),
    schemas.TransformationEvent: (
        COMMON + BUSINESS + TRANSFORMED + "transformationID ilmd",
        "type eventTime eventTimeZoneOffset",
    ),
    schemas.ExtendedEvent: (
        COMMON + BUSINESS + CHILDREN + TRANSFORMED + "action epcList quantityList transformationID ilmd",
        "type eventTime eventTimeZoneOffset",
    ),
    schemas.QuantityElement: ("epcClass quantity uom", "epcClass"),
    schemas.BizTransaction: ("type bizTransaction", "bizTransaction"),
    schemas.Source: ("type source", "type source"),
    schemas.Destination: ("type destination", "type destination"),
    schemas.Place: ("id", "id"),
    schemas.PersistentDisposition: ("set unset", ""),
    schemas.ErrorDeclaration: ("declarationTime reason correctiveEventIDs", "declarationTime"),
    schemas.SensorElement: ("sensorMetadata sensorReport", "sensorReport"),
    schemas.SensorMetadata: (
        "time deviceID deviceMetadata rawData startTime endTime dataProcessingMethod bizRules",
        "",
    ),
    schemas.SensorReport: (
        (
            "type exception deviceID deviceMetadata rawData dataProcessingMethod bizRules time microorganism "
            "chemicalSubstance coordinateReferenceSystem value component stringValue booleanValue "
            "hexBinaryValue uriValue minValue maxValue meanValue sDev percRank percValue uom"
        ),
        "",
    ),
    schemas.Ilmd: ("", ""),
}


@pytest.mark.parametrize(
    ("schema", "members"), MEMBERS.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_an_object_has_the_members_of_the_standard(
    schema: type[schemas.EpcisSchema], members: tuple[str, str]
) -> None:
    whole = schema()
    required = {field.data_key or name for name, field in whole.fields.items() if field.required}
    assert whole.known == set(members[0].split())
    assert required == set(members[1].split())


def test_every_schema_is_listed_here() -> None:
    def descendants(schema: type[schemas.EpcisSchema]) -> set[type[schemas.EpcisSchema]]:
        return {schema}.union(*(descendants(child) for child in schema.__subclasses__()))

    bases = {schemas.EpcisSchema, schemas.EventBase, schemas.BusinessEvent}
    ours = {schema for schema in descendants(schemas.EpcisSchema) if schema.__module__ == schemas.__name__}
    assert ours - bases == set(MEMBERS)


def test_an_event_is_judged_by_the_schema_of_its_type() -> None:
    for name, schema in schemas.EVENT_SCHEMAS.items():
        assert schemas.event_schema({"type": name}) is schema
    for event in ({}, {"type": None}, {"type": []}, {"type": "own:Event"}, {"type": "object"}, None, [], "x"):
        assert schemas.event_schema(event) is schemas.EXTENDED_EVENT
