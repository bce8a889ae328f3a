"""One slice of one time point, with the lesion's outline and diameters drawn over it in mm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.figures.style import Figure, base_layout, plain
from dashboard.palette import CONTOUR, EXPECTED, LONGEST, SHORT, UPTAKE_CONTOUR

Line = Sequence[tuple[float, float]]
"""Points (x, y) in display millimetres (see :mod:`dashboard.slices`)."""

INDEX_MARK = "INDEX"
"""Stands for the slice number in ``SliceView.href``."""

SHADE = "rgba(0,0,0,0.6)"
"""Behind words on a picture, so that they are legible on bone."""

CLEAR = "rgba(0,0,0,0)"
"""Behind the picture stands, until it is there, that it is being loaded: black is not air."""

HALO = "rgba(0,0,0,0.75)"
"""Around outlines, so that they are seen on white."""

EXPECTED_RADIUS_MM = 12.0
SCALE_BOX = (0.945, 0.975, 0.06, 0.38)
"""Where the scale of uptake stands, in shares of the picture: left, right, bottom, top."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the colours of uptake mean: ``source`` is the bar, high on top, as an address."""

    source: str
    low: str
    high: str
    unit: str


@dataclass(frozen=True, slots=True)
class SliceView:
    """A slice of a lesion as it is drawn; millimetres on the screen.

    Attributes
    ----------
    href
        Address of the slice's PNG, the slice number written as ``INDEX_MARK``.
    index, count
        The slice shown first, and how many there are.
    size_mm
        Width and height of a slice.
    centre, half_width_mm
        What part is shown: a square around ``centre``.
    letters
        What lies left, right, top and bottom of the screen.
    outlines, uptake_outlines
        Slice number → outlines of the lesion there, as marked on CT or MR, and on PET.
    longest, short
        End points of the diameters, drawn only in slice ``measured_index``.
    expected
        Where the lesion was expected, if it has no mark here; in slice ``expected_index``.
    longest_words, short_words
        The diameters in words, with their unit.
    scale
        What the colours mean, where uptake is drawn.
    caption
        What the picture is of, written in its corner where not empty.
    """

    href: str
    index: int
    count: int
    size_mm: tuple[float, float]
    centre: tuple[float, float]
    half_width_mm: float
    letters: tuple[str, str, str, str]
    outlines: Mapping[int, Sequence[Line]]
    measured_index: int | None = None
    longest: Line = ()
    short: Line = ()
    expected: tuple[float, float] | None = None
    expected_index: int | None = None
    longest_words: str = ""
    short_words: str = ""
    uptake_outlines: Mapping[int, Sequence[Line]] = field(default_factory=dict)
    scale: Scale | None = None
    caption: str = ""


def figure_pane(view: SliceView) -> Figure:
    """Return the figure of one slice; scrolling replaces the image's source and the outline."""
    data = [*_halos(view), *_outline_lines(view), *_diameters(view)]
    layout = base_layout(None, xaxis=_axis(view, 0), yaxis=_axis(view, 1))
    layout |= {
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "images": [_image(view), *_scale_image(view.scale)],
        "shapes": [*_scale_bar(view), *_expected(view)],
        "annotations": [
            *_letter_marks(view),
            _scale_words(view),
            *_uptake_words(view),
            *_caption(view),
        ],
        "dragmode": False,
    }
    return {"data": data, "layout": layout}


def _outline_lines(view: SliceView) -> list[dict[str, Any]]:
    """Return the outlines in the slice shown; those of PET marks are dashed, where there are any.

    ``meta`` names the part, for the script that scrolls.
    """
    lines = [
        _line(join_lines(view.outlines.get(view.index, ())), CONTOUR, "outline of the lesion")
        | {"meta": "outline"}
    ]
    if view.uptake_outlines:
        beside = join_lines(view.uptake_outlines.get(view.index, ()))
        words = "outline of the lesion on PET"
        lines.append(_line(beside, UPTAKE_CONTOUR, words, dash="dash") | {"meta": "uptake"})
    return lines


def _halos(view: SliceView) -> list[dict[str, Any]]:
    if view.scale is None:
        return []
    return [
        line | {"line": {"color": HALO, "width": 4}, "hoverinfo": "skip", "hovertemplate": None}
        for line in _outline_lines(view)
    ]


def _diameters(view: SliceView) -> list[dict[str, Any]]:
    lines = (
        _line(_xy(view.longest), LONGEST, view.longest_words, ends=True),
        _line(_xy(view.short), SHORT, view.short_words, ends=True, dash="dot"),
    )
    shown = view.index == view.measured_index
    return [line | {"meta": "diameter", "visible": shown} for line in lines]


def join_lines(lines: Sequence[Line]) -> tuple[list[float | None], list[float | None]]:
    """Return several lines as one x and one y list with gaps between them.

    Examples
    --------
    >>> join_lines([[(0, 1), (2, 3)], [(4, 5)]])
    ([0, 2, None, 4, None], [1, 3, None, 5, None])
    """
    x: list[float | None] = []
    y: list[float | None] = []
    for line in lines:
        x += [*(p[0] for p in line), None]
        y += [*(p[1] for p in line), None]
    return x, y


def scale_bar_mm(half_width_mm: float) -> int:
    """Return a round length for the scale bar, between a tenth and a half of the view.

    Examples
    --------
    >>> scale_bar_mm(40), scale_bar_mm(90), scale_bar_mm(220)
    (20, 50, 100)
    """
    fitting = [length for length in (5, 10, 20, 50, 100) if length <= half_width_mm * 0.6]
    return fitting[-1] if fitting else 5


def _xy(line: Line) -> tuple[list[float | None], list[float | None]]:
    return [p[0] for p in line], [p[1] for p in line]


def _line(
    xy: tuple[list[float | None], list[float | None]],
    colour: str,
    words: str,
    *,
    ends: bool = False,
    dash: str = "solid",
) -> dict[str, Any]:
    return {
        "x": xy[0],
        "y": xy[1],
        "mode": "lines+markers" if ends else "lines",
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 5},
        "connectgaps": False,
        "hovertemplate": f"{plain(words)}<extra></extra>",
    }


def _axis(view: SliceView, side: int) -> dict[str, Any]:
    low, high = view.centre[side] - view.half_width_mm, view.centre[side] + view.half_width_mm
    return {
        "range": [high, low] if side else [low, high],
        "visible": False,
        "fixedrange": True,
        **({"scaleanchor": "x", "scaleratio": 1} if side else {}),
        "constrain": "domain",
    }


def _image(view: SliceView) -> dict[str, Any]:
    return {
        "source": view.href.replace(INDEX_MARK, str(view.index)),
        "xref": "x",
        "yref": "y",
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "sizex": view.size_mm[0],
        "sizey": view.size_mm[1],
        "sizing": "stretch",
        "layer": "below",
    }


def _scale_image(scale: Scale | None) -> list[dict[str, Any]]:
    if scale is None:
        return []
    left, right, bottom, top = SCALE_BOX
    return [
        {
            "source": scale.source,
            "xref": "x domain",
            "yref": "y domain",
            "x": left,
            "y": top,
            "sizex": right - left,
            "sizey": top - bottom,
            "xanchor": "left",
            "yanchor": "top",
            "sizing": "stretch",
            "layer": "above",
        }
    ]


def _uptake_words(view: SliceView) -> list[dict[str, Any]]:
    """Return the ends of the scale of uptake, and its unit above it."""
    if view.scale is None:
        return []
    left, right, bottom, top = SCALE_BOX
    places = (
        (view.scale.high, left - 0.01, top, "right", "top"),
        (view.scale.low, left - 0.01, bottom, "right", "bottom"),
        (plain(view.scale.unit), right, top + 0.015, "right", "bottom"),
    )
    return [_words(text, x, y, xanchor, yanchor) for text, x, y, xanchor, yanchor in places]


def _caption(view: SliceView) -> list[dict[str, Any]]:
    if not view.caption:
        return []
    return [_words(f"<b>{plain(view.caption)}</b>", 0.015, 0.985, "left", "top", size=13)]


def _words(
    text: str, x: float, y: float, xanchor: str, yanchor: str, *, size: int = 11
) -> dict[str, Any]:
    """Return words at a place in shares of the picture."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "x domain",
        "yref": "y domain",
        "xanchor": xanchor,
        "yanchor": yanchor,
        "showarrow": False,
        "font": {"size": size, "color": "#fff"},
        "bgcolor": SHADE,
    }


def _bar_ends(view: SliceView) -> tuple[float, float, float]:
    left = view.centre[0] - 0.92 * view.half_width_mm
    return left, left + scale_bar_mm(view.half_width_mm), view.centre[1] + 0.90 * view.half_width_mm


def _scale_bar(view: SliceView) -> list[dict[str, Any]]:
    left, right, y = _bar_ends(view)
    tick = 0.02 * view.half_width_mm
    ways = ({"color": HALO, "width": 5}, {"color": "#fff", "width": 2})
    return [
        {"type": "line", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": way}
        for way in ways
        for x0, x1, y0, y1 in (
            (left, right, y, y),
            (left, left, y - tick, y + tick),
            (right, right, y - tick, y + tick),
        )
    ]


def _scale_words(view: SliceView) -> dict[str, Any]:
    left, _, y = _bar_ends(view)
    return {
        "text": f"{scale_bar_mm(view.half_width_mm)} mm",
        "x": left,
        "y": y,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 2,
        "showarrow": False,
        "font": {"size": 11, "color": "#fff"},
        "bgcolor": SHADE,
    }


def _letter_marks(view: SliceView) -> list[dict[str, Any]]:
    places = (
        (0.015, 0.5, "left"),
        (0.985, 0.5, "right"),
        (0.5, 0.985, "top"),
        (0.5, 0.015, "bottom"),
    )
    return [
        {
            "text": f"<b>{letter}</b>",
            "x": x,
            "y": y,
            "xref": "x domain",
            "yref": "y domain",
            "xanchor": side if side in ("left", "right") else "center",
            "yanchor": side if side in ("top", "bottom") else "middle",
            "showarrow": False,
            "font": {"size": 13, "color": "#fff"},
            "bgcolor": SHADE,
        }
        for letter, (x, y, side) in zip(view.letters, places, strict=True)
    ]  # fmt: skip


def _expected(view: SliceView) -> list[dict[str, Any]]:
    if view.expected is None:
        return []
    x, y = view.expected
    radius = EXPECTED_RADIUS_MM
    return [
        {
            "type": "circle",
            "x0": x - radius,
            "x1": x + radius,
            "y0": y - radius,
            "y1": y + radius,
            "line": {"color": EXPECTED, "width": 2, "dash": "dash"},
            "visible": view.index == view.expected_index,
        }
    ]
