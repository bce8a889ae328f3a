"""A PET scan on the slices of a CT or MR scan, for looking only: nothing is measured on it. Pure.

Uptake is drawn dark on white, or in colour over the other scan. The colours are those of
*inferno*: their lightness rises evenly, so they are read alike with and without colour vision.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from plotly.colors import sequential
from scipy import ndimage

from dashboard.slices import Plane, Window, draw_png
from response.geometry import Grid

SUV_TOPS = (3, 5, 7, 10, 15, 25)
"""Where windows of uptake may end, SUV; they begin at 0."""

USUAL_TOP = 7
OPACITIES = (25, 50, 75, 100)
"""How much of the colour of high uptake may cover the scan below, per cent."""

USUAL_OPACITY = 75
FADE = (0.12, 0.45)
"""Shares of the window between which colour fades in: background leaves the scan below clear."""

STRIPE_PX = 6
OUTSIDE = (np.array((96, 112, 128), np.uint8), np.array((128, 144, 160), np.uint8))
"""Colours of the stripes where the PET scan does not reach: neither uptake nor none of it."""

BAR_PX = 128


@dataclass(frozen=True, slots=True)
class Overlay:
    """How uptake is drawn: ``window`` in the PET scan's unit; ``opacity`` in per cent.

    ``fused`` lays it in colour over the other scan, otherwise it stands alone, dark on white.
    """

    window: Window
    fused: bool
    opacity: int = USUAL_OPACITY


def resample_slice(
    array_kji: npt.NDArray[Any], grid: Grid, plane: Plane, index: int
) -> npt.NDArray[np.float32]:
    """Return a volume's values on a slice of another grid, as that slice lies on the screen.

    Parameters
    ----------
    array_kji
        The volume to read, axes k, j, i.
    grid
        Its grid; it may lie in any way to that of the slice.
    plane
        How slices of the other grid lie on the screen.
    index
        Which of them.

    Returns
    -------
    numpy.ndarray
        Axes (rows, columns), linear between voxel centres, not-a-number outside the volume.
    """
    origin, down, right = _screen_steps(grid, plane, index)
    rows, columns = plane.grid.size[plane.rows], plane.grid.size[plane.columns]
    where = (
        origin[:, None, None]
        + down[:, None, None] * np.arange(rows)[:, None]
        + right[:, None, None] * np.arange(columns)
    )
    top = np.array(grid.size, dtype=np.float64)[:, None, None]
    outside = np.any((where < -0.5 - 1e-6) | (where > top - 0.5 + 1e-6), axis=0)
    inside = np.clip(where, 0.0, top - 1)
    values = ndimage.map_coordinates(
        array_kji, inside[::-1], output=np.float32, order=1, prefilter=False
    )
    values[outside] = np.nan
    return np.asarray(values, dtype=np.float32)


def _screen_steps(
    grid: Grid, plane: Plane, index: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return, in indices of ``grid``, the screen's first pixel and the steps down and right."""
    first = np.zeros(3)
    first[plane.axis] = index
    first[plane.rows] = plane.grid.size[plane.rows] - 1 if plane.flip_y else 0
    first[plane.columns] = plane.grid.size[plane.columns] - 1 if plane.flip_x else 0
    below, beside = first.copy(), first.copy()
    below[plane.rows] += -1 if plane.flip_y else 1
    beside[plane.columns] += -1 if plane.flip_x else 1
    origin, low, far = grid.to_indices(plane.grid.to_points([first, below, beside]))
    return origin, low - origin, far - origin


def draw_uptake(uptake: npt.NDArray[np.float32], window: Window) -> bytes:
    """Return a PNG of uptake, dark on white; striped where the PET scan does not reach."""
    outside = np.isnan(uptake)
    if not outside.any():
        return draw_png(uptake, window)
    grey = _grey(uptake, window)
    return _encode(_stripe(np.repeat(grey[:, :, None], 3, axis=2), outside))


def draw_fused(
    below: npt.NDArray[Any], window: Window, uptake: npt.NDArray[np.float32], overlay: Overlay
) -> bytes:
    """Return a PNG of uptake in colour over a slice of another scan.

    Examples
    --------
    >>> overlay = Overlay(Window(0, 7), fused=True, opacity=100)
    >>> drawn = draw_fused(np.zeros((1, 2)), Window(0, 1), np.zeros((1, 2), np.float32), overlay)
    >>> np.asarray(Image.open(io.BytesIO(drawn))).tolist()
    [[[0, 0, 0], [0, 0, 0]]]
    """
    share = _share(uptake, overlay.window)
    cover = np.clip((share - FADE[0]) / (FADE[1] - FADE[0]), 0.0, 1.0)[:, :, None]
    cover *= overlay.opacity / 100
    grey = _grey(below, window).astype(np.float32)[:, :, None]
    colours = _colour_table()[np.rint(share * 255).astype(np.uint8)]
    blended = np.rint(grey * (1 - cover) + colours * cover).astype(np.uint8)
    return _encode(blended)


def draw_bar(overlay: Overlay) -> str:
    """Return the scale of an overlay's colours, high values on top, as a ``data:`` address."""
    share = np.linspace(1.0, 0.0, BAR_PX, dtype=np.float32)[:, None]
    if overlay.fused:
        pixels = _colour_table()[np.rint(share * 255).astype(np.uint8)].astype(np.uint8)
        drawn = _encode(pixels)
    else:
        drawn = draw_png(share, Window(0, 1, overlay.window.inverted))
    return f"data:image/png;base64,{base64.b64encode(drawn).decode()}"


def choose_top(wanted: str) -> int:
    """Return the SUV that a window of uptake ends at, as an address asks, else the usual.

    Examples
    --------
    >>> choose_top("10"), choose_top("11"), choose_top("")
    (10, 7, 7)
    """
    return next((top for top in SUV_TOPS if str(top) == wanted), USUAL_TOP)


def choose_opacity(wanted: str) -> int:
    """Return the opacity in per cent, as an address asks, else the usual."""
    return next((one for one in OPACITIES if str(one) == wanted), USUAL_OPACITY)


def _share(values: npt.NDArray[Any], window: Window) -> npt.NDArray[np.float32]:
    span = max(window.high - window.low, 1e-9)
    known = np.nan_to_num(values.astype(np.float32), nan=window.low)
    return np.clip((known - window.low) / span, 0.0, 1.0).astype(np.float32)


def _grey(values: npt.NDArray[Any], window: Window) -> npt.NDArray[np.uint8]:
    grey = np.rint(_share(values, window) * 255).astype(np.uint8)
    return np.asarray(255 - grey if window.inverted else grey, dtype=np.uint8)


def _stripe(pixels: npt.NDArray[np.uint8], outside: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    rows, columns = np.nonzero(outside)
    dark = ((rows + columns) // STRIPE_PX) % 2 == 0
    pixels[rows[dark], columns[dark]] = OUTSIDE[0]
    pixels[rows[~dark], columns[~dark]] = OUTSIDE[1]
    return pixels


def _colour_table() -> npt.NDArray[np.float32]:
    """Return 256 colours (red, green, blue) from none to full uptake."""
    stops = np.array(
        [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in sequential.Inferno]
    )
    places = np.linspace(0, len(stops) - 1, 256)
    return np.column_stack(
        [np.interp(places, np.arange(len(stops)), stops[:, c]) for c in range(3)]
    ).astype(np.float32)


def _encode(pixels: npt.NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=1)
    return out.getvalue()
