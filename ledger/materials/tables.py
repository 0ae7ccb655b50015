"""Comma-separated tables with a header, read strictly; faults name line and column and say what to do.

Decides: which columns a table may and must have. Never what a cell means.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Final

from ledger.errors import TableInvalid
from ledger.materials.elements import ELEMENTS

MAX_DECIMAL_CHARACTERS: Final = 20


def table_fault(detail: str, *, line: int | None = None, column: str = "", mend: str) -> TableInvalid:
    """The error for a place of a table; its detail begins with the place."""
    place = "".join((f"line {line}, " if line else "", f"column {column}: " if column else ""))
    extra = {"column": column} if column else {}
    return TableInvalid(f"{place}{detail}", line=line, mend=mend, extra=extra)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells by column, without outer white space."""

    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """A cell that may be empty."""
        return self.cells.get(column, "")

    def needed(self, column: str) -> str:
        """A cell that may not be empty.

        Raises:
            TableInvalid: It is.
        """
        text = self.text(column)
        if not text:
            raise self.fault(column, "the cell is empty", "Fill it in.")
        return text

    def one_of(self, column: str, choices: Sequence[str]) -> str:
        """A cell with one of some words.

        Raises:
            TableInvalid: Another word.
        """
        text = self.text(column)
        if text not in choices:
            raise self.fault(column, f"{text!r} is not known", f"Write one of: {', '.join(choices)}.")
        return text

    def truth(self, column: str) -> bool:
        """``true`` or ``false``.

        Raises:
            TableInvalid: Neither.
        """
        return self.one_of(column, ("true", "false")) == "true"

    def fraction(self, column: str, most: Fraction = Fraction(1)) -> Fraction:
        """A decimal number from 0 to ``most``.

        Raises:
            TableInvalid: Anything else.
        """
        return self._decimal(column, self.text(column), most)

    def words(self, column: str) -> tuple[str, ...]:
        """Words with white space between them."""
        return tuple(self.text(column).split())

    def known_words(self, column: str, choices: Sequence[str]) -> tuple[str, ...]:
        """Words of a fixed set with white space between them.

        Raises:
            TableInvalid: Another word.
        """
        for word in self.words(column):
            if word not in choices:
                raise self.fault(column, f"{word!r} is not known", f"Write some of: {', '.join(choices)}.")
        return self.words(column)

    def shares(self, column: str) -> dict[str, Fraction]:
        """Shares by element, written ``Nd=0.75 Pr=0.25``; empty, or a sum within 0.005 of 1.

        Raises:
            TableInvalid: Another form, an unknown element, one stated twice, or another sum.
        """
        shares: dict[str, Fraction] = {}
        for word in self.words(column):
            symbol, equals, share = word.partition("=")
            if not equals or symbol not in ELEMENTS or symbol in shares:
                raise self.fault(
                    column, f"{word!r} is no share of an element", "Write shares like Nd=0.75 Pr=0.25."
                )
            shares[symbol] = self._decimal(column, share, Fraction(1))
        if shares and abs(sum(shares.values(), Fraction(-1))) > Fraction(5, 1000):
            raise self.fault(
                column, "the shares do not sum to 1", "State every element, 0.995 to 1.005 in all."
            )
        return shares

    def fault(self, column: str, detail: str, mend: str) -> TableInvalid:
        """A fault of one cell."""
        return table_fault(detail, line=self.line, column=column, mend=mend)

    def _decimal(self, column: str, text: str, most: Fraction) -> Fraction:
        digits, dot, places = text.partition(".")
        whole = digits + places
        if not (whole.isascii() and whole.isdigit() and digits and (places or not dot)) or (
            len(text) > MAX_DECIMAL_CHARACTERS
        ):
            raise self.fault(column, f"{text!r} is no decimal number", "Write it like 0.92.")
        number = Fraction(text)
        if number > most:
            raise self.fault(
                column, f"{text} is more than {float(most):g}", "Write a share, not a percentage."
            )
        return number


def read_rows(text: str, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a table.

    Args:
        text: The file's text; a byte order mark is let pass.
        columns: Columns that it must have.
        optional: Columns that it may have.

    Raises:
        TableInvalid: A missing, unknown or repeated column, a row of another length, broken quotes.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, columns, optional)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise table_fault(
                    f"the row has {len(cells)} cells, the header {len(header)}",
                    line=reader.line_num,
                    mend='Write a cell for every column; put a text with commas in "double quotes".',
                )
            yield Row(reader.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    except csv.Error as error:
        raise table_fault(
            f"the row cannot be read ({error})", line=reader.line_num, mend="Close the quotes that it opens."
        ) from error


def packaged_text(name: str) -> str:
    """The text of a table of this package."""
    return files("ledger.materials").joinpath(name).read_text("utf-8")


def file_text(path: Path) -> str:
    """The text of a table of one's own.

    Raises:
        TableInvalid: There is no such file, or it is no UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise table_fault(
            f"{path} cannot be read ({error.strerror})", mend="Name a file that is there."
        ) from error
    except UnicodeDecodeError as error:
        raise table_fault(
            f"{path} is no UTF-8 text (byte {error.start})", mend="Save it as CSV with UTF-8."
        ) from error


def _check_header(header: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    for name in header:
        if name not in (*columns, *optional):
            raise table_fault(
                "the column is not known",
                line=1,
                column=name,
                mend=f"Known: {', '.join((*columns, *optional))}.",
            )
        if header.count(name) > 1:
            raise table_fault("the column stands there twice", line=1, column=name, mend="Keep one of them.")
    missing = [name for name in columns if name not in header]
    if missing:
        raise table_fault(
            "the column is missing",
            line=1,
            column=missing[0],
            mend="Begin the file with a line of column names.",
        )
