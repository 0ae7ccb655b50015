"""What a rule is: a code, a default, and a pure function from a case to findings.

Decides: how rules are found and what policy may change. docs/rules.md lists every rule with an example; a
test keeps both equal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from ledger.books.context import Effect, Recording
from ledger.findings import Finding
from ledger.movements.movement import KINDS, Movement

Action = Literal["reject", "flag", "off"]


@dataclass(slots=True)
class Case:
    """One movement with what it did to the books.

    Attributes:
        movement: What was recorded.
        recording: The entry, the policy, the registers and the books (after the movement).
        effect: What the movement did. Empty for rules that run before the books.
        actor: What ``noticing.actor_of`` found, once it was asked; "" before.
    """

    movement: Movement
    recording: Recording
    effect: Effect
    actor: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a rule noticed.

    Attributes:
        finding: Code, sentence, place, mend, evidence.
        subject: ``lot:<id>``, ``shipment:<consignor> <event id>``, ``pool:<id>``, ``site:<id>``, ...
        site: Where, or "" for the movement's own site.
        severe: Whether it is beyond the rule's refusal threshold, where it has two.
        taints: What becomes illegal product by it: lots, and ``node:<number>`` for a node of the graph.
        ongoing: It is about a fact that goes on: it opens no alert while one about it stands open. It refuses
            and taints all the same, so a rule gives it whether or not one does.
        past: It is about what was recorded before, so it refuses nothing: this movement is not at fault.
    """

    finding: Finding
    subject: str
    site: str = ""
    severe: bool = False
    taints: tuple[str, ...] = ()
    ongoing: bool = False
    past: bool = False


Judge = Callable[[Case], Iterator[Notice]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the rule set.

    Attributes:
        codes: The codes that it gives.
        movements: The kinds that it looks at.
        stage: ``before`` the books are changed (who may do this at all) or ``after`` (what came of it).
        action: The default of each of its codes.
        tell: Whether the submitter is told of a flag, by default.
        judge: Yields what it notices.
    """

    codes: tuple[str, ...]
    movements: tuple[str, ...]
    stage: Literal["before", "after"]
    action: Action
    tell: bool
    judge: Judge


RULES: Final[list[Rule]] = []


def rule(
    *codes: str,
    movements: tuple[str, ...] = KINDS,
    stage: Literal["before", "after"] = "after",
    action: Action = "flag",
    tell: bool = False,
) -> Callable[[Judge], Judge]:
    """Registers a rule under its codes.

    Args:
        codes: What its findings are called; documented in docs/rules.md.
        movements: The kinds of movement that it looks at.
        stage: When it runs.
        action: What happens unless policy says otherwise. A rule with a refusal threshold is ``flag`` and
            marks what lies beyond it ``severe``: that is refused unless policy says ``flag`` or ``off``.
        tell: Whether the submitter is told of a flag unless policy says otherwise.
    """

    def register(judge: Judge) -> Judge:
        RULES.append(Rule(codes, movements, stage, action, tell, judge))
        return judge

    return register
