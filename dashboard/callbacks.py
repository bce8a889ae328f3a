"""What answers to the browser: the page of an address on the server, the rest in the browser."""

from __future__ import annotations

from typing import Any

import flask
from dash import MATCH, ClientsideFunction, Input, Output, State

from dashboard import ids
from dashboard.data import Data
from dashboard.faults import note_fault
from dashboard.links import parse_place
from dashboard.pages import show_page
from dashboard.pages.errors import ForbiddenError, NotFoundError, error_layout
from response.errors import StoreBusyError


def install_callbacks(app: Any, data: Data) -> None:
    """Add all callbacks to an app."""

    @app.callback(
        Output(ids.PAGE, "children"), Input(ids.URL, "pathname"), Input(ids.URL, "search")
    )
    def _page(path: str | None, search: str | None) -> Any:
        return answer(data, path or "/", search or "")

    for figure, function in (
        (ids.TIMELINE, "open_lesion"),
        (ids.WATERFALL, "open_subject"),
        (ids.SPIDER, "open_subject"),
    ):
        app.clientside_callback(
            ClientsideFunction("response", function),
            Output(ids.URL, "href", allow_duplicate=True),
            Input(figure, "clickData"),
            prevent_initial_call=True,
        )
    app.clientside_callback(
        ClientsideFunction("response", "show_slice"),
        Output(ids.pane("graph", MATCH), "figure"),
        Output(ids.pane("words", MATCH), "children"),
        Input(ids.pane("slider", MATCH), "value"),
        State(ids.pane("data", MATCH), "data"),
        State(ids.pane("graph", MATCH), "figure"),
        State(ids.pane("slider", MATCH), "id"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("response", "filter_rows"),
        Output(ids.COHORT_COUNT, "children"),
        Input(ids.COHORT_FILTER, "value"),
        prevent_initial_call=True,
    )


def answer(data: Data, path: str, search: str) -> Any:
    """Return the page of an address, or an error in its place."""
    place = parse_place(path, search)
    if place is None:
        return error_layout(404)
    try:
        return show_page(data, flask.g.visitor, place)
    except NotFoundError:
        return error_layout(404)
    except ForbiddenError:
        return error_layout(403)
    except StoreBusyError:
        return error_layout(503)
    except Exception as error:
        return error_layout(500, note_fault(error))
