"""Who belongs to a restricted party: chains, joint holdings, dates, rings."""

import pytest

from ledger.controls.ownership import Restriction, restriction_of
from ledger.records.books import Books
from ledger.records.oversight import ControlListRecord, OwnershipRecord, RestrictedPartyRecord

LISTED = "https://listed.example/"
OTHER = "https://other-listed.example/"
A, B, C, D = (f"https://{each}.example/" for each in "abcd")
Held = tuple[str, str, str] | tuple[str, str, str, int, int | None]


def books(*holdings: Held, listed: tuple[str, ...] = (LISTED,)) -> Books:
    """Holdings as (holder, held, percent) or with a span, and listed parties."""
    made = Books()
    for number, party in enumerate(listed):
        made.put(RestrictedPartyRecord(f"Works {number}", party, "watch-list", 0, None, (), number))
    for number, each in enumerate(holdings):
        holder, held, percent = each[:3]
        start, end = each[3:] if len(each) == 5 else (0, None)
        share = f"{float(percent) / 100:.6f}"
        made.put(OwnershipRecord(held, holder, start, end, share, "register", 10 + number))
    return made


def found(made: Books, party: str = B, at_us: int = 100) -> Restriction | None:
    return restriction_of(made, party, at_us)


@pytest.mark.parametrize(
    ("holdings", "share"),
    [
        # One level.
        ([(LISTED, B, "49.9")], None),
        ([(LISTED, B, "50.0")], "1/2"),
        ([(LISTED, B, "50.1")], "501/1000"),
        ([(A, B, "100")], None),
        # Two levels: half of a half is held to the full, half of 49.9 % is not.
        ([(LISTED, A, "50"), (A, B, "50")], "1/2"),
        ([(LISTED, A, "50"), (A, B, "49.9")], None),
        ([(LISTED, A, "49.9"), (A, B, "100")], None),
        ([(LISTED, A, "49.9"), (A, B, "50"), (LISTED, B, "49.9")], None),
        # Three levels.
        ([(LISTED, A, "50"), (A, C, "50"), (C, B, "50")], "1/2"),
        ([(LISTED, A, "50"), (A, C, "49.999"), (C, B, "100")], None),
        # Joint: direct and through another, and by two of the same house.
        ([(LISTED, A, "60"), (A, B, "30"), (LISTED, B, "20")], "1/2"),
        ([(LISTED, A, "60"), (A, B, "30"), (LISTED, B, "19.9")], None),
        ([(LISTED, A, "60"), (LISTED, C, "60"), (A, B, "25"), (C, B, "25")], "1/2"),
        ([(LISTED, A, "60"), (LISTED, C, "49"), (A, B, "25"), (C, B, "25")], None),
        # What is held of an owner's owner in the other direction is nothing.
        ([(B, LISTED, "100")], None),
    ],
)
def test_who_belongs_to_a_listed_party(holdings: list[Held], share: str | None) -> None:
    restriction = found(books(*holdings))
    assert (None if restriction is None else str(restriction.share)) == share


def test_two_listed_parties_hold_together() -> None:
    together = [(LISTED, B, "25"), (OTHER, B, "25")]
    restriction = found(books(*together, listed=(LISTED, OTHER)))
    assert restriction is not None
    assert sorted(each.holder for each in restriction.path) == [LISTED, OTHER]
    assert found(books(*together)) is None


def test_a_holder_that_changes_on_a_day_counts_until_then() -> None:
    changing = books((LISTED, B, "50", 0, 100), (A, B, "50", 100, None))
    assert found(changing, at_us=99) is not None
    assert found(changing, at_us=100) is None
    assert found(changing, at_us=101) is None
    coming = books((A, B, "50", 0, 100), (LISTED, B, "50", 100, None))
    assert [found(coming, at_us=at_us) is not None for at_us in (99, 100)] == [False, True]


def test_a_link_of_a_chain_that_is_not_held_yet_breaks_it() -> None:
    chain = books((LISTED, A, "100", 200, None), (A, B, "100"))
    assert [found(chain, at_us=at_us) is not None for at_us in (199, 200)] == [False, True]


def test_rings_end() -> None:
    ring = [(A, B, "51"), (B, C, "100"), (C, A, "51")]
    assert found(books(*ring)) is None
    assert found(books(*ring, (LISTED, A, "49"))) is None
    assert found(books(*ring, (LISTED, C, "0"))) is None
    through = found(books((A, B, "51"), (B, A, "49"), (LISTED, A, "51")))
    assert through is not None
    assert [(each.holder, each.held) for each in through.path] == [(A, B), (LISTED, A)]


def test_the_path_names_the_entries() -> None:
    restriction = found(books((LISTED, A, "50"), (A, B, "50"), (D, B, "50")))
    assert restriction is not None
    assert [(each.holder, each.held, each.entry_index) for each in restriction.path] == [
        (A, B, 11),
        (LISTED, A, 10),
    ]
    assert restriction.record.party == LISTED


def test_one_that_is_listed_itself_needs_no_holding() -> None:
    restriction = found(books((LISTED, B, "100"), listed=(LISTED, B)))
    assert restriction is not None
    assert (restriction.share, restriction.record.party) == (None, B)
    assert found(books(), A) is None


def test_affiliates_of_a_listing_are_holdings_and_one_pair_counts_once() -> None:
    made = books((LISTED, B, "30"))
    listing = made.get(RestrictedPartyRecord, "Works 0", "watch-list", 0)
    assert listing is not None
    twice = ({"party": B, "share": "0.3"},)
    made.put(RestrictedPartyRecord("Works 0", LISTED, "watch-list", 0, None, twice, 0))
    assert found(made) is None
    chain = ({"party": A, "share": "0.5"},)
    made.put(RestrictedPartyRecord("Works 0", LISTED, "watch-list", 0, None, chain, 0))
    made.put(OwnershipRecord(B, A, 0, None, "0.2", "register", 30))
    restriction = found(made)
    assert restriction is not None
    assert str(restriction.share) == "1/2"


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], True),  # no list ever said anything: one half
        ([(0, None, "0.5")], True),
        ([(0, None, "0.51")], False),
        ([(0, 100, "0.5")], False),  # its end has come
        ([(101, None, "0.5")], False),
        ([(0, None, "0.5"), (0, 50, "0.5")], False),  # switched off by a newer version
        ([(0, 50, "0.5"), (60, None, "0.5")], True),  # and on again
        ([(0, None, "0.5"), (101, None, "0.75")], True),  # amended, but not yet
        ([(0, None, "0.5"), (100, None, "0.75")], False),  # from now on
        ([(0, None, "0.75"), (101, None, "0.5")], False),
        ([(0, None, "0.5"), (101, 200, "0.5")], True),
    ],
)
def test_lists_switch_affiliates_off_and_on(
    versions: list[tuple[int, int | None, str]], expected: bool
) -> None:
    made = books((LISTED, B, "50"))
    for index, (start, end, share) in enumerate(versions):
        made.put(ControlListRecord("mofcom-61-2025", index, start, end, (), {"affiliate_share": share}))
    assert (found(made) is not None) is expected


def test_a_listing_that_has_ended_holds_nobody() -> None:
    made = books((LISTED, B, "100"))
    made.put(RestrictedPartyRecord("Works 0", LISTED, "watch-list", 0, 100, (), 0))
    assert [found(made, at_us=at_us) is not None for at_us in (99, 100)] == [True, False]
