"""Which media type is chosen, and how pages are linked."""

import json

import pytest

from api.replies import choose_media_type, dump_json

OFFERED = ["application/json", "text/plain"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain"),
        ("TEXT/Plain", "text/plain"),
        ("text/*", "text/plain"),
        ("application/json;q=0.5,text/plain;q=0.6", "text/plain"),
        ("application/json;q=0.5,text/plain;q=0.5", "application/json"),
        ("text/plain;charset=utf-8", "text/plain"),
        ("*/*;q=0.1, text/plain", "text/plain"),
        ("*/*, application/json;q=0", "text/plain"),
        ("text/plain;q=1.000", "text/plain"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/plain;q=2", None),
        ("text/plain;q=-1", None),
        ("text/plain;q=x", None),
        ("text/plain;q=nan", None),
        ("*", None),
        ("text", None),
        ("/", None),
        (",", None),
        ("text/plain/x", None),
    ],
)
def test_the_callers_liking_decides(accept: str | None, chosen: str | None) -> None:
    assert choose_media_type(accept, OFFERED) == chosen


def test_json_is_one_line_of_utf8() -> None:
    assert dump_json({"name": "稀土\n", "odd": "\udc80"}) == '{"name":"稀土\\n","odd":"\\udc80"}'.encode()
    assert json.loads(dump_json("\udc80")) == "\udc80"
