"""Names in a query that nobody bears: told as a mistake, where an empty answer would be taken for the truth.

Decides: which names are known, and which ones were perhaps meant. Parties and sites are those of the public
registers, rules and products those in force; of what is not public nothing is told beyond what the answer's
own list holds. Asked where an answer is empty: what the books bear and no register does is never refused.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import Connection

from api.resources.parties import legal_name
from ledger.errors import ResourceNotFound
from ledger.statements.acts.countries import COUNTRIES
from ledger.statements.registers import Names
from ledger.store import registers_store
from ledger.store.books_listings import list_records

_LOOKED_AT: Final = 500
"""Parties and sites among which those are looked for that were perhaps meant."""
_LONGEST: Final = 200
_MOST_NEAR: Final = 3
_PARTIES: Final = "GET /v1/parties lists the parties; 'reledger search TEXT' finds one by a part of its name."
_SITES: Final = "GET /v1/sites lists the sites, with party= those of a party."
_COUNTRIES: Final = "Give an ISO 3166-1 alpha-2 code, such as CN."


def not_known(
    parameter: str, value: str, why: str, mend: str, known: Iterable[str] | Mapping[str, str] = ()
) -> ResourceNotFound:
    """The error that says of a parameter that its value is nothing's name.

    Args:
        parameter, value: As given.
        why: What it is no name of.
        mend: Where the names are.
        known: Names that it may have been meant as; or these with what each is called.
    """
    near = _near(value, known if isinstance(known, Mapping) else dict.fromkeys(known, ""))
    meant = f"Perhaps {' or '.join(near)} is meant. " if near else ""
    return ResourceNotFound(
        f"the parameter {parameter!r} is {value!r}, {why}", mend=meant + mend, extra={"parameter": parameter}
    )


def not_told(parameter: str, what: str, mend: str) -> ResourceNotFound:
    """The same of a name that may be another's: it is not repeated, and whose it is is not told."""
    return ResourceNotFound(
        f"the parameter {parameter!r} names no {what}", mend=mend, extra={"parameter": parameter}
    )


def check_party(connection: Connection, party: str | None, parameter: str = "party") -> None:
    """Returns only if a party is in the register, or none was asked for.

    Raises:
        ResourceNotFound: It is not.
    """
    if party is not None and registers_store.read_party(connection, party) is None:
        listed = registers_store.list_parties(connection, limit=_LOOKED_AT)
        called = {each.party: legal_name(each) for each in listed}
        raise not_known(parameter, party, "which no party in the register is called", _PARTIES, called)


def check_site(
    connection: Connection, site: str | None, party: str | None = None, parameter: str = "site"
) -> None:
    """Returns only if a site is in the register, or none was asked for.

    Args:
        connection: A reading transaction.
        site: The site.
        party: Whose sites may have been meant; anybody's if left out.
        parameter: The query's name of the site.

    Raises:
        ResourceNotFound: It is not.
    """
    if site and site not in registers_store.read_facts(connection, Names(sites={site})).sites:
        listed = registers_store.list_sites(connection, party=party, limit=_LOOKED_AT)
        called = {each.site: str(each.description.get("name", "")) for each in listed}
        raise not_known(parameter, site, "which no site in the register is called", _SITES, called)


def check_country(country: str | None, parameter: str = "country") -> None:
    """Returns only if this is the code of a country, or none was asked for.

    Raises:
        ResourceNotFound: It is not.
    """
    if country and country not in COUNTRIES:
        raise not_known(parameter, country, "which no country has as its code", _COUNTRIES)


def is_borne(connection: Connection, kind: type[Any], **where: Any) -> bool:
    """Whether any record of a kind has these values; None values are left out."""
    return bool(list_records(connection, kind, where=where, limit=1))


def _near(value: str, known: Mapping[str, str]) -> list[str]:
    """The names that hold the text or are called so, or else those that are spelt alike."""
    if len(value) > _LONGEST:
        return []
    folded = value.casefold()
    holding = [name for name, called in known.items() if folded in f"{name}\n{called}".casefold()]
    return holding[:_MOST_NEAR] or get_close_matches(value, known, n=_MOST_NEAR)
