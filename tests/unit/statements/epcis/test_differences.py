"""The documentation and the tests list the same differences from the published schema, and the same codes."""

import re
from pathlib import Path

from tests.support.epcis_differences import LENIENCIES, STRICTNESSES

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "epcis.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[str]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]


def test_the_page_lists_every_strictness() -> None:
    listed = rows("Where we refuse what the published JSON Schema takes")
    assert listed == [strictness.title for strictness in STRICTNESSES]


def test_the_page_lists_every_leniency() -> None:
    listed = rows("Where we take what the published JSON Schema refuses")
    assert listed == [leniency.title for leniency in LENIENCIES]


def test_the_page_lists_every_code_and_no_other() -> None:
    sources = (ROOT / "ledger" / "statements" / "epcis").glob("*.py")
    codes = {
        code for source in sources for code in re.findall(r'"(epcis\.[a-z-]+)"', source.read_text("utf-8"))
    }
    listed = {code for row in rows("Findings") for code in re.findall(r"`(epcis\.[a-z-]+)`", row)}
    assert listed == codes
