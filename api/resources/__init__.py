"""Resources: one module for each kind of thing; each turns calls into the ledger's services and answers."""
