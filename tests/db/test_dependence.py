"""Dependence, reserves and interruptions by hand: three countries' neodymium through one pool."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.movements.movement import Line
from ledger.provenance.contents import Reading
from ledger.provenance.dependence import dependence, elements_of
from ledger.provenance.interruption import interruption, reserves
from ledger.store.books_source import write_records
from ledger.store.registers_store import write_changes
from tests.support.court import DAY_US, KG, START_US, Court, accepted, name, out, party, site

END_US = START_US + 10 * DAY_US
POOL = name("plant", "pool/1")
MINED = {"mine": ("CN", 60), "outback": ("AU", 20), "hills": ("MM", 20)}
PERIOD = (START_US, END_US)


def send(court: Court, firm: str, to: str, lot: str, mass_mg: int) -> None:
    event = f"urn:sent:{firm}:{to}"
    goods = (Line(lot, mass_mg),)
    ends = {"custodian_to": party(to), "owner_to": party(to), "site_to": site(to)}
    accepted(court.file("ship", firm, inputs=goods, event_id=event, **ends))
    receipt: dict[str, Any] = {"custodian_from": party(firm), "shipment": event}
    accepted(court.file("receive", to, inputs=goods, **receipt))


def told() -> Court:
    """60 kg of neodymium from China, 20 each from Australia and Myanmar, mixed; half of it is drawn."""
    court = Court()
    court.enrol("outback", ("miner",), "AU")
    court.enrol("hills", ("miner",), "MM")
    court.enrol("reserve", ("reserve",))
    for firm, (_, mass_kg) in MINED.items():
        lot = court.extract(firm, "lot/ore", {"Nd": mass_kg * KG}, "mixed-carbonate", kind="extract")
        send(court, firm, "plant", lot, 2 * mass_kg * KG)
        common = {"pool": POOL, "process": "blending", "whole": True}
        accepted(court.file("feed", "plant", inputs=(Line(lot, None),), **common))
    oxide = name("plant", "lot/oxide")
    made = out(oxide, 50 * KG, {"Nd": 50 * KG}, "nd-oxide")
    accepted(court.file("draw", "plant", pool=POOL, process="blending", outputs=(made,)))
    send(court, "plant", "magnets", oxide, 40 * KG)
    send(court, "plant", "reserve", oxide, 10 * KG)
    used = {"custodian_to": party("motors"), "owner_to": party("motors")}
    accepted(court.file("release", "magnets", inputs=(Line(oxide, 24 * KG),), **used))
    abroad: dict[str, Any] = {"consignee": "https://kyoto.example/", "destination": "JP"}
    accepted(court.file("export", "magnets", inputs=(Line(oxide, 12 * KG),), **abroad))
    return court


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    court = told()
    with engine.begin() as writing:
        write_changes(writing, court.facts.take_changes())
        write_records(writing, court.books.take_changes())
    with engine.connect() as reading:
        yield reading


def test_the_figures_worked_out_by_hand(connection: Connection) -> None:
    check_dependence(connection)
    check_reserves(connection)
    check_interruption(connection)
    check_nothing(connection)
    check_parts(connection)


def check_dependence(connection: Connection) -> None:
    """The plant got 60, 20 and 20 kg: HHI 0.6² + 0.2² + 0.2² = 0.44; what it drew has the same shares."""
    every, neodymium = dependence(connection, *PERIOD, party=party("plant"))
    assert (every.element, neodymium.element) == ("REO", "Nd")
    assert neodymium.mass_mg == 100 * KG
    assert neodymium.countries == {"CN": 60 * KG, "AU": 20 * KG, "MM": 20 * KG}
    assert neodymium.hhi == (Fraction(44, 100), Fraction(44, 100))
    (_, drawn) = dependence(connection, *PERIOD, product="nd-oxide")
    assert drawn.countries == {"CN": 30 * KG, "AU": 10 * KG, "MM": 10 * KG}
    (japan,) = dependence(connection, *PERIOD, country="JP", element="Nd")
    assert japan.countries == {"CN": 7_200_000, "AU": 2_400_000, "MM": 2_400_000}
    assert japan.share("AU") == Fraction(1, 5)


def check_reserves(connection: Connection) -> None:
    """10 kg in the reserve; 24 kg used and 12 exported in ten days: 4 1/6 and 2 7/9 days."""
    every, neodymium = reserves(connection, *PERIOD)
    assert (every.element, neodymium.country, neodymium.stock_mg) == ("REO", "CN", 10 * KG)
    assert (neodymium.released_mg, neodymium.exported_mg) == (24 * KG, 12 * KG)
    assert neodymium.cover_days == Fraction(25, 6)
    assert neodymium.cover_with_exports_days == Fraction(25, 9)


def check_interruption(connection: Connection) -> None:
    """Without Australia: a fifth of everything behind the pool.

    The magnet works got 40 kg (8 of them Australian), gave away 36 and have 4: 36 - (40 - 8) = 4 kg are
    missing in ten days, for which their 4 kg last ten days. The plant has 50 kg in its pool and loses nothing
    that it needs: 50 kg went, 80 would still have come.
    """
    found = interruption(connection, *PERIOD, country="AU")
    firms = {each.party: each for each in found.firms if each.element == "Nd"}
    assert firms.keys() == {party(firm) for firm in ("outback", "plant", "magnets", "reserve")}
    works, plant = firms[party("magnets")], firms[party("plant")]
    assert (works.came_mg, works.lost_mg, works.went_mg, works.stock_mg) == (
        *(40 * KG, 8 * KG, 36 * KG, 4 * KG),
    )
    assert (works.share, works.deficit_mg, works.lasts_days) == (Fraction(1, 5), 4 * KG, Fraction(10))
    assert (plant.stock_mg, plant.went_mg, plant.deficit_mg, plant.lasts_days) == (50 * KG, 50 * KG, 0, None)
    (product,) = [each for each in found.products if (each.element, each.name) == ("Nd", "nd-oxide")]
    assert (product.mass_mg, product.lost_mg) == (50 * KG, 10 * KG)
    uses = {each.name: each.lost_mg for each in found.uses if each.element == "Nd"}
    assert uses == {"release": 4_800_000, "JP": 2_400_000}
    lasting = {loss.element: (stock_mg, days) for loss, stock_mg, days in found.reserves}
    assert lasting["Nd"] == (10 * KG, Fraction(10 * 10, Fraction("7.2")))  # 13 8/9 days
    one = interruption(connection, *PERIOD, origin=site("outback"))
    assert one == found


def check_nothing(connection: Connection) -> None:
    """Nothing came, nothing was used: nothing is said, and nothing is divided by it."""
    (nothing,) = dependence(connection, *PERIOD, party=party("lab"))
    assert (nothing.element, nothing.mass_mg, nothing.hhi, nothing.share("CN")) == ("REO", 0, None, None)
    later = (END_US, END_US + DAY_US)
    (_, neodymium) = reserves(connection, *later)
    assert (neodymium.stock_mg, neodymium.cover_days, neodymium.cover_with_exports_days) == (
        *(10 * KG, None, None),
    )
    earlier = (START_US - DAY_US, START_US)
    assert reserves(connection, *earlier) == []
    for country, period in (("US", PERIOD), ("AU", later)):
        empty = interruption(connection, *period, country=country)
        assert (empty.firms, empty.products, empty.uses, empty.reserves) == ([], [], [], [])


def test_what_comes_from_nobody_knows_where_bounds_the_index() -> None:
    (_, found) = elements_of({("Dy", "CN"): 50, ("Dy", "AU"): 30, ("Dy", "unknown"): 20})
    assert found.hhi == (Fraction(25 + 9, 100), Fraction(49 + 9, 100))
    (_, unknown) = elements_of({("Dy", "unknown"): 7})
    assert unknown.hhi == (0, 1)


def check_parts(connection: Connection) -> None:
    """A part of a lot is shared out in whole milligrams."""
    cells = '[["a","b"],[["Nd",0,0,1],["Nd",1,0,1],["Pr",0,0,1]]]'
    reading = Reading(connection)
    assert reading._share(cells, 2, 3) == {("Nd", "a"): 1, ("Nd", "b"): 1}
    assert reading._share(cells, -3, 3) == {("Nd", "a"): -1, ("Nd", "b"): -1, ("Pr", "a"): -1}
    assert reading._share(cells, 0, 0) == {}
    assert list(reading.held(END_US, [])) == []
