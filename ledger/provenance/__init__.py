"""Provenance: where goods came from and where they went, read from the books. Never writes, never decides."""
