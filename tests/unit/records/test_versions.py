"""Which version of what was published several times decides at a moment."""

from dataclasses import dataclass

import pytest

from ledger.records.versions import deciding, standing_or_to_come


@dataclass(frozen=True)
class Published:
    entry_index: int
    starts_us: int
    ends_us: int | None = None


OLD = Published(1, 0)
AHEAD = Published(2, 100)
SUSPENDED = Published(3, 0, 50)
RESUMED = Published(4, 80)
AT_ONCE = Published(5, 40)


@pytest.mark.parametrize(
    ("versions", "at_us", "decides"),
    [
        ((), 0, None),
        ((AHEAD,), 99, None),
        ((AHEAD,), 100, AHEAD),
        ((OLD, AHEAD), 0, OLD),
        ((OLD, AHEAD), 99, OLD),
        ((OLD, AHEAD), 100, AHEAD),
        ((OLD, SUSPENDED), 49, SUSPENDED),
        ((OLD, SUSPENDED), 50, SUSPENDED),  # ended: the older one does not come back
        ((OLD, SUSPENDED, RESUMED), 79, SUSPENDED),
        ((OLD, SUSPENDED, RESUMED), 80, RESUMED),
        ((OLD, AHEAD, AT_ONCE), 39, OLD),
        ((OLD, AHEAD, AT_ONCE), 100, AT_ONCE),  # published later, it takes the announced one's place
    ],
)
def test_the_newest_that_has_begun_decides(
    versions: tuple[Published, ...], at_us: int, decides: Published | None
) -> None:
    assert deciding(versions, at_us) == decides
    assert deciding(reversed(versions), at_us) == decides


@pytest.mark.parametrize(
    ("versions", "at_us", "found"),
    [
        ((), 0, []),
        ((OLD,), 5, [OLD]),
        ((AHEAD,), 5, [AHEAD]),
        ((OLD, AHEAD), 5, [OLD, AHEAD]),
        ((OLD, AHEAD), 100, [AHEAD]),
        ((OLD, SUSPENDED), 49, [SUSPENDED]),
        ((OLD, SUSPENDED), 50, []),
        ((OLD, SUSPENDED, RESUMED), 60, [RESUMED]),
        ((OLD, AHEAD, AT_ONCE), 5, [OLD, AT_ONCE]),
    ],
)
def test_what_stands_or_is_to_come(
    versions: tuple[Published, ...], at_us: int, found: list[Published]
) -> None:
    assert standing_or_to_come(versions, at_us) == found
