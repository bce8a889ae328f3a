"""The inbox: what somebody must look at, the gravest first; one alert with its whole story."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from dash import html

from dashboard import ids
from dashboard.alert_list import (
    ME,
    NOBODY,
    STATES,
    USUAL,
    Wanted,
    find_opening,
    find_snooze_end,
    sort_records,
)
from dashboard.auth import Visitor
from dashboard.components.alert_detail import alert_detail
from dashboard.components.alerts import (
    labels,
    lesion_of,
    severity_mark,
    subject_of,
    watch_banner,
    whose_reading,
)
from dashboard.components.bits import attributes, chips, counted, link, notice
from dashboard.components.outbox import outbox_section
from dashboard.inbox import MAY_ACT, InboxView
from dashboard.links import Place, write_place
from response.alerts.ledger import GRAVEST_FIRST
from response.alerts.record import AlertRecord
from response.alerts.rules.words import explain_rule, name_rule
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
    words = f"Last evaluated {_moment(view.watch.last_at, view.zone)}"
    if view.watch.last_at is None:
        words = "When they were last evaluated is not known" if view.considered else ""
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


def _listed(view: InboxView) -> tuple[AlertRecord, ...]:
    """Return the rows of the list: the alert that is open stays, whatever became of it."""
    opened = view.opened.record if view.opened else None
    if opened is None or any(_same(one, opened) for one in view.chosen):
        return view.chosen
    return sort_records([*view.chosen, opened])


def _same(one: AlertRecord, other: AlertRecord | None) -> bool:
    return other is not None and one.alert.alert_id == other.alert.alert_id


def _opened(view: InboxView, place: Place, visitor: Visitor) -> list[Any]:
    if view.opened is None:
        return []
    opened = view.opened.record
    listed = _listed(view)
    at = next(n for n, one in enumerate(listed) if _same(one, opened))
    around = [
        (words, write_place(place, alert=listed[at + step].alert.alert_id))
        for words, step in (("← previous", -1), ("next →", 1))
        if 0 <= at + step < len(listed)
    ]
    around.append(("close", write_place(place, alert="")))
    return [alert_detail(view, view.opened, around, may_act=visitor.role in MAY_ACT)]


def _tools(view: InboxView, place: Place) -> Any:
    wanted = view.wanted

    def to(**changes: str) -> str:
        return write_place(place, **{**changes, "page": "", "alert": ""})

    states = [(w, to(state="" if w == USUAL else w), w == wanted.state) for w in STATES]
    severities = [(s.value, to(severity=s.value), s == wanted.severity) for s in GRAVEST_FIRST]
    whose = [
        (words, to(assignee=name), name == wanted.assignee)
        for words, name in _assignees(wanted.assignee)
    ]
    rows = [
        chips("State", states),
        chips("Severity", [("any", to(severity=""), not wanted.severity), *severities]),
        chips("Assigned to", [("anybody", to(assignee=""), not wanted.assignee), *whose]),
        *_choose_subject(view, to),
        *_choose_rule(view, to),
    ]
    return html.Div(rows, className="tools")


def _choose_subject(view: InboxView, to: Callable[..., str]) -> list[Any]:
    """Return a box to choose a subject; its entries are addresses with opaque keys."""
    wanted = view.wanted.subject
    names = {one.alert.subject_key: one.alert.subject for one in view.considered}
    names |= {wanted: view.subject or "unknown"} if wanted else {}
    found = sorted((name, key) for key, name in names.items() if key)
    if len(found) < 2 and not wanted:
        return []
    options = [html.Option("any", value=to(subject=""))]
    options += [
        html.Option(name, value=to(subject=key), selected=key == wanted) for name, key in found
    ]
    box = html.Select(options, className="goes", key=f"{wanted} {view.wanted.state}")
    return [html.Label([html.Span("Subject", className="chips-label"), box])]


def _choose_rule(view: InboxView, to: Callable[..., str]) -> list[Any]:
    wanted = view.wanted.rule
    rules = Counter(one.alert.rule for one in view.considered)
    if len(rules) < 2 and not wanted:
        return []
    each = sorted({*rules, *([wanted] if wanted else [])}, key=name_rule)
    choices = [(f"{name_rule(one)} {rules[one]}", to(rule=one), one == wanted) for one in each]
    return [chips("Rule", [("any", to(rule=""), not wanted), *choices])]


def _assignees(wanted: str) -> list[tuple[str, str]]:
    usual = [("me", ME), ("nobody", NOBODY)]
    return usual if wanted in ("", ME, NOBODY) else [*usual, (wanted, wanted)]


def _list(view: InboxView, place: Place) -> list[Any]:
    listed = _listed(view)
    if not listed:
        return [_nothing(view)]
    pages = -(-len(listed) // ROWS_PER_PAGE)
    page = min(find_page(place), pages - 1)
    shown = listed[page * ROWS_PER_PAGE : (page + 1) * ROWS_PER_PAGE]
    pager = [
        (str(n + 1), write_place(place, page=str(n) if n else ""), n == page) for n in range(pages)
    ]
    total = counted(len(view.chosen), "alert")
    words = total if pages == 1 else f"{total}, page {page + 1} of {pages}"
    return [
        html.P(words, className="muted small", role="status"),
        _table(shown, view, place),
        *([chips("Page", pager)] if pages > 1 else []),
    ]


def find_page(place: Place) -> int:
    """Return which page of the list an address asks for; the first is 0."""
    asked = place.query.get("page", "")
    return int(asked) if asked.isdecimal() and len(asked) < 7 else 0


def _nothing(view: InboxView) -> Any:
    if view.wanted != Wanted():
        every = html.P(link("Show all open alerts", "/alerts"))
        return notice("No alerts of this kind", every, kind="calm")
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
    opened = _same(record, view.opened.record if view.opened else None)
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
                    html.Div(whose_reading(alert), className="muted small"),
                ],
                scope="row",
            ),
            html.Td(_subject_cell(record)),
            html.Td([html.Div(alert.time_point), html.Div(str(alert.date), className="muted")]),
            html.Td(_since(record, view.today)),
            html.Td(record.assignee or "–"),
            html.Td(_state(record, view.today)),
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


def _state(record: AlertRecord, today: dt.date) -> list[Any]:
    state = record.state_on(today)
    until = f"until {find_snooze_end(record)}" if state is AlertState.SNOOZED else ""
    return [html.Div(state.value), html.Div(until, className="muted")]
