"""Writes tests/vectors/log/*.json. Run by hand only: tests/unit/log/test_vectors.py pins the files.

Nothing here comes from ``ledger.log``: proofs are those of the RFC's recursion, notes are put together from
bytes.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.vectors.makers.checkpoints import checkpoint_cases  # noqa: E402
from tests.vectors.makers.entries import entry_cases  # noqa: E402
from tests.vectors.makers.notes import note_cases, vkey_cases  # noqa: E402
from tests.vectors.makers.proofs import consistency_cases, inclusion_cases  # noqa: E402
from tests.vectors.makers.receipts import receipt_cases  # noqa: E402
from tests.vectors.makers.tiles import entry_bundle_cases, tile_path_cases  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "log"


def build(folder: Path = FOLDER) -> dict[str, str]:
    """The text of each file by its name; the ML-DSA-44 signature stored in the folder is taken over."""
    groups: dict[str, list[dict[str, Any]]] = {
        "inclusion": inclusion_cases(),
        "consistency": consistency_cases(),
        "entry": entry_cases(),
        "note": note_cases(_stored_mldsa_line(folder / "note.json")),
        "vkey": vkey_cases(),
        "checkpoint": checkpoint_cases(),
        "receipt": receipt_cases(),
        "tile-path": tile_path_cases(),
        "entry-bundle": entry_bundle_cases(),
    }
    texts = {}
    for name, cases in groups.items():
        names = [case["name"] for case in cases]
        assert len(set(names)) == len(names), [one for one in names if names.count(one) > 1]
        rows = ",\n".join(json.dumps(case) for case in cases)
        texts[f"{name}.json"] = f'{{"cases": [\n{rows}\n]}}\n'
    return texts


def _stored_mldsa_line(path: Path) -> str:
    if not path.exists():
        return ""
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return next(str(case["note"]) for case in cases if case["name"] == "valid-ml-dsa").splitlines()[-1]


def main() -> None:
    """Writes the files and prints what to pin."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in build().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f'    "{name}": "{hashlib.sha256(text.encode()).hexdigest()}",')


if __name__ == "__main__":
    main()
