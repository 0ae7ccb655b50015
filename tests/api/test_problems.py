"""The one shape of every error, whatever goes wrong and wherever."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug import exceptions as http

from api.logs import FAILED_CODE
from api.problems import STATUSES, problem_headers, problem_members, request_errors
from ledger.errors import (
    EntryMalformed,
    LogInconsistent,
    QueueFull,
    StatementRefused,
    StatementUnjudged,
    TokenInvalid,
)
from ledger.findings import Finding
from tests.support.web import Site, assert_problem


class TestStatuses:
    def test_every_error_of_a_request_has_one(self) -> None:
        assert set(STATUSES) == set(request_errors())

    def test_they_are_those_of_the_house_style(self) -> None:
        assert set(STATUSES.values()) == {400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 500, 503}

    def test_a_broken_log_and_what_nobody_foresaw_are_our_own_fault(self) -> None:
        own = [kind for kind, status in STATUSES.items() if status == 500]
        assert own == [LogInconsistent, StatementUnjudged]


class TestMembers:
    def test_a_place_and_findings_are_told(self) -> None:
        error = StatementRefused([Finding("a.b", "wrong", "/x", "mend it")], pointer="/x", line=3)
        members = problem_members(error)
        assert (members["pointer"], members["line"], members["status"]) == ("/x", 3, 422)
        assert members["findings"] == [{"code": "a.b", "detail": "wrong", "pointer": "/x", "mend": "mend it"}]

    def test_what_is_not_known_is_left_out(self) -> None:
        members = problem_members(QueueFull("full"))
        assert set(members) == {"type", "title", "status", "detail", "code", "mend"}

    def test_further_members_cannot_take_the_place_of_others(self) -> None:
        members = problem_members(QueueFull("full", extra={"code": "other", "size": 3}))
        assert (members["code"], members["size"]) == ("queue.full", 3)

    def test_headers(self) -> None:
        assert problem_headers(QueueFull("full"), "log") == {"Retry-After": "1"}
        assert problem_headers(LogInconsistent("broken"), "log") == {}
        assert problem_headers(TokenInvalid("old"), 'a"b\\') == {
            "WWW-Authenticate": 'Bearer realm="a\\"b\\\\", error="invalid_token"'
        }


class TestUnknownAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/v1",
            "/v1/",
            "/v2/log",
            "/v1/log/",
            "//v1/log",
            "/v1//log",
            "/v1/log/proof",
            "/V1/log",
            "/v1/log%00",
            "/%FF%FE",
            "/favicon.ico",
            "/static/x",
            "/docs/",
            "/openapi.yaml",
        ],
    )
    def test_nothing_is_there(self, sqlite_site: Site, path: str) -> None:
        for method in ("GET", "POST", "DELETE"):
            assert_problem(sqlite_site.ask(method, path), 404, "resource.not-found")

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
    @pytest.mark.parametrize(
        ("path", "allowed"),
        [
            ("/v1/statements", {"POST"}),
            ("/v1/statements/check", {"POST"}),
            ("/v1/log", {"GET", "HEAD"}),
            ("/checkpoint", {"GET", "HEAD"}),
            ("/tile/0/000", {"GET", "HEAD"}),
            ("/v1/audits", {"GET", "HEAD", "POST"}),
        ],
    )
    def test_other_methods_are_refused_with_those_that_are_not(
        self, sqlite_site: Site, method: str, path: str, allowed: set[str]
    ) -> None:
        response = sqlite_site.ask(method, path)
        assert_problem(response, 405, "method.not-allowed")
        assert set(response.headers["Allow"].split(", ")) == allowed

    def test_head_has_no_body(self, sqlite_site: Site) -> None:
        response = sqlite_site.ask("HEAD", "/nowhere")
        assert (response.status_code, response.data) == (404, b"")
        assert response.content_type == "application/problem+json"


class TestUnforeseen:
    """Faults raised inside an operation, as a broken part would."""

    @pytest.fixture
    def failing(self, sqlite_site: Site) -> Any:
        def fail(error: Exception) -> Any:
            def view(**_path: str) -> Any:
                raise error

            sqlite_site.app.view_functions["read_health"] = view
            return sqlite_site.get("/healthz")

        return fail

    def test_an_exception_nobody_foresaw_tells_nothing(
        self, failing: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        response = failing(RuntimeError("the passphrase is hunter2"))
        members = assert_problem(response, 500, FAILED_CODE)
        assert "hunter2" not in response.text
        captured = capsys.readouterr()
        assert members["request_id"] in captured.out + captured.err
        assert "hunter2" not in captured.out + captured.err
        assert "RuntimeError" in captured.out + captured.err

    def test_a_statement_of_the_database_tells_nothing(
        self, failing: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        error = ProgrammingError("INSERT ...", {"jws": "eyJ.secret"}, Exception("near eyJ.secret"))
        response = failing(error)
        assert_problem(response, 500, FAILED_CODE)
        captured = capsys.readouterr()
        assert "secret" not in response.text + captured.out + captured.err

    def test_a_busy_database_may_be_asked_again(self, failing: Any) -> None:
        class Locked(Exception):
            sqlite_errorcode = 5

        response = failing(OperationalError("BEGIN", None, Locked("database is locked")))
        assert_problem(response, 503, "store.busy")
        assert response.headers["Retry-After"] == "2"
        assert_problem(failing(PoolTimeout("no connection")), 503, "store.busy")

    def test_evidence_in_store_that_cannot_be_read_is_an_inconsistent_log(self, failing: Any) -> None:
        assert_problem(failing(EntryMalformed("not canonical")), 500, "log.inconsistent")

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (http.RequestHeaderFieldsTooLarge(), 400, "request.malformed"),
            (http.ImATeapot(), 400, "request.malformed"),
            (http.NotImplemented(), 500, FAILED_CODE),
        ],
    )
    def test_errors_of_the_framework_take_our_shape(
        self, failing: Any, error: Exception, status: int, code: str
    ) -> None:
        assert_problem(failing(error), status, code)

    def test_a_lone_surrogate_is_told_as_its_escape(self, failing: Any) -> None:
        response = failing(QueueFull("odd \udc80"))
        assert json.loads(response.data)["detail"] == "odd \udc80"


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/healthz", "/docs", "/checkpoint", "/nowhere", "/v1/audits", "/metrics"]
    )
    def test_every_answer_is_guarded(self, sqlite_site: Site, path: str) -> None:
        headers = sqlite_site.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert len(headers["X-Request-Id"]) == 16
        assert headers["Cache-Control"]
        assert "Set-Cookie" not in headers

    def test_errors_are_not_kept(self, sqlite_site: Site) -> None:
        assert sqlite_site.get("/nowhere").headers["Cache-Control"] == "no-store"

    def test_a_callers_own_request_id_is_not_taken(self, sqlite_site: Site) -> None:
        assert sqlite_site.get("/healthz", X_Request_Id="forged").headers["X-Request-Id"] != "forged"


def test_every_error_is_explained_where_its_type_points(sqlite_site: Site) -> None:
    page = sqlite_site.get("/docs/errors").text
    for kind in request_errors():
        assert f'<h3 id="{kind.code}">' in page
    assert f'<h3 id="{FAILED_CODE}">' in page


def test_the_application_shows_nothing_of_itself_while_debugging(sqlite_site: Site) -> None:
    app: Flask = sqlite_site.app
    assert not app.debug
    assert not app.testing
