"""One event's journal: taking from holdings, crediting them, and the lines that say so.

Decides: how much a line takes where two scales never agree, and that nothing becomes negative. Every line
that takes from one account is met by lines that give to others; so the contained mass of an event sums to
zero, and at every index

    births = holdings + in transit + pools + exported + released + lost + differences + suspense

A *process* takes from the holdings of its inputs and gives to those of its outputs; what is left between them
is declared loss or difference.
"""

from collections.abc import Mapping
from fractions import Fraction

from ledger.books.context import Effect, Impossible, Recording
from ledger.findings import Finding
from ledger.movements.movement import Line, Movement
from ledger.records.books import Books
from ledger.records.cells import MOST_MG, element_masses
from ledger.records.lots import HoldingRecord, LotRecord, PostingRecord

NODE_SHIFT = 20


class Journal:
    """Books one event.

    Attributes:
        movement: What is booked.
        recording: Where.
        books: The books that change.
        position: The event's place in its statement.
        effect: What came of it so far.
    """

    def __init__(
        self, movement: Movement, recording: Recording, position: int, effect: Effect | None = None
    ) -> None:
        self.movement = movement
        self.recording = recording
        self.books: Books = recording.books
        self.position = position
        self.effect = Effect() if effect is None else effect

    def next_node(self) -> int:
        """A number in the graph for what is born now."""
        return (self.recording.index << NODE_SHIFT) + next(self.recording.places)

    def lot(self, line: Line) -> LotRecord:
        """The lot that a line names.

        Raises:
            Impossible: No lot has this name, or its birth was undone.
        """
        found = self.books.get(LotRecord, line.lot)
        if found is None or found.voided_at is not None:
            raise Impossible(
                Finding(
                    "lot.unknown",
                    f"no lot {line.lot} is in the books",
                    line.pointer,
                    "Record its birth first (extract, import, process, draw, opening), or correct its name.",
                    {"lot": line.lot},
                )
            )
        return found

    def source(self, line: Line, *, custodian: str, site: str, owner: str = "") -> HoldingRecord:
        """The holding that a line takes from.

        Args:
            line: The lot.
            custodian: Who has it.
            site: Where it is; "" where the event does not say, and then there must be only one place.
            owner: Whose it is; "" where the event does not say, and then there must be only one owner.

        Raises:
            Impossible: ``custody.not-holder``: the custodian has none of it there. Said alike of what others
                have and of what is not there, so that nobody can try out names.
        """
        held = [
            holding
            for holding in self.books.group(HoldingRecord, "lot", line.lot)
            if holding.custodian == custodian
            and (not site or holding.site == site)
            and (not owner or holding.owner == owner)
            and (holding.mass_mg > 0 or self.recording.correcting)
        ]
        if not held:
            raise Impossible(
                Finding(
                    "custody.not-holder",
                    f"{custodian} has nothing of {line.lot}" + (f" at {site}" if site else ""),
                    line.pointer,
                    "Record first how it came there (its birth, a receipt), or correct lot, owner or site.",
                    {"lot": line.lot, "custodian": custodian, "site": site, "owner": owner},
                )
            )
        if len(held) > 1:
            own = [holding for holding in held if holding.owner == custodian]
            if owner or len(own) != 1 or not site:
                raise Impossible(
                    Finding(
                        "custody.ambiguous",
                        f"{custodian} holds {line.lot} for several owners or at several sites",
                        line.pointer,
                        "State the owning party in sourceList, and the site as bizLocation.",
                        {"owners": [h.owner for h in held], "sites": [h.site for h in held]},
                    )
                )
            held = own
        return held[0]

    def amount(
        self, line: Line, available_mg: int, where: str, *, judged_later: bool = False, stays_mg: int = 0
    ) -> int:
        """How much of what is available a line takes.

        A movement of the whole takes all book mass, whatever the scale says; so does an excess of up to
        ``whole.excess_share`` that empties it.

        Args:
            line: What is taken.
            available_mg: What is there.
            where: Where it is taken from, in words.
            judged_later: Whether ``corrections.check`` will judge what is left there: then more may be taken.
            stays_mg: How much of it a movement of the whole leaves.

        Raises:
            Impossible: ``balance.overdrawn``: it takes more than there is.
        """
        stated = line.mass_mg
        if available_mg > 0 or judged_later:
            if stated is None or self.movement.whole:
                if stated is not None:
                    self.effect.whole_excess_mg += stated - (available_mg - stays_mg)
                return available_mg - stays_mg
            if stated <= available_mg or judged_later:
                return stated
            allowed = self.recording.policy.thresholds["whole.excess_share"]
            if stated - available_mg <= available_mg * allowed:
                self.effect.whole_excess_mg += stated - available_mg
                return available_mg
        raise Impossible(
            Finding(
                "balance.overdrawn",
                f"{stated} mg of {line.lot} are taken {where}, where {available_mg} mg are left",
                line.pointer,
                "Correct the mass, record what came in before, or state ree:whole to take all that is left.",
                {"lot": line.lot, "taken_mg": stated, "available_mg": available_mg},
            )
        )

    def take(self, line: Line, *, custodian: str, site: str, owner: str = "") -> tuple[LotRecord, int]:
        """Takes from a holding and posts it; gives the lot and how much of its mass.

        Raises:
            Impossible: The lot is unknown, somebody else has it, or there is not so much.
        """
        return self.take_from(line, self.source(line, custodian=custodian, site=site, owner=owner))

    def take_from(self, line: Line, holding: HoldingRecord, *, stays_mg: int = 0) -> tuple[LotRecord, int]:
        """As ``take``, from a holding that ``source`` found.

        Args:
            line: What is taken.
            holding: Where from.
            stays_mg: How much of it a movement of the whole leaves.

        Raises:
            Impossible: The lot is unknown, or there is not so much.
        """
        lot = self.lot(line)
        where = f"from {holding.custodian} at {holding.site}"
        mass_mg = self.amount(
            line, holding.mass_mg, where, judged_later=self.recording.correcting, stays_mg=stays_mg
        )
        if lot.instance and mass_mg != lot.mass_mg:
            raise Impossible(
                Finding(
                    "lot.indivisible",
                    f"{lot.lot} is one thing of {lot.mass_mg} mg and moves whole",
                    line.pointer,
                    "State its whole mass, or no mass.",
                    {"lot": lot.lot, "mass_mg": lot.mass_mg},
                )
            )
        self.change_holding(holding, -mass_mg)
        return lot, mass_mg

    def change_holding(
        self, holding: HoldingRecord, mass_mg: int, provisional_mg: int = 0, *, reference: str = ""
    ) -> None:
        """Adds to a holding, or takes from it, and posts the line.

        What is taken comes first from what is not provisional.

        Raises:
            Impossible: It would become negative, and no correction is under way.
        """
        left = holding.mass_mg + mass_mg
        if left < 0 and not self.recording.correcting:
            raise Impossible(
                Finding(
                    "balance.overdrawn",
                    f"{holding.custodian} would hold {left} mg of {holding.lot} at {holding.site}",
                    self.movement.pointer,
                    "Record what came in before, or correct the mass.",
                    {"lot": holding.lot, "left_mg": left},
                )
            )
        if left > MOST_MG:
            raise Impossible(
                Finding(
                    "balance.too-much",
                    f"{holding.custodian} would hold {left} mg of {holding.lot}",
                    self.movement.pointer,
                    "Correct the mass: no lot is so heavy.",
                    {"lot": holding.lot, "held_mg": left},
                )
            )
        if self.recording.correcting:
            self.recording.unchecked.add((holding.lot, holding.owner, holding.custodian, holding.site))
        awaited = min(holding.provisional_mg + provisional_mg, max(left, 0))
        self.books.put(
            HoldingRecord(
                lot=holding.lot,
                owner=holding.owner,
                custodian=holding.custodian,
                site=holding.site,
                mass_mg=left,
                provisional_mg=awaited,
                since_us=holding.since_us,
                changed_at=self.recording.index,
            )
        )
        self.post(
            "holding",
            lot=holding.lot,
            mass_mg=mass_mg,
            owner=holding.owner,
            custodian=holding.custodian,
            site=holding.site,
            reference=reference,
        )

    def give(
        self,
        lot: str,
        mass_mg: int,
        *,
        owner: str,
        custodian: str,
        site: str,
        provisional_mg: int = 0,
        reference: str = "",
    ) -> None:
        """Credits a holding, which begins with it where there was none."""
        holding = self.books.get(HoldingRecord, lot, owner, custodian, site)
        if holding is None:
            since = self.movement.event_time_us
            holding = HoldingRecord(lot, owner, custodian, site, 0, 0, since, self.recording.index)
        self.change_holding(holding, mass_mg, provisional_mg, reference=reference)

    def post(
        self,
        account: str,
        *,
        custodian: str,
        lot: str = "",
        mass_mg: int = 0,
        contained: Mapping[str, Fraction | int] | None = None,
        owner: str = "",
        site: str = "",
        pool: str = "",
        reference: str = "",
    ) -> None:
        """Writes a line. Either a share of a lot, or what is contained; zero lines are left out.

        Args:
            account: Where it is posted.
            custodian: In whose balance it counts: who has the goods, and not who signs for them.
            lot, mass_mg: A share of a lot.
            contained: REO by element, where it is no share of a lot.
            owner: Whose it is, where one is known.
            site: Where; the movement's site where it is left out.
            pool: The pool that it belongs to.
            reference: As in ``PostingRecord``.

        Raises:
            Impossible: ``balance.too-fine``, or a lot comes back from abroad that never went there.
        """
        stated: dict[str, str] = {}
        if contained:
            stated = self._as_text(contained)
        if not mass_mg and not stated:
            return
        postings, movement = self.effect.postings, self.movement
        posting = PostingRecord(  # by position, for a movement makes several
            self.recording.index,
            self.position,
            len(postings),
            account,
            lot,
            pool,
            owner,
            custodian,
            site or movement.site,
            movement.event_time_us,
            mass_mg,
            stated,
            reference,
        )
        postings.append(posting)
        self.books.add(posting)
        if account == "exported" and mass_mg < 0:
            self._check_abroad(lot)

    def _as_text(self, contained: Mapping[str, Fraction | int]) -> dict[str, str]:
        """What is contained as a line holds it, without zeros.

        Raises:
            Impossible: ``balance.too-fine``: nobody reads or writes a number of more than 4,300 digits.
        """
        try:
            return {element: str(mass) for element, mass in sorted(contained.items()) if mass}
        except ValueError as error:
            raise too_fine(self.movement) from error

    def _check_abroad(self, lot: str) -> None:
        """No more of a lot comes back from abroad, or never left, than went there.

        Raises:
            Impossible: ``lot.not-abroad``, unless a correction is under way, which is judged at its end.
        """
        if self.recording.correcting:
            self.recording.unchecked.add(("abroad", lot))
            return
        mass_mg = abroad_mg(self.books, lot)
        if mass_mg < 0:
            raise Impossible(
                Finding(
                    "lot.not-abroad",
                    f"{-mass_mg} mg of {lot} came back from abroad already",
                    self.movement.pointer,
                    "Correct first the import by which it came back.",
                    {"lot": lot, "left_mg": mass_mg},
                )
            )

    def bear(self, lot: LotRecord, *, owner: str, custodian: str, from_outside: bool) -> None:
        """Puts a lot into the books and its whole mass into a holding at its site.

        Args:
            lot: The new lot. Whether its name is free, and whether it is a late birth, was decided before.
            owner: Whose it is.
            custodian: Who has it.
            from_outside: Whether it comes into the books now (opening, extract, import) rather than out of
                other lots or a pool, which were taken from.
        """
        self.books.put(lot)
        if from_outside:
            self.post("birth", lot=lot.lot, mass_mg=-lot.mass_mg, custodian=custodian, reference=lot.birth)
        self.give(lot.lot, lot.mass_mg, owner=owner, custodian=custodian, site=lot.site)
        self.effect.born.append(lot)


def too_fine(movement: Movement) -> Impossible:
    """The refusal of shares that add up to a fraction of thousands of digits."""
    return Impossible(
        Finding(
            "balance.too-fine",
            "parts of so many lots add up to a fraction of thousands of digits",
            movement.pointer,
            "Record several movements with fewer lots each, or take whole lots, which add up evenly.",
            {"lots": len(movement.inputs)},
        )
    )


def abroad_mg(books: Books, lot: str) -> int:
    """How much of a lot was exported and did not come back."""
    return sum(
        posting.mass_mg for posting in books.group(PostingRecord, "lot", lot) if posting.account == "exported"
    )


def contained(lot: LotRecord, mass_mg: int) -> dict[str, Fraction]:
    """REO by element in a share of a lot, exactly, in mg."""
    sums = element_masses(lot.cells)
    if mass_mg == lot.mass_mg:
        return {element: Fraction(cell_mg) for element, cell_mg in sums.items()}
    return {element: Fraction(cell_mg * mass_mg, lot.mass_mg) for element, cell_mg in sums.items()}


def posted(posting: PostingRecord, lot: LotRecord | None) -> dict[str, Fraction]:
    """REO by element that a line moves, exactly, in mg."""
    if lot is not None and posting.lot:
        return contained(lot, posting.mass_mg)
    return {element: Fraction(text) for element, text in posting.contained.items()}
