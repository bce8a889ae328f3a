"""Who did what, newest first; for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.bits import chips, link, notice, table
from dashboard.links import Place, subject_url, write_place
from response.model import AuditEntry


def page_number(place: Place) -> int:
    """Return which page of the trail an address asks for; the first is 0."""
    asked = place.query.get("page", "")
    return int(asked) if asked.isdecimal() and len(asked) < 7 else 0


def layout(entries: Sequence[AuditEntry], place: Place, per_page: int) -> Any:
    """Return one page of the audit trail."""
    number = page_number(place)
    head = html.Div(
        [
            html.H1("Audit"),
            html.P(
                "Each entry is chained to the one before by a keyed hash; "
                "response check proves the chain.",
                className="muted",
            ),
        ],
        className="head",
    )
    if not entries:
        return [head, notice("No entries here", html.P("Nothing was written yet."), kind="calm")]
    heads = ("Number", "At (UTC)", "Who", "What", "Subject", "Detail", "Chain")
    rows = [
        [
            str(e.number),
            e.at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
            e.actor,
            e.action,
            link(e.subject_key, subject_url(e.subject_key)) if e.subject_key else "",
            ", ".join(f"{k} {v}" for k, v in e.detail.items() if k != "entry"),
            html.Code(e.chain[:12]),
        ]
        for e in entries
    ]
    steps = [("newer", write_place(place, page=str(number - 1)), False)] if number else []
    if len(entries) == per_page:
        steps.append(("older", write_place(place, page=str(number + 1)), False))
    pager = [chips("Page", steps)] if steps else []
    return [head, html.Section([table(heads, rows, label="Audit trail"), *pager])]
