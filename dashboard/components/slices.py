"""Slices side by side: a picture to scroll through, its slider, and the choice of a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.components.bits import attributes, chips
from dashboard.drawing import ALL, CT, FUSED, PET
from dashboard.figures.pane import INDEX_MARK, SliceView, figure_pane, join_lines
from dashboard.fusion import OPACITIES, SUV_TOPS
from dashboard.links import Place, write_place
from dashboard.shots import Pane, choose_window
from dashboard.slices import PRESET_WORDS, PRESETS
from dashboard.views import VIEWS, Look
from response.model import Scan


def slice_pane(pane: Pane, *, said: Sequence[Any] = (), value: Sequence[Any] = ()) -> Any:
    """Return a pane: ``said`` stands beside its title, ``value`` below the picture."""
    head = _head(pane, said)
    if pane.view is None:
        body = html.Div(html.P(pane.words), className="no-slice")
        return html.Section([head, body, html.Div(value, className="pane-value")], className="pane")
    foot = html.Div([*value, html.P(pane.words, className="small")], className="pane-value")
    slider = _slider(pane, pane.view)
    return html.Section([head, *_picture(pane, pane.view), *slider, foot], className="pane")


def slice_row(panes: Sequence[Pane], *, said: Sequence[Any] = (), value: Sequence[Any] = ()) -> Any:
    """Return a time point in several views side by side, with one slider for all of them.

    ``panes`` are of one group, the one that leads first.
    """
    first = panes[0]
    pictures = [
        html.Div(
            [*_picture(pane, pane.view), *([] if pane is first else _slider(pane, pane.view))]
            if pane.view is not None
            else html.Div(html.P(pane.words), className="no-slice"),
            className="view" if pane is first else "view follows",
        )
        for pane in panes
    ]
    slider = _slider(first, first.view) if first.view is not None else []
    words = [] if first.view is None else [html.P(first.words, className="small")]
    foot = html.Div([*value, *words], className="pane-value inline")
    return html.Section(
        [_head(first, [*said, foot]), html.Div(pictures, className="views"), *slider],
        className="pane row",
    )


def slice_rows(panes: Sequence[Pane], say: Callable[[Pane], tuple[list[Any], list[Any]]]) -> Any:
    """Return all panes: a row for each time point that has several views, else side by side.

    ``say`` returns what stands beside the title, and the value, of the pane that leads a group.
    """
    groups = [list(group) for _, group in groupby(panes, key=lambda pane: pane.group)]
    if all(len(group) == 1 for group in groups):
        return [
            slice_pane(one, said=said, value=value) for one in panes for said, value in [say(one)]
        ]
    return [
        slice_row(group, said=said, value=value)
        for group in groups
        for said, value in [say(group[0])]
    ]


def _head(pane: Pane, said: Sequence[Any]) -> Any:
    when = _when(pane)
    return html.Div(
        [html.H2(pane.title), html.Span(when, className="muted"), *said], className="pane-head"
    )


def _when(pane: Pane) -> str:
    if not pane.date or pane.time_point == str(pane.date):
        return pane.time_point if pane.date else ""
    return f"{pane.time_point} · {pane.date}"


def uptake_chips(place: Place, look: Look, *, choice: bool, anatomy: str = "CT") -> list[Any]:
    """Return the views, windows of uptake and opacities to choose between, where they apply."""
    found = []
    if choice:
        words = {ALL: "side by side", CT: anatomy, PET: "PET", FUSED: "fused"}
        found.append(
            chips("View", [(words[n], write_place(place, view=n), n == look.name) for n in VIEWS])
        )
    if look.shows_uptake and look.in_suv:
        found.append(
            chips(
                "Uptake, SUV",
                [
                    (f"0–{top}", write_place(place, suv=str(top)), top == look.top)
                    for top in SUV_TOPS
                ],
            )
        )
    if choice and look.shows_colour:
        found.append(
            chips(
                "Opacity",
                [
                    (f"{one} %", write_place(place, opacity=str(one)), one == look.opacity)
                    for one in OPACITIES
                ],
            )
        )
    return found


def uptake_keys(look: Look) -> str:
    """Return in words the keys that go through the choices of uptake."""
    if not look.shows_uptake:
        return ""
    keys = [("[ and ]", "window of uptake", look.in_suv), ("v", "view", look.name in VIEWS)]
    keys.append((", and .", "opacity", look.shows_colour))
    return " Keys: " + "; ".join(f"{key} {words}" for key, words, here in keys if here) + "."


def window_chips(place: Place, scan: Scan | None, organ: str = "") -> Any:
    """Return the windows to choose between; of presets only CT has any."""
    window = choose_window(place.query.get("window", ""), scan, organ)
    names = ["auto"] if scan is not None and scan.modality != "CT" else [*PRESETS, "auto"]
    return chips(
        "Window", [(PRESET_WORDS[n], write_place(place, window=n), n == window) for n in names]
    )


def _picture(pane: Pane, view: SliceView) -> list[Any]:
    """Return the picture, and what scrolling needs to know."""
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
            aria_label=f"{pane.title}, {_when(pane)}, {view.caption}: {_shown(view)}. {pane.words}",
            data_slot=pane.slot,
            data_group=pane.group or pane.slot,
            data_count=str(view.count),
            data_index=str(view.index),
        ),
    )
    return [picture, dcc.Store(id=ids.pane("data", pane.slot), data=_scroll_data(view))]


def _shown(view: SliceView) -> str:
    return f"slice {view.index + 1} of {view.count}"


def _scroll_data(view: SliceView) -> dict[str, Any]:
    return {
        "href": view.href,
        "mark": INDEX_MARK,
        "measured": view.measured_index,
        "expected": view.expected_index,
        "outlines": {str(n): join_lines(lines) for n, lines in view.outlines.items()},
        "uptake": {str(n): join_lines(lines) for n, lines in view.uptake_outlines.items()},
    }


def _slider(pane: Pane, view: SliceView) -> list[Any]:
    """Return the slider and the slice in words; what follows another pane hides its own."""
    slider = dcc.Slider(
        id=ids.pane("slider", pane.slot),
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
    words = html.P(
        _shown(view), id=ids.pane("words", pane.slot), className="muted small slice-words"
    )
    return [slider, words] if pane.leads else [html.Div([slider, words], hidden=True)]


def _slider_marks(count: int, measured: int | None) -> dict[int, str]:
    marks = {0: "1", count - 1: str(count)}
    return marks | ({measured: "▲"} if measured is not None else {})
