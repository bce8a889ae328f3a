"""The listening socket, hardened: lengths and times bounded, TLS agreed apart from accepting.

As pynetdicom comes, it believes a peer's length of a PDU (up to 4 GiB), waits for ever for the rest
of one, and makes everybody wait while one peer agrees on TLS.
"""

from __future__ import annotations

import socket
import ssl
import threading
from socketserver import BaseServer
from typing import Any

from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

MAX_PDU_BYTES = 2**17
"""What we agree to take in one PDU."""

MAX_OTHER_PDU_BYTES = 2**20
"""No PDU at all is longer: a request for an association with all contexts is far below."""

TLS_TIMEOUT_S = 15.0
MAX_THREADS = 128


class _BoundedSocket(AssociationSocket):
    def recv(self, nr_bytes: int) -> bytearray:
        """Read a PDU, or the header of one; a longer one ends the connection."""
        if nr_bytes > MAX_OTHER_PDU_BYTES:
            raise OSError("the PDU is longer than agreed")
        return super().recv(nr_bytes)


class BoundedHandler(RequestHandler):
    """Agrees on TLS in the connection's own thread, and lets nobody hold it for ever."""

    def handle(self) -> None:
        """Serve one connection."""
        connection: socket.socket = self.request
        if isinstance(connection, ssl.SSLSocket):
            connection.settimeout(TLS_TIMEOUT_S)
            try:
                connection.do_handshake()
            except OSError:
                self.server.shutdown_request(connection)
                return
        connection.settimeout(self.ae.network_timeout)
        super().handle()

    def _create_association(self) -> Association:
        made = super()._create_association()
        # The class is swapped: making a second socket would announce the connection twice.
        made.dul.socket.__class__ = _BoundedSocket
        return made


class BoundedServer(ThreadedAssociationServer):
    """A server that keeps accepting, whatever single peers do."""

    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection; TLS is agreed on later."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        if self.ssl_context:
            connection = self.ssl_context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turn a connection away while too many are open."""
        return threading.active_count() < MAX_THREADS

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    def stop(self) -> None:
        """Accept nobody any more, and end what is open: the senders send again."""
        BaseServer.shutdown(self)
        self.server_close()
        for association in self.active_associations:
            association.abort()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a peer that breaks off is no error of ours."""
