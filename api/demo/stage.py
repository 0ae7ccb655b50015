"""The demonstration's ledger: keys, genesis and database in one folder, and a real server on it.

Decides: nothing is shared with any other ledger, and what was started here is ended here.
"""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import api
from api.demo.cast import COMPANIES, NEWCOMERS, Member, auditing, company, genesis, officials, sign
from api.settings import Settings
from ledger.clock import SystemClock
from ledger.encoding import b64url_encode
from ledger.errors import RemoteFailed, SettingsInvalid
from ledger.log.note import NoteSigner
from ledger.registration.mark import Mark
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import ACT
from ledger.statements.keys import (
    ED25519,
    ES256,
    FileSigner,
    generate_key,
    read_private_key,
    write_key_file,
)
from ledger.store.engine import create_ledger_engine
from ledger.store.schema import upgrade

READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A prepared ledger.

    Attributes:
        folder: Holds everything.
        settings: What the server is started with.
        log: The log's key.
        authority: Signs admissions.
        operator: Runs the log.
        auditor: Checks it.
        members: The companies, by name.
        newcomers: Those that are admitted after the story, by name.
        genesis_receipt: Receipt of entry 0.
    """

    folder: Path
    settings: Settings
    log: NoteSigner
    authority: Member
    operator: Member
    auditor: Member
    members: dict[str, Member]
    newcomers: dict[str, Member]
    genesis_receipt: bytes

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://{self.settings.host}:{self.settings.port}"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "ledger.db"

    @property
    def people(self) -> tuple[Member, ...]:
        """Everybody who signs in to the console: authority, auditor, and who acts for a company."""
        return (self.authority, self.auditor, *self.members.values())

    def sign_in_link(self, member: Member) -> str:
        """The console's address with a member's private key: for a demonstration, and for nothing else."""
        private = read_private_key(self.folder / "keys" / f"{member.name}.pem")
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return f"{self.url}/console/sign-in#key={b64url_encode(der)}"


def prepare(folder: Path, port: int, database_url: str | None = None) -> Stage:
    """Makes keys, genesis and database in an empty folder.

    Args:
        folder: Exists, and holds nothing of an earlier demonstration.
        port: Where the server will listen.
        database_url: A database without entries; a new SQLite file in the folder where it is None.
    """
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    origin = f"demo.example/{secrets.token_hex(4)}"
    log_key = Ed25519PrivateKey.generate()
    write_key_file(keys / "log.pem", log_key)
    log = NoteSigner.from_private_key(origin, log_key)
    authority, operator = officials(_key(keys, "authority"), _key(keys, "operator"))
    members, newcomers = (
        {
            name: company(name, legal_name, country, roles, prefix, _key(keys, name))
            for name, legal_name, country, roles, prefix in companies
        }
        for companies in (COMPANIES, NEWCOMERS)
    )
    settings = Settings(
        database_url=database_url or f"sqlite:///{folder / 'ledger.db'}",
        origin=origin,
        log_key_file=keys / "log.pem",
        mark_dir=folder / "mark",
        port=port,
        workers=1,
        log_level="warning",
    )
    upgrade(settings.database_url)
    receipt = _begin(
        settings,
        log,
        sign(genesis(origin, log, (authority, operator)), authority, origin, ACT, SystemClock()),
    )
    auditor = auditing(_key(keys, "auditor"))
    return Stage(folder, settings, log, authority, operator, auditor, members, newcomers, receipt)


def _key(folder: Path, name: str) -> FileSigner:
    """A new key; the importer's is of the other kind, to show that both work."""
    private = generate_key(ES256 if name == "importer" else ED25519)
    write_key_file(folder / f"{name}.pem", private)
    return FileSigner(private)


def _begin(settings: Settings, log: NoteSigner, jws: bytes) -> bytes:
    engine = create_ledger_engine(settings.database_url)
    try:
        mark = Mark(settings.mark_dir, settings.origin, [log.verifier])
        return Registrar(engine, settings.origin, log, mark, SystemClock()).initialise(jws).receipt
    finally:
        engine.dispose()


class Server:
    """``reledger serve`` as a process of its own; a context manager that ends it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        settings = self._stage.settings
        require_free_port(settings.host, settings.port)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RELEDGER_")}
        environment |= settings.as_environment()
        root = str(Path(api.__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--end-with-parent"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def wait(self) -> None:
        """Returns when the server was told to end, and did.

        Raises:
            RemoteFailed: It ended with a fault.
        """
        assert self._process is not None
        status = self._process.wait()
        if status != 0:
            raise RemoteFailed(
                f"the server ended by itself, with status {status}", mend="Its last lines above say why."
            )

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS
        with httpx2.Client(base_url=self._stage.url, timeout=2.0) as client:
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    raise RemoteFailed(f"the server ended at once, with status {self._process.returncode}")
                with contextlib.suppress(httpx2.TransportError):
                    if client.get("/readyz").status_code == 200:
                        return
                time.sleep(0.05)
        raise RemoteFailed(f"the server did not answer within {READY_SECONDS:.0f} seconds")

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def require_free_port(host: str, port: int) -> None:
    """Returns only if nothing listens there.

    Raises:
        SettingsInvalid: The port is taken, or may not be used.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsInvalid(
                f"port {port} of {host} cannot be used: {error.strerror}",
                mend="Name another port with --port.",
            ) from error
