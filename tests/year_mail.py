"""The mail of a simulated year: a server that fails when it is told to, and what its mails say."""

from __future__ import annotations

import datetime as dt
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from year_calendar import DROP, LATER, REFUSE, ZONE

_LINK = re.compile(r"/alerts\?alert=(\w+)")
_REPLACES = re.compile(r"Takes the place of alert (\w+)")


@dataclass(frozen=True)
class Arrived:
    """A mail as it came in, at a moment of the simulation."""

    at: dt.datetime
    to: str
    message_id: str
    subject: str
    body: str
    raw: bytes

    @property
    def quiet(self) -> bool:
        """Whether it came between ten in the evening and seven."""
        local = self.at.astimezone(ZONE)
        return local.hour >= 22 or local.hour < 7

    def tells(self) -> Iterator[tuple[str, str]]:
        """List ``(alert, what is told of it)``."""
        for item in re.split(r"\n\n(?=\d+\. )", self.body)[1:]:
            yield from ((one, "superseded") for one in _REPLACES.findall(item))
            yield _LINK.findall(item)[0], _read_kind(item)


def _read_kind(item: str) -> str:
    for word, kind in (("WITHDRAWN", "withdrawn"), ("SUPERSEDED", "superseded")):
        if word in item:
            return kind
    return "escalated" if "Nobody has acknowledged" in item else "open"


@dataclass
class MailHouse:
    """An SMTP server on a port of its own; ``now`` is the simulation's moment."""

    now: dt.datetime = dt.datetime.min
    arrived: list[Arrived] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    how: str = ""

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._open()

    def _open(self) -> None:
        self._controller: Controller | None = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def fail(self, how: str) -> None:
        """Fail in this way from now on; empty: work."""
        if how == REFUSE and self._controller:
            self.close()
        elif how != REFUSE and not self._controller:
            self._open()
        self.how = how

    def close(self) -> None:
        """Take no connection any more."""
        if self._controller:
            self._controller.stop()
        self._controller = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail, or fail."""
        self.answered[self.how] += 1
        if self.how == LATER:
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        self.arrived.append(_read(envelope.content, envelope.rcpt_tos[0], self.now))
        if self.how == DROP:
            assert server.transport is not None
            server.transport.abort()
        return "250 taken"

    def unique(self) -> Mapping[tuple[str, str], Arrived]:
        """What a reader sees: of copies with one Message-ID the first."""
        seen: dict[tuple[str, str], Arrived] = {}
        for one in self.arrived:
            seen.setdefault((one.to, one.message_id), one)
        return seen

    def count_told(self, to: str) -> Mapping[str, Counter[str]]:
        """Count what a reader was told, by alert."""
        told: dict[str, Counter[str]] = {}
        for one in self.unique().values():
            if one.to.startswith(f"{to}@"):
                for alert_id, kind in one.tells():
                    told.setdefault(alert_id, Counter())[kind] += 1
        return told


def _read(content: bytes, to: str, at: dt.datetime) -> Arrived:
    mail = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default)
    return Arrived(
        at, to, str(mail["Message-ID"]), str(mail["Subject"]), mail.get_content(), content
    )
