"""Tables, and reading and appending them inside a transaction that the caller owns."""
