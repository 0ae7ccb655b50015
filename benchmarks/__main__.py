"""``python3 run.py bench NAME``.

Imports nothing at first: a process that an audit starts beside its own imports this module again.
"""

if __name__ == "__main__":
    from benchmarks.commands import cli

    cli(prog_name="run.py bench")
