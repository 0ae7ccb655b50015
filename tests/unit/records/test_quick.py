"""Frozen dataclasses that are made quickly: the same in everything but time."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from ledger.records import quick as quick_module
from ledger.records.quick import quick


@dataclass(frozen=True, slots=True)
class Slow:
    name: str
    mass_mg: int = 7
    parts: dict[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    mass_mg: int = 7
    parts: dict[str, int] = field(default_factory=dict)


def fields_of(one: Slow | Quick) -> tuple[str, int, dict[str, int]]:
    return one.name, one.mass_mg, one.parts


def test_fields_are_given_as_before() -> None:
    for args, named in (
        (("a",), {}),
        (("a", 1), {}),
        (("a", 1, {"b": 2}), {}),
        ((), {"name": "a", "parts": {}}),
        (("a",), {"mass_mg": 0}),
    ):
        assert fields_of(Quick(*args, **named)) == fields_of(Slow(*args, **named))


def test_a_default_is_made_anew_for_each() -> None:
    assert Quick("a").parts is not Quick("a").parts


@pytest.mark.parametrize(
    ("args", "named"),
    [((), {}), (("a", 1, {}, 4), {}), (("a",), {"name": "b"}), (("a",), {"other": 1})],
)
def test_what_it_does_not_take_is_refused(args: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Slow(*args, **named)
    with pytest.raises(TypeError):
        Quick(*args, **named)


def test_it_is_of_its_own_class_and_frozen() -> None:
    one = Quick("a")
    assert type(one) is Quick
    with pytest.raises(FrozenInstanceError):
        one.name = "b"
    with pytest.raises(FrozenInstanceError):
        del one.name
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        one.more = 1
    assert one.name == "a"


def test_it_is_equal_by_its_fields_and_to_its_own_kind_only() -> None:
    assert Quick("a", 1) == Quick("a", 1)
    assert Quick("a", 1) != Quick("a", 2)
    assert Quick("a", 1) != Slow("a", 1)
    assert repr(Quick("a", 1)) == repr(Slow("a", 1)).replace("Slow", "Quick")


def test_it_is_replaced_copied_and_pickled() -> None:
    one = Quick("a", 1, {"b": 2})
    assert replace(one, mass_mg=3) == Quick("a", 3, {"b": 2})
    for twin in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert twin == one
        assert type(twin) is Quick
        with pytest.raises(FrozenInstanceError):
            twin.name = "b"


@pytest.mark.parametrize("changes", [{}, {"mass_mg": 3}, {"name": "b", "parts": {"c": 1}}])
def test_some_fields_are_replaced_in_less_time(changes: dict[str, object]) -> None:
    one = Quick("a", 1, {"b": 2})
    twin = quick_module.replace(one, **changes)
    assert twin == replace(one, **changes)
    assert type(twin) is Quick
    assert one == Quick("a", 1, {"b": 2})
    with pytest.raises(TypeError):
        quick_module.replace(one, other=1)


def test_it_may_not_have_a_post_init() -> None:
    class Late:
        def __post_init__(self) -> None: ...

    with pytest.raises(AssertionError):
        quick(dataclass(frozen=True)(Late))
