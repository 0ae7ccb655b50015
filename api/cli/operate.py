"""Commands of an operator: init, migrate, mark, publish-refusals, products, restricted."""

import json
from pathlib import Path

import click

from api.cli.common import (
    FILE,
    FOLDER,
    NEW_FILE,
    config_option,
    key_options,
    notes,
    settings_from,
    signer_from,
    url_option,
)
from api.cli.sending import send_act
from api.log_key import open_mark, read_log_signer
from api.settings import Settings
from ledger.client.outbox import write_file
from ledger.clock import SystemClock
from ledger.encoding import b64url_encode
from ledger.log.checkpoint import open_checkpoint
from ledger.materials.catalogue import own_rows
from ledger.registration.adopting import adopt_mark
from ledger.registration.registrar import Registrar
from ledger.screening.files import read_list
from ledger.store.engine import create_ledger_engine
from ledger.store.log_store import read_head
from ledger.store.schema import current, newest, upgrade

PUBLISH_ATTEMPTS = 5
"""The journal may grow between reading its head and judging the act."""


@click.command()
@config_option
@click.option("--genesis", type=FILE, required=True, help="The signed genesis statement (a compact JWS).")
@click.option("-o", "--output", type=NEW_FILE, help="Where to keep its receipt; default: stdout.")
def init(config: Path | None, genesis: Path, output: Path | None) -> None:
    """Begin a log: make the tables, and record its genesis as entry 0.

    Genesis is an act that names the log's origin and keys, its first parties with their keys, and its policy.
    An authority signs it with 'reledger sign', using a key that it lists. docs/operations.md shows it step by
    step.
    """
    settings = settings_from(config)
    upgrade(settings.database_url)
    engine = create_ledger_engine(settings.database_url, pool_size=1)
    try:
        signer = read_log_signer(settings)
        registrar = Registrar(engine, settings.origin, signer, open_mark(settings, signer), SystemClock())
        receipt = registrar.initialise(genesis.read_bytes().strip()).receipt
    finally:
        engine.dispose()
    if output is None:
        click.echo(receipt.decode(), nl=False)
    else:
        write_file(output, receipt)
    notes.print(f"{settings.origin} has begun; its key is {signer.vkey}", markup=False)


@click.command()
@config_option
@click.option("--check", is_flag=True, help="Only say whether the database is up to date; exit 1 if not.")
def migrate(config: Path | None, check: bool) -> None:
    """Bring the database's tables to this version."""
    settings = settings_from(config)
    if not check:
        upgrade(settings.database_url)
    engine = create_ledger_engine(settings.database_url, pool_size=1)
    try:
        version = current(engine)
    finally:
        engine.dispose()
    click.echo(f"{version or 'no tables'} (newest: {newest()})")
    if version != newest():
        raise click.exceptions.Exit(1)


@click.group()
def mark() -> None:
    """The high-water mark: the newest tree head that this host has signed or seen.

    It lies outside the database. A database that is behind it has gone back in time, and the ledger will not
    sign on it.
    """


@mark.command("show")
@config_option
def show_mark(config: Path | None) -> None:
    """Print this host's mark: a signed checkpoint."""
    settings = settings_from(config)
    kept = open_mark(settings, read_log_signer(settings)).read()
    if kept is None:
        notes.print("this host keeps no mark")
        raise click.exceptions.Exit(1)
    click.echo(kept.note.decode(), nl=False)


@mark.command()
@config_option
@click.argument("checkpoint", type=FILE)
@click.option(
    "--lower",
    is_flag=True,
    help="Adopt it even below the present mark: entries that were signed are lost for good.",
)
def adopt(config: Path | None, checkpoint: Path, lower: bool) -> None:
    """Take CHECKPOINT, signed by this log, as this host's mark, after comparing the database with it.

    Needed on a new host, and after a database was restored from an older copy. With --lower, receipts beyond
    CHECKPOINT will prove that the log has dropped entries: tell their holders.
    """
    settings: Settings = settings_from(config)
    signer = read_log_signer(settings)
    note = checkpoint.read_bytes()
    head = open_checkpoint(note, settings.origin, [signer.verifier])
    engine = create_ledger_engine(settings.database_url, pool_size=1)
    try:
        adopt_mark(engine, open_mark(settings, signer), note, head, lower=lower)
    finally:
        engine.dispose()
    notes.print(f"the mark is now at size {head.size}", markup=False)


@click.command("publish-refusals")
@config_option
@url_option
@key_options()
@click.option(
    "--outbox", type=FOLDER, default=Path("outbox"), show_default=True, help="Keeps act and receipt."
)
def publish_refusals(
    config: Path | None, url: str, key_file: Path, passphrase_file: Path | None, outbox: Path
) -> None:
    """Put the count and the head of the refusal journal into the log, so that none can be dropped.

    Run it at least daily, as the operator. Reads the journal's head from the settings' database.
    """
    settings = settings_from(config)
    signer = signer_from(key_file, passphrase_file)
    engine = create_ledger_engine(settings.database_url, pool_size=1, read_only=True)
    try:
        for _ in range(PUBLISH_ATTEMPTS):
            with engine.connect() as connection:
                head = read_head(connection)
            act = {
                "act": "publish-refusals",
                "count": head.refusal_count,
                "head": b64url_encode(head.refusal_hash),
            }
            sent = send_act(act, url, signer, outbox)
            if sent.index is not None:
                click.echo(f"{head.refusal_count} refusals published: {sent.text}\t{sent.receipt}")
                return
            if "journal" not in sent.text:  # refused for something else than a journal that has grown
                break
    finally:
        engine.dispose()
    notes.print(sent.text, markup=False)
    raise click.exceptions.Exit(1)


@click.command()
@click.argument("table", type=FILE)
def products(table: Path) -> None:
    """Check a catalogue of one's own (CSV), and print it as the 'products' of a policy.

    docs/materials.md lists the columns. An authority puts what is printed into its next set-policy: from that
    entry on books and rules know the products.
    """
    click.echo(json.dumps(own_rows(table), ensure_ascii=False, indent=2))


@click.command()
@click.argument("published", type=FILE)
@click.option("--start", default="", help="From when entries without a date are listed (RFC 3339).")
def restricted(published: Path, start: str) -> None:
    """Print a published list of restricted parties as acts, one a line, for submit.

    Reads the United States' consolidated screening list (CSV) and JSON with entity_name. Organisations only:
    natural persons and vessels are left out and counted.
    """
    found = read_list(published.read_bytes())
    undated = [each for each in found.organisations if not each.start]
    if undated and not start:
        raise click.UsageError(f"{len(undated)} entries have no date: give --start")
    for each in found.organisations:
        click.echo(json.dumps(each.act(start), ensure_ascii=False))
    click.echo(f"{len(found.organisations)} organisations, {len(found.left_out)} entries left out", err=True)
