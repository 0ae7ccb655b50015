"""What goods are against what they are called: commodity codes, products, assays, Chinese content.

Decides: when a code, a product's name or a measured composition contradict each other. Real cases: rare
earths declared as solder paste, tile adhesive or nickel powder; one code for every magnet whatever is in
it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from ledger.controls.content import span_text
from ledger.controls.licences import VALUE, content_in, exported, least_content, lists_on
from ledger.controls.lists import HOME, country_of
from ledger.controls.measures import UNIT, band_of
from ledger.controls.noticing import actor_of, decimal_text, listed, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.materials.catalogue import Catalogue
from ledger.materials.hs_codes import hs_codes, hs_fault
from ledger.records.books import Books
from ledger.records.cells import element_masses
from ledger.records.lots import AssayRecord, EventRecord, LotRecord
from ledger.records.oversight import ControlListRecord, DeclarationRecord

MAGNET: Final = "magnet"
MAGNET_HEAVY: Final = ("Dy", "Tb")
BIRTHS: Final = ("extract", "import", "process", "draw")
TRACE: Final = Fraction(1, 1000)


@rule("hs.mismatch", movements=("export", "disclose", "assay", *BIRTHS))
def hs_mismatch(case: Case) -> Iterator[Notice]:
    """Assay or product contradicts the commodity code or the name; Dy or Tb in magnets without a licence."""
    kind = case.movement.kind
    if kind == "assay":
        yield from _assayed(case)
    elif kind in BIRTHS:
        yield from _born(case)
    else:
        yield from _sent(case)


@rule("hs.mismatch", movements=("opening", *BIRTHS))
def born_otherwise(case: Case) -> Iterator[Notice]:
    """A lot was received as another product, before its birth was recorded, than it is by that."""
    for lot in case.effect.born:
        received_as = case.effect.expected.get(lot.lot, lot.product)
        if received_as != lot.product:
            yield notice(
                case,
                "hs.mismatch",
                f"{lot.lot} was received as {received_as}, and is {lot.product} by its birth",
                "Compare the papers of both sides, have the goods assayed, and correct what is wrong.",
                subject=f"lot:{lot.lot}",
                product=lot.product,
                received_as=received_as,
            )


@rule("content.deminimis", "content.undecided", movements=("export", "disclose"))
def deminimis(case: Case) -> Iterator[Notice]:
    """Goods with Chinese content leave from abroad while a list on such goods is in force."""
    lists = [record for record in lists_on(case) if record.conditions.get("foreign_content_share")]
    if not lists or country_of(case) in ("", HOME):
        return
    for goods in exported(case):
        for record in lists:
            found = _content(case, goods.lot, record)
            if found is not None:
                yield found
                break


def _content(case: Case, lot: LotRecord, record: ControlListRecord) -> Notice | None:
    """What one list has to say of the Chinese content of a lot; nothing where a licence is asked for it."""
    least = least_content(case.recording.policy, record)
    needs = record.conditions.get("needs_licence", True)
    mend = f"Apply for a re-export licence under {record.control_list}."
    common: dict[str, Any] = {
        "subject": f"lot:{lot.lot}",
        "least": least,
        "control_list": record.control_list,
    }
    if record.conditions.get("content_basis") != VALUE:
        share = home_share(lot)
        if share < least:
            return None
        detail = f"{decimal_text(share * 100, 2)} % of the REO in {lot.lot} is of Chinese origin"
        return notice(case, "content.deminimis", detail, mend, share=share, **common)
    content = content_in(case, lot)
    verdict = content.verdict(least)
    if verdict == "below" or (verdict == "reaches" and needs):
        return None
    common |= {"share_least": content.share.least, "share_most": content.share.most}
    if verdict == "reaches":
        percent = decimal_text(content.share.least * 100, 4)
        detail = f"{percent} % or more of the value of {lot.lot} is of Chinese origin"
        return notice(case, "content.deminimis", detail, mend, **common)
    return notice(
        case,
        "content.undecided",
        f"whether {decimal_text(least * 100, 4)} % of the value of {lot.lot} is of Chinese origin cannot be "
        f"decided: it is {span_text(content.share)}",
        "Register the invoices that are missing, or apply for a licence.",
        missing=[f"{what}: {name}" for what, name in content.missing[:20]],
        **common,
    )


def home_share(lot: LotRecord) -> Fraction:
    """The share of a lot's REO that is of Chinese origin: what was not imported, or was imported from there.

    Shares of value are taken as shares of REO: the elements of one lot are worth the same wherever they
    come from.
    """
    whole = sum(lot.cells.values())
    foreign = sum(
        mass
        for (_, origin, status), mass in lot.cells.items()
        if origin.startswith("import:") and origin != f"import:{HOME}"
    )
    return Fraction(whole - foreign, whole) if whole else Fraction(0)


def code_fault(hs_code: str, lot: LotRecord, catalogue: Catalogue) -> str | None:
    """Why a lot may not stand under a commodity code, or None."""
    product = catalogue.product(lot.product)
    return hs_fault(hs_code, "" if product is None else product.form, fractions_of(lot))


def fractions_of(lot: LotRecord) -> dict[str, Fraction]:
    """Shares of REO of a lot; empty where it has none."""
    masses = element_masses(lot.cells)
    whole = sum(masses.values())
    return {element: Fraction(mass, whole) for element, mass in masses.items()} if whole else {}


def _sent(case: Case) -> Iterator[Notice]:
    movement, declaration = case.movement, _declaration(case)
    for goods in exported(case):
        fault = (
            None
            if declaration is None
            else code_fault(declaration.hs_code, goods.lot, case.recording.policy.catalogue)
        )
        if declaration is not None and fault is not None:
            yield notice(
                case,
                "hs.mismatch",
                f"{goods.lot.lot} is declared under {declaration.hs_code}: {fault}",
                "Correct the declaration's code or the lot's product.",
                subject=f"lot:{goods.lot.lot}",
                hs_code=declaration.hs_code,
                product=goods.lot.product,
            )
        masses = element_masses(goods.lot.cells)
        heavy = [each for each in MAGNET_HEAVY if masses.get(each, 0) > TRACE * sum(masses.values())]
        if goods.lot.stage == MAGNET and heavy and not movement.licence:
            yield notice(
                case,
                "hs.mismatch",
                f"the magnets {goods.lot.lot} contain {listed(heavy)}, and no licence is named",
                "Name the export licence; the code for magnets does not tell controlled ones apart.",
                subject=f"lot:{goods.lot.lot}",
                elements_mg={each: masses[each] for each in heavy},
            )


def _declaration(case: Case) -> DeclarationRecord | None:
    """The declaration of an export: what it names, else the newest that was recorded for it before it."""
    movement, books = case.movement, case.recording.books
    named = books.get(DeclarationRecord, movement.declaration)
    before = books.group(DeclarationRecord, "shipment", actor_of(case), movement.event_id)
    return named or max(before, key=lambda each: each.entry_index, default=None)


def _born(case: Case) -> Iterator[Notice]:
    for lot in case.effect.born:
        product = case.recording.policy.catalogue.product(lot.product)
        code = None if product is None else hs_codes().get(product.hs_code)
        if product is None or code is None or not code.elements:
            continue
        masses = element_masses(lot.cells)
        if 2 * sum(masses.get(element, 0) for element in code.elements) < sum(masses.values()):
            most = max(sorted(masses), key=masses.__getitem__)
            yield notice(
                case,
                "hs.mismatch",
                f"{lot.lot} is called {product.name_en}, and is mostly {most}",
                "Correct the product or the composition.",
                subject=f"lot:{lot.lot}",
                product=lot.product,
                elements_mg=masses,
            )


def _assayed(case: Case) -> Iterator[Notice]:
    for line in case.movement.inputs if case.movement.results else ():
        lot = case.recording.books.get(LotRecord, line.lot)
        if lot is not None:
            yield from _contradicted(case, lot, case.movement.results, line.pointer)


@rule("hs.mismatch", movements=("opening", *BIRTHS))
def assayed_before(case: Case) -> Iterator[Notice]:
    """The newest assay of a lot contradicts its birth, recorded or corrected only now."""
    for lot in case.effect.born:
        if lot.lot not in case.effect.awaited and not case.movement.corrects:
            continue
        books = case.recording.books
        standing = (each for each in books.group(AssayRecord, "lot", lot.lot) if _stands(books, each))
        newest = max(standing, key=lambda each: (each.entry_index, each.position), default=None)
        stated = {} if newest is None else newest.results
        results = {
            each: (Fraction(value), Fraction(u)) for each, (value, u) in stated.items() if each != "treo"
        }
        if results:
            yield from (replace(found, past=True) for found in _contradicted(case, lot, results, ""))


def _stands(books: Books, assay: AssayRecord) -> bool:
    events = books.group(EventRecord, "entry", assay.entry_index)
    return any(each.position == assay.position and each.state == "booked" for each in events)


def _contradicted(
    case: Case, lot: LotRecord, results: Mapping[str, tuple[Fraction, Fraction]], pointer: str
) -> Iterator[Notice]:
    if not lot.cells:
        return
    measured = {element: value for element, (value, _) in results.items()}
    product = case.recording.policy.catalogue.product(lot.product)
    fault = None
    if product is not None and product.hs_code:
        fault = hs_fault(product.hs_code, product.form, measured)
    apart = _apart(case, fractions_of(lot), results)
    if fault is not None or apart:
        yield notice(
            case,
            "hs.mismatch",
            f"the assay of {lot.lot} contradicts its product: {fault or listed(apart)}",
            "Correct the product or the composition of the lot, or have it assayed again.",
            subject=f"lot:{lot.lot}",
            pointer=pointer,
            product=lot.product,
            elements=apart,
        )


def _apart(
    case: Case, declared: Mapping[str, Fraction], results: Mapping[str, tuple[Fraction, Fraction]]
) -> dict[str, dict[str, Fraction]]:
    """Elements whose measured share is not the declared one, beyond both sides' uncertainty."""
    limits = case.recording.policy.thresholds
    found = {}
    for element, (value, uncertainty) in sorted(results.items()):
        share = declared.get(element, Fraction(0))
        largest = max(share, value)
        if not largest:
            continue
        own = largest * Fraction(band_of(max(int(largest * 10**9), 1), 10**9), UNIT)
        apart = abs(value - share)
        variance = uncertainty**2 + own**2
        if apart > limits["assay.least_share"] and apart**2 > limits["assay.sigma"] ** 2 * variance:
            found[element] = {"declared": share, "measured": value}
    return found
