"""A small ledger in which every table has rows and every column values: what tampering tests start from."""

from sqlalchemy import Engine

from ledger.clock import format_time_us
from ledger.statements.envelope import SeenHead
from tests.support.ledgers import DAY_US, LedgerBuilder


def build_rich_ledger(engine: Engine) -> LedgerBuilder:
    """Fills a migrated, empty database; two full tiles, some twenty checkpoints, every register.

    Returns:
        The builder, everything flushed.
    """
    ledger = LedgerBuilder(engine, batch=48, remember=True)
    ledger.genesis()
    _admit(ledger)
    ledger.record(40)
    ledger.record(3, by=ledger.plant)
    ledger.flush()
    seen = SeenHead(ledger.head.tree_size, ledger.head.root)
    ledger.record(5, seen=seen)
    for number in range(4):
        ledger.refuse(f"test.refused-{number}", "test.second", by=ledger.plant if number == 2 else None)
    ledger.publish_refusals()
    ledger.flush()
    _grant_and_erase(ledger)
    _confirm(ledger)
    ledger.record(30)
    ledger.flush()
    ledger.refuse("test.refused-late")
    ledger.publish_refusals()
    ledger.record(530 - ledger.size)
    ledger.flush()
    ledger.refuse("test.unpublished")
    ledger.flush()
    return ledger


def _admit(ledger: LedgerBuilder) -> None:
    trader = ledger.party("trader", "trader")
    ledger.act(ledger.admission(trader))
    ledger.act(ledger.enrolment(trader, not_after=format_time_us(ledger.now_us + 400 * DAY_US)))
    spare = ledger.party("trader", "trader", key="spare")
    ledger.act(ledger.enrolment(spare, not_after=format_time_us(ledger.now_us + 900 * DAY_US)), trader)
    ledger.record(2, by=spare)
    suspect = ledger.size - 1
    ledger.act({"act": "revoke-key", "kid": spare.signer.kid, "reason": "lost", "suspect_from": suspect})
    site = {
        "act": "list-site",
        "site": "https://mine.example/pit",
        "party": ledger.mine.party,
        "description": {"name": "North pit", "country": "CN"},
    }
    ledger.act(site)
    ledger.act(site | {"site": "https://plant.example/hall", "party": ledger.plant.party})
    ledger.act({"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 0, "confirmations": []}})


def _grant_and_erase(ledger: LedgerBuilder) -> None:
    grant = {"act": "grant-read", "grantee": ledger.mine.party, "scope": {"issuers": [ledger.plant.party]}}
    ledger.act(grant, ledger.regulator)
    doomed = grant | {"scope": {"start": 3, "end": 9}}
    gone = ledger.act(doomed, ledger.regulator)
    ledger.record(8)
    ledger.act(ledger.erase(ledger.size - 2))
    ledger.record(1)
    effects = [{"effect": "grant-read", "grantee": doomed["grantee"], "scope": doomed["scope"]}]
    ledger.act(ledger.erase(gone, effects=effects))
    ledger.flush()


def _confirm(ledger: LedgerBuilder) -> None:
    needs_two = {"rule_set": 1, "retention_days": 0, "confirmations": ["admit-party", "erase", "set-policy"]}
    ledger.act({"act": "set-policy", "policy": needs_two})
    importer = ledger.admission(ledger.party("importer", "importer"))
    pending = ledger.act(importer)
    ledger.act(ledger.confirmation(pending, importer), ledger.second)
    ledger.record(4)
    erase = ledger.erase(ledger.size - 1)
    waiting = ledger.act(erase)
    ledger.record(2)
    ledger.act(ledger.confirmation(waiting, erase), ledger.second)
    ledger.act(ledger.admission(ledger.party("carrier", "carrier")))
    ledger.flush()
