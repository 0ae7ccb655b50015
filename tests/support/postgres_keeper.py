"""Runs a PostgreSQL server until standard input closes, then ends exactly that server.

At once and with its folder, unless ``in order`` was written before: then the server ends its connections and
writes its data, and the folder stays.

Started by tests.support.postgres as ``postgres_keeper.py FOLDER COMMAND...``; prints ``ready`` once the
server takes connections. If its parent is killed, the pipe closes too.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


def main() -> int:
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    identity: dict[str, object] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **identity
        )
    status = folder / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        # The eighth line of postmaster.pid says when connections are taken.
        try:
            lines = status.read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            print("ready", flush=True)
            break
        time.sleep(0.01)
    else:
        print("failed", flush=True)
    in_order = sys.stdin.buffer.read() == b"in order"
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)[0 if in_order else 1 :]:
        if server.poll() is not None:
            break
        server.send_signal(number)
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            continue
    if not in_order:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
