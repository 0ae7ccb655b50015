"""Runs the demonstration and tells it, line by line, on stdout.

Decides: what is shown and in which order. Every line reports something that has just been done for real;
where the outcome is not the expected one the demonstration fails.
"""

import hashlib
import shlex
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

import api
from api.demo import attacks, invoicing, licensing, story
from api.demo.cast import Member, sign
from api.demo.stage import Stage
from ledger.audit.database import verify_database
from ledger.client.documents import list_files, read_documents
from ledger.client.http import LedgerClient
from ledger.client.outbox import Outbox, write_file
from ledger.client.submitting import Submitter
from ledger.clock import SystemClock
from ledger.errors import RemoteFailed
from ledger.log.receipt import verify_receipt
from ledger.materials.units import format_mass
from ledger.statements.envelope import ACT, EPCIS
from ledger.statements.tokens import make_token
from ledger.store.engine import create_ledger_engine


class Performance:
    """One run of the demonstration against a running server."""

    def __init__(self, stage: Stage, client: LedgerClient) -> None:
        self._stage = stage
        self._client = client
        self._clock = SystemClock()
        self._receipts = stage.folder / "receipts"
        self._tickets = stage.folder / "tickets"
        for folder in (self._receipts, self._tickets):
            folder.mkdir(exist_ok=True)
        self._story = story.Story(stage.members, datetime.now(UTC))
        self._recorded: list[tuple[int, bytes, dict[str, Any]]] = []

    def begin(self) -> None:
        """Shows genesis and admits the companies."""
        stage = self._stage
        _heading("The log")
        write_file(self._receipts / "000000.genesis.receipt", stage.genesis_receipt)
        _say(f"origin   {stage.settings.origin}")
        _say(f"log key  {stage.log.vkey}")
        _say("entry 0  genesis: the authority and the operator, their keys, the policy")
        _heading(f"The authority admits {len(stage.members)} companies, each with a key of its own")
        for member in stage.members.values():
            self._admit(member)
        for member, act in self._story.sites():
            self._act(act, f"lists the site of {member.legal_name}")
        for title, act in self._story.official_acts():
            self._act(act, title)

    def tell(self) -> None:
        """Posts the story; each receipt is verified with the log's public key alone."""
        _heading("The story: each record is signed by its own company, posted, and its receipt verified")
        for scene in self._story.scenes():
            self._play(scene)
        _heading("Three attempts to smuggle: what contradicts the books is refused, with its reason")
        for scene in self._story.attempts():
            self._play(scene)

    def settle_desks(self) -> None:
        """Leaves every desk something to read and to do: an auditor, applications, a case, what came late."""
        stage = self._stage
        _heading("What the desks hold: an auditor, a case, statistics, what waits and what is late, invoices")
        self._act({"act": "admit-party"} | stage.auditor.admission(), f"admits {stage.auditor.legal_name}")
        key = {"act": "enrol-key", "party": stage.auditor.party}
        self._act(key | stage.auditor.enrolment(stage.settings.origin), "enrols its key")
        scope = {"start": self._recorded[0][0]}
        grant = {"act": "grant-read", "grantee": stage.auditor.party, "scope": scope}
        self._act(grant, "lets it read the story")
        first, *_ = applications = list(self._story.applications())
        for title, member, act in applications:
            self._record(sign(act, member, stage.settings.origin, ACT, self._clock), member, title)
        self._act(self._story.grant(first[2]), "grants the first")
        for scene in self._story.differing():
            self._play(scene)
        for title, act in self._story.case(self._ask("/v1/alerts")["alerts"]):
            self._act(act, title)
        self._decide_licences()
        for scene in self._story.unfinished():
            self._play(scene)
        self._fill_reserve()
        for title, member, act in invoicing.invoices(stage.members, datetime.now(UTC)):
            self._record(sign(act, member, stage.settings.origin, ACT, self._clock), member, title)

    def _decide_licences(self) -> None:
        """Firms apply, the authority decides, and publishes what it did in the thirty days until now."""
        stage = self._stage
        for member in stage.newcomers.values():
            self._admit(member)
        for title, member, act in licensing.applications(stage.newcomers):
            self._record(sign(act, member, stage.settings.origin, ACT, self._clock), member, title)
        for title, act in licensing.decisions(stage.newcomers, datetime.now(UTC)):
            self._act(act, title)
        end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        while datetime.now(UTC) < end:  # a period that has not ended is not published
            time.sleep(0.05)
        span = licensing.span_to(end)
        draft = self._ask(f"/v1/statistics/draft?{urlencode({'period': span, 'filed': span})}")
        self._act(draft["act"], "publishes the licence statistics of thirty days, as the books say")

    def _fill_reserve(self) -> None:
        """The strategic reserve has a site and a stock, and goods are used."""
        reserve, glass = (self._stage.newcomers[name] for name in ("reserve", "glass"))
        self._act(self._story.reserve_site(reserve), f"lists the site of {reserve.legal_name}")
        for scene in self._story.reserve(reserve, glass):
            self._play(scene)

    def _admit(self, member: Member) -> None:
        listed = {"listing": {"start": self._story.admission_start()}}
        self._act({"act": "admit-party"} | member.admission() | listed, f"admits {member.legal_name}")
        key = {"act": "enrol-key", "party": member.party} | member.enrolment(self._stage.settings.origin)
        self._act(key, f"enrols its {member.signer.alg} key {member.signer.kid[:12]}…")

    def show_origin(self) -> None:
        """Shows where the magnets came from: what a regulator sees, and the graph behind it."""
        _heading("Where the exported magnets came from, as a regulator sees it")
        found = self._ask(f"/v1/provenance?{urlencode({'lot': self._story.magnets})}")
        for origin in found["origins"]:
            elements = ", ".join(f"{name} {format_mass(mass)}" for name, mass in origin["elements"].items())
            _say(f"{float(origin['share']):7.2%}  {origin['origin']}  ({elements})")
        steps = [step for step in found["steps"] if step["depth"]]
        _say(f"{len(steps)} lots on the way, each with the entry that proves it:")
        for step in steps:
            indent = "  " * step["depth"]
            _say(f"{indent}entry {step['index']:<3} {step['change']:<8} {step['product']} {step['name']}")

    def cheat(self) -> None:
        """Shows a forged, a replayed and an altered record refused, and a changed byte found."""
        index, jws, document = self._recorded[0]
        _heading("Attempts to cheat")
        for attempt in (
            attacks.forge(self._client, self._stage, document),
            attacks.alter(self._client, jws),
            attacks.replay(self._client, jws, index),
            attacks.reuse(self._client, self._stage, jws, self._recorded[1][2]),
        ):
            if not attempt.repelled:
                raise RemoteFailed(f"{attempt.title}: the ledger answered {attempt.answer.status}")
            code = attempt.answer.members.get("code", "the first receipt")
            _say(f"{attempt.answer.status} {code:<22} {attempt.title}")
        self._change_a_byte(index)

    def submit_folder(self, folder: Path) -> None:
        """Signs and submits every document of a folder, as the mine."""
        _heading(f"The documents in {folder}, signed by the mine")
        mine = self._stage.members["mine"]
        outbox = Outbox(self._stage.folder / "outbox")
        settings = self._stage.settings
        verifier = outbox.pin_log_key(settings.origin, [self._stage.log.vkey], self._stage.log.vkey)
        submitter = Submitter(
            self._client,
            outbox,
            origin=settings.origin,
            verifier=verifier,
            signer=mine.signer,
            clock=self._clock,
        )
        counts: dict[str, int] = {}
        for sent in submitter.submit(read_documents(list_files([folder]))):
            counts[sent.state] = counts.get(sent.state, 0) + 1
            _say(f"{sent.state:<9} {sent.source}  {sent.text}")
        _say(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))

    def point_on(self) -> None:
        """Says where to look next."""
        stage = self._stage
        _heading("Where to look next")
        _say(f"in the browser        {stage.url}/")
        _say(f"the checkpoint        curl {stage.url}/checkpoint")
        mine_key = f"{stage.folder}/keys/mine.pem"
        reledger = _own_command()
        _say(f"check the whole log   {reledger} audit {stage.url} --log-key '{stage.log.vkey}'")
        _say(f"check the database    {reledger} verify --database sqlite:///{stage.database}")
        authority_key = f"{stage.folder}/keys/authority.pem"
        trace = f"{reledger} trace {self._story.magnets} --url {stage.url} --key {authority_key}"
        _say(f"trace the magnets     {trace}")
        _say(f"sign something        {reledger} submit FILE --url {stage.url} --key {mine_key}")
        _say(f"read as the mine      {reledger} token --key {mine_key} --url {stage.url}")
        _say(f"receipts              {self._receipts}")
        _heading("Sign in to the console: one link for each, with its key in it")
        for member in stage.people:
            _say(f"{member.legal_name:<30}  {stage.sign_in_link(member)}")

    def _ask(self, path: str) -> dict[str, Any]:
        """What the ledger answers to the authority."""
        now_s = self._clock.now_us() // 1_000_000
        token = make_token(self._stage.authority.signer, self._stage.settings.origin, now_s)
        return self._client.get_json(path, token=token)

    def _play(self, scene: story.Scene) -> None:
        jws = sign(scene.document, scene.actor, self._stage.settings.origin, EPCIS, self._clock)
        if not scene.refused:
            index = self._record(jws, scene.actor, scene.title)
            self._recorded.append((index, jws, scene.document))
            if scene.ticket:
                self._upload(scene.ticket, scene.actor)
            return
        answer = self._client.submit(jws)
        reasons = {finding["code"]: finding["detail"] for finding in answer.members.get("findings", ())}
        if answer.status != 422 or scene.refused not in reasons:
            raise RemoteFailed(f"{scene.title}: the ledger answered {answer.describe()}")
        _say(f"refused   ✗ {scene.actor.name:<9} {scene.title}")
        _say(f"            {scene.refused}: {reasons[scene.refused]}")

    def _upload(self, ticket: bytes, actor: Member) -> None:
        """Puts a weighbridge ticket into the store, for whoever may read the record that names it."""
        name = hashlib.sha256(ticket).hexdigest()
        file = self._tickets / f"{name[:12]}.txt"
        write_file(file, ticket)
        now_s = self._clock.now_us() // 1_000_000
        token = make_token(actor.signer, self._stage.settings.origin, now_s)
        answer = self._client.put_file(f"/v1/attachments/{name}", file, token=token)
        if not answer.recorded:
            raise RemoteFailed(f"the weighbridge ticket {file}: {answer.describe()}")
        _say(f"            with its weighbridge ticket, by SHA-256 {name[:12]}…")

    def _act(self, act: dict[str, Any], title: str) -> None:
        authority = self._stage.authority
        self._record(sign(act, authority, self._stage.settings.origin, ACT, self._clock), authority, title)

    def _record(self, jws: bytes, signer: Member, title: str) -> int:
        answer = self._client.submit(jws)
        if not answer.recorded:
            raise RemoteFailed(f"{title}: {answer.describe()}")
        receipt = str(answer.members["receipt"]).encode()
        verified = verify_receipt(
            receipt, hashlib.sha256(jws).digest(), self._stage.settings.origin, [self._stage.log.verifier]
        )
        name = f"{verified.index:06d}.{signer.name}"
        write_file(self._receipts / f"{name}.jws", jws)
        write_file(self._receipts / f"{name}.receipt", receipt)
        _say(f"entry {verified.index:<3} ✓ {signer.name:<9} {title}")
        return verified.index

    def _change_a_byte(self, index: int) -> None:
        copy = attacks.tamper_with_copy(self._stage, index)
        engine = create_ledger_engine(f"sqlite:///{copy}")
        try:
            report = verify_database(engine, workers=1)
        finally:
            engine.dispose()
        if not report.faults:
            raise RemoteFailed("a changed byte in a copy of the database was not found")
        _say(f"In a copy of the database, entry {index} now says 9,200 kg. reledger verify:")
        for fault in report.faults:
            _say(f"  {fault}")


def _own_command() -> str:
    """How the reader starts reledger: by its name where that is on PATH, else by the checkout's run.py."""
    run = Path(api.__file__).resolve().parents[1] / "run.py"
    if shutil.which("reledger") is not None or not run.is_file():
        return "reledger"
    return f"python3 {shlex.quote('run.py' if run.parent == Path.cwd() else str(run))}"


def _heading(text: str) -> None:
    click.echo()
    click.secho(text, bold=True)


def _say(text: str) -> None:
    click.echo(f"  {text}")


def perform(stage: Stage, client: LedgerClient, documents: Path | None) -> None:
    """Runs the whole demonstration.

    Args:
        stage: The prepared ledger.
        client: Connected to the server that runs on it.
        documents: A folder of EPCIS documents to submit as well, or None.

    Raises:
        RemoteFailed: Something did not go as it must.
    """
    performance = Performance(stage, client)
    performance.begin()
    performance.tell()
    performance.show_origin()
    performance.cheat()
    performance.settle_desks()
    if documents is not None:
        performance.submit_folder(documents)
    performance.point_on()
