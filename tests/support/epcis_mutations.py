"""Seeded damage to EPCIS documents: one or two small changes, of the kinds that senders make and of worse."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[Any, Any]  # a container and the key or index in it

_WORDS = [
    "shipping",
    "receiving",
    "in_transit",
    "active",
    "po",
    "inv",
    "owning_party",
    "location",
    "did_not_occur",
    "x",
    "latitude",
    "Temperature",
    "Angle",
    "ALARM_CONDITION",
    "EffectiveDoseRate",
    "Molar_concentration",
    "shiping",
    "Shipping",
    "ADD",
    "OBSERVE",
    "DELETE",
    "ObjectEvent",
    "AggregationEvent",
    "TransformationEvent",
    "TransactionEvent",
    "AssociationEvent",
    "QuantityEvent",
    "EPCISDocument",
]
_TERMS = (
    "cbv:BizStep-{}",
    "cbv:Disp-{}",
    "cbv:BTT-{}",
    "cbv:SDT-{}",
    "cbv:ER-{}",
    "cbv:Comp-{}",
    "cbv:{}",
    "gs1:{}",
    "gs1:MeasurementType-{}",
    "https://ref.gs1.org/cbv/BizStep-{}",
    "https://ref.gs1.org/cbv/{}",
    "https://ns.gs1.org/cbv/BizStep-{}",
    "http://ns.gs1.org/cbv/SDT-{}",
    "urn:epcglobal:cbv:bizstep:{}",
    "urn:epcglobal:cbv:disp:{}",
    "urn:epcglobal:cbv:btt:{}",
    "urn:epcglobal:cbv:sdt:{}",
    "https://gs1.org/voc/{}",
    "https://www.gs1.org/voc/{}",
    "https://ref.gs1.org/voc/{}",
    "example:{}",
    "nobody:{}",
    "https://example.com/terms/{}",
    "{}",
    " {}",
    "{}\n",
    "epcis:{}",
    "https://ref.gs1.org/epcis/{}",
)
_NUMBERS = (0, -1, -0.5, 3.7, 1e300, -1e-7, 10, 12345678901234567890, "3", "3.7", True, None)
_NAMES = (
    "foo",
    "nobody:field",
    "cbvmda:lotNumber",
    "cbv:something",
    "epcis:bizStep",
    "gs1:netContent",
    "rdfs:comment",
    "https://example.com/names/field",
    "urn:example:field",
    "has space:field",
    "under_score:field",
    "@context",
    "@type",
    "@id",
    "",
    ":",
    "ext1:",
    "id",
    "type",
    "action",
    "ilmd",
    "persistentDisposition",
    "epcList",
    "quantityList",
    "comment",
    "nul\0:x",
)
_CONTEXTS = (
    [],
    {},
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    "not a uri",
    3,
    None,
    ["https://example.com/c", "https://example.com/c"],
    [{"a": "https://example.com/a"}, {"a": "https://example.com/a"}],
    [{"cbv": "https://example.com/mine/"}],
    [{"urn": "https://example.com/mine/"}],
    [{"a": 3}],
    [{"a": {"@id": "https://example.com/a/"}}],
    [{"a": "no uri"}],
    [{"a": "https://example.com/a/", "b": "a:b/"}],
    [[]],
    [{"@vocab": "https://example.com/"}],
)


def _places(value: Any) -> Iterator[Place]:
    """Every place of the document: (container, key)."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield value, key
        yield from _places(child)


def _pick(document: Any, chance: random.Random, wanted: Callable[[Any, Any, Any], bool]) -> Place | None:
    fitting = [(box, key) for box, key in _places(document) if wanted(box, key, box[key])]
    return chance.choice(fitting) if fitting else None


def _rename(box: dict[str, Any], old: str, new: str) -> None:
    """Renames a member in its place."""
    items = [(new if name == old else name, value) for name, value in box.items()]
    box.clear()
    box.update(items)


def _delete(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: True):
        del place[0][place[1]]


def _misname(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: isinstance(box, dict)):
        box, old = place
        spellings = [old + "x", old.swapcase(), old.partition(":")[2] or old[:-1], f"nobody:{old}", f"{old} "]
        _rename(box, old, chance.choice([*spellings, *_NAMES]))


def _retype(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: True):
        box, key = place
        old = box[key]
        box[key] = chance.choice(
            [None, True, 3, 3.7, "text", "", [], {}, [old], {"id": old}, [[]], [None], [{}]]
        )


def _swap(document: Any, chance: random.Random) -> None:
    first = _pick(document, chance, lambda box, key, value: True)
    second = _pick(document, chance, lambda box, key, value: True)
    if first and second:
        one, two = copy.deepcopy(first[0][first[1]]), copy.deepcopy(second[0][second[1]])
        first[0][first[1]] = two
        second[0][second[1]] = one


_TERM_MEMBERS = {
    "bizStep",
    "disposition",
    "type",
    "reason",
    "component",
    "exception",
    "set",
    "unset",
    "action",
}


def _term(document: Any, chance: random.Random) -> None:
    def is_term(box: Any, key: Any, value: Any) -> bool:
        return isinstance(value, str) and (key in _TERM_MEMBERS or isinstance(box, list))

    if place := _pick(document, chance, is_term):
        box, key = place
        word = box[key] if chance.random() < 0.5 and ":" not in box[key] else chance.choice(_WORDS)
        box[key] = chance.choice(_TERMS).format(word)


def _number(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: type(value) in (int, float)):
        place[0][place[1]] = chance.choice(_NUMBERS)


def _time(document: Any, chance: random.Random) -> None:
    def is_time(box: Any, key: Any, value: Any) -> bool:
        return isinstance(value, str) and len(value) > 18 and value[4] == "-" and value[10] == "T"

    if place := _pick(document, chance, is_time):
        box, key = place
        date, clock = box[key][:10], box[key][11:19]
        box[key] = chance.choice(
            [
                f"{date}T{clock}",
                f"{date}T{clock}.123",
                f"{date}t{clock}z",
                f"{date} {clock}Z",
                f"{date}T{clock}Z\n",
                f"{date}T24:00:00Z",
                f"{date}T{clock[:6]}60Z",
                f"{date}T{clock[:5]}Z",
                f"2023-02-29T{clock}Z",
                f"2024-02-29T{clock}Z",
                f"0000-01-01T{clock}Z",
                f"{date}T{clock}+14:00",
                f"{date}T{clock}+14:30",
                f"{date}T{clock}-23:59",
                f"{date}T{clock}+0100",
                f"{date}T{clock}.Z",
                f"{date}T{clock}.{'1' * 40}Z",
                date,
                "now",
                f" {date}T{clock}Z",
                f"{date}T{clock}Ｚ",
            ]
        )


def _offset(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: key == "eventTimeZoneOffset"):
        offsets = [
            "+14:00",
            "-14:00",
            "+14:01",
            "+1:00",
            "Z",
            "+01:00\n",
            "01:00",
            "+13:60",
            "+00:00",
            "",
            "+0１:00",
        ]
        place[0][place[1]] = chance.choice(offsets)


def _uri(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: isinstance(value, str) and ":" in value):
        box, key = place
        old = box[key]
        box[key] = chance.choice(
            [
                old.replace(":", "", 1),
                old + " ",
                old + "\n",
                " " + old,
                old + "%zz",
                old + "%20",
                old + "é",
                old + "#a#b",
                old + "#a",
                old + "?a=b",
                old + "[",
                old + '"',
                old + "\0",
                old.upper(),
                old.partition(":")[2],
                "//" + old,
                "http://[::1]/" + key if isinstance(key, str) else "http://[::1]",
                "http://[nonsense]/",
                "nobody:" + old.rpartition(":")[2],
                "urn:",
                "a:",
                old + "x" * 3000,
                "../relative",
            ]
        )


def _digit(document: Any, chance: random.Random) -> None:
    def has_digits(box: Any, key: Any, value: Any) -> bool:
        return isinstance(value, str) and ":" in value and sum(map(str.isdigit, value)) > 6

    if place := _pick(document, chance, has_digits):
        box, key = place
        text = box[key]
        position = chance.choice([index for index, letter in enumerate(text) if letter.isdigit()])
        digit = chance.choice(["", str((int(text[position]) + 1) % 10), text[position] * 2, "x"])
        box[key] = text[:position] + digit + text[position + 1 :]


def _duplicate(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: isinstance(box, list)):
        box, key = place
        box.insert(chance.randrange(len(box) + 1), copy.deepcopy(box[key]))


def _empty(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: isinstance(value, list | dict | str)):
        place[0][place[1]] = type(place[0][place[1]])()


def _insert(document: Any, chance: random.Random) -> None:
    objects = [document] if isinstance(document, dict) else []
    objects += [box[key] for box, key in _places(document) if isinstance(box[key], dict)]
    if objects:
        content = [
            "text",
            3,
            {"a": 1},
            {"nobody:a": 1},
            {"@context": {}},
            ["a\0b"],
            None,
            {"ext1:a": [{"b": "c"}]},
        ]
        chance.choice(objects)[chance.choice(_NAMES)] = chance.choice(content)


def _context(document: Any, chance: random.Random) -> None:
    if isinstance(document, dict):
        owner = document
        events = document.get("epcisBody", {}).get("eventList") if chance.random() < 0.5 else None
        if isinstance(events, list) and events and isinstance(events[0], dict):
            owner = chance.choice([event for event in events if isinstance(event, dict)])
        owner["@context"] = copy.deepcopy(chance.choice(_CONTEXTS))


def _event_type(document: Any, chance: random.Random) -> None:
    if place := _pick(document, chance, lambda box, key, value: key == "type" and isinstance(value, str)):
        place[0][place[1]] = chance.choice(_TERMS).format(chance.choice(_WORDS[-8:]))


KINDS: tuple[Callable[[Any, random.Random], None], ...] = (
    _delete,
    _misname,
    _retype,
    _swap,
    _term,
    _number,
    _time,
    _offset,
    _uri,
    _digit,
    _duplicate,
    _empty,
    _insert,
    _context,
    _event_type,
)


def mutate(document: Any, chance: random.Random) -> Any:
    """A copy of the document with one change, sometimes two; the kind of change is drawn evenly."""
    mutated = copy.deepcopy(document)
    for _ in range(1 if chance.random() < 0.8 else 2):
        try:
            chance.choice(KINDS)(mutated, chance)
        except AttributeError:
            # The first change took away what the second would have changed.
            continue
    return mutated
