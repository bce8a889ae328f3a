"""The change from baseline, for criteria that add no diameters: products, SUL, SUV."""

from __future__ import annotations

from typing import Any

from dashboard.figures.parts import bridge_gaps
from dashboard.figures.style import plain
from dashboard.palette import BASELINE, INK
from dashboard.timeline import Timeline, to_float
from response.model import Assessment

MARGIN_PCT = 20.0


def change_range(timeline: Timeline) -> list[float]:
    """Return the range of the axis, per cent: every change, and no change."""
    seen = [_change(timeline, a) or 0.0 for a in timeline.assessments]
    return [min([*seen, 0.0]) - MARGIN_PCT, max([*seen, 0.0]) + MARGIN_PCT]


def change_traces(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the changes over scan dates, dotted where one is not known, and the baseline."""
    rows = timeline.assessments
    points = [(a.date, _change(timeline, a)) for a in rows]
    days = [day.isoformat() for day, _ in points]
    return [
        {
            "name": "baseline",
            "x": [days[0], days[-1]],
            "y": [0.0, 0.0],
            "mode": "lines",
            "line": {"color": BASELINE, "width": 1.4, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "name": "change not evaluable",
            **bridge_gaps(points),
            "mode": "lines",
            "line": {"color": INK, "width": 1.2, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "name": "change from baseline",
            "x": days,
            "y": [value for _, value in points],
            "mode": "lines+markers",
            "line": {"color": INK, "width": 2},
            "marker": {"size": 9, "color": INK},
            "connectgaps": False,
            "hovertext": [_hover(timeline, a) for a in rows],
            "hoverinfo": "text",
            "customdata": [a.time_point for a in rows],
            "cliponaxis": False,
        },
    ]


def change_labels(timeline: Timeline) -> list[dict[str, Any]]:
    """Return each change in words above its point."""
    known = [(a, _change(timeline, a)) for a in timeline.assessments if a.overall_response]
    return [
        {
            "text": f"<b>{value:+.1f} %</b>".replace("-", "−"),
            "x": row.date.isoformat(),
            "y": value,
            "yref": "y",
            "yanchor": "bottom",
            "yshift": 11,
            "showarrow": False,
            "bgcolor": "rgba(255,255,255,0.88)",
            "borderpad": 0,
            "font": {"size": 11, "color": INK},
        }
        for row, value in known
        if value is not None
    ]


def _change(timeline: Timeline, row: Assessment) -> float | None:
    if row.time_point == timeline.baseline and not row.overall_response:
        return 0.0
    return to_float(row.change_from_baseline_pct)


def _hover(timeline: Timeline, row: Assessment) -> str:
    value = _change(timeline, row)
    said = "not evaluable" if value is None else f"{value:+.1f} % from baseline"
    lines = [f"<b>{plain(row.time_point)}</b> {row.date}", said]
    if row.overall_response:
        lines.append(f"{row.overall_response} ({row.status.value})")
    return "<br>".join(lines)
