"""What was made of a lot before its birth was recorded; and receipts from parties that are not there."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.records.oversight import QuotaRecord
from ledger.statements.registers import Listing
from tests.support.court import DAY_US, HOUR_US, KG, Court, accepted, flags, name, out, party, refusals, site

LOT = name("mine", "lot/late")
OXIDE = name("plant", "lot/oxide")
REO = {"Nd": 600 * KG, "Pr": 200 * KG}


def scaled(share: float) -> dict[str, int]:
    return {element: int(mass * share) for element, mass in REO.items()}


def received(court: Court, consignor: str = "mine", **members: Any) -> Recorded:
    line = out(LOT, 2_000 * KG, REO, "mixed-carbonate")
    said = {"custodian_from": party(consignor), "shipment": "urn:late", "inputs": (line,), **members}
    return court.file("receive", "plant", **said)


def used_before_birth(court: Court) -> None:
    accepted(received(court))
    whole = out(LOT, 2_000 * KG, REO)
    made = out(OXIDE, 800 * KG, REO, "prnd-oxide")
    accepted(court.file("process", "plant", inputs=(whole,), outputs=(made,), process="separation"))


def born(court: Court, share: float, **members: Any) -> Recorded:
    line = out(LOT, 2_000 * KG, scaled(share), "mixed-carbonate")
    return court.file("extract", "mine", outputs=(line,), **members)


@pytest.mark.parametrize(
    ("share", "found"), [(1, []), (0.99, []), (1.2, []), (0.5, ["balance.element-gain"])]
)
def test_a_late_birth_of_less_than_was_made_of_it_is_noticed(share: float, found: list[str]) -> None:
    court = Court()
    used_before_birth(court)
    assert flags(born(court, share)) == found
    for alert in court.alerts("balance.element-gain"):
        assert alert.subject == f"lot:{LOT}"
        assert set(alert.evidence["elements"]) == {"Nd", "Pr", "REO"}


def test_a_late_birth_of_far_less_is_recordable() -> None:
    court = Court()
    used_before_birth(court)
    assert flags(born(court, 0.01)) == ["balance.element-gain"]


@pytest.mark.parametrize(
    ("mass_mg", "found"),
    [
        (2_000 * KG, []),
        (1_980_198_020, []),
        (1_980_198_019, ["shipment.difference"]),
        (KG, ["shipment.difference"]),
    ],
)
def test_a_claim_of_more_than_was_born_keeps_no_birth_out(mass_mg: int, found: list[str]) -> None:
    """1,980,198,020 mg and 1 % are just 2,000 kg."""
    court = Court()
    accepted(received(court))
    line = out(LOT, mass_mg, {"Nd": mass_mg // 4}, "mixed-carbonate")
    assert flags(court.file("extract", "mine", outputs=(line,))) == found
    for alert in court.alerts("shipment.difference"):
        assert (alert.subject, alert.told) == (f"lot:{LOT}", True)
        assert alert.evidence == {"born_mg": mass_mg, "received_mg": 2_000 * KG}
    assert court.lot(LOT).mass_mg == mass_mg


def test_a_late_birth_of_what_was_not_used_yet_is_not_noticed() -> None:
    court = Court()
    accepted(received(court))
    assert flags(born(court, 0.5)) == []


def test_a_birth_corrected_to_less_than_was_made_of_it_is_noticed() -> None:
    court = Court()
    used_before_birth(court)
    accepted(born(court, 1, event_id="urn:birth"))
    assert "balance.element-gain" in flags(born(court, 0.5, corrects="urn:birth"))


def test_nothing_is_received_from_a_party_that_never_was_there() -> None:
    found = received(Court(), "nobody")
    assert refusals(found) == ["actor.unlisted"]
    assert found.refused[0].evidence["name"] == party("nobody")


def test_what_a_delisted_party_sent_arrives() -> None:
    court = Court()
    mine = court.facts.parties[party("mine")]
    court.facts.put(replace(mine, listings=(Listing(0, 1),)))
    accepted(received(court))


def test_what_was_made_before_an_illegal_birth_was_recorded_is_illegal_too() -> None:
    court = Court()
    used_before_birth(court)
    court.books.put(QuotaRecord(party("mine"), 2026, "mining", "any", KG, 0, 0))
    line = out(LOT, 2_000 * KG, REO, "mixed-concentrate")
    found = accepted(court.file("extract", "mine", outputs=(line,)))
    assert "quota.exceeded" in [alert.code for alert in found.alerts]
    index = court.index - 1
    assert (court.lot(LOT).tainted_by, court.lot(OXIDE).tainted_by) == (index, index)


def test_what_was_made_of_a_lot_that_is_born_late_of_illegal_product_is_illegal_too() -> None:
    court = Court()
    used_before_birth(court)
    ore = court.extract("mine", "lot/ore", REO, "mixed-concentrate")
    court.books.put(replace(court.lot(ore), tainted_by=1))
    other = court.extract("mine", "lot/legal", REO, "mixed-concentrate")
    whole = (out(ore, 1_600 * KG, REO),)
    line = out(LOT, 2_000 * KG, REO, "mixed-carbonate")
    accepted(court.file("process", "mine", inputs=whole, outputs=(line,), process="leaching"))
    assert [court.lot(each).tainted_by for each in (LOT, OXIDE, other)] == [1, 1, None]


@pytest.mark.parametrize(("hours", "found"), [(-1, []), (0, []), (1, ["time.before-birth"])])
def test_a_late_birth_after_what_happened_to_the_lot_is_noticed(hours: int, found: list[str]) -> None:
    court = Court()
    court.now_us += 2 * DAY_US
    received_us = court.now_us - DAY_US
    accepted(received(court, at_us=received_us))
    assert flags(born(court, 1, at_us=received_us + hours * HOUR_US)) == found
    for alert in court.alerts("time.before-birth"):
        assert alert.subject == f"lot:{LOT}"


def test_a_receipt_that_was_taken_back_happened_to_no_lot() -> None:
    court = Court()
    accepted(received(court, event_id="urn:wrong", at_us=court.now_us - DAY_US))
    accepted(received(court, corrects="urn:wrong"))
    assert flags(born(court, 1)) == []


@pytest.mark.parametrize(("hours", "found"), [(-3, []), (-2, []), (-1.5, ["time.before-birth"])])
def test_a_birth_corrected_to_after_what_happened_to_the_lot_is_noticed(
    hours: float, found: list[str]
) -> None:
    court = Court()
    day_us = court.now_us - DAY_US
    accepted(born(court, 1, event_id="urn:birth", at_us=day_us))
    line = {"inputs": (out(LOT, 2_000 * KG, REO),), "custodian_to": party("plant"), "site_to": site("plant")}
    accepted(court.file("ship", "mine", at_us=court.now_us - 2 * HOUR_US, **line))
    mended = born(court, 1, corrects="urn:birth", at_us=court.now_us + int(hours * HOUR_US))
    assert flags(mended) == found


def test_a_birth_corrected_to_after_what_the_same_statement_tells_of_the_lot_is_noticed() -> None:
    court = Court()
    accepted(born(court, 1, event_id="urn:birth", at_us=court.now_us - DAY_US))
    sent = {"inputs": (out(LOT, 2_000 * KG, REO),), "custodian_to": party("plant"), "site_to": site("plant")}
    line = out(LOT, 2_000 * KG, REO, "mixed-carbonate")
    statement = (
        court.movement("ship", "mine", at_us=court.now_us - 2 * HOUR_US, **sent),
        court.movement("extract", "mine", outputs=(line,), corrects="urn:birth"),
    )
    assert flags(court.record(statement, "mine")) == ["time.before-birth"]
