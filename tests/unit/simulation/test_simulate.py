"""Simulating: the same seed gives the same bytes, a stopped run goes on, everything is planted."""

import hashlib
import json
import math
import random
from collections import Counter
from pathlib import Path

import pytest

from ledger.controls.submission import read_submission
from ledger.errors import SimulationInvalid
from ledger.records.policy import FLAG, REJECT
from ledger.simulation import noise
from ledger.simulation.cast import Cast
from ledger.simulation.chance import stream, uuid4
from ledger.simulation.folder import Truth, lines, months, read_manifest, read_planted
from ledger.simulation.goods import assay, relative_deviation, weigh
from ledger.simulation.patterns import PATTERNS
from ledger.simulation.simulate import ORIGIN, simulate
from ledger.statements.envelope import parse_statement, verify_statement
from ledger.statements.keys import parse_jwk

WITHOUT_MOVEMENT = {"key.suspect", "licence.overdue"}
"""Codes of acts alone."""
AS_CONSEQUENCE = {"taint.inherited"}
"""What follows from planted patterns; true facts say where."""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, movements=1500, plant=0.1, seed=4)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def everything(folder: Path) -> list[tuple[bytes, Truth]]:
    return [line for month in months(folder) for line in lines(folder, month)]


def test_the_same_seed_gives_the_same_bytes(simulated: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "again", movements=1500, plant=0.1, seed=4)
    assert digests(tmp_path / "again") == digests(simulated)


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    for seed in (4, 5):
        simulate(tmp_path / str(seed), movements=300, plant=0.1, seed=seed)
    same = digests(tmp_path / "4").items() & digests(tmp_path / "5").items()
    assert not same


def test_a_stopped_run_goes_on_and_leaves_finished_months_alone(simulated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"

    class Stop(Exception):
        pass

    def stop(done: int, whole: int) -> None:
        if done > 700:
            raise Stop

    with pytest.raises(Stop):
        simulate(folder, movements=1500, plant=0.1, seed=4, progress=stop)
    finished = {path: path.stat().st_mtime_ns for path in (folder / "statements").glob("*.ndjson")}
    assert finished
    assert not read_manifest(folder)["complete"]
    simulate(folder, movements=1500, plant=0.1, seed=4)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    whole = digests(folder)
    left = {name: whole.pop(name) for name in list(whole) if name.endswith(".part")}
    assert not left
    assert whole == digests(simulated)


@pytest.mark.parametrize(("movements", "plant", "seed"), [(1500, 0.1, 6), (1501, 0.1, 4), (1500, 0.2, 4)])
def test_a_folder_of_another_simulation_is_refused(
    simulated: Path, movements: int, plant: float, seed: int
) -> None:
    before = digests(simulated)
    with pytest.raises(SimulationInvalid):
        simulate(simulated, movements=movements, plant=plant, seed=seed)
    assert digests(simulated) == before


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SimulationInvalid):
        simulate(tmp_path, movements=10, plant=0, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("movements", "plant"),
    [(0, 0.0), (10_000_001, 0.0), (10, -0.1), (10, 0.51), (10, math.nan), (10, math.inf)],
)
def test_what_cannot_be_simulated_leaves_no_folder(tmp_path: Path, movements: int, plant: float) -> None:
    with pytest.raises(SimulationInvalid, match="cannot be simulated"):
        simulate(tmp_path / "new", movements=movements, plant=plant, seed=1)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_told_with_its_mend(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SimulationInvalid, match="cannot be written") as told:
        simulate(tmp_path / place, movements=10, plant=0, seed=1)
    assert "can be written to" in told.value.mend
    assert (tmp_path / "file").read_text() == "mine"


def test_exactly_as_many_movements_are_written_in_order_of_filing(simulated: Path) -> None:
    found = everything(simulated)
    assert sum(truth.movement for _, truth in found) == 1500
    times = [truth.filed_us for _, truth in found]
    assert times == sorted(times)


def test_every_statement_is_signed_by_its_party_for_this_log(simulated: Path) -> None:
    keys = {}
    genesis = (simulated / "statements" / "genesis.jws").read_bytes()
    for party in json.loads(parse_statement(genesis).payload)["parties"]:
        for key in party["keys"]:
            public = parse_jwk(key["jwk"])
            keys[public.kid] = (party["party"], public)
    for jws, truth in everything(simulated):
        statement = parse_statement(jws)
        owner, public = keys[statement.header.kid]
        assert owner == truth.party
        assert statement.header.jti == truth.jti
        assert statement.header.iat == truth.filed_us // 1_000_000
        verify_statement(statement, public)
        payload = json.loads(statement.payload)
        if payload.get("act") == "enrol-key":
            new = parse_jwk(payload["jwk"])
            keys[new.kid] = (payload["party"], new)


def test_every_payload_is_well_formed(simulated: Path) -> None:
    for jws, truth in everything(simulated):
        submission = read_submission(parse_statement(jws), truth.party, ORIGIN)
        assert not submission.findings, (truth, submission.findings)
        assert bool(submission.movements) == truth.movement


def test_the_truth_names_every_planted_statement(simulated: Path) -> None:
    planted = {each.number: each for each in read_planted(simulated)}
    seen: Counter[str] = Counter()
    short = {pattern.name for pattern in PATTERNS if pattern.least > 1}
    for _, truth in everything(simulated):
        assert truth.number == "" or truth.number in planted or truth.pattern in short, truth
        assert (truth.pattern == "honest") == (truth.number == "")
        if truth.number in planted:
            seen[truth.number] += 1
            assert truth.pattern == planted[truth.number].pattern
            assert set(truth.codes) <= {*REJECT, *FLAG}
    assert seen
    for number, each in planted.items():
        assert seen[number] <= each.statements
        assert each.statements or each.silent
    finished = [number for number, each in planted.items() if seen[number] == each.statements]
    assert len(finished) > 0.9 * len(planted)
    share = sum(1 for _, truth in everything(simulated) if truth.number and truth.movement) / 1500
    assert 0.03 < share < 0.15


def test_what_is_planted_is_known_by_no_honest_site_pool_or_party(simulated: Path) -> None:
    planted = read_planted(simulated)
    numbers = {each.number for each in planted}
    named = [(each.number, name) for each in planted for name in each.subjects]
    named += [
        (truth.number, name)
        for _, truth in everything(simulated)
        if truth.number in numbers
        for name in truth.subjects
    ]
    assert named
    for number, name in named:
        if "/sites/" in name or "/pools/" in name or name.endswith(".example/"):
            assert number in name, (number, name)


def test_every_code_has_a_pattern() -> None:
    planted = {code for pattern in PATTERNS for code in pattern.codes}
    # The simulated country publishes no list that has these conditions.
    by_list = {
        "content.undecided",
        "enduser.military",
        "licence.case-by-case",
        "technology.product",
        "technology.prohibited",
    }
    unreported = {"export.taken-back"}  # Nobody there takes back what was reported.
    codes = {*REJECT, *FLAG} - WITHOUT_MOVEMENT - AS_CONSEQUENCE - by_list - unreported
    assert codes <= planted
    assert not planted - {*REJECT, *FLAG}


def test_tainted_goods_are_used_where_there_are_no_others(tmp_path: Path) -> None:
    simulate(tmp_path / "small", movements=6000, plant=0.02, seed=12)
    played = read_manifest(tmp_path / "small")["planted"]
    assert played.keys() == {pattern.name for pattern in PATTERNS}
    assert played["structuring"]
    assert played["surge"]


def test_nothing_is_planted_at_rate_zero(tmp_path: Path) -> None:
    simulate(tmp_path / "honest", movements=300, plant=0.0, seed=7)
    assert all(truth.pattern == "honest" for _, truth in everything(tmp_path / "honest"))
    assert read_planted(tmp_path / "honest") == []


def test_half_of_the_filers_are_monthly_and_some_files_are_late(simulated: Path) -> None:
    actors = [actor for actor in Cast(1, 40).actors if actor.country == "CN"]
    monthly = sum(actor.monthly for actor in actors) / len(actors)
    assert abs(monthly - noise.MONTHLY_FILERS) < 0.1
    found = [truth for _, truth in everything(simulated) if truth.movement and not truth.number]
    late = sum("report.late" in truth.facts for truth in found) / len(found)
    assert 0.02 < late < 0.09


def test_laboratories_are_biased_as_stated() -> None:
    low, high = noise.LABORATORY_BIAS
    for actor in Cast(2, 10).actors:
        assert low <= abs(actor.bias) <= high


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005])
def test_assays_scatter_by_their_band(share: float) -> None:
    chance = random.Random(1)
    true_mg = {"Ce": 1e9 * (1 - share), "Nd": 1e9 * share}
    reads = [assay(true_mg, chance)["Nd"] / share - 1 for _ in range(4000)]
    deviation = (sum(read**2 for read in reads) / len(reads)) ** 0.5
    most = relative_deviation(share) + (share if share >= 0.1 else 0) * relative_deviation(1 - share)
    assert 0.5 * relative_deviation(share) < deviation < 1.1 * most


def test_scales_scatter_as_stated() -> None:
    chance = random.Random(2)
    reads = [weigh(1e9, chance) / 1e9 - 1 for _ in range(4000)]
    deviation = (sum(read**2 for read in reads) / len(reads)) ** 0.5
    assert abs(deviation - noise.WEIGHING) < 0.0002


def test_streams_of_chance_are_split_by_name() -> None:
    assert stream(1, "a").random() == stream(1, "a").random()
    assert stream(1, "a").random() != stream(1, "b").random()
    assert stream(1, "a").random() != stream(2, "a").random()
    assert uuid4(1, "x")[14] == "4"
    assert uuid4(1, "x")[19] in "89ab"


def test_the_manifest_says_what_share_was_planted(simulated: Path) -> None:
    labelled = [truth for _, truth in everything(simulated) if truth.movement and truth.number]
    assert read_manifest(simulated)["planted_share"] == round(len(labelled) / 1500, 6)
