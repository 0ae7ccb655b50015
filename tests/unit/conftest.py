"""What many of the unit tests begin with."""

import pytest

from tests.support.yard import Yard


@pytest.fixture
def yard() -> Yard:
    """Books in which the mine extracted one lot of a kilogram."""
    made = Yard()
    made.extract()
    return made
