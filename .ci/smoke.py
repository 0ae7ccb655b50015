#!/usr/bin/env python3
"""Start the demonstration, see that it serves and that its story went well, and end it.

    smoke.py COMMAND...      for example: smoke.py reledger, or: smoke.py python3 run.py

Starts ``COMMAND demo --no-browser --port <a free one>``. Exit status 0 only if the server answers, the story
ends well, the log that is served holds every entry that the story told of, the audit that the demonstration
names finds no fault, and the server is gone once it is ended.
"""

import json
import queue
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence

START_LIMIT_S = 180
STOP_LIMIT_S = 30
SERVING = re.compile(r"Serving on (http://\S+)")
ENTRY = re.compile(r"\s*entry (\d+)\b")
AUDIT = re.compile(r"check the whole log .* (audit http.*)")


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def get(url: str) -> bytes:
    """The body of a 200 answer."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        if answer.status != 200:
            raise SystemExit(f"{url} answered {answer.status}")
        return bytes(answer.read())


def read_until_serving(process: "subprocess.Popen[str]") -> tuple[str, int, list[str]]:
    """The address that the demonstration serves on, the highest index its story told of, and the audit that
    it names, in words.
    """
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def pump() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    deadline = time.monotonic() + START_LIMIT_S
    highest, audit = -1, list[str]()
    while True:
        try:
            line = lines.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            raise SystemExit(f"the demonstration did not serve within {START_LIMIT_S} s") from None
        if line is None:
            raise SystemExit(f"the demonstration ended by itself with status {process.wait()}")
        print(f"    {line}", end="", flush=True)
        if entry := ENTRY.match(line):
            highest = max(highest, int(entry[1]))
        if named := AUDIT.search(line):
            audit = shlex.split(named[1])
        if serving := SERVING.search(line):
            return serving[1], highest, audit


def check(url: str, highest: int) -> None:
    """What is served is the log that the story was told from."""
    get(f"{url}/healthz")
    log = json.loads(get(f"{url}/v1/log"))
    if highest < 10:
        raise SystemExit(f"the story told of {highest + 1} entries only")
    if int(log["size"]) <= highest:
        raise SystemExit(f"the log has {log['size']} entries, the story told of entry {highest}")
    origin, size, root = get(f"{url}/checkpoint").decode().split("\n")[:3]
    if (origin, size, root) != (log["origin"], str(log["size"]), log["root"]):
        raise SystemExit("the checkpoint and /v1/log disagree")


def audit_outside(words: Sequence[str]) -> None:
    """The audit that the demonstration names, which keeps nothing here."""
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run([*words, "--state", folder], check=False).returncode != 0:
            raise SystemExit("the audit that the demonstration names does not end well")


def main(command: Sequence[str]) -> None:
    """Run the demonstration with the command and judge it."""
    port = free_port()
    started = time.monotonic()
    words = [*command, "demo", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
    ) as process:
        try:
            url, highest, audit = read_until_serving(process)
            print(f"serving after {time.monotonic() - started:.1f} s")
            check(url, highest)
            audit_outside([*command, *audit])
        finally:
            process.send_signal(signal.SIGTERM)  # killed, it would leave its server behind
            try:
                status = process.wait(timeout=STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    if status != 0:
        raise SystemExit(f"the demonstration ended with status {status}")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SystemExit(f"something still listens on port {port}")
    print(f"ended {time.monotonic() - started:.1f} s after it was started")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
