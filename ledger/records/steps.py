"""Steps on the way of goods as the text that answers tell them in: members of a JSON object, without braces.

Decides: what is told of a lot or a pool's version on the way, under which names and in which order. A lot's
text is stored beside its record whenever that is written, for an answer tells thousands of steps and most of
its time would go into making them anew. What needs a step's parts reads them out of the text.
"""

import json
from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Final, Literal, NamedTuple

from ledger.clock import format_time_us
from ledger.records.lots import LotRecord

_BEFORE_MARK: Final = ',"tainted_by":'
UNTAINTED: Final = f"{_BEFORE_MARK}null"
"""How the text of a step ends that is no illegal product."""
_BEHIND_HEAD: Final = ',"node":'
"""What follows a step's name and kind; it stands nowhere before, since a quote within a name is escaped."""
_BEHIND_HEAD_UTF8: Final = _BEHIND_HEAD.encode()
_INDEX_UTF8: Final = b'"index":'
_BEHIND_PLACE_UTF8: Final = b',"event_time":'
"""What stands before and behind the event that made a step; nowhere in a name, as above."""


class Node(NamedTuple):
    """A lot or a pool version on the way; the fields are the members of its text, in their order.

    Attributes:
        name: The lot's or pool's id.
        kind: ``lot`` or ``pool``.
        node: Its number in the graph.
        version: Of a pool; 0 for a lot.
        change: How a lot was born, or what made the pool's version.
        entry_index, position: The event that made it; told as ``index`` and ``position``.
        event_time: As ``ledger.clock`` writes it.
        party: Who recorded it; of a pool its custodian.
        tainted_by: The entry that makes it illegal product; of a pool on its newest version alone, since the
            mark is of what the pool holds now.
    """

    name: str
    kind: Literal["lot", "pool"]
    node: int
    version: int
    change: str
    entry_index: int
    position: int
    event_time: str
    product: str
    stage: str
    party: str
    site: str
    mass_mg: int
    tainted_by: int | None


def tell(step: Node) -> str:
    """A step as its text."""
    quote = encode_basestring
    tainted_by = "null" if step.tainted_by is None else step.tainted_by
    return (
        f'{head(step.name, step.kind)}{_BEHIND_HEAD}{step.node},"version":{step.version},'
        f'"change":{quote(step.change)},"index":{step.entry_index},"position":{step.position},'
        f'"event_time":"{step.event_time}","product":{quote(step.product)},"stage":{quote(step.stage)},'
        f'"party":{quote(step.party)},"site":{quote(step.site)},"mass_mg":{step.mass_mg},'
        f'"tainted_by":{tainted_by}'
    )


def tell_lot(lot: LotRecord) -> str:
    """A lot as the text of its step."""
    return tell(
        Node(
            lot.lot,
            "lot",
            lot.node,
            0,
            lot.birth,
            lot.entry_index,
            lot.position,
            format_time_us(lot.event_time_us),
            lot.product,
            lot.stage,
            lot.producer,
            lot.site,
            lot.mass_mg,
            lot.tainted_by,
        )
    )


def head(name: str, kind: str) -> str:
    """How the text of every step of this name and kind begins."""
    return f'"name":{encode_basestring(name)},"kind":"{kind}"'


def behind_head(told: str) -> tuple[str, str]:
    """A step's text in two parts: its ``head``, and what comes after that."""
    begin, behind, rest = told.partition(_BEHIND_HEAD)
    return begin, behind + rest


def tell_until(told: str, at: int) -> str:
    """A step's text without a mark of illegal product that a later entry than ``at`` is the reason for."""
    step, _, mark = told.rpartition(_BEFORE_MARK)
    return f"{step}{UNTAINTED}" if mark != "null" and int(mark) > at else told


def heads(told: Iterable[bytes]) -> set[bytes]:
    """How some texts in UTF-8 begin; see ``head``."""
    return {text.partition(_BEHIND_HEAD_UTF8)[0] for text in told}


def place(entry_index: int, position: int) -> bytes:
    """An event as the texts of the steps that it made name it, in UTF-8."""
    return f'{entry_index},"position":{position}'.encode()


def places(told: Iterable[bytes]) -> set[bytes]:
    """The events that made the steps of some texts in UTF-8; see ``place``."""
    before = (text.partition(_BEHIND_PLACE_UTF8)[0] for text in told)
    return {text.partition(_INDEX_UTF8)[2] for text in before}


def read_steps(told: Iterable[str]) -> list[Node]:
    """The steps that some texts tell."""
    text = "},{".join(told)
    return [Node._make(step.values()) for step in json.loads(f"[{{{text}}}]")] if text else []
