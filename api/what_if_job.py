"""One what-if in a process of its own: ``python -m api.what_if_job FOLDER ID``."""

import sys
from typing import Any

from api.audit_job import Job, run_job
from api.what_if_request import read_request
from ledger.store.engine import create_ledger_engine
from ledger.whatif.replaying import what_if


class WhatIfJob(Job):
    """Compares two scenarios over the log."""

    what = "what-if"

    def work(self) -> dict[str, Any]:
        asked = read_request(str(self._members["asked"]).encode())
        engine = create_ledger_engine(self._settings.database_url, pool_size=1)
        try:
            report = what_if(
                engine,
                self._settings.origin,
                asked.after,
                asked.before,
                span_us=asked.span_us,
                progress=self.progress,
                cancel=self._cancel,
            )
        finally:
            engine.dispose()
        return report.as_json()


if __name__ == "__main__":
    run_job(WhatIfJob, *sys.argv[1:])
