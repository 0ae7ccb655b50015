"""Cells as text: compact JSON, as any library would write it, and read back as they were."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ledger.records.cells import STATUSES, Cell, decode_cells, encode_cells

CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["La", "Ce", "Nd"]), st.text(max_size=12), st.sampled_from(STATUSES)),
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
