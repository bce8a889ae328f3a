"""The messages that did not reach anybody yet, for administrators: dead letters, and what waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.bits import counted, table
from response.alerts.delivery.outbox import Posted

ROWS_SHOWN = 200
HEADS = ("Recipient", "Way", "About", "Written", "Attempts", "Last error", "Next try")


def outbox_section(outbox: Sequence[Posted], zone: dt.tzinfo) -> list[Any]:
    """Return dead letters and waiting messages; nothing where there are none."""
    dead = [one for one in outbox if not one.waits]
    waiting = [one for one in outbox if one.waits]
    return [
        *_table("Messages given up", dead, zone, again=True),
        *_table("Messages that wait", waiting, zone, again=False),
    ]


def _table(title: str, found: list[Posted], zone: dt.tzinfo, *, again: bool) -> list[Any]:
    if not found:
        return []
    newest = sorted(found, key=lambda one: one.message.at, reverse=True)[:ROWS_SHOWN]
    heads = (*HEADS[:-1], "Send") if again else HEADS
    rows = [_row(one, zone, again=again) for one in newest]
    left = len(found) - len(newest)
    more = [html.P(f"{left} older ones are not shown.", className="muted small")] if left else []
    return [html.Section([html.H2(title), table(heads, rows, label=title), *more])]


def _row(posted: Posted, zone: dt.tzinfo, *, again: bool) -> list[Any]:
    message, attempts = posted.message, posted.attempts
    last: Any = _moment(posted.next_at, zone)
    if again:
        last = html.Form(
            [
                html.Button("Try again", type="submit", className="quiet"),
                html.Span(className="refusal", role="alert"),
            ],
            action=f"/outbox/{message.message_id}/retry",
            method="POST",
            className="act inline",
        )
    return [
        message.recipient,
        message.channel.value,
        counted(len(message.alert_ids), "alert"),
        _moment(message.at, zone),
        str(len(attempts)),
        attempts[-1].detail if attempts else "",
        last,
    ]


def _moment(at: dt.datetime | None, zone: dt.tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "–"
