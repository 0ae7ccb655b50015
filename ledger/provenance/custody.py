"""Chain-of-custody models as declared, checked against the graph.

Decides: whether a lot's own cells and ancestors bear out the model that it was declared under.

Source: ISO 22095:2020: identity preserved (one source), segregated (only qualifying sources), controlled
blending, mass balance (mixed, in known shares), book and claim (not traced here).
"""

from dataclasses import dataclass
from typing import Final

from ledger.provenance.way import Graph
from ledger.records.cells import AWAITED, UNEXPLAINED, Cells

MODELS: Final = ("identity_preserved", "segregated", "controlled_blending", "mass_balance", "book_and_claim")


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Whether a declared model holds.

    Attributes:
        model: As declared; "" where none was.
        holds: True, False, or None where there is nothing to check.
        reason: In a sentence.
    """

    model: str
    holds: bool | None
    reason: str


def check_model(model: str, cells: Cells, upstream: Graph) -> ModelCheck:
    """Checks a declared model.

    Args:
        model: One of ``MODELS``, or "".
        cells: The lot's.
        upstream: Everything that it was made from, unlimited.
    """
    if model == "":
        return ModelCheck(model, None, "no model was declared")
    if model not in MODELS:
        return ModelCheck(model, False, "this is none of the models of ISO 22095")
    origins = sorted({origin for _, origin, _ in cells})
    unknown = [origin for origin in origins if origin == UNEXPLAINED or origin.startswith(AWAITED)]
    if upstream.truncated:
        return ModelCheck(model, None, "the graph is larger than the limit of this walk")
    if model == "book_and_claim":
        return ModelCheck(model, False, "a claim apart from the goods is not traced by this ledger")
    if unknown:
        return ModelCheck(model, False, f"a part of it has no known origin: {unknown[0]}")
    pools = sorted({node.name for node in upstream.nodes.values() if node.kind == "pool"})
    if model == "identity_preserved":
        if len(origins) > 1:
            return ModelCheck(model, False, f"it comes from {len(origins)} origins")
        if pools:
            return ModelCheck(model, False, f"it went through a pool, where goods mix: {pools[0]}")
        return ModelCheck(model, True, f"all of it comes from {origins[0] if origins else 'nowhere'}")
    statuses = {status for _, _, status in cells} - {"counted"}
    if model == "segregated" and len(statuses) > 1:
        return ModelCheck(model, False, f"it mixes {', '.join(sorted(statuses))} material")
    return ModelCheck(model, True, f"{len(origins)} origins in known shares")
