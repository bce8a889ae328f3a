"""The store's part for alerts: how they stand, what became of them, the messages and attempts.

Rows are only appended. One evaluation is one unit of work: it reads what stands and writes alerts,
events and messages with one audit entry, so that a kill leaves all of it or nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from response.alerts.delivery.outbox import Posted
from response.alerts.ledger import Changes
from response.alerts.record import AlertRecord
from response.model import (
    Alert,
    AlertEvent,
    AlertMessage,
    DeliveryAttempt,
    Readings,
    Registration,
    Subject,
    SubjectResult,
    TimePoint,
    Tracking,
)
from response.store import reads
from response.store.layout import TableRow, lay_out
from response.store.reads import Rows, fetch
from response.store.rows import decode
from response.store.units import Units

REMEMBERED = dt.timedelta(days=60)
"""How long ago a settled message may have been made that an evaluation is shown."""
JUST_ENDED = dt.timedelta(days=10)
"""How long ago an alert may have ended that an evaluation is shown: digests tell of a week."""

Records = dict[str, AlertRecord]

_STANDING = "SELECT alert_id FROM standing_alert"
_DEAD = """
SELECT count(*) FROM (
    SELECT outcome FROM delivery_attempt
    QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY revision DESC, position DESC) = 1
) WHERE outcome = 'dead'
"""
_LAST_INTAKE = """
SELECT max("at") FROM audit WHERE action IN ('write_time_point', 'write_readings')
"""


@dataclass(frozen=True, slots=True)
class Everything:
    """What the rules of alerts look at, of all subjects, on one state of the database."""

    subjects: tuple[Subject, ...]
    time_points: tuple[TimePoint, ...]
    results: tuple[SubjectResult, ...]
    trackings: tuple[Tracking, ...]
    readings: tuple[Readings, ...]
    registrations: tuple[Registration, ...]
    records: tuple[AlertRecord, ...]


Decide = Callable[[Mapping[str, AlertRecord], tuple[AlertMessage, ...]], Changes]
"""Says what to add, from the alerts that stand and the messages there are."""


class AlertStore:
    """What a workspace knows of alerts; made by :class:`response.store.Store`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    # --------------------------------------------------------------------------------- reads

    def read_records(
        self, *, ended: bool = True, alert_ids: Iterable[str] | None = None
    ) -> tuple[AlertRecord, ...]:
        """Read alerts as they stand with everything that became of them, in the order raised.

        Parameters
        ----------
        ended : bool
            Also those whose facts have gone.
        alert_ids : iterable of str, optional
            Only these, ended or not.
        """
        if alert_ids is not None:
            return tuple(self._units.read(_read_records, list(alert_ids)).values())
        return tuple(self._units.read(_read_all if ended else _read_standing).values())

    def read_everything(self) -> Everything:
        """Read what is known of all subjects, and the alerts that stand, at one moment.

        Facts of before and after somebody's change, read apart, would tell of what never was.
        """
        return self._units.read(_read_everything)

    def read_versions(self, alert_id: str) -> tuple[Alert, ...]:
        """Read how the facts of an alert stood from one evaluation to another, the oldest first."""
        return tuple(self._units.read(_read_versions, alert_id))

    def find_alert_ids(self, prefix: str) -> tuple[str, ...]:
        """Find the alerts whose id begins with some letters."""
        return tuple(self._units.read(_find_ids, prefix))

    def read_outbox(
        self, *, settled: bool = True, sent: bool = True, alert_id: str = ""
    ) -> tuple[Posted, ...]:
        """Read messages with the attempts to send them, the oldest first.

        Parameters
        ----------
        settled : bool
            Also those that were sent or given up.
        sent : bool
            Also those that were sent.
        alert_id : str
            Only those that tell of this alert.
        """
        left_out = "sent" if settled else "settled"
        return tuple(self._units.read(_read_outbox, "" if settled and sent else left_out, alert_id))

    def count_standing(self) -> int:
        """Count the alerts that have not ended."""
        return self._units.read(lambda cursor: len(_read_ids(cursor, _STANDING)))

    def count_dead_letters(self) -> int:
        """Count the messages that were given up and wait for a person."""
        return self._units.read(lambda cursor: int(cursor.execute(_DEAD).fetchone()[0]))

    def find_last_intake(self) -> dt.datetime | None:
        """Find when a time point or measurements were last taken in."""
        found = self._units.read(lambda cursor: cursor.execute(_LAST_INTAKE).fetchone()[0])
        return found.replace(tzinfo=dt.UTC) if found else None

    def find_last_day(self) -> dt.date | None:
        """Find the latest day that an evaluation left an event of."""
        return self._units.read(_find_last_day)

    # -------------------------------------------------------------------------------- writes

    def keep(
        self, decide: Decide, *, alert_ids: Iterable[str], now: dt.datetime, actor: str
    ) -> Changes:
        """Add what an evaluation says, in one unit of work with one audit entry.

        Parameters
        ----------
        decide : callable
            Given alerts by id (those not ended, those that something became of in the last ten
            days, and those of `alert_ids`), and the messages that are waiting or not older than 60
            days; returns what to add. It must be pure: it runs while the database is held.
        alert_ids : iterable of str
            The alerts that hold now, whose record is wanted even if they ended.

        Returns
        -------
        Changes
            What was added.
        """
        wanted = list(alert_ids)
        with self._units.writing("evaluate_alerts", actor) as change:
            standing = _read_shown(change.cursor, wanted, now - JUST_ENDED)
            made = decide(standing, _read_recent(change.cursor, now - REMEMBERED))
            rows = _lay_out_all((*made.alerts, *made.events, *made.messages))
            change.add(rows, **_count(made))
        return made

    def append_event(
        self, alert_id: str, make_event: Callable[[AlertRecord | None], AlertEvent]
    ) -> AlertEvent:
        """Append what a person did to an alert.

        Parameters
        ----------
        make_event : callable
            Given the alert as it stands at this moment (``None``: there is none); raises to refuse.
        """
        found = self.read_records(alert_ids=[alert_id])
        made = make_event(found[0] if found else None)
        subject = found[0].alert.subject if found else ""
        with self._units.writing(f"alert_{made.change}", made.actor, subject) as change:
            current = _read_records(change.cursor, [alert_id])
            made = make_event(current.get(alert_id))
            change.add(lay_out(made))
        return made

    def append_attempts(self, attempts: Sequence[DeliveryAttempt], *, actor: str) -> None:
        """Append attempts to send messages."""
        counts: dict[str, int] = {}
        for one in attempts:
            counts[one.outcome.value] = counts.get(one.outcome.value, 0) + 1
        with self._units.writing("deliver_alerts", actor) as change:
            change.add(_lay_out_all(attempts), **counts)


def _count(made: Changes) -> dict[str, int]:
    counts = {"messages": len(made.messages)} if made.messages else {}
    for event in made.events:
        counts[event.change.value] = counts.get(event.change.value, 0) + 1
    return counts


def _lay_out_all(values: Iterable[object]) -> list[TableRow]:
    return [row for value in values for row in lay_out(value)]


def _read_records(cursor: Any, alert_ids: list[str]) -> Records:
    """Read the alerts of some ids, in the order they were raised."""
    if not alert_ids:
        return {}
    alerts = fetch(
        cursor,
        """
        SELECT * FROM current_alert WHERE alert_id IN (SELECT unnest($alert_ids::VARCHAR[]))
        """,
        alert_ids=alert_ids,  # type: ignore[arg-type]
    )
    events = fetch(
        cursor,
        """
        SELECT * FROM alert_event WHERE alert_id IN (SELECT unnest($alert_ids::VARCHAR[]))
        ORDER BY revision, position
        """,
        alert_ids=alert_ids,  # type: ignore[arg-type]
    )
    return _join(alerts, events)


def _join(alerts: Rows, events: Rows) -> Records:
    became: dict[str, list[AlertEvent]] = {}
    for row in events:
        became.setdefault(str(row["alert_id"]), []).append(decode(AlertEvent, row))
    known = {str(row["alert_id"]): decode(Alert, row) for row in alerts}
    return {one: AlertRecord(known[one], tuple(became[one])) for one in became}


def _read_ids(cursor: Any, query: str) -> list[str]:
    return [alert_id for (alert_id,) in cursor.execute(query).fetchall()]


def _read_standing(cursor: Any) -> Records:
    return _read_records(cursor, _read_ids(cursor, _STANDING))


def _read_shown(cursor: Any, wanted: Iterable[str], since: dt.datetime) -> Records:
    """Read what an evaluation is shown."""
    recent = fetch(
        cursor,
        'SELECT DISTINCT alert_id FROM alert_event WHERE "at" >= $since',
        since=_to_stored(since),
    )
    standing = _read_ids(cursor, _STANDING)
    return _read_records(cursor, [*{*standing, *wanted, *(str(row["alert_id"]) for row in recent)}])


def _to_stored(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(tzinfo=None)


def _read_everything(cursor: Any) -> Everything:
    return Everything(
        subjects=tuple(reads.read_subjects(cursor)),
        time_points=tuple(reads.read_time_points(cursor)),
        results=tuple(reads.read_results(cursor)),
        trackings=tuple(reads.read_trackings(cursor)),
        readings=tuple(reads.read_readings(cursor)),
        registrations=tuple(reads.read_registrations(cursor)),
        records=tuple(_read_standing(cursor).values()),
    )


def _read_all(cursor: Any) -> Records:
    return _read_records(cursor, _read_ids(cursor, "SELECT alert_id FROM current_alert"))


def _read_versions(cursor: Any, alert_id: str) -> list[Alert]:
    query = "SELECT * FROM alert WHERE alert_id = $alert_id ORDER BY revision, position"
    return [decode(Alert, row) for row in fetch(cursor, query, alert_id=alert_id)]


def _find_ids(cursor: Any, prefix: str) -> list[str]:
    query = "SELECT DISTINCT alert_id FROM alert WHERE starts_with(alert_id, ?) ORDER BY alert_id"
    return [alert_id for (alert_id,) in cursor.execute(query, [prefix]).fetchall()]


def _find_last_day(cursor: Any) -> dt.date | None:
    query = """
    SELECT max(as_of) FROM alert_event
    WHERE change IN ('raised', 'updated', 'reopened', 'resolved', 'withdrawn', 'superseded')
    """
    found: dt.date | None = cursor.execute(query).fetchone()[0]
    return found


def _read_outbox(cursor: Any, left_out: str, alert_id: str) -> list[Posted]:
    told = fetch(
        cursor,
        """
        SELECT message_id FROM alert_message
        WHERE ($told = '' OR contains(alert_ids::VARCHAR, '"' || $told || '"'))
          AND ($left_out <> 'settled' OR message_id IN (SELECT message_id FROM waiting_message))
          AND ($left_out <> 'sent' OR message_id NOT IN (
              SELECT message_id FROM delivery_attempt WHERE outcome = 'sent'))
        """,
        told=alert_id,
        left_out=left_out,
    )
    chosen = [str(row["message_id"]) for row in told]
    messages = fetch(
        cursor,
        """
        SELECT * FROM alert_message WHERE message_id IN (SELECT unnest($chosen::VARCHAR[]))
        ORDER BY revision, position
        """,
        chosen=chosen,  # type: ignore[arg-type]
    )
    attempts = fetch(
        cursor,
        """
        SELECT * FROM delivery_attempt WHERE message_id IN (SELECT unnest($chosen::VARCHAR[]))
        ORDER BY revision, position
        """,
        chosen=chosen,  # type: ignore[arg-type]
    )
    tried: dict[str, list[DeliveryAttempt]] = {}
    for row in attempts:
        tried.setdefault(str(row["message_id"]), []).append(decode(DeliveryAttempt, row))
    return [
        Posted(decode(AlertMessage, row), tuple(tried.get(str(row["message_id"]), ())))
        for row in messages
    ]


def _read_recent(cursor: Any, since: dt.datetime) -> tuple[AlertMessage, ...]:
    rows = fetch(
        cursor,
        """
        SELECT * FROM alert_message
        WHERE "at" >= $since OR message_id IN (SELECT message_id FROM waiting_message)
        ORDER BY revision, position
        """,
        since=_to_stored(since),
    )
    return tuple(decode(AlertMessage, row) for row in rows)
