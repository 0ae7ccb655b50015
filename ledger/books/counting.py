"""When cells count towards the separation quota, and with which status goods are born.

Decides: primary material (domestic, imported, opening stock) counts once, when it first leaves a process or a
pool as a separated compound or as what is made of one (metal, alloy, magnet); from then on its status is
``counted`` and it draws nothing again. Scrap never counts. What comes into the books beyond separation
already (an imported oxide, an opening stock of metal) has nothing left to count.
"""

from collections.abc import Mapping
from typing import Final

from ledger.records.cells import COUNTED, Cells, count_cells

SEPARATED: Final = "separated_compound"
BEYOND_SEPARATION: Final = (SEPARATED, "metal", "alloy", "magnet")
BIRTH_STATUS: Final[Mapping[str, str]] = {"extract": "domestic", "import": "import", "opening": "opening"}


def birth_status(kind: str, stage: str) -> str:
    """The status of what comes into the books from outside.

    Args:
        kind: ``opening``, ``extract`` or ``import``.
        stage: The product's, "" where it is not known.
    """
    if stage == "scrap":
        return "scrap"
    if stage in BEYOND_SEPARATION:
        return COUNTED
    return BIRTH_STATUS[kind]


def count_output(cells: Cells, stage: str) -> tuple[Cells, int]:
    """Counts what a process or a pool gives.

    Args:
        cells: What one output contains.
        stage: The output's stage.

    Returns:
        The cells with their new statuses, and how many mg REO turned.
    """
    return count_cells(cells) if stage in BEYOND_SEPARATION else (cells, 0)
