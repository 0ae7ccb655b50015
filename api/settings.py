"""Settings: one frozen dataclass, read once, from the environment and at most one TOML file.

Decides: which settings there are, how each is written, and which values make no sense. Reads nothing at
import, and never prints a secret: the key's passphrase stays in its own file, and a database password is left
out of texts.

A setting ``name`` is the environment variable ``RELEDGER_NAME`` or the key ``name`` of the TOML file that
``RELEDGER_CONFIG`` names; the environment wins. Any other ``RELEDGER_`` variable or TOML key is refused: a
misspelt setting that silently keeps its default is found out too late.
"""

import difflib
import logging
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ledger.errors import SettingsInvalid
from ledger.identifiers import is_origin
from ledger.registration.mark import name_of

PREFIX: Final = "RELEDGER_"
CONFIG_VARIABLE: Final = "RELEDGER_CONFIG"
LOG_LEVELS: Final = ("debug", "info", "warning", "error")

_PUBLIC_URL = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?"
)
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")


def _text(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("is empty or has characters that cannot be printed")
    return value


def _origin(value: str) -> str:
    if not is_origin(value):
        raise ValueError("is 1 to 255 characters of printable ASCII without space and '+'")
    return value


def _public_url(value: str) -> str:
    if _PUBLIC_URL.fullmatch(value) is None:
        raise ValueError("is https://HOST or http://HOST in lower case, with a port or without, and no path")
    return value


def _database_url(value: str) -> str:
    try:
        make_url(value)
    except ArgumentError:
        raise ValueError("is no database URL; write sqlite:///PATH or postgresql+psycopg://...") from None
    return value


def _path(value: str) -> Path:
    return Path(_text(value)).expanduser().absolute()


def _level(value: str) -> str:
    if value not in LOG_LEVELS:
        raise ValueError(f"is one of {', '.join(LOG_LEVELS)}")
    return value


def _between(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if _WHOLE_NUMBER.fullmatch(value) is None or not least <= int(value) <= most:
            raise ValueError(f"is a whole number from {least} to {most}, in plain digits")
        return int(value)

    return parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one server; immutable. Each is annotated with how it is read and what it means."""

    database_url: Annotated[
        str,
        _database_url,
        "The database: sqlite:///PATH (a file on a local disk) or postgresql+psycopg://USER@HOST/NAME.",
    ] = field(repr=False)
    origin: Annotated[
        str, _origin, "The log's name, as its genesis states it; fixed for the log's whole life."
    ]
    log_key_file: Annotated[
        Path, _path, "The log's private Ed25519 key, PKCS #8 PEM, readable by its owner alone."
    ]
    log_key_passphrase_file: Annotated[
        Path | None,
        _path,
        "A file whose first line is the passphrase of log_key_file, where that is encrypted.",
    ] = None
    mark_dir: Annotated[
        Path,
        _path,
        "Where this host keeps its high-water mark: a local folder that is not restored with the database.",
    ]
    audit_dir: Annotated[
        Path | None,
        _path,
        "Where audit jobs keep their state on this host; by default 'audits' below mark_dir.",
    ] = None
    graph_dir: Annotated[
        Path | None,
        _path,
        "Where this host keeps its copy of a PostgreSQL ledger's lots, which answers where goods came from; "
        "by default 'graph' below mark_dir.",
    ] = None
    host: Annotated[str, _text, "The address to listen on."] = "127.0.0.1"
    port: Annotated[int, _between(1, 65_535), "The TCP port to listen on."] = 8000
    public_url: Annotated[
        str | None,
        _public_url,
        "The address at which browsers reach the console where a proxy stands before it, such as "
        "https://ledger.example; by default what each request itself says.",
    ] = None
    workers: Annotated[int, _between(1, 64), "Server processes."] = 2
    threads: Annotated[
        int, _between(1, 512), "Requests that each server process works on at the same time."
    ] = 32
    stop_timeout_s: Annotated[
        int,
        _between(1, 3_600),
        "Seconds that requests in flight are given to finish when the server stops.",
    ] = 30
    database_pool_size: Annotated[
        int, _between(1, 256), "Database connections that each server process keeps open."
    ] = 8
    queue_limit: Annotated[
        int,
        _between(1, 1_000_000),
        "Statements that may wait in a server process; further ones are answered 503 queue.full.",
    ] = 4_096
    max_lines: Annotated[int, _between(1, 100_000_000), "Lines that one batch request may have."] = 1_000_000
    max_batch_bytes: Annotated[int, _between(1_048_577, 2**50), "Bytes that one batch request may have."] = (
        4 * 2**30
    )
    max_attachment_bytes: Annotated[
        int,
        _between(0, 2**40),
        "Bytes that an uploaded attachment may have; 0: none is taken.",
    ] = 16 * 2**20
    max_attachments_bytes: Annotated[
        int,
        _between(0, 2**50),
        "Bytes that the attachments may have together which one party uploads.",
    ] = 10 * 2**30
    max_audits: Annotated[
        int,
        _between(1, 64),
        "Audit jobs that may wait or run on this host; further ones are answered 503 queue.full.",
    ] = 4
    log_level: Annotated[
        str, _level, "The least urgent lines that go to stderr: debug, info, warning or error."
    ] = "info"

    @property
    def audit_folder(self) -> Path:
        """Where audit jobs keep their state."""
        return self.audit_dir if self.audit_dir is not None else self.mark_dir / "audits"

    @property
    def graph_folder(self) -> Path:
        """Where the copy of this ledger's lots is kept; several ledgers may share ``graph_dir``."""
        folder = self.graph_dir if self.graph_dir is not None else self.mark_dir / "graph"
        return folder / name_of(self.origin)

    @property
    def log_level_number(self) -> int:
        """``log_level`` as the logging module counts."""
        return logging.getLevelNamesMapping()[self.log_level.upper()]

    def with_changes(self, **changes: Any) -> "Settings":
        """These settings with some replaced; the values are taken as they are."""
        return replace(self, **changes)

    def as_environment(self) -> dict[str, str]:
        """Environment variables from which ``load_settings`` reads these very settings."""
        return {
            PREFIX + each.name.upper(): str(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) is not None
        }


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting for a reader: its names, its meaning, its default (None: it must be given)."""

    name: str
    variable: str
    meaning: str
    default: str | None


def describe_settings() -> list[SettingDescription]:
    """Every setting, in the order of the dataclass."""
    described = []
    for each in fields(Settings):
        default = None if each.default is MISSING else "none" if each.default is None else str(each.default)
        described.append(
            SettingDescription(each.name, PREFIX + each.name.upper(), _how_read(each.name)[1], default)
        )
    return described


@cache
def _annotations() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _how_read(name: str) -> tuple[Callable[[str], Any], str]:
    """How a setting's text is read, and what the setting means."""
    parse, meaning = _annotations()[name].__metadata__
    return parse, meaning


def load_settings(environ: Mapping[str, str] | None = None, *, config: Path | None = None) -> Settings:
    """Reads the settings.

    Args:
        environ: The environment; None for this process's own.
        config: The TOML file; None for the one that ``RELEDGER_CONFIG`` names, if any.

    Raises:
        SettingsInvalid: An unknown, missing or senseless setting, or a file that cannot be read; it says
            where the setting stands and how to mend it.
    """
    environment = dict(os.environ if environ is None else environ)
    if config is None and environment.get(CONFIG_VARIABLE):
        config = Path(environment[CONFIG_VARIABLE])
    given: dict[str, tuple[str, str]] = {}
    if config is not None:
        given.update(_from_file(config))
    given.update(_from_environment(environment))
    values: dict[str, Any] = {}
    for each in fields(Settings):
        parse, meaning = _how_read(each.name)
        if each.name in given:
            text, place = given[each.name]
            try:
                values[each.name] = parse(text)
            except ValueError as error:
                raise SettingsInvalid(f"{each.name} ({place}) {error}", mend=meaning) from None
        elif each.default is MISSING:
            variable = PREFIX + each.name.upper()
            raise SettingsInvalid(f"{each.name} is not set", mend=f"Set {variable}. {meaning}")
    return Settings(**values)


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    given = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE:
            name = variable[len(PREFIX) :].lower()
            _refuse_unknown(name, variable == PREFIX + name.upper(), f"environment variable {variable}")
            given[name] = (value, f"environment variable {variable}")
    return given


def _from_file(config: Path) -> dict[str, tuple[str, str]]:
    try:
        with config.open("rb") as stream:
            table = tomllib.load(stream)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            f"the settings file {config} cannot be read: {error}",
            mend="Give a readable TOML file of 'name = value' lines.",
        ) from error
    given = {}
    for name, value in table.items():
        place = f"key {name!r} in {config}"
        _refuse_unknown(name, True, place)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise SettingsInvalid(f"{name} ({place}) is neither text nor a whole number")
        given[name] = (str(value), place)
    return given


def _refuse_unknown(name: str, well_spelt: bool, place: str) -> None:
    known = [each.name for each in fields(Settings)]
    if name in known and well_spelt:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise SettingsInvalid(
        f"there is no setting {name!r} ({place})",
        mend=f"{hint}Remove it or use one of: {', '.join(known)}.",
    )
