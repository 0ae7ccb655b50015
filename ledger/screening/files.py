"""Published lists of restricted parties as files, read into organisations; natural persons are refused.

Decides: which columns and members are read, and what is no organisation. Reads the United States'
consolidated screening list (CSV, both of its layouts), and JSON arrays of entries with ``entity_name`` as
lists of the Ministry of Commerce are kept in. What is written there is somebody else's word; nothing is
added to it.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.errors import TableInvalid
from ledger.statements.acts.countries import is_country

_ORGANISATIONS: Final = frozenset({"", "entity", "organization", "organisation", "company"})
_PERSONAL: Final = ("dates_of_birth", "places_of_birth", "citizenships", "nationalities", "title")
"""What only natural persons have."""
_MOST_CHARACTERS: Final = 300
_MOST_ALIASES: Final = 200
_CODE: Final = re.compile(r"[^A-Za-z0-9]+")
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SEMICOLON: Final = "; "


@dataclass(frozen=True, slots=True)
class ListedOrganisation:
    """One entry: its names, where it is listed, and since when ("" where the file does not say)."""

    name: str
    aliases: tuple[str, ...]
    country: str
    control_list: str
    start: str
    reference: str

    def act(self, start: str) -> dict[str, Any]:
        """The payload of ``list-restricted-party``; ``start`` where the file states none."""
        members: dict[str, Any] = {
            "act": "list-restricted-party",
            "kind": "organisation",
            "organisation": self.name,
            "control_list": self.control_list,
            "start": f"{self.start}T00:00:00+08:00" if self.start else start,
            "reference": self.reference,
        }
        if self.country:
            members["country"] = self.country
        return members | ({"aliases": list(self.aliases)} if self.aliases else {})


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a file holds: organisations by name, and what was left out with the reason."""

    organisations: tuple[ListedOrganisation, ...]
    left_out: tuple[tuple[str, str], ...]


def read_list(content: bytes) -> ReadList:
    """Reads a file by its form; the same organisation under several entries is one, with all references.

    Raises:
        TableInvalid: It is neither form.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableInvalid("the file is no UTF-8 text", mend="Save it as UTF-8.") from error
    if text.lstrip().startswith(("[", "{")):
        return _read_json(text)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if not {"name", "source", "type"} <= set(rows.fieldnames or ()):
        raise TableInvalid(
            "the file has not the columns name, source and type",
            mend="Give a consolidated screening list as CSV, or JSON with entity_name.",
        )
    return _gathered(map(_from_csv, rows))


def _read_json(text: str) -> ReadList:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableInvalid("the file is no JSON", mend="Give the list as it was published.") from error
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get("entity_name"), str) for row in rows
    ):
        raise TableInvalid(
            "the file is no array of entries with entity_name", mend="Give the list as it was published."
        )
    return _gathered(map(_from_json, rows))


_Row = tuple[ListedOrganisation, str]
"""An entry, and why it is left out, or ""."""


def _from_csv(row: Mapping[str, str | None]) -> _Row:
    def cell(name: str) -> str:
        return str(row.get(name) or "").strip()

    aliases = tuple(each.strip() for each in cell("alt_names").split(_SEMICOLON) if each.strip())
    country = cell("addresses").rpartition(", ")[2].strip()
    dated = _DATE.search(cell("start_date"))
    number = cell("_id") or cell("entity_number")
    entry = ListedOrganisation(
        name=cell("name"),
        aliases=aliases,
        country=country if is_country(country) else "",
        control_list=_code(cell("source").partition(" - ")[0]),
        start=dated[0] if dated else "",
        reference=f"{cell('source')} {number}".strip(),
    )
    return entry, _fault(cell("type"), any(cell(name) for name in _PERSONAL))


def _from_json(row: Mapping[str, Any]) -> _Row:
    aliases = row.get("aliases")
    dated = _DATE.fullmatch(str(row.get("date_added") or ""))
    entry = ListedOrganisation(
        name=row["entity_name"].strip(),
        aliases=tuple(str(each).strip() for each in aliases) if isinstance(aliases, list) else (),
        country="",  # what these files call the country is that of the list
        control_list=_code(str(row.get("list_id") or "restricted")),
        start=dated[0] if dated else "",
        reference=str(row.get("id") or ""),
    )
    return entry, _fault(str(row.get("entity_type") or ""), any(row.get(name) for name in _PERSONAL))


def _fault(kind: str, personal: bool) -> str:
    if kind.casefold() not in _ORGANISATIONS:
        return f"no organisation: {kind}"
    return "a natural person's data" if personal else ""


def _gathered(rows: Iterable[_Row]) -> ReadList:
    found: dict[str, ListedOrganisation] = {}
    left_out: list[tuple[str, str]] = []
    for entry, fault in rows:
        if not fault and not 1 <= len(entry.name) <= _MOST_CHARACTERS:
            fault = f"a name has 1 to {_MOST_CHARACTERS} characters"
        if fault:
            # Of a natural person not even the name is passed on.
            left_out.append((entry.reference, fault))
            continue
        known = found.get(entry.name)
        if known is None:
            known = replace(entry, aliases=(), reference="")
        names = dict.fromkeys((*known.aliases, *entry.aliases))
        references = dict.fromkeys((*filter(None, (known.reference,)), entry.reference))
        found[entry.name] = replace(
            known,
            aliases=tuple(each for each in names if each != entry.name and len(each) <= _MOST_CHARACTERS)[
                :_MOST_ALIASES
            ],
            start=min(filter(None, (known.start, entry.start)), default=""),
            reference=_SEMICOLON.join(filter(None, references))[:_MOST_CHARACTERS].strip(),
        )
    return ReadList(tuple(found.values()), tuple(left_out))


def _code(text: str) -> str:
    return _CODE.sub("-", text).strip("-").lower()[:100] or "restricted"
