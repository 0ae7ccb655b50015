"""Writing: numbers to the last digit, times with their zone, and back again to the same values."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.movements.dumping import kilograms, number, time_text
from ledger.movements.movement import KINDS, Movement
from ledger.movements.writing import LotContent, document, dump_document, extract, release
from ledger.statements.epcis import read_document
from ledger.strict_json import JsonNumber, parse_json
from tests.support.movement_examples import EXAMPLES, ISSUERS, unpointed
from tests.support.movements import BAYAN_OBO, DIGEST, NOON_US, born, share
from tests.support.movements_written import as_event, through_epcis


@given(st.integers(0, 10**17))
def test_kilograms_are_exact(mass_mg: int) -> None:
    value = json.loads(dump_document({"m": kilograms(mass_mg)}), parse_float=Decimal, parse_int=Decimal)["m"]
    assert value * 10**6 == mass_mg


@pytest.mark.parametrize(
    ("mass_mg", "text"), [(1, "0.000001"), (10**6, "1"), (5_200_500_000, "5200.5"), (0, "0"), (10, "0.00001")]
)
def test_kilograms_are_written_plainly(mass_mg: int, text: str) -> None:
    assert dump_document({"m": kilograms(mass_mg)}) in (
        f'{{"m":{text}}}'.encode(),
        f'{{"m":{Decimal(text)}}}'.encode(),
    )


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_keeps_every_digit(value: Decimal) -> None:
    (back,) = parse_json(dump_document({"v": value})).values()
    assert back == value


def test_a_number_keeps_its_text() -> None:
    assert dump_document({"v": [JsonNumber("1.50"), JsonNumber("1E+2"), 7]}) == b'{"v":[1.50,1E+2,7]}'


@given(st.text())
def test_texts_are_written_as_they_are(text: str) -> None:
    if "\x7f" in text:
        with pytest.raises(ValueError):
            dump_document({"t": text})
    elif any("\ud800" <= character <= "\udfff" for character in text):
        with pytest.raises(UnicodeEncodeError):
            dump_document({"t": text})
    else:
        assert json.loads(dump_document({"t": text, "n": Decimal("1.5")})) == {"t": text, "n": 1.5}


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan")])
def test_what_is_not_finite_is_not_written(value: Any) -> None:
    with pytest.raises(ValueError):
        dump_document({"v": value})


@pytest.mark.parametrize("value", [object(), {1, 2}, Fraction(1, 2), b"x"])
def test_what_json_does_not_have_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        dump_document({"v": value})


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.450", "0.450"), (3, "3"), (Decimal("0.1"), "0.1"), (Fraction(1, 8), "0.125"), (Fraction(3), "3")],
)
def test_a_number_is_taken_in_any_exact_form(value: Any, expected: str) -> None:
    assert dump_document({"v": number(value)}) == f'{{"v":{expected}}}'.encode()


def test_a_float_is_no_exact_number() -> None:
    with pytest.raises(TypeError):
        number(0.45)
    with pytest.raises(TypeError):
        extract([LotContent("urn:x:l", 1, "p", 0.45, {"La": "1"})], event_id="urn:x:e", at_us=0)


@pytest.mark.parametrize("value", ["", "0,45", ".5", "45 %", "٣"])
def test_a_text_that_is_no_number_of_json_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        number(value)


def test_a_rational_that_no_decimal_equals_is_refused() -> None:
    with pytest.raises(ValueError):
        number(Fraction(1, 3))


@pytest.mark.parametrize(
    ("time_us", "offset", "text"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (NOON_US, 480, "2026-11-20T12:00:00+08:00"),
        (NOON_US + 1, 0, "2026-11-20T04:00:00.000001Z"),
        (NOON_US, -210, "2026-11-20T00:30:00-03:30"),
    ],
)
def test_a_time_has_its_zone(time_us: int, offset: int, text: str) -> None:
    assert time_text(time_us, offset) == text


def test_a_document_is_valid_epcis() -> None:
    events = [as_event(EXAMPLES[kind]) for kind in KINDS]
    read = read_document(dump_document(document(events, NOON_US)))
    assert read.findings == []
    assert all(event.is_movement for event in read.events)


def test_members_may_be_put_in_as_they_are() -> None:
    event = release([], user="urn:x:u", event_id="urn:x:e", at_us=0, more={"readPoint": {"id": "urn:x:gate"}})
    assert event["readPoint"] == {"id": "urn:x:gate"}


# --- There and back ----------------------------------------------------------------------------------------

NAMES = st.integers(1, 9999).map(lambda n: f"https://mine.example/lots/{n}")
MASSES = st.integers(10**5, 10**14)
SHARES = st.dictionaries(st.sampled_from(sorted(BAYAN_OBO)), st.integers(1, 10**6), min_size=1)
SMALL = st.sampled_from(["", "0", "0.081", "0.1662", "0.5"])


@st.composite
def born_lots(draw: st.DrawFn, name: str) -> Any:
    weights = draw(SHARES)
    whole = sum(weights.values())
    return born(
        name,
        Decimal(draw(MASSES)) / 10**6,
        treo=str(draw(st.decimals("0.05", "1.54", places=4))),
        elements={symbol: f"{weight / whole:.6f}" for symbol, weight in weights.items()},
        moisture=draw(SMALL),
        loi=draw(SMALL),
        product=draw(st.sampled_from(["mixed-carbonate", "prnd-oxide", "废料"])),
        instance=draw(st.booleans()),
        custody_model=draw(st.sampled_from(["", "segregated", "mass_balance"])),
        pieces=draw(st.none() | st.integers(1, 10**9)),
    )


@st.composite
def any_movement(draw: st.DrawFn) -> tuple[Movement, str]:
    """An example with other goods, time and further members."""
    kind = draw(st.sampled_from(KINDS))
    example = EXAMPLES[kind]
    names = draw(st.lists(NAMES, min_size=6, max_size=6, unique=True))
    changes: dict[str, Any] = {}
    if example.inputs:
        count = draw(st.integers(1, 3))
        changes["inputs"] = tuple(share(name, Decimal(draw(MASSES)) / 10**6) for name in names[:count])
    if example.outputs:
        count = draw(st.integers(1, 3))
        changes["outputs"] = tuple(draw(born_lots(name)) for name in names[3 : 3 + count])
    if draw(st.booleans()) and example.inputs:
        changes["whole"] = True
    if draw(st.booleans()):
        changes["attachments"] = (("contract", "application/pdf", draw(st.integers(0, 10**9)), DIGEST),)
    if draw(st.booleans()):
        changes["reason"] = draw(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40))
    changes["event_time_us"] = draw(st.integers(0, 4_000_000_000_000_000))
    changes["zone_offset_min"] = draw(st.integers(-839, 840))
    return replace(example, **changes), ISSUERS[kind]


@settings(max_examples=60)
@given(any_movement())
def test_what_is_written_is_read_back(made: tuple[Movement, str]) -> None:
    movement, issuer = made
    (found,) = through_epcis(movement, issuer=issuer)
    assert unpointed(found) == unpointed(movement)
