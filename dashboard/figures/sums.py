"""The sum of diameters and the lines it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.figures.parts import bridge_gaps, edge_labels
from dashboard.figures.style import plain
from dashboard.palette import BASELINE, INK, NADIR, PARTIAL, PROGRESSION
from dashboard.timeline import (
    PARTIAL_FACTOR,
    Timeline,
    is_progression,
    progression_line_mm,
    to_float,
)
from response.model import Assessment
from response.terms import NewLesion


def sum_top(timeline: Timeline) -> float:
    """Return the upper end of the axis, mm: above every sum and every line of progression."""
    sums = [to_float(a.sum_of_diameters_mm) or 0.0 for a in timeline.assessments]
    nadirs = [to_float(a.nadir_mm) for a in timeline.assessments]
    least = timeline.least_growth_mm
    lines = [progression_line_mm(n, least or 0.0) for n in nadirs if n is not None]
    return 1.22 * max([*sums, *lines, 10.0])


def sum_traces(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the traces: levels, a bridge over gaps, the sums by date, a ring at the nadir."""
    rows = timeline.assessments
    points = {
        "name": "sum of diameters",
        "x": [a.date.isoformat() for a in rows],
        "y": [to_float(a.sum_of_diameters_mm) for a in rows],
        "mode": "lines+markers",
        "line": {"color": INK, "width": 2},
        "marker": {"size": 9, "color": INK},
        "connectgaps": False,
        "hovertext": [_sum_hover(a) for a in rows],
        "hoverinfo": "text",
        "customdata": [a.time_point for a in rows],
        "cliponaxis": False,
    }
    bridge = {
        "name": "sum not evaluable",
        **bridge_gaps([(a.date, to_float(a.sum_of_diameters_mm)) for a in rows]),
        "mode": "lines",
        "line": {"color": INK, "width": 1.2, "dash": "dot"},
        "hoverinfo": "skip",
    }
    return [*_level_traces(timeline), bridge, points, _nadir_ring(timeline)]


def sum_labels(timeline: Timeline) -> list[dict[str, Any]]:
    """Return each sum and its change from baseline in words, on white above its point."""
    labels = []
    for row in timeline.assessments:
        if row.sum_of_diameters_mm is None:
            continue
        change = row.change_from_baseline_pct
        more = f"<br>{float(change):+.1f} %" if change is not None and row.overall_response else ""
        labels.append(
            {
                "text": f"<b>{row.sum_of_diameters_mm}</b>{more}".replace("-", "−"),
                "x": row.date.isoformat(),
                "y": to_float(row.sum_of_diameters_mm),
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


def _sum_hover(row: Assessment) -> str:
    lines = [f"<b>{plain(row.time_point)}</b> {row.date}", f"sum {_mm(row.sum_of_diameters_mm)}"]
    if row.change_from_baseline_pct is not None:
        lines.append(f"{float(row.change_from_baseline_pct):+.1f} % from baseline")
    if row.nadir_mm is not None:
        lines.append(f"nadir before it {_mm(row.nadir_mm)}")
    if row.overall_response:
        lines.append(f"{row.overall_response} ({row.status.value})")
    return "<br>".join(lines)


def _mm(value: object) -> str:
    return "not evaluable" if value is None else f"{value} mm"


def _level_traces(timeline: Timeline) -> list[dict[str, Any]]:
    """Return baseline and −30 % as straight lines, nadir and +20 % as steps."""
    base = timeline.baseline_sum_mm
    if base is None or len(timeline.assessments) < 1:
        return []
    days = [a.date.isoformat() for a in timeline.assessments]
    ends = [days[0], days[-1]]
    later = [to_float(a.nadir_mm) for a in timeline.assessments[1:]]
    nadirs = [later[0] if later else None, *later]
    seen = [
        _level("baseline", ends, [base, base], BASELINE, "dot"),
        _level("nadir", days, nadirs, NADIR, "dot", shape="vh"),
    ]
    least = timeline.least_growth_mm
    if least is None:
        return seen
    limits = [None if n is None else progression_line_mm(n, least) for n in nadirs]
    return [
        *seen,
        _level("−30 % of baseline", ends, [PARTIAL_FACTOR * base] * 2, PARTIAL, "dash"),
        _level("+20 % of nadir", days, limits, PROGRESSION, "dash", shape="vh"),
    ]


def _level(
    name: str,
    x: Sequence[str],
    y: Sequence[float | None],
    colour: str,
    dash: str,
    shape: str = "linear",
) -> dict[str, Any]:
    return {
        "name": name,
        "x": list(x),
        "y": list(y),
        "mode": "lines",
        "line": {"color": colour, "width": 1.4, "dash": dash, "shape": shape},
        "hovertemplate": f"{name} %{{y:.1f}} mm<extra></extra>",
    }


def _nadir_ring(timeline: Timeline) -> dict[str, Any]:
    now = timeline.current
    name = timeline.nadir_time_point(now.time_point) if now else ""
    row = timeline.assessment(name)
    return {
        "name": "nadir point",
        "x": [row.date.isoformat()] if row else [],
        "y": [to_float(row.sum_of_diameters_mm)] if row else [],
        "mode": "markers",
        "marker": {
            "size": 17,
            "color": "rgba(0,0,0,0)",
            "line": {"color": NADIR, "width": 2},
        },
        "hoverinfo": "skip",
    }


def line_labels(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the names of the four lines, in their colours, at the right edge, kept apart."""
    base, now = timeline.baseline_sum_mm, timeline.current
    if base is None or now is None:
        return []
    nadir, least = to_float(now.nadir_mm), timeline.least_growth_mm
    wanted = [(base, "baseline", BASELINE)]
    if least is not None:
        wanted.append((PARTIAL_FACTOR * base, "−30 %", PARTIAL))
    if nadir is not None:
        wanted.append((nadir, "nadir", NADIR))
    if nadir is not None and least is not None:
        limit = progression_line_mm(nadir, least)
        # The two limits cross where 20 % are the least growth; the label names the one that holds.
        holds = "+20 %" if 0.2 * nadir >= least else f"+{least:g} mm"
        wanted.append((limit, holds, PROGRESSION))
    words = [(value, f"{name} {value:.1f} mm", colour) for value, name, colour in wanted]
    return edge_labels(words, sum_top(timeline) * 0.062, "y")


def flags(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the words above time points: progression, new lesion, a question."""
    flags = []
    for row in timeline.assessments:
        words = []
        if is_progression(row.overall_response):
            words.append("progression")
        if row.new_lesion is NewLesion.YES:
            words.append("✚ new lesion")
        elif row.new_lesion is NewLesion.EQUIVOCAL:
            words.append("✚ new lesion?")
        if words:
            flags.append(
                {
                    "text": "<br>".join(f"<b>{word}</b>" for word in words),
                    "x": row.date.isoformat(),
                    "y": 1.0,
                    "yref": "paper",
                    "yanchor": "top",
                    "yshift": 22,
                    "showarrow": False,
                    "font": {"size": 11, "color": PROGRESSION},
                }
            )
    return flags
