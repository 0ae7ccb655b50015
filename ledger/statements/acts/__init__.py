"""Official acts: what parties and authorities state beside movements.

Every module of this package is imported here, so a new act is one new module: its schema, and its class,
which enters ``ACTS`` by being defined.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

from ledger.statements.acts.base import ACTS, ROLES, Act, ActContext  # noqa: E402
from ledger.statements.acts.reading import read_act  # noqa: E402

__all__ = ["ACTS", "ROLES", "Act", "ActContext", "read_act"]
