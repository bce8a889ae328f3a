"""One subject through time: sum of diameters, every lesion, what has no value, the ribbon."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dashboard.figures.changes import change_labels, change_range, change_traces
from dashboard.figures.lesions import gap_traces, lesion_labels, lesion_top, lesion_traces
from dashboard.figures.ribbon import RIBBON_ROWS, Spans, find_spans, ribbon_traces
from dashboard.figures.style import Figure, axis, base_layout, plain
from dashboard.figures.sums import flags, line_labels, sum_labels, sum_top, sum_traces
from dashboard.figures.uptake import (
    uptake_labels,
    uptake_line_labels,
    uptake_top,
    uptake_traces,
)
from dashboard.timeline import Timeline

HEIGHT = 640
SUM_DOMAIN = (0.60, 1.0)
LESION_DOMAIN = (0.27, 0.55)
GAP_DOMAIN = (0.215, 0.255)
RIBBON_DOMAIN = (0.0, 0.185)


def figure_timeline(timeline: Timeline, selected: str = "") -> Figure:
    """Return the figure of a subject's timeline.

    Parameters
    ----------
    timeline
        What is known of the subject.
    selected
        The time point to mark with a band; empty for none.
    """
    spans = find_spans(timeline)
    data = [
        *_main_traces(timeline),
        *(trace for track in timeline.tracks for trace in lesion_traces(timeline, track)),
        *gap_traces(timeline),
        *ribbon_traces(timeline, spans),
    ]
    layout = base_layout(HEIGHT, **_axes(timeline, spans), bargap=0, barmode="overlay")
    layout["shapes"] = _band(spans.get(selected))
    layout["annotations"] = [
        *_labels(timeline),
        *lesion_labels(timeline),
        *flags(timeline),
    ]
    right = 116 if timeline.uptake is None else 142
    layout["margin"] = {"l": 84, "r": right, "t": 26, "b": 52}
    return {"data": data, "layout": layout}


def _main_traces(timeline: Timeline) -> list[dict[str, Any]]:
    if timeline.uptake is not None:
        return uptake_traces(timeline, timeline.uptake)
    return sum_traces(timeline) if timeline.adds_lengths else change_traces(timeline)


def _main_axis(timeline: Timeline) -> dict[str, Any]:
    course = timeline.uptake
    if course is not None:
        return axis(course.name, domain=SUM_DOMAIN, range=[0, uptake_top(course)])
    if timeline.adds_lengths:
        return axis("Sum of diameters (mm)", domain=SUM_DOMAIN, range=[0, sum_top(timeline)])
    return axis("From baseline (%)", domain=SUM_DOMAIN, range=change_range(timeline))


def _labels(timeline: Timeline) -> list[dict[str, Any]]:
    if timeline.uptake is not None:
        return [
            *uptake_labels(timeline, timeline.uptake),
            *uptake_line_labels(timeline.uptake),
        ]
    if timeline.adds_lengths:
        return [*sum_labels(timeline), *line_labels(timeline)]
    return change_labels(timeline)


def _axes(timeline: Timeline, spans: Spans) -> dict[str, Any]:
    days = [day for _, day in timeline.time_points]
    ends = [edge for span in spans.values() for edge in span]
    course = timeline.uptake
    return {
        "xaxis": axis(
            "Scan date",
            type="date",
            anchor="y4",
            range=[min(ends).isoformat(), max(ends).isoformat()] if ends else None,
            tickvals=[day.isoformat() for day in days],
            ticktext=[f"{plain(name)}<br>{day.isoformat()}" for name, day in timeline.time_points],
            tickangle=0 if len(days) <= 8 else -45,
        ),
        "yaxis": _main_axis(timeline),
        "yaxis2": axis(
            f"Lesion {course.lesion_name}" if course else "Lesion diameter (mm)",
            domain=LESION_DOMAIN,
            range=[0, lesion_top(timeline)],
        ),
        "yaxis3": axis(
            "", domain=GAP_DOMAIN, range=[0, 1], tickvals=[0.5], ticktext=["no value"], ticks=""
        )
        | {"showgrid": False, "fixedrange": True},
        "yaxis4": axis(
            "",
            domain=RIBBON_DOMAIN,
            range=[0, len(RIBBON_ROWS)],
            tickvals=[row + 0.5 for row in range(len(RIBBON_ROWS))],
            ticktext=list(RIBBON_ROWS),
            ticks="",
        )
        | {"showgrid": False, "fixedrange": True},
    }


def _band(span: tuple[dt.datetime, dt.datetime] | None) -> list[dict[str, Any]]:
    if span is None:
        return []
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": span[0].isoformat(),
            "x1": span[1].isoformat(),
            "y0": 0,
            "y1": 1,
            "fillcolor": "#f1f5f9",
            "line": {"width": 0},
        }
    ]
