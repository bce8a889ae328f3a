"""One subject through time: sum of diameters, every lesion, what has no value, the ribbon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dashboard.figures.style import Figure, axis, base_layout, plain
from dashboard.palette import (
    BASELINE,
    INK,
    MUTED,
    NADIR,
    PARTIAL,
    PROGRESSION,
    UNSAID,
    category_colour,
    category_ink,
)
from dashboard.timeline import (
    PARTIAL_FACTOR,
    LesionPoint,
    LesionTrack,
    Timeline,
    is_progression,
    progression_line_mm,
    to_float,
)
from response.model import Assessment
from response.terms import NewLesion, Status

HEIGHT = 640
SUM_DOMAIN = (0.60, 1.0)
LESION_DOMAIN = (0.27, 0.55)
GAP_DOMAIN = (0.215, 0.255)
RIBBON_DOMAIN = (0.0, 0.185)
RIBBON_ROWS = ("new lesions", "non-targets", "targets", "overall")
MOST_NAMED = 12
"""Lesions that are named at the edge of the figure; more would not be told apart."""

LONE_SPAN_DAYS = 28


def figure_timeline(timeline: Timeline, selected: str = "") -> Figure:
    """Return the figure of a subject's timeline.

    Parameters
    ----------
    timeline
        What is known of the subject.
    selected
        The time point to mark with a band; empty for none.
    """
    spans = _spans(timeline)
    data = [
        *_sum_traces(timeline),
        *(trace for track in timeline.tracks for trace in _lesion_traces(track)),
        *_gap_traces(timeline.tracks),
        *_ribbon_traces(timeline, spans),
    ]
    layout = base_layout(HEIGHT, **_axes(timeline, spans), bargap=0, barmode="overlay")
    layout["shapes"] = _band(spans.get(selected))
    layout["annotations"] = [
        *_sum_labels(timeline),
        *_line_labels(timeline),
        *_lesion_labels(timeline),
        *_flags(timeline),
    ]
    layout["margin"] = {"l": 84, "r": 116, "t": 26, "b": 52}
    return {"data": data, "layout": layout}


def _axes(timeline: Timeline, spans: dict[str, tuple[dt.datetime, dt.datetime]]) -> dict[str, Any]:
    days = [day for _, day in timeline.time_points]
    ends = [edge for span in spans.values() for edge in span]
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
        "yaxis": axis("Sum of diameters (mm)", domain=SUM_DOMAIN, range=[0, _sum_top(timeline)]),
        "yaxis2": axis(
            "Lesion diameter (mm)",
            domain=LESION_DOMAIN,
            range=[0, _lesion_top(timeline)],
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


def _sum_top(timeline: Timeline) -> float:
    sums = [to_float(a.sum_of_diameters_mm) or 0.0 for a in timeline.assessments]
    nadirs = [to_float(a.nadir_mm) for a in timeline.assessments]
    lines = [progression_line_mm(n) for n in nadirs if n is not None]
    return 1.22 * max([*sums, *lines, 10.0])


def _lesion_top(timeline: Timeline) -> float:
    values = [p.value_mm for t in timeline.tracks for p in t.points if p.value_mm is not None]
    return 1.15 * max([*values, 10.0])


def _spans(timeline: Timeline) -> dict[str, tuple[dt.datetime, dt.datetime]]:
    """Return the stretch of the ribbon of each time point: half-way to its neighbours."""
    noon = [dt.datetime.combine(day, dt.time()) for _, day in timeline.time_points]
    if not noon:
        return {}
    lone = dt.timedelta(days=LONE_SPAN_DAYS)
    middles = [a + (b - a) / 2 for a, b in pairwise(noon)]
    first = noon[0] - (middles[0] - noon[0] if middles else lone)
    last = noon[-1] + (noon[-1] - middles[-1] if middles else lone)
    edges = [first, *middles, last]
    names = [name for name, _ in timeline.time_points]
    return dict(zip(names, pairwise(edges), strict=True))


# ---------------------------------------------------------------------------------- the sum


def _sum_traces(timeline: Timeline) -> list[dict[str, Any]]:
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
        **_bridge([(a.date, to_float(a.sum_of_diameters_mm)) for a in rows]),
        "mode": "lines",
        "line": {"color": INK, "width": 1.2, "dash": "dot"},
        "hoverinfo": "skip",
    }
    return [*_level_traces(timeline), bridge, points, _nadir_ring(timeline)]


def _bridge(points: Sequence[tuple[dt.date, float | None]]) -> dict[str, Any]:
    """Return x and y of the stretches over dates without a value, between those that have one."""
    known = [(n, day, y) for n, (day, y) in enumerate(points) if y is not None]
    x: list[str | None] = []
    y: list[float | None] = []
    for (n, day, value), (later, later_day, later_value) in pairwise(known):
        if later - n > 1:
            x += [day.isoformat(), later_day.isoformat(), None]
            y += [value, later_value, None]
    return {"x": x, "y": y}


def _sum_labels(timeline: Timeline) -> list[dict[str, Any]]:
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
    limits = [None if n is None else progression_line_mm(n) for n in nadirs]
    return [
        _level("baseline", ends, [base, base], BASELINE, "dot"),
        _level("−30 % of baseline", ends, [PARTIAL_FACTOR * base] * 2, PARTIAL, "dash"),
        _level("nadir", days, nadirs, NADIR, "dot", shape="vh"),
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


def _line_labels(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the names of the four lines, in their colours, at the right edge, kept apart."""
    base, now = timeline.baseline_sum_mm, timeline.current
    if base is None or now is None:
        return []
    nadir = to_float(now.nadir_mm)
    wanted = [(base, "baseline", BASELINE), (PARTIAL_FACTOR * base, "−30 %", PARTIAL)]
    if nadir is not None:
        limit = progression_line_mm(nadir)
        # 1.2 × nadir and nadir + 5 mm cross at 25 mm; the label names the one that holds.
        wanted += [
            (nadir, "nadir", NADIR),
            (limit, "+20 %" if nadir >= 25 else "+5 mm", PROGRESSION),
        ]
    words = [(value, f"{name} {value:.1f} mm", colour) for value, name, colour in wanted]
    return _edge_labels(words, _sum_top(timeline) * 0.062, "y")


def _lesion_labels(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the names of the lesions seen at the last time point, in their colours."""
    if len(timeline.tracks) > MOST_NAMED:
        return []
    last = [(t, t.points[-1].value_mm) for t in timeline.tracks if t.points]
    words = [
        (value, plain(track.lesion.tracking_id), track.colour)
        for track, value in last
        if value is not None
    ]
    return _edge_labels(words, _lesion_top(timeline) * 0.1, "y2")


def _edge_labels(
    wanted: Sequence[tuple[float, str, str]], step: float, yref: str
) -> list[dict[str, Any]]:
    """Return labels (value, text, colour) at the right edge, at least a step apart."""
    labels, place = [], -step
    for value, text, colour in sorted(wanted):
        place = max(value, place + step)
        labels.append(_label(text, place, colour) | {"yref": yref})
    return labels


def _label(text: str, y: float, colour: str) -> dict[str, Any]:
    return {
        "text": text,
        "x": 1.0,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 4,
        "y": y,
        "yanchor": "middle",
        "showarrow": False,
        "align": "left",
        "font": {"size": 11, "color": colour},
    }


def _flags(timeline: Timeline) -> list[dict[str, Any]]:
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


# ------------------------------------------------------------------------------- the lesions


def _lesion_traces(track: LesionTrack) -> list[dict[str, Any]]:
    """Return a lesion's measured stretch, and a dashed bridge over time points without a value."""
    gaps = _bridge([(p.date, p.value_mm) for p in track.points])
    line = {"color": track.colour, "width": 1.6}
    solid = {
        "name": track.lesion.tracking_id,
        "x": [p.date.isoformat() for p in track.points],
        "y": [p.value_mm for p in track.points],
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
        "hovertext": [_lesion_hover(track, p) for p in track.points],
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


def _lesion_hover(track: LesionTrack, point: LesionPoint) -> str:
    lesion = track.lesion
    kind = "short axis" if lesion.node else "longest diameter"
    value = "no value" if point.value_mm is None else f"{kind} {point.value_mm:.1f} mm"
    lines = [f"<b>{plain(lesion.tracking_id)}</b> {plain(lesion.organ)} {point.date}", value]
    lines.append(plain(point.words))
    return "<br>".join(lines + (["needs review"] if point.needs_review else []))


def _gap_traces(tracks: Sequence[LesionTrack]) -> list[dict[str, Any]]:
    """Return one × per time point at which lesions have no value, saying which and why."""
    gaps: dict[dt.date, list[str]] = {}
    for track in tracks:
        for point in track.points:
            if point.finding is not None and point.value_mm is None:
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


# -------------------------------------------------------------------------------- the ribbon


def _ribbon_traces(
    timeline: Timeline, spans: dict[str, tuple[dt.datetime, dt.datetime]]
) -> list[dict[str, Any]]:
    return [
        _ribbon_row(timeline, spans, row, name)
        for row, name in enumerate(RIBBON_ROWS)
        if timeline.assessments
    ]


def _ribbon_row(
    timeline: Timeline, spans: dict[str, tuple[dt.datetime, dt.datetime]], row: int, name: str
) -> dict[str, Any]:
    rows = timeline.assessments
    words = [_ribbon_word(a, name, timeline.baseline) for a in rows]
    edges = [spans[a.time_point] for a in rows]
    return {
        "type": "bar",
        "name": name,
        "x": [left.isoformat() for left, _ in edges],
        "width": [(right - left).total_seconds() * 1000 for left, right in edges],
        "offset": 0,
        "y": [0.9] * len(rows),
        "base": [row + 0.05] * len(rows),
        "yaxis": "y4",
        "marker": {
            "color": [_ribbon_colour(word) for word in words],
            "line": {"color": "#ffffff", "width": 1.5},
            "pattern": {
                "shape": [
                    "/" if name == "overall" and a.status is Status.PROVISIONAL and word else ""
                    for a, word in zip(rows, words, strict=True)
                ],
                "fillmode": "overlay",
                "fgcolor": "rgba(255,255,255,0.55)",
                "size": 7,
                "solidity": 0.18,
            },
        },
        "text": [f"<b>{w}</b>" if name == "overall" else w for w in words],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "constraintext": "none",
        "textfont": {"size": 11, "color": [category_ink(_as_category(word)) for word in words]},
        "hovertext": [f"{plain(a.time_point)} {a.date}<br>{name}: {w or 'nothing said'}"
                      f"<br>{a.status.value}" for a, w in zip(rows, words, strict=True)],
        "hoverinfo": "text",
        "customdata": [a.time_point for a in rows],
    }  # fmt: skip


def _ribbon_word(row: Assessment, name: str, baseline: str) -> str:
    if row.time_point == baseline and not row.overall_response:
        return "baseline" if name == "overall" else ""
    if name == "new lesions":
        return row.new_lesion.value.lower() if row.new_lesion else ""
    return {
        "overall": row.overall_response,
        "targets": row.target_response,
        "non-targets": row.non_target_response,
    }[name]


def _as_category(word: str) -> str:
    """Return the category whose colour a word of the ribbon wears."""
    return {"yes": "PD", "equivocal": "SD", "no": "", "ne": "NE"}.get(word, word)


def _ribbon_colour(word: str) -> str:
    said = _as_category(word)
    return category_colour(said) if said else UNSAID
