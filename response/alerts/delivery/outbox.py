"""A message with the attempts to send it: whether it waits, since when, until when. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from response.model import AlertMessage, DeliveryAttempt
from response.terms import Outcome


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the outbox and the attempts to send it, the oldest first.

    A dead letter that somebody has tried again gets a failed attempt with ``next_at`` after its
    dead one: it waits again.
    """

    message: AlertMessage
    attempts: tuple[DeliveryAttempt, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """How the last attempt ended; ``None`` before the first."""
        return self.attempts[-1].outcome if self.attempts else None

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent."""
        return self.outcome not in (Outcome.SENT, Outcome.DEAD)

    @property
    def next_at(self) -> dt.datetime | None:
        """When it is tried next; ``None`` where nobody tries again."""
        if not self.waits:
            return None
        last = self.attempts[-1].next_at if self.attempts else None
        return max(last or self.message.not_before, self.message.not_before)

    @property
    def tried_since(self) -> dt.datetime | None:
        """When the attempts began that count towards giving up: after a dead one, anew."""
        dead = [n for n, one in enumerate(self.attempts) if one.outcome is Outcome.DEAD]
        row = self.attempts[dead[-1] + 1 :] if dead else self.attempts
        return row[0].at if row else None
