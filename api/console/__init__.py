"""The web console: one page and its modules, over the same HTTP interface as everybody else's.

Decides: which files a browser may load and under which policy. Holds no answer of its own: every figure on
the console comes from an operation of ``api.resources``, with its visibility rules.
"""
