"""Uptake through time, and the values it is compared with: what takes the place of sums in mm."""

from __future__ import annotations

from typing import Any

from dashboard.figures.parts import bridge_gaps, edge_labels
from dashboard.figures.style import plain
from dashboard.palette import INK, TISSUE
from dashboard.timeline import Timeline, to_float
from dashboard.uptake import UNIT, UptakeCourse, UptakePoint


def uptake_top(course: UptakeCourse) -> float:
    """Return the upper end of the axis, g/ml."""
    known = [p.value for p in course.points if p.value is not None]
    return 1.22 * max([*known, *(line.value for line in course.lines), 2.0])


def uptake_traces(timeline: Timeline, course: UptakeCourse) -> list[dict[str, Any]]:
    """Return what is compared over scan dates, the lines, and the reference tissue's mean."""
    points = course.points
    known = [(p.date, p.value) for p in points]
    return [
        *_line_traces(course),
        *_tissue_traces(course),
        {
            "name": "uptake not evaluable",
            **bridge_gaps(known),
            "mode": "lines",
            "line": {"color": INK, "width": 1.2, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "name": "uptake",
            "x": [p.date.isoformat() for p in points],
            "y": [p.value for p in points],
            "mode": "lines+markers",
            "line": {"color": INK, "width": 2},
            "marker": {
                "size": 9,
                "color": INK,
                "symbol": ["circle-open" if p.missing else "circle" for p in points],
            },
            "connectgaps": False,
            "hovertext": [_hover(timeline, course, p) for p in points],
            "hoverinfo": "text",
            "customdata": [p.time_point for p in points],
            "cliponaxis": False,
        },
    ]


def uptake_labels(timeline: Timeline, course: UptakeCourse) -> list[dict[str, Any]]:
    """Return each value above its point: which lesion it is of, and its change from baseline."""
    labels = []
    for point in course.points:
        if point.value is None:
            continue
        row = timeline.assessment(point.time_point)
        change = to_float(row.change_from_baseline_pct) if row and row.overall_response else None
        lines = [f"<b>{point.value:.2f}</b>"]
        if len(point.lesions) == 1:
            lines[0] += f" {plain(point.lesions[0])}"
        if change is not None:
            lines.append(f"{change:+.1f} %".replace("-", "−"))
        labels.append(
            {
                "text": "<br>".join(lines),
                "x": point.date.isoformat(),
                "y": point.value,
                "yref": "y",
                "yanchor": "bottom",
                "yshift": 11,
                "showarrow": False,
                "bgcolor": "rgba(255,255,255,0.88)",
                "borderpad": 0,
                "font": {"size": 11, "color": INK},
            }
        )
    return labels


def uptake_line_labels(course: UptakeCourse) -> list[dict[str, Any]]:
    """Return the names of the lines at the right edge, in their colours, kept apart."""
    words = [(line.value, f"{line.name} {line.value:.2f}", line.colour) for line in course.lines]
    if course.tissue:
        words.append((course.tissue[-1][1], f"{course.tissue_name} mean", TISSUE))
    return edge_labels(words, uptake_top(course) * 0.062, "y")


def _line_traces(course: UptakeCourse) -> list[dict[str, Any]]:
    if not course.points:
        return []
    ends = [course.points[0].date.isoformat(), course.points[-1].date.isoformat()]
    return [
        {
            "name": line.name,
            "x": ends,
            "y": [line.value, line.value],
            "mode": "lines",
            "line": {"color": line.colour, "width": 1.4, "dash": line.dash},
            "hovertemplate": f"{line.name} %{{y:.2f}} {UNIT}<extra></extra>",
        }
        for line in course.lines
    ]


def _tissue_traces(course: UptakeCourse) -> list[dict[str, Any]]:
    if not course.tissue:
        return []
    return [
        {
            "name": f"{course.tissue_name} mean SUL",
            "x": [day.isoformat() for day, _ in course.tissue],
            "y": [mean for _, mean in course.tissue],
            "mode": "lines+markers",
            "line": {"color": TISSUE, "width": 1.2},
            "marker": {"size": 7, "symbol": "line-ew-open", "color": TISSUE},
            "hovertemplate": f"{course.tissue_name} mean SUL %{{y:.2f}} {UNIT}<extra></extra>",
        }
    ]


def _hover(timeline: Timeline, course: UptakeCourse, point: UptakePoint) -> str:
    value = "not known" if point.value is None else f"{point.value:.2f} {UNIT}"
    lines = [f"<b>{plain(point.time_point)}</b> {point.date}", f"{course.name}: {value}"]
    if point.lesions:
        lines.append(f"of {plain(', '.join(point.lesions))}")
    if point.missing:
        lines.append(f"not known of {plain(', '.join(point.missing))}")
    row = timeline.assessment(point.time_point)
    if row is not None and row.overall_response:
        lines.append(f"{row.overall_response} ({row.status.value})")
    return "<br>".join(lines)
