"""Cells: how much of each element a lot or a pool holds, by where it came from and by its status.

A cell is (element, origin, status) -> whole milligrams of rare-earth oxide equivalent (REO). An origin is a
mine's or scrap source's site, ``import:<country>``, ``opening:<party>`` ("before the ledger"),
``unexplained``, or ``awaited:<lot>`` (a lot that was received before its own birth was recorded). A status
is one of ``STATUSES``.

Decides: exact sums. What is taken from a lot is an exact rational until it is born into another one; a birth
rounds once, by largest remainder, so that every stated total holds to the milligram.
"""

import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from json.encoder import encode_basestring as _encode
from math import lcm
from typing import Final, TypeAlias, cast

MOST_MG: Final = 10**18
"""More of one lot nobody holds: ten times the heaviest line; every column holds it."""

Cell: TypeAlias = tuple[str, str, str]
Cells: TypeAlias = Mapping[Cell, int]
"""Whole milligrams REO by (element, origin, status); no zeros."""
ExactCells: TypeAlias = dict[Cell, Fraction]

STATUSES: Final = ("domestic", "import", "scrap", "opening", "counted")
_PLACES: Final = {status: at for at, status in enumerate(STATUSES)}
UNEXPLAINED: Final = "unexplained"
_MASS: Final = re.compile(r",[0-9]+,[0-9],(-?[0-9]+)\]")
AWAITED: Final = "awaited:"
OPENING: Final = "opening:"
"""Before the party that recorded the opening stock."""
IMPORT: Final = "import:"
"""Before the country that an import is from, or before "undeclared"."""
COUNTED: Final = "counted"
PRIMARY: Final = ("domestic", "import", "opening")
"""Statuses of mineral origin that no separation quota has counted yet. What comes into the books beyond
separation already is ``counted`` from its birth (ledger.books.counting)."""


def share(cells: Cells, part: int, whole: int) -> ExactCells:
    """What ``part`` of ``whole`` milligrams of a lot contains, exactly.

    Args:
        cells: What the whole lot contains.
        part: Mass in mg, 0 <= part <= whole.
        whole: The lot's mass at birth in mg, > 0.
    """
    return {cell: Fraction(mass_mg * part, whole) for cell, mass_mg in cells.items()}


def add(into: ExactCells, more: Mapping[Cell, Fraction] | Cells) -> None:
    """Adds cells into a sum."""
    for cell, mass in more.items():
        into[cell] = into.get(cell, Fraction(0)) + mass


def by_element(cells: Mapping[Cell, Fraction] | Cells) -> dict[str, Fraction]:
    """Sums by element, exactly."""
    sums: dict[str, Fraction] = {}
    for (element, _, _), mass in cells.items():
        sums[element] = sums.get(element, Fraction(0)) + mass
    return sums


def element_masses(cells: Cells) -> dict[str, int]:
    """Whole milligrams by element."""
    sums: dict[str, int] = {}
    for (element, _, _), mass in cells.items():
        sums[element] = sums.get(element, 0) + mass
    return sums


def by_origin(cells: Cells, element: str | None = None) -> dict[str, int]:
    """Milligrams by origin, of one element or of all together."""
    sums: dict[str, int] = {}
    for (found, origin, _), mass in cells.items():
        if element is None or found == element:
            sums[origin] = sums.get(origin, 0) + mass
    return sums


def total(cells: Cells) -> int:
    """All REO in mg."""
    return sum(cells.values())


def apportion(total_mg: int, weights: Mapping[Cell, Fraction | int]) -> dict[Cell, int]:
    """Shares whole milligrams out by largest remainder; ties go to the cell that sorts first.

    Args:
        total_mg: What is shared out, >= 0.
        weights: Not negative, and not all zero unless the total is zero.

    Returns:
        Whole milligrams that sum to ``total_mg``; cells that get nothing are absent.
    """
    if total_mg == 0:
        return {}
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError("there is nothing to share by")
    if len(weights) == 1:
        return dict.fromkeys(weights, total_mg)
    if isinstance(whole, int):
        parts = cast(Cells, weights)
    else:
        common = lcm(*(weight.denominator for weight in weights.values()))
        parts = {cell: weight.numerator * (common // weight.denominator) for cell, weight in weights.items()}
        whole = sum(parts.values())
    shared: dict[Cell, int] = {}
    rests: list[tuple[int, Cell]] = []
    left = total_mg
    for cell in sorted(parts):
        floor, rest = divmod(total_mg * parts[cell], whole)
        shared[cell] = floor
        left -= floor
        rests.append((-rest, cell))
    rests.sort()
    for _, cell in rests[:left]:
        shared[cell] += 1
    return {cell: mass for cell, mass in shared.items() if mass}


def encode_cells(cells: Cells) -> str:
    """As text for a column: the origins once, then [element, origin's place, status' place, mg] in order."""
    origins = sorted({origin for _, origin, _ in cells})
    place = {origin: at for at, origin in enumerate(origins)}
    rows = [
        f"[{_encode(element)},{place[origin]},{_PLACES[status]},{mass}]"
        for (element, origin, status), mass in sorted(cells.items())
    ]
    return f"[[{','.join(map(_encode, origins))}],[{','.join(rows)}]]"


def decode_cells(text: str) -> dict[Cell, int]:
    """Reads what ``encode_cells`` wrote.

    Raises:
        ValueError: It did not write this.
    """
    try:
        origins, rows = json.loads(text)
        return {(element, origins[at], STATUSES[status]): int(mass) for element, at, status, mass in rows}
    except (TypeError, IndexError, KeyError) as error:
        raise ValueError("this is no text of cells") from error


def decode_by_origin(text: str, symbol: str | None) -> dict[tuple[str, str], int]:
    """Reads whole mg by element and origin out of what ``encode_cells`` wrote, whatever the status.

    Args:
        text: The text.
        symbol: Of this element alone, whose rows stand together and of which nothing else is read; None: all.

    Raises:
        ValueError: ``encode_cells`` did not write this.
    """
    try:
        if symbol is None:
            origins, rows = json.loads(text)
        else:
            begin = _rows_begin(text)
            rows = json.loads(f"[{_rows_of(text, begin, symbol)}]")
            origins = json.loads(text[1 : begin - 1]) if rows else []
        sums = {(element, origins[at]): int(mass) for element, at, _, mass in rows}
        if len(sums) < len(rows):
            # The rows of one origin stand together, and the last of them is there already.
            for (element, at, _, mass), (next_element, next_at, _, _) in pairwise(rows):
                if at == next_at and element == next_element:
                    sums[element, origins[at]] += mass
    except (TypeError, IndexError, KeyError) as error:
        raise ValueError("this is no text of cells") from error
    return sums


def decode_by_element(text: str, symbol: str | None) -> dict[str, int]:
    """Reads whole mg by element, as ``decode_by_origin`` does; in a third of the time."""
    begin = _rows_begin(text)
    sums: dict[str, int] = {}
    while symbol is not None or text.startswith('["', begin + 1):
        element = symbol or text[begin + 3 : text.index('"', begin + 3)]
        rows = _rows_of(text, begin, element)
        masses = _MASS.findall(rows)
        if len(masses) != rows.count("["):
            raise ValueError("this is no text of cells")
        if masses:
            sums[element] = sum(map(int, masses))
        if symbol is not None:
            break
        begin += len(rows) + 1
    return sums


def _rows_begin(text: str) -> int:
    """Where the rows begin: behind that place stand no names but elements'."""
    found = max(text.rfind("],[["), len(text) - 6 if text.endswith("],[]]") else -1)
    if found < 0:
        raise ValueError("this is no text of cells")
    return found + 2


def _rows_of(text: str, begin: int, element: str) -> str:
    """The rows of an element, which stand together."""
    row = f'["{element}",'
    first = text.find(row, begin)
    return text[first : text.index("]", text.rindex(row)) + 1] if first >= 0 else ""


def merged(many: Iterable[Cells]) -> dict[Cell, int]:
    """The sum of whole cells."""
    sums: dict[Cell, int] = {}
    for cells in many:
        for cell, mass in cells.items():
            sums[cell] = sums.get(cell, 0) + mass
    return {cell: mass for cell, mass in sums.items() if mass}


def count_cells(cells: Cells) -> tuple[dict[Cell, int], int]:
    """Turns uncounted primary cells into ``counted`` ones: what is first drawn as separated compound.

    Recycled and already counted cells stay as they are, so rework and recycled feed draw nothing.

    Args:
        cells: Of a lot of the stage ``separated_compound`` that is born by a process or a draw out of ore,
            concentrate, a mixed compound or a pool.

    Returns:
        The cells to book, and how many mg REO turned: what the separation quota is drawn by.
    """
    turned: dict[Cell, int] = {}
    drawn_mg = 0
    for (element, origin, status), mass_mg in cells.items():
        if status in PRIMARY:
            drawn_mg += mass_mg
            status = COUNTED
        cell = (element, origin, status)
        turned[cell] = turned.get(cell, 0) + mass_mg
    return turned, drawn_mg
