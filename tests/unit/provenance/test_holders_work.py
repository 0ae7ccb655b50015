"""How much work it is to tell which exports came back: each is looked at once, however many came back."""

import pytest

from ledger.provenance import holders
from ledger.provenance.holders import ask_travelling
from ledger.store.asking import Asking
from ledger.store.books_tables import BOOKS
from tests.properties.test_flows import stored
from tests.support.books import KG, REFINER
from tests.support.busy import BusyYard


def test_every_export_is_taken_off_once(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = BusyYard()
    yard.extract("urn:ore", 1_000 * KG)
    many = 60
    for number in range(many):
        yard.do("export", {"urn:ore": 10 * KG}, event_id=f"urn:sent:{number}", consignee="urn:abroad")
    for number in range(many):
        yard.do("import", {"urn:ore": 3 * KG}, REFINER, shipment=f"urn:other:{number}")
    yard.do("import", {"urn:ore": 11 * KG}, REFINER, shipment="urn:sent:40")
    looked = 0
    least = min

    def counted(*values: int) -> int:
        nonlocal looked
        looked += 1
        return least(*values)

    monkeypatch.setattr(holders, "min", counted, raising=False)
    with stored(yard.books, BOOKS) as connection:
        sent = ask_travelling(Asking(connection), ["urn:ore"], None)
        found = {each.event_id: each.mass_mg for each in sent()}
    assert sum(found.values()) == (many * 7 - 11) * KG
    oldest = [f"urn:sent:{number}" for number in range(18)]
    assert not found.keys() & {*oldest, "urn:sent:40"}, "the oldest came back, and the one that was named"
    assert found["urn:sent:18"] == 9 * KG
    assert looked <= 3 * many
