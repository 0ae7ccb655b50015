"""Names of organisations against published lists: read, brought to one form, compared, explained."""
