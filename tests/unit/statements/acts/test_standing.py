"""Whether parties, sites and keys stand at a moment, and when authority is the last."""

from dataclasses import replace

import pytest

from ledger.statements.registers import Facts, KeyRecord, Listing, PartyRecord
from ledger.statements.standing import (
    AUTHORITY_MARGIN_US,
    authority_fault,
    is_listed,
    key_fault,
    lasting_authorities,
    party_fault,
)

NOW = 1_800_000_000_000_000
KEY = KeyRecord("k", "a", {}, not_before_us=NOW, not_after_us=NOW + 100, enrolled_at=5)
PARTY = PartyRecord("a", {}, ("authority",), (Listing(NOW, NOW + 100), Listing(NOW + 200, None)), 0, 0)


@pytest.mark.parametrize(
    ("index", "at_us", "code"),
    [
        (6, NOW - 1, "key.not-yet-valid"),
        (6, NOW, None),
        (6, NOW + 99, None),
        (6, NOW + 100, "key.expired"),
        (4, NOW, "key.not-yet-valid"),
        (5, NOW, None),
    ],
)
def test_a_key_is_good_in_its_window(index: int, at_us: int, code: str | None) -> None:
    fault = key_fault(KEY, index, at_us)
    assert (None if fault is None else fault.code) == code


@pytest.mark.parametrize(("index", "code"), [(8, None), (9, None), (10, "key.revoked")])
def test_a_key_signs_nothing_after_its_revocation(index: int, code: str | None) -> None:
    fault = key_fault(replace(KEY, revoked_at=9, suspect_from=6), index, NOW)
    assert (None if fault is None else fault.code) == code


def test_a_key_without_end_never_expires() -> None:
    assert key_fault(replace(KEY, not_after_us=None), 6, 200_000_000_000_000_000) is None


def test_revocation_is_told_before_the_window() -> None:
    fault = key_fault(replace(KEY, revoked_at=9), 10, NOW + 100)
    assert fault is not None
    assert fault.code == "key.revoked"
    assert fault.evidence["revoked_at"] == 9


@pytest.mark.parametrize(
    ("at_us", "listed"),
    [
        (NOW - 1, False),
        (NOW, True),
        (NOW + 99, True),
        (NOW + 100, False),
        (NOW + 199, False),
        (NOW + 200, True),
        (NOW * 4, True),
    ],
)
def test_a_listing_is_half_open(at_us: int, listed: bool) -> None:
    assert is_listed(PARTY.listings, at_us) == listed
    fault = party_fault(PARTY, at_us, "/party")
    assert (fault is None) == listed
    if fault is not None:
        assert (fault.code, fault.pointer) == ("party.unlisted", "/party")


def test_what_was_never_admitted_does_not_stand() -> None:
    party = party_fault(None, NOW, "/a")
    assert party is not None
    assert (party.code, party.pointer) == ("party.unknown", "/a")


def lasting(party: PartyRecord, key: KeyRecord) -> bool:
    return bool(lasting_authorities({"a": party}, {"k": key}, NOW))


FOREVER = replace(KEY, not_after_us=None)
OPEN = replace(PARTY, listings=(Listing(NOW, None),))


def test_an_authority_lasts_for_thirty_days() -> None:
    until = NOW + AUTHORITY_MARGIN_US
    assert lasting(OPEN, FOREVER)
    assert lasting(OPEN, replace(KEY, not_after_us=until))
    assert not lasting(OPEN, replace(KEY, not_after_us=until - 1))
    assert lasting(replace(OPEN, listings=(Listing(NOW, until),)), FOREVER)
    assert not lasting(replace(OPEN, listings=(Listing(NOW, until - 1),)), FOREVER)


@pytest.mark.parametrize(
    ("party", "key"),
    [
        (replace(OPEN, roles=("operator",)), FOREVER),
        (replace(OPEN, listings=(Listing(NOW + 1, None),)), FOREVER),
        (replace(OPEN, listings=()), FOREVER),
        (OPEN, replace(FOREVER, not_before_us=NOW + 1)),
        (OPEN, replace(FOREVER, revoked_at=3)),
        (OPEN, replace(FOREVER, party="b")),
    ],
)
def test_what_is_no_lasting_authority(party: PartyRecord, key: KeyRecord) -> None:
    assert not lasting(party, key)


def facts(count: int) -> Facts:
    names = [f"a{number}" for number in range(count)]
    return Facts(
        parties={name: replace(OPEN, party=name) for name in names},
        keys={f"k{name}": replace(FOREVER, kid=f"k{name}", party=name) for name in names},
    )


@pytest.mark.parametrize(
    ("count", "needed", "refused"), [(1, 1, True), (2, 1, False), (2, 2, True), (3, 2, False), (1, 2, True)]
)
def test_enough_authority_must_be_left(count: int, needed: int, refused: bool) -> None:
    before = facts(count)
    revoked = {"ka0": replace(before.keys["ka0"], revoked_at=9)}
    fault = authority_fault(before, NOW, needed=needed, keys=revoked, pointer="/kid")
    assert (fault is not None) == refused
    if fault is not None:
        assert (fault.code, fault.pointer) == ("authority.last", "/kid")
        assert fault.evidence == {"left": count - 1, "needed": needed}


def test_a_change_that_takes_nothing_away_passes() -> None:
    expired = Facts(parties={"a": OPEN}, keys={"k": KEY})
    assert authority_fault(expired, NOW, needed=1, keys={"k": replace(KEY, revoked_at=9)}) is None
