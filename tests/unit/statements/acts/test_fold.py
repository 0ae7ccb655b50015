"""Folding: batch by batch or all at once, by the committer or by a verifier, the same facts come out."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.encoding import b64url_encode
from ledger.statements.registers import Facts, Names
from ledger.statements.standing import lasting_authorities
from tests.support.acts import (
    AUTHORITY,
    DAY_US,
    JTI,
    MINE,
    OPERATOR,
    PLANT,
    REGULATOR,
    SECOND,
    ActLog,
    admission,
    enrolment,
    read,
    signer,
    signing_input_hash,
    snapshot,
    statement_hash,
)

ISSUERS = [AUTHORITY, SECOND, OPERATOR, REGULATOR, MINE, PLANT]
KEYS = [*ISSUERS, "spare 1", "spare 2"]
REGISTERS = (
    "origin",
    "policy",
    "parties",
    "prefixes",
    "keys",
    "sites",
    "grants",
    "erasures",
    "readers",
    "publications",
    "pending",
)


def registers(facts: Facts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in REGISTERS}


def day(number: int) -> str:
    return f"2027-01-{15 + number:02d}T08:00:00Z"


LISTINGS = st.one_of(
    st.none(),
    st.builds(lambda start: {"start": day(start)}, st.integers(0, 3)),
    st.builds(
        lambda start, length: {"start": day(start), "end": day(start + length)},
        st.integers(0, 3),
        st.integers(1, 4),
    ),
)


@st.composite
def acts(draw: st.DrawFn) -> dict[str, Any]:
    """Some act that may pass, be refused, or wait."""
    party, key = draw(st.sampled_from(ISSUERS)), draw(st.sampled_from(KEYS))
    index = draw(st.integers(0, 12))
    listing = draw(LISTINGS)
    listed = {} if listing is None else {"listing": listing}
    kinds: list[dict[str, Any]] = [
        admission(
            party,
            *draw(
                st.lists(
                    st.sampled_from(["authority", "miner", "operator", "regulator"]), min_size=1, unique=True
                )
            ),
            prefixes=draw(
                st.lists(
                    st.sampled_from(["4012345", "40123456", "7654321", "urn:x:"]), max_size=2, unique=True
                )
            ),
            **listed,
        ),
        enrolment(key, party),
        {
            "act": "revoke-key",
            "kid": signer(key).kid,
            "reason": "lost",
            **draw(st.one_of(st.just({}), st.builds(lambda n: {"suspect_from": n}, st.integers(0, 20)))),
        },
        {
            "act": "list-site",
            "site": draw(st.sampled_from(["urn:site:1", "urn:site:2"])),
            "party": party,
            "description": {"name": "Site", "country": "CN"},
            **listed,
        },
        {
            "act": "set-policy",
            "policy": {
                "rule_set": 1,
                "retention_days": draw(st.integers(0, 1)),
                "confirmations": draw(
                    st.sampled_from(
                        [[], ["admit-party", "set-policy"], ["admit-party", "erase", "set-policy"]]
                    )
                ),
            },
        },
        {"act": "grant-read", "grantee": party, "scope": {"start": index}},
        {"act": "publish-refusals", "count": 0, "head": b64url_encode(bytes(32))},
        {
            "act": "erase",
            "statement": b64url_encode(statement_hash(index)),
            "index": index,
            "issuer": MINE,
            "kid": signer(MINE).kid,
            "jti": JTI,
            "signing_input": b64url_encode(signing_input_hash(index)),
            "effects": [],
        },
    ]
    return draw(st.sampled_from(kinds))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(ISSUERS),
        st.one_of(acts(), st.just("record"), st.just("confirm")),
        st.sampled_from([0, 1, DAY_US]),
    ),
    max_size=25,
)


def take(log: ActLog, issuer: str, step: Any) -> None:
    """Tries one step; a refused act must leave the log as it was."""
    if step == "record":
        log.record()
        return
    if step == "confirm":
        waiting = [record for record in log.facts.pending.values() if record.confirmed_at is None]
        if not waiting:
            return
        first = next(act for context, act in log.logged if context.index == waiting[0].entry_index)
        step = {
            "act": "confirm",
            "statement": b64url_encode(waiting[0].statement_hash),
            "confirmed": copy.deepcopy(dict(first.source)),
        }
        step = _plain(step)
    before, size = snapshot(log.facts), log.size
    if log.state(issuer, step):
        assert log.facts == before
        assert log.size == size


def _plain(value: Any) -> Any:
    """JSON numbers as Python's own, to be written again."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return int(value) if hasattr(value, "text") else value


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_folding_from_scratch_gives_what_the_committer_had(steps: list[tuple[str, Any, int]]) -> None:
    log = ActLog.begun(
        policy={"rule_set": 1, "retention_days": 0, "confirmations": ["admit-party", "set-policy"]}
    )
    for issuer, step, wait_us in steps:
        log.now_us += wait_us
        take(log, issuer, step)
        assert lasting_authorities(log.facts.parties, log.facts.keys, log.now_us)
    folded = Facts()
    for context, act in log.logged:
        act.apply(context, folded)
    assert registers(folded) == registers(log.facts)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_the_public_registers_follow_from_the_public_acts(steps: list[tuple[str, Any, int]]) -> None:
    log = ActLog.begun(
        policy={"rule_set": 1, "retention_days": 0, "confirmations": ["admit-party", "set-policy"]}
    )
    for issuer, step, wait_us in steps:
        log.now_us += wait_us
        take(log, issuer, step)
    public = Facts()
    for context, act in log.logged:
        if act.public:
            act.apply(context, public)
    names = ("origin", "policy", "parties", "prefixes", "keys", "sites", "publications")
    assert {name: getattr(public, name) for name in names} == {
        name: getattr(log.facts, name) for name in names
    }


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(1, 12))
def test_the_facts_that_a_batch_names_suffice(steps: list[tuple[str, Any, int]], batch_size: int) -> None:
    """Judged and applied on the few facts that its batch names, an act fares as it does on all facts."""
    log = ActLog.begun(policy={"rule_set": 1, "retention_days": 0})
    for start in range(0, len(steps), batch_size):
        batch = [(issuer, step) for issuer, step, _ in steps[start : start + batch_size] if step != "confirm"]
        names = Names()
        for issuer, step in batch:
            names.update(Names(parties={issuer}, kids={signer(issuer).kid}))
            if isinstance(step, dict):
                names.update(read(step).names())
        few = named(log.facts, names)
        for issuer, step in batch:
            context, size = log.context(issuer), log.size
            if isinstance(step, dict):
                act = read(step)
                findings = act.judge(context, few)
                assert findings == act.judge(context, log.facts)
                if not findings:
                    probe = snapshot(log.facts)
                    act.apply(context, few)
                    act.apply(context, probe)
                    assert few.take_changes() == probe.take_changes()
            take(log, issuer, step)
            if log.size > size and context.statement_hash in names.statements:
                few.statements[context.statement_hash] = log.facts.statements[context.statement_hash]
        log.now_us += steps[start][2]


def named(facts: Facts, names: Names) -> Facts:
    """What a store reads for these names: see ``Names``."""
    parties = {
        name: party
        for name, party in facts.parties.items()
        if name in names.parties or (names.authority_keys and "authority" in party.roles)
    }
    statements = {name: facts.statements[name] for name in names.statements & facts.statements.keys()}
    indices = {statement.entry_index for statement in statements.values()}
    return Facts(
        origin=facts.origin,
        policy=facts.policy,
        parties=parties,
        prefixes=dict(facts.prefixes) if names.all_prefixes else {},
        keys={
            kid: key
            for kid, key in facts.keys.items()
            if kid in names.kids or (names.authority_keys and key.party in parties)
        },
        sites={name: facts.sites[name] for name in names.sites & facts.sites.keys()},
        statements=statements,
        grants={index: facts.grants[index] for index in indices & facts.grants.keys()},
        erasures={index: facts.erasures[index] for index in indices & facts.erasures.keys()},
        publications=dict(facts.publications),
        pending={name: facts.pending[name] for name in names.statements & facts.pending.keys()},
        refusal_count=facts.refusal_count,
        refusal_hash=facts.refusal_hash,
    )


def test_a_grant_whose_bytes_are_gone_is_folded_from_its_erasure() -> None:
    log = ActLog.begun(policy={"rule_set": 1, "retention_days": 0})
    scope = {"issuers": [MINE]}
    assert log.state(REGULATOR, {"act": "grant-read", "grantee": OPERATOR, "scope": scope}) == []
    erasure = {
        "act": "erase",
        "statement": b64url_encode(statement_hash(1)),
        "index": 1,
        "issuer": REGULATOR,
        "kid": signer(REGULATOR).kid,
        "jti": JTI,
        "signing_input": b64url_encode(signing_input_hash(1)),
        "effects": [{"effect": "grant-read", "grantee": OPERATOR, "scope": scope}],
    }
    assert log.state(AUTHORITY, erasure) == []
    folded = Facts()
    for context, act in log.logged:
        if act.name != "grant-read":
            act.apply(context, folded)
    assert registers(folded) == registers(log.facts)
