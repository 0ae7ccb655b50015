"""An application over HTTP in this process, for the tests of the console's modules in a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@contextmanager
def over_http(app: Flask) -> Iterator[str]:
    """The address under which the application answers, while it does."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def assets_of(page: Page) -> str:
    """The address of the console's files, as the open page names it."""
    base: str = page.evaluate("document.body.dataset.assets")
    return base
