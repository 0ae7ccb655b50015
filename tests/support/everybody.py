"""The demonstration's story with everybody in it: what each has said, who may read it, what each may know.

Who knows what is worked out here from the statements alone: a party knows the names and masses in what it
signed, in movements that name it, in acts that docs/acts.md says are for it, and in what is public. Nothing
of it is asked of the ledger.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from api.demo.cast import Member, company
from api.demo.story import LACE, NORTH
from api.demo.story import Story as Goods
from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.movements import writing
from ledger.movements.writing import KG, LotContent, dump_document
from ledger.statements.envelope import ACT
from ledger.statements.keys import FileSigner, generate_key
from tests.support.cast import Actor, actor
from tests.support.goods import GoodsCast, members
from tests.support.web import Site, open_site

TANK: Final = "urn:epc:class:lgtin:9521002.000009.TANK-7"
UNIT: Final = "urn:epc:id:sscc:9521002.0000000017"
LICENCE: Final = "urn:epc:id:gdti:9521003.00001.LIC-2026-17"
INVOICE: Final = "1100231130-00456789"
CASE: Final = "2026-0031"
HOUR_US: Final = 3_600_000_000

# "Read by" of docs/acts.md: which members name a reader beside the issuer and the regulators.
READ_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "allot-quota": ("party",),
    "apply-licence": ("exporter", "consignees", "end_users"),
    "declare-customs": ("declarant",),
    "grant-read": ("grantee",),
    "list-restricted-party": (),
    "open-case": (),
    "register-invoice": ("seller", "buyer"),
}
PUBLIC_ACTS: Final = frozenset(
    {
        "admit-party",
        "enrol-key",
        "genesis",
        "list-site",
        "publish-control-list",
        "set-policy",
    }
)

# What is looked for in answers: names that begin like these, values of these members, and masses in mg.
_NAMES: Final = re.compile(r"(?:urn:(?!epcglobal)|https://(?!ref\.gs1\.org|w3id\.org))\S{6,}")
_NAMED_BY: Final = frozenset({"case", "declaration", "invoice", "licence", "organisation", "sha256"})
_LEAST_MG: Final = 10 * KG
_TO_MG: Final = {"KGM": KG, "TNE": 1_000 * KG}


def marks_of(value: Any, member: str = "") -> Iterator[str]:
    """The names and masses in a payload, by which it is known again in an answer."""
    if isinstance(value, Mapping):
        if "quantity" in value and value.get("uom") in _TO_MG:
            mass_mg = round(float(value["quantity"]) * _TO_MG[value["uom"]])
            if mass_mg >= _LEAST_MG:
                yield str(mass_mg)
        for name, each in value.items():
            if name != "@context":
                yield from marks_of(name)
                yield from marks_of(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from marks_of(each, member)
    elif isinstance(value, str) and (_NAMES.fullmatch(value) or member in _NAMED_BY):
        yield value


@dataclass(frozen=True)
class Said:
    """A statement.

    Attributes:
        issuer: Who signed it.
        payload: What it says.
        jws: As it was sent.
        movement: Whether it is a movement; otherwise it is an act.
    """

    issuer: str
    payload: dict[str, Any]
    jws: bytes
    movement: bool

    @property
    def name(self) -> str:
        """Its hash, as paths have it."""
        return b64url_encode(hashlib.sha256(self.jws).digest())

    @property
    def kind(self) -> str:
        """The act's name, or the movement's kind."""
        return str(self.event["ree:movement"] if self.movement else self.payload["act"])

    @property
    def event(self) -> dict[str, Any]:
        """A movement's one event."""
        (event,) = self.payload["epcisBody"]["eventList"]
        return dict(event)

    @property
    def public(self) -> bool:
        return not self.movement and self.payload["act"] in PUBLIC_ACTS

    @cached_property
    def marks(self) -> frozenset[str]:
        return frozenset(marks_of(self.payload))

    @cached_property
    def readers(self) -> frozenset[str]:
        """The parties that may read it beside regulators, where it is not public."""
        if self.movement:
            return frozenset({self.issuer, *self.marks})
        named: set[str] = {self.issuer}
        for member in READ_BY[self.payload["act"]]:
            value = self.payload[member]
            named.update([value] if isinstance(value, str) else value)
        return frozenset(named)


class CrowdCast(GoodsCast):
    """The demonstration's companies, a trader that is delisted in the end, and every kind of office."""

    def __init__(self) -> None:
        leaver = company(
            *("leaver", "Demonstration Trader", "CN", ("trader", "exporter"), "9521007"),
            FileSigner(generate_key("Ed25519")),
        )
        super().__init__(members={**members(), "leaver": leaver})
        self.offices = {
            "authority": self.authority,
            "operator": self.operator,
            "inspector": actor("inspector", "regulator"),
            "auditor": actor("auditor", "auditor"),
            "customs": actor("customs", "customs"),
            "tax": actor("tax", "tax"),
        }
        self.more = [
            *self.more,
            *(each for name, each in self.offices.items() if name not in ("authority", "operator")),
        ]
        self.stranger = actor("stranger", "auditor")


@dataclass
class Everybody:
    """The ledger after the story, and what its parties may know.

    Attributes:
        site: The application.
        cast: Who takes part.
        said: Every statement in the log after genesis, in order.
        refused: Statements that were refused.
    """

    site: Site
    cast: CrowdCast
    said: list[Said] = field(default_factory=list)
    refused: list[Said] = field(default_factory=list)
    _secrets: dict[str | None, frozenset[str]] = field(default_factory=dict)

    @property
    def parties(self) -> dict[str, Actor]:
        """Everyone with a key that is enrolled, by a short name."""
        return {**self.cast.companies, **self.cast.offices}

    @cached_property
    def movements(self) -> list[Said]:
        return [each for each in self.said if each.movement]

    @cached_property
    def marks(self) -> frozenset[str]:
        """Every name and mass that is not public."""
        private = (each for each in [*self.said, *self.refused] if not each.public)
        return frozenset(mark for each in private for mark in each.marks) - self.public_marks

    @cached_property
    def public_marks(self) -> frozenset[str]:
        known = {mark for each in self.said if each.public for mark in each.marks}
        return frozenset(known | {each.party for each in self.parties.values()})

    def may_read(self, said: Said, party: str | None) -> bool:
        """Whether a statement is for a party that is no regulator."""
        granted = any(
            each.payload["grantee"] == party and said.name in each.payload["scope"]["statements"]
            for each in self.said
            if not each.movement and each.payload["act"] == "grant-read"
        )
        return said.public or party in said.readers or granted

    def secrets(self, party: str | None) -> frozenset[str]:
        """The names and masses that a party has nothing to do with; of a regulator there are none."""
        if party not in self._secrets:
            self._secrets[party] = self._work_out_secrets(party)
        return self._secrets[party]

    def _work_out_secrets(self, party: str | None) -> frozenset[str]:
        if party in (self.cast.authority.party, self.cast.offices["inspector"].party):
            return frozenset()
        known: set[str] = set()
        for each in self.said:
            if self.may_read(each, party):
                known |= each.marks
        for each in self.refused:
            if party == each.issuer:
                known |= each.marks
        return self.marks - known

    @cached_property
    def contract(self) -> bytes:
        """A file that the southern mine's shipment to the trader names; it tells which lot was sold."""
        return f"Sold: {self.cast.members['south'].lot(1, 'CARB-S-07')}".encode()

    @cached_property
    def contract_digest(self) -> str:
        return hashlib.sha256(self.contract).hexdigest()

    @cached_property
    def lots(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Every lot in the books: who made it, and everyone through whose hands it went."""
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for each in self.movements:
            parties = each.readers & {other.party for other in self.parties.values()}
            for mark in each.marks:
                if mark.startswith("urn:epc:class:lgtin:") and mark != TANK:
                    maker, handlers = found.get(mark, (each.issuer, frozenset()))
                    found[mark] = (maker, handlers | parties)
        return found

    @cached_property
    def born(self) -> dict[str, str]:
        """The mass that each lot was born with, as a mark."""
        found: dict[str, str] = {}
        for each in self.movements:
            for line in [*each.event.get("quantityList", ()), *each.event.get("outputQuantityList", ())]:
                if "quantity" in line:
                    found.setdefault(
                        line["epcClass"], *marks_of({"quantity": line["quantity"], "uom": "KGM"})
                    )
        return found

    @cached_property
    def shipments(self) -> list[tuple[str, str, frozenset[str]]]:
        """Consignor, event id and the two ends of every shipment."""
        found = []
        for each in self.movements:
            if each.kind in ("ship", "export"):
                ends = each.readers & {other.party for other in self.parties.values()}
                found.append((each.issuer, each.event["eventID"], ends))
        return found

    def move(self, name: str, event: dict[str, Any], *, refused: bool = False) -> None:
        """Records a company's movement; or has it refused."""
        self.tell(name, writing.document([event], self.site.clock.now_us()), refused=refused)

    def tell(self, name: str, document: dict[str, Any], *, refused: bool = False) -> None:
        by = self.cast.companies[name]
        jws = self.cast.sign(dump_document(document), by)
        self._send(Said(by.party, json.loads(dump_document(document)), jws, True), refused=refused)

    def act(self, payload: dict[str, Any], name: str = "authority") -> None:
        by = self.parties[name]
        jws = self.cast.sign(payload, by, cty=ACT)
        self._send(Said(by.party, payload, jws, False), refused=False)

    def _send(self, said: Said, *, refused: bool) -> None:
        response = self.site.post(said.jws)
        assert response.status_code == (422 if refused else 201), response.text
        (self.refused if refused else self.said).append(said)


@contextmanager
def tell_everybody(engine: Engine, folder: Path, **changes: Any) -> Iterator[Everybody]:
    """Tells the story on a migrated, empty database."""
    cast = CrowdCast()
    with open_site(cast, engine, folder, **changes) as site:
        crowd = Everybody(site, cast)
        goods: Goods = cast.goods
        for _, act in [*goods.sites(), *goods.official_acts()]:
            crowd.act(act)
        _list_leaver(crowd)
        for scene in [*goods.scenes(), *goods.attempts()]:
            crowd.tell(scene.actor.name, scene.document, refused=bool(scene.refused))
        _trade_on(crowd)
        _fill_a_tank(crowd)
        _official_business(crowd)
        _delist(crowd)
        yield crowd


def _list_leaver(crowd: Everybody) -> None:
    leaver = crowd.cast.members["leaver"]
    act = {"act": "list-site", "site": leaver.site(), "party": leaver.party}
    listing = {"start": crowd.cast.goods.admission_start()}
    crowd.act(act | {"description": {"name": "Trader's store", "country": "CN"}, "listing": listing})


def _common(crowd: Everybody, who: Member, name: str, hours: float) -> Any:
    at_us = crowd.site.clock.now_us() - int(hours * HOUR_US)
    return {"event_id": f"urn:uuid:story-{name}", "at_us": at_us, "site": who.site()}


def _trade_on(crowd: Everybody) -> None:
    """The trader buys a little of the southern mine's ore, and has it on the way when it is delisted."""
    south, leaver = crowd.cast.members["south"], crowd.cast.members["leaver"]
    ore = south.lot(1, "CARB-S-07")
    mined = LotContent(ore, 417 * KG, "mixed-carbonate", "0.45", NORTH)
    crowd.move("south", writing.extract([mined], **_common(crowd, south, "mined", 12)))
    sent = writing.ship(
        [LotContent(ore, 207 * KG)],
        consignor=south.party,
        consignee=leaver.party,
        site_to=leaver.site(),
        attachments=[("contract", "text/plain", len(crowd.contract), crowd.contract_digest)],
        **_common(crowd, south, "sent", 10),
    )
    crowd.move("south", sent)
    token = crowd.site.token(crowd.cast.companies["south"])
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    path = f"/v1/attachments/{crowd.contract_digest}"
    assert crowd.site.client.put(path, data=crowd.contract, headers=headers).status_code == 201
    arrived = writing.receive(
        [LotContent(ore, 206 * KG)],
        consignor=south.party,
        shipment=sent["eventID"],
        **_common(crowd, leaver, "arrived", 8),
    )
    crowd.move("leaver", arrived)
    late = LotContent(
        crowd.cast.members["mine"].lot(1, "LATE-01"), 113 * KG, "mixed-carbonate", "0.45", NORTH
    )
    mine = crowd.cast.members["mine"]
    crowd.move("mine", writing.extract([late], **_common(crowd, mine, "late", 24 * 55)))


def _fill_a_tank(crowd: Everybody) -> None:
    """The plant feeds oxide into a pool, draws some, and packs it."""
    plant = crowd.cast.members["plant"]
    fed = LotContent(plant.lot(2, "LACE-01"), 1_045 * KG)
    drawn = LotContent(plant.lot(2, "LACE-02"), 503 * KG, "lace-oxide", "1", LACE)
    feed = writing.feed(TANK, [fed], process="blending", **_common(crowd, plant, "fed", 6))
    crowd.move("plant", feed)
    draw = writing.draw(TANK, [drawn], process="blending", **_common(crowd, plant, "drawn", 5))
    crowd.move("plant", draw)
    packed = [LotContent(plant.lot(2, "LACE-02"), 251 * KG)]
    crowd.move("plant", writing.pack(UNIT, packed, seals=["SEAL-1"], **_common(crowd, plant, "packed", 4)))


def _official_business(crowd: Everybody) -> None:
    """A licence, an invoice, a declaration, a restricted party, a grant and a case."""
    cast = crowd.cast
    mine, plant, maker, importer = (cast.members[name] for name in ("mine", "plant", "maker", "importer"))
    now = datetime.now(UTC)
    crowd.act(
        {
            "act": "apply-licence",
            "licence": LICENCE,
            "exporter": maker.party,
            "kind": "single",
            "items": ["ndfeb-magnet"],
            "destinations": ["DE"],
            "consignees": [importer.party],
            "end_users": [importer.party],
            "end_use": "traction motors",
            "quantity": {"quantity": 5_417, "uom": "KGM"},
        },
        "maker",
    )
    export = next(event for consignor, event, _ in crowd.shipments if consignor == maker.party)
    crowd.act(
        {
            "act": "declare-customs",
            "declaration": "220120260001234567",
            "declarant": maker.party,
            "shipment": export,
            "hs_code": "8505111000",
            "controlled": False,
            "mass": {"quantity": 2_559, "uom": "KGM"},
            "destination": "DE",
            "declared": (now - timedelta(days=1)).isoformat(timespec="seconds"),
        },
        "customs",
    )
    line = {
        "product": "mixed-carbonate",
        "lot": mine.lot(1, "CARB-N-01"),
        "mass": {"quantity": 5_197, "uom": "KGM"},
        "amount": "593880.00",
    }
    crowd.act(
        {
            "act": "register-invoice",
            "invoice": INVOICE,
            "kind": "special",
            "seller": mine.party,
            "buyer": plant.party,
            "lines": [line],
            "amount": "593880.00",
            "currency": "CNY",
            "issued": (now - timedelta(days=2)).isoformat(timespec="seconds"),
        },
        "tax",
    )
    crowd.act(
        {
            "act": "list-restricted-party",
            "kind": "organisation",
            "organisation": "Example Arms Works",
            "party": "https://arms.example/",
            "control_list": "export-control-list-2025",
            "start": (now - timedelta(days=9)).isoformat(timespec="seconds"),
        }
    )
    extracted = next(each for each in crowd.movements if each.issuer == mine.party)
    scope = {"statements": [extracted.name]}
    crowd.act({"act": "grant-read", "grantee": cast.offices["auditor"].party, "scope": scope}, "inspector")
    lots = [cast.members["south"].lot(1, "CARB-S-02"), mine.lot(1, "LATE-01")]
    crowd.act({"act": "open-case", "case": CASE, "parties": [mine.party], "lots": lots}, "customs")


def _delist(crowd: Everybody) -> None:
    leaver = crowd.cast.members["leaver"]
    listing = {
        "start": crowd.cast.goods.admission_start(),
        "end": format_time_us(crowd.site.clock.now_us()),
    }
    crowd.act({"act": "admit-party", **leaver.admission(), "listing": listing})
