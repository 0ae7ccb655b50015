"""Cells as text: compact JSON, as any library would write it, and read back as they were."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records.cells import (
    STATUSES,
    Cell,
    decode_by_element,
    decode_by_origin,
    decode_cells,
    element_masses,
    encode_cells,
)

ORIGINS = st.one_of(
    st.text(max_size=12), st.sampled_from(["Nd", '["Nd",0,0,5]', '"],[["Nd",', "],[]]", "x]"])
)
CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["La", "Ce", "Nd"]), ORIGINS, st.sampled_from(STATUSES)),
    st.integers(-(10**30), 10**30),
    max_size=8,
)


@given(CELLS)
def test_the_text_is_compact_json_that_reads_back(cells: dict[Cell, int]) -> None:
    text = encode_cells(cells)
    assert decode_cells(text) == cells
    origins, rows = json.loads(text)
    assert origins == sorted({origin for _, origin, _ in cells})
    assert rows == [
        [element, origins.index(origin), STATUSES.index(status), mass]
        for (element, origin, status), mass in sorted(cells.items())
    ]
    assert text == json.dumps([origins, rows], ensure_ascii=False, separators=(",", ":"))


@given(CELLS, st.sampled_from([None, "Nd", "Dy"]))
def test_a_part_is_read_as_the_whole_is(cells: dict[Cell, int], symbol: str | None) -> None:
    text = encode_cells(cells)
    own = {cell: mass for cell, mass in sorted(cells.items()) if symbol in (None, cell[0])}
    by_origin: dict[tuple[str, str], int] = {}
    for (element, origin, _), mass in own.items():
        by_origin[element, origin] = by_origin.get((element, origin), 0) + mass
    assert list(decode_by_origin(text, symbol).items()) == list(by_origin.items())
    assert list(decode_by_element(text, symbol).items()) == list(element_masses(own).items())


@pytest.mark.parametrize("decode", [decode_by_origin, decode_by_element])
@pytest.mark.parametrize("text", ["", "{}", '[["a"],[["Nd",0,0]]]', '[["a"],[["Nd",0'])
def test_what_is_no_text_of_cells_is_refused(decode: Callable[..., Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text, "Nd")
