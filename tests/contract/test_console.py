"""The console's files: libraries unchanged, texts whole in both languages, modules in reach, light."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from api.console import shell
from api.console.assets import _IMPORTS as NAMED

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "api/console/static"
VENDORED = [STATIC / "vendor", ROOT / "tests/browser/vendor"]
LOCKS = [*VENDORED, ROOT / "tests/browser/chromium"]
MODULES = sorted((STATIC / "js").rglob("*.js"))
LANGUAGES = ("en", "zh")
MAX_MODULE_LINES = 300
FIRST_VIEW_BYTES = 150_000
WITH_GRAPHS_BYTES = 400_000
# Areas whose texts are looked up by a word of the ledger: a role, a stage, an error's code.
BY_WORD = ("terms", "errors")

FROM = re.compile(r"""(?:[\s}]from|^import|;import)\s*"([\w./@-]+)\"""", re.MULTILINE)
LATER = re.compile(r"""\bimport\("([^"]+)"\)|new URL\("([^"]+\.js)", import\.meta\.url\)""")
LITERAL = re.compile(r'"([a-z_]+\.[A-Za-z0-9_.-]+)"')
TEMPLATE = re.compile(r"`([a-z_]+\.[^`\n]*?)`")
ASKED = re.compile(r"""\b(?:t|has)\(\s*"([a-z_]+\.[^"]+)"|\btitle: "([a-z_]+\.[^"]+)\"""")
PARAMETER = re.compile(r"\{(\w+)\}")
INLINE = re.compile(
    r"<style|\sstyle=\"|\son[a-z]+=\"|innerHTML|\beval\(|new Function\(|document\.write|javascript:"
)


@cache
def texts(language: str) -> dict[str, str]:
    """By "area.key"."""
    return {
        f"{path.stem}.{key}": text
        for path in sorted((STATIC / "i18n" / language).glob("*.json"))
        for key, text in json.loads(path.read_text("utf-8"), object_pairs_hook=once).items()
    }


def once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """A JSON object in which no member stands twice."""
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})
    return dict(pairs)


@cache
def source(path: Path) -> str:
    return path.read_text("utf-8")


def found(pattern: re.Pattern[str], path: Path) -> Iterator[Path]:
    """The files that a module names."""
    for groups in pattern.findall(source(path)):
        name = next(filter(None, groups if isinstance(groups, tuple) else (groups,)))
        yield (STATIC / NAMED[name] if name in NAMED else path.parent / name).resolve()


def closure(*starts: Path, later: bool = False) -> set[Path]:
    """Modules and everything that they import; with what they load only when asked, too."""
    seen: set[Path] = set()
    waiting = [start.resolve() for start in starts]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += found(FROM, path)
            if later:
                waiting += found(LATER, path)
    return seen


def weight(paths: set[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in paths)


def page() -> str:
    with Flask(__name__).test_request_context():
        return shell._page().get_data(as_text=True)


# --- Libraries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", VENDORED, ids=["console", "tests"])
def test_libraries_are_what_the_manifest_says(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    assert {each["package"]: each["version"] for each in manifest} == wanted
    listed = set()
    for each in manifest:
        place = folder / each["package"].rpartition("/")[2]
        assert any(name.lower().startswith("licen") for name in each["files"]), each["package"]
        assert each["licence"] in {"MIT", "ISC", "Apache-2.0", "BSD-3-Clause", "MPL-2.0"}
        for name, digest in each["files"].items():
            assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest, place / name
            listed.add(place / name)
    there = {path for path in folder.rglob("*") if path.is_file() and path.parent != folder}
    assert there == listed


@pytest.mark.parametrize("folder", LOCKS, ids=["console", "tests", "chromium"])
def test_locks_hold_hashes_and_no_address(folder: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    for name, each in packages.items():
        assert each["integrity"].startswith("sha512-"), name
        assert "resolved" not in each, name
    assert "omit-lockfile-registry-resolved=true" in (folder / ".npmrc").read_text("utf-8")


# --- Texts ------------------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    english, chinese = (texts(language) for language in LANGUAGES)
    # Chinese has no form of its own for one thing.
    singular = {key for key in english if key.endswith("_one") and key.removesuffix("_one") in english}
    assert set(chinese) - set(english) == set()
    assert set(english) - set(chinese) - singular == set()
    for key, text in chinese.items():
        assert set(PARAMETER.findall(text)) == set(PARAMETER.findall(english[key])), key
    for key in singular:
        several = PARAMETER.findall(english[key.removesuffix("_one")])
        assert set(PARAMETER.findall(english[key])) <= set(several), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_loose(language: str) -> None:
    for key, text in texts(language).items():
        assert text, key
        assert text == text.strip(), key
        assert "  " not in text, key


def test_chinese_is_chinese() -> None:
    english = texts("en")
    same = {
        key
        for key, text in texts("zh").items()
        if text == english[key] and re.search("[a-z]{4}", PARAMETER.sub("", text))
    }
    assert same == set()


def test_every_text_that_is_asked_for_is_there() -> None:
    missing = {
        f"{path.relative_to(STATIC)}: {key}"
        for path in MODULES
        for groups in ASKED.findall(source(path))
        for key in filter(None, groups)
        if key not in texts("en")
    }
    assert missing == set()


def test_every_text_is_used() -> None:
    literal = {key for path in MODULES for key in LITERAL.findall(source(path))}
    templates = {
        re.compile(re.sub(r"\\\$\\\{.*?\\\}(?=[^}]|$)", "[A-Za-z0-9_.-]+", re.escape(each)))
        for path in MODULES
        for each in TEMPLATE.findall(source(path))
        if each.partition(".")[0] in {key.partition(".")[0] for key in texts("en")}
    }
    unused = {
        key
        for key in texts("en")
        if key.partition(".")[0] not in BY_WORD
        and key.removesuffix("_one") not in literal
        and not any(template.fullmatch(key.removesuffix("_one")) for template in templates)
    }
    assert unused == set()


# --- Modules ----------------------------------------------------------------------------------------------


def test_every_module_is_in_reach() -> None:
    reached = closure(STATIC / "js/main.js", later=True)
    assert {path.relative_to(STATIC) for path in MODULES if path not in reached} == set()


def test_modules_stay_small() -> None:
    long = {path.name: count for path in MODULES if (count := source(path).count("\n")) > MAX_MODULE_LINES}
    assert long == {}


def test_nothing_is_written_inline() -> None:
    for path in MODULES:
        inline = INLINE.search(source(path))
        assert inline is None, f"{path.relative_to(STATIC)}: {inline and inline[0]}"
    text = page()
    assert INLINE.search(text) is None
    scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", text)
    assert [words for words, body in scripts if body] == [' type="importmap"']


@pytest.mark.parametrize(
    "line",
    [
        '<p style="color: red">',
        '<a onclick="go()">',
        "node.innerHTML = text",
        "eval(text)",
        "new Function(text)",
    ],
)
def test_what_is_inline_is_found(line: str) -> None:
    assert INLINE.search(line)


def test_the_page_asks_at_once_for_what_every_page_needs() -> None:
    """Else a browser learns of each module only from the one that imports it, one journey after the other."""
    needed = {path.relative_to(STATIC.resolve()).as_posix() for path in closure(STATIC / "js/main.js")}
    assert set(shell._FIRST) == needed


# --- Weight -----------------------------------------------------------------------------------------------


def first_view(path: str) -> set[Path]:
    """What a browser loads for a page: frame, module, styles, texts of one language."""
    module = STATIC / "js/desks" / path
    areas = re.search(r"export const areas = \[([^\]]*)\]", source(module))
    assert areas is not None, path
    wanted = {"common", "terms", "errors", *re.findall(r'"([a-z_]+)"', areas[1])}
    styles = {STATIC / each for each in re.findall(r'href="/console/assets/\w+/([^"]+\.css)"', page())}
    loaded = closure(STATIC / "js/main.js", module) | styles | {STATIC / "icon.svg"}
    return loaded | {STATIC / "i18n" / "zh" / f"{area}.json" for area in wanted}


@pytest.mark.parametrize(
    "path", sorted(re.findall(r'import\("\./desks/([^"]+)"', source(STATIC / "js/desks.js")))
)
def test_a_first_view_is_light(path: str) -> None:
    assert weight(first_view(path)) + len(gzip.compress(page().encode(), 9)) <= FIRST_VIEW_BYTES


def test_the_graph_view_is_light_enough() -> None:
    libraries = set((STATIC / "vendor/cytoscape").glob("*.mjs")) | set(
        (STATIC / "vendor/cytoscape-dagre").glob("*.mjs")
    )
    assert libraries
    loaded = first_view("regulator/provenance.js") | closure(STATIC / "js/pictures/graph_view.js") | libraries
    assert weight(loaded) <= WITH_GRAPHS_BYTES


def test_every_library_is_used() -> None:
    loaded = {
        path for path in closure(STATIC / "js/main.js", later=True) if path.is_relative_to(STATIC / "vendor")
    }
    words = " ".join(source(path) for path in MODULES) + page()
    unused = {
        path.relative_to(STATIC)
        for path in (STATIC / "vendor").glob("*/*.*")
        if path not in loaded and path.suffix in {".js", ".mjs", ".css", ".json"} and named(path) not in words
    }
    assert unused == set()


def named(path: Path) -> str:
    """As modules name a file of a library: some add its ending to a list of names."""
    return path.relative_to(STATIC / "vendor").as_posix().removesuffix(".min.js")
