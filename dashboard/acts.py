"""What a visitor does to alerts: the only writes of the dashboard beside the audit trail.

Every act is a POST, let in by the guard like all else, and checked here: the visitor's role, that
there is such an alert, that it has not ended, and that it still says what the visitor saw.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from typing import Any

import flask

from dashboard.inbox import MAY_ACT, Inbox
from dashboard.links import Place, write_place
from response.alerts.acts import Person, acknowledge, add_note, assign, snooze
from response.alerts.ledger import EVALUATED
from response.alerts.record import AlertRecord
from response.errors import AlertError, StoreBusyError
from response.model import AlertEvent, DeliveryAttempt
from response.store import Store
from response.terms import AccountRole, AlertChange, Outcome

CHANGES: dict[str, AlertChange] = {
    "acknowledge": AlertChange.ACKNOWLEDGED,
    "snooze": AlertChange.SNOOZED,
    "assign": AlertChange.ASSIGNED,
    "note": AlertChange.NOTED,
}
"""The acts, as addresses name them."""


class RefusedError(Exception):
    """An act that is not done, with the HTTP status and the words that say why."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


class Acts:
    """Does what a visitor asks for, each thing once.

    Parameters
    ----------
    store
        Where it is written, with the visitor's name.
    inbox
        Whom an alert may be assigned to, and the clinic's clock.
    """

    def __init__(self, store: Store, inbox: Inbox) -> None:
        self._store = store
        self._inbox = inbox
        self._lock = threading.Lock()

    def act(self, alert_id: str, act: str) -> Any:
        """Answer a form of an alert."""
        return _answer(lambda: self._act(alert_id, act))

    def retry(self, message_id: str) -> Any:
        """Answer the wish to send a dead letter again."""
        return _answer(lambda: self._retry(message_id))

    def _act(self, alert_id: str, act: str) -> str:
        _check_role(MAY_ACT)
        if act not in CHANGES:
            raise RefusedError(404, "There is no such act.")
        form = {name: flask.request.form.get(name, "").strip() for name in ("note", "until", "to")}
        with self._lock:
            found = self._store.alerts.read_records(alert_ids=[alert_id])
            if not found:
                raise RefusedError(404, "There is no such alert here.")
            news = _since(found[0], flask.request.args.get("seen", ""))
            if not _is_done(news, CHANGES[act], form):
                _check(found[0], act, news)
                self._do(alert_id, act, form)
        return write_place(Place("alerts", query={"alert": alert_id}))

    def _do(self, alert_id: str, act: str, form: dict[str, str]) -> None:
        now = dt.datetime.now(dt.UTC)
        today = now.astimezone(self._inbox.settings.zone).date()
        person = Person(flask.g.visitor.name, now, today)
        if act == "acknowledge":
            acknowledge(self._store, alert_id, person, form["note"])
        elif act == "snooze":
            until = _read_day(form["until"])
            snooze(self._store, alert_id, person, until, form["note"])
        elif act == "assign":
            if form["to"] and form["to"] not in self._inbox.read_names():
                raise RefusedError(422, "There is no such account that may act on alerts.")
            assign(self._store, alert_id, person, form["to"], form["note"])
        else:
            add_note(self._store, alert_id, person, form["note"])

    def _retry(self, message_id: str) -> str:
        _check_role({AccountRole.ADMIN})
        name = flask.g.visitor.name
        with self._lock:
            outbox = self._store.alerts.read_outbox()
            found = next((one for one in outbox if one.message.message_id == message_id), None)
            if found is None:
                raise RefusedError(404, "There is no such message here.")
            if found.outcome is Outcome.SENT:
                raise RefusedError(409, "This message was sent: it is not sent twice.")
            if found.outcome is Outcome.DEAD:
                now = dt.datetime.now(dt.UTC)
                words = f"to be tried again, asked by {name}"
                again = DeliveryAttempt(
                    uuid.uuid4().hex, message_id, now, Outcome.FAILED, words, now
                )
                self._store.alerts.append_attempts([again], actor=name)
        return write_place(Place("alerts"))


def install_acts(server: flask.Flask, acts: Acts) -> None:
    """Add the acts to a server, behind its guard."""
    server.add_url_rule("/alerts/<alert_id>/<act>", "alert_act", acts.act, methods=["POST"])
    server.add_url_rule("/outbox/<message_id>/retry", "outbox_retry", acts.retry, methods=["POST"])


def _answer(do: Callable[[], str]) -> Any:
    """Answer with the way on, or in plain words why not."""
    try:
        return flask.redirect(do(), 303)
    except RefusedError as refused:
        return _say(refused.code, refused.words)
    except StoreBusyError:
        return _say(503, "The database is busy: nothing was written. Try again in a moment.")
    except AlertError as error:
        words = str(error)
        return _say(422, f"{words[:1].upper()}{words[1:]}.")


def _say(code: int, words: str) -> flask.Response:
    return flask.Response(f"{words}\n", code, mimetype="text/plain")


def _check_role(roles: frozenset[AccountRole] | set[AccountRole]) -> None:
    if flask.g.visitor.role not in roles:
        raise RefusedError(403, "Your account may look and not act: ask an administrator.")


def _since(record: AlertRecord, seen: str) -> tuple[AlertEvent, ...]:
    """Return what became of an alert after the event that the visitor saw last."""
    ids = [event.event_id for event in record.events]
    return record.events[ids.index(seen) + 1 :] if seen in ids else ()


def _is_done(news: tuple[AlertEvent, ...], change: AlertChange, form: dict[str, str]) -> bool:
    """Whether the visitor did this already, from the same page: a double click, a resent form."""
    value = {AlertChange.SNOOZED: form["until"], AlertChange.ASSIGNED: form["to"]}.get(change, "")
    return any(
        (e.change, e.actor, e.note, e.value) == (change, flask.g.visitor.name, form["note"], value)
        for e in news
    )


def _check(record: AlertRecord, act: str, news: tuple[AlertEvent, ...]) -> None:
    if record.ended and act != "note":
        state = record.state_on(dt.date.min)
        raise RefusedError(
            409,
            f"This alert has ended ({state} on {record.events[-1].as_of}): nobody has to look "
            "at it any more. A note can be added.",
        )
    if act in ("acknowledge", "snooze") and any(e.change in EVALUATED for e in news):
        raise RefusedError(
            409, "What this alert says has changed while you looked. See it anew, then decide."
        )


def _read_day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise RefusedError(422, "Say until which day, as year-month-day: 2026-03-31.") from None
