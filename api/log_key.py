"""The log's own key and this host's mark, as the settings name them."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.settings import Settings
from ledger.errors import KeyFileInvalid
from ledger.log.note import NoteSigner
from ledger.registration.mark import Mark
from ledger.statements.keys import read_private_key


def read_log_signer(settings: Settings) -> NoteSigner:
    """The log's key, under the origin as its name.

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
    return NoteSigner.from_private_key(settings.origin, key)


def open_mark(settings: Settings, signer: NoteSigner) -> Mark:
    """This host's mark; nothing is touched yet."""
    return Mark(settings.mark_dir, settings.origin, [signer.verifier])
