"""What a what-if is asked with: one or two scenarios and a span, as JSON.

Decides: which members the request has. The scenarios' own form is ``ledger.whatif.scenario``'s.
"""

from typing import Final, NamedTuple

from marshmallow import ValidationError

from api.fields import Instant
from ledger.errors import RequestMalformed
from ledger.strict_json import JsonValue, is_json_object, parse_json
from ledger.whatif.scenario import IN_FORCE, Scenario, read_scenario

MEMBERS: Final = ("scenario", "against", "from", "to")


class Asked(NamedTuple):
    """A request, read.

    Attributes:
        after, before: The two sides.
        span_us: Entries recorded from and before these times; None: no bound.
    """

    after: Scenario
    before: Scenario
    span_us: tuple[int | None, int | None]


def read_request(body: bytes) -> Asked:
    """Reads the body of a request.

    Raises:
        MalformedError: It is not JSON, or has other members.
        ScenarioInvalid: A scenario has no right form.
    """
    value = parse_json(body)
    if not is_json_object(value) or "scenario" not in value:
        raise RequestMalformed("the body is a JSON object with the member scenario", pointer="")
    for name in value:
        if name not in MEMBERS:
            raise RequestMalformed(f"a what-if has no member {name!r}", pointer=f"/{name}")
    return Asked(
        read_scenario(value["scenario"]),
        read_scenario(value["against"]) if "against" in value else IN_FORCE,
        (_time(value, "from"), _time(value, "to")),
    )


def _time(value: dict[str, JsonValue], name: str) -> int | None:
    if name not in value:
        return None
    try:
        return int(Instant().deserialize(value[name]))
    except ValidationError as error:
        raise RequestMalformed(str(error.messages[0]), pointer=f"/{name}") from error
