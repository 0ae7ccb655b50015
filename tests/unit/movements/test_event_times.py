"""When a movement may have happened: within the years that deadlines can be counted from."""

import pytest

from ledger.movements.movement import KINDS
from tests.support.movement_examples import example_event, findings_of


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "time",
    [
        "9999-12-31T23:59:59-14:00",
        "9999-01-01T00:00:00Z",
        "1969-12-31T23:59:59.9Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_a_movement_happens_in_a_year_that_has_deadlines(kind: str, time: str) -> None:
    changed = {**example_event(kind), "eventTime": time}
    assert findings_of(changed) == [("movement.time", "/eventTime")]


@pytest.mark.parametrize("time", ["9998-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"])
def test_the_first_and_the_last_year(time: str) -> None:
    assert findings_of({**example_event("extract"), "eventTime": time}) == []
