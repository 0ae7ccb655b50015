"""The tree drawn in ledger/errors.py is the tree there is, and every error is told apart from every other."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from ledger import errors
from ledger.findings import Finding

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+")
ROW = re.compile(r"(?P<stem>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: {2,}(?P<words>.+))?")


def drawn_tree(docstring: str) -> list[tuple[str, str | None, str | None]]:
    """(name, name of its parent, code) of each row of the drawing, from the top down."""
    rows: list[tuple[str, str | None, str | None]] = []
    above: list[str] = []
    for line in inspect.cleandoc(docstring.partition("::\n")[2]).splitlines():
        row = ROW.fullmatch(line.rstrip())
        assert row is not None, f"a row of the drawing cannot be read: {line!r}"
        assert len(row["stem"]) % 4 == 0, line
        depth = len(row["stem"]) // 4
        above[depth:] = [row["name"]]
        words = row["words"] or ""
        rows.append(
            (row["name"], above[depth - 1] if depth else None, words if CODE.fullmatch(words) else None)
        )
    return rows


def real_tree(top: type[Exception]) -> list[tuple[str, str | None, str | None]]:
    """The same of the classes, in the order in which they are defined."""
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, top) and value.__module__ == errors.__name__
    ]
    return [
        (
            kind.__name__,
            None if kind is top else kind.__bases__[0].__name__,
            kind.code if "code" in vars(kind) and kind is not top else None,
        )
        for kind in classes
    ]


# What one module tells apart for itself; it leaves that module as the error that it derives from.
LOCAL = {"ledger/audit/transport.py": {"ConnectionLost"}}  # a remote.failed that is asked again


TREE = real_tree(errors.ReledgerError)
LEAVES = [getattr(errors, name) for name, _, code in TREE if code is not None]
GROUPS = [getattr(errors, name) for name, _, code in TREE if code is None]


def test_the_drawing_is_complete_and_true() -> None:
    assert errors.__doc__ is not None
    assert set(drawn_tree(errors.__doc__)) == set(TREE)


def test_the_drawing_stands_in_the_order_of_the_classes() -> None:
    assert errors.__doc__ is not None
    assert [name for name, _, _ in drawn_tree(errors.__doc__)] == [name for name, _, _ in TREE]


def test_the_drawing_bends_where_it_ends() -> None:
    """The last child of each is drawn with a corner, the others with a branch."""
    assert errors.__doc__ is not None
    rows = drawn_tree(errors.__doc__)
    text = errors.__doc__.splitlines()
    for name, parent, _ in rows[1:]:
        line = next(line for line in text if re.search(rf"─ {name}\b", line))
        last = [other for other, its_parent, _ in rows if its_parent == parent][-1]
        assert ("└── " if name == last else "├── ") + name in line


def test_codes_and_titles_are_unique() -> None:
    codes = [kind.code for kind in LEAVES]
    titles = [kind.title for kind in LEAVES]
    assert len(set(codes)) == len(codes)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_is(kind: type[errors.ReledgerError]) -> None:
    assert CODE.fullmatch(kind.code)
    assert "title" in vars(kind)
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")
    assert len(kind.title) < 80
    children = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    assert children == [], "a caller could not tell them apart"


@pytest.mark.parametrize(
    "kind", [kind for kind in LEAVES if issubclass(kind, errors.RequestError)], ids=lambda kind: kind.__name__
)
def test_every_refused_request_says_how_to_mend_it(kind: type[errors.RequestError]) -> None:
    assert kind.default_mend.endswith(".")


@pytest.mark.parametrize("kind", GROUPS, ids=lambda kind: kind.__name__)
def test_groups_are_never_raised_themselves(kind: type[errors.ReledgerError]) -> None:
    raised = re.compile(rf"raise (errors\.)?{kind.__name__}\(")
    for path in [*ROOT.glob("ledger/**/*.py"), *ROOT.glob("api/**/*.py")]:
        assert not raised.search(path.read_text("utf-8")), f"{path} raises a group: {kind.__name__}"


def test_no_error_of_ours_is_defined_elsewhere() -> None:
    """A class outside the tree would have neither a page nor a status."""
    known = {name for name, _, _ in TREE}
    for path in [*ROOT.glob("ledger/**/*.py"), *ROOT.glob("api/**/*.py")]:
        if path == ROOT / "ledger" / "errors.py":
            continue
        local = LOCAL.get(path.relative_to(ROOT).as_posix(), set())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in local:
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                assert not bases & known, (
                    f"{path.name}:{node.lineno} {node.name} belongs into ledger/errors.py"
                )


def test_the_text_of_an_error_names_code_and_place() -> None:
    error = errors.JsonDuplicateMember("'a' is there twice", pointer="/b", line=3)
    assert str(error) == "json.duplicate-member: 'a' is there twice (line 3) (at /b)"
    assert str(errors.JsonMalformed("it ends early", pointer="")) == "json.malformed: it ends early (at /)"
    assert str(errors.QueueFull("4096 wait")) == "queue.full: 4096 wait"


def test_an_own_mend_takes_the_place_of_the_usual_one() -> None:
    assert errors.QueueFull("full").mend == errors.QueueFull.default_mend
    assert errors.QueueFull("full", mend="Come back tomorrow.").mend == "Come back tomorrow."
    assert errors.QueueFull("full", mend="").mend == ""


def test_a_refusal_carries_every_finding() -> None:
    findings = [Finding("a.b", "first"), Finding("a.c", "second", "/x")]
    refused = errors.StatementRefused(findings)
    assert refused.findings == tuple(findings)
    assert refused.detail == "2 findings: first"
    assert errors.StatementRefused(findings[:1]).detail == "1 finding: first"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    │   │   ├── QueueFull", "    │   │   ├── QueueFool"),
        ("queue.full", "queue.fool"),
        ("    │   │   ├── JsonTooDeep              json.too-deep\n", ""),
        ("    │   │   ├── TokenMissing ", "    │   ├── TokenMissing "),
    ],
)
def test_a_false_drawing_is_found(old: str, new: str) -> None:
    assert errors.__doc__ is not None
    assert old in errors.__doc__
    assert drawn_tree(errors.__doc__.replace(old, new)) != drawn_tree(errors.__doc__)
