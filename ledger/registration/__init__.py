"""The one write path: examine in the caller's thread, queue, commit in batches, answer with receipts.

* ``registrar``: what callers use.
* ``submission``: signature and schema work, in the caller's own thread.
* ``committer``: the queue and the one committing thread of a process.
* ``batch``: one transaction under the log lock.
* ``judging``: who may be appended; pure.
* ``mark``: the high-water mark outside the database.
"""
