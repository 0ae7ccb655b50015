"""Batches: a result for each line, in order, within bounds."""

import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from api import streaming
from ledger.log.receipt import verify_receipt
from ledger.statements.envelope import MAX_JWS_BYTES
from tests.api.test_statements import hash_of
from tests.support.cast import Cast, actor
from tests.support.web import NDJSON, Site, assert_problem, chunked, open_site


def joined(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def outcome(result: dict[str, Any]) -> tuple[int, int, str | None]:
    return result["line"], result["status"], result.get("code")


class TestResults:
    def test_each_line_has_a_receipt(self, site: Site) -> None:
        lines = [site.cast.record(number=number) for number in range(50)]
        results = site.batch(joined(*lines))
        assert [outcome(each) for each in results] == [(number, 201, None) for number in range(1, 51)]
        for jws, result in zip(lines, results, strict=True):
            receipt = result["receipt"].encode()
            proved = verify_receipt(receipt, hash_of(jws), site.cast.origin, [site.cast.verifier])
            assert proved.index == result["index"] == result["line"]

    def test_each_line_stands_by_itself(self, site: Site) -> None:
        jti = str(uuid.uuid4())
        first = site.cast.record(number=1, jti=jti)
        results = site.batch(
            joined(
                first,
                b"nonsense",
                site.cast.sign({"type": "EPCISDocument"}, site.cast.mine),
                first,
                site.cast.record(number=2, jti=jti),
                site.cast.record(actor("stranger", "miner")),
                site.cast.record(number=3),
            )
        )
        assert [outcome(each) for each in results] == [
            (1, 201, None),
            (2, 400, "jws.malformed"),
            (3, 422, "statement.refused"),
            (4, 200, None),
            (5, 409, "statement.conflict"),
            (6, 401, "key.unknown"),
            (7, 201, None),
        ]
        assert results[2]["findings"]
        assert results[3]["jws"] == first.decode()
        assert results[1]["type"] == "/docs/errors#jws.malformed"

    def test_a_line_may_use_the_key_that_an_earlier_line_enrols(self, site: Site) -> None:
        newcomer = actor("newcomer", "recycler")
        results = site.batch(
            joined(
                site.cast.act({"act": "admit-party"} | site.cast.party(newcomer)),
                site.cast.act(
                    {"act": "enrol-key", "party": newcomer.party} | newcomer.enrolment(site.cast.origin)
                ),
                site.cast.record(newcomer),
            )
        )
        assert [each["status"] for each in results] == [201, 201, 201]

    @pytest.mark.parametrize("content_type", ["application/jose", "application/x-ndjson; charset=utf-8"])
    def test_other_names_of_the_type(self, site: Site, content_type: str) -> None:
        response = site.client.post(
            "/v1/statements/batch",
            data=joined(site.cast.record()),
            headers={"Content-Type": content_type},
            buffered=True,
        )
        assert response.status_code == 200

    def test_a_body_without_a_length_is_read(self, site: Site) -> None:
        body = joined(*(site.cast.record(number=number) for number in range(3)))
        response = site.client.post(
            "/v1/statements/batch", headers=NDJSON, environ_overrides=chunked(body), buffered=True
        )
        assert [json.loads(line)["status"] for line in response.data.splitlines()] == [201] * 3


class TestLines:
    def test_an_empty_body_has_no_results(self, site: Site) -> None:
        assert site.batch(b"") == []

    @pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\n" * 40])
    def test_blank_lines_at_the_end_are_nothing(self, site: Site, end: bytes) -> None:
        assert [outcome(each) for each in site.batch(site.cast.record() + end)] == [(1, 201, None)]

    def test_other_blank_lines_are_lines(self, site: Site) -> None:
        results = site.batch(b"\n\n" + site.cast.record() + b"\n\n" + site.cast.record(number=2))
        assert [outcome(each) for each in results] == [
            (1, 400, "jws.malformed"),
            (2, 400, "jws.malformed"),
            (3, 201, None),
            (4, 400, "jws.malformed"),
            (5, 201, None),
        ]

    def test_a_carriage_return_is_no_part_of_a_jws(self, site: Site) -> None:
        assert [outcome(each) for each in site.batch(site.cast.record() + b"\r\n")] == [
            (1, 400, "jws.malformed")
        ]

    @pytest.mark.parametrize("size", [MAX_JWS_BYTES + 1, 3 * MAX_JWS_BYTES])
    def test_an_over_long_line_is_refused_alone(self, site: Site, size: int) -> None:
        results = site.batch(joined(site.cast.record(), b"a" * size, site.cast.record(number=2)))
        assert [outcome(each) for each in results] == [
            (1, 201, None),
            (2, 413, "request.too-large"),
            (3, 201, None),
        ]


class TestBounds:
    def test_too_many_lines_end_the_batch_with_the_first_that_was_not_read(
        self, cast: Cast, engine: Engine, tmp_path: Path
    ) -> None:
        with open_site(cast, engine, tmp_path, max_lines=2) as site:
            results = site.batch(joined(*(cast.record(number=number) for number in range(5))))
            assert [outcome(each) for each in results] == [
                (1, 201, None),
                (2, 201, None),
                (3, 413, "request.too-large"),
            ]

    def test_blank_lines_count(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path, max_lines=2) as site:
            assert [outcome(each) for each in site.batch(b"\n" * 9)] == [(3, 413, "request.too-large")]

    def test_a_line_without_an_end_is_bounded(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path, max_batch_bytes=2 * MAX_JWS_BYTES) as site:
            body = joined(cast.record(), b"a" * (4 * MAX_JWS_BYTES), cast.record(number=2))
            results = site.batch(body)
            assert [outcome(each) for each in results] == [(1, 201, None), (2, 413, "request.too-large")]
            assert "the batch has more than" in results[1]["detail"]

    def test_nothing_is_kept_of_what_is_skipped(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path, queue_limit=1) as site:
            results = site.batch(joined(*(cast.record(number=number) for number in range(60))))
            codes = {each.get("code") for each in results}
            assert codes <= {None, "queue.full"}
            assert [each["line"] for each in results] == list(range(1, 61))
            for each in results:
                assert each["status"] == 201 or each["retry_after_s"] == 1


class TestStreaming:
    def test_results_come_while_lines_are_still_sent(self, site: Site) -> None:
        """The second line is sent only once the first line's result was read."""
        first_result = threading.Event()
        lines = [site.cast.record(number=number) for number in range(3)]

        def body() -> Iterator[bytes]:
            # A line is looked at once a block is full, so that one is filled with blank lines.
            yield lines[0] + b"\n"
            yield b"x\n" * 4_096
            assert first_result.wait(timeout=30)
            yield lines[1] + b"\n"

        response = site.client.post(
            "/v1/statements/batch",
            headers=NDJSON,
            environ_overrides={"wsgi.input": _Generated(body()), "wsgi.input_terminated": True},
            buffered=False,
        )
        pieces = iter(response.response)
        results = b""
        while b"\n" not in results:
            results += next(pieces)
        assert json.loads(results.partition(b"\n")[0])["status"] == 201
        first_result.set()
        results += b"".join(pieces)
        response.close()
        assert [json.loads(line)["status"] for line in results.splitlines()] == [201] + [400] * 4_096 + [201]

    def test_a_body_that_breaks_off_ends_with_a_problem(self, site: Site) -> None:
        def body() -> Iterator[bytes]:
            yield site.cast.record() + b"\n" + site.cast.record(number=2)[:-9]
            raise ConnectionResetError("gone")

        response = site.client.post(
            "/v1/statements/batch",
            headers=NDJSON,
            environ_overrides={"wsgi.input": _Generated(body()), "wsgi.input_terminated": True},
            buffered=True,
        )
        last = json.loads(response.data.splitlines()[-1])
        assert outcome(last)[1:] == (400, "request.malformed")

    def test_an_answer_that_cannot_be_kept_ends_with_the_first_line_that_was_not_told(
        self, sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site, told = sqlite_site, list[bytes]()

        class Full(SpooledTemporaryFile[bytes]):
            def write(self, piece: Any) -> int:
                if len(told) == 3:
                    raise OSError(28, "No space left on device")
                told.append(piece)
                return super().write(piece)

        monkeypatch.setattr(streaming, "SpooledTemporaryFile", Full)
        body = joined(*[site.cast.record(number=number) for number in range(8)])
        with capture_logs() as logged:
            answer = site.client.post("/v1/statements/batch", data=body, headers=NDJSON, buffered=False)
            pieces: list[bytes] = []
            with pytest.raises(RuntimeError, match="broken off"):
                pieces.extend(answer.response)
            answer.close()
        results = [json.loads(line) for line in b"".join(pieces).splitlines()]
        assert [outcome(each)[:2] for each in results] == [(1, 201), (2, 201), (3, 201), (4, 500)]
        failed = [each for each in logged if each["event"] == "failed"]
        assert [each["request_id"] for each in failed] == [answer.headers["X-Request-Id"]]

    def test_a_caller_that_leaves_ends_the_batch(self, site: Site) -> None:
        sent = threading.Event()

        def body() -> Iterator[bytes]:
            for number in range(100_000):
                yield b"x" * 4_095 + b"\n"
                if number == 10:
                    sent.set()

        response = site.client.post(
            "/v1/statements/batch",
            headers=NDJSON,
            environ_overrides={"wsgi.input": _Generated(body()), "wsgi.input_terminated": True},
            buffered=False,
        )
        assert sent.wait(timeout=30)
        response.close()
        assert not [each for each in threading.enumerate() if each.name == "reledger-results"]


class TestRefusedAsAWhole:
    def test_another_type(self, site: Site) -> None:
        response = site.client.post("/v1/statements/batch", data=b"", headers={"Content-Type": "text/plain"})
        members = assert_problem(response, 415, "media-type.unsupported")
        assert "application/x-ndjson" in members["detail"]

    def test_another_answer(self, site: Site) -> None:
        response = site.client.post(
            "/v1/statements/batch", data=b"", headers=NDJSON | {"Accept": "application/json"}
        )
        assert_problem(response, 406, "media-type.not-acceptable")

    def test_another_method(self, site: Site) -> None:
        response = site.get("/v1/statements/batch")
        assert_problem(response, 405, "method.not-allowed")
        assert response.headers["Allow"] == "POST"


class _Generated:
    """A stream over a generator, which blocks and fails as that does."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._kept = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._kept) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._kept += piece
        piece, self._kept = self._kept[:size], self._kept[size:]
        return piece
