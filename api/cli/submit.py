"""Commands of a party: sign, submit, check."""

import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from api.cli.common import FILE, FOLDER, NEW_FILE, key_options, notes, progress_bar, signer_from, url_option
from ledger.client.documents import Document, list_files, read_documents
from ledger.client.http import LedgerClient, printable
from ledger.client.outbox import Outbox, write_file
from ledger.client.submitting import Sent, Submitter
from ledger.clock import SystemClock
from ledger.errors import DocumentInvalid
from ledger.log.checkpoint import open_checkpoint
from ledger.log.note import parse_vkey
from ledger.statements.envelope import SeenHead, sign_statement
from ledger.statements.keys import Signer
from ledger.statements.tokens import make_token

_VERDICTS: Final = {
    "created": "would be recorded",
    "repeated": "recorded already",
    "refused": "would be refused",
}
"""What a dry run says of a document, by what the ledger says would become of it."""
_PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE|FOLDER..."
)


@click.command()
@click.argument("file", type=FILE)
@key_options()
@click.option("--origin", required=True, help="Origin of the log that the statement is for.")
@click.option("--seen", type=FILE, help="A checkpoint of the log: dates the statement from below.")
@click.option("--log-key", help="The log's vkey; needed with --seen.")
@click.option("-o", "--output", type=NEW_FILE, help="Where to write the statement; default: stdout.")
def sign(
    file: Path,
    key_file: Path,
    passphrase_file: Path | None,
    origin: str,
    seen: Path | None,
    log_key: str | None,
    output: Path | None,
) -> None:
    """Sign one EPCIS document or official act, without sending it."""
    if (seen is None) != (log_key is None):
        raise click.UsageError("--seen and --log-key go together")
    head = None
    if seen is not None and log_key is not None:
        checkpoint = open_checkpoint(seen.read_bytes(), origin, [parse_vkey(log_key)])
        head = SeenHead(checkpoint.size, checkpoint.root)
    documents = list(read_documents([file]))
    if len(documents) != 1 or documents[0].cty is None:
        raise DocumentInvalid(f"{file} does not hold exactly one unsigned document")
    jws = _sign(documents[0], signer_from(key_file, passphrase_file), origin, head)
    if output is None:
        click.echo(jws.decode())
    else:
        write_file(output, jws)
        notes.print(f"signed {file} into {output}", markup=False)


@click.command()
@_PATHS
@url_option
@key_options(required=False)
@click.option(
    "--outbox",
    type=FOLDER,
    default=Path("outbox"),
    show_default=True,
    help="Keeps each statement before it is sent, and each verified receipt.",
)
@click.option("--log-key", help="The log's vkey; default: the one kept in the outbox, or first seen.")
def submit(
    paths: tuple[Path, ...],
    url: str,
    key_file: Path | None,
    passphrase_file: Path | None,
    outbox: Path,
    log_key: str | None,
) -> None:
    """Sign and submit EPCIS documents and acts: JSON files, NDJSON files, or folders of them.

    A signed statement has at most 1,048,576 bytes. Each is stored before it is sent; each receipt is verified
    before it is stored. Stop it at any moment and run it again: nothing is recorded twice.
    """
    files = list_files(paths)
    signer = signer_from(key_file, passphrase_file) if key_file is not None else None
    box = Outbox(outbox)
    with LedgerClient(url) as client, progress_bar() as progress:
        described = client.log()
        verifier = box.pin_log_key(described["origin"], described["vkeys"], log_key)
        if log_key is None:
            notes.print(f"log key {verifier.vkey} (pass it as --log-key to be sure)", markup=False)
        submitter = Submitter(
            client, box, origin=described["origin"], verifier=verifier, signer=signer, clock=SystemClock()
        )
        task = progress.add_task("submitting", total=None)
        counts: dict[str, int] = {}
        for sent in submitter.submit(read_documents(files)):
            counts[sent.state] = counts.get(sent.state, 0) + 1
            progress.advance(task)
            click.echo(_line(sent))
            _tell(sent.findings)
    notes.print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing to do")
    if counts.get("refused") or counts.get("waiting"):
        raise click.exceptions.Exit(1)


@click.command()
@_PATHS
@url_option
@key_options()
def check(paths: tuple[Path, ...], url: str, key_file: Path, passphrase_file: Path | None) -> None:
    """Ask the ledger what it would say of documents, without recording anything (a dry run).

    Each is judged by itself, as if none of the others were recorded. Exit status 1: one would be refused. A
    signed document has at most 1,048,576 bytes.
    """
    signer = signer_from(key_file, passphrase_file)
    refused = 0
    with LedgerClient(url) as client:
        origin = client.log()["origin"]
        for document in read_documents(list_files(paths)):
            jws = document.content if document.cty is None else _sign(document, signer, origin, None)
            answer = client.check(jws)
            verdict = str(answer.members.get("would_be", "refused"))
            refused += verdict == "refused"
            click.echo(f"{document.source}\t{_VERDICTS.get(verdict) or printable(verdict)}")
            _tell(answer.findings)
            if not answer.findings and verdict == "refused":
                problem = answer.members.get("problem", answer.members)
                click.echo(printable(f"  {json.dumps(problem, ensure_ascii=False)}"))
    if refused:
        raise click.exceptions.Exit(1)


@click.command()
@url_option
@key_options()
@click.option("--lifetime", type=click.IntRange(1, 300), default=300, show_default=True, help="Seconds.")
def token(url: str, key_file: Path, passphrase_file: Path | None, lifetime: int) -> None:
    """Print a reader token: 'Authorization: Bearer TOKEN' lets you read what your party may read."""
    with LedgerClient(url) as client:
        origin = client.log()["origin"]
    now_s = SystemClock().now_us() // 1_000_000
    click.echo(make_token(signer_from(key_file, passphrase_file), origin, now_s, lifetime_s=lifetime))


def _sign(document: Document, signer: Signer, origin: str, seen: SeenHead | None) -> bytes:
    assert document.cty is not None
    return sign_statement(
        document.content,
        signer=signer,
        origin=origin,
        cty=document.cty,
        iat=SystemClock().now_us() // 1_000_000,
        jti=str(uuid.uuid4()),
        seen=seen,
    )


def _tell(findings: Iterable[Mapping[str, Any]]) -> None:
    """Each finding with its code and place, and below it how to mend it."""
    for finding in findings:
        said = f"  {finding.get('code')} at {finding.get('pointer') or '/'}: {finding.get('detail')}"
        click.echo(printable(said))
        if finding.get("mend"):
            click.echo(printable(f"    {finding['mend']}"))


def _line(sent: Sent) -> str:
    parts = [sent.source, sent.state, sent.text]
    if sent.receipt is not None:
        parts.append(str(sent.receipt))
    return "\t".join(parts)
