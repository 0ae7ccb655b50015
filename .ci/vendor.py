#!/usr/bin/env python3
"""Take libraries anew from npm: the versions of package.json, unchanged, with their licences.

    .ci/vendor.py console    what the console loads; after changing api/console/static/vendor/package.json
    .ci/vendor.py tests      what the browser tests load; after changing tests/browser/vendor/package.json

Needs npm. Writes the files, each package's licence and ``manifest.json`` (package, version, licence, SHA-256
of every file), which a test compares with what is there. The lock holds hashes and no addresses.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Package -> the files that are loaded.
CONSOLE = {
    "preact": ["dist/preact.mjs", "hooks/dist/hooks.mjs"],
    "htm": ["dist/htm.module.js", "preact/index.module.js"],
    "@picocss/pico": ["css/pico.min.css"],
    "cytoscape": ["dist/cytoscape.esm.min.mjs"],
    "cytoscape-dagre": ["dist/cytoscape-dagre.min.mjs"],
    "d3-array": ["dist/d3-array.min.js"],
    "d3-path": ["dist/d3-path.min.js"],
    "d3-shape": ["dist/d3-shape.min.js"],
    "d3-sankey": ["dist/d3-sankey.min.js"],
    "d3-geo": ["dist/d3-geo.min.js"],
    "topojson-client": ["dist/topojson-client.min.js"],
    "world-atlas": ["land-110m.json"],
}
TESTS = {"axe-core": ["axe.min.js"]}
PLACES = {
    "console": (ROOT / "api/console/static/vendor", CONSOLE),
    "tests": (ROOT / "tests/browser/vendor", TESTS),
}


def vendor(place: Path, files: dict[str, list[str]]) -> None:
    """Installs into a temporary folder and copies from there."""
    with tempfile.TemporaryDirectory(prefix="reledger-vendor-") as made:
        work = Path(made)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            if (place / name).exists():
                shutil.copy(place / name, work / name)
        subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=work,
            check=True,
        )
        shutil.copy(work / "package-lock.json", place / "package-lock.json")
        manifest = [take(work / "node_modules" / name, place, name, files[name]) for name in files]
    (place / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def take(source: Path, place: Path, name: str, files: list[str]) -> dict[str, object]:
    """Copies one package's files and licence."""
    described = json.loads((source / "package.json").read_text())
    folder = place / name.rpartition("/")[2]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    licence = next(path for path in sorted(source.iterdir()) if path.name.lower().startswith("licen"))
    digests = {}
    for path in [licence, *(source / each for each in files)]:
        # Two of preact's files stand in folders of the same name; the name of the file is enough.
        target = folder / (
            "preact.module.js" if name == "htm" and path.name == "index.module.js" else path.name
        )
        shutil.copy(path, target)
        digests[target.name] = hashlib.sha256(target.read_bytes()).hexdigest()
    return {
        "package": name,
        "version": described["version"],
        "licence": described["license"],
        "files": digests,
    }


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PLACES:
        raise SystemExit(__doc__)
    vendor(*PLACES[sys.argv[1]])
