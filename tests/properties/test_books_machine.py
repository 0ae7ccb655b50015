"""Random histories of goods against a model in plain dictionaries.

Thousands of histories, valid and invalid: late filing, receipts before shipments and before births, partial
deliveries, refusals, returns, cancellations, pools, and corrections of all of it. At every step the books
accept exactly what the model accepts, a refused statement changes nothing, nothing is negative, and what an
event books sums to zero; at the end of each history the conservation identity holds over everything, the
graph has no cycle, and the same movements recorded again give the same books.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledger.books.apply import apply_movement
from ledger.books.context import Effect, Impossible
from ledger.movements.movement import Line, Movement
from ledger.records.books import Books
from ledger.records.lots import HoldingRecord, PoolRecord, PostingRecord
from tests.support.books import START_US, born, check_acyclic, check_identity, imbalance
from tests.support.model_books import Model, Refused
from tests.support.yard import Yard, everything

FIRMS = ("urn:firm:a", "urn:firm:b", "urn:firm:c")
POOL = "urn:pool:1"
PLANT = "urn:firm:b"
NOBODY = "urn:firm:nobody"
HISTORIES = 100
"""In each batch of those that hypothesis does not choose."""

picks = st.integers(0, 2**16)
masses = st.integers(1_000, 2_000_000)
percents = st.integers(1, 130)


def composition(mass: int) -> dict[str, int]:
    """What a lot of this mass contains: not a whole number of mg in every share of it."""
    return {"Nd": mass * 3 // 10 + 1, "Pr": mass // 10 + 1}


@dataclass(frozen=True)
class Said:
    """A movement with its signer: what a replay needs."""

    moved: Movement
    by: str


class BooksMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.yard = Yard()
        self.model = Model()
        self.recorded: list[Said] = []
        self.names = 0

    # --- the two worlds ---

    def name(self, what: str) -> str:
        self.names += 1
        return f"urn:{what}:{self.names}"

    def pick(self, choice: int, among: list[Any]) -> Any:
        return sorted(among, key=repr)[choice % len(among)]

    def attempt(
        self, kind: str, by: str, change: Callable[[Model, str], Mapping[str, Any] | None], **said: Any
    ) -> None:
        """Records a movement in the books and in the model; both accept it, or neither."""
        event = said.pop("event_id", None) or self.name("event")
        lines = said.pop("lines", {})
        moved = self.yard.said(kind, lines, by, event_id=event, **{"site": f"{by}/site", **said})
        after = self.model.copy()
        accepted = True
        try:
            facts = change(after, event)
            if moved.corrects:
                after.check()
                after.settle_names()
            if facts is not None:
                after.events[event] = {"by": by, **facts}
        except Refused:
            accepted = False
        books = self.yard.books
        before = [] if accepted else everything(books)
        books.begin()
        recording = self.yard.recording(by)
        effect: Effect | None = None
        why = ""
        try:
            effect = apply_movement(moved, recording, 0)
        except Impossible as error:
            why = str(error)
            books.rollback()
        assert accepted == (effect is not None), f"{kind}: {why or 'accepted'}"
        if effect is None:
            assert everything(books) == before
            return
        books.commit()
        assert not recording.correcting
        self.yard.index += 1
        self.recorded.append(Said(moved, by))
        self.model = after
        self.judge(effect)

    def judge(self, effect: Effect) -> None:
        """What must hold after an event: its lines sum to zero, and what it touched is not negative."""
        books = self.yard.books
        assert imbalance(effect, books) == {}
        for line in effect.postings:
            if line.account == "holding":
                found = books.get(HoldingRecord, line.lot, line.owner, line.custodian, line.site)
                assert found is not None
                assert 0 <= found.provisional_mg <= found.mass_mg
            elif line.account == "pool":
                pool = books.get(PoolRecord, line.pool)
                assert pool is not None
                assert all(mass > 0 for mass in (*pool.cells.values(), *pool.owners.values()))

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        books = self.yard.books
        held: dict[tuple[str, str], int] = {}
        for holding in books.records(HoldingRecord):
            if holding.mass_mg:
                key = (holding.lot, holding.custodian)
                held[key] = held.get(key, 0) + holding.mass_mg
        assert held == {key: mass for key, mass in self.model.hold.items() if mass}
        sums: dict[str, dict[str, int]] = {}
        for line in books.records(PostingRecord):
            if line.lot:
                lots = sums.setdefault(line.account, {})
                lots[line.lot] = lots.get(line.lot, 0) + line.mass_mg
        expected = {
            "transit": self.model.transit(),
            "suspense": self.model.suspense(),
            **{name: self.model.account(name) for name in ("lost", "released", "exported", "difference")},
        }
        for account, lots in expected.items():
            found = {lot: mass for lot, mass in sums.get(account, {}).items() if mass}
            assert found == lots, account
        pool = books.get(PoolRecord, POOL)
        contained: dict[str, int] = {}
        for (element, _, _), mass in (pool.cells if pool else {}).items():
            contained[element] = contained.get(element, 0) + mass
        assert contained == {element: mass for element, mass in self.model.pool.items() if mass}

    def teardown(self) -> None:
        check_identity(self.yard.books)
        check_acyclic(self.yard.books)
        again = Yard()
        for said in self.recorded:
            apply_movement(said.moved, again.recording(said.by), 0)
            again.index += 1
        assert everything(again.books) == everything(self.yard.books)
        assert isinstance(again.books, Books)

    # --- births and ends ---

    @precondition(lambda self: len(self.model.lots) < 5)
    @rule(choice=picks, mass=masses)
    def extract(self, choice: int, mass: int) -> None:
        by, lot = FIRMS[choice % 3], self.name("lot")
        self.bear("extract", by, lot, mass)

    def bear(self, kind: str, by: str, lot: str, mass: int, **said: Any) -> None:
        comp = composition(mass)

        def change(model: Model, event: str) -> dict[str, Any]:
            model.bear(event, lot, by, mass, comp)
            return {"kind": "extract", "lot": lot, "mass": mass}

        self.attempt(kind, by, change, outputs=(born(lot, mass, comp),), **said)

    @precondition(lambda self: self.model.lots)
    @rule(choice=picks, percent=percents)
    def bear_what_is_named_already(self, choice: int, percent: int) -> None:
        """A late birth where the lot was received before; a name that is taken, or free again, otherwise."""
        lot = self.pick(choice, list(self.model.lots))
        mass = max(1, self.model.lots[lot]["mass"] * percent // 50)
        self.bear("extract", FIRMS[choice % 3], lot, mass)

    @precondition(lambda self: self.model.hold)
    @rule(choice=picks, percent=percents, kind=st.sampled_from(["lose", "destroy", "release", "export"]))
    def end(self, choice: int, percent: int, kind: str) -> None:
        lot, by = self.pick(choice, list(self.model.hold))
        mass = max(1, self.model.has(lot, by) * percent // 100)
        account = {"release": "released", "export": "exported"}.get(kind, "lost")

        def change(model: Model, event: str) -> dict[str, Any]:
            return {"kind": account, "lot": lot, "mass": model.end(account, lot, by, mass), "word": kind}

        self.attempt(kind, by, change, lines={lot: mass}, custodian_to=NOBODY, reason="r")

    @precondition(lambda self: self.model.hold)
    @rule(choice=picks, percent=percents)
    def process(self, choice: int, percent: int) -> None:
        lot, by = self.pick(choice, list(self.model.hold))
        mass = max(1, self.model.has(lot, by) * percent // 100)
        out, out_mass = self.name("lot"), max(1, mass // 4)

        def change(model: Model, event: str) -> dict[str, Any]:
            taken = model.take(lot, by, mass)
            model.bear(event, out, by, out_mass, {"Nd": out_mass})
            return {"kind": "process", "lot": lot, "mass": taken, "out": out, "out_mass": out_mass}

        outputs = (born(out, out_mass, {"Nd": out_mass}),)
        self.attempt("process", by, change, lines={lot: mass}, outputs=outputs, process="p")

    # --- the pool ---

    @precondition(lambda self: any(firm == PLANT for _, firm in self.model.hold))
    @rule(choice=picks, percent=percents)
    def feed(self, choice: int, percent: int) -> None:
        lot, _ = self.pick(choice, [key for key in self.model.hold if key[1] == PLANT])
        mass = max(1, self.model.has(lot, PLANT) * percent // 100)

        def change(model: Model, event: str) -> dict[str, Any]:
            fed = model.feed(lot, PLANT, mass)
            return {"kind": "feed", "lot": lot, "mass": fed.pop("mass"), "fed": fed}

        self.attempt("feed", PLANT, change, lines={lot: mass}, pool=POOL, process="sx")

    @precondition(lambda self: self.model.pool.get("Nd", 0) > 100)
    @rule(percent=st.sampled_from([5, 30, 60, 100, 200]))
    def draw(self, percent: int) -> None:
        out, mass = self.name("lot"), self.model.pool["Nd"] * percent // 100

        def change(model: Model, event: str) -> dict[str, Any]:
            if mass > model.pool["Nd"]:
                raise Refused("pool")
            model.mix({"Nd": mass}, -1)
            model.bear(event, out, PLANT, mass, {"Nd": mass})
            return {"kind": "draw", "out": out, "out_mass": mass}

        outputs = (born(out, mass, {"Nd": mass}),)
        self.attempt("draw", PLANT, change, outputs=outputs, pool=POOL, process="sx")

    @precondition(lambda self: self.model.pool)
    @rule(percent=st.integers(80, 100))
    def close(self, percent: int) -> None:
        measured = {element: mass * percent // 100 for element, mass in self.model.pool.items()}

        def change(model: Model, event: str) -> dict[str, Any]:
            delta = {element: measured[element] - mass for element, mass in model.pool.items()}
            model.mix(delta, 1)
            return {"kind": "close", "delta": delta}

        self.attempt("close", PLANT, change, pool=POOL, measured_mg=measured)

    # --- shipments ---

    @rule(choice=picks, percent=percents, other=picks, mass=masses)
    def agree(self, choice: int, percent: int, other: int, mass: int) -> None:
        """Two firms agree on a shipment; goods that the ledger does not know yet, too."""
        known = [key for key, there in self.model.hold.items() if there]
        if known and choice % 5:
            lot, sender = self.pick(choice, known)
            mass = max(1, self.model.has(lot, sender) * percent // 100)
        else:
            lot, sender = self.name("lot"), FIRMS[choice % 3]
        receiver = self.pick(other, [firm for firm in FIRMS if firm != sender])
        name = self.name("advice")
        self.model.plan(name, lot, sender, receiver, mass)
        if other % 4:
            self.send(name)
        else:
            self.arrive(name, (10, 50, 99, 100)[choice % 4], final=bool(choice % 2))

    @precondition(lambda self: any(plan["sent"] is None for plan in self.model.plans.values()))
    @rule(choice=picks)
    def ship(self, choice: int) -> None:
        plans = self.model.plans
        open_ = [name for name, plan in plans.items() if plan["sent"] is None]
        there = [name for name in open_ if self.model.has(plans[name]["lot"], plans[name]["from"])]
        self.send(self.pick(choice, there if there and choice % 5 else open_))

    def send(self, name: str) -> None:
        plan = self.model.plans[name]

        def change(model: Model, event: str) -> dict[str, Any]:
            model.ship(event, name)
            return {"kind": "ship", "plan": name}

        self.attempt(
            "ship",
            plan["from"],
            change,
            lines={plan["lot"]: plan["mass"]},
            custodian_to=plan["to"],
            owner_to=plan["to"],
            despatch_advice=name,
        )

    @precondition(lambda self: self.model.plans)
    @rule(choice=picks, percent=st.sampled_from([10, 50, 80, 99, 100]), final=st.booleans(), stranger=picks)
    def receive(self, choice: int, percent: int, final: bool, stranger: int) -> None:
        plans = self.model.plans
        coming = [name for name, plan in plans.items() if plan["left"]]
        expected = [name for name, plan in plans.items() if plan["sent"] is None]
        wanted = (coming if choice % 3 else expected) or coming or expected
        name = self.pick(choice, wanted if wanted and stranger % 7 else list(plans))
        self.arrive(name, percent, final=final, by_sender=stranger % 11 == 0)

    def arrive(self, name: str, percent: int, *, final: bool, by_sender: bool = False) -> None:
        plan = self.model.plans[name]
        if plan["sent"] is None:
            done = sum(one["w"] for one in self.model.receipts.values() if one["plan"] == name)
            weighed = (plan["mass"] - done) * percent // 100
            if weighed <= 0:
                return
        else:
            weighed = max(1, (plan["left"] or plan["sent"]) * percent // 100)
        by = plan["from"] if by_sender else plan["to"]
        comp = composition(weighed)

        def change(model: Model, event: str) -> dict[str, Any]:
            if by != plan["to"]:
                raise Refused("not consignee")
            model.receive(event, name, weighed, final, comp)
            return {"kind": "receive", "plan": name}

        if by != plan["to"] and plan["sent"] is None:
            return
        line = born(plan["lot"], weighed, comp)
        self.attempt(
            "receive",
            by,
            change,
            inputs=(line,),
            custodian_from=plan["from"],
            shipment=plan["event"] or name,
            final=final,
        )

    def sent(self, choice: int) -> str:
        """A shipment that is recorded; where there is none, or seldom, any."""
        plans = self.model.plans
        names = [name for name, plan in plans.items() if plan["left"]] or list(plans)
        return str(self.pick(choice, names if choice % 7 else list(plans)))

    @precondition(lambda self: self.model.plans)
    @rule(choice=picks)
    def cancel(self, choice: int) -> None:
        name = self.sent(choice)
        plan = self.model.plans[name]
        if "refuses" in plan:  # It would hold what another owns, which the model does not know.
            return

        def change(model: Model, event: str) -> dict[str, Any]:
            model.cancel(name)
            return {"kind": "cancel", "plan": name}

        self.attempt("cancel", plan["from"], change, shipment=plan["event"] or name, reason="r")

    @precondition(lambda self: self.model.plans)
    @rule(choice=picks, percent=percents)
    def refuse(self, choice: int, percent: int) -> None:
        name = self.sent(choice)
        plan, back = self.model.plans[name], self.name("back")
        mass = max(1, plan["left"] * percent // 100)
        if "refuses" in plan:
            return

        def change(model: Model, event: str) -> dict[str, Any]:
            model.refuse(event, name, mass, back)
            return {"kind": "refuse", "back": back}

        self.attempt(
            "refuse",
            plan["to"],
            change,
            lines={plan["lot"]: mass},
            shipment=plan["event"] or name,
            custodian_to=plan["from"],
        )

    @precondition(lambda self: any(plan["pairs"] for plan in self.model.plans.values()))
    @rule(choice=picks, percent=percents)
    def send_back(self, choice: int, percent: int) -> None:
        name = self.pick(choice, [name for name, plan in self.model.plans.items() if plan["pairs"]])
        plan, back = self.model.plans[name], self.name("advice")
        mass = max(1, self.model.has(plan["lot"], plan["to"]) * percent // 100)

        def change(model: Model, event: str) -> dict[str, Any]:
            model.plan(back, plan["lot"], plan["to"], plan["from"], mass)
            model.ship(event, back)
            return {"kind": "ship", "plan": back, "word": "return"}

        self.attempt(
            "return",
            plan["to"],
            change,
            lines={plan["lot"]: mass},
            shipment=plan["event"],
            custodian_to=plan["from"],
            owner_to=plan["from"],
        )

    # --- corrections ---

    def recorded_event(self, choice: int, kinds: list[str]) -> str:
        """An event of one of these kinds: every kind as often as the others, the newest ones more often."""
        kind = kinds[choice % len(kinds)]
        found = [name for name, one in self.model.events.items() if one["kind"] == kind]
        return found[-1 - choice // 16 % min(len(found), 4)]

    @precondition(lambda self: self.model.events)
    @rule(choice=picks)
    def did_not_occur(self, choice: int) -> None:
        event = self.recorded_event(choice, sorted({one["kind"] for one in self.model.events.values()}))
        said = self.model.events[event]

        def change(model: Model, _: str) -> None:
            model.undo(event)

        kind = said.get("word", _KINDS.get(said["kind"], said["kind"]))
        self.attempt(kind, said["by"], change, event_id=event, corrects=event, did_not_occur=True)

    @precondition(lambda self: any(one["kind"] in _REPLACED for one in self.model.events.values()))
    @rule(choice=picks, percent=st.integers(50, 120))
    def correct(self, choice: int, percent: int) -> None:
        kinds = {one["kind"] for one in self.model.events.values()}
        event = self.recorded_event(choice, sorted(kinds.intersection(_REPLACED)))
        said = self.model.events[event]
        getattr(self, f"_correct_{said['kind']}")(event, said, percent)

    def _correct_extract(self, event: str, said: dict[str, Any], percent: int) -> None:
        lot, by, mass = said["lot"], said["by"], max(1, said["mass"] * percent // 100)
        comp = composition(mass)

        def change(model: Model, new: str) -> dict[str, Any]:
            model.undo(event, replacing=True)
            model.bear(new, lot, by, mass, comp)
            return {"kind": "extract", "lot": lot, "mass": mass}

        self.attempt("extract", by, change, outputs=(born(lot, mass, comp),), corrects=event)

    def _correct_lost(self, event: str, said: dict[str, Any], percent: int) -> None:
        lot, by, mass = said["lot"], said["by"], max(1, said["mass"] * percent // 100)

        def change(model: Model, new: str) -> dict[str, Any]:
            model.undo(event, replacing=True)
            taken = model.end("lost", lot, by, mass, correcting=True)
            return {"kind": "lost", "lot": lot, "mass": taken, "word": said["word"]}

        self.attempt(said["word"], by, change, lines={lot: mass}, corrects=event, reason="r")

    def _correct_feed(self, event: str, said: dict[str, Any], percent: int) -> None:
        lot, mass = said["lot"], max(1, said["mass"] * percent // 100)

        def change(model: Model, new: str) -> dict[str, Any]:
            model.undo(event, replacing=True)
            fed = model.feed(lot, PLANT, mass, correcting=True)
            return {"kind": "feed", "lot": lot, "mass": fed.pop("mass"), "fed": fed}

        self.attempt("feed", PLANT, change, lines={lot: mass}, pool=POOL, process="sx", corrects=event)

    def _correct_ship(self, event: str, said: dict[str, Any], percent: int) -> None:
        plan = self.model.plans[said["plan"]]
        waiting = sum(one["w"] for one in self.model.receipts.values() if one["plan"] == said["plan"])
        mass = max(1, plan["mass"] * percent // 100, waiting + plan["refused"])
        ended = not plan["left"] and (
            plan["refused"] or any(not one["early"] for one in plan["pairs"].values())
        )
        if said.get("word") or plan["cancelled"] or ended:
            return

        def change(model: Model, new: str) -> dict[str, Any]:
            model.undo(event, replacing=True)
            model.plans[said["plan"]]["mass"] = mass
            model.ship(new, said["plan"], correcting=True)
            return {"kind": "ship", "plan": said["plan"]}

        self.attempt(
            "ship",
            said["by"],
            change,
            lines={plan["lot"]: mass},
            custodian_to=plan["to"],
            owner_to=plan["to"],
            despatch_advice=said["plan"],
            corrects=event,
        )

    @rule(choice=picks)
    def say_what_is_impossible(self, choice: int) -> None:
        """An event's name twice, a correction of nothing, goods that nobody has, a stranger's hand."""

        def change(model: Model, event: str) -> None:
            raise Refused("always")

        known = sorted(self.model.lots) or ["urn:lot:none"]
        lot = known[choice % len(known)]
        events = sorted(self.model.events) or ["urn:event:none"]
        tries: list[dict[str, Any]] = [
            {"kind": "lose", "by": NOBODY, "lines": {lot: 1}},
            {"kind": "lose", "by": NOBODY, "lines": {lot: 1}, "custodian_from": FIRMS[0]},
            {"kind": "ship", "by": FIRMS[1], "lines": {"urn:lot:never": 1}, "custodian_to": FIRMS[0]},
            {"kind": "lose", "by": NOBODY, "corrects": events[choice % len(events)], "did_not_occur": True},
            {"kind": "draw", "by": PLANT, "pool": "urn:pool:none", "outputs": (Line("urn:l", 5),)},
        ]
        if self.model.events:
            event = events[choice % len(events)]
            by = self.model.events[event]["by"]
            tries.append({"kind": "assay", "by": by, "event_id": event})
        said = tries[choice % len(tries)]
        self.attempt(said.pop("kind"), said.pop("by"), change, event_time_us=START_US, **said)


_KINDS = {"lost": "lose", "released": "release", "exported": "export"}
_REPLACED = ("extract", "lost", "feed", "ship")


class TestBooksHoldAgainstAModel(BooksMachine.TestCase):
    """Histories that hypothesis chooses, and shrinks where one fails."""

    settings = settings(max_examples=120, stateful_step_count=30, deadline=None)


_CHOICES: dict[str, tuple[Any, ...]] = {
    "final": (True, False),
    "kind": ("lose", "destroy", "release", "export"),
    "percent of draw": (5, 30, 60, 100, 200),
    "percent of receive": (10, 50, 80, 99, 100),
    "percent of close": tuple(range(80, 101)),
    "percent of correct": tuple(range(50, 121)),
    "percent": tuple(range(1, 131)),
}


def argument(dice: random.Random, step: str, name: str) -> Any:
    """What a rule is called with in a history that is not hypothesis'."""
    among = _CHOICES.get(f"{name} of {step}") or _CHOICES.get(name)
    if among is not None:
        return dice.choice(among)
    return round(1_000 * 2_000 ** dice.random()) if name == "mass" else dice.randrange(2**16)


@pytest.mark.parametrize("batch", range(10))
def test_a_hundred_histories(batch: int) -> None:
    """The same rules without hypothesis' engine, ten times as many histories in the same time."""
    for number in range(HISTORIES):
        dice = random.Random(batch * 10_000 + number)
        machine = BooksMachine()
        for _ in range(40):
            able = [one for one in machine.rules if all(met(machine) for met in one.preconditions)]
            step = dice.choice(able)
            name = step.function.__name__
            step.function(machine, **{key: argument(dice, name, key) for key in sorted(step.arguments)})
            machine.the_books_say_what_the_model_says()
        machine.teardown()
