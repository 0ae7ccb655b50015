"""Books of thousands of movements, and masses with nothing in common, to see how much work answers are."""

from itertools import count
from math import gcd

from ledger.books.apply import apply_movement
from ledger.books.context import Effect
from ledger.movements.movement import Movement
from tests.support.books import MINER
from tests.support.yard import Yard


class BusyYard(Yard):
    """A yard that does not look after every movement whether all that must hold does."""

    def book(self, moved: Movement, issuer: str = MINER) -> Effect:
        self.books.begin()
        effect = apply_movement(moved, self.recording(issuer), 0)
        self.books.commit()
        self.index += 1
        return effect


def strangers(many: int) -> list[int]:
    """Masses of lots that have nothing in common, above a kilotonne."""
    found: list[int] = []
    product = 1
    for number in count(10**12 + 1, 2):
        if gcd(number, product) == 1:
            product *= number
            found.append(number)
            if len(found) == many:
                return found
    raise AssertionError
