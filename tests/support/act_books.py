"""Acts on goods and licences: a log with everyone they need, and records as movements would leave them."""

from fractions import Fraction
from typing import Any

from ledger.records.books import Books
from ledger.records.lots import HoldingRecord, LotRecord, PostingRecord
from ledger.records.oversight import AlertRecord, LicenceRecord
from ledger.statements.registers import ReaderRecord
from tests.support.acts import AUTHORITY, MINE, START_US, ActLog, admission

EXPORTER = "https://exporter.example/"
AGENT = "https://agent.example/"
BUYER = "https://buyer.example/"
CUSTOMS = "https://customs.example/"
TAX = "https://tax.example/"
STRANGER = "https://stranger.example/"

LICENCE = "https://exporter.example/licences/1"
LOT = "https://mine.example/lots/1"
SITE = "https://mine.example/sites/pit-1"

# START_US is 2027-01-15T08:00:00Z, a Friday.
NOW = "2027-01-15T08:00:00Z"
LATER = "2027-01-15T08:00:01Z"


def log_with_everyone(**policy: Any) -> ActLog:
    """A log of six acts: genesis, and five admissions."""
    log = ActLog.begun(policy={"rule_set": 1, **policy})
    admit(log, EXPORTER, "exporter", prefixes=["https://exporter.example/licences/", "6901234"])
    admit(log, AGENT, "trader")
    admit(log, BUYER, "separator")
    admit(log, CUSTOMS, "customs")
    admit(log, TAX, "tax")
    return log


def admit(log: ActLog, party: str, *roles: str, **members: Any) -> None:
    assert log.state(AUTHORITY, admission(party, *roles, **members)) == []


def delegation(principal: str, agent: str = AGENT, **members: Any) -> dict[str, Any]:
    return {"act": "delegate", "principal": principal, "agent": agent, "start": NOW, **members}


def mass(quantity: float, uom: str = "KGM") -> dict[str, Any]:
    return {"quantity": quantity, "uom": uom}


def application(**members: Any) -> dict[str, Any]:
    return {
        "act": "apply-licence",
        "licence": LICENCE,
        "exporter": EXPORTER,
        "kind": "single",
        "items": ["dy-oxide"],
        "destinations": ["DE"],
        "consignees": [BUYER],
        "end_users": ["https://motors.example/"],
        "end_use": "traction motors",
        "quantity": mass(2500),
        **members,
    }


def grant(**members: Any) -> dict[str, Any]:
    return {
        "act": "grant-licence",
        "licence": LICENCE,
        "start": NOW,
        "end": "2028-01-15T08:00:00Z",
        **members,
    }


def change(act: str, **members: Any) -> dict[str, Any]:
    """An act on the licence, with a reason where it needs one."""
    reasons = {"refuse-licence": "incomplete", "stop-clock": "documents"}
    reason = {} if act == "start-clock" else {"reason": reasons.get(act, "end-use")}
    return {"act": act, "licence": LICENCE, **reason, **members}


def licence(log: ActLog, name: str = LICENCE) -> LicenceRecord:
    found = log.facts.books.get(LicenceRecord, name)
    assert found is not None
    return found


def readers(log: ActLog, index: int | None = None) -> set[str]:
    """Who may read the last act, or the one of an index, beside its issuer."""
    at = log.size - 1 if index is None else index
    assert all(isinstance(record, ReaderRecord) for record in log.facts.readers)
    return {record.party for record in log.facts.readers if record.entry_index == at}


def lot_record(lot: str = LOT, node: int = 1, **members: Any) -> LotRecord:
    """A lot of 1 kg with 450 g of REO."""
    fields: dict[str, Any] = {
        "lot": lot,
        "node": node,
        "entry_index": 0,
        "position": 0,
        "producer": MINE,
        "site": SITE,
        "event_time_us": START_US,
        "birth": "extract",
        "product": "mixed-carbonate",
        "stage": "mixed_compound",
        "mass_mg": 1_000_000,
        "cells": {("Ce", SITE, "domestic"): 300_000, ("Nd", SITE, "domestic"): 150_000},
    }
    return LotRecord(**{**fields, **members})


def holding_record(lot: str = LOT, mass_mg: int = 1_000_000, **members: Any) -> HoldingRecord:
    fields: dict[str, Any] = {
        "lot": lot,
        "owner": MINE,
        "custodian": MINE,
        "site": SITE,
        "mass_mg": mass_mg,
        "provisional_mg": 0,
        "since_us": START_US,
        "changed_at": 0,
    }
    return HoldingRecord(**{**fields, **members})


def born(log: ActLog, lot: str = LOT, **members: Any) -> LotRecord:
    """Puts a lot with its whole mass at the mine, as an extraction would have."""
    record = lot_record(lot, **members)
    books = log.facts.books
    books.put(record)
    books.put(holding_record(lot, record.mass_mg))
    line = PostingRecord(0, 0, record.node, "holding", lot, "", MINE, MINE, SITE, START_US, record.mass_mg)
    books.put(line)
    return record


def alert(log: ActLog, entry: int = 3, number: int = 0, **members: Any) -> AlertRecord:
    record = AlertRecord(
        entry_index=entry,
        number=number,
        code="quota.exceeded",
        party=MINE,
        site=SITE,
        subject=f"lot:{LOT}",
        position=0,
        event_time_us=START_US,
        detail="the allotment is used up",
        mend="Ask for a further allotment.",
        evidence={},
        told=False,
        **members,
    )
    log.facts.books.put(record)
    return record


def posted(books: Books, index: int) -> dict[str, dict[str, Fraction]]:
    """What the lines of an act moved, by account and element."""
    sums: dict[str, dict[str, Fraction]] = {}
    for posting in books.group(PostingRecord, "event", index, -1):
        into = sums.setdefault(posting.account, {})
        if posting.lot:
            lot = books.get(LotRecord, posting.lot)
            assert lot is not None
            for (element, _, _), cell_mg in lot.cells.items():
                moved = Fraction(cell_mg * posting.mass_mg, lot.mass_mg)
                into[element] = into.get(element, Fraction(0)) + moved
        for element, text in posting.contained.items():
            into[element] = into.get(element, Fraction(0)) + Fraction(text)
    return sums
