"""The database's history, one version a file.

Versions never import project code: they must run as written for ever.
"""
