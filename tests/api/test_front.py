"""The plain page: true, readable without a token, and silent about what is private."""

import hashlib
from pathlib import Path

from sqlalchemy import Engine

from ledger.encoding import b64url_encode
from tests.support.cast import Cast
from tests.support.story import Story
from tests.support.web import Site, assert_problem, open_site


class TestPlainPage:
    def test_it_shows_the_log(self, story: Story) -> None:
        response = story.site.get("/plain")
        page = response.get_data(as_text=True)
        assert response.content_type == "text/html; charset=utf-8"
        assert story.site.cast.origin in page
        assert story.site.cast.vkey in page
        assert story.site.get("/checkpoint").get_data(as_text=True) in page
        assert ">genesis</a>" in story.site.get("/plain?before=1").get_data(as_text=True)
        assert "<script" not in page

    def test_every_link_leads_somewhere(self, sqlite_site: Site) -> None:
        page = sqlite_site.get("/plain").get_data(as_text=True)
        links = {part.split('"')[0] for part in page.split('href="')[1:]}
        assert {"/docs", "/openapi.json", "/checkpoint", "/docs/style.css"} <= links
        for link in links:
            assert sqlite_site.get(link).status_code == 200, link

    def test_a_private_statement_is_not_named(self, sqlite_site: Site) -> None:
        jws = sqlite_site.cast.record()
        sqlite_site.app.extensions["reledger"].registrar.register(jws)
        page = sqlite_site.get("/plain").get_data(as_text=True)
        assert "<td>private</td>" in page
        assert f"/v1/statements/{b64url_encode(hashlib.sha256(jws).digest())}" not in page
        assert sqlite_site.cast.mine.party not in page

    def test_older_entries(self, sqlite_site: Site) -> None:
        registrar = sqlite_site.app.extensions["reledger"].registrar
        lines = [(number, sqlite_site.cast.record(number=number)) for number in range(60)]
        list(registrar.register_lines(lines))
        assert '<a href="/plain?before=11">' in sqlite_site.get("/plain").get_data(as_text=True)
        older = sqlite_site.get("/plain?before=11").get_data(as_text=True)
        assert "<td>10</td>" in older
        assert "<td>11</td>" not in older
        assert "Older entries" not in older

    def test_a_log_that_has_not_begun(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path, genesis=False) as site:
            assert "has not begun" in site.get("/plain").get_data(as_text=True)

    def test_what_it_does_not_understand(self, sqlite_site: Site) -> None:
        for query in ("before=-1", "before=x", "before=1.0", "after=1", "before=1&before=2"):
            assert_problem(sqlite_site.get(f"/plain?{query}"), 400, "request.malformed")
