"""Fingerprints: each is nearest to itself, and a share too much shows."""

from fractions import Fraction

import pytest

from ledger.errors import TableInvalid
from ledger.materials.fingerprints import compare, fingerprints, read_fingerprints

NAMES = sorted(fingerprints())
HEADER = "fingerprint,name_en,name_zh,kind,variation,element,percent,source,verified\n"


def test_the_fingerprints_of_the_specification() -> None:
    assert NAMES == ["bayan-obo", "longnan", "mountain-pass", "mt-weld", "recycled-magnet", "xunwu"]
    assert fingerprints()["bayan-obo"].shares["Nd"] == Fraction("0.185")
    assert fingerprints()["bayan-obo"].rest == Fraction("0.015")
    assert not any(fingerprints()["longnan"].verified.values())


def test_rounded_shares_above_one_are_divided_by_their_sum() -> None:
    xunwu = fingerprints()["xunwu"]
    assert sum(xunwu.shares.values()) == 1
    assert xunwu.shares["La"] == Fraction("43.4") / Fraction("101.4")


@pytest.mark.parametrize("name", NAMES)
def test_goods_as_typical_are_not_off_at_all(name: str) -> None:
    fingerprint = fingerprints()[name]
    comparison = compare(fingerprint.shares, fingerprint)
    assert (comparison.worst, comparison.chi_squared) == (0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_goods_of_another_origin_are_far_off(name: str) -> None:
    for other in set(NAMES) - {name}:
        assert compare(fingerprints()[name].shares, fingerprints()[other]).worst > 4


@pytest.mark.parametrize("factor", ["0.95", "1.05"])
def test_one_variation_off_is_no_more_than_one_sigma(factor: str) -> None:
    fingerprint = fingerprints()["bayan-obo"]
    shares = {symbol: share * Fraction(factor) for symbol, share in fingerprint.shares.items()}
    assert compare(shares, fingerprint).worst < 1


def test_an_element_that_does_not_belong_there_is_named() -> None:
    fingerprint = fingerprints()["bayan-obo"]
    shares = {symbol: share * Fraction("0.95") for symbol, share in fingerprint.shares.items()} | {
        "Y": Fraction("0.05")
    }
    comparison = compare(shares, fingerprint)
    assert comparison.element == "other"
    assert comparison.z["other"] > 10


def test_the_rest_may_be_left_out_but_not_exceeded() -> None:
    fingerprint = fingerprints()["bayan-obo"]
    assert compare(dict(fingerprint.shares) | {"Y": fingerprint.rest}, fingerprint).z["other"] == 0
    assert compare(dict(fingerprint.shares), fingerprint).z["other"] == 0
    assert compare(dict(fingerprint.shares) | {"Y": fingerprint.rest * 2}, fingerprint).z["other"] > 5


def test_a_missing_element_counts() -> None:
    fingerprint = fingerprints()["longnan"]
    shares = {symbol: share for symbol, share in fingerprint.shares.items() if symbol != "Dy"}
    assert compare(shares, fingerprint).z["Dy"] < -5


@pytest.mark.parametrize(
    "rows",
    [
        "m,m,m,rock,0.1,Fe,10,s,false",
        "m,m,m,rock,0.1,La,101,s,false",
        "m,m,m,rock,0.1,La,60,s,false\nm,m,m,rock,0.1,Ce,43,s,false",
        "m,m,m,rock,0.1,La,60,s,false\nm,m,m,rock,0.1,La,10,s,false",
        "m,m,m,beach,0.1,La,60,s,false",
        "m,m,m,rock,2,La,60,s,false",
        "m,m,m,rock,0.1,La,,s,false",
        "m,m,m,rock,0.1,La,60,,false",
        "m,m,m,rock,0.1,La,60,s,",
    ],
)
def test_a_wrong_row_is_refused(rows: str) -> None:
    with pytest.raises(TableInvalid):
        read_fingerprints(HEADER + rows + "\n")
