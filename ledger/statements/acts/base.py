"""What every official act has in common: who may sign, judging, folding, and waiting for a second authority.

Decides: an act is judged whole and then applied whole, or stands pending where policy wants two authorities.
Never does I/O, and never reads the clock.

A new act is a module in this package with a schema and a subclass of ``Act``; see docs/acts.md.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from ledger.findings import Finding
from ledger.log.canonical import canonical_json
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.registers import Facts, Names, PendingRecord
from ledger.statements.standing import party_fault

ROLES: Final = (
    "miner",
    "separator",
    "smelter",
    "magnet_maker",
    "recycler",
    "trader",
    "exporter",
    "importer",
    "carrier",
    "warehouse",
    "reserve",
    "user",
    "laboratory",
    "auditor",
    "regulator",
    "customs",
    "tax",
    "operator",
    "authority",
)

ACTS: dict[str, type["Act"]] = {}


@dataclass(frozen=True, slots=True)
class ActContext:
    """The statement that carries an act, and where it stands in the log.

    Attributes:
        index: Index of the entry at which the act takes effect.
        recorded_at_us: That entry's time.
        issuer: The party that signed the act.
        kid: The key that it signed with.
        statement_hash: SHA-256 of the act's JWS.
        origin: This log's origin.
        first_index: Index of the entry of the act itself, where a later confirming entry puts it into effect;
            None where that is ``index``.
    """

    index: int
    recorded_at_us: int
    issuer: str
    kid: str
    statement_hash: bytes
    origin: str
    first_index: int | None = None

    @property
    def act_index(self) -> int:
        """Index of the entry of the act itself."""
        return self.index if self.first_index is None else self.first_index


@dataclass(frozen=True)
class Act(ABC):
    """An official act: read from a payload, judged against facts, folded into them.

    Attributes:
        name: The payload's ``act`` member.
        schema: Its other members. Each loads to the field of the same name.
        signers: A party with one of these roles may sign it.
        confirmable: Whether policy may want two authorities for it.
        source: The payload as read.
    """

    name: ClassVar[str]
    schema: ClassVar[type[MemberSchema]]
    signers: ClassVar[tuple[str, ...]]
    confirmable: ClassVar[bool] = False

    source: Mapping[str, Any] = field(kw_only=True, default_factory=dict, repr=False, compare=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "name"):  # what several acts have in common is no act
            return
        if cls.name in ACTS:
            raise TypeError(f"two classes read the act {cls.name}")
        ACTS[cls.name] = cls

    @property
    @abstractmethod
    def public(self) -> bool:
        """Whether anyone may read it: the entry's ``public`` member."""

    @abstractmethod
    def names(self) -> Names:
        """The facts that judging and applying it need, beside the issuer and its key."""

    @abstractmethod
    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        """What refuses the act, whoever signed it."""

    @abstractmethod
    def take_effect(self, context: ActContext, facts: Facts) -> None:
        """Puts the records that the act makes."""

    def judge(self, context: ActContext, facts: Facts) -> list[Finding]:
        """Everything that refuses the act; nothing is changed.

        Args:
            context: Where the act would stand.
            facts: At least what ``names`` asks for, and the issuer, as of just before it.
        """
        return [*self.signer_faults(context, facts), *self.content_faults(context, facts)]

    def apply(self, context: ActContext, facts: Facts) -> None:
        """Folds an act that passed ``judge``: its effects, or a pending record if it needs a second one."""
        if self.needs_confirmation(context, facts):
            facts.put(
                PendingRecord(
                    statement_hash=context.statement_hash,
                    entry_index=context.index,
                    recorded_at_us=context.recorded_at_us,
                    issuer=context.issuer,
                    kid=context.kid,
                    act=self.name,
                    act_hash=self.payload_hash(),
                )
            )
        else:
            self.take_effect(context, facts)

    def needs_confirmation(self, context: ActContext, facts: Facts) -> bool:
        """Whether the act would only stand pending, under the policy in force."""
        return self.confirmable and self.name in confirmations(facts)

    def payload_hash(self) -> bytes:
        """SHA-256 of the payload in RFC 8785 form."""
        return hashlib.sha256(canonical_json(self.source)).digest()

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        """Why the issuer may not sign this act."""
        issuer = facts.parties.get(context.issuer)
        if issuer is None or not set(self.signers) & set(issuer.roles):
            return [forbidden_signer(self.name, self.signers)]
        fault = party_fault(issuer, context.recorded_at_us)
        return [] if fault is None else [fault]


def confirmations(facts: Facts) -> tuple[str, ...]:
    """The acts for which the policy in force wants two authorities."""
    return () if facts.policy is None else tuple(facts.policy.policy["confirmations"])


def forbidden_signer(name: str, signers: tuple[str, ...]) -> Finding:
    """The finding for an act signed by a party that may not."""
    roles = " or ".join(signers)
    return Finding(
        "act.signer",
        f"{name} is signed by a party with the role {roles}, and the issuer has not",
        mend=f"Have it signed by a party with the role {roles}.",
        evidence={"roles": list(signers)},
    )
