"""A national supply chain, simulated as signed statements, and how well a ledger finds what was planted.

Nothing here is used by a ledger that is in service.
"""
