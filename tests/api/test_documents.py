"""The documentation that the server gives of itself."""

import json
import re

import pytest

from api.app import RESOURCES
from tests.support.web import Site, assert_problem


def test_the_pages_list_every_operation_without_any_script(sqlite_site: Site) -> None:
    response = sqlite_site.get("/docs")
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    page = response.text
    for resource in RESOURCES:
        for operation in resource.operations:
            assert f"<code>{operation.method} {operation.path}</code>" in page
    for forbidden in ("<script", "javascript:", " style=", " onclick", "<style"):
        assert forbidden not in page
    assert set(re.findall(r'(?:href|src)="([^"#]*)', page)) == {
        "/docs/style.css",
        "/openapi.json",
        "/docs/errors",
    }


def test_links_of_the_pages_lead_somewhere(sqlite_site: Site) -> None:
    errors = sqlite_site.get("/docs/errors").text
    for anchor in re.findall(r'href="/docs/errors#([^"]+)"', sqlite_site.get("/docs").text):
        assert f'id="{anchor}"' in errors


def test_the_style_sheet_is_served(sqlite_site: Site) -> None:
    assert sqlite_site.get("/docs/style.css").content_type == "text/css; charset=utf-8"


def test_the_document_is_sent_once(sqlite_site: Site) -> None:
    response = sqlite_site.get("/openapi.json")
    assert json.loads(response.data)["openapi"].startswith("3.1.")
    assert sqlite_site.get("/openapi.json", If_None_Match=response.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("path", ["/docs", "/docs/errors", "/docs/style.css", "/openapi.json"])
def test_queries_are_refused(sqlite_site: Site, path: str) -> None:
    assert_problem(sqlite_site.get(f"{path}?x=1"), 400, "request.malformed")
