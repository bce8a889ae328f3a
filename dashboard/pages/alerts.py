"""The inbox: what somebody must look at, the gravest first; one alert with its whole story."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard import ids
from dashboard.alert_list import ME, NOBODY, STATES, find_opening, find_snooze_end
from dashboard.auth import Visitor
from dashboard.components.alert_detail import alert_detail
from dashboard.components.alerts import (
    labels,
    lesion_of,
    severity_mark,
    subject_of,
    watch_banner,
)
from dashboard.components.bits import attributes, chips, counted, link, notice
from dashboard.components.outbox import outbox_section
from dashboard.inbox import MAY_ACT, InboxView
from dashboard.links import Place, write_place
from response.alerts.ledger import GRAVEST_FIRST
from response.alerts.record import AlertRecord
from response.alerts.rule_words import explain_rule, name_rule
from response.terms import AlertState

ROWS_PER_PAGE = 200

HEADS = ("Severity", "Alert", "Subject", "Time point", "Since", "Assigned to", "State")


def layout(view: InboxView, place: Place, visitor: Visitor) -> Any:
    """Return the inbox for what the address asks: filters, page, the alert that is open."""
    parts = [
        _head(view),
        *watch_banner(view.watch),
        *(_missing() if view.missing else []),
        html.Div(
            [
                *_opened(view, place, visitor),
                html.Section([_tools(view, place), *_list(view, place)], className="inbox-list"),
            ],
            className="inbox with-open" if view.opened else "inbox",
        ),
    ]
    if visitor.is_admin:
        parts += outbox_section(view.outbox, view.zone)
    return parts


def _head(view: InboxView) -> Any:
    said = f"Last evaluated {_moment(view.watch.last_at, view.zone)}"
    words = said if view.watch.last_at else "Not evaluated yet"
    return html.Div([html.H1("Alerts"), html.P(words, className="muted")], className="head")


def _moment(at: dt.datetime | None, zone: dt.tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}" if at else ""


def _missing() -> list[Any]:
    return [
        notice(
            "There is no such alert here",
            html.P("The link may be of another workspace. What stands here is listed below."),
            kind="calm error",
        )
    ]


def _opened(view: InboxView, place: Place, visitor: Visitor) -> list[Any]:
    if view.opened is None:
        return []
    found = [one.alert.alert_id for one in view.chosen]
    alert_id = view.opened.record.alert.alert_id
    at = found.index(alert_id) if alert_id in found else None
    around = [
        (words, write_place(place, alert=found[at + step]))
        for words, step in (("← previous", -1), ("next →", 1))
        if at is not None and 0 <= at + step < len(found)
    ]
    around.append(("close", write_place(place, alert="")))
    return [alert_detail(view, view.opened, around, may_act=visitor.role in MAY_ACT)]


def _tools(view: InboxView, place: Place) -> Any:
    wanted = view.wanted
    rules = Counter(one.alert.rule for one in view.considered)
    subject = view.subject or "of the link"

    def to(**changes: str) -> str:
        return write_place(place, **{**changes, "page": ""})

    rows = [
        chips(
            "State", [(w, to(state="" if w == "open" else w), w == wanted.state) for w in STATES]
        ),
        chips(
            "Severity",
            [("any", to(severity=""), not wanted.severity)]
            + [(s.value, to(severity=s.value), s == wanted.severity) for s in GRAVEST_FIRST],
        ),
        chips(
            "Assigned to",
            [("anybody", to(assignee=""), not wanted.assignee)]
            + [
                (words, to(assignee=name), name == wanted.assignee)
                for words, name in _assignees(wanted.assignee)
            ],
        ),
    ]
    if wanted.subject:
        rows.append(chips("Subject", [(f"{subject} ×", to(subject=""), True)]))
    if len(rules) > 1 or wanted.rule:
        rows.append(_rule_chips(rules, wanted.rule, to))
    return html.Div(rows, className="tools")


def _assignees(wanted: str) -> list[tuple[str, str]]:
    usual = [("me", ME), ("nobody", NOBODY)]
    return usual if wanted in ("", ME, NOBODY) else [*usual, (wanted, wanted)]


def _rule_chips(rules: Counter[str], wanted: str, to: Any) -> Any:
    each = sorted({*rules, *([wanted] if wanted else [])}, key=name_rule)
    choices = [(f"{name_rule(one)} {rules[one]}", to(rule=one), one == wanted) for one in each]
    return chips("Rule", [("any", to(rule=""), not wanted), *choices])


def _list(view: InboxView, place: Place) -> list[Any]:
    page = int(place.query["page"]) if place.query.get("page", "").isdecimal() else 0
    pages = max(1, -(-len(view.chosen) // ROWS_PER_PAGE))
    page = min(page, pages - 1)
    shown = list(view.chosen[page * ROWS_PER_PAGE : (page + 1) * ROWS_PER_PAGE])
    if view.opened is not None and view.opened.record.alert.alert_id not in {
        one.alert.alert_id for one in shown
    }:
        shown.insert(0, view.opened.record)
    if not shown:
        return [_nothing(view)]
    pager = [
        (str(n + 1), write_place(place, page=str(n) if n else ""), n == page) for n in range(pages)
    ]
    return [
        html.P(_count_words(view, len(shown)), className="muted small", role="status"),
        _table(shown, view, place),
        *([chips("Page", pager)] if pages > 1 else []),
    ]


def _count_words(view: InboxView, shown: int) -> str:
    total = len(view.chosen)
    return counted(total, "alert") if shown >= total else f"{shown} of {counted(total, 'alert')}"


def _nothing(view: InboxView) -> Any:
    narrowed = view.wanted != type(view.wanted)()
    if narrowed:
        return notice(
            "No alert is like that",
            html.P(link("Show all open alerts", "/alerts")),
            kind="calm",
        )
    if view.watch.last_at is None:
        return notice(
            "Alerts were not evaluated yet",
            html.P("They are after each assess, and as often as you like by a timer:"),
            html.Pre("response alerts run       # once\nresponse alerts serve     # on a schedule"),
            kind="calm",
        )
    when = _moment(view.watch.last_at, view.zone)
    return notice("Nothing to look at", html.P(f"Last evaluated {when}."), kind="calm")


def _table(records: Sequence[AlertRecord], view: InboxView, place: Place) -> Any:
    return html.Table(
        [
            html.Caption("Alerts", className="sr-only"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in HEADS])),
            html.Tbody([_row(one, view, place) for one in records]),
        ],
        className="table alert-table",
        id=ids.ALERT_TABLE,
    )


def _row(record: AlertRecord, view: InboxView, place: Place) -> Any:
    alert = record.alert
    opened = view.opened is not None and view.opened.record.alert.alert_id == alert.alert_id
    return html.Tr(
        [
            html.Td(severity_mark(alert.severity)),
            html.Th(
                [
                    link(
                        name_rule(alert.rule),
                        write_place(place, alert=alert.alert_id),
                        className="opens-alert",
                        title=explain_rule(alert.rule),
                    ),
                    *labels(alert),
                    html.Div(alert.text, className="alert-text"),
                ],
                scope="row",
            ),
            html.Td(_subject_cell(record)),
            html.Td([html.Div(alert.time_point), html.Div(str(alert.date), className="muted")]),
            html.Td(_since(record, view.today)),
            html.Td(record.assignee or "–"),
            html.Td(state_words(record, view.today)),
        ],
        className="chosen" if opened else "",
        **attributes(data_alert=alert.alert_id),
    )


def _subject_cell(record: AlertRecord) -> list[Any]:
    alert = record.alert
    if not alert.subject_key:
        return [html.Span("the program itself", className="muted")]
    cell = [html.Div(link(alert.subject, subject_of(alert)))]
    if alert.tracking_id:
        cell.append(html.Div(link(alert.tracking_id, lesion_of(alert))))
    return cell


def _since(record: AlertRecord, today: dt.date) -> list[Any]:
    day = find_opening(record).as_of
    passed = (today - day).days
    return [
        html.Div(str(day)),
        html.Div(f"{passed} d" if passed > 0 else "today", className="muted"),
    ]


def state_words(record: AlertRecord, today: dt.date) -> str:
    """Return how an alert stands: for a snoozed one, until when."""
    state = record.state_on(today)
    if state is AlertState.SNOOZED:
        return f"snoozed until {find_snooze_end(record)}"
    return str(state.value)
