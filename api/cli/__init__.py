"""The ``reledger`` command.

Exit status: 0 done; 1 the answer is no (a fault found, a statement refused, an error); 2 the command was not
understood; 130 stopped by the user.
"""

import sys

import click

from api.cli import asking, audit, demo, evaluate, keys, operate, simulate, submit
from api.cli.common import notes, show_error
from ledger import __version__
from ledger.errors import ReledgerError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reledger")
def cli() -> None:
    """A shipment traceability ledger: signed statements in, provable receipts out."""


for command in (
    demo.demo,
    operate.serve,
    operate.init,
    operate.migrate,
    operate.mark,
    operate.publish_refusals,
    operate.products,
    keys.key,
    submit.sign,
    submit.submit,
    submit.check,
    submit.token,
    audit.verify,
    audit.audit,
    simulate.simulate,
    evaluate.evaluate,
    *asking.COMMANDS,
):
    cli.add_command(command)


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
        notes.print("stopped")
        sys.exit(130)
    except ReledgerError as error:
        show_error(error)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
