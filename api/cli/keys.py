"""Commands for keys: new, show, enrol, revoke."""

import json
import re
from pathlib import Path
from typing import Any, Final

import click

from api.cli.common import FILE, NEW_FILE, first_line, key_options, notes, signer_from, url_option
from api.cli.sending import send_act
from ledger.client.submitting import Sent
from ledger.encoding import b64url_decode
from ledger.errors import KeyFileInvalid
from ledger.log.note import KeyKind, NoteVerifier
from ledger.statements.envelope import make_proof_of_possession
from ledger.statements.jws import KID_FORM
from ledger.statements.keys import (
    ED25519,
    ES256,
    FileSigner,
    generate_key,
    write_key_file,
)

_KID: Final = re.compile(KID_FORM)


@click.group()
def key() -> None:
    """Make keys, show their public side, enrol them with the ledger, revoke them."""


@key.command()
@click.argument("file", type=NEW_FILE)
@click.option("--alg", type=click.Choice([ED25519, ES256]), default=ED25519, show_default=True)
@click.option("--passphrase-file", type=FILE, help="Encrypts the key with the file's first line.")
def new(file: Path, alg: str, passphrase_file: Path | None) -> None:
    """Make a private key FILE (PKCS #8 PEM, readable by you alone) and print its kid."""
    private = generate_key(alg)
    write_key_file(file, private, first_line(passphrase_file) if passphrase_file is not None else None)
    click.echo(FileSigner(private).kid)
    notes.print(f"wrote {file}; keep it to yourself", markup=False)


@key.command()
@key_options()
@click.option("--origin", help="With this log's origin: also the vkey (Ed25519), as a log key.")
@click.option("--party", help="With --origin: also the proof of possession for this party.")
def show(key_file: Path, passphrase_file: Path | None, origin: str | None, party: str | None) -> None:
    """Show the public side of a key as JSON: what an authority needs to enrol it."""
    if party is not None and origin is None:
        raise click.UsageError("--party needs --origin")
    signer = signer_from(key_file, passphrase_file)
    members: dict[str, Any] = {"kid": signer.kid, "alg": signer.alg, "jwk": signer.jwk}
    if origin is not None:
        if party is not None:
            members["party"] = party
            members["proof_of_possession"] = make_proof_of_possession(signer, origin, party)
        elif signer.alg == ED25519:
            public = b64url_decode(signer.jwk["x"])
            members["vkey"] = NoteVerifier.of(origin, KeyKind.ED25519, public).vkey
    click.echo(json.dumps(members, indent=2))


@key.command()
@click.argument("shown", type=FILE)
@url_option
@key_options()
@click.option("--not-before", help="Start of validity, RFC 3339; default: when it is recorded.")
@click.option("--not-after", help="End of validity, RFC 3339; default: open.")
@click.option("--outbox", type=click.Path(file_okay=False, path_type=Path), default=Path("outbox"))
def enrol(
    shown: Path,
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    not_before: str | None,
    not_after: str | None,
    outbox: Path,
) -> None:
    """Enrol the key that SHOWN describes (made by 'key show --origin --party').

    Signed by an authority, or by the same party's own valid key (rotation).
    """
    described = json.loads(shown.read_bytes())
    missing = {"party", "jwk", "proof_of_possession"} - set(described)
    if missing:
        raise KeyFileInvalid(
            f"{shown} has no {', '.join(sorted(missing))}",
            mend="Make it with 'reledger key show --key NEW --origin ORIGIN --party PARTY'.",
        )
    act = {
        "act": "enrol-key",
        "party": described["party"],
        "jwk": described["jwk"],
        "proof_of_possession": described["proof_of_possession"],
    }
    act |= {"not_before": not_before} if not_before else {}
    act |= {"not_after": not_after} if not_after else {}
    _report(send_act(act, url, signer_from(key_file, passphrase_file), outbox))


class _OfAKid(click.Command):
    """Takes a kid for one where it begins with a dash, as one in 64 does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        dashed = [word for word in args if word.startswith("-") and _KID.fullmatch(word)]
        others = [word for word in args if word not in dashed]
        return super().parse_args(ctx, [*others, "--", *dashed] if dashed else others)


@key.command(cls=_OfAKid)
@click.argument("kid")
@url_option
@key_options()
@click.option("--reason", required=True, help="Why; public.")
@click.option("--suspect-from", type=click.IntRange(min=0), help="Entries since this index raise an alert.")
@click.option("--outbox", type=click.Path(file_okay=False, path_type=Path), default=Path("outbox"))
def revoke(
    kid: str,
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    reason: str,
    suspect_from: int | None,
    outbox: Path,
) -> None:
    """Revoke the key KID: signed by an authority, or by its own party."""
    act: dict[str, Any] = {"act": "revoke-key", "kid": kid, "reason": reason}
    if suspect_from is not None:
        act["suspect_from"] = suspect_from
    _report(send_act(act, url, signer_from(key_file, passphrase_file), outbox))


def _report(sent: Sent) -> None:
    if sent.index is None:
        notes.print(sent.text, markup=False)
        raise click.exceptions.Exit(1)
    click.echo(f"{sent.text}\t{sent.receipt}")
