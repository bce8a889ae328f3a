"""Which alerts an address asks for, and in which order. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from response.alerts.ledger import GRAVEST_FIRST
from response.alerts.record import ENDED, AlertRecord
from response.model import AlertEvent
from response.terms import AlertChange, AlertState, Severity

STATES: dict[str, frozenset[AlertState]] = {
    "open": frozenset({AlertState.OPEN}),
    "acknowledged": frozenset({AlertState.ACKNOWLEDGED}),
    "snoozed": frozenset({AlertState.SNOOZED}),
    "ended": ENDED,
    "all": frozenset(AlertState),
}
"""Word in an address → the states it stands for."""

USUAL = "open"
"""What is shown where the address does not say."""
ME = "me"
NOBODY = "nobody"

_OPENINGS = frozenset({AlertChange.RAISED, AlertChange.REOPENED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks of the list; empty: everything.

    ``assignee`` is the name of an account, ``me`` or ``nobody``.
    """

    state: str = USUAL
    severity: str = ""
    rule: str = ""
    subject: str = ""
    assignee: str = ""

    @property
    def with_ended(self) -> bool:
        """Whether alerts are asked for whose facts have gone."""
        return bool(STATES[self.state] & ENDED)


def read_wanted(query: Mapping[str, str]) -> Wanted:
    """Read from an address what it asks of the list; what it cannot ask for is left out.

    Examples
    --------
    >>> read_wanted({"state": "snoozed", "severity": "terrible"})
    Wanted(state='snoozed', severity='', rule='', subject='', assignee='')
    """
    state, severity = query.get("state", ""), query.get("severity", "")
    return Wanted(
        state if state in STATES else USUAL,
        severity if severity in GRAVEST_FIRST else "",
        query.get("rule", ""),
        query.get("subject", ""),
        query.get("assignee", ""),
    )


def choose_records(
    records: Iterable[AlertRecord], wanted: Wanted, today: dt.date, me: str
) -> tuple[AlertRecord, ...]:
    """Choose the alerts that are asked for, the gravest first, then the newest.

    Parameters
    ----------
    today
        The clinic's day, by which a snoozed alert is open again.
    me
        Who is looking.
    """
    return sort_records(one for one in records if _is_wanted(one, wanted, today, me))


def sort_records(records: Iterable[AlertRecord]) -> tuple[AlertRecord, ...]:
    """Sort alerts: the gravest first, then the newest."""
    return tuple(sorted(records, key=_rank))


def _is_wanted(record: AlertRecord, wanted: Wanted, today: dt.date, me: str) -> bool:
    alert = record.alert
    return (
        record.state_on(today) in STATES[wanted.state]
        and wanted.severity in ("", alert.severity)
        and wanted.rule in ("", alert.rule)
        and wanted.subject in ("", alert.subject_key)
        and _has(record, wanted.assignee, me)
    )


def _has(record: AlertRecord, assignee: str, me: str) -> bool:
    if not assignee:
        return True
    name = {ME: me, NOBODY: ""}.get(assignee, assignee)
    return record.assignee == name


def _rank(record: AlertRecord) -> tuple[int, float, str]:
    grave = GRAVEST_FIRST.index(record.alert.severity)
    return grave, -find_opening(record).at.timestamp(), record.alert.alert_id


def find_opening(record: AlertRecord) -> AlertEvent:
    """Find what put an alert before people last: it was raised, or its facts came back."""
    return next((e for e in reversed(record.events) if e.change in _OPENINGS), record.events[0])


def find_snooze_end(record: AlertRecord) -> str:
    """Find until which day an alert was put away last; empty: it never was."""
    days = [e.value for e in record.events if e.change is AlertChange.SNOOZED]
    return days[-1] if days else ""


def count_open(records: Iterable[AlertRecord], today: dt.date) -> Mapping[Severity, int]:
    """Count the open alerts of each severity."""
    found = Counter(one.alert.severity for one in records if one.state_on(today) is AlertState.OPEN)
    return {severity: found[severity] for severity in GRAVEST_FIRST}
