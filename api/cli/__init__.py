"""The ``reledger`` command.

Exit status: 0 done; 1 the answer is no (a fault found, a statement refused, an error); 2 the command was not
understood; 130 stopped by the user.
"""

import sys
from importlib import import_module
from typing import Final

import click

from ledger import __version__
from ledger.errors import ReledgerError

_MODULES: Final = {
    "demo": ("demo",),
    "serve": ("serve",),
    "operate": ("init", "migrate", "mark", "publish-refusals", "products", "restricted"),
    "keys": ("key",),
    "submit": ("sign", "submit", "check", "token"),
    "attachments": ("attachments",),
    "audit": ("verify", "audit"),
    "what_if": ("what-if",),
    "simulate": ("simulate",),
    "statistics": ("statistics",),
    "evaluate": ("evaluate",),
    "asking": ("trace", "recall", "label", "holdings", "balance", "alerts"),
    "goods": ("flows", "routes", "pools", "shipments", "search", "filing"),
    "boards": ("dependence", "reserves", "interruption", "receivables", "customer"),
}
"""Where each command is; a module is imported when one of its commands is asked for."""
_PLACES: Final = {command: module for module, commands in _MODULES.items() for command in commands}


class _Commands(click.Group):
    """Imports a command when it is asked for: none waits for what only another one needs.

    Ctrl-C meanwhile is told as it is later.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _PLACES:
            return None
        module = import_module(f"{__name__}.{_PLACES[cmd_name]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reledger")
def cli() -> None:
    """A shipment traceability ledger: signed statements in, provable receipts out."""


def main() -> None:
    """Runs the command line and ends the process with its exit status."""
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except ReledgerError as error:
        from api.cli.common import show_error

        show_error(error)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
