"""Control lists as they stand at a moment: which are in force, what they mean, and for exports from where.

Decides: which version of a list counts (the newest of those that have begun), what an item means, and how an
end use is read. A list is switched off and on again by publishing it with another span, and amended ahead of
time by publishing it with a later start; nothing here knows a list by its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from ledger.controls.noticing import actor_of
from ledger.controls.rule import Case
from ledger.materials.catalogue import Catalogue
from ledger.records.books import Books
from ledger.records.cells import element_masses
from ledger.records.lots import LotRecord
from ledger.records.oversight import ControlListRecord, RestrictedPartyRecord
from ledger.records.versions import deciding

HOME: Final = "CN"
"""The country of the authority whose lists these are."""
MILITARY: Final = "military"
"""The end use that a list may refuse."""
_END_USE: Final = re.compile(r"([a-z][a-z-]{0,59})(?::(\d{1,9}(?:\.\d{1,9})?))?", re.ASCII)


def deciding_lists(books: Books, at_us: int) -> dict[str, ControlListRecord]:
    """The version of each control list that decides at a moment, in force or ended.

    Of a list that has not begun it is the newest that is to come.
    """
    versions: dict[str, list[ControlListRecord]] = {}
    for record in books.group(ControlListRecord, "all"):
        versions.setdefault(record.control_list, []).append(record)
    return {name: deciding(known, at_us) or known[-1] for name, known in versions.items()}


def lists_in_force(books: Books, at_us: int) -> list[ControlListRecord]:
    """Of each control list that is in force at a moment the version that decides then."""
    return [record for record in deciding_lists(books, at_us).values() if record.stands_at(at_us)]


def listings_in_force(records: Iterable[RestrictedPartyRecord], at_us: int) -> list[RestrictedPartyRecord]:
    """Of each organisation on each list the listing that decides at a moment, of those in force then.

    Args:
        records: Listings, in order of their keys.
        at_us: The moment.
    """
    versions: dict[tuple[str, str], list[RestrictedPartyRecord]] = {}
    for record in records:
        versions.setdefault((record.name, record.control_list), []).append(record)
    decides = [deciding(known, at_us) for known in versions.values()]
    return [record for record in decides if record is not None and record.stands_at(at_us)]


def reaching(
    lists: Iterable[ControlListRecord], country: str, destination: str = ""
) -> list[ControlListRecord]:
    """The lists that are about exports from a country; "" stands for the authority's own.

    Args:
        lists: In force.
        country: From where goods leave.
        destination: What is brought to the authority's country is no re-export.
    """
    abroad = country not in ("", HOME)
    return [
        record
        for record in lists
        if (where := record.conditions.get("exports_from", "anywhere")) == "anywhere"
        or (where == "home" and not abroad)
        or (where == "abroad" and abroad and destination != HOME)
    ]


def country_of(case: Case) -> str:
    """From which country goods are exported: the site's, else the exporter's, "" where neither is known."""
    facts = case.recording.facts
    site = facts.sites.get(case.movement.site)
    if site is not None:
        return str(site.description.get("country", ""))
    party = facts.parties.get(actor_of(case))
    return "" if party is None else str(party.organisation.get("country", ""))


def taker_abroad(case: Case) -> tuple[str, str]:
    """Which party or site abroad goods of the home country go to, and its country; ("", "") if none is known.

    A carrier's own country says nothing of where it brings goods. What a foreign party owns and sells to
    another one was supplied to a foreign organisation before.
    """
    movement, facts = case.movement, case.recording.facts
    if country_of(case) not in ("", HOME):
        return "", ""
    site = facts.sites.get(movement.site_to)
    if site is not None:
        country = str(site.description.get("country", HOME))
        if country != HOME:
            return movement.site_to, country
    custodian = facts.parties.get(movement.custodian_to)
    carried = custodian is not None and "carrier" in custodian.roles
    takers = [] if carried else [movement.custodian_to]
    if foreign_country(case, movement.owner_from or actor_of(case)) == "":
        takers.append(movement.owner_to)
    for party in takers:
        country = foreign_country(case, party)
        if country:
            return party, country
    return "", ""


def foreign_country(case: Case, party: str) -> str:
    """A party's country by the register where it is another than the authority's, else ""."""
    record = case.recording.facts.parties.get(party)
    country = HOME if record is None else str(record.organisation.get("country", HOME))
    return "" if country == HOME else country


def naming_list(lot: LotRecord, lists: Iterable[ControlListRecord], catalogue: Catalogue) -> str:
    """The control list whose items name a lot and need a licence, or ""."""
    for record in lists:
        if record.conditions.get("needs_licence", True) and any(
            covers(item, lot, catalogue) for item in record.items
        ):
            return record.control_list
    return ""


def covers(item: Mapping[str, Any], lot: LotRecord, catalogue: Catalogue) -> bool:
    """Whether an item of a control list means a lot: all of its members that rules read must hold.

    Members: ``product``, ``hs_code`` (or the beginning of one), ``stage``, ``form``, ``control_ref`` (as in
    the catalogue), ``elements`` (any of them, each at least ``least_share`` of REO). An item with none of
    them means no goods.
    """
    product = catalogue.product(lot.product)
    hs_code, form = ("", "") if product is None else (product.hs_code, product.form)
    checks: dict[str, Callable[[Any], bool]] = {
        "product": lambda value: value == lot.product,
        "hs_code": lambda value: bool(hs_code) and hs_code.startswith(str(value).replace(".", "")),
        "stage": lambda value: value == lot.stage,
        "form": lambda value: value == form,
        "control_ref": lambda value: product is not None and value in product.control_refs,
        "elements": lambda value: _has_element(item, lot),
    }
    stated = [name for name in checks if item.get(name)]
    return bool(stated) and all(checks[name](item[name]) for name in stated)


def technology_lists(lists: Iterable[ControlListRecord], technology: str) -> list[ControlListRecord]:
    """The lists that name a technology."""
    return [record for record in lists if any(item.get("technology") == technology for item in record.items)]


def end_use_of(text: str) -> tuple[str, Fraction | None]:
    """An end use as rules read it: its code and its figure, ``semiconductor-logic:7``; ("", None) else."""
    found = _END_USE.fullmatch(text)
    if found is None:
        return "", None
    return found[1], None if found[2] is None else Fraction(found[2])


def advanced_use(record: ControlListRecord, end_use: str) -> Mapping[str, Any] | None:
    """The advanced use of a list that an end use is one of, or None.

    Where the list draws a line and the end use states no figure, it counts as beyond the line: what is not
    stated cannot be ruled out.
    """
    code, figure = end_use_of(end_use)
    for use in record.conditions.get("case_by_case", ()):
        if code == use["end_use"] and (
            figure is None
            or (
                ("least" not in use or figure >= Fraction(use["least"]))
                and ("most" not in use or figure <= Fraction(use["most"]))
            )
        ):
            found: Mapping[str, Any] = use
            return found
    return None


def _has_element(item: Mapping[str, Any], lot: LotRecord) -> bool:
    masses = element_masses(lot.cells)
    least = Fraction(str(item.get("least_share", "0"))) * sum(masses.values())
    return any(0 < masses.get(element, 0) >= least for element in item["elements"])
