"""A real HTTP receiver on this machine that answers as it is told to."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Receiver:
    """Takes what is posted; answers ``statuses`` in turn, the last for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    hang_s: float = 0
    said: bytes = b"ok"
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def take(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.bodies.append(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.headers.append(dict(handler.headers))
        time.sleep(self.hang_s)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        handler.send_response(status)
        if 300 <= status < 400:
            handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", str(len(self.said)))
        handler.end_headers()
        handler.wfile.write(self.said)


@contextmanager
def serve_hook(receiver: Receiver, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a receiver on a free port; yields the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, *_: Any) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            return  # a caller that hangs up is what some tests are about

    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
