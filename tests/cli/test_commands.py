"""The commands as their users run them: against a real server, with real files."""

import json
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli import cli
from api.cli.evaluate import _show
from api.settings import Settings
from benchmarks.servers import Prepared, Running, prepared, serving
from ledger.errors import ReledgerError
from ledger.log.receipt import parse_receipt
from ledger.simulation.scoring import Score
from ledger.statements.envelope import parse_statement
from ledger.statements.keys import write_key_file
from ledger.store.engine import create_ledger_engine
from ledger.store.log_store import read_head
from tests.support.cast import shipment


def run(*words: str | Path, env: dict[str, str] | None = None) -> Result:
    """Runs a command; an error of the tree becomes exit status 1, as ``main`` makes it."""
    result = CliRunner().invoke(cli, [str(word) for word in words], env=env)
    if isinstance(result.exception, ReledgerError):
        result.exit_code = 1
    elif result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def code(result: Result) -> str:
    assert isinstance(result.exception, ReledgerError), result.output
    return result.exception.code


@pytest.fixture(scope="module")
def log() -> Iterator[Prepared]:
    with prepared("sqlite", workers=1) as made:
        for member in made.cast.actors:
            write_key_file(made.folder / f"{member.roles[0]}.pem", member.signer._key)
        yield made


@pytest.fixture(scope="module")
def server(log: Prepared) -> Iterator[Running]:
    with serving(log.settings) as running:
        yield running


def size(settings: Settings) -> int:
    engine = create_ledger_engine(settings.database_url)
    with engine.connect() as connection:
        found = read_head(connection).tree_size
    engine.dispose()
    return found


class TestKeys:
    def test_new_and_show(self, tmp_path: Path) -> None:
        made = run("key", "new", tmp_path / "k.pem")
        kid = made.stdout.strip()
        assert stat.S_IMODE((tmp_path / "k.pem").stat().st_mode) == 0o600
        shown = json.loads(
            run(
                "key",
                "show",
                "--key",
                tmp_path / "k.pem",
                "--origin",
                "o.example",
                "--party",
                "https://p.example/",
            ).stdout
        )
        assert (shown["kid"], shown["alg"]) == (kid, "Ed25519")
        assert shown["proof_of_possession"].count(".") == 2
        vkey = json.loads(run("key", "show", "--key", tmp_path / "k.pem", "--origin", "o.example").stdout)[
            "vkey"
        ]
        assert vkey.startswith("o.example+")

    def test_a_key_is_never_overwritten(self, tmp_path: Path) -> None:
        run("key", "new", tmp_path / "k.pem")
        before = (tmp_path / "k.pem").read_bytes()
        assert code(run("key", "new", tmp_path / "k.pem")) == "key-file.invalid"
        assert (tmp_path / "k.pem").read_bytes() == before

    def test_an_open_key_file_is_refused(self, tmp_path: Path) -> None:
        run("key", "new", tmp_path / "k.pem")
        (tmp_path / "k.pem").chmod(0o644)
        assert code(run("key", "show", "--key", tmp_path / "k.pem")) == "key-file.invalid"

    def test_a_passphrase(self, tmp_path: Path) -> None:
        (tmp_path / "pass").write_text("correct horse\n")
        (tmp_path / "wrong").write_text("wrong\n")
        run("key", "new", tmp_path / "k.pem", "--passphrase-file", tmp_path / "pass")
        assert (
            run("key", "show", "--key", tmp_path / "k.pem", "--passphrase-file", tmp_path / "pass").exit_code
            == 0
        )
        assert code(run("key", "show", "--key", tmp_path / "k.pem")) == "key-file.invalid"
        wrong = run("key", "show", "--key", tmp_path / "k.pem", "--passphrase-file", tmp_path / "wrong")
        assert code(wrong) == "key-file.invalid"

    def test_party_needs_origin(self, tmp_path: Path) -> None:
        run("key", "new", tmp_path / "k.pem")
        assert run("key", "show", "--key", tmp_path / "k.pem", "--party", "https://p.example/").exit_code == 2


class TestBeginning:
    def test_a_log_from_nothing(self, tmp_path: Path) -> None:
        origin = "begun.example/log"
        for name in ("log", "authority", "operator"):
            run("key", "new", tmp_path / f"{name}.pem")
        vkey = json.loads(run("key", "show", "--key", tmp_path / "log.pem", "--origin", origin).stdout)[
            "vkey"
        ]
        parties = []
        for role in ("authority", "operator"):
            party = f"https://{role}.example/"
            shown = run(
                "key", "show", "--key", tmp_path / f"{role}.pem", "--origin", origin, "--party", party
            )
            key = {name: json.loads(shown.stdout)[name] for name in ("jwk", "proof_of_possession")}
            organisation = {"legal_name": f"The {role}", "country": "CN"}
            parties.append({"party": party, "organisation": organisation, "roles": [role], "keys": [key]})
        genesis = {
            "act": "genesis",
            "origin": origin,
            "log_keys": [vkey],
            "parties": parties,
            "policy": {"rule_set": 1},
        }
        (tmp_path / "genesis.json").write_text(json.dumps(genesis))
        signed = run(
            "sign", tmp_path / "genesis.json", "--key", tmp_path / "authority.pem", "--origin", origin,
            "-o", tmp_path / "genesis.jws",
        )  # fmt: skip
        assert signed.exit_code == 0
        settings = tmp_path / "reledger.toml"
        settings.write_text(
            f'database_url = "sqlite:///{tmp_path}/ledger.db"\norigin = "{origin}"\n'
            f'log_key_file = "{tmp_path}/log.pem"\nmark_dir = "{tmp_path}/mark"\n'
        )
        begun = run(
            "init", "--config", settings, "--genesis", tmp_path / "genesis.jws", "-o", tmp_path / "receipt"
        )
        assert begun.exit_code == 0
        assert parse_receipt((tmp_path / "receipt").read_bytes()).index == 0
        assert (
            code(run("init", "--config", settings, "--genesis", tmp_path / "genesis.jws"))
            == "statement.refused"
        )
        assert run("migrate", "--config", settings, "--check").exit_code == 0
        assert origin in run("mark", "show", "--config", settings).stdout
        verified = run("verify", "--config", settings)
        assert verified.exit_code == 0
        assert "1 entries, no fault" in verified.stdout

    def test_a_setting_nobody_knows(self, tmp_path: Path) -> None:
        settings = tmp_path / "reledger.toml"
        settings.write_text('data_base = "x"\n')
        assert code(run("migrate", "--config", settings)) == "settings.invalid"


class TestSubmitting:
    def write(self, folder: Path, numbers: range) -> None:
        folder.mkdir(exist_ok=True)
        for number in numbers:
            (folder / f"shipment-{number}.json").write_text(json.dumps(shipment(number)))

    def submit(self, log: Prepared, server: Running, outbox: Path, *paths: Path) -> Result:
        return run(
            "submit", *paths, "--url", server.url, "--key", log.folder / "miner.pem", "--outbox", outbox,
            "--log-key", log.cast.vkey,
        )  # fmt: skip

    def test_a_folder_and_again(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        self.write(tmp_path / "documents", range(5))
        before = size(log.settings)
        first = self.submit(log, server, tmp_path / "outbox", tmp_path / "documents")
        assert first.exit_code == 0
        assert [line.split("\t")[1] for line in first.stdout.splitlines()] == ["recorded"] * 5
        again = self.submit(log, server, tmp_path / "outbox", tmp_path / "documents")
        assert [line.split("\t")[1] for line in again.stdout.splitlines()] == ["known"] * 5
        assert size(log.settings) == before + 5
        kept = sorted((tmp_path / "outbox").glob("*.receipt"))
        assert len(kept) == 5

    def test_a_run_that_was_stopped_sends_the_same_bytes(
        self, log: Prepared, server: Running, tmp_path: Path
    ) -> None:
        self.write(tmp_path / "documents", range(3))
        self.submit(log, server, tmp_path / "outbox", tmp_path / "documents")
        before = size(log.settings)
        statements = {path: path.read_bytes() for path in (tmp_path / "outbox").glob("*.jws")}
        for receipt in (tmp_path / "outbox").glob("*.receipt"):
            receipt.unlink()
        again = self.submit(log, server, tmp_path / "outbox", tmp_path / "documents")
        assert [line.split("\t")[1] for line in again.stdout.splitlines()] == ["known"] * 3
        assert size(log.settings) == before
        assert {path: path.read_bytes() for path in statements} == statements
        assert len(list((tmp_path / "outbox").glob("*.receipt"))) == 3

    def test_lines_and_a_refused_one(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        bad: dict[str, Any] = shipment(1)
        bad["epcisBody"]["eventList"][0]["bizStep"] = "teleporting"
        lines = tmp_path / "batch.ndjson"
        lines.write_text("\n".join(json.dumps(each) for each in (shipment(0), bad, shipment(2))) + "\n\n")
        result = self.submit(log, server, tmp_path / "outbox", lines)
        assert result.exit_code == 1
        states = [line.split("\t")[1] for line in result.stdout.splitlines() if not line.startswith(" ")]
        assert states == ["recorded", "refused", "recorded"]
        said = [line.split(" at ")[0].strip() for line in result.stdout.splitlines() if line.startswith("  ")]
        (refused,) = (tmp_path / "outbox").glob("*.refused.json")
        assert "line000002" in refused.name
        findings = json.loads(refused.read_text())["findings"]
        assert findings[0]["pointer"].endswith("/bizStep")
        assert [each["code"] for each in findings] == said[::2]
        assert [each["mend"] for each in findings] == said[1::2]
        assert refused.with_suffix(".jws").exists()

    def test_what_is_not_json_says_which_line(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        lines = tmp_path / "batch.ndjson"
        lines.write_text(json.dumps(shipment()) + "\n{broken\n")
        result = self.submit(log, server, tmp_path / "outbox", lines)
        assert code(result) == "document.invalid"
        assert isinstance(result.exception, ReledgerError)
        assert result.exception.line == 2

    def test_another_log_key_is_not_trusted(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        self.write(tmp_path / "documents", range(1))
        other = json.loads(
            run("key", "show", "--key", log.folder / "miner.pem", "--origin", log.cast.origin).stdout
        )["vkey"]
        result = run(
            "submit", tmp_path / "documents", "--url", server.url, "--key", log.folder / "miner.pem",
            "--outbox", tmp_path / "outbox", "--log-key", other,
        )  # fmt: skip
        assert code(result) == "outbox.invalid"

    def test_a_dry_run(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        before = size(log.settings)
        bad = shipment(1)
        del bad["epcisBody"]["eventList"][0]["eventTime"]
        (tmp_path / "bad.json").write_text(json.dumps(bad))
        (tmp_path / "good.json").write_text(json.dumps(shipment(2)))
        options = ("--url", server.url, "--key", log.folder / "miner.pem")
        good = run("check", tmp_path / "good.json", *options)
        assert (good.exit_code, good.stdout) == (0, "good.json\twould be recorded\n")
        refused = run("check", tmp_path / "bad.json", *options)
        assert refused.exit_code == 1
        assert refused.stdout.startswith("bad.json\twould be refused\n")
        assert "eventTime" in refused.stdout
        assert size(log.settings) == before

    def test_a_signed_file(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        (tmp_path / "document.json").write_text(json.dumps(shipment(3)))
        signed = run(
            "sign", tmp_path / "document.json", "--key", log.folder / "miner.pem", "--origin", log.cast.origin
        )
        jws = signed.stdout.strip().encode()
        assert parse_statement(jws).payload == (tmp_path / "document.json").read_bytes()
        (tmp_path / "signed.jws").write_bytes(jws + b"\n")
        result = self.submit(log, server, tmp_path / "outbox", tmp_path / "signed.jws")
        assert result.exit_code == 0
        assert (tmp_path / "outbox").joinpath(
            next(iter((tmp_path / "outbox").glob("*.jws"))).name
        ).read_bytes() == jws


class TestKeysOfParties:
    def test_enrol_and_revoke(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        party = log.cast.mine.party
        kid = run("key", "new", tmp_path / "new.pem", "--alg", "ES256").stdout.strip()
        shown = run(
            "key", "show", "--key", tmp_path / "new.pem", "--origin", log.cast.origin, "--party", party
        )
        (tmp_path / "new.json").write_text(shown.stdout)
        options = ("--url", server.url, "--outbox", tmp_path / "outbox")
        enrolled = run("key", "enrol", tmp_path / "new.json", "--key", log.folder / "authority.pem", *options)
        assert enrolled.exit_code == 0, enrolled.output
        (tmp_path / "document.json").write_text(json.dumps(shipment(4)))
        send = ("submit", tmp_path / "document.json", "--key", tmp_path / "new.pem", *options)
        assert run(*send).exit_code == 0
        revoked = run(
            "key", "revoke", kid, "--key", log.folder / "authority.pem", "--reason", "lost", *options
        )
        assert revoked.exit_code == 0, revoked.output
        (tmp_path / "document.json").write_text(json.dumps(shipment(5)))
        refused = run(*send)
        assert refused.exit_code == 1
        assert (
            "key.revoked"
            in (tmp_path / "outbox")
            .joinpath(next(path.name for path in (tmp_path / "outbox").glob("*.refused.json")))
            .read_text()
        )

    @pytest.mark.parametrize("begins", ["-s", "-h", "--"])
    def test_a_kid_that_begins_with_a_dash_is_no_option(
        self, log: Prepared, server: Running, tmp_path: Path, begins: str
    ) -> None:
        words = ("--key", log.folder / "authority.pem", "--reason", "lost", "--url", server.url)
        unknown = run("key", "revoke", begins + 41 * "A", *words, "--outbox", tmp_path / "outbox")
        assert unknown.exit_code == 1
        assert "no such key was enrolled" in unknown.output, unknown.output


class TestRefusals:
    def test_publishing_the_journal(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        bad = shipment(6)
        bad["epcisBody"]["eventList"][0]["bizStep"] = "teleporting"
        (tmp_path / "bad.json").write_text(json.dumps(bad))
        options = ("--url", server.url, "--outbox", tmp_path / "outbox")
        assert (
            run("submit", tmp_path / "bad.json", "--key", log.folder / "miner.pem", *options).exit_code == 1
        )
        env = log.settings.as_environment()
        publish = ("publish-refusals", "--key", log.folder / "operator.pem", *options)
        published = run(*publish, env=env)
        assert published.exit_code == 0, published.output
        assert "refusals published: entry" in published.stdout
        wrong = run("publish-refusals", "--key", log.folder / "miner.pem", *options[:2], "--outbox",
                    tmp_path / "other", env=env)  # fmt: skip
        assert wrong.exit_code == 1


class TestStatistics:
    def test_the_next_period_is_drafted_published_and_shown(
        self, log: Prepared, server: Running, tmp_path: Path
    ) -> None:
        key = ("--url", server.url, "--key", log.folder / "authority.pem")
        draft = json.loads(run("statistics", "draft", *key).stdout)
        assert (draft["act"], draft["figures"]["applications"]) == ("publish-statistics", 0)
        assert run("statistics", "draft", *key, "--period", "2199").exit_code == 1
        published = run("statistics", "publish", *key, "--outbox", tmp_path / "outbox")
        assert published.exit_code == 0, published.output
        assert published.stdout.startswith(f"{draft['period']} published: entry")
        again = ("statistics", "publish", *key, "--period", draft["period"], "--outbox", tmp_path / "other")
        assert run(*again).exit_code == 1
        shown = run("statistics", "show", "--url", server.url, "--csv").stdout.splitlines()
        assert shown[1].startswith(f"export-licences,{draft['period']},")
        assert draft["period"] in run("statistics", "show", "--url", server.url).stdout


class TestMark:
    def test_adopting(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        settings = log.settings.with_changes(mark_dir=tmp_path / "mark")
        env = settings.as_environment()
        assert run("mark", "show", env=env).exit_code == 1
        kept = run("mark", "show", env=log.settings.as_environment()).stdout
        (tmp_path / "checkpoint").write_text(kept)
        assert run("mark", "adopt", tmp_path / "checkpoint", env=env).exit_code == 0
        assert run("mark", "show", env=env).stdout == kept

    def test_a_forged_checkpoint_is_not_adopted(self, log: Prepared, server: Running, tmp_path: Path) -> None:
        kept = run("mark", "show", env=log.settings.as_environment()).stdout
        lines = kept.split("\n")
        lines[1] = str(int(lines[1]) + 1)
        (tmp_path / "checkpoint").write_text("\n".join(lines))
        env = log.settings.with_changes(mark_dir=tmp_path / "mark").as_environment()
        assert code(run("mark", "adopt", tmp_path / "checkpoint", env=env)) == "note.signature"
        assert not (tmp_path / "mark").exists()


class TestReading:
    def test_a_token_reads_ones_own(self, log: Prepared, server: Running) -> None:
        result = run("token", "--key", log.folder / "miner.pem", "--url", server.url)
        assert result.exit_code == 0
        assert result.stdout.count(".") == 2

    def test_nobody_there(self, log: Prepared) -> None:
        result = run("token", "--key", log.folder / "miner.pem", "--url", "http://127.0.0.1:9")
        assert code(result) == "remote.failed"


def test_a_catalogue_of_ones_own_is_printed_as_policy_takes_it(tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    header = "code,name_en,name_zh,stage,form,hs_code,source,verified"
    table.write_text(f"{header}\nown-oxide,own,自有,separated_compound,oxide,,us,false\n", "utf-8")
    result = run("products", table)
    assert result.exit_code == 0
    assert [row["code"] for row in json.loads(result.stdout)] == ["own-oxide"]
    table.write_text(f"{header}\nown-oxide,own,自有,oxide,oxide,,us,false\n", "utf-8")
    assert code(run("products", table)) == "table.invalid"


def test_a_published_list_is_printed_as_acts_and_natural_persons_are_left_out(tmp_path: Path) -> None:
    header = "_id,source,type,name,alt_names,start_date,dates_of_birth"
    rows = (
        "1,List - Office,Entity,Arms Works,ARMS,2024-05-01,",
        "2,List - Office,Individual,A. PERSON,,,1970",
    )
    listed = tmp_path / "list.csv"
    listed.write_text("\n".join((header, *rows, "")), "utf-8")
    result = run("restricted", listed)
    assert result.exit_code == 0
    (act,) = map(json.loads, result.stdout.splitlines())
    assert (act["act"], act["organisation"], act["aliases"]) == (
        "list-restricted-party",
        "Arms Works",
        ["ARMS"],
    )
    assert "PERSON" not in result.output
    listed.write_text(f"{header}\n3,List - Office,Entity,Other Works,,,\n", "utf-8")
    assert run("restricted", listed).exit_code == 2
    assert run("restricted", listed, "--start", "2026-01-01T00:00:00+08:00").exit_code == 0


@pytest.mark.parametrize("module", ["api.cli.audit", "api.cli.common", "sqlalchemy", "cryptography"])
def test_an_interrupt_while_a_command_is_imported_is_told_as_later(module: str) -> None:
    """It comes as the module is looked for: without it, the path would be refused."""
    script = (
        "import signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: signal.raise_signal(signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from api.cli import main\n"
        "main()\n"
    )
    asked = [sys.executable, "-c", script, "verify", "--database", "nothing"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.split()) == (130, "", ["stopped"])


@pytest.mark.parametrize("share", ["nan", "-0.1", "0.51", "inf"])
def test_a_share_that_is_none_is_refused_and_no_folder_is_begun(tmp_path: Path, share: str) -> None:
    result = CliRunner().invoke(cli, ["simulate", str(tmp_path / "new"), "--plant", share])
    assert result.exit_code == 2
    assert "--plant" in result.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("plant", "named"), [("0.5", True), ("0", False)])
def test_simulate_names_the_patterns_that_never_came_about(tmp_path: Path, plant: str, named: bool) -> None:
    asked = ["simulate", str(tmp_path / "new"), "--movements", "300", "--plant", plant, "--seed", "3"]
    result = CliRunner().invoke(cli, asked)
    assert result.exit_code == 0, result.output
    assert ("never came about" in result.output) == named
    assert ("licence-missing" in result.output) == named


def test_what_was_refused_of_honest_people_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _show(Score(refusals=Counter({"lot.unknown": 2}), acts_refused=Counter({"licence.unknown": 1})))
    told = capsys.readouterr().out
    assert "honest movements refused: lot.unknown 2" in told
    assert "honest acts refused: licence.unknown 1" in told
    _show(Score())
    assert "honest acts refused: none" in capsys.readouterr().out
