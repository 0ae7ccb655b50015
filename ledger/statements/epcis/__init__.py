"""EPCIS 2.0 documents: read, checked, and refused with a place and a mend for every fault."""

from ledger.statements.epcis.reading import EpcisDocument, EpcisEvent, check_document, read_document
from ledger.statements.epcis.scope import REE

__all__ = ["REE", "EpcisDocument", "EpcisEvent", "check_document", "read_document"]
