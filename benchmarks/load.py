"""Load on loopback, bounded in time and count, made cheaply so that the server has the cores."""

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

READ_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Measured:
    """How many were answered as wanted, and in how many seconds."""

    count: int
    seconds: float

    @property
    def rate(self) -> float:
        """Per second."""
        return self.count / self.seconds


@dataclass(frozen=True, slots=True)
class Posted(Measured):
    """Batches, from the first to the last answer.

    Attributes:
        steady: While every stream had a batch under way: from when each has had an answer until one finds
            nothing more to send. Before and after, part of the machine has nothing to do yet or any more. All
            of it where there are too few batches.
    """

    steady: Measured

    def share(self, count: int) -> Measured:
        """The same of something else that the same lines hold ``count`` of, in equal parts."""
        return Measured(round(count * self.steady.count / self.count), self.steady.seconds)


def post_singles(url: str, statements: Sequence[bytes], *, clients: int = 32) -> Measured:
    """Posts each statement in a request of its own over ``clients`` connections that stay open."""
    return asyncio.run(_post_singles(urlsplit(url).port or 80, statements, clients))


async def _post_singles(port: int, statements: Sequence[bytes], clients: int) -> Measured:
    requests = [
        b"POST /v1/statements HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/jose\r\n"
        b"Accept: text/plain\r\nContent-Length: %d\r\n\r\n" % len(statement) + statement
        for statement in statements
    ]
    begun = time.perf_counter()
    counts = await asyncio.gather(*(_client(port, requests[each::clients]) for each in range(clients)))
    return Measured(sum(counts), time.perf_counter() - begun)


async def _client(port: int, requests: Sequence[bytes]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=READ_LIMIT)
    created = 0
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        created += head.startswith(b"HTTP/1.1 201")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return created


def post_batches(url: str, statements: Sequence[bytes], *, streams: int = 8, lines: int = 500) -> Posted:
    """Posts the statements as NDJSON batches over ``streams`` connections that stay open.

    Each connection sends its next batch when it has read the answer to the last one, whichever connection is
    free first. The kernel deals connections out to the server's processes by chance: with two of them, one
    process would get both every other time, and with eight hardly ever all.
    """
    size = max(1, min(lines, -(-len(statements) // streams)))
    bodies = deque(
        b"".join(line + b"\n" for line in statements[start : start + size])
        for start in range(0, len(statements), size)
    )
    answers: list[tuple[float, bytes]] = []
    dry: list[float] = []

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 80, timeout=300)
        with contextlib.suppress(IndexError):
            while True:
                body = bodies.popleft()
                connection.request(
                    "POST", "/v1/statements/batch", body, {"Content-Type": "application/x-ndjson"}
                )
                answer = connection.getresponse().read()
                answers.append((time.perf_counter(), answer))
        dry.append(time.perf_counter())
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(streams)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    # Counted when the clock has stopped: parsing on the server's cores would be measured with it.
    created = [
        (at, sum(json.loads(line)["status"] == 201 for line in each.splitlines())) for at, each in answers
    ]
    total = sum(count for _, count in created)
    return Posted(total, seconds, steady(created, streams, min(dry)) or Measured(total, seconds))


def steady(created: Sequence[tuple[float, int]], streams: int, until: float) -> Measured | None:
    """What was created while every stream had a batch under way, None where that was hardly ever.

    Args:
        created: Each answer's moment in seconds, and how many of its lines were created.
        streams: How many connections there were.
        until: The moment the first of them found nothing more to send.
    """
    within = sorted(each for each in created if each[0] <= until)[streams - 1 :]
    if len(within) <= streams:
        return None
    return Measured(sum(count for _, count in within[1:]), within[-1][0] - within[0][0])
