"""The documentation says what the code does: errors, settings, commands, links."""

import ast
import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_type_hints

import click
import pytest

from api.cli import cli
from api.problems import FAILED_CODE, FAILED_MEND, FAILED_TITLE, STATUSES, request_errors
from api.settings import PREFIX, Settings
from ledger import errors

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[a-z]+(?:-[a-z]+)*)+")
ROW = re.compile(r'\| <a id="(?P<anchor>[^"]+)"></a>`(?P<code>[^`]+)` \| (?P<cells>.+) \|')
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/*.md"), *ROOT.glob("benchmarks/*.md")]
)
# Names of log events and loggers look like codes and are none.
LOGGED = {"bind", "critical", "debug", "error", "exception", "get_logger", "info", "warning"}


def sections(page: str) -> dict[str, dict[str, list[str]]]:
    """Of a page in docs: heading -> code -> the cells of its row."""
    found: dict[str, dict[str, list[str]]] = {}
    heading = ""
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        if row := ROW.fullmatch(line):
            rows = found.setdefault(heading, {})
            assert row["code"] not in rows, f"twice: {line}"
            assert row["anchor"] in (row["code"], f"fault-{row['code']}")
            rows[row["code"]] = row["cells"].split(" | ")
    return found


def leaves(kind: type[errors.ReledgerError]) -> Iterator[type[errors.ReledgerError]]:
    children = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    if not children:
        yield kind
    for child in children:
        yield from leaves(child)


@cache
def codes_in(*places: str) -> frozenset[str]:
    """Every string with the form of a code in the modules, but for the names of log events."""
    found = set()
    paths = [
        path for place in places for path in [ROOT / place, *(ROOT / place).rglob("*.py")] if path.is_file()
    ]
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        logged = {
            id(word)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LOGGED
            for word in node.args
        }
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and CODE.fullmatch(node.value)
            and not node.value.endswith((".json", ".jsonl"))
            and id(node) not in logged
        }
    return frozenset(found)


ERRORS = sections("errors.md")


def test_every_error_of_requests_is_documented_as_it_is() -> None:
    expected = {
        kind.code: [
            str(STATUSES[kind]),
            kind.title,
            kind.default_mend,
        ]
        for kind in request_errors()
    }
    expected[FAILED_CODE] = ["500", FAILED_TITLE, FAILED_MEND]
    assert ERRORS["Errors of requests"] == expected


@pytest.mark.parametrize(
    ("heading", "group"),
    [("Errors of evidence", errors.EvidenceError), ("Errors of use", errors.UsageError)],
)
def test_every_other_error_is_documented_as_it_is(heading: str, group: type[errors.ReledgerError]) -> None:
    assert ERRORS[heading] == {kind.code: [kind.title] for kind in leaves(group)}


def test_every_finding_is_documented() -> None:
    own = {kind.code for kind in leaves(errors.ReledgerError)}
    judging = ("ledger/controls/judging.py", "ledger/controls/submission.py")
    found = codes_in("ledger/statements", "ledger/registration", "ledger/identifiers.py", *judging) - own
    assert set(ERRORS["Findings"]) == found


def test_every_fault_is_documented() -> None:
    shared = {"key.expired", "key.revoked"}  # found by the same rule that judges a new statement
    found = codes_in("ledger/audit") | shared
    assert set(ERRORS["Faults"]) == found


def test_an_error_page_row_is_one_sentence() -> None:
    for heading in ("Findings", "Faults"):
        for code, cells in ERRORS[heading].items():
            assert len(cells) == 1, code
            assert cells[0].endswith("."), code


def test_the_server_points_to_codes_that_it_explains() -> None:
    from api.documentation import Documentation

    page = Documentation([]).errors_page.decode()
    for code in ERRORS["Errors of requests"]:
        assert f'id="{code}"' in page


# --- Settings and commands --------------------------------------------------------------------------------


def settings_table() -> list[str]:
    """The rows of the settings' table as the code has them."""
    rows = []
    hints = get_type_hints(Settings, include_extras=True)
    for field in dataclasses.fields(Settings):
        _, meaning = hints[field.name].__metadata__
        if field.default is dataclasses.MISSING:
            default = "**needed**"
        else:
            default = f"`{'none' if field.default is None else field.default}`"
        rows.append(f"| `{field.name}` | `{PREFIX}{field.name.upper()}` | {default} | {meaning} |")
    return rows


def test_every_setting_is_documented_in_operations() -> None:
    lines = (ROOT / "docs" / "operations.md").read_text("utf-8").splitlines()
    assert [line for line in lines if re.match(rf"\| `\w+` \| `{PREFIX}", line)] == settings_table()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_names_a_setting_that_there_is_not(page: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}([A-Z][A-Z_]+)\b", page.read_text("utf-8")))
    known = {field.name.upper() for field in dataclasses.fields(Settings)}
    assert named <= known | {"CONFIG", "VENV", "CHROMIUM"}, "VENV is run.py's, CHROMIUM the tests'"


def command_at(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the first words name, and the words that are left."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and words[0] in names_in(command):
        command, words = command_in(command, words[0]), words[1:]
    return command, words


def names_in(group: click.Group) -> list[str]:
    return group.list_commands(click.Context(group))


def command_in(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"{group.name} lists {name} and does not have it"
    return command


def commands_in(text: str) -> Iterator[list[str]]:
    """The words of every reledger command in a code block or between backticks."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(
        r"`((?:python3 run\.py|reledger) [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    )
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *spans]:
        found = re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:python3 run\.py|reledger)((?: .*)?)$", line)
        if found:
            yield shlex.split(found[1], comments=True)


def fault_of_command(words: list[str]) -> str | None:
    """What is wrong with a command as it is written in the documentation, or None."""
    if words[:1] in (["test"], ["bench"], ["lint"], ["setup"]):  # run.py's own
        return None
    command, left = command_at([word for word in words if not word.startswith("|")])
    if isinstance(command, click.Group) and left and not left[0].startswith("-") and left[0].islower():
        return f"there is no command {left[0]}"
    options = {name for each in command.params for name in [*each.opts, *each.secondary_opts]} | {
        "--help",
        "-h",
    }
    for word in left:
        if word.startswith("--") and word.partition("=")[0] not in options:
            return f"{command.name} has no option {word}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_documentation_exist(page: Path) -> None:
    for words in commands_in(page.read_text("utf-8")):
        assert fault_of_command(words) is None, f"{page.name}: {' '.join(words)}"


def test_every_command_is_named_in_the_documentation() -> None:
    text = "\n".join(
        page.read_text("utf-8") for page in [ROOT / "README.md", ROOT / "docs" / "operations.md"]
    )
    for name in names_in(cli):
        command = command_in(cli, name)
        names = (
            [f"{name} {inner}" for inner in command.commands] if isinstance(command, click.Group) else [name]
        )
        for each in names:
            assert re.search(rf"(?:reledger|run\.py) {each}\b", text), f"no page tells of reledger {each}"


def test_no_command_of_run_py_hides_one_of_reledger() -> None:
    assert not set(names_in(cli)) & {"test", "bench", "lint", "setup", "help"}


def test_the_help_of_every_command_can_be_shown() -> None:
    """In another process, as a user sees it."""
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in names_in(cli):
        assert re.search(rf"^  {name}\b", done.stdout, re.MULTILINE), name


# --- Links ------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page: its headings as hosts make them, and those it sets itself."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    found = set(re.findall(r'<a id="([^"]+)"', text))
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.name}: {target}"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{page.name}: {target}"


# --- The checks themselves --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["demo", "--no-browser", "--port", "8001"], None),
        (["demo", "--colour"], "demo has no option --colour"),
        (["demonstrate"], "there is no command demonstrate"),
        (["key", "forge"], "there is no command forge"),
        (["key", "new", "--no-such=1"], "new has no option --no-such=1"),
        (["test", "-k", "merkle"], None),
        (["--version"], None),
    ],
)
def test_a_command_that_does_not_exist_is_found(words: list[str], fault: str | None) -> None:
    assert fault_of_command(words) == fault


def test_commands_are_found_where_they_stand() -> None:
    text = (
        "Run `reledger verify --database x` or `python3 run.py demo`.\n```sh\n$ reledger audit URL  # why\n"
        "RELEDGER_PORT=1 reledger serve\npython3 run.py \\\n  test\nls\n```\n`not reledger`\n"
    )
    assert list(commands_in(text)) == [
        ["audit", "URL"],
        ["serve"],
        ["test"],
        ["verify", "--database", "x"],
        ["demo"],
    ]
