"""The demonstration: a throwaway ledger, a few parties, a short story over HTTP, and attempts to cheat."""
