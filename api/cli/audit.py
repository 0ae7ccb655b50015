"""Commands of an auditor: verify (a database) and audit (a ledger from outside)."""
