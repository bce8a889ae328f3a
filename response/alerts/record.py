"""An alert with its history: how it stands, who has it, since when. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from response.model import Alert, AlertEvent
from response.terms import AlertChange, AlertState

_STATES = {
    AlertChange.RAISED: AlertState.OPEN,
    AlertChange.REOPENED: AlertState.OPEN,
    AlertChange.ACKNOWLEDGED: AlertState.ACKNOWLEDGED,
    AlertChange.SNOOZED: AlertState.SNOOZED,
    AlertChange.RESOLVED: AlertState.RESOLVED,
    AlertChange.WITHDRAWN: AlertState.WITHDRAWN,
    AlertChange.SUPERSEDED: AlertState.SUPERSEDED,
}
"""What an event makes of an alert; the others leave it as it stands."""

ENDED = frozenset({AlertState.RESOLVED, AlertState.WITHDRAWN, AlertState.SUPERSEDED})
"""The states of an alert that nobody has to look at any more."""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as it stands, and everything that became of it, the oldest first."""

    alert: Alert
    events: tuple[AlertEvent, ...]

    def state_on(self, day: dt.date) -> AlertState:
        """How it stands on a day: what was snoozed until that day is open again."""
        last = next((e for e in reversed(self.events) if e.change in _STATES), None)
        if last is None:
            return AlertState.OPEN
        if last.change is AlertChange.SNOOZED and dt.date.fromisoformat(last.value) <= day:
            return AlertState.OPEN
        return _STATES[last.change]

    @property
    def ended(self) -> bool:
        """Whether its facts have gone, so that nobody has to look at it."""
        return self.state_on(dt.date.min) in ENDED

    @property
    def assignee(self) -> str:
        """Who it was assigned to last; empty: nobody."""
        return next((e.value for e in reversed(self.events) if _assigns(e)), "")

    @property
    def raised_on(self) -> dt.date:
        """The day that it was first raised for."""
        return self.events[0].as_of


def _assigns(event: AlertEvent) -> bool:
    return event.change is AlertChange.ASSIGNED
