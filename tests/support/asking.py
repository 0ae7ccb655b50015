"""Questions to the application for the access matrix, each with whom it is open to and what it may tell."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from ledger.movements import writing
from ledger.movements.writing import KG, LotContent, dump_document
from tests.support.everybody import CASE, INVOICE, LICENCE, TANK, UNIT, Everybody, Said

REGULATORS: Final = frozenset({"authority", "inspector"})
AUDITORS: Final = REGULATORS | {"auditor"}
SOUTH: Final = "urn:epc:id:pgln:9521005.00000"
"""The southern mine."""


@dataclass(frozen=True)
class Caller:
    """Who asks, and how.

    Attributes:
        name: As in ``doors.CALLERS``.
        mode: token or session.
        party: Its identifier; None for those that are not enrolled.
    """

    name: str
    mode: str
    party: str | None

    @property
    def known(self) -> bool:
        return self.party is not None


Who = Callable[[Caller], bool]


def anybody(_: Caller) -> bool:
    return True


def with_a_key(caller: Caller) -> bool:
    return caller.known


def in_session(caller: Caller) -> bool:
    return caller.known and caller.mode == "session"


def only(*parties: str) -> Who:
    """Regulators and these parties."""
    return lambda caller: caller.name in REGULATORS or caller.party in parties


def offices(names: frozenset[str]) -> Who:
    return lambda caller: caller.name in names


OCTETS: Final = {"Content-Type": "application/octet-stream"}
Tells = Callable[[Everybody, Caller], Iterable[str]]


def nothing(_: Everybody, __: Caller) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Ask:
    """One question.

    Attributes:
        query: The query's parameters.
        path: The path's parameters.
        headers: Of the request.
        body: What is posted; from the caller, where that makes a difference.
        who: To whom it is open.
        opens: Statuses of an answer to these.
        closed: The status for others that are known.
        tells: Names and masses that this answer may tell a caller although they are not its own, and why they
            may stands beside it.
    """

    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[Everybody, Caller], bytes] = b""
    who: Who = with_a_key
    opens: frozenset[int] = frozenset({200})
    closed: int = 403
    tells: Tells = nothing

    def __str__(self) -> str:
        return " ".join(filter(None, (urlencode(self.query), *map(str, self.path.values()))))


Row = Callable[[Everybody], Iterable[Ask]]


def plain(who: Who, *queries: Mapping[str, str], opens: int = 200, **members: Any) -> Row:
    """Open to these, whatever is asked of it; asked without parameters and with each of these."""
    asks = [Ask(query=query, who=who, opens=frozenset({opens}), **members) for query in ({}, *queries)]
    return lambda _: asks


PUBLIC: Final = anybody
KNOWN: Final = with_a_key


def every(*rows: Row) -> Row:
    return lambda crowd: itertools.chain.from_iterable(row(crowd) for row in rows)


def whose(*queries: Mapping[str, str]) -> Row:
    """A list of a party's things: its own to itself, all to regulators; with each of these queries."""

    def asks(crowd: Everybody) -> Iterator[Ask]:
        for query in queries or ({},):
            yield Ask(query=query)
            for each in crowd.parties.values():
                yield Ask(query={**query, "party": each.party}, who=only(each.party))

    return asks


def between(crowd: Everybody, **members: Any) -> Iterator[Ask]:
    """What lies between a seller and its customer: to the two."""
    customer = crowd.cast.members["plant"].party
    for each in crowd.parties.values():
        query = {"party": each.party, "customer": customer}
        yield Ask(query=query, who=only(each.party, customer), **members)


def own(*queries: Mapping[str, str]) -> Row:
    """One's own things, whatever is asked for: names of others find nothing and tell nothing."""
    return lambda _: [Ask(query=query) for query in queries]


def own_or_none(*queries: Mapping[str, str]) -> Row:
    """One's own things by a name that may be another's: not found then, as if it were nobody's."""
    return lambda _: [Ask(query=query, opens=frozenset({200, 404})) for query in queries]


def lots(whom: str = "handlers", tells: Tells = nothing, **more: str) -> Row:
    """Asked for every lot; open to those through whose hands it went, or to who made it.

    What is not in the books is refused alike, and a regulator is told that it is not there.
    """

    def asks(crowd: Everybody) -> Iterator[Ask]:
        for lot, (maker, handlers) in crowd.lots.items():
            who = only(*(handlers if whom == "handlers" else {maker}))
            yield Ask(query={"lot": lot, **more}, who=who, tells=tells)
        refused = {
            mark for each in crowd.refused for mark in each.marks if "lgtin" in mark
        } - crowd.lots.keys()
        for lot in refused:
            yield Ask(query={"lot": lot, **more}, who=only(), opens=frozenset({404}))

    return asks


def goods(**more: str) -> Row:
    """Asked for every lot, shipment, pool and unit."""

    def asks(crowd: Everybody) -> Iterator[Ask]:
        yield from lots(**more)(crowd)
        plant = crowd.cast.companies["plant"].party
        yield Ask(query={"pool": TANK, **more}, who=only(plant))
        yield Ask(query={"unit": UNIT, **more}, who=only(plant))
        for consignor, event, ends in crowd.shipments:
            yield Ask(query={"consignor": consignor, "shipment": event, **more}, who=only(*ends))

    return asks


def shipments(crowd: Everybody) -> Iterator[Ask]:
    for consignor, event, ends in crowd.shipments:
        yield Ask(query={"consignor": consignor, "shipment": event}, who=only(*ends))


def thinned(row: Row, step: int = 3) -> Row:
    """One of so many questions, for what differs from another row in form alone."""
    return lambda crowd: itertools.islice(row(crowd), 0, None, step)


def statements(crowd: Everybody) -> Iterator[Ask]:
    """A statement of each kind by each party: public ones to all, others to those whom they are for."""
    kinds: dict[tuple[str, str], Said] = {}
    for said in crowd.said:
        kinds.setdefault((said.issuer, said.kind), said)
    for said in kinds.values():
        readers = [each.party for each in crowd.parties.values() if crowd.may_read(said, each.party)]
        yield Ask(path={"hash": said.name}, who=anybody if said.public else only(*readers))
    for said in crowd.refused:
        yield Ask(path={"hash": said.name}, who=anybody, opens=frozenset({404}), closed=404)


def attachments(crowd: Everybody) -> Iterator[Ask]:
    """A file that a shipment names, to whom the shipment is; and one that nobody names."""
    said = _with_contract(crowd)
    readers = [each.party for each in crowd.parties.values() if crowd.may_read(said, each.party)]
    yield Ask(path={"sha256": crowd.contract_digest}, who=only(*readers), closed=404)
    yield Ask(path={"sha256": "0" * 64}, who=with_a_key, opens=frozenset({404}), closed=404)


def uploads(crowd: Everybody) -> Iterator[Ask]:
    """The same, to be sent by who signed the shipment alone."""
    common = {"body": crowd.contract, "headers": OCTETS, "closed": 404}
    signer = _with_contract(crowd).issuer
    yield Ask(path={"sha256": crowd.contract_digest}, who=lambda caller: caller.party == signer, **common)
    yield Ask(path={"sha256": "0" * 64}, who=with_a_key, opens=frozenset({404}), **common)


def _with_contract(crowd: Everybody) -> Said:
    (said,) = [each for each in crowd.movements if crowd.contract_digest in each.marks]
    return said


def journal(crowd: Everybody, caller: Caller) -> Iterable[str]:
    """Auditors see why something was refused: the lots it is about and their masses; not the statement."""
    if caller.name not in AUDITORS:
        return set()
    named = {mark for each in crowd.refused for mark in each.marks}
    about = [each for each in crowd.movements if not named.isdisjoint(each.marks & crowd.lots.keys())]
    masses = {mark for each in [*about, *crowd.refused] for mark in each.marks if mark.isdecimal()}
    return masses | {mark for mark in named if "lgtin" in mark}


def whole_lots(crowd: Everybody, caller: Caller) -> Iterable[str]:
    """A lot is described whole, as it was born, to everyone through whose hands some of it went."""
    return {crowd.born[lot] for lot, (_, handlers) in crowd.lots.items() if caller.party in handlers}


def regulators_of_lots(**more: str) -> Row:
    """Asked for every lot; open to regulators alone."""
    return lambda crowd: [
        Ask(query={"lot": lot, **more}, who=offices(REGULATORS)) for lot in sorted(crowd.lots)
    ]


def restricted(crowd: Everybody, _: Caller) -> Iterable[str]:
    """Whom goods may not go to is told to everyone who sends any."""
    return {"Example Arms Works", "https://arms.example/"}


def shipping(crowd: Everybody, caller: Caller) -> bytes:
    """Somebody says that it ships another's lot."""
    members = crowd.cast.members
    lot = members["plant"].lot(1, "PRND-01")
    event = writing.ship(
        [LotContent(lot, 7 * KG)],
        event_id="urn:uuid:probe-ship",
        at_us=crowd.site.clock.now_us() - 60_000_000,
        consignor=caller.party or "https://nobody.example/",
        consignee=members["importer"].party,
        site=members[caller.name if caller.name in members else "mine"].site(),
        site_to=members["importer"].site(),
    )
    signer = crowd.parties.get(caller.name, crowd.cast.stranger)
    document = writing.document([event], crowd.site.clock.now_us())
    return crowd.cast.sign(dump_document(document), signer)


def probed(crowd: Everybody, _: Caller) -> Iterable[str]:
    """What the caller's own statement says."""
    return {crowd.cast.members["plant"].lot(1, "PRND-01")}


def posted(body: Any, headers: Mapping[str, str], opens: int, **members: Any) -> Row:
    return lambda _: [Ask(body=body, headers=headers, who=anybody, opens=frozenset({opens}), **members)]


def keys_of(crowd: Everybody) -> Iterator[Ask]:
    yield from (Ask(path={"kid": each.signer.kid}, who=anybody) for each in crowd.parties.values())


def parties_of(crowd: Everybody) -> Iterator[Ask]:
    yield from (Ask(path={"party": each.party}, who=anybody) for each in crowd.parties.values())


def of_each(parameter: str) -> Row:
    """Public, and asked of every party."""
    return lambda crowd: (
        [Ask(query={parameter: each.party}, who=anybody) for each in crowd.parties.values()]
        + [Ask(who=anybody), Ask(query={"after": SOUTH}, who=anybody)]
    )


def searched(crowd: Everybody) -> Iterator[Ask]:
    """Everything that has an id, by its id, its beginning or its end; firms by a part of their names."""
    events = [event for _, event, _ in crowd.shipments]
    ends = [lot.rpartition(".")[2].lower() for lot in crowd.lots]
    for wanted in (
        *crowd.lots,
        *ends,
        *events,
        INVOICE,
        crowd.movements[0].name,
        TANK,
        UNIT,
        LICENCE,
        LICENCE[:-1],
        CASE,
        "urn:epc",
        "mine",
        "7",
    ):
        yield Ask(query={"q": wanted})


def indices(crowd: Everybody) -> Iterator[Ask]:
    """Every entry: its commitment is for all."""
    yield from (Ask(path={"index": str(place)}, who=anybody) for place in range(len(crowd.said) + 1))


def inclusion(crowd: Everybody) -> Iterator[Ask]:
    for said in [crowd.said[0], *crowd.movements[:3]]:
        yield Ask(query={"hash": said.name}, who=anybody)
    yield Ask(query={"index": "3"}, who=anybody)


def tile_paths(crowd: Everybody) -> Iterator[Ask]:
    yield Ask(path={"level": "0", "tile": f"000.p/{len(crowd.said) + 1}"}, who=anybody)


def bundle_paths(crowd: Everybody) -> Iterator[Ask]:
    yield Ask(path={"tile": f"000.p/{len(crowd.said) + 1}"}, who=anybody)
