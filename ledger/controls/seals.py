"""Seals and units that are open twice: one tag for two consignments."""

from collections.abc import Iterator

from ledger.controls.noticing import notice
from ledger.controls.rule import Case, Notice, rule


@rule("seal.reused", movements=("pack", "ship", "export", "disclose", "return", "import", "receive"))
def reused(case: Case) -> Iterator[Notice]:
    """A seal or unit is put to use while it is still in use elsewhere."""
    for name, entry_index in sorted(case.effect.reused.items()):
        kind = "seal" if name in case.movement.seals else "unit"
        yield notice(
            case,
            "seal.reused",
            f"the {kind} {name} is still in use since entry {entry_index}",
            "Record first that it was opened (unpack), or correct its number.",
            subject=f"{kind}:{name}",
            name=name,
            since_entry=entry_index,
        )
