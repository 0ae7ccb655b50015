"""The log's own key and this host's mark, as the settings name them."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.settings import Settings
from ledger.errors import KeyFileInvalid
from ledger.log.note import NoteSigner
from ledger.registration.mark import Mark
from ledger.statements.keys import read_private_key


def read_log_signer(settings: Settings) -> NoteSigner:
    """The log's key, under the origin as its name.

    Raises:
        KeyFileInvalid: As ``read_log_key``.
    """
    return NoteSigner.from_private_key(settings.origin, read_log_key(settings))


def read_log_key(settings: Settings) -> Ed25519PrivateKey:
    """The log's private key.

    Raises:
        KeyFileInvalid: The file cannot be used, or holds no Ed25519 key.
    """
    passphrase = None
    if settings.log_key_passphrase_file is not None:
        try:
            text = settings.log_key_passphrase_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFileInvalid(
                f"the passphrase file {settings.log_key_passphrase_file} cannot be read",
                mend="Name a text file that you may read; its first line is the passphrase.",
            ) from error
        passphrase = text.split("\n", 1)[0].rstrip("\r")
    key = read_private_key(settings.log_key_file, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileInvalid(
            f"{settings.log_key_file} holds no Ed25519 key",
            mend="Checkpoints are signed with Ed25519; make such a key.",
        )
    return key


def derive_secret(key: Ed25519PrivateKey, purpose: str) -> bytes:
    """32 secret bytes that every server of the log has and nobody else (HKDF, RFC 5869).

    Args:
        key: The log's private key.
        purpose: Each has a secret of its own.
    """
    return HKDF(SHA256(), length=32, salt=None, info=f"reledger {purpose}".encode()).derive(
        key.private_bytes_raw()
    )


def open_mark(settings: Settings, signer: NoteSigner) -> Mark:
    """This host's mark; nothing is touched yet."""
    return Mark(settings.mark_dir, settings.origin, [signer.verifier])
