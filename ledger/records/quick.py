"""Frozen dataclasses whose instances are made quickly.

Decides: nothing; an instance is as frozen, equal and hashable as before. What ``dataclasses`` writes for a
frozen class sets each field through ``object.__setattr__``, which takes several times as long as plain
assignment; a movement makes about twenty such instances with ten to forty fields each. Here the fields are
assigned while the instance belongs to an open subclass of the same layout, which nobody else ever sees.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any, Final, TypeVar

_K = TypeVar("_K", bound=type[Any])
_R = TypeVar("_R")
_MADE: Final = object()
"""In the place of a default that is made anew for each instance."""


def quick(kind: _K) -> _K:
    """Gives a class another ``__init__`` that does the same in less time.

    Args:
        kind: A dataclass, frozen and with slots, without ``__post_init__``, whose fields are all given by
            position or name.
    """
    known = fields(kind)
    assert not hasattr(kind, "__post_init__")
    assert all(each.init and not each.kw_only for each in known)
    plain = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    opened = type(kind.__name__, (kind,), plain)
    given: dict[str, Any] = {"_set": object.__setattr__, "_open": opened, "_kind": kind, "_made": _MADE}
    head = f"def __init__(self, {', '.join(each.name for each in known)}):"
    lines = [head, "_set(self, '__class__', _open)"]
    defaults: list[Any] = []
    for each in known:
        if each.default_factory is not MISSING:
            given[f"_make_{each.name}"] = each.default_factory
            defaults.append(_MADE)
            lines.append(f"self.{each.name} = _make_{each.name}() if {each.name} is _made else {each.name}")
            continue
        if each.default is not MISSING:
            defaults.append(each.default)
        lines.append(f"self.{each.name} = {each.name}")
    lines.append("self.__class__ = _kind")
    module = compile("\n    ".join(lines), f"<quick {kind.__qualname__}>", "exec")
    (code,) = (each for each in module.co_consts if isinstance(each, CodeType))
    made = FunctionType(code, given, "__init__", tuple(defaults))
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    type.__setattr__(kind, "__init__", made)
    return kind


def replace(record: _R, **changes: Any) -> _R:
    """As ``dataclasses.replace``, of a dataclass of two fields or more that are all given by position.

    Raises:
        TypeError: It has no field of such a name.
    """
    kind: Any = type(record)
    get, places = _fields_of(kind)
    values = list(get(record))
    for name, value in changes.items():
        if name not in places:
            raise TypeError(f"{kind.__name__} has no field {name}")
        values[places[name]] = value
    replaced: _R = kind(*values)
    return replaced


@cache
def _fields_of(kind: type[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], Mapping[str, int]]:
    names = [each.name for each in fields(kind)]
    return attrgetter(*names), {name: at for at, name in enumerate(names)}
