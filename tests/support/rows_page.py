"""docs/rows.md, made of what the other pages and the code say of each movement, act and rule.

``python -m tests.support.rows_page`` writes it anew; tests/contract/test_rows_documented.py compares.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ledger.controls.rule_texts import RULE_TEXTS
from ledger.movements.movement import KINDS
from ledger.movements.writing import dump_document
from ledger.records.policy import ALWAYS, FLAG, REJECT
from ledger.statements.acts import ACTS
from tests.support.movement_examples import EXAMPLES
from tests.support.movements_written import as_event

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
PAGE: Final = DOCS / "rows.md"
_LONGEST: Final = 140
_BEGINNING: Final = """# Every movement, act and rule

One row each: what it means, and an example. An example in JSON is a part of the one behind the link, where
all of it stands; of a movement the members that tell it from others come first. [movements.md](movements.md),
[acts.md](acts.md) and [rules.md](rules.md) say the rest: who may, what must be there, what is refused, which
thresholds there are. A test compares this page with them and with the code;
`python -m tests.support.rows_page` writes it anew.
"""
_CORRECTION: Final = {
    "ree:movement": "ship",
    "errorDeclaration": {"reason": "incorrect_data", "correctiveEventIDs": ["urn:uuid:5b1d7c1e-..."]},
}


def rows_page() -> str:
    """The whole page."""
    tables = (
        ("Movements", ("Movement", "What it does to the books", "Example"), _movements()),
        ("Acts", ("Act", "What it does", "Example"), _acts()),
        ("Rules", ("Rule", "Fires when", "Default", "Example"), _rules()),
    )
    text = [_BEGINNING]
    for title, heads, rows in tables:
        lines = [heads, ("---",) * len(heads), *rows]
        text.append(f"## {title}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n")
    return "\n".join(text)


def _movements() -> Iterator[tuple[str, ...]]:
    page = (DOCS / "movements.md").read_text("utf-8")
    effects = dict(re.findall(r"^\| \[`(\w+)`\]\(#\w+\) \|.*\| (.*?) \|$", page, re.M))
    for kind in KINDS:
        event = json.loads(dump_document(as_event(EXAMPLES[kind])))
        telling = {name: event[name] for name in event if name.startswith("ree:") and name != "ree:lots"}
        lists = [name for name in event if name.endswith(("List", "EPCs", "ID")) and name != "eventID"]
        goods = {name: event[name] for name in lists}
        yield f"[`{kind}`](movements.md#{kind})", effects[kind], _code(telling | goods, whole=False)
    said = (
        "what was recorded did not happen, or otherwise: it is taken back, and what takes its place is booked"
    )
    yield "[`correct`](movements.md#corrections)", said, _code(_CORRECTION, whole=False)


def _acts() -> Iterator[tuple[str, ...]]:
    page = (DOCS / "acts.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    for name in re.findall(r"^\| \[`(\S+)`\]\(#", page, re.M):
        said = " ".join(re.split(r"\.\s", sections[name].strip(), maxsplit=1)[0].split())
        (example,) = re.findall(r"^```json\n(.*?)^```", sections[name], re.M | re.S)
        yield f"[`{name}`](acts.md#{name})", said[:1].lower() + said[1:], _code(json.loads(example))
    assert set(sections) >= set(ACTS)


def _rules() -> Iterator[tuple[str, ...]]:
    for code in (*REJECT, *FLAG):
        said = RULE_TEXTS[code]
        default = "fixed" if code in ALWAYS else "reject" if code in REJECT else "flag"
        yield f"[`{code}`](rules.md#codes)", said.fires, default, said.example


def _code(members: Mapping[str, Any], *, whole: bool = True) -> str:
    """The members of an object that fit on a line; ``whole``: the object has no others."""
    shown: list[str] = []
    for name, value in members.items():
        member = f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        if len(shown) > 1 and len(", ".join([*shown, member])) > _LONGEST:
            whole = False
            continue
        shown.append(member)
    return f"`{{{', '.join(shown)}{'' if whole else ', ...'}}}`"


if __name__ == "__main__":
    PAGE.write_text(rows_page(), encoding="utf-8")
