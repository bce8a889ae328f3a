"""Parts that several figures need: bridges over gaps, labels at the edge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any


def bridge_gaps(points: Sequence[tuple[dt.date, float | None]]) -> dict[str, Any]:
    """Return x and y of the stretches over dates without a value, between those that have one."""
    known = [(n, day, y) for n, (day, y) in enumerate(points) if y is not None]
    x: list[str | None] = []
    y: list[float | None] = []
    for (n, day, value), (later, later_day, later_value) in pairwise(known):
        if later - n > 1:
            x += [day.isoformat(), later_day.isoformat(), None]
            y += [value, later_value, None]
    return {"x": x, "y": y}


def edge_labels(
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
