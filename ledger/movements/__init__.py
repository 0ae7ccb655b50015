"""Movements: reading them from EPCIS events, and writing them as EPCIS events. Pure."""
