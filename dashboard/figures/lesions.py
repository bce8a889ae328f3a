"""Every lesion through time; a time point without a value is a gap, never 0."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dashboard.figures.parts import bridge_gaps, edge_labels
from dashboard.figures.style import plain
from dashboard.palette import MUTED
from dashboard.timeline import LesionPoint, LesionTrack, Timeline
from dashboard.uptake import QUANTITY_WORDS

MOST_NAMED = 12
"""Lesions that are named at the edge of the figure; more would not be told apart."""


def lesion_top(timeline: Timeline) -> float:
    """Return the upper end of the axis: mm, or g/ml."""
    drawn = [timeline.drawn(p) for t in timeline.tracks for p in t.points]
    least = 10.0 if timeline.uptake is None else 2.0
    return 1.15 * max([*(value for value in drawn if value is not None), least])


def lesion_labels(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the names of the lesions seen at the last time point, in their colours."""
    if len(timeline.tracks) > MOST_NAMED:
        return []
    last = [(t, timeline.drawn(t.points[-1])) for t in timeline.tracks if t.points]
    words = [
        (value, plain(track.lesion.tracking_id), track.colour)
        for track, value in last
        if value is not None
    ]
    return edge_labels(words, lesion_top(timeline) * 0.1, "y2")


def lesion_traces(timeline: Timeline, track: LesionTrack) -> list[dict[str, Any]]:
    """Return a lesion's measured stretch, and a dashed bridge over time points without a value."""
    gaps = bridge_gaps([(p.date, timeline.drawn(p)) for p in track.points])
    line = {"color": track.colour, "width": 1.6}
    solid = {
        "name": track.lesion.tracking_id,
        "x": [p.date.isoformat() for p in track.points],
        "y": [timeline.drawn(p) for p in track.points],
        "yaxis": "y2",
        "mode": "lines+markers",
        "line": line,
        "marker": {
            "symbol": [_open(track.symbol, p) for p in track.points],
            "size": 9,
            "color": track.colour,
            "line": {"color": track.colour, "width": 1.5},
        },
        "connectgaps": False,
        "hovertext": [_lesion_hover(timeline, track, p) for p in track.points],
        "hoverinfo": "text",
        "customdata": [[track.lesion.tracking_id, p.time_point] for p in track.points],
        "cliponaxis": False,
    }
    bridge = {
        "name": f"{track.lesion.tracking_id} without value",
        **gaps,
        "yaxis": "y2",
        "mode": "lines",
        "line": line | {"dash": "dot", "width": 1.2},
        "hoverinfo": "skip",
    }
    return [solid, bridge] if gaps["x"] else [solid]


def _open(symbol: str, point: LesionPoint) -> str:
    return f"{symbol}-open" if point.needs_review else symbol


def _lesion_hover(timeline: Timeline, track: LesionTrack, point: LesionPoint) -> str:
    lesion = track.lesion
    kind = "short axis" if lesion.node else "longest diameter"
    value = "no diameter" if point.value_mm is None else f"{kind} {point.value_mm:.1f} mm"
    lines = [f"<b>{plain(lesion.tracking_id)}</b> {plain(lesion.organ)} {point.date}", value]
    lines += [_uptake_words(name, one) for name, one in point.uptake.items()]
    lines.append(plain(point.words))
    return "<br>".join(lines + (["needs review"] if point.needs_review else []))


def _uptake_words(quantity: str, value: float) -> str:
    words, unit = QUANTITY_WORDS[quantity]
    return f"{words} {value:.2f} {unit}"


def gap_traces(timeline: Timeline) -> list[dict[str, Any]]:
    """Return one × per time point at which lesions have no value, saying which and why."""
    gaps: dict[dt.date, list[str]] = {}
    for track in timeline.tracks:
        for point in track.points:
            if point.finding is not None and timeline.drawn(point) is None:
                gaps.setdefault(point.date, []).append(
                    f"<b>{plain(track.lesion.tracking_id)}</b> {plain(point.words)}"
                )
    days = sorted(gaps)
    return [
        {
            "name": "no value",
            "x": [day.isoformat() for day in days],
            "y": [0.5] * len(days),
            "yaxis": "y3",
            "mode": "markers+text",
            "marker": {"symbol": "x-thin", "size": 8, "line": {"color": MUTED, "width": 2}},
            "text": [f" {len(gaps[day])}" for day in days],
            "textposition": "middle right",
            "textfont": {"size": 11, "color": MUTED},
            "hovertext": ["<br>".join(gaps[day]) for day in days],
            "hoverinfo": "text",
        }
    ]
