"""Parts that show alerts: the mark of a severity, labels, the banner, the line on other pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from dashboard.components.bits import attributes, link, reader_words
from dashboard.inbox import Watch
from dashboard.links import Place, lesion_url, reader_token, subject_url, write_place
from response.alerts.record import AlertRecord
from response.alerts.rules.words import name_rule
from response.model import Alert, Reader
from response.terms import AlertState, Severity

MARKS: dict[Severity, str] = {Severity.HIGH: "▲", Severity.MEDIUM: "◆", Severity.LOW: "○"}
"""A shape for each severity, so that none is told by colour alone."""

LINE_SHOWN = 6
"""So many alerts are named under the head of a subject or lesion; the inbox has all."""


def severity_mark(severity: Severity) -> Any:
    """Return a severity as a shape and a word."""
    shape = html.Span(MARKS[severity], className="mark", **attributes(aria_hidden="true"))
    return html.Span([shape, severity.value], className=f"severity {severity.value}")


def labels(alert: Alert) -> list[Any]:
    """Return what an alert's facts lack: nobody confirmed them, or a registration is in doubt."""
    found = []
    if alert.provisional:
        found.append(html.Span("PROVISIONAL", className="provisional"))
    if alert.untrusted:
        found.append(html.Span("registration not trusted", className="flag review"))
    return found


def alert_url(alert_id: str, subject_key: str = "") -> str:
    """Return the address of an alert in the inbox."""
    state = "all" if subject_key else ""
    query = {"state": state, "subject": subject_key, "alert": alert_id}
    return write_place(Place("alerts", query=query))


def subject_of(alert: Alert) -> str:
    """Return the address of the timeline that an alert is about, as its reader saw it."""
    return subject_url(alert.subject_key, _seen_by(alert), alert.time_point)


def lesion_of(alert: Alert) -> str:
    """Return the address of the lesion that an alert is about, at its time point."""
    place = Place("subject", alert.subject_key, query=_seen_by(alert))
    return lesion_url(place, alert.tracking_id, alert.time_point)


def _seen_by(alert: Alert) -> Mapping[str, str]:
    reader = reader_token(alert.reader) if alert.reader else ""
    return {"reader": reader, "criterion": alert.criterion}


def inbox_link(counts: Mapping[Severity, int], *, current: bool) -> Any:
    """Return the way to the inbox, with how many open alerts are high."""
    high, said = counts.get(Severity.HIGH, 0), count_words(counts)
    children: list[Any] = ["Alerts"]
    if high:
        children.append(
            html.Span([MARKS[Severity.HIGH], html.B(str(high))], className="count", title=said)
        )
    children.append(html.Span(f", {said}", className="sr-only"))
    return link(children, "/alerts", className="nav current" if current else "nav", title=said)


def count_words(counts: Mapping[Severity, int]) -> str:
    """Say how many alerts are open.

    Examples
    --------
    >>> count_words({Severity.HIGH: 2, Severity.MEDIUM: 0, Severity.LOW: 1})
    '3 open: 2 high, 0 medium, 1 low'
    >>> count_words({})
    'none open'
    """
    total = sum(counts.values())
    each = ", ".join(f"{number} {severity.value}" for severity, number in counts.items())
    return f"{total} open: {each}" if total else "none open"


def watch_banner(watch: Watch) -> list[Any]:
    """Return what has stopped, where anything has: nobody would be told of what is not here."""
    if not watch.problems:
        return []
    return [
        html.Section(
            [
                html.H2("Alerts may be out of date or may not reach people"),
                html.Ul([html.Li(words) for words in watch.problems]),
            ],
            className="notice calm error",
            role="status",
        )
    ]


def alert_line(records: Sequence[AlertRecord], today: dt.date) -> list[Any]:
    """Return a short line with the alerts that stand, each a link; nothing where there is none."""
    if not records:
        return []
    items: list[Any] = [html.Span("Alerts", className="chips-label")]
    items += [_line_item(one, today) for one in records[:LINE_SHOWN]]
    if len(records) > LINE_SHOWN:
        query = {"state": "all", "subject": records[0].alert.subject_key}
        more = f"all {len(records)}"
        items.append(link(more, write_place(Place("alerts", query=query)), className="small"))
    return [html.Nav(items, className="alert-line", **attributes(aria_label="Alerts"))]


def whose_reading(alert: Alert) -> str:
    """Name the reader that an alert rests on, where it is not the one that is meant unsaid."""
    return "" if alert.reader in (None, Reader()) else reader_words(alert.reader)


def _line_item(record: AlertRecord, today: dt.date) -> Any:
    alert, state = record.alert, record.state_on(today)
    where = " ".join(word for word in (alert.tracking_id, alert.time_point) if word)
    parts = (name_rule(alert.rule), where, whose_reading(alert))
    words = " · ".join(part for part in parts if part)
    if state is not AlertState.OPEN:
        words += f" · {state.value}"
    return link(
        [severity_mark(alert.severity), html.Span(words), *labels(alert)],
        alert_url(alert.alert_id, alert.subject_key),
        className="alert-link",
        title=alert.text,
    )
