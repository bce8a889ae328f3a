"""The look that all figures share."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from dashboard.palette import INK, MUTED, PAPER, RULE

Figure = dict[str, Any]
"""A Plotly figure: ``{"data": [...], "layout": {...}}``."""

FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


def base_layout(height: int | None, **more: Any) -> dict[str, Any]:
    """Return the layout figures start with; without a height in pixels they fill their place."""
    return {
        **({"height": height} if height else {"autosize": True}),
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 64, "r": 16, "t": 8, "b": 44},
        "hoverlabel": {"bgcolor": PAPER, "font": {"family": FONT, "size": 12, "color": INK}},
        "hovermode": "closest",
        "showlegend": False,
        **more,
    }


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title (which holds the unit) and quiet lines."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": MUTED}, "standoff": 6},
        "gridcolor": "#edf0f2",
        "linecolor": RULE,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 3,
        "tickcolor": RULE,
        "tickfont": {"size": 11, "color": MUTED},
        **more,
    }


def plain(text: str) -> str:
    """Return text from outside with the marks that Plotly would read as formatting made harmless.

    Examples
    --------
    >>> plain("a <b> & c")
    'a &lt;b&gt; &amp; c'
    """
    return escape(text, quote=False)


def hatched_bars(
    bars: dict[str, Any], colours: Sequence[str], hatched: Sequence[bool]
) -> list[dict[str, Any]]:
    """Return bars as two traces: their colours, and over them the hatching, words and hovers.

    Plotly ignores a pattern's own colours where bars have a colour each, hence two traces; the
    figure's ``barmode`` must be ``overlay``.
    """
    words = ("text", "textfont", "hovertext", "customdata", "name")
    ground = {key: value for key, value in bars.items() if key not in words} | {
        "type": "bar",
        "marker": {"color": list(colours), "line": {"color": PAPER, "width": 1.5}},
        "hoverinfo": "skip",
    }
    clear = "rgba(0,0,0,0)"
    pattern = {
        "shape": ["/" if here else "" for here in hatched],
        "fgcolor": "rgba(255,255,255,0.6)",
        "bgcolor": clear,
        "fillmode": "replace",
        "size": 7,
        "solidity": 0.16,
    }
    over = bars | {
        "type": "bar",
        "marker": {"color": clear, "line": {"width": 0}, "pattern": pattern},
        "hoverinfo": "text",
    }
    return [ground, over]
