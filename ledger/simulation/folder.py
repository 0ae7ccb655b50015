"""The folder of a simulation: statements by month, the truth about each, keys, and a manifest.

    OUT/manifest.json              seed, size, origin, log key, counts
    OUT/keys/NAME.pem              throw-away private keys, all made from the seed
    OUT/statements/genesis.jws     entry 0
    OUT/statements/2025-05.ndjson  compact JWS, one a line, in order of filing; the first month begins
    OUT/truth/2025-05.ndjson       one line for each statement, in the same order
    OUT/truth/unfiled.jsonl        of statements that would have been filed later
    OUT/truth/planted.jsonl        one line for each planted instance

Decides: names and forms of the files. A month that is finished is renamed into place; so a run that was
stopped goes on, and what is there is not written again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from ledger.errors import SimulationInvalid
from ledger.records.periods import month_of
from ledger.records.policy import Policy
from ledger.simulation.chance import uuid4
from ledger.simulation.chronicle import Draft
from ledger.simulation.paper import write_act, write_document
from ledger.statements.envelope import ACT, EPCIS, STATEMENT_TYPE
from ledger.statements.jws import write_compact

MANIFEST: Final = "manifest.json"
UNFILED: Final = "unfiled.jsonl"
PLANTED: Final = "planted.jsonl"
VERSION: Final = 2
_ALWAYS: Final[dict[str, type]] = {"complete": bool, "origin": str}
_WHEN_COMPLETE: Final[dict[str, type]] = _ALWAYS | {"statements": int, "planted": dict, "files": dict}


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one statement.

    Attributes:
        jti: The statement's.
        filed_us: When it was filed: the clock that it is to be registered by.
        kind: Kind of movement or name of act. ``movement``: whether it is a movement.
        party: Who filed it.
        pattern: Name of the planted pattern, or ``honest``. ``number``: the planted instance, or "".
        codes: The codes that are to be found for it. ``evasive``: it stays just under the thresholds.
        facts: What is truly so: "code", or "code subject" of an alert elsewhere.
        subjects: Event, lots, pool, unit, ... by which an alert may speak of it.
        taints, sources, illegal: As of a draft.
    """

    jti: str
    filed_us: int
    kind: str
    movement: bool
    party: str
    pattern: str = "honest"
    number: str = ""
    codes: tuple[str, ...] = ()
    evasive: bool = False
    facts: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    taints: bool = False
    sources: tuple[str, ...] = ()
    illegal: tuple[str, ...] = ()

    def text(self) -> str:
        """One line of JSON; what is usual is left out."""
        members: dict[str, Any] = {
            "jti": self.jti,
            "filed_us": self.filed_us,
            "kind": self.kind,
            "movement": self.movement,
            "party": self.party,
            "pattern": self.pattern,
        }
        if self.number:
            members |= {"number": self.number, "codes": self.codes, "evasive": self.evasive}
        if self.facts:
            members["facts"] = self.facts
        if self.subjects:
            members["subjects"] = self.subjects
        if self.taints:
            members["taints"] = True
        if self.sources:
            members["sources"] = self.sources
        if self.illegal:
            members["illegal"] = self.illegal
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, line: str) -> "Truth":
        """Reads what ``text`` wrote."""
        members = json.loads(line)
        for name in ("codes", "facts", "subjects", "sources", "illegal"):
            members[name] = tuple(members.get(name, ()))
        return cls(**members)


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted instance.

    Attributes:
        number: Its id; ``pattern``, ``codes``, ``evasive`` as in ``Truth``.
        subjects: By which an alert of these codes may speak of it, besides its statements'.
        statements: How many statements it has in all.
        silent: Whether it has none because something was *not* filed.
        begun_us: When it began; no alert before speaks of it.
        sites: Honest sites whose sums over months it changes: alerts about these are no false ones.
        shape: ``spread``, ``combined``, or "".
    """

    number: str
    pattern: str
    codes: tuple[str, ...]
    evasive: bool
    subjects: tuple[str, ...]
    statements: int
    silent: bool
    shape: str = ""
    begun_us: int = 0
    sites: tuple[str, ...] = ()


class Writer:
    """Signs drafts in order of filing and writes them, with their truth, month by month.

    Attributes:
        statements, movements: How many. ``planted``: how many of the movements belong to planted patterns.
    """

    def __init__(self, folder: Path, seed: int, origin: str, policy: Policy) -> None:
        """Writes below ``folder``, which exists."""
        self._folder = folder
        self._seed = seed
        self._origin = origin
        self._policy = policy
        self._month = ""
        self._files: tuple[TextIO, TextIO] | None = None
        self._until_us = 0
        self.statements = self.movements = self.planted = 0
        for name in ("statements", "truth"):
            (folder / name).mkdir(exist_ok=True)

    def write(self, draft: Draft) -> None:
        """Signs and writes a draft, unless its month was finished by an earlier run."""
        self.statements += 1
        self.movements += not draft.act
        self.planted += not draft.act and draft.label is not None
        month = month_of(draft.filed_us, self._policy)
        if month != self._month:
            self._turn(month)
        if self._files is None:
            return
        statements, truth = self._files
        jti = jti_of(draft, self._seed)
        statements.write(sign(draft, jti, self._origin).decode("ascii") + "\n")
        truth.write(truth_of(draft, jti).text() + "\n")

    def close(self) -> None:
        """Finishes the month at hand."""
        self._turn("")

    def abandon(self) -> None:
        """Lets the month at hand go, where something stopped the run; a later run writes it anew."""
        for stream in self._files or ():
            stream.close()
        self._files = None

    def _turn(self, month: str) -> None:
        if self._files is not None:
            for name, stream in zip(("truth", "statements"), reversed(self._files), strict=True):
                stream.close()
                self._part(name, self._month).rename(self._whole(name, self._month))
        self._month, self._files = month, None
        if month and not self._whole("statements", month).exists():
            statements, truth = (
                self._part(name, month).open("w", encoding="utf-8", newline="\n")
                for name in ("statements", "truth")
            )
            self._files = statements, truth

    def _whole(self, name: str, month: str) -> Path:
        return self._folder / name / f"{month}.ndjson"

    def _part(self, name: str, month: str) -> Path:
        return self._folder / name / f"{month}.ndjson.part"


def jti_of(draft: Draft, seed: int) -> str:
    """The statement's jti: the same for the same seed."""
    return uuid4(seed, "jti", draft.number)


def sign(draft: Draft, jti: str, origin: str) -> bytes:
    """The statement of a draft."""
    payload = write_act(draft) if draft.act else write_document(draft)
    header = {
        "typ": STATEMENT_TYPE,
        "cty": ACT if draft.act else EPCIS,
        "aud": origin,
        "iat": draft.filed_us // 1_000_000,
        "jti": jti,
    }
    return write_compact(header, payload, draft.actor.signer(draft.filed_us))


def truth_of(draft: Draft, jti: str) -> Truth:
    """The truth about a draft."""
    label = draft.label
    subjects = tuple(dict.fromkeys((draft.event_id, *draft.subjects))) if draft.event_id else draft.subjects
    plain = label is None and not draft.facts
    return Truth(
        jti=jti,
        filed_us=draft.filed_us,
        kind=draft.kind,
        movement=not draft.act,
        party=draft.actor.party,
        pattern="honest" if label is None else label.pattern,
        number="" if label is None else label.number,
        codes=() if label is None else label.codes,
        evasive=label is not None and label.evasive,
        facts=tuple(dict.fromkeys(draft.facts)),
        subjects=() if plain and not draft.act else subjects,
        taints=draft.taints,
        sources=draft.sources,
        illegal=draft.illegal,
    )


def write_manifest(folder: Path, members: dict[str, Any]) -> None:
    """Writes the manifest anew."""
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(members, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest.

    Raises:
        SimulationInvalid: There is none, or of another version, or not as ``simulate`` writes it.
    """
    try:
        members = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SimulationInvalid(f"{folder} holds no simulation: {error}") from error
    if not isinstance(members, dict) or members.get("version") != VERSION:
        raise SimulationInvalid(f"{folder} holds a simulation of another version")
    kinds = _WHEN_COMPLETE if members.get("complete") else _ALWAYS
    wrong = [name for name, kind in kinds.items() if type(members.get(name)) is not kind]
    if wrong:
        raise SimulationInvalid(f"{folder / MANIFEST} is not as simulate writes it: {', '.join(wrong)}")
    return members


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file that an evaluation reads, by its path in the folder."""
    paths = [folder / "keys" / "log.pem", folder / "statements" / "genesis.jws"]
    for name in ("statements", "truth"):
        paths += (folder / name).glob("*.ndjson")
    paths += (folder / "truth").glob("*.jsonl")
    found = {}
    for path in sorted(paths):
        try:
            with path.open("rb") as stream:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            continue
    return found


def check_files(folder: Path) -> dict[str, Any]:
    """Makes sure that a simulation is whole and as it was written; gives its manifest.

    Raises:
        SimulationInvalid: It was not finished; or a file is missing, too many, or not as it was written.
    """
    manifest = read_manifest(folder)
    if not manifest["complete"]:
        raise SimulationInvalid(f"the simulation in {folder} was not finished", mend="Run simulate again.")
    try:
        there = digests(folder)
    except OSError as error:
        raise SimulationInvalid(f"{folder} cannot be read: {error}") from error
    written: dict[str, str] = manifest["files"]
    for what, names in (
        ("is missing", written.keys() - there.keys()),
        ("was added", there.keys() - written.keys()),
        ("is not as simulate wrote it", {name for name in written if there.get(name) != written[name]}),
    ):
        if names:
            raise SimulationInvalid(
                f"{folder / min(names)} {what}; so of {len(names)} of {len(written)} files",
                mend="Simulate anew with the same options into a new folder: it gives the same bytes.",
            )
    return manifest


def write_planted(folder: Path, planted: Iterable[Planted]) -> None:
    """Writes what was planted: one instance a line."""
    with (folder / "truth" / PLANTED).open("w", encoding="utf-8", newline="\n") as stream:
        for each in planted:
            stream.write(json.dumps(asdict(each), ensure_ascii=False, separators=(",", ":")) + "\n")


def read_planted(folder: Path) -> list[Planted]:
    """What was planted."""
    found = []
    with (folder / "truth" / PLANTED).open(encoding="utf-8") as stream:
        for line in stream:
            members = json.loads(line)
            for name in ("codes", "subjects", "sites"):
                members[name] = tuple(members[name])
            found.append(Planted(**members))
    return found


def write_unfiled(folder: Path, drafts: Iterable[Draft], seed: int) -> None:
    """Writes what is true of statements that the simulation did not live to file."""
    with (folder / "truth" / UNFILED).open("w", encoding="utf-8", newline="\n") as stream:
        for draft in drafts:
            if draft.facts:
                stream.write(truth_of(draft, jti_of(draft, seed)).text() + "\n")


def read_unfiled(folder: Path) -> list[Truth]:
    """What is true of statements that were not filed in time."""
    with (folder / "truth" / UNFILED).open(encoding="utf-8") as stream:
        return [Truth.read(line) for line in stream]


def months(folder: Path) -> list[str]:
    """The finished months, in order."""
    return sorted(path.stem for path in (folder / "statements").glob("*.ndjson"))


def lines(folder: Path, month: str) -> Iterator[tuple[bytes, Truth]]:
    """Every statement of a month with its truth, in order of filing."""
    with (
        (folder / "statements" / f"{month}.ndjson").open("rb") as statements,
        (folder / "truth" / f"{month}.ndjson").open(encoding="utf-8") as truths,
    ):
        for statement, truth in zip(statements, truths, strict=True):
            yield statement.rstrip(b"\n"), Truth.read(truth)
