"""Reading what is to be submitted: files and folders of EPCIS JSON, acts, NDJSON, signed statements.

Decides: which files count, what one document is, and whether it is a record or an act. Changes no byte of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import DocumentInvalid, MalformedError
from ledger.statements.envelope import ACT, EPCIS, MAX_JWS_BYTES
from ledger.strict_json import parse_json

SUFFIXES = (".json", ".jsonld", ".ndjson", ".jsonl", ".jws")
_LINES = (".ndjson", ".jsonl")


@dataclass(frozen=True, slots=True)
class Document:
    """One thing to submit.

    Attributes:
        source: Where it came from, for people and for file names; unique within one run.
        content: The payload bytes, or a whole JWS where ``cty`` is None.
        cty: ``epcis+json``, ``act+json``, or None for what is signed already.
    """

    source: str
    content: bytes
    cty: str | None


def list_files(paths: Iterable[Path]) -> list[Path]:
    """The files to read: those named, and in folders all with a known ending, in order of name.

    Raises:
        DocumentInvalid: A path that does not exist, or a folder without any such file.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
            if not found:
                raise DocumentInvalid(f"the folder {path} holds no file ending in {', '.join(SUFFIXES)}")
            files.extend(found)
        elif path.is_file():
            files.append(path)
        else:
            raise DocumentInvalid(f"there is no file or folder {path}")
    return files


def read_documents(files: Iterable[Path]) -> Iterator[Document]:
    """The documents of the files, one after another; a file of lines is never held in memory whole.

    Raises:
        DocumentInvalid: A file that cannot be read, is too large, or is not JSON; says which line.
    """
    for path in files:
        try:
            if path.suffix in _LINES:
                yield from _read_lines(path)
            else:
                yield _document(path.name, path.read_bytes(), path.suffix)
        except OSError as error:
            raise DocumentInvalid(f"{path} cannot be read: {error.strerror}") from error


def _read_lines(path: Path) -> Iterator[Document]:
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_JWS_BYTES + 2):
            number += 1
            content = line.rstrip(b"\r\n")
            if content:
                yield _document(f"{path.name}.line{number:06d}", content, path.suffix, number)


def _document(source: str, content: bytes, suffix: str, line: int | None = None) -> Document:
    if len(content) > MAX_JWS_BYTES:
        raise DocumentInvalid(f"{source} has more than {MAX_JWS_BYTES} bytes; split it", line=line)
    if suffix == ".jws":
        return Document(source, content.strip(), None)
    try:
        value = parse_json(content)
    except MalformedError as error:
        raise DocumentInvalid(
            f"{source}: {error.detail}", line=line or error.line, pointer=error.pointer, mend=error.mend
        ) from error
    if not isinstance(value, dict):
        raise DocumentInvalid(f"{source} is JSON, but not an object", line=line)
    return Document(source, content, ACT if "act" in value and "type" not in value else EPCIS)
