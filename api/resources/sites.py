"""Sites: the register of where things happen, folded from the public acts."""

from typing import Any

from flask import Response

from api.fields import Count, Name, StrictSchema
from api.naming import check_party
from api.operations import Call, Reply, Resource
from api.replies import JSON, page_reply
from api.resources.parties import listing_members
from api.schemas import SitesSchema
from ledger.errors import ResourceNotFound
from ledger.statements.registers import SiteRecord
from ledger.store import registers_store

resource = Resource("sites", "The places of the parties.")


class SitesQuery(StrictSchema):
    """Whose sites, from where, and how many."""

    party = Name(load_default=None, meaning="Only this party's sites.")
    after = Name(load_default="", meaning="Only sites whose identifier is above this text.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many sites at most.")


@resource.operation(
    "GET",
    "/v1/sites",
    replies=[
        Reply(
            200, "Sites in the order of their identifiers.", {JSON: SitesSchema}, {"Link": "The next page."}
        )
    ],
    query=SitesQuery,
    errors=[ResourceNotFound],
)
def list_sites(call: Call) -> Response:
    """List the sites."""
    party, after, limit = call.query["party"], call.query["after"], call.query["limit"]
    with call.reading() as connection:
        sites = registers_store.list_sites(connection, party=party, after=after, limit=limit + 1)
        if not sites:
            check_party(connection, party)
    following = None
    if len(sites) > limit:
        following = {"after": sites[limit - 1].site, "limit": limit} | (
            {} if party is None else {"party": party}
        )
    return page_reply({"sites": [site_members(site) for site in sites[:limit]]}, "/v1/sites", following)


def site_members(site: SiteRecord) -> dict[str, Any]:
    """A site as a JSON object."""
    return {
        "id": site.site,
        "party": site.party,
        "description": dict(site.description),
        "listings": listing_members(site.listings),
        "listed_at": site.listed_at,
        "changed_at": site.changed_at,
    }
