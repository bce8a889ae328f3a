"""The ribbon of categories along the dates of the scans."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

from dashboard.figures.style import hatched_bars, plain
from dashboard.palette import UNSAID, category_colour, category_ink
from dashboard.timeline import Timeline
from response.model import Assessment
from response.terms import Status

RIBBON_ROWS = ("new lesions", "non-targets", "targets", "overall")
LONE_SPAN_DAYS = 28

Spans = dict[str, tuple[dt.datetime, dt.datetime]]
"""Time point → where its stretch of the ribbon begins and ends."""


def find_spans(timeline: Timeline) -> Spans:
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


def ribbon_traces(timeline: Timeline, spans: Spans) -> list[dict[str, Any]]:
    """Return the ribbon's rows as bars on axis ``y4``; overall is hatched where provisional."""
    if not timeline.assessments:
        return []
    return [
        trace
        for row, name in enumerate(RIBBON_ROWS)
        for trace in _ribbon_row(timeline, spans, row, name)
    ]


def _ribbon_row(timeline: Timeline, spans: Spans, row: int, name: str) -> list[dict[str, Any]]:
    rows = timeline.assessments
    words = [_ribbon_word(a, name, timeline.baseline) for a in rows]
    edges = [spans[a.time_point] for a in rows]
    bars = {
        "name": name,
        "x": [left.isoformat() for left, _ in edges],
        "width": [(right - left).total_seconds() * 1000 for left, right in edges],
        "offset": 0,
        "y": [0.9] * len(rows),
        "base": [row + 0.05] * len(rows),
        "yaxis": "y4",
        "text": [f"<b>{w}</b>" if name == "overall" else w for w in words],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "constraintext": "none",
        "textfont": {"size": 11, "color": [category_ink(_as_category(word)) for word in words]},
        "hovertext": [_hover(a, name, w) for a, w in zip(rows, words, strict=True)],
        "customdata": [a.time_point for a in rows],
    }
    hatched = [
        name == "overall" and a.status is Status.PROVISIONAL and bool(a.overall_response)
        for a in rows
    ]
    return hatched_bars(bars, [_ribbon_colour(word) for word in words], hatched)


def _hover(row: Assessment, name: str, word: str) -> str:
    where = f"{plain(row.time_point)} {row.date}"
    return f"{where}<br>{name}: {word or 'nothing said'}<br>{row.status.value}"


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
