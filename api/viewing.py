"""Who asks, as provenance sees it, and how a party is answered about what is not for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.access import REGULATORS, Reader
from ledger.errors import ResourceNotFound, RoleForbidden
from ledger.provenance.subjects import Viewer


def viewer_of(reader: Reader | None) -> Viewer:
    """A known caller, as provenance sees it."""
    assert reader is not None
    return Viewer(reader.party, reader.holds(REGULATORS))


@contextmanager
def alike(viewer: Viewer, detail: str) -> Iterator[None]:
    """Answers a party alike whether something is not there or not for it; a regulator is told which.

    Raises:
        RoleForbidden: It is not there, and the caller is no regulator.
        ResourceNotFound: It is not there, and the caller is one.
    """
    try:
        yield
    except ResourceNotFound:
        if viewer.sees_all:
            raise
        raise RoleForbidden(detail) from None
