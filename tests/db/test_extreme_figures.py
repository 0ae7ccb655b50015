"""Acts and movements with the largest figures that can be written, through the one write path."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ledger.audit.database import verify_database
from ledger.clock import LAST_US, SettableClock
from ledger.errors import StatementRefused
from ledger.registration.registrar import Registrar
from tests.support import movements
from tests.support.cast import actor
from tests.support.movements import MINE, PIT, PLANT, WORKS
from tests.support.trade import Trade

DAY_US = 24 * 3_600_000_000
FIRST, LAST = "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"
LAST_EVENT_US = LAST_US - 365 * DAY_US
HEAVIEST_KG = 10**11
MASS = {"quantity": 2**53 - 1, "uom": "MGM"}
AMOUNT = "999999999999999999.999999999"
EXPORTER = "https://exporter.example/"
LICENCE = f"{EXPORTER}licences/1"
SPAN = {"start": "9998-01-01T00:00:00Z", "end": LAST}
LINE = {"product": "mixed-carbonate", "mass": MASS, "amount": AMOUNT}
DATED = {"rule_set": 1, "filing_day": 28, "filing_offset_min": 840, "opening_until": LAST}


def policy(**members: Any) -> dict[str, Any]:
    lax = {"time.after-recording": {"action": "flag"}}
    return {"act": "set-policy", "policy": {**DATED, "rules": lax, **members}}


ACTS: list[tuple[str, dict[str, Any]]] = [
    (
        "authority",
        policy(
            holidays=["0001-01-01", "9999-12-31"],
            working_days=["9999-12-30"],
            index_prices={"mixed-carbonate": AMOUNT},
            exchange_rates=[
                {"currency": "USD", "start": FIRST, "end": LAST, "cny": "0.000000001", "source": "own"}
            ],
        ),
    ),
    ("authority", policy(thresholds={"pool.unclosed_days": "36525", "unreceived.hours": "876600"})),
    ("authority", policy(thresholds={"pool.unclosed_days": "99999999"})),
    (
        "authority",
        {
            "act": "allot-quota",
            "party": MINE,
            "year": 2200,
            "activity": "mining",
            "ore_class": "any",
            "mass": MASS,
        },
    ),
    (
        "exporter",
        {
            "act": "apply-licence",
            "licence": LICENCE,
            "exporter": EXPORTER,
            "kind": "general",
            "items": ["dy-oxide"],
            "destinations": ["DE"],
            "consignees": [EXPORTER],
            "end_users": [EXPORTER],
            "end_use": "motors",
            "quantity": MASS,
        },
    ),
    ("authority", {"act": "grant-licence", "licence": LICENCE, **SPAN}),
    (
        "authority",
        {"act": "publish-control-list", "control_list": "late", **SPAN, "items": [{"elements": ["Dy"]}]},
    ),
    (
        "authority",
        {
            "act": "list-restricted-party",
            "kind": "organisation",
            "organisation": "Bad",
            "control_list": "late",
            "start": LAST,
        },
    ),
    ("mine", {"act": "delegate", "principal": MINE, "agent": PLANT, **SPAN}),
    (
        "authority",
        {
            "act": "list-site",
            "site": f"{MINE}sites/two",
            "party": MINE,
            "description": {"name": "Two", "country": "CN", "capacity_kg": 2**53 - 1},
            "listing": SPAN,
        },
    ),
    (
        "authority",
        {
            "act": "admit-party",
            "party": "https://late.example/",
            "organisation": {"legal_name": "Late", "country": "CN"},
            "roles": ["miner"],
            "prefixes": ["https://late.example/"],
            "listing": {"start": FIRST, "end": LAST},
        },
    ),
    (
        "mine",
        {
            "act": "register-invoice",
            "invoice": f"{MINE}invoices/1",
            "kind": "special",
            "seller": MINE,
            "buyer": PLANT,
            "issued": "2026-01-01T00:00:00Z",
            "due": LAST,
            "currency": "CNY",
            "amount": AMOUNT,
            "lines": [LINE],
        },
    ),
]


def moved(trade: Trade) -> list[bytes]:
    """Movements in the last year that there is, or heavier than all mines together."""
    lot, late = f"{MINE}lots/a", {"at_us": LAST_EVENT_US}
    ours = {"by": trade.plant}
    heavy = [
        movements.extract(
            f"{MINE}lots/heavy-{number}",
            HEAVIEST_KG,
            at_us=trade.ago(1),
            product="bastnaesite-concentrate",
            treo="0.9",
        )
        for number in range(100)
    ]
    stock = [
        movements.opening(f"{PLANT}lots/heavy-{number}", HEAVIEST_KG, at_us=trade.ago(1), site=WORKS)
        for number in range(100)
    ]
    awaited = [
        movements.receive(
            [movements.born(f"{MINE}lots/awaited", HEAVIEST_KG)],
            shipment=f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
            at_us=trade.ago(1),
        )
        for number in range(100)
    ]
    sent = trade.ship("a", 10)
    return [
        trade.statement(trade.extract("a", 1000)),
        trade.statement(movements.extract(f"{MINE}lots/late", 10, **late)),
        trade.statement(trade.ship("a", 10, due_us=LAST_EVENT_US)),
        trade.statement(sent),
        trade.statement(movements.receive({lot: 10}, shipment=sent.event_id, **late), **ours),
        trade.statement(movements.feed({lot: 5}, **late), **ours),
        trade.statement(movements.close({"La": HEAVIEST_KG}, **late), **ours),
        trade.statement(movements.ship({lot: 10}, site_to=WORKS, due_us=LAST_EVENT_US, **late)),
        trade.statement(movements.transfer({lot: 10}, unit_price="1e308 CNY", **late)),
        trade.statement(movements.transfer({lot: 10}, unit_price="1e-308 USD", at_us=trade.ago(1))),
        trade.statement(movements.export({lot: 10}, consignor=MINE, site=PIT, **late)),
        trade.statement(*heavy),
        trade.statement(*stock, **ours),
        trade.statement(*awaited, **ours),
        trade.statement(
            movements.feed({line.lot: HEAVIEST_KG for each in stock for line in each.outputs}, **late), **ours
        ),
    ]


def taken(registrar: Registrar, jws: bytes) -> bool:
    """Whether a statement is recorded; else it is refused, for anything else that happens is raised."""
    try:
        registrar.register(jws)
    except StatementRefused:
        return False
    return True


def test_no_figure_stops_the_writing(engine: Engine, tmp_path: Path) -> None:
    trade, clock = Trade(), SettableClock()
    exporter = actor("exporter", "exporter", "magnet_maker")
    trade.more.append(exporter)
    clock.set(trade.now_us)
    registrar = trade.opened(engine, tmp_path / "mark", clock=clock)
    signers = {"authority": trade.authority, "mine": trade.mine, "exporter": exporter}
    acts = [taken(registrar, trade.act(act, signers[who])) for who, act in ACTS]
    assert [number for number, each in enumerate(acts) if not each] == [2]  # the threshold beyond its limit
    assert sum(taken(registrar, jws) for jws in moved(trade)) >= 11
    for days in (1, 100, 400):
        clock.set(trade.now_us + days * DAY_US)
        assert taken(registrar, trade.statement(trade.extract(f"after-{days}", 10)))
    registrar.close()
    assert verify_database(engine, workers=1, replay=True).faults == []
