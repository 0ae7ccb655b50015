"""What may import what, what may happen at import time, and how long things may be."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STDLIB = sys.stdlib_module_names

# From the bottom up. A module imports from its own line or from a line above it here, never from one below.
LAYERS: list[set[str]] = [
    {
        "ledger",
        "ledger.errors",
        "ledger.findings",
        "ledger.clock",
        "ledger.encoding",
        "ledger.processors",
        "ledger.strict_json",
        "ledger.identifiers",
    },
    {"ledger.log"},
    {"ledger.records", "ledger.materials"},
    {"ledger.statements"},
    {"ledger.movements"},
    {"ledger.books"},
    {"ledger.controls", "ledger.screening"},
    {"ledger.store"},
    {"ledger.registration", "ledger.audit", "ledger.client", "ledger.provenance"},
    {"ledger.whatif"},
    {"ledger.simulation"},
    {"api"},
]
SIBLINGS_APART = {"ledger.registration", "ledger.audit", "ledger.client", "ledger.provenance"}

# What a layer may import besides the standard library and the project; what is not named may import none.
THIRD_PARTY = {
    "ledger.identifiers": {"stdnum"},
    "ledger.log": {"cryptography", "rfc8785"},
    "ledger.statements": {"cryptography", "marshmallow", "nacl", "stdnum"},
    "ledger.store": {"alembic", "lmdb", "psycopg", "pysqlite3", "sqlalchemy"},
    "ledger.registration": {"sqlalchemy", "structlog"},
    "ledger.audit": {"cryptography", "httpx2", "sqlalchemy", "structlog"},
    "ledger.client": {"httpx2", "structlog"},
    "ledger.provenance": {"sqlalchemy"},
    "ledger.whatif": {"sqlalchemy"},
    "ledger.simulation": {"cryptography", "sqlalchemy"},
}
# The log is bytes and hashes: nothing that reaches a disk, a network, a clock or chance.
NO_IO_IN_THE_LOG = {
    "asyncio",
    "http",
    "io",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "time",
    "urllib",
    "uuid",
}

MAX_FUNCTION_LINES = 70
MAX_MODULE_LINES = 500
# "path" or "path:function" -> why it may be longer. Keep it short.
LONGER = {"run.py": "one file of the standard library alone, which runs before anything is installed"}

# Calls that read a setting, the clock, chance or a file, or open an engine: never while a module is imported.
FORBIDDEN_AT_IMPORT = {
    "SystemClock",
    "Settings",
    "create_app",
    "create_engine",
    "create_ledger_engine",
    "getenv",
    "load_settings",
    "monotonic",
    "now",
    "now_us",
    "open",
    "perf_counter",
    "read_bytes",
    "read_settings",
    "read_text",
    "time",
    "time_ns",
    "today",
    "token_bytes",
    "urandom",
    "utcnow",
    "uuid4",
}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def every_python_file() -> list[Path]:
    """Those that git keeps: what it ignores are folders, which .gitignore names."""
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split()} | {".git"}
    folders = [each.name for each in ROOT.iterdir() if each.is_dir() and each.name not in ignored]
    return sorted([*ROOT.glob("*.py"), *python_files(*folders)])


def module_name(path: Path, root: Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_name(module: str) -> str | None:
    """The part of a module's name that is listed in LAYERS: 'ledger.log' of 'ledger.log.entry'."""
    if module.partition(".")[0] == "api":
        return "api"
    name = ".".join(module.split(".")[:2])
    return name if any(name in layer for layer in LAYERS) else None


def rank(name: str) -> int:
    return next(place for place, layer in enumerate(LAYERS) if name in layer)


def imports(tree: ast.AST, module: str, *, package: bool) -> Iterator[tuple[int, str]]:
    """Line and full name of each import, wherever in the module it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: None if package and node.level == 1 else -node.level + package]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield node.lineno, inner if base == "ledger" and layer_name(inner) else base


def import_faults(source: str, module: str, *, package: bool = False) -> list[str]:
    """What a module imports and may not."""
    own = layer_name(module)
    if own is None:
        return [f"{module} has no layer; give it one in LAYERS"]
    faults = []
    for line, name in imports(ast.parse(source), module, package=package):
        top = name.partition(".")[0]
        place = f"{module}:{line} imports {name}"
        if top in ("ledger", "api"):
            other = layer_name(name)
            if other is None:
                faults.append(f"{place}, which has no layer")
            elif rank(other) > rank(own):
                faults.append(f"{place}, a layer above")
            elif own in SIBLINGS_APART and other in SIBLINGS_APART and other != own:
                faults.append(f"{place}, a sibling service")
        elif top in STDLIB:
            if own == "ledger.log" and top in NO_IO_IN_THE_LOG:
                faults.append(f"{place}: the log does no input or output")
        elif own != "api" and top not in THIRD_PARTY.get(own, set()):
            faults.append(f"{place}, which this layer may not use")
    return faults


def at_import_time(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that is evaluated when the module is imported: not the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.Lambda):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"):
            waiting += ast.iter_child_nodes(node)


def import_time_faults(source: str, module: str) -> list[str]:
    """Calls and reads that make a module depend on when, where or how it is imported."""
    faults = []
    for node in at_import_time(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in FORBIDDEN_AT_IMPORT:
                faults.append(f"{module}:{node.lineno} calls {ast.unparse(node.func)}() at import time")
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in ("environ", "argv")
            and ast.unparse(node) in ("os.environ", "sys.argv")
        ):
            faults.append(f"{module}:{node.lineno} reads {ast.unparse(node)} at import time")
    return faults


def length_faults(source: str, path: str) -> list[str]:
    """Modules that are too long to be read in one go."""
    lines = source.count("\n")
    return [f"{path} has {lines} lines"] if lines > MAX_MODULE_LINES and path not in LONGER else []


def size_faults(source: str, path: str) -> list[str]:
    """Modules that are too long, and functions that are."""
    faults = length_faults(source, path)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES and f"{path}:{node.name}" not in LONGER:
                faults.append(f"{path}:{node.lineno} {node.name} has {length} lines")
    return faults


FILES = python_files("ledger", "api")


def test_modules_import_only_downward() -> None:
    assert len(FILES) > 40
    faults = [
        fault
        for path in FILES
        for fault in import_faults(
            path.read_text("utf-8"), module_name(path), package=path.name == "__init__.py"
        )
    ]
    assert faults == []


def test_nothing_happens_at_import_time() -> None:
    faults = [
        fault for path in FILES for fault in import_time_faults(path.read_text("utf-8"), module_name(path))
    ]
    assert faults == []


def test_modules_and_functions_are_short() -> None:
    faults = [
        fault
        for path in FILES
        for fault in size_faults(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert faults == []


def test_every_module_is_short_tests_and_all() -> None:
    files = {path.relative_to(ROOT).as_posix(): path for path in every_python_file()}
    assert {"run.py", ".ci/smoke.py", "benchmarks/naive.py", "migrations/env.py"} < set(files)
    assert "tests/contract/test_layers.py" in files
    faults = [fault for path in files for fault in length_faults(files[path].read_text("utf-8"), path)]
    assert faults == []


def test_what_may_be_longer_still_is() -> None:
    for place in list(LONGER):
        path, _, _ = place.partition(":")
        source = (ROOT / path).read_text("utf-8")
        reason = LONGER.pop(place)
        try:
            assert size_faults(source, path), f"{place} need not be listed any more"
        finally:
            LONGER[place] = reason


def test_migrations_import_nothing_of_the_project() -> None:
    """A version says for ever what it said on its day; env.py alone may reach the project."""
    for path in python_files("migrations/versions"):
        for line, name in imports(ast.parse(path.read_text("utf-8")), "version", package=False):
            assert name.partition(".")[0] not in ("ledger", "api"), f"{path.name}:{line} imports {name}"


IMPORT_ALL = """
import importlib, sys, threading

FORBIDDEN = {"sqlite3.connect", "socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.remove",
             "os.mkdir", "os.rename", "os.system"}

def hook(event, arguments):
    if event in FORBIDDEN:
        raise SystemExit(f"{event} {arguments} at import time")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise SystemExit(f"{arguments[0]} opened for writing at import time")

sys.addaudithook(hook)
for name in sys.argv[1:]:
    importlib.import_module(name)
    if threading.active_count() > 1:
        raise SystemExit(f"{name} starts a thread at import time")
"""


def test_importing_touches_no_file_network_database_or_thread() -> None:
    """With every setting wrong, so that one that were read would show."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RELEDGER_")}
    environ |= {"RELEDGER_DATABASE_URL": "nonsense", "RELEDGER_NO_SUCH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    modules = [module_name(path) for path in FILES if path.name != "__main__.py"]
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ledger.log.entry", "from ledger.store import models"),
        ("ledger.log.entry", "import ledger.statements.jws"),
        ("ledger.log.entry", "import os"),
        ("ledger.log.entry", "def f():\n    import socket"),
        ("ledger.log.entry", "import sqlalchemy"),
        ("ledger.log.entry", "from ..statements import jws"),
        ("ledger.log.entry", "from ledger import store"),
        ("ledger.errors", "import click"),
        ("ledger.errors", "from ledger.log import entry"),
        ("ledger.statements.jws", "import flask"),
        ("ledger.store.models", "from ledger.registration.committer import Committer"),
        ("ledger.audit.report", "from ledger.registration import mark"),
        ("ledger.client.http", "import ledger.audit"),
        ("ledger.registration.mark", "from api.settings import Settings"),
        ("ledger.helpers", ""),
        ("ledger.errors", "from ledger.helpers import x"),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    assert len(import_faults(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ledger.log.entry", "from ledger.encoding import decode\nfrom ledger.log import merkle\nimport re"),
        ("ledger.log.entry", "from . import merkle\nfrom .merkle import leaf_hash\nfrom ..errors import X"),
        ("ledger.audit.report", "from ledger.store import models\nfrom ledger import __version__"),
        ("api.cli.keys", "import click\nfrom ledger.client import http\nfrom api.settings import Settings"),
    ],
)
def test_a_downward_import_is_let_pass(module: str, source: str) -> None:
    assert import_faults(source, module) == []


@pytest.mark.parametrize(
    "source",
    [
        "ENGINE = create_engine('sqlite://')",
        "import time\nSTARTED = time.time()",
        "import os\nHOME = os.environ['HOME']",
        "import os\nHOME = os.getenv('HOME')",
        "class A:\n    clock = SystemClock()",
        "def f(clock=SystemClock()):\n    pass",
        "def f(*, at=datetime.now(UTC)):\n    pass",
        "if True:\n    SETTINGS = load_settings()",
        "TEXT = Path('x').read_text()",
        "@cached(time.monotonic())\ndef f(): ...",
    ],
)
def test_work_at_import_time_is_found(source: str) -> None:
    assert len(import_time_faults(source, "m")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return time.time()",
        "NOW = lambda: time.time()",
        "if __name__ == '__main__':\n    main(Settings())",
        "RULE = re.compile('x')",
        "class A:\n    def now(self): return SystemClock().now_us()",
    ],
)
def test_work_in_functions_is_let_pass(source: str) -> None:
    assert import_time_faults(source, "m") == []


def test_a_long_function_and_a_long_module_are_found() -> None:
    body = "".join(f"    x{n} = {n}\n" for n in range(MAX_FUNCTION_LINES))
    assert size_faults(f"def f():\n{body}", "m.py") == ["m.py:1 f has 71 lines"]
    assert size_faults("x = 1\n" * (MAX_MODULE_LINES + 1), "m.py") == ["m.py has 501 lines"]
    assert size_faults("x = 1\n" * MAX_MODULE_LINES, "m.py") == []
