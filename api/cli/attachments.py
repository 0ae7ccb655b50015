"""Commands for the files that movements name: describe, put, list, get."""

import hashlib
import mimetypes
import os
import re
import tempfile
from pathlib import Path

import click
from rich.table import Table

from api.cli.asking import Asking, add_row, form_options, listed, print_json
from api.cli.common import FILE, NEW_FILE, key_options, notes, print_table, progress_bar, url_option
from ledger.client.http import printable
from ledger.errors import RemoteFailed

_FILES = click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")


def _sha256(_: click.Context, __: click.Parameter, value: str) -> str:
    if re.fullmatch("[0-9a-f]{64}", value) is None:
        raise click.BadParameter("write the 64 hexadecimal digits in lower case, as the movement has them")
    return value


@click.group()
def attachments() -> None:
    """Describe, upload, list and read the files that movements name: tickets, assays, contracts.

    The log holds a file's SHA-256 alone, which proves the file wherever it is kept. To upload it is up to who
    signed the movement; who may read the movement may read the file then.
    """


@attachments.command()
@_FILES
@click.option("--role", required=True, help="What they are to the movement, such as weighbridge-ticket.")
@click.option("--media-type", help="Their media type; default: by each file's name.")
def describe(files: tuple[Path, ...], role: str, media_type: str | None) -> None:
    """Print what a movement says of FILEs, to be pasted as its ree:attachments before it is signed."""
    described = []
    for file in files:
        kind = media_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        size = file.stat().st_size
        described.append({"role": role, "mediaType": kind, "size": size, "sha256": _digest(file)})
    print_json(described)


@attachments.command()
@_FILES
@url_option
@key_options()
def put(files: tuple[Path, ...], url: str, key_file: Path, passphrase_file: Path | None) -> None:
    """Upload FILEs that your recorded movements name; sending one again is safe."""
    asking = Asking(url, key_file, passphrase_file)
    refused = 0
    with progress_bar() as progress:
        task = progress.add_task("uploading", total=len(files))
        for file in files:
            answer = asking.put_file(f"/v1/attachments/{_digest(file)}", file)
            refused += not answer.recorded
            told = {201: "stored", 200: "there already"}.get(answer.status) or answer.describe()
            click.echo(f"{file}: {told}")
            progress.advance(task)
    if refused:
        raise click.exceptions.Exit(1)


@attachments.command("list")
@url_option
@key_options()
@click.option("--party", help="Whose; default: your own.")
@click.option("--missing", is_flag=True, help="Only those that it has not uploaded yet.")
@form_options
def list_(
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    party: str | None,
    missing: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List the files that a party's movements name, newest entry first: all, 1,000 at a time."""
    query = {"party": party, "missing": "true" if missing else None}
    following = {f"before_{name}": name for name in ("index", "position", "sha256")}
    found = listed(
        Asking(url, key_file, passphrase_file),
        "/v1/attachments",
        "attachments",
        query,
        following,
        as_json=as_json,
        as_csv=as_csv,
    )
    if found is None:
        return
    table = Table("entry", "role", "media type", "bytes", "SHA-256", "uploaded")
    for each in found:
        uploaded = each["stored_at"] or "no"
        add_row(
            table, each["index"], each["role"], each["media_type"], each["size"], each["sha256"], uploaded
        )
    print_table(table)


@attachments.command()
@click.argument("sha256", callback=_sha256)
@url_option
@key_options()
@click.option("-o", "--output", type=NEW_FILE, required=True, help="Where to write it.")
def get(sha256: str, url: str, key_file: Path, passphrase_file: Path | None, output: Path) -> None:
    """Read the file with this SHA256, and check that it is the one."""
    descriptor, temporary = tempfile.mkstemp(dir=output.parent, prefix=output.name + ".")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            found = Asking(url, key_file, passphrase_file).save(f"/v1/attachments/{sha256}", stream)
        if found != sha256:
            raise RemoteFailed(
                f"the ledger gave a file whose SHA-256 is {found}",
                mend="It is not the one that was signed: do not rely on it, and tell the ledger's operator.",
            )
        os.replace(temporary, output)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    notes.print(printable(f"wrote {output}: its SHA-256 is the one that you asked for"), markup=False)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
