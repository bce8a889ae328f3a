"""A real SMTP server on this machine that does what it is told to, and certificates for it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "tracker", "s3cret"


@dataclass
class Mailbox:
    """Takes mail, or does something else in its place.

    ``refuse_to`` answers a recipient, ``answer_data`` a message; ``drop_after_data`` takes so many
    messages and closes the connection instead of saying so; ``hang_s`` waits before the answer.
    """

    refuse_to: dict[str, str] = field(default_factory=dict)
    answer_data: list[str] = field(default_factory=list)
    drop_after_data: int = 0
    hang_s: float = 0
    taken: list[bytes] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    connections: int = 0
    encrypted: list[bool] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, read by the standard library's parser."""
        plain = [one.replace(b"\r\n", b"\n") for one in self.taken]
        return [message_from_bytes(one, policy=default) for one in plain]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        """Count connections."""
        self.connections += session.host_name is None
        session.host_name = hostname
        return answers

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse it."""
        if address in self.refuse_to:
            return self.refuse_to[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a message, or do what was asked for."""
        await asyncio.sleep(self.hang_s)
        if self.answer_data:
            return self.answer_data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        self.encrypted.append(session.ssl is not None)
        if self.drop_after_data:
            self.drop_after_data -= 1
            assert server.transport is not None
            server.transport.abort()
        return "250 taken"

    def log_in(
        self, server: SMTP, session: Session, envelope: Envelope, kind: str, given: Any
    ) -> Any:
        """Check a name and password."""
        assert isinstance(given, LoginPassword)
        name, word = given.login.decode(), given.password.decode()
        self.logins.append(name)
        return AuthResult(success=(name, word) == (USER, PASSWORD), handled=False)


@contextmanager
def serve_mail(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    """Run an SMTP server for a mailbox on a free port; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost that nobody but itself vouches for, with its key."""

    cert: Path
    key: Path

    def make_context(self) -> ssl.SSLContext:
        """Make what a server shows it with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert, self.key)
        return context


def make_certificate(folder: Path, name: str = "localhost") -> Certificate:
    """Make a certificate with the openssl command."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", made.key, "-out", made.cert, "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return made


def wait_until(holds: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert holds()
