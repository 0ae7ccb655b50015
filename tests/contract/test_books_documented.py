"""docs/books.md names every kind of record, its key and every account; docs/provenance.md every question."""

import re
from pathlib import Path

from api.resources import lots, oversight, stock
from ledger.provenance.custody import MODELS
from ledger.records.cells import STATUSES
from ledger.store.books_tables import BOOKS

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROW = re.compile(r"\| `(?P<table>[a-z_]+)` \| (?P<key>[^|]+) \| [^|].* \|")


def test_every_kind_of_record_is_documented_with_its_key() -> None:
    text = (DOCS / "books.md").read_text("utf-8").partition("## Records")[2]
    rows = {row["table"]: row["key"] for line in text.splitlines() if (row := ROW.fullmatch(line))}
    expected = {
        stored.table.name: ", ".join(f"`{name}`" for name in kind.KEY) for kind, stored in BOOKS.items()
    }
    assert rows == expected


def test_every_status_is_documented() -> None:
    text = (DOCS / "books.md").read_text("utf-8")
    assert [status for status in STATUSES if f"`{status}`" not in text] == []


def test_every_question_is_documented() -> None:
    text = (DOCS / "provenance.md").read_text("utf-8")
    for resource in (lots.resource, stock.resource, oversight.resource):
        for operation in resource.operations:
            # The lists of restricted parties are for parties' own screening: docs/acts.md.
            if operation.path != "/v1/restricted-parties":
                assert operation.path in text, operation.path


def test_every_model_of_custody_is_documented() -> None:
    text = (DOCS / "provenance.md").read_text("utf-8")
    assert [model for model in MODELS if f"`{model}`" not in text] == []
