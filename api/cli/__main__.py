"""``python -m api.cli`` is the ``reledger`` command."""

from api.cli import main

main()
