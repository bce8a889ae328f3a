"""What stands around every page: where one is, where one can go, who one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.auth import Visitor
from dashboard.components.alerts import inbox_link
from dashboard.components.bits import attributes, link, notice
from response.terms import Severity


def shell() -> Any:
    """Return the frame that is sent first; the page's content follows by callback."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh="callback-nav"),
            html.Div(notice("Loading …", kind="loading"), id=ids.PAGE),
        ]
    )


def frame(visitor: Visitor, page: str, content: Any, open_alerts: Mapping[Severity, int]) -> Any:
    """Return a page with the bar above it, which says how many alerts are open."""
    pages = [("quality", "Quality", "/quality")]
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
                        _page_link("cohort", "Cohort", "/", here),
                        inbox_link(open_alerts, current=here == "alerts"),
                        *(_page_link(*one, here) for one in pages),
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


def _page_link(name: str, words: str, href: str, here: str) -> Any:
    return link(words, href, className="nav current" if name == here else "nav")
