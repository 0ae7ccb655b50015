"""The demo command."""

import contextlib
import io
import signal
import sys
import tempfile
import webbrowser
from pathlib import Path
from types import FrameType

import click

from api.cli.common import notes


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option(
    "--documents",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also sign and submit every EPCIS document in this folder.",
)
@click.option("--once", is_flag=True, help="End after the story instead of serving on.")
def demo(port: int, no_browser: bool, documents: Path | None, once: bool) -> None:
    """See it work: a throwaway ledger, six companies, a shipment's story, and attempts to cheat.

    Everything is real: keys, signatures, the HTTP server, the database (SQLite, in a temporary folder that is
    removed at the end). The server runs on until Ctrl-C.
    """
    from api.demo.performance import perform  # what only the demonstration needs
    from api.demo.stage import Server, prepare, require_free_port
    from ledger.client.http import LedgerClient

    require_free_port("127.0.0.1", port)
    signal.signal(signal.SIGTERM, _stop)
    if isinstance(sys.stdout, io.TextIOWrapper):  # the story has signs that a C locale cannot print
        sys.stdout.reconfigure(errors="replace")
    with tempfile.TemporaryDirectory(prefix="reledger-demo-") as folder:
        stage = prepare(Path(folder), port)
        with Server(stage) as server, LedgerClient(stage.url) as client:
            perform(stage, client, documents)
            if once:
                return
            click.echo()
            click.secho(f"Serving on {stage.url} — Ctrl-C ends the demonstration.", bold=True)
            if not no_browser:
                webbrowser.open(stage.sign_in_link(stage.authority))
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()
    notes.print("the demonstration is over; its folder is removed")


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
