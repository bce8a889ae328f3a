"""The cohort at a glance: best change of every subject, and every subject's way through time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.style import Figure, axis, base_layout, hatched_bars, plain
from dashboard.palette import MUTED, PARTIAL, PROGRESSION, category_colour, line_colour


@dataclass(frozen=True, slots=True)
class ChangeCurve:
    """One subject's changes from baseline: ``points`` are (days since baseline, percent)."""

    name: str
    href: str
    best_pct: float | None
    category: str
    provisional: bool
    points: tuple[tuple[int, float], ...]


def days_since(day: dt.date, baseline: dt.date) -> int:
    """Return the date difference in days."""
    return (day - baseline).days


def figure_waterfall(curves: Sequence[ChangeCurve], *, limits: bool = True) -> Figure:
    """Return the best change from baseline of each subject, largest growth first.

    ``limits`` draws −30 % and +20 %, for the criteria that they are limits of.
    """
    known = sorted(
        (c for c in curves if c.best_pct is not None), key=lambda c: (-(c.best_pct or 0), c.name)
    )
    bars = {
        "x": list(range(len(known))),
        "y": [c.best_pct for c in known],
        "text": [c.category if len(known) <= 30 else "" for c in known],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [_bar_words(c) for c in known],
        "customdata": [c.href for c in known],
    }
    data = hatched_bars(
        bars, [category_colour(c.category) for c in known], [c.provisional for c in known]
    )
    layout = base_layout(
        270,
        xaxis=axis(
            f"Subjects ({len(known)})",
            tickvals=list(range(len(known))) if len(known) <= 12 else [],
            ticktext=[plain(c.name) for c in known],
            tickangle=-30,
        )
        | {"showgrid": False, "automargin": True},
        yaxis=axis("Best change (%)", range=_reach(c.best_pct for c in known)),
        shapes=_levels(limits),
        bargap=0.25,
        barmode="overlay",
    )
    return {"data": data, "layout": layout}


def _bar_words(curve: ChangeCurve) -> str:
    status = " (provisional)" if curve.provisional else ""
    return (
        f"<b>{plain(curve.name)}</b><br>best change {curve.best_pct:+.1f} %<br>"
        f"best overall response {plain(curve.category) or 'none'}{status}"
    )


def figure_spider(curves: Sequence[ChangeCurve], *, limits: bool = True) -> Figure:
    """Return every subject's change from baseline over the days since; ``limits`` as above."""
    data = [
        {
            "x": [days for days, _ in c.points],
            "y": [pct for _, pct in c.points],
            "mode": "lines+markers",
            "line": {"color": line_colour(c.category), "width": 1.8},
            "marker": {
                "size": 6,
                "symbol": "circle-open" if c.provisional else "circle",
            },
            "hovertext": [
                f"<b>{plain(c.name)}</b><br>day {days}: {pct:+.1f} %" for days, pct in c.points
            ],
            "hoverinfo": "text",
            "customdata": [c.href] * len(c.points),
        }
        for c in curves
        if c.points
    ]
    values = [pct for c in curves for _, pct in c.points]
    layout = base_layout(
        270,
        xaxis=axis("Time since baseline (days)", rangemode="tozero"),
        yaxis=axis("Change from baseline (%)", range=_reach(values)),
        shapes=_levels(limits),
    )
    return {"data": data, "layout": layout}


def _reach(values: Any) -> list[float]:
    """Return an axis range that always holds −30 % and +20 % and leaves room for labels."""
    known = [v for v in values if v is not None]
    return [min([*known, -40.0]) * 1.15, max([*known, 30.0]) * 1.15]


def _levels(limits: bool) -> list[dict[str, Any]]:
    levels = [(0, MUTED, "solid"), (-30, PARTIAL, "dash"), (20, PROGRESSION, "dash")]
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": level,
            "y1": level,
            "line": {"color": colour, "width": 1.2, "dash": dash},
        }
        for level, colour, dash in levels[: None if limits else 1]
    ]
