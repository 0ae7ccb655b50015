"""reledger: a shipment traceability ledger for rare earths.

Where things live, from the bottom up (a module imports only downward):

* ``ledger.errors``, ``ledger.findings``, ``ledger.clock``, ``ledger.encoding``, ``ledger.strict_json``,
  ``ledger.identifiers``: standard library only.
* ``ledger.log``: bytes and hashes. Entry, Merkle tree, tiles, signed note, checkpoint, receipt.
* ``ledger.statements``: what parties sign. Envelope, keys, EPCIS documents, official acts, registers.
* ``ledger.store``: tables, and reading and appending them inside a caller's transaction.
* ``ledger.registration``: the one write path.
* ``ledger.audit``: checking a database, and checking a ledger from outside.
* ``ledger.client``: what a party runs: sign, submit, keep receipts.
"""

__version__ = "0.1.0"
