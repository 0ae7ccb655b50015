"""Lists as comma-separated values: what their JSON says, page by page, and no formula."""

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.wrappers import Response

from api.book_members import columns_of, csv_reply
from api.book_schemas import AlertsSchema
from api.desk_schemas import FlowsSchema
from tests.support.cast import Actor
from tests.support.goods import Told

LISTS = {
    "/v1/holdings": "holdings",
    "/v1/shipments": "shipments",
    "/v1/pools": "pools",
    "/v1/alerts": "alerts",
    "/v1/search?q=urn:epc": "found",
}


def table(response: Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True), newline="")))


def written(value: Any) -> str:
    """A member of JSON as its cell."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("path", LISTS)
def test_csv_says_what_json_says(told: Told, path: str) -> None:
    plant = told.company("plant")
    reader = told.cast.authority if path == "/v1/alerts" else plant
    found = told.site.get(path, reader).get_json()[LISTS[path]]
    rows = table(told.site.get(path, reader, Accept="text/csv"))
    assert rows == [{name: written(value) for name, value in row.items()} for row in found]
    assert rows or path == "/v1/pools" or path == "/v1/alerts"


@pytest.mark.parametrize("path", ["/v1/holdings", "/v1/shipments", "/v1/pools", "/v1/alerts"])
def test_an_empty_list_has_its_header(told: Told, path: str) -> None:
    recycler = told.company("recycler")
    query = (
        "?state=voided" if path == "/v1/shipments" else "?after=%F4%8F%BF%BF" if path != "/v1/alerts" else ""
    )
    response = told.site.get(path + query, recycler, Accept="text/csv")
    assert table(response) == []
    (header,) = response.get_data(as_text=True).splitlines()
    assert header.count(",") > 5


def pages(told: Told, path: str, reader: Actor, **query: Any) -> list[list[dict[str, str]]]:
    found, address = [], f"{path}?{urlencode(query)}"
    while True:
        response = told.site.get(address, reader, Accept="text/csv")
        found.append(table(response))
        link = response.headers.get("Link")
        if link is None:
            return found
        address, _, relation = link.partition(">; ")
        assert relation == 'rel="next"'
        address = address.removeprefix("<")


def test_pages_link_to_the_next(told: Told) -> None:
    authority = told.cast.authority
    mine = told.company("plant").party
    parts = pages(told, "/v1/shipments", authority, party=mine, side="consignee", limit=1)
    (whole,) = pages(told, "/v1/shipments", authority, party=mine, side="consignee")
    assert len(parts) == len(whole) > 1
    assert [row for part in parts for row in part] == whole


def test_routes_name_their_sites_and_say_where_a_limit_ended(told: Told) -> None:
    magnets = urlencode({"lot": told.cast.goods.magnets})
    found = told.site.get(f"/v1/routes?{magnets}", told.cast.authority).get_json()
    rows = table(told.site.get(f"/v1/routes?{magnets}", told.cast.authority, Accept="text/csv"))
    names = {site["id"]: site["name"] for site in found["sites"]}
    for row, route in zip(rows, found["routes"], strict=True):
        assert row["source_name"] == names[route["source"]]
        assert row["target_name"] == names[route["target"]]
        assert {name: row[name] for name in route} == {name: str(value) for name, value in route.items()}
    cut = table(told.site.get(f"/v1/routes?{magnets}&limit=1", told.cast.authority, Accept="text/csv"))
    assert {name: value for name, value in cut[-1].items() if value} == {"source": "incomplete"}
    assert "incomplete" not in {row["source"] for row in rows}


def test_a_calendar_is_one_row(told: Told) -> None:
    mine = told.company("mine")
    (row,) = table(told.site.get("/v1/filing", mine, Accept="text/csv"))
    found = told.site.get("/v1/filing", mine).get_json()
    assert list(row) == list(found)
    assert row["month"] == found["month"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_is_no_formula(text: str) -> None:
    body = csv_reply(("a", "b"), [[text, {"x": text}]], "x.csv").get_data(as_text=True)
    (row,) = csv.DictReader(io.StringIO(body, newline=""))
    assert row["a"] == f"'{text}"
    assert json.loads(row["b"]) == {"x": text}
    assert row["b"].startswith("{")


def test_numbers_below_zero_stay_numbers() -> None:
    assert csv_reply(("a",), [[-1]], "x.csv").get_data() == b"a\r\n-1\r\n"


def test_the_columns_are_those_of_the_one_list() -> None:
    assert columns_of(AlertsSchema)[0] == "alerts"
    with pytest.raises(ValueError, match="too many"):
        columns_of(FlowsSchema)
