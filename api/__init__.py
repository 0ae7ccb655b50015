"""The outside of the ledger: HTTP and the command line. The only place where the parts are put together."""
