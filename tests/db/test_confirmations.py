"""Acts that need two authorities, grants and erasures, through the write path and back from the registers."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.audit.database import verify_database
from ledger.encoding import b64url_encode
from ledger.errors import StatementRefused
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import parse_statement
from ledger.statements.registers import Names
from ledger.store import log_store
from ledger.store.registers_store import read_facts
from tests.support.cast import Actor, Cast, actor

POLICY = {"rule_set": 1, "retention_days": 0, "confirmations": ["admit-party", "erase", "set-policy"]}


@pytest.fixture
def second() -> Actor:
    return actor("second", "authority")


@pytest.fixture
def plant() -> Actor:
    return actor("plant", "separator")


@pytest.fixture
def cast(second: Actor) -> Cast:
    return Cast(policy=POLICY, more=[second])


def b64_hash(jws: bytes) -> str:
    return b64url_encode(hashlib.sha256(jws).digest())


def confirmation(jws: bytes, payload: dict[str, Any]) -> dict[str, Any]:
    return {"act": "confirm", "statement": b64_hash(jws), "confirmed": payload}


def erasure(jws: bytes, index: int, issuer: Actor, effects: list[Any]) -> dict[str, Any]:
    statement = parse_statement(jws)
    return {
        "act": "erase",
        "statement": b64_hash(jws),
        "index": index,
        "issuer": issuer.party,
        "kid": statement.header.kid,
        "jti": statement.header.jti,
        "signing_input": b64url_encode(statement.signing_input_hash),
        "effects": effects,
    }


def held(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_an_admission_waits_for_a_second_authority(
    cast: Cast, registrar: Registrar, engine: Engine, second: Actor, plant: Actor
) -> None:
    payload = {"act": "admit-party", **cast.party(plant)}
    first = cast.act(payload)
    assert registrar.register(first).created
    digest = hashlib.sha256(first).digest()
    with engine.connect() as connection:
        facts = read_facts(connection, Names(parties={plant.party}, statements={digest}))
    assert facts.parties == {}
    assert facts.pending[digest].confirmed_at is None
    with pytest.raises(StatementRefused) as caught:
        registrar.register(cast.act(confirmation(first, payload)))
    assert [finding.code for finding in caught.value.findings] == ["confirm.same-party"]
    confirmed = registrar.register(cast.act(confirmation(first, payload), second))
    with engine.connect() as connection:
        facts = read_facts(connection, Names(parties={plant.party}, statements={digest}, all_prefixes=True))
    assert facts.parties[plant.party].admitted_at == confirmed.index
    assert facts.prefixes[plant.party].bound_at == confirmed.index
    assert facts.pending[digest].confirmed_at == confirmed.index


def test_both_may_stand_in_one_batch(
    cast: Cast, registrar: Registrar, engine: Engine, second: Actor, plant: Actor
) -> None:
    payload = {"act": "admit-party", **cast.party(plant)}
    first = cast.act(payload)
    enrolment = {"act": "enrol-key", "party": plant.party, **plant.enrolment(cast.origin)}
    lines = [first, cast.act(confirmation(first, payload), second), cast.act(enrolment), cast.record(plant)]
    results = list(registrar.register_lines(enumerate(lines, start=1)))
    assert [result.error for result in results] == [None] * 4


def test_an_erasure_waits_and_then_takes_the_bytes(
    cast: Cast, registrar: Registrar, engine: Engine, second: Actor
) -> None:
    record = cast.record()
    index = registrar.register(record).index
    payload = erasure(record, index, cast.mine, [])
    first = cast.act(payload)
    waiting = registrar.register(first)
    assert held(engine, "erasures") == 0
    assert held(engine, "statement_bytes") == 3
    confirmed = registrar.register(cast.act(confirmation(first, payload), second))
    assert held(engine, "erasures") == 1
    assert held(engine, "statement_bytes") == 3
    with engine.connect() as connection:
        facts = read_facts(connection, Names(statements={hashlib.sha256(record).digest()}))
        readers = connection.execute(text("SELECT entry_index, party FROM readers ORDER BY 1")).all()
    assert facts.erasures[index].act_index == waiting.index
    assert facts.statements[hashlib.sha256(record).digest()].erased
    assert [tuple(row) for row in readers] == [
        (waiting.index, cast.mine.party),
        (confirmed.index, cast.mine.party),
    ]
    with pytest.raises(StatementRefused) as caught:
        registrar.register(cast.act(confirmation(first, payload), second))
    assert [finding.code for finding in caught.value.findings] == ["confirm.settled"]


def test_what_a_batch_erases_of_itself_is_gone(engine: Engine, tmp_path: Path) -> None:
    cast = Cast(policy={"rule_set": 1, "retention_days": 0})
    registrar = cast.started(engine, tmp_path / "mark")
    jws = cast.record()
    lines = [jws, cast.act(erasure(jws, 1, cast.mine, []))]
    results = list(registrar.register_lines(enumerate(lines)))
    registrar.close()
    assert [each.registered and each.registered.index for each in results] == [1, 2]
    with engine.connect() as connection:
        assert [stored for _, stored in log_store.read_stored(connection, 1, 3)] == [None, lines[1]]
    assert verify_database(engine, workers=1).faults == []


def test_a_grant_is_erased_and_stays_in_force(
    cast: Cast, registrar: Registrar, engine: Engine, second: Actor
) -> None:
    scope = {"issuers": [cast.mine.party], "start": 1}
    grant = cast.act({"act": "grant-read", "grantee": cast.operator.party, "scope": scope})
    index = registrar.register(grant).index
    wrong = erasure(grant, index, cast.authority, [])
    with pytest.raises(StatementRefused) as caught:
        registrar.register(cast.act(wrong))
    assert [finding.code for finding in caught.value.findings] == ["erase.effects"]
    payload = wrong | {"effects": [{"effect": "grant-read", "grantee": cast.operator.party, "scope": scope}]}
    first = cast.act(payload)
    registrar.register(first)
    registrar.register(cast.act(confirmation(first, payload), second))
    with engine.connect() as connection:
        facts = read_facts(connection, Names(statements={hashlib.sha256(grant).digest()}))
    assert facts.grants[index].scope == scope
    assert facts.erasures.keys() == {index}


def test_an_admission_makes_an_authority_whose_earlier_key_counts(
    engine: Engine, tmp_path: Path, plant: Actor
) -> None:
    """The keys of a party that becomes an authority within a batch are read with it."""
    cast = Cast()
    with_plant = Cast(
        log_key=cast.log_key, authority=cast.authority, operator=cast.operator, mine=cast.mine, more=[plant]
    )
    registrar = with_plant.started(engine, tmp_path / "mark")
    kid = cast.authority.signer.kid
    raise_plant = {"act": "admit-party", **with_plant.party(plant), "roles": ["authority"]}
    leave = {"act": "revoke-key", "kid": kid, "reason": "retired"}
    lines = [cast.act(leave), cast.act(raise_plant), cast.act(leave)]
    results = list(registrar.register_lines(enumerate(lines, start=1)))
    registrar.close()
    assert isinstance(results[0].error, StatementRefused)
    assert [finding.code for finding in results[0].error.findings] == ["authority.last"]
    assert [result.error for result in results[1:]] == [None, None]
