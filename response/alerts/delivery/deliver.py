"""Send what is due, and keep how each attempt ended.

At least once to the wire: an attempt is written after the server took the message, so that a kill
between the two sends it again, with the same message id. What fails is tried again after 1, 5, 15
and 60 minutes, then every 4 hours, or as soon as its server takes another message. What is refused
for good, or has failed for ``give_up_hours``, is a dead letter: shown, kept, and sent again when a
person asks for it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from response.alerts.delivery.hours import find_quiet_end
from response.alerts.delivery.mail import MailSender
from response.alerts.delivery.outbox import Posted
from response.alerts.delivery.sending import Reply, Sender
from response.alerts.delivery.webhook import WebhookSender
from response.alerts.delivery.words import read_severity
from response.alerts.ledger import GRAVEST_FIRST
from response.alerts.settings import AlertSettings
from response.model import DeliveryAttempt
from response.terms import Channel, Outcome

BACK_OFF_MINUTES = (1, 5, 15, 60, 240)
"""How long to wait after the first, second … failure; the last for all that follow."""
JITTER = 0.2
"""By how much of it a wait is drawn out at most, so that messages do not come all at once."""

LEAST_ATTEMPTS = 4
"""A message is not given up after fewer, however long a machine was switched off between them."""


class Outbox(Protocol):
    """The messages to be sent, wherever they are kept."""

    def read_waiting(self) -> Sequence[Posted]:
        """Read the messages that were neither sent nor given up, with their attempts."""

    def write_attempt(self, attempt: DeliveryAttempt) -> None:
        """Append an attempt, at once and for good."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a round of sending came to.

    Attributes
    ----------
    sent, failed, dead
        How many messages were sent, will be tried again, were given up.
    waiting
        How many are still to be sent, failed ones included.
    closed
        The servers that could not be reached, each with why.
    """

    sent: int = 0
    failed: int = 0
    dead: int = 0
    waiting: int = 0
    closed: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing that was tried failed."""
        return not self.failed and not self.dead


def make_senders(
    settings: AlertSettings, environ: Mapping[str, str] = os.environ
) -> Mapping[Channel, Sender]:
    """Make what sends over each channel, as the protocol and the environment say."""
    return {
        Channel.MAIL: MailSender(settings, environ),
        Channel.WEBHOOK: WebhookSender(settings, environ),
    }


def deliver_due(
    outbox: Outbox,
    settings: AlertSettings,
    now: dt.datetime,
    senders: Mapping[Channel, Sender],
) -> DeliveryReport:
    """Send the messages that are due, the gravest first.

    Parameters
    ----------
    outbox
        Where messages wait; only one deliverer may be at work.
    settings
        Quiet hours, and when to give up.
    now
        This moment, with a time zone.
    senders
        What sends over each channel.

    Notes
    -----
    A server that cannot be reached is left for the rest of the round. One that took a message is
    also given those that failed before and are not due yet: a server that is back is back for all.
    A waiting message that is not let through quiet hours is not sent in them, however often it has
    failed before, unless a person asked for it.
    """
    waiting = [one for one in outbox.read_waiting() if one.waits]
    due = [one for one in waiting if is_due(one, settings, now)]
    chosen = {one.message.message_id for one in due}
    held_back = [one for one in waiting if one.attempts and one.message.message_id not in chosen]
    turn = _Round(outbox, settings, now, senders)
    for one in sorted(due, key=_rank):
        turn.send(one)
    for one in sorted(held_back, key=_rank):
        if turn.find_way(one) in turn.opened and is_allowed(one, settings, now):
            turn.send(one)
    counts = turn.counts
    return DeliveryReport(
        sent=counts[Outcome.SENT],
        failed=counts[Outcome.FAILED],
        dead=counts[Outcome.DEAD],
        waiting=len(waiting) - counts[Outcome.SENT] - counts[Outcome.DEAD],
        closed=turn.closed,
    )


@dataclass(slots=True)
class _Round:
    """One round of sending: what came of it so far, and which ways are open or closed."""

    outbox: Outbox
    settings: AlertSettings
    now: dt.datetime
    senders: Mapping[Channel, Sender]
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    opened: set[str] = field(default_factory=set)
    closed: dict[str, str] = field(default_factory=dict)

    def find_way(self, posted: Posted) -> str | None:
        """Name the server of a message; ``None``: its recipient has left the protocol."""
        return self.senders[posted.message.channel].find_way(posted.message.recipient)

    def send(self, posted: Posted) -> None:
        """Send a message once, unless its way is closed, and write down how that ended."""
        way = self.find_way(posted)
        if way in self.closed:
            return
        if way is None:
            reply = Reply(Outcome.DEAD, "no such recipient in the protocol any more")
        else:
            reply = self.senders[posted.message.channel].send(posted.message, self.now)
            if reply.outcome is Outcome.SENT:
                self.opened.add(way)
            if reply.way_is_closed:
                self.closed[way] = reply.detail
        attempt = note_attempt(posted, reply, self.settings, self.now)
        self.outbox.write_attempt(attempt)
        self.counts[attempt.outcome] += 1


def is_due(posted: Posted, settings: AlertSettings, now: dt.datetime) -> bool:
    """Whether a message is to be sent now."""
    if posted.next_at is None or (posted.next_at > now and not _is_ahead(posted, now)):
        return False
    return is_allowed(posted, settings, now)


def is_allowed(posted: Posted, settings: AlertSettings, now: dt.datetime) -> bool:
    """Whether the hour allows it: it is not quiet, or the message is let through."""
    if read_severity(posted.message.title) in settings.quiet_lets_through or _is_asked(posted):
        return True
    return find_quiet_end(now, settings) is None


def _is_ahead(posted: Posted, now: dt.datetime) -> bool:
    """Whether the clock was set back since: when to try was reckoned by a wrong one."""
    last = posted.attempts[-1].at if posted.attempts else posted.message.at
    return last > now


def _is_asked(posted: Posted) -> bool:
    """Whether a person asked for it: their attempt is to be tried the moment it was written."""
    return bool(posted.attempts) and posted.attempts[-1].next_at == posted.attempts[-1].at


def _rank(posted: Posted) -> tuple[object, ...]:
    message = posted.message
    grave = GRAVEST_FIRST.index(read_severity(message.title))
    return grave, message.not_before, message.at, message.message_id


def note_attempt(
    posted: Posted, reply: Reply, settings: AlertSettings, now: dt.datetime
) -> DeliveryAttempt:
    """Write down how an attempt ended, and when to try again."""
    message_id = posted.message.message_id
    attempt = DeliveryAttempt(
        _digest(message_id, str(len(posted.attempts)), now.isoformat()),
        message_id,
        now,
        reply.outcome,
        reply.detail,
    )
    if reply.outcome is not Outcome.FAILED:
        return attempt
    since = posted.tried_since or now
    often = count_failures(posted) + 1 >= LEAST_ATTEMPTS
    if often and now - since >= dt.timedelta(hours=settings.give_up_hours):
        words = f"given up after {settings.give_up_hours} hours: {reply.detail}"
        return replace(attempt, outcome=Outcome.DEAD, detail=words)
    return replace(attempt, next_at=now + find_wait(message_id, count_failures(posted)))


def count_failures(posted: Posted) -> int:
    """Count the failures in a row before this one, since it was last given up."""
    dead = [n for n, one in enumerate(posted.attempts) if one.outcome is Outcome.DEAD]
    return len(posted.attempts) - (dead[-1] + 1 if dead else 0)


def find_wait(message_id: str, failures: int) -> dt.timedelta:
    """Find how long to wait after a failure that so many others went before.

    Examples
    --------
    >>> dt.timedelta(minutes=1) <= find_wait("a", 0) <= dt.timedelta(minutes=1.2)
    True
    >>> dt.timedelta(hours=4) <= find_wait("a", 9) <= dt.timedelta(hours=4.8)
    True
    """
    minutes = BACK_OFF_MINUTES[min(failures, len(BACK_OFF_MINUTES) - 1)]
    share = int(_digest(message_id, str(failures))[:8], 16) / 0xFFFFFFFF
    return dt.timedelta(minutes=minutes * (1 + JITTER * share))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
