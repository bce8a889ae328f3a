"""What stands around every page: where one is, where one can go, who one is."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.auth import Visitor
from dashboard.components.bits import attributes, link, notice


def shell() -> Any:
    """Return the frame that is sent first; the page's content follows by callback."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh="callback-nav"),
            html.Div(notice("Loading …", kind="loading"), id=ids.PAGE),
        ]
    )


def frame(visitor: Visitor, page: str, content: Any) -> Any:
    """Return a page with the bar above it."""
    pages = [("cohort", "Cohort", "/"), ("quality", "Quality", "/quality")]
    here = "cohort" if page in ("subject", "lesion") else page
    if visitor.is_admin:
        pages.append(("audit", "Audit", "/audit"))
    return [
        html.A("Skip to content", href="#content", className="skip"),
        html.Header(
            [
                link([html.Span(className="logo"), "Response"], "/", className="brand"),
                html.Nav(
                    [
                        link(words, href, className="nav current" if name == here else "nav")
                        for name, words, href in pages
                    ],
                    **attributes(aria_label="Pages"),
                ),
                html.Span(f"{visitor.name} · {visitor.role.value}", className="who"),
                html.Form(
                    html.Button("Log out", type="submit", className="quiet"),
                    action="/logout",
                    method="POST",
                ),
            ],
            className="bar",
        ),
        html.Main(content, id="content", className=f"page {page}"),
    ]
