"""Slices side by side: a picture to scroll through, its slider, and the choice of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.components.bits import attributes, chips
from dashboard.figures.pane import INDEX_MARK, SliceView, figure_pane, join_lines
from dashboard.links import Place, write_place
from dashboard.shots import Pane, choose_window
from dashboard.slices import PRESET_WORDS, PRESETS
from response.model import Scan


def slice_pane(pane: Pane, *, said: Sequence[Any] = (), value: Sequence[Any] = ()) -> Any:
    """Return a pane: ``said`` stands beside its title, ``value`` below the picture."""
    when = f"{pane.time_point} · {pane.date}" if pane.date else ""
    if pane.time_point == str(pane.date):
        when = pane.time_point
    head = html.Div(
        [html.H2(pane.title), html.Span(when, className="muted"), *said], className="pane-head"
    )
    if pane.view is None:
        body = html.Div(html.P(pane.words), className="no-slice")
        return html.Section([head, body, html.Div(value, className="pane-value")], className="pane")
    foot = html.Div([*value, html.P(pane.words, className="small")], className="pane-value")
    return html.Section([head, *_slice(pane, pane.view, when), foot], className="pane")


def window_chips(place: Place, scan: Scan | None, organ: str = "") -> Any:
    """Return the windows to choose between; of presets only CT has any."""
    window = choose_window(place.query.get("window", ""), scan, organ)
    names = ["auto"] if scan is not None and scan.modality != "CT" else [*PRESETS, "auto"]
    return chips(
        "Window", [(PRESET_WORDS[n], write_place(place, window=n), n == window) for n in names]
    )


def _slice(pane: Pane, view: SliceView, when: str) -> list[Any]:
    """Return the picture, what scrolling needs to know, the slider and the slice in words."""
    shown = f"slice {view.index + 1} of {view.count}"
    picture = html.Div(
        dcc.Graph(
            id=ids.pane("graph", pane.slot),
            figure=figure_pane(view),
            config={"displayModeBar": False, "responsive": True},
            style={"height": "100%"},
        ),
        role="img",
        className="slice",
        tabIndex=0,
        **attributes(
            aria_label=f"{pane.title}, {when}: {shown}. {pane.words}",
            data_slot=pane.slot,
            data_count=str(view.count),
            data_index=str(view.index),
        ),
    )
    words = ids.pane("words", pane.slot)
    return [
        picture,
        dcc.Store(id=ids.pane("data", pane.slot), data=_scroll_data(view)),
        _slider(pane.slot, view),
        html.P(shown, id=words, className="muted small slice-words"),
    ]


def _scroll_data(view: SliceView) -> dict[str, Any]:
    return {
        "href": view.href,
        "mark": INDEX_MARK,
        "measured": view.measured_index,
        "expected": view.expected_index,
        "outlines": {str(n): join_lines(lines) for n, lines in view.outlines.items()},
    }


def _slider(slot: str, view: SliceView) -> Any:
    return dcc.Slider(
        id=ids.pane("slider", slot),
        min=0,
        max=view.count - 1,
        step=1,
        value=view.index,
        marks=_slider_marks(view.count, view.measured_index),
        included=False,
        updatemode="drag",
        allow_direct_input=False,
        tooltip={"always_visible": False, "transform": "slice_number"},
    )


def _slider_marks(count: int, measured: int | None) -> dict[int, str]:
    marks = {0: "1", count - 1: str(count)}
    return marks | ({measured: "▲"} if measured is not None else {})
