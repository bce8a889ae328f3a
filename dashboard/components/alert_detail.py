"""One alert: what it says and rests on, what may be done, what became of it, who was told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.alert_list import find_opening, find_snooze_end
from dashboard.components.alerts import (
    alert_url,
    labels,
    lesion_of,
    severity_mark,
    subject_of,
)
from dashboard.components.bits import MINUS, attributes, counted, link, reader_words
from dashboard.inbox import InboxView, Opened
from dashboard.links import Place, write_place
from response.alerts.acts import LONGEST_TEXT
from response.alerts.delivery.outbox import Posted
from response.alerts.record import AlertRecord
from response.alerts.rules.words import explain_rule, name_rule
from response.model import Alert, AlertEvent
from response.terms import AlertChange, AlertState, Outcome

SNOOZE_DAYS = 7
"""For so long an alert is snoozed where nothing else is said."""

UNITS = {"mm": "mm", "pct": "%", "days": "days", "hours": "h", "ml": "ml", "mm3": "mm³"}
"""The last part of a figure's name → its unit as it is written."""


def alert_detail(
    view: InboxView, opened: Opened, around: Sequence[tuple[str, str]], *, may_act: bool
) -> Any:
    """Return one alert with all that is known of it.

    Parameters
    ----------
    around
        Links beside it: words and address.
    may_act
        Whether the visitor's role may do anything to it.
    """
    record, alert = opened.record, opened.record.alert
    return html.Section(
        [
            html.Nav(
                [link(words, href, className="chip opens-alert") for words, href in around],
                className="chips",
                **attributes(aria_label="Alert"),
            ),
            html.H2(name_rule(alert.rule), id=ids.ALERT_TITLE, tabIndex=-1),
            html.P(
                [severity_mark(alert.severity), _state(record, view.today), *labels(alert)],
                className="marks",
            ),
            html.P(alert.text, className="lead"),
            html.P(["Suggested: ", alert.suggestion]) if alert.suggestion else None,
            html.P(explain_rule(alert.rule), className="muted small"),
            html.Dl(_facts(record), className="figures"),
            html.Dl(_numbers(alert), className="figures") if alert.numbers else None,
            *(_forms(record, view) if may_act else []),
            *_history(opened, view.zone),
            *_told(opened.told, view.zone),
        ],
        className="alert-detail",
        **attributes(aria_label="Alert"),
    )


def _state(record: AlertRecord, today: dt.date) -> Any:
    state = record.state_on(today)
    until = f" until {find_snooze_end(record)}" if state is AlertState.SNOOZED else ""
    return html.Span(f"{state.value}{until}", className=f"flag state {state.value}")


def _facts(record: AlertRecord) -> list[Any]:
    alert = record.alert
    said: list[tuple[str, Any]] = []
    if alert.subject_key:
        every = write_place(Place("alerts", query={"state": "all", "subject": alert.subject_key}))
        said.append(("Subject", link(alert.subject, subject_of(alert))))
        said.append(("Of this subject", link("all alerts", every)))
    if alert.tracking_id:
        said.append(("Lesion", link(alert.tracking_id, lesion_of(alert))))
    said += [
        ("Time point", link(alert.time_point, subject_of(alert)) if alert.time_point else ""),
        ("Date", str(alert.date)),
        ("Reader", reader_words(alert.reader) if alert.reader else ""),
        ("Criterion", alert.criterion),
        ("Line of therapy", alert.line),
        ("For", alert.audience.value),
        ("Assigned to", record.assignee or "nobody"),
        ("Open since", str(find_opening(record).as_of)),
    ]
    return [_pair(name, value) for name, value in said if value]


def _numbers(alert: Alert) -> list[Any]:
    return [_pair(*name_number(name, value)) for name, value in alert.numbers.items()]


def name_number(name: str, value: str) -> tuple[str, str]:
    """Return a figure's name in words, and its value with the unit that the name ends with.

    Examples
    --------
    >>> name_number("change_from_nadir_pct", "21.5"), name_number("nadir_mm", "35.5")
    (('Change from nadir', '+21.5 %'), ('Nadir', '35.5 mm'))
    >>> name_number("confirm_from", "2026-03-02")
    ('Confirm from', '2026-03-02')
    """
    stem, _, last = name.rpartition("_")
    if stem and last in UNITS:
        rise = "+" if stem.startswith("change") and not value.startswith("-") else ""
        name, value = stem, f"{rise}{value.replace('-', MINUS)} {UNITS[last]}"
    return name.replace("_", " ").capitalize(), value


def _pair(name: str, value: Any) -> Any:
    return html.Div([html.Dt(name), html.Dd(value)])


# ------------------------------------------------------------------------------- what may be done


def _forms(record: AlertRecord, view: InboxView) -> list[Any]:
    if record.ended:
        return [_form(record, "note", [_note("Note"), _button("Add note")])]
    acknowledged = record.state_on(view.today) is AlertState.ACKNOWLEDGED
    first = [] if acknowledged else [_button("Acknowledge")]
    note = _button("Add note", quiet=True, formAction=_action(record, "note"))
    until = (view.today + dt.timedelta(days=SNOOZE_DAYS)).isoformat()
    return [
        html.Div(
            [
                _form(
                    record,
                    "note" if acknowledged else "acknowledge",
                    [_note("Note" if acknowledged else "Note (optional)"), *first, note],
                ),
                _form(record, "snooze", [_until(until, record), _button("Snooze", quiet=True)]),
                _form(record, "assign", [_to(record, view), _button("Assign", quiet=True)]),
            ],
            className="acts",
        )
    ]


def _form(record: AlertRecord, act: str, content: list[Any]) -> Any:
    return html.Form(
        [*content, html.Span(className="refusal", role="alert")],
        action=_action(record, act),
        method="POST",
        className="act",
        key=f"{act} {record.events[-1].event_id}",
    )


def _action(record: AlertRecord, act: str) -> str:
    """Return where a form goes; it says what was seen last, so that nothing is done twice."""
    return f"/alerts/{record.alert.alert_id}/{act}?seen={record.events[-1].event_id}"


def _note(words: str) -> Any:
    area = html.Textarea(name="note", rows=2, maxLength=LONGEST_TEXT)
    return html.Label([html.Span(words), area])


def _until(day: str, record: AlertRecord) -> Any:
    box: Any = dcc.Input
    field = box(
        id=f"until-{record.events[-1].event_id}",
        name="until",
        type="date",
        value=day,
        required=True,
    )
    return html.Label([html.Span("Snooze until"), field])


def _to(record: AlertRecord, view: InboxView) -> Any:
    choices = [html.Option("nobody", value="", selected=not record.assignee)]
    choices += [
        html.Option(name, value=name, selected=name == record.assignee) for name in view.names
    ]
    return html.Label([html.Span("Assign to"), html.Select(choices, name="to")])


def _button(words: str, *, quiet: bool = False, **more: Any) -> Any:
    return html.Button(words, type="submit", className="quiet" if quiet else "", **more)


# ----------------------------------------------------------------------------- what became of it


def _history(opened: Opened, zone: dt.tzinfo) -> list[Any]:
    first = opened.versions[0].text if opened.versions else opened.record.alert.text
    events = [
        html.Li(
            [html.Span(_moment(one.at, zone), className="muted"), " ", *say_event(one, first)],
            className=one.change.value,
        )
        for one in opened.record.events
    ]
    return [html.H3("History"), html.Ol(events, className="alert-history")]


def say_event(event: AlertEvent, first: str) -> list[Any]:
    """Return a sentence on what became of an alert; ``first`` is what it said when raised."""
    note = f": {event.note}" if event.note else "."
    who = event.actor
    match event.change:
        case AlertChange.RAISED:
            return [f"Raised: {first}"]
        case AlertChange.ACKNOWLEDGED:
            return [html.B(who), f" acknowledged it{note}"]
        case AlertChange.SNOOZED:
            return [html.B(who), f" snoozed it until {event.value}{note}"]
        case AlertChange.ASSIGNED:
            return [html.B(who), f" assigned it to {event.value or 'nobody'}{note}"]
        case AlertChange.NOTED:
            return [html.B(who), f" noted{note}"]
        case AlertChange.SUPERSEDED:
            heir = link("another alert", alert_url(event.value))
            return ["Superseded by ", heir, note]
        case AlertChange.ESCALATED:
            return [f"Escalated, since nobody acknowledged it in time{note}"]
        case _:
            return [f"{event.change.value.capitalize()}{note}"]


def _told(told: Sequence[Posted], zone: dt.tzinfo) -> list[Any]:
    if not told:
        return [html.H3("Who was told"), html.P("Nobody was sent a message.", className="muted")]
    items = [html.Li(say_posted(one, zone)) for one in told]
    return [html.H3("Who was told"), html.Ul(items, className="alert-history")]


def say_posted(posted: Posted, zone: dt.tzinfo) -> str:
    """Return a sentence on a message: to whom, over which way, and whether it arrived."""
    message, attempts = posted.message, posted.attempts
    whom = f"{message.recipient}, by {message.channel.value}: "
    if posted.outcome is Outcome.SENT:
        return f"{whom}sent {_moment(attempts[-1].at, zone)}"
    tries = f" after {counted(len(attempts), 'attempt')}" if attempts else ""
    if posted.outcome is Outcome.DEAD:
        return f"{whom}given up{tries}"
    due = (
        f"next try {_moment(posted.next_at, zone)}"
        if attempts
        else (f"to be sent from {_moment(posted.next_at, zone)}")
    )
    return f"{whom}waits{tries}, {due}"


def _moment(at: dt.datetime | None, zone: dt.tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""
