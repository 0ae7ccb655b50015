"""Commands of an auditor: verify (a database) and audit (a ledger from outside)."""

import json
from collections.abc import Iterable
from pathlib import Path

import click

from api.cli.common import FILE, FOLDER, config_option, key_options, progress_bar, settings_from, signer_from
from api.cli.following import follow
from api.log_key import open_mark, read_log_signer
from api.settings import Settings
from ledger.audit.database import verify_database
from ledger.audit.kept import KeptItem
from ledger.audit.remote import audit_remote
from ledger.audit.report import AuditReport
from ledger.errors import SettingsInvalid
from ledger.log.note import NoteVerifier, parse_vkey
from ledger.registration.mark import Mark

_KEPT = click.Path(exists=True, path_type=Path)


@click.command()
@config_option
@click.option("--database", help="Database URL; default: that of the settings, with this host's mark.")
@click.option("--log-key", multiple=True, help="The log's vkey, from a source you trust.")
@click.option("--cosigner", multiple=True, help="A witness's vkey whose lines may stand in checkpoints.")
@click.option("--mark", "mark_file", type=FILE, help="A kept mark: the log must reach it.")
@click.option("--receipt", type=_KEPT, multiple=True, help="A kept receipt, or a folder of *.receipt.")
@click.option("--checkpoint", type=_KEPT, multiple=True, help="A kept checkpoint, or a folder of them.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; default: one for each core.")
@click.option("--replay", is_flag=True, help="Decide every entry and refusal again, and compare the books.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def verify(
    config: Path | None,
    database: str | None,
    log_key: tuple[str, ...],
    cosigner: tuple[str, ...],
    mark_file: Path | None,
    receipt: tuple[Path, ...],
    checkpoint: tuple[Path, ...],
    workers: int | None,
    replay: bool,
    as_json: bool,
) -> None:
    """Check a whole database: every hash, signature, checkpoint, key, register and refusal, and name each
    fault.

    Exit status 0: no fault. 1: faults, each printed with its table and row.
    """
    settings = settings_from(config) if database is None else None
    mark = mark_file.read_bytes() if mark_file is not None else _own_mark(settings, log_key)
    with progress_bar() as bar:
        report = verify_database(
            settings.database_url if settings is not None else str(database),
            origin=settings.origin if settings is not None else None,
            vkeys=log_key or None,
            cosigners=cosigner,
            mark=mark,
            receipts=_kept(receipt, "*.receipt"),
            checkpoints=_kept(checkpoint, "*.checkpoint"),
            workers=workers,
            progress=follow(bar),
            replay=replay,
        )
    _print(report, as_json)


@click.command()
@click.argument("url")
@click.option("--log-key", multiple=True, required=True, help="The log's vkey, from a source you trust.")
@click.option("--cosigner", multiple=True, help="A witness's vkey: its lines must be right where they stand.")
@click.option("--state", type=FOLDER, help="Remembers the last checkpoint; default: in your data folder.")
@key_options(required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def audit(
    url: str,
    log_key: tuple[str, ...],
    cosigner: tuple[str, ...],
    state: Path | None,
    key_file: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Check the ledger at URL from outside, with nothing but its public key.

    Chain, tree, checkpoints, public acts, and what the party of --key may read. The last checkpoint is
    kept, and the next run proves that the log has only grown since. Exit status as for 'verify'.
    """
    signer = signer_from(key_file, passphrase_file) if key_file is not None else None
    with progress_bar() as bar:
        report = audit_remote(
            url,
            vkeys=log_key,
            state_dir=state or Path(click.get_app_dir("reledger")) / "audits",
            token_signer=signer,
            cosigners=cosigner,
            progress=follow(bar),
        )
    _print(report, as_json)


def _own_mark(settings: Settings | None, log_key: tuple[str, ...]) -> bytes | None:
    """This host's mark, where the settings lead to one."""
    if settings is None:
        return None
    if log_key:
        verifiers: list[NoteVerifier] = [parse_vkey(text) for text in log_key]
        kept = Mark(settings.mark_dir, settings.origin, verifiers).read()
    else:
        kept = open_mark(settings, read_log_signer(settings)).read()
    return None if kept is None else kept.note


def _kept(paths: Iterable[Path], pattern: str) -> list[KeptItem]:
    """Kept evidence with the names of its files."""
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob(pattern)) if path.is_dir() else [path]
        if not found:
            raise SettingsInvalid(f"the folder {path} holds no {pattern}")
        files.extend(found)
    return [KeptItem(str(file), file.read_bytes()) for file in files]


def _print(report: AuditReport, as_json: bool) -> None:
    """The report for a person or for a machine; ends with status 1 where there are faults."""
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        for fault in report.faults:
            click.echo(f"FAULT  {fault}")
        if report.fault_count > len(report.faults):
            click.echo(f"FAULT  and {report.fault_count - len(report.faults):,} more")
        for sentence in report.checked:
            click.echo(f"ok     {sentence}" if report.ok else f"       {sentence}")
        for sentence in report.cannot_exclude:
            click.echo(f"note   {sentence}")
        verdict = "no fault" if report.ok else f"{report.fault_count:,} fault(s)"
        click.echo(f"{report.origin}: {report.size:,} entries, {verdict}")
    if not report.ok:
        raise click.exceptions.Exit(1)
