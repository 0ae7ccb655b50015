"""The vocabularies: every published spelling, and nothing that looks like one."""

import pytest

from ledger.statements.epcis import words

COUNTS = {
    "business step": 41,
    "disposition": 33,
    "business transaction type": 13,
    "source or destination type": 3,
    "error reason": 2,
    "component": 14,
    "measurement type": 72,
    "sensor alert type": 2,
}


def test_the_lists_have_as_many_words_as_the_standard() -> None:
    assert {vocabulary.label: len(vocabulary.words) for vocabulary in words.VOCABULARIES} == COUNTS


@pytest.mark.parametrize("vocabulary", words.VOCABULARIES, ids=lambda vocabulary: vocabulary.label)
def test_no_list_repeats_a_word(vocabulary: words.Vocabulary) -> None:
    assert len(set(vocabulary.words)) == len(vocabulary.words)


@pytest.mark.parametrize(
    ("vocabulary", "text", "word"),
    [
        (words.BIZ_STEP, "shipping", "shipping"),
        (words.BIZ_STEP, "cbv:BizStep-shipping", "shipping"),
        (words.BIZ_STEP, "https://ref.gs1.org/cbv/BizStep-shipping", "shipping"),
        (words.BIZ_STEP, "https://ns.gs1.org/cbv/BizStep-shipping", "shipping"),
        (words.BIZ_STEP, "urn:epcglobal:cbv:bizstep:shipping", "shipping"),
        (words.DISPOSITION, "cbv:Disp-in_transit", "in_transit"),
        (words.DISPOSITION, "urn:epcglobal:cbv:disp:in_transit", "in_transit"),
        (words.TRANSACTION_TYPE, "https://ref.gs1.org/cbv/BTT-po", "po"),
        (words.TRANSACTION_TYPE, "urn:epcglobal:cbv:btt:inv", "inv"),
        (words.SOURCE_DESTINATION_TYPE, "cbv:SDT-owning_party", "owning_party"),
        (words.SOURCE_DESTINATION_TYPE, "urn:epcglobal:cbv:sdt:location", "location"),
        (words.ERROR_REASON, "cbv:ER-did_not_occur", "did_not_occur"),
        (words.ERROR_REASON, "urn:epcglobal:cbv:er:incorrect_data", "incorrect_data"),
        (words.COMPONENT, "https://ref.gs1.org/cbv/Comp-latitude", "latitude"),
        (words.MEASUREMENT_TYPE, "gs1:Temperature", "Temperature"),
        (words.MEASUREMENT_TYPE, "gs1:MeasurementType-Temperature", "Temperature"),
        (words.MEASUREMENT_TYPE, "https://gs1.org/voc/Temperature", "Temperature"),
        (words.MEASUREMENT_TYPE, "https://www.gs1.org/voc/Temperature", "Temperature"),
        (words.ALERT_TYPE, "gs1:ALARM_CONDITION", "ALARM_CONDITION"),
        (words.ALERT_TYPE, "https://gs1.org/voc/SensorAlertType-ERROR_CONDITION", "ERROR_CONDITION"),
    ],
)
def test_a_published_spelling_stands_for_its_word(vocabulary: words.Vocabulary, text: str, word: str) -> None:
    assert vocabulary.word(text) == word


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Shipping",
        "shipping ",
        "shipping\n",
        "ship",
        "BizStep-shipping",
        "cbv:shipping",
        "cbv:Disp-shipping",
        "cbv:bizstep-shipping",
        "CBV:BizStep-shipping",
        "https://ref.gs1.org/cbv/shipping",
        "https://ref.gs1.org/cbv/bizstep-shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping/",
        "http://ref.gs1.org/cbv/BizStep-shipping",
        "https://example.com/cbv/BizStep-shipping",
        "urn:epcglobal:cbv:BizStep:shipping",
        "urn:epcglobal:cbv:disp:shipping",
        "URN:EPCGLOBAL:CBV:BIZSTEP:SHIPPING",
        "in_transit",
        "gs1:shipping",
    ],
)
def test_another_text_is_no_business_step(text: str) -> None:
    assert words.BIZ_STEP.word(text) is None


def test_words_of_drafts_are_tolerated_bare_only() -> None:
    assert words.MEASUREMENT_TYPE.word("EffectiveDoseRate") == "EffectiveDoseRate"
    assert words.MEASUREMENT_TYPE.word("gs1:EffectiveDoseRate") is None
    assert "EffectiveDoseRate" not in words.MEASUREMENT_TYPE.words
