"""A model of the books in plain dictionaries: who should have how much, decided without the fold's code.

It knows three firms, one pool, masses by lot and two elements. Every operation either changes the
dictionaries or raises ``Refused``; the caller keeps a copy. Masses in mg.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Event = dict[str, Any]


class Refused(Exception):
    """The model says that this cannot have happened."""


@dataclass
class Model:
    """What stands recorded.

    Attributes:
        hold: By (lot, firm).
        lots: ``mass``, ``comp`` (by element) and ``state`` (born, awaited, void) by lot.
        plans: Shipments, sent or not: ``sent`` (None before it is recorded), ``left``, ``weighed``,
            ``refused``, ``cancelled``, ``pairs`` (receipt -> what it moved, by which of both it was booked).
        receipts: ``plan``, ``w`` (weighed), ``final``, ``unsettled``, by event.
        events: What stands, by event.
        pool: By element.
        sums: By (account, lot).
    """

    hold: dict[tuple[str, str], int] = field(default_factory=dict)
    lots: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    pool: dict[str, int] = field(default_factory=dict)
    sums: dict[tuple[str, str], int] = field(default_factory=dict)

    def copy(self) -> "Model":
        return pickle.loads(pickle.dumps(self, pickle.HIGHEST_PROTOCOL))  # four times as fast as deepcopy

    # --- reading ---

    def has(self, lot: str, firm: str) -> int:
        return self.hold.get((lot, firm), 0)

    def transit(self) -> dict[str, int]:
        """What travels, by lot."""
        sums: dict[str, int] = {}
        for plan in self.plans.values():
            if plan["sent"] is not None and plan["left"]:
                sums[plan["lot"]] = sums.get(plan["lot"], 0) + plan["left"]
        return sums

    def suspense(self) -> dict[str, int]:
        """What was received and not sent, by lot."""
        sums: dict[str, int] = {}
        for receipt in self.receipts.values():
            if receipt["unsettled"]:
                lot = self.plans[receipt["plan"]]["lot"]
                sums[lot] = sums.get(lot, 0) - receipt["unsettled"]
        return sums

    def account(self, account: str) -> dict[str, int]:
        return {lot: mass for (name, lot), mass in self.sums.items() if name == account and mass}

    # --- changing ---

    def add(self, lot: str, firm: str, mass: int) -> None:
        self.hold[lot, firm] = self.has(lot, firm) + mass

    def post(self, account: str, lot: str, mass: int) -> None:
        self.sums[account, lot] = self.sums.get((account, lot), 0) + mass

    def take(self, lot: str, firm: str, mass: int, *, correcting: bool = False) -> int:
        """Takes from a firm as two scales allow: what exceeds the books by 1 % is the whole."""
        there = self.has(lot, firm)
        if lot not in self.lots or self.lots[lot]["state"] == "void":
            raise Refused("lot")
        if there <= 0 and not correcting:
            raise Refused("holder")
        if mass > there and not correcting:
            if mass - there > Fraction(there, 100):
                raise Refused("overdrawn")
            mass = there
        self.add(lot, firm, -mass)
        return mass

    def bear(self, event: str, lot: str, firm: str, mass: int, comp: Mapping[str, int]) -> None:
        found = self.lots.get(lot)
        if found is not None and found["state"] == "born":
            raise Refused("exists")
        self.lots[lot] = {"mass": mass, "comp": dict(comp), "state": "born", "event": event}
        self.add(lot, firm, mass)

    def end(self, account: str, lot: str, firm: str, mass: int, *, correcting: bool = False) -> int:
        mass = self.take(lot, firm, mass, correcting=correcting)
        self.post(account, lot, mass)
        return mass

    def adjust(self, lot: str, firm: str, counted: int) -> None:
        if lot not in self.lots or self.lots[lot]["state"] == "void":
            raise Refused("lot")
        if counted == self.has(lot, firm):
            raise Refused("nothing to do")
        self.hold[lot, firm] = counted

    # --- shipments ---

    def plan(self, name: str, lot: str, sender: str, receiver: str, mass: int) -> None:
        """A shipment that will be recorded some day."""
        self.plans[name] = {
            "lot": lot,
            "from": sender,
            "to": receiver,
            "mass": mass,
            "sent": None,
            "left": 0,
            "weighed": 0,
            "refused": 0,
            "cancelled": False,
            "pairs": {},
            "event": "",
        }

    def ship(self, event: str, name: str, *, correcting: bool = False) -> None:
        plan = self.plans[name]
        if plan["sent"] is not None:
            raise Refused("sent")
        sent = self.take(plan["lot"], plan["from"], plan["mass"], correcting=correcting)
        after = sum(pair["moved"] + pair["diff"] for pair in plan["pairs"].values()) + plan["refused"]
        if sent < after:
            raise Refused("received more")
        plan.update(sent=sent, left=sent - after, weighed=min(sent, after), event=event)
        self.settle(name)

    def settle(self, name: str) -> None:
        plan = self.plans[name]
        waiting = [
            (key, one) for key, one in self.receipts.items() if one["plan"] == name and one["unsettled"]
        ]
        if not waiting:
            return
        weighed = 0
        for key, receipt in waiting:
            part = min(receipt["unsettled"], plan["left"])
            if part:
                plan["pairs"][key] = {"early": True, "moved": part, "rest": 0, "diff": 0, "dropped": 0}
            plan["left"] -= part
            receipt["unsettled"] -= part
            weighed += part
        last = next((key for key, receipt in reversed(waiting) if receipt["final"]), None)
        excess = sum(receipt["unsettled"] for _, receipt in waiting)
        if last is not None and 0 < excess <= Fraction(plan["sent"], 100):
            self.drop(plan, waiting)
            weighed += excess
        elif last is not None and plan["left"]:
            rest = plan["left"]
            pair = plan["pairs"][last]
            if rest <= Fraction(plan["sent"], 100):
                pair["rest"] = rest
                self.add(plan["lot"], plan["to"], rest)
            else:
                pair["diff"] = rest
                self.post("difference", plan["lot"], rest)
            plan["left"] = 0
        plan["weighed"] += weighed

    def drop(self, plan: dict[str, Any], waiting: list[tuple[str, dict[str, Any]]]) -> None:
        """What final receipts weighed beyond what was sent was never there; what is gone is a difference."""
        for key, receipt in waiting:
            more = receipt["unsettled"]
            there = max(0, min(more, self.has(plan["lot"], plan["to"])))
            none = {"early": True, "moved": 0, "rest": 0, "diff": 0, "dropped": 0}
            pair = plan["pairs"].setdefault(key, none)
            pair.update(rest=-there, diff=there - more, dropped=more)
            self.add(plan["lot"], plan["to"], -there)
            self.post("difference", plan["lot"], there - more)
            receipt["unsettled"] = 0

    def unsettle(self, name: str, key: str) -> None:
        plan, pair = self.plans[name], self.plans[name]["pairs"].pop(key)
        self.add(plan["lot"], plan["to"], -pair["rest"])
        self.post("difference", plan["lot"], -pair["diff"])
        dropped = pair.get("dropped", 0)
        plan["left"] += pair["moved"] + pair["rest"] + pair["diff"] + dropped
        plan["weighed"] = max(0, plan["sent"] - plan["left"])
        self.receipts[key]["unsettled"] += pair["moved"] + dropped

    def receive(self, event: str, name: str, weighed: int, final: bool, comp: Mapping[str, int]) -> None:
        plan = self.plans[name]
        lot, firm = plan["lot"], plan["to"]
        if plan["sent"] is None:
            known = self.lots.get(lot)
            if known is None or known["state"] == "void":
                self.lots[lot] = {"mass": weighed, "comp": dict(comp), "state": "awaited"}
            self.receipts[event] = {"plan": name, "w": weighed, "final": final, "unsettled": weighed}
            self.add(lot, firm, weighed)
            return
        if plan["cancelled"] or plan["left"] <= 0:
            raise Refused("closed")
        moved, missing = min(weighed, plan["left"]), 0
        total = plan["weighed"] + weighed
        if final:
            missing = plan["left"] - moved
            if abs(plan["sent"] - total) <= Fraction(plan["sent"], 100):
                moved, missing = plan["left"], 0
        plan["left"] -= moved + missing
        plan["weighed"] = total
        plan["pairs"][event] = {"early": False, "moved": moved, "rest": 0, "diff": missing}
        self.receipts[event] = {"plan": name, "w": weighed, "final": final, "unsettled": 0}
        self.add(lot, firm, moved)
        self.post("difference", lot, missing)

    def unreceive(self, event: str) -> None:
        receipt = self.receipts.pop(event)
        plan = self.plans[receipt["plan"]]
        pair = plan["pairs"].get(event)
        if pair is not None and not pair["early"]:
            plan["pairs"].pop(event)
            self.add(plan["lot"], plan["to"], -pair["moved"])
            self.post("difference", plan["lot"], -pair["diff"])
            plan["left"] += pair["moved"] + pair["diff"]
            plan["weighed"] = max(0, plan["sent"] - plan["left"])
            return
        if pair is not None:
            self.receipts[event] = receipt
            self.unsettle(receipt["plan"], event)
            del self.receipts[event]
        self.add(plan["lot"], plan["to"], -receipt["w"])

    def cancel(self, name: str) -> None:
        plan = self.plans[name]
        if plan["sent"] is None or plan["cancelled"] or plan["left"] != plan["sent"]:
            raise Refused("not cancellable")
        plan.update(cancelled=True, left=0)
        self.add(plan["lot"], plan["from"], plan["sent"])

    def uncancel(self, name: str) -> None:
        plan = self.plans[name]
        plan.update(cancelled=False, left=plan["sent"])
        self.add(plan["lot"], plan["from"], -plan["sent"])

    def refuse(self, event: str, name: str, mass: int, back: str) -> None:
        plan = self.plans[name]
        if plan["sent"] is None or plan["cancelled"] or plan["left"] <= 0:
            raise Refused("closed")
        if mass > plan["left"]:
            if mass - plan["left"] > Fraction(plan["left"], 100):
                raise Refused("overdrawn")
            mass = plan["left"]
        plan["left"] -= mass
        plan["refused"] += mass
        plan["weighed"] += mass
        self.plan(back, plan["lot"], plan["to"], plan["from"], mass)
        self.plans[back].update(sent=mass, left=mass, event=event, refuses=name)

    def unrefuse(self, back: str) -> None:
        plan = self.plans[back]
        first = self.plans[plan["refuses"]]
        if plan["left"] != plan["sent"]:
            raise Refused("came back")
        first["left"] += plan["sent"]
        first["refused"] -= plan["sent"]
        first["weighed"] = max(0, first["sent"] - first["left"])
        del self.plans[back]

    def unship(self, name: str, *, replacing: bool = False) -> None:
        plan = self.plans[name]
        for key in [key for key, pair in plan["pairs"].items() if pair["early"]]:
            self.unsettle(name, key)
        if plan["cancelled"] or ((plan["pairs"] or plan["refused"]) and not replacing):
            raise Refused("received")
        self.add(plan["lot"], plan["from"], plan["sent"])
        plan.update(sent=None, left=0, weighed=0, event="")

    # --- pools ---

    def feed(self, lot: str, firm: str, mass: int, *, correcting: bool = False) -> dict[str, int]:
        mass = self.take(lot, firm, mass, correcting=correcting)
        found = self.lots[lot]
        fed = {element: part * mass // found["mass"] for element, part in found["comp"].items()}
        self.mix(fed, 1)
        return {"mass": mass, **fed}

    def mix(self, masses: Mapping[str, int], sign: int) -> None:
        for element in ("Nd", "Pr"):
            self.pool[element] = self.pool.get(element, 0) + sign * masses.get(element, 0)

    # --- corrections ---

    def settle_names(self) -> None:
        """A lot without a birth awaits it while it is held or unsettled, and has no place otherwise."""
        for name, lot in self.lots.items():
            held = any(mass for (other, _), mass in self.hold.items() if other == name)
            waiting = name in self.suspense()
            if lot["state"] in ("void", "awaited") and lot.pop("touched", False):
                lot["state"] = "awaited" if held or waiting else "void"

    def check(self) -> None:
        if any(mass < 0 for mass in self.hold.values()) or any(mass < 0 for mass in self.pool.values()):
            raise Refused("negative")

    def undo(self, event: str, *, replacing: bool = False) -> None:
        """Takes back what an event did; without ``replacing``, judges what is left."""
        said = self.events.pop(event)
        kind, lot, firm = said["kind"], said.get("lot", ""), said["by"]
        if kind == "extract":
            self.add(lot, firm, -said["mass"])
            self._unbear(lot)
        elif kind in ("lost", "released", "exported"):
            self.post(kind, lot, -said["mass"])
            self.add(lot, firm, said["mass"])
        elif kind == "process":
            self.add(said["out"], firm, -said["out_mass"])
            self._unbear(said["out"])
            self.add(lot, firm, said["mass"])
        elif kind == "feed":
            self.mix(said["fed"], -1)
            self.add(lot, firm, said["mass"])
        elif kind == "draw":
            self.add(said["out"], firm, -said["out_mass"])
            self._unbear(said["out"])
            self.mix({"Nd": said["out_mass"]}, 1)
        elif kind == "close":
            self.mix(said["delta"], -1)
        elif kind == "ship":
            self.unship(said["plan"], replacing=replacing)
        elif kind == "receive":
            lot = self.plans[said["plan"]]["lot"]
            self.unreceive(event)
            self.lots[lot]["touched"] = True
        elif kind == "cancel":
            self.uncancel(said["plan"])
        elif kind == "refuse":
            self.unrefuse(said["back"])
        if not replacing:
            self.check()
            self.settle_names()

    def _unbear(self, lot: str) -> None:
        self.lots[lot].update(state="void", touched=True)
