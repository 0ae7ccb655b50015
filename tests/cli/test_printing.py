"""How results reach a terminal or a pipe: nothing is cut off."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from api.cli import common
from api.cli.asking import add_row

LOT = "urn:epc:class:lgtin:9521002.000004." + "CARB-" * 30


def printed(table: Table, monkeypatch: pytest.MonkeyPatch, *, terminal: bool, width: int = 40) -> str:
    stream = io.StringIO()
    monkeypatch.setattr(
        common,
        "Console",
        lambda **given: Console(file=stream, force_terminal=terminal, width=width, **given),
    )
    common.print_table(table)
    return stream.getvalue()


def made() -> Table:
    table = Table("lot", "kind", title="of a party")
    add_row(table, LOT, "[bold]x[/]")
    return table


def test_a_table_in_a_pipe_is_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(made(), monkeypatch, terminal=False).splitlines()
    (row,) = (line for line in lines if LOT in line)
    assert "[bold]x[/]" in row
    assert max(map(len, lines)) < len(LOT) + 40


@pytest.mark.parametrize("width", [20, 40, 79])
def test_a_terminal_that_is_too_narrow_folds(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    told = printed(made(), monkeypatch, terminal=True, width=width)
    assert "…" not in told
    first = [line.split("│")[1].strip() for line in told.splitlines() if line.count("│") == 3]
    assert "".join(first) == LOT


def test_a_terminal_shows_some_rows_and_a_pipe_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(range(100))
    for terminal, shown in ((True, 40), (False, 100)):
        monkeypatch.setattr(
            common, "Console", lambda terminal=terminal: Console(force_terminal=terminal, file=io.StringIO())
        )
        assert common.shown_rows(rows) == rows[:shown]


def test_a_note_is_not_broken_within_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    common.notes.print(f"gone abroad: 1 kg of {LOT}", markup=False)
    assert LOT in capsys.readouterr().err.splitlines()[0]
