"""URIs against another reading of RFC 3986 (rfc3986-validator, which the JSON Schema checks use)."""

from hypothesis import example, given
from hypothesis import strategies as st
from rfc3986_validator import validate_rfc3986

from ledger.identifiers import is_uri

PIECES = st.sampled_from(
    [
        *":/?#[]@!$&'()*+,;=-._~%aZ09 \\\"<>^`{|}\n",
        "http:",
        "urn:epc:id:sgtin:",
        "//",
        "%41",
        "%g1",
        "host",
        ":80",
        "user@",
        "[::1]",
        "[v1.a]",
        "[1:2:3:4:5:6:7:8]",
        "[::ffff:1.2.3.4]",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=10).map("".join))
@example("http://[1:2:3:4:5:6:7::]/")
@example("http://[::1.2.3.4]/")
@example("http://[1:2:3:4:5:6:1.2.3.4]/")
@example("a:b\n")
def test_uris_are_judged_alike(text: str) -> None:
    # The other reading overlooks a line end after the URI.
    assert is_uri(text) == (not text.endswith("\n") and bool(validate_rfc3986(text, rule="URI")))
