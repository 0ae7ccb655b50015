"""Verifying a ledger: the whole database, a range of it, or a remote ledger from outside.

* ``report``: faults and what was checked.
* ``statements``: the one place that checks an entry together with its statement.
* ``compact``: roots of many sizes in one pass.
* ``ranges``: one range of entries with their statements, tiles and checkpoints.
* ``refusals``, ``registers``, ``kept``: the refusal journal, the folded tables, and evidence kept elsewhere.
* ``database``: all of it, on all cores; ``chain``: a range, now; ``remote``: from outside over HTTP.
"""
