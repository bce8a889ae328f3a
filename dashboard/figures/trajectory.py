"""The uptake of one lesion through time: a small chart for each quantity, with its unit."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dashboard.figures.parts import bridge_gaps
from dashboard.figures.style import Figure, axis, base_layout, plain
from dashboard.palette import BASELINE
from dashboard.timeline import LesionTrack
from dashboard.uptake import QUANTITY_WORDS

CHARTS = ("sul_peak", "suv_max", "mtv_ml", "tlg")
GAP = 0.065
HEIGHT = 230


def figure_trajectory(track: LesionTrack, baseline: str) -> Figure | None:
    """Return a lesion's uptake through time, or None where none is recorded.

    A time point without a value is a gap, bridged by a dotted line; never 0.
    """
    shown = [name for name in CHARTS if any(name in p.uptake for p in track.points)]
    if not shown:
        return None
    data: list[dict[str, Any]] = []
    layout = base_layout(HEIGHT)
    layout["margin"] = {"l": 58, "r": 16, "t": 10, "b": 46}
    width = (1 - GAP * (len(shown) - 1)) / len(shown)
    for number, name in enumerate(shown):
        mark = "" if number == 0 else str(number + 1)
        left = number * (width + GAP)
        words, unit = QUANTITY_WORDS[name]
        layout[f"xaxis{mark}"] = axis(
            "", type="date", domain=[left, min(1.0, left + width)], anchor=f"y{mark}",
            **_ticks(track),
        )  # fmt: skip
        layout[f"yaxis{mark}"] = axis(
            f"{words} ({unit})", rangemode="tozero", anchor=f"x{mark}", range=[0, _top(track, name)]
        )
        data += _traces(track, name, baseline, mark)
    return {"data": data, "layout": layout}


def _ticks(track: LesionTrack) -> dict[str, Any]:
    days = [p.date for p in track.points]
    room = (max(days) - min(days)) * 0.12 + dt.timedelta(days=3)
    few = len(days) <= 5
    return {
        "range": [(min(days) - room).isoformat(), (max(days) + room).isoformat()],
        "tickvals": [day.isoformat() for day in days],
        "ticktext": [plain(p.time_point) for p in track.points],
        "tickangle": 0 if few else -45,
    }


def _top(track: LesionTrack, name: str) -> float:
    return 1.25 * max([*(p.uptake[name] for p in track.points if name in p.uptake), 1.0])


def _traces(track: LesionTrack, name: str, baseline: str, mark: str) -> list[dict[str, Any]]:
    words, unit = QUANTITY_WORDS[name]
    values = [p.uptake.get(name) for p in track.points]
    axes = {"xaxis": f"x{mark}", "yaxis": f"y{mark}"}
    line = {"color": track.colour, "width": 1.8}
    first = track.at(baseline)
    level = first.uptake.get(name) if first else None
    ends = [track.points[0].date.isoformat(), track.points[-1].date.isoformat()]
    return [
        {
            "name": f"{words} at baseline",
            "x": ends if level is not None else [],
            "y": [level, level] if level is not None else [],
            "mode": "lines",
            "line": {"color": BASELINE, "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
            **axes,
        },
        {
            "name": f"{words} without value",
            **bridge_gaps([(p.date, v) for p, v in zip(track.points, values, strict=True)]),
            "mode": "lines",
            "line": line | {"dash": "dot", "width": 1.2},
            "hoverinfo": "skip",
            **axes,
        },
        {
            "name": words,
            "x": [p.date.isoformat() for p in track.points],
            "y": values,
            "mode": "lines+markers+text",
            "text": ["" if v is None else f"{v:.1f}" for v in values],
            "textposition": "top center",
            "textfont": {"size": 11},
            "line": line,
            "marker": {"symbol": track.symbol, "size": 9, "color": track.colour},
            "connectgaps": False,
            "cliponaxis": False,
            "hovertemplate": f"%{{x|%Y-%m-%d}} {words} %{{y:.2f}} {unit}<extra></extra>",
            **axes,
        },
    ]
