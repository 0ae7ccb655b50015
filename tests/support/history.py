"""A machine that tells random histories of goods to some books and to a model in plain dictionaries.

Which books, a ``World`` says: in memory, or a database behind the write path. At every step the books accept
exactly what the model accepts, a refused statement changes nothing, and both say the same of who has what.
``tests.support.history_corrections`` adds what goes back and what is corrected.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledger.movements.movement import Movement
from tests.support.books import born
from tests.support.model_books import Model, Refused

FIRMS = ("urn:firm:a", "urn:firm:b", "urn:firm:c")
POOL = "urn:pool:1"
PLANT = "urn:firm:b"
NOBODY = "urn:firm:nobody"

picks = st.integers(0, 2**16)
masses = st.integers(1_000, 2_000_000)
percents = st.integers(1, 130)


def composition(mass: int) -> dict[str, int]:
    """What a lot of this mass contains: not a whole number of mg in every share of it."""
    return {"Nd": mass * 3 // 10 + 1, **({"Pr": mass // 10} if mass >= 10 else {})}


class World(Protocol):
    """Books that a history is told to."""

    def said(self, kind: str, lines: dict[str, int | None], by: str, **said: Any) -> Movement:
        """A movement in this world's words."""
        ...

    def record(self, moved: Movement, by: str, *, acceptable: bool) -> str:
        """Records a movement; says why it was refused, or "". One that is not acceptable changes nothing."""
        ...

    def adjust(self, lot: str, firm: str, counted_mg: int, *, acceptable: bool) -> str:
        """A regulator sets the one holding that a firm ever had of a lot; as ``record``."""
        ...

    def held(self) -> dict[tuple[str, str], int]:
        """Mass by (lot, custodian), without zeros."""
        ...

    def posted(self) -> dict[str, dict[str, int]]:
        """Sums of the journal's lines that move shares of lots: by account, by lot."""
        ...

    def pooled(self) -> dict[str, int]:
        """What the pool contains by element, without zeros."""
        ...

    def finish(self) -> None:
        """Checks what must hold at the end: conservation, no cycle, and that a replay gives the same."""
        ...


class HistoryMachine(RuleBasedStateMachine):
    """Births, ends, a pool, and shipments."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.model = Model()
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
        moved = self.world.said(kind, lines, by, event_id=event, **{"site": f"{by}/site", **said})
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
        why = self.world.record(moved, by, acceptable=accepted)
        assert accepted == (not why), f"{kind}: {why or 'accepted'}"
        if accepted:
            self.model = after

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        assert self.world.held() == {key: mass for key, mass in self.model.hold.items() if mass}
        sums = self.world.posted()
        expected = {
            "transit": self.model.transit(),
            "suspense": self.model.suspense(),
            **{name: self.model.account(name) for name in ("lost", "released", "exported", "difference")},
        }
        for account, lots in expected.items():
            found = {lot: mass for lot, mass in sums.get(account, {}).items() if mass}
            assert found == lots, account
        assert self.world.pooled() == {element: mass for element, mass in self.model.pool.items() if mass}

    def teardown(self) -> None:
        self.world.finish()

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
    @rule(choice=picks, percent=st.sampled_from([0, 50, 100, 130]))
    def adjust(self, choice: int, percent: int) -> None:
        """What is counted in a holding, also where nothing is left; 7 mg more than that share of it."""
        lot, firm = self.pick(choice, list(self.model.hold))
        counted, after = self.model.has(lot, firm) * percent // 100 + choice % 2 * 7, self.model.copy()
        try:
            after.adjust(lot, firm, counted)
        except Refused:
            assert self.world.adjust(lot, firm, counted, acceptable=False)
            return
        assert self.world.adjust(lot, firm, counted, acceptable=True) == ""
        self.model = after

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
