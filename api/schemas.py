"""What answers look like, for documentation and for the tests that hold answers to it."""

from typing import Any, Final

from marshmallow import fields

from api.fields import (
    HASH_PATTERN,
    ListOf,
    Moment,
    Number,
    Object,
    StrictSchema,
    Text,
    Truth,
)

B64_HASH_PATTERN: Final = "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$"

JWS_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "One compact JWS (RFC 7515) as docs/formats.md describes it, with nothing around it.",
    "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
    "maxLength": 1_048_576,
}
LINES_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "Lines, each one compact JWS and a line feed.",
}
RECEIPT_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "A tlog-proof with the entry in its extra line: the receipt.",
    "pattern": "^c2sp\\.org/tlog-proof@v1\n",
}
NOTE_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "A checkpoint: a C2SP signed note over origin, size and root.",
}
TEXT_SCHEMA: Final[dict[str, Any]] = {"type": "string"}
OCTETS_SCHEMA: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
OBJECT_SCHEMA: Final[dict[str, Any]] = {"type": "object"}


class FindingSchema(StrictSchema):
    """One thing wrong, or worth a look, in one place of a statement."""

    code = Text("Stable dotted name.")
    detail = Text("What is wrong.")
    pointer = Text("RFC 6901 pointer into the payload; empty: the whole payload.")
    mend = Text("How to put it right.")
    evidence = Object("Figures and names behind it.", required=False)


class RegisteredSchema(StrictSchema):
    """A statement that is in the log, with what proves it."""

    index = Number("Index of its entry.")
    statement = Text("Its hash: unpadded base64url of SHA-256 of the JWS.", pattern=HASH_PATTERN)
    recorded_at = Moment("Its entry's time.")
    receipt = Text("The receipt, a tlog-proof text.")
    checkpoint = Text("The checkpoint at the end of the receipt, a signed note.")
    findings = ListOf(fields.Nested(FindingSchema), "What the submitter is told beside.")
    jws = Text(
        "On repetition: the JWS that was recorded first; null once it is erased.",
        required=False,
        allow_none=True,
    )


class CheckSchema(StrictSchema):
    """What registering a statement would come to now; nothing is recorded and nothing is promised."""

    would_be = fields.String(
        required=True,
        metadata={"enum": ["created", "repeated", "refused"], "description": "What it would come to."},
    )
    status = Number("The HTTP status that registering would be answered with.", minimum=200)
    index = Number("The index that it has, or would have now.", required=False, allow_none=True)
    findings = ListOf(fields.Nested(FindingSchema), "Everything that the submitter may be told.")
    problem = Object("The problem document that registering would be answered with.", required=False)


class ActSchema(StrictSchema):
    """One public act."""

    index = Number("Index of its entry.")
    recorded_at = Moment("Its entry's time.")
    statement = Text("Its statement hash.", pattern=HASH_PATTERN)
    jws = Text("The signed act; null where the server does not have it, which is a fault.", allow_none=True)


class PageSchema(StrictSchema):
    """One page of a list."""

    next = Text("The address of the next page; null on the last.", allow_none=True)


class ActsSchema(PageSchema):
    """Public acts in the order of the log."""

    acts = ListOf(fields.Nested(ActSchema), "The acts.")


class SpanSchema(StrictSchema):
    """A span of time [start, end)."""

    start = Moment("From, inclusive.")
    end = Moment("Until, exclusive; null: open.", allow_none=True)


class KeySchema(StrictSchema):
    """An enrolled key."""

    kid = Text("Its RFC 7638 thumbprint.", pattern=HASH_PATTERN)
    party = Text("Whose it is, for ever.")
    jwk = Object("The public key, RFC 7517.")
    not_before = Moment("Valid from.")
    not_after = Moment("Valid until, exclusive; null: open.", allow_none=True)
    enrolled_at = Number("Index of the entry that enrolled it.")
    revoked_at = Number("Index of the entry that revoked it, or null.", allow_none=True)
    suspect_from = Number("First index since which its statements are suspect, or null.", allow_none=True)


class KeysSchema(PageSchema):
    """Keys in the order of their thumbprints."""

    keys = ListOf(fields.Nested(KeySchema), "The keys.")


class ChallengeSchema(StrictSchema):
    """What a key signs to open a session."""

    challenge = Text("32 random bytes, unpadded base64url.", pattern=HASH_PATTERN)
    origin = Text("This log's origin, the proof's aud.")
    expires = Moment("When it is over.")


class SessionSchema(StrictSchema):
    """Whose session this is and until when."""

    party = Text("The party's identifier.")
    organisation = Object("The organisation.")
    roles = ListOf(fields.String(), "Its roles; none while it is not listed.")
    kid = Text("The key that opened the session.", pattern=HASH_PATTERN)
    issued = Moment("When it was opened.")
    expires = Moment("When it ends in any case.")
    idle_expires = Moment("When it ends without a further request.")


class PartySchema(StrictSchema):
    """A party as the public acts describe it."""

    id = Text("Its identifier.")
    organisation = Object("The organisation.")
    roles = ListOf(fields.String(), "Its roles.")
    listings = ListOf(fields.Nested(SpanSchema), "When it is listed.")
    admitted_at = Number("Index of the entry that admitted it.")
    changed_at = Number("Index of the last entry that changed it.")


class PartiesSchema(PageSchema):
    """Parties in the order of their identifiers."""

    parties = ListOf(fields.Nested(PartySchema), "The parties.")


class SiteSchema(StrictSchema):
    """A site as the public acts describe it."""

    id = Text("Its identifier.")
    party = Text("Whose it is.")
    description = Object("What it is.")
    listings = ListOf(fields.Nested(SpanSchema), "When it is listed.")
    listed_at = Number("Index of the entry that first listed it.")
    changed_at = Number("Index of the last entry that changed it.")


class SitesSchema(PageSchema):
    """Sites in the order of their identifiers."""

    sites = ListOf(fields.Nested(SiteSchema), "The sites.")


class LogSchema(StrictSchema):
    """The log as its latest checkpoint states it."""

    origin = Text("The log's name.")
    vkeys = ListOf(fields.String(), "The log's verifier keys, as genesis lists them.")
    size = Number("Number of entries.", minimum=1)
    root = Text("Root hash, standard base64.", pattern=B64_HASH_PATTERN)


class InclusionSchema(StrictSchema):
    """Proof that an entry is in the tree of a size."""

    index = Number("Index of the entry.")
    size = Number("Size of the tree.", minimum=1)
    leaf = Text("Leaf hash of the entry, standard base64.", pattern=B64_HASH_PATTERN)
    hashes = ListOf(fields.String(metadata={"pattern": B64_HASH_PATTERN}), "The path, leaf side first.")
    root = Text("Root of the tree, standard base64.", pattern=B64_HASH_PATTERN)


class ConsistencySchema(StrictSchema):
    """Proof that one tree continues another."""

    old = Number("Size of the smaller tree.", minimum=1)
    new = Number("Size of the larger tree.", minimum=1)
    hashes = ListOf(fields.String(metadata={"pattern": B64_HASH_PATTERN}), "The proof.")
    old_root = Text("Root of the smaller tree.", pattern=B64_HASH_PATTERN)
    new_root = Text("Root of the larger tree.", pattern=B64_HASH_PATTERN)


class EntrySchema(StrictSchema):
    """One entry."""

    index = Number("Its index.")
    entry = Text("Its exact bytes, which are UTF-8 JSON in RFC 8785 form.")
    leaf = Text("Its leaf hash, standard base64.", pattern=B64_HASH_PATTERN)


class EntriesSchema(PageSchema):
    """Entries in order."""

    entries = ListOf(fields.Nested(EntrySchema), "The entries.")


class CheckpointSchema(StrictSchema):
    """One stored checkpoint."""

    number = Number("Its number, dense from 0.")
    size = Number("Number of entries under it.", minimum=1)
    root = Text("Root hash, standard base64.", pattern=B64_HASH_PATTERN)
    checkpoint = Text("The signed note.")


class CheckpointsSchema(PageSchema):
    """Checkpoints in order."""

    checkpoints = ListOf(fields.Nested(CheckpointSchema), "The checkpoints.")


class FaultSchema(StrictSchema):
    """One thing that is not as it must be."""

    code = Text("Stable dotted name.")
    table = Text("Where it was found.")
    place = fields.Raw(
        required=True,
        allow_none=True,
        metadata={"type": ["integer", "string"], "description": "The row's key there."},
    )
    detail = Text("What is wrong.")


class ReportSchema(StrictSchema):
    """What an audit looked at and what it found."""

    origin = Text("The log's origin.")
    size = Number("Number of entries that the log states to have.")
    root = Text("The root that it states, standard base64.")
    start = Number("First entry whose statement was checked.")
    end = Number("One past the last.")
    ok = Truth("Whether no fault was found.")
    counts = Object("How many of each thing were checked.")
    checked = ListOf(fields.String(), "What was checked.")
    cannot_exclude = ListOf(fields.String(), "What this audit cannot exclude.")
    fault_count = Number("How many faults were found.")
    fault_counts = Object("How many faults of each code were found.")
    faults = ListOf(fields.Nested(FaultSchema), "The faults, of each kind a bounded number.")
    faults_left_out = Number("How many faults were found beyond those.")


class ProgressSchema(StrictSchema):
    """How far an audit has come."""

    phase = Text("What is being done.")
    done = Number("How many of total are done.")
    total = Number("How many there are; 0 where the phase has no parts.")


class AuditSchema(StrictSchema):
    """One audit job."""

    id = Text("Its id.")
    state = fields.String(
        required=True,
        metadata={
            "enum": ["waiting", "running", "done", "failed", "interrupted"],
            "description": "failed: it could not be carried out. interrupted: its process is gone.",
        },
    )
    requested_by = Text("The party that asked for it.")
    requested_at = Moment("When.")
    progress = fields.Nested(
        ProgressSchema, required=True, allow_none=True, metadata={"description": "How far it has come."}
    )
    report = fields.Nested(
        ReportSchema, required=True, allow_none=True, metadata={"description": "What it found, when done."}
    )
    error = Object("Why it failed.", required=True, allow_none=True)


class AuditsSchema(StrictSchema):
    """The audit jobs of this host, newest first."""

    audits = ListOf(fields.Nested(AuditSchema), "The jobs, without their reports' faults.")


class RefusalSchema(StrictSchema):
    """One record of the refusal journal."""

    number = Number("Its number, dense from 0.")
    record = Text("Its exact bytes, RFC 8785 JSON: findings, judged_at, number, policy, previous, statement.")
    hash = Text("SHA-256 of the record, base64url; the next record's previous.", pattern=HASH_PATTERN)
    jws = Text("The refused statement, to those who may read it.", required=False)


class RefusalsSchema(PageSchema):
    """Refusals in order; of others' refusals a party sees none."""

    refusals = ListOf(fields.Nested(RefusalSchema), "The refusals.")


class ReadySchema(StrictSchema):
    """The server can take statements."""

    ready = Truth("Always true; otherwise the answer is a problem document.")
    size = Number("Number of entries.", minimum=1)
    mark_size = Number("Number of entries under this host's mark.", minimum=1)
    queue = Number("Statements that wait in this process.")
