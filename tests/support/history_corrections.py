"""The other half of the machine of histories: what goes back, what is corrected, what is impossible."""

import random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.movements.movement import Line
from tests.support.books import START_US, born
from tests.support.history import FIRMS, NOBODY, PLANT, POOL, HistoryMachine, composition, percents, picks
from tests.support.model_books import Model, Refused

_KINDS = {"lost": "lose", "released": "release", "exported": "export"}
_REPLACED = ("extract", "lost", "feed", "ship")


class BooksMachine(HistoryMachine):
    """Every rule of a history."""

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

        lines = {plan["lot"]: None}
        self.attempt("cancel", plan["from"], change, lines=lines, shipment=plan["event"] or name, reason="r")

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


_CHOICES: dict[str, tuple[Any, ...]] = {
    "final": (True, False),
    "kind": ("lose", "destroy", "release", "export"),
    "percent of adjust": (0, 50, 100, 130),
    "percent of draw": (5, 30, 60, 100, 200),
    "percent of receive": (10, 50, 80, 99, 100),
    "percent of close": tuple(range(80, 101)),
    "percent of correct": tuple(range(50, 121)),
    "percent": tuple(range(1, 131)),
}


def tell(machine: BooksMachine, seed: int, steps: int) -> None:
    """Tells a history that only the seed chooses, without hypothesis' engine: ten times as fast."""
    dice = random.Random(seed)
    for _ in range(steps):
        able = [one for one in machine.rules if all(met(machine) for met in one.preconditions)]
        step = dice.choice(able)
        name = step.function.__name__
        step.function(machine, **{key: _argument(dice, name, key) for key in sorted(step.arguments)})
        machine.the_books_say_what_the_model_says()
    machine.teardown()


def _argument(dice: random.Random, step: str, name: str) -> Any:
    among = _CHOICES.get(f"{name} of {step}") or _CHOICES.get(name)
    if among is not None:
        return dice.choice(among)
    return round(1_000 * 2_000 ** dice.random()) if name == "mass" else dice.randrange(2**16)
