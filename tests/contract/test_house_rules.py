"""What the code does without: silenced checkers, swallowed errors, tests that never run."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(path for folder in ("ledger", "api", "migrations") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted(
    path
    for folder in ("tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__).resolve()
)

# Where "except Exception" stands because nobody is left above to be told, or all would stop: path -> number.
EDGES = {
    "api/graph_keeper.py": 1,  # a thread of its own: nobody else of the process would copy
    "api/audit_job.py": 1,  # a process of its own: its job must not be left as running
    "api/resources/batch.py": 1,  # a thread of its own: the answer's reader must be told
    "api/streaming.py": 1,  # a thread of its own: the answer must not seem to be whole
    "ledger/registration/batch.py": 1,  # around judging: the statement that met the fault fails alone
    "ledger/registration/committer.py": 2,  # the committer's thread: waiters are answered, and it lives on
}
SILENCED = re.compile(
    r"#\s*(type:\s*ignore|pragma:\s*no ?cover|pylint|mypy:|noqa\s*$)|\b(TODO|FIXME|XXX)\b", re.MULTILINE
)
# A test may be skipped where the environment lacks something, and says what; it is never expected to fail.
SKIPPING = {"skip", "skipif", "importorskip"}


@cache
def handlers(source: str) -> list[ast.ExceptHandler]:
    """Every handler of errors. What does not even contain the word is not parsed."""
    if "except" not in source:
        return []
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]


def broad_handlers(source: str) -> list[ast.ExceptHandler]:
    """Handlers of everything that do not pass it on."""
    found = []
    for node in handlers(source):
        kinds = (
            {"bare"}
            if node.type is None
            else {part.strip("() ") for part in ast.unparse(node.type).split(",")}
        )
        last = node.body[-1]
        passed_on = isinstance(last, ast.Raise) and last.exc is None
        if kinds & {"bare", "Exception", "BaseException"} and not passed_on:
            found.append(node)
    return found


def silent_handlers(source: str) -> list[int]:
    """Lines of handlers that do nothing at all: contextlib.suppress says that more plainly."""
    return [node.lineno for node in handlers(source) if all(isinstance(each, ast.Pass) for each in node.body)]


def skips_without_reason(source: str) -> list[int]:
    """Lines where a test is skipped without a reason, or expected to fail."""
    lines: list[int] = []
    if not any(word in source for word in ("xfail", *SKIPPING)):
        return lines
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "xfail":
            lines.append(node.lineno)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SKIPPING:
            said = [each.value for each in node.keywords if each.arg == "reason"]
            said += node.args if node.func.attr == "skip" else []
            if not said or (isinstance(said[0], ast.Constant) and not said[0].value):
                lines.append(node.lineno)
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "skip"
            and ast.unparse(node) == "pytest.mark.skip"
        ):
            lines.append(node.lineno)
    return lines


def test_errors_are_caught_broadly_only_at_the_edges() -> None:
    found = {path.relative_to(ROOT).as_posix(): broad_handlers(path.read_text("utf-8")) for path in CODE}
    assert {path: len(handlers) for path, handlers in found.items() if handlers} == EDGES


def test_no_error_is_passed_over_in_silence() -> None:
    for path in CODE:
        assert silent_handlers(path.read_text("utf-8")) == [], path


def test_no_checker_is_silenced_and_nothing_is_left_for_later() -> None:
    for path in [*CODE, *TESTS, ROOT / "run.py"]:
        found = SILENCED.search(path.read_text("utf-8"))
        assert found is None, f"{path}: {found and found[0]}"


def test_no_test_is_skipped_without_a_reason() -> None:
    for path in TESTS:
        assert skips_without_reason(path.read_text("utf-8")) == [], path


@pytest.mark.parametrize(
    "body",
    [
        "except Exception:\n    x = 1",
        "except:\n    x = 1",
        "except (ValueError, Exception):\n    raise Other() from None",
    ],
)
def test_a_broad_handler_is_found(body: str) -> None:
    assert len(broad_handlers(f"try:\n    f()\n{body}")) == 1


@pytest.mark.parametrize(
    "body",
    ["except ValueError:\n    x = 1", "except BaseException:\n    clean()\n    raise", "finally:\n    x = 1"],
)
def test_a_narrow_handler_is_let_pass(body: str) -> None:
    assert broad_handlers(f"try:\n    f()\n{body}") == []


def test_a_silent_handler_is_found() -> None:
    assert silent_handlers("try:\n    f()\nexcept KeyError:\n    pass") == [3]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("@pytest.mark.xfail(reason='x')\ndef f(): ...", 1),
        ("@pytest.mark.skip(reason='x')\ndef f(): ...", 1),
        ("@pytest.mark.skipif(sys.platform == 'win32')\ndef f(): ...", 1),
        ("pytest.skip('')", 1),
        ("pytest.skip('there is no npm here')", 0),
        ("@pytest.mark.skipif(a, reason='no locks on Windows')\ndef f(): ...", 0),
    ],
)
def test_a_skip_without_a_reason_is_found(source: str, count: int) -> None:
    assert len(skips_without_reason(source)) == count


@pytest.mark.parametrize(
    "line",
    [
        "x = f()  # type: ignore",
        "x = 1  # noqa",
        "# TODO: more",
        "if a:  # pragma: no cover",
        "# mypy: ignore-errors",
    ],
)
def test_a_silenced_checker_is_found(line: str) -> None:
    assert SILENCED.search(line + "\n")


@pytest.mark.parametrize("line", ["x = f()  # noqa: S608", "todo = 1", "ignore = 'type'"])
def test_a_named_exception_is_let_pass(line: str) -> None:
    assert SILENCED.search(line + "\n") is None
