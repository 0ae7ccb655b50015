"""The console's files as served: read once, compressed once, under an address that names their bytes.

All files share one address prefix that holds a digest of all of them, so that modules may import each other
by relative paths and every file may be kept for ever: another release has another prefix.
"""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
PREFIX: Final = "/console/assets"

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# What is beside the libraries for those who vendor them, and not for browsers.
_NOT_SERVED: Final = frozenset({"package.json", "package-lock.json", "manifest.json"})
WORKER_ENDING: Final = "_worker.js"
WORKER_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'"
"""The policy of a worker, which comes with its own file and not with the page: it reads the log by itself."""

_IMPORTS: Final = {
    "preact": "vendor/preact/preact.mjs",
    "preact/hooks": "vendor/preact/hooks.mjs",
    "htm": "vendor/htm/htm.module.js",
    "htm/preact": "vendor/htm/preact.module.js",
    "cytoscape": "vendor/cytoscape/cytoscape.esm.min.mjs",
    "cytoscape-dagre": "vendor/cytoscape-dagre/cytoscape-dagre.min.mjs",
}
"""Names by which modules import libraries."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Attributes:
        media_type: Content-Type.
        body: Its bytes.
        compressed: The same as gzip; None where that is no smaller.
    """

    media_type: str
    body: bytes
    compressed: bytes | None


class Assets:
    """The console's files; read when they are first asked for."""

    @cached_property
    def files(self) -> Mapping[str, Asset]:
        """Path below the prefix -> file."""
        paths = (path for path in sorted(FOLDER.rglob("*")) if path.is_file())
        return {
            path.relative_to(FOLDER).as_posix(): _read(path)
            for path in paths
            if path.suffix in _TYPES and path.name not in _NOT_SERVED
        }

    @cached_property
    def digest(self) -> str:
        """Names the bytes of all files."""
        whole = hashlib.sha256()
        for name, asset in self.files.items():
            whole.update(f"{name}\0{hashlib.sha256(asset.body).hexdigest()}\0".encode())
        return whole.hexdigest()[:16]

    @property
    def base(self) -> str:
        """The address below which the files are, without a slash at its end."""
        return f"{PREFIX}/{self.digest}"

    @cached_property
    def import_map(self) -> str:
        """The import map, as it stands in the page."""
        return json.dumps({"imports": {name: f"{self.base}/{path}" for name, path in _IMPORTS.items()}})

    @cached_property
    def policy(self) -> str:
        """The Content-Security-Policy of the page."""
        allowed = b64encode(hashlib.sha256(self.import_map.encode()).digest()).decode()
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'self' 'sha256-{allowed}'",
                "style-src 'self'",
                "img-src 'self' data:",
                "connect-src 'self'",
                "worker-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    compressed = gzip.compress(body, 9, mtime=0)
    return Asset(_TYPES[path.suffix], body, compressed if len(compressed) < len(body) else None)
