"""What it is to send a message: the reply, the way it goes, and never waiting for ever."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from response.model import AlertMessage
from response.terms import Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended, with why in words that hold no identifier.

    ``way_is_closed``: nothing gets through to this server now, whatever the message; ``DEAD``: this
    message is refused for good.
    """

    outcome: Outcome
    detail: str = ""
    way_is_closed: bool = False


class Sender(Protocol):
    """Sends messages of one channel."""

    def find_way(self, recipient: str) -> str | None:
        """Name the server a recipient is told through; ``None``: not in the protocol any more."""

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        """Send a message once. Never raises for what a network or server does."""


def reply_within(seconds: float, send: Callable[[], Reply]) -> Reply:
    """Wait for a reply no longer than some seconds in all.

    The limits of sockets are for each step: a server that answers letter by letter would hold a
    runner for ever. What is not done by then is given up; it may arrive all the same, and again
    with the next attempt.

    Examples
    --------
    >>> reply_within(5, lambda: Reply(Outcome.SENT)).outcome.value
    'sent'
    """
    done: queue.SimpleQueue[Reply | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put(send())
        except Exception as error:
            done.put(error)

    threading.Thread(target=work, name="response-send", daemon=True).start()
    try:
        reply = done.get(timeout=seconds)
    except queue.Empty:
        return Reply(Outcome.FAILED, f"no reply within {seconds:g} s", way_is_closed=True)
    if isinstance(reply, Exception):
        raise reply
    return reply
