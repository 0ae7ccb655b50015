"""Tables, and reading and appending them inside a transaction that the caller owns."""

# Whoever looks at ``Base.metadata`` must find the books' tables in it, whichever module was imported.
from ledger.store import books_tables as books_tables
