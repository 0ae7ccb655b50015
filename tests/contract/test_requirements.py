"""The requirements files pin every package by hash, name no address, and say what pyproject.toml says."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FILES = ["requirements.txt", "requirements-test.txt", "requirements-dev.txt", "requirements-uv.txt"]
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.!+]+)(?: ; (?P<marker>.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
# A dependency of ours by its nature: what flask hands to its users.
COMES_WITH = {"werkzeug": "flask"}


def parse_pins(text: str) -> dict[str, tuple[str, str | None]]:
    """Name to (version, marker) of a requirements file.

    Raises:
        ValueError: A line is not a pin with at least one SHA-256 and nothing else.
    """
    pins: dict[str, tuple[str, str | None]] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        first, *hashes = re.split(r"\s+(?=--hash)", entry.strip())
        pin = PIN.fullmatch(first)
        if pin is None:
            raise ValueError(f"not a pin: {entry[:80]}")
        if not hashes or not all(HASH.fullmatch(word.strip()) for word in hashes):
            raise ValueError(f"not pinned by SHA-256: {entry[:80]}")
        name = canonicalize_name(pin["name"])
        if name in pins:
            raise ValueError(f"twice: {name}")
        pins[name] = (pin["version"], pin["marker"])
    return pins


PINS = {file: parse_pins((ROOT / file).read_text("utf-8")) for file in FILES}


def declared(*extras: str) -> list[Requirement]:
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(text) for group in lists for text in group]


@pytest.mark.parametrize("file", FILES)
def test_no_address_stands_in_a_requirements_file(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert not re.search(
        r"://|^\s*-|@ |index|find-links|trusted|\.(whl|tar|zip)", re.sub(HASH, "", text), re.MULTILINE
    )


@pytest.mark.parametrize(
    ("file", "extras"),
    [
        ("requirements.txt", ()),
        ("requirements-test.txt", ("test",)),
        ("requirements-dev.txt", ("test", "dev")),
    ],
)
def test_what_the_project_declares_is_pinned_within_its_bounds(file: str, extras: tuple[str, ...]) -> None:
    for requirement in declared(*extras):
        name = canonicalize_name(requirement.name)
        assert name in PINS[file], f"{file} lacks {name}"
        version, marker = PINS[file][name]
        assert Version(version) in requirement.specifier, f"{file} pins {name} {version}"
        assert (marker is None) == (requirement.marker is None) or name == "psycopg"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-test.txt", "requirements-dev.txt"])
def test_nothing_is_pinned_that_nobody_needs(file: str) -> None:
    """On this platform: from the declared packages, follow what the installed ones require."""
    extras = {"requirements.txt": (), "requirements-test.txt": ("test",)}.get(file, ("test", "dev"))
    waiting = [(requirement, "") for requirement in declared(*extras)]
    needed: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        needed.add(name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                try:
                    inner = metadata.requires(name) or []
                except metadata.PackageNotFoundError:
                    continue
                waiting += [(Requirement(text), wanted) for text in inner]
    here = {
        name
        for name, (_, marker) in PINS[file].items()
        if marker is None or Marker(marker).evaluate({"extra": ""})
    }
    if not all(map(is_installed, needed)):  # the tools for development are not in the tests' environment
        assert file == "requirements-dev.txt"
        here = {name for name in here if is_installed(name)}
    assert here - needed == set()


def is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def test_each_file_holds_the_one_before_it() -> None:
    run, test, dev, uv = (PINS[file] for file in FILES)
    for smaller, larger in ((run, test), (test, dev)):
        for name, (version, _) in smaller.items():
            assert larger[name][0] == version
    assert list(uv) == ["uv"]


def test_this_environment_is_the_pinned_one() -> None:
    """Else the tests would prove something about other versions than those that users get."""
    for name, (version, marker) in PINS["requirements-test.txt"].items():
        if marker is None or Marker(marker).evaluate():
            assert metadata.version(name) == version, (
                f"{name} is installed in another version; run setup again"
            )


def test_every_import_is_declared() -> None:
    distributions = metadata.packages_distributions()
    names = {canonicalize_name(requirement.name) for requirement in declared()}
    for path in sorted(
        [*ROOT.glob("ledger/**/*.py"), *ROOT.glob("api/**/*.py"), *ROOT.glob("migrations/**/*.py")]
    ):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                tops = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                tops = {(node.module or "").partition(".")[0]}
            else:
                continue
            for top in tops - sys.stdlib_module_names - {"ledger", "api", "migrations"}:
                owners = {canonicalize_name(owner) for owner in distributions.get(top, [top])}
                owners |= {COMES_WITH[owner] for owner in owners & COMES_WITH.keys()}
                assert owners & names, (
                    f"{path.relative_to(ROOT)}:{node.lineno} imports {top}, which is not declared"
                )


def test_the_version_is_said_once() -> None:
    import ledger

    assert ledger.__version__ == PROJECT["version"]


def test_run_py_needs_the_python_that_the_project_needs() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "run.py").read_text("utf-8")


SHA = "--hash=sha256:" + "a" * 64


@pytest.mark.parametrize(
    "text",
    [
        "click==8.5.1",
        "click>=8.5 " + SHA,
        "click==8.5.1 --hash=sha256:abc",
        "click==8.5.1 --hash=md5:" + "a" * 32,
        "click==8.5.1 " + SHA + " --hash=sha1:" + "a" * 40,
        "--index-url https://example.org/simple",
        "-e .",
        "click @ https://example.org/click.whl " + SHA,
        "git+https://example.org/click",
        "./click.whl " + SHA,
        f"click==8.5.1 {SHA}\nClick==8.5.2 {SHA}",
        "click==8.5.* " + SHA,
    ],
)
def test_a_loose_requirement_is_found(text: str) -> None:
    with pytest.raises(ValueError, match=r"pin|twice"):
        parse_pins(text)


def test_a_pin_is_read() -> None:
    assert parse_pins(f"Click==8.5.1 ; sys_platform != 'win32' \\\n    {SHA} \\\n    {SHA}\n") == {
        "click": ("8.5.1", "sys_platform != 'win32'")
    }
