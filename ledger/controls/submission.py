"""A statement with everything that can be said of it without the log.

Decides: what is wrong with a payload, its movements included, and which facts judging it needs. The same for
a statement that arrives and for one that a replay reads again; whoever calls has verified its signature.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.books.prefetch import Wanted, wanted_by
from ledger.controls.naming import prefix_candidates
from ledger.findings import Finding
from ledger.movements.corrections import corrected_ids
from ledger.movements.movement import Movement
from ledger.movements.reading import read_movements
from ledger.records.quick import quick
from ledger.statements.envelope import SignedStatement
from ledger.statements.payload import Payload, read_payload
from ledger.statements.registers import Names

MAX_FINDINGS: Final = 100
MAX_NAME_BYTES: Final = 512
"""Of a name in a movement: four of them make a key, which PostgreSQL takes up to some 2,700 bytes."""


@quick
@dataclass(frozen=True, slots=True)
class Foreseen:
    """What recording a statement's movements will look up, as far as these say it.

    Attributes:
        parties, sites, prefixes: In the registers.
        records: In the books.
    """

    parties: tuple[str, ...]
    sites: tuple[str, ...]
    prefixes: tuple[str, ...]
    records: Wanted


@quick
@dataclass(frozen=True, slots=True)
class Submission:
    """A statement whose signature verified.

    Attributes:
        statement: The parsed JWS.
        issuer: The party that owns its key.
        payload: What the payload says.
        findings: What is wrong with it as far as can be said without the log.
        movements: The movements among its events, in their order; none where there are findings.
        unmarked: (eventID, pointer) of events that declare an error and are no movements themselves: refused
            where such an event was booked as a movement.
        foreseen: What ``foresee`` gives, where somebody asked already; it is the same at any time.
    """

    statement: SignedStatement
    issuer: str
    payload: Payload
    findings: tuple[Finding, ...]
    movements: tuple[Movement, ...] = ()
    unmarked: tuple[tuple[str, str], ...] = ()
    foreseen: Foreseen | None = None

    def names(self) -> Names:
        """The facts that judging it needs."""
        names = Names(parties={self.issuer}, kids={self.statement.header.kid})
        if self.payload.act is not None:
            names.update(self.payload.act.names())
        return names

    def foresee(self) -> Foreseen:
        """What recording its movements will look up."""
        if self.foreseen is not None:
            return self.foreseen
        parties, sites, prefixes = {self.issuer}, set[str](), set[str]()
        for movement in self.movements:
            parties.update(
                (
                    movement.owner_from,
                    movement.owner_to,
                    movement.custodian_from,
                    movement.custodian_to,
                    movement.consignee,
                    movement.end_user,
                    movement.laboratory,
                    *movement.counterparties,
                )
            )
            sites.update((movement.site, movement.site_to, movement.origin))
            for named in (movement.pool, movement.parent, *[line.lot for line in movement.outputs]):
                if named:
                    prefixes.update(prefix_candidates(named))
        parties.discard("")
        sites.discard("")
        records = wanted_by([(self.issuer, movement) for movement in self.movements])
        return Foreseen(tuple(parties), tuple(sites), tuple(prefixes), records)

    def readers(self) -> list[str]:
        """The other parties that its movements name: they may read it."""
        named = {party for movement in self.movements for party in movement.counterparties}
        return sorted(named - {self.issuer, ""})


def read_submission(statement: SignedStatement, issuer: str, origin: str) -> Submission:
    """Reads the payload of a statement.

    Args:
        statement: A statement whose signature verified.
        issuer: The party that owns its key.
        origin: This log's origin.

    Raises:
        MalformedError: The payload is not JSON as it must be.
        TooLarge: The payload has more events than a statement may have.
    """
    header = statement.header
    findings: list[Finding] = []
    if header.aud != origin:
        findings.append(
            Finding(
                "audience.foreign",
                f"the statement was signed for the log {header.aud!r}, and this is {origin!r}",
                mend="Sign the payload again with this log's origin as aud.",
            )
        )
    payload = read_payload(header.cty, statement.payload)
    findings.extend(payload.findings)
    movements: tuple[Movement, ...] = ()
    if not payload.findings and payload.events:
        read, faults = read_movements(payload.events, issuer)
        faults = faults or [fault for movement in read for fault in _long_names(movement)]
        movements = tuple(read) if not faults else ()
        findings.extend(faults)
    if len(findings) > MAX_FINDINGS:
        left = len(findings) - MAX_FINDINGS + 1
        findings = findings[: MAX_FINDINGS - 1]
        findings.append(Finding("findings.more", f"{left} further findings are left out"))
    unmarked = () if findings else tuple(corrected_ids(payload.events))
    return Submission(statement, issuer, payload, tuple(findings), movements, unmarked)


def _long_names(movement: Movement) -> Iterator[Finding]:
    """Names that the books cannot keep as part of a key."""
    names = {
        movement.event_id,
        movement.site,
        movement.site_to,
        movement.owner_from,
        movement.owner_to,
        movement.custodian_from,
        movement.custodian_to,
        movement.consignee,
        movement.end_user if movement.technology else "",
        movement.shipment,
        movement.despatch_advice,
        movement.invoice,
        movement.licence,
        movement.declaration,
        movement.pool,
        movement.parent,
        movement.corrects,
        *movement.units,
        *movement.seals,
        *(line.lot for line in (*movement.inputs, *movement.outputs)),
    }
    if 4 * max(map(len, names)) <= MAX_NAME_BYTES:  # no character has more bytes
        return
    for name in sorted(name for name in names if len(name.encode()) > MAX_NAME_BYTES):
        yield Finding(
            "movement.name-long",
            f"the name that begins with {name[:60]!r} has {len(name.encode())} bytes, above {MAX_NAME_BYTES}",
            movement.pointer,
            "Give it a shorter name.",
        )
