"""Progress that the ledger reports, on the terminal."""

from rich.progress import Progress as Bar
from rich.progress import TaskID

from ledger.audit.report import Progress, ProgressCallback


def follow(bar: Bar) -> ProgressCallback:
    """Shows progress as it is reported."""
    tasks: dict[str, TaskID] = {}

    def show(progress: Progress) -> None:
        total = progress.total or None
        if progress.phase not in tasks:
            tasks[progress.phase] = bar.add_task(progress.phase, total=total)
        bar.update(tasks[progress.phase], completed=progress.done, total=total)

    return show
