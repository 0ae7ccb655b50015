"""Verifies a database and prints the peak memory of the process and its workers, as JSON."""

import json
import resource
import sys

from ledger.audit.database import verify_database
from ledger.store.engine import create_ledger_engine


def main(url: str, workers: int) -> None:
    """Runs ``verify_database`` on a URL."""
    engine = create_ledger_engine(url)
    report = verify_database(engine, workers=workers)
    engine.dispose()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"peak_bytes": max(own, children) * 1024, "faults": len(report.faults)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
