"""A site's output against its listed capacity."""

from collections.abc import Iterator
from typing import Any, Final

from ledger.controls.drawn import output_name, to_give_back
from ledger.controls.noticing import notice
from ledger.controls.rule import Case, Notice, rule
from ledger.controls.sums import add_sums
from ledger.records.books import Books
from ledger.records.cells import total
from ledger.records.oversight import TallyRecord
from ledger.records.periods import year_of
from ledger.statements.registers import SiteRecord

TALLY: Final = "output"
OUTPUTS: Final = ("extract", "process", "draw")
KG_MG: Final = 1_000_000


@rule("capacity.exceeded", movements=OUTPUTS)
def exceeded(case: Case) -> Iterator[Notice]:
    """What a site brought forth in a year is above its listed capacity."""
    capacity = capacity_mg(case.recording.facts.sites.get(case.movement.site))
    if capacity is None:
        return
    books, year = case.recording.books, year_of(case.movement.event_time_us, case.recording.policy)
    tally = books.get(TallyRecord, TALLY, case.movement.site, str(year))
    made = output_mg(case) + (0 if tally is None else tally.sums.get("reo_mg", 0))
    made -= to_give_back(case).get(output_name(case.movement.site, year), 0)
    subject = f"site:{case.movement.site}|{year}"
    if made > capacity:
        yield notice(
            case,
            "capacity.exceeded",
            f"{made} mg REO came out of the site in {year}, and {capacity} mg is its listed capacity",
            "Have the listing changed if the plant has grown, or correct the output.",
            subject=subject,
            ongoing=True,
            year=year,
            output_mg=made,
            capacity_mg=capacity,
        )


def capacity_mg(site: SiteRecord | None) -> int | None:
    """REO in mg that a site can bring forth in a year, as listed; None where it is not."""
    stated: Any = None if site is None else site.description.get("capacity_kg")
    return None if stated is None else int(stated) * KG_MG


def output_mg(case: Case) -> int:
    """REO that a movement brings forth."""
    return sum(total(lot.cells) for lot in case.effect.born)


def count_output(books: Books, site: str, year: str, mass_mg: int) -> None:
    """Counts an output towards its site's year; a negative mass is given back."""
    add_sums(books, TALLY, site, year, {"reo_mg": mass_mg})
