"""What lies under the pointer: the values of a scan, and of PET over it, with their units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import ndimage

from dashboard.data import Data
from dashboard.pet import is_pet, share_frame, unit_words
from dashboard.slices import find_plane
from response.geometry import Grid
from response.model import Point, Scan


def read_values(
    data: Data, key: str, token: str, axis: int, index: int, query: Mapping[str, str]
) -> str | None:
    """Return the values at a place of a slice in words; None where the address is of nothing.

    ``x`` and ``y`` of the query are millimetres on the screen (see :mod:`dashboard.slices`);
    ``over`` names the PET scan drawn over the slice. The scan's own value is that of the voxel
    there; PET over another scan is linear between its voxels, as it is drawn.
    """
    scan, over = data.find_scan(key, token), data.find_scan(key, query.get("over", ""))
    x, y = _millimetres(query.get("x", "")), _millimetres(query.get("y", ""))
    if scan is None or axis > 2 or x is None or y is None:
        return None
    array, grid = data.read_volume(scan)
    plane = find_plane(grid, axis)
    if index >= plane.count:
        return None
    at = plane.from_screen(x, y, index)
    words = [_say(_nearest(array, at), scan)]
    paired = over is not None and is_pet(over) and over.time_point == scan.time_point
    if over is not None and paired and share_frame(scan, over):
        place: Point = tuple(grid.to_points([at])[0].tolist())
        words.append(_say(_between(*data.read_volume(over), place), over))
    return " · ".join(word for word in words if word)


def _millimetres(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e5 else None


def _say(value: float | None, scan: Scan) -> str:
    """Return a value with its unit; nothing outside the scan."""
    if value is None or math.isnan(value):
        return "PET does not reach here" if is_pet(scan) else ""
    if scan.modality == "CT":
        return f"{value:.0f} HU".replace("-", "−")
    if is_pet(scan):
        unit = unit_words(scan)
        return f"SUV {value:.2f}" if unit.startswith("SUV") else f"PET {value:.4g} {unit}"
    return f"{scan.modality} {value:.4g}"


def _nearest(array_kji: Any, at: tuple[float, float, float]) -> float | None:
    i, j, k = (round(v) for v in at)
    if not all(0 <= n < size for n, size in zip((k, j, i), array_kji.shape, strict=True)):
        return None
    return float(array_kji[k, j, i])


def _between(array_kji: Any, grid: Grid, place: Point) -> float | None:
    where = grid.to_indices([place])[0]
    top = np.array(grid.size, dtype=np.float64) - 1
    if np.any((where < -0.5) | (where > top + 0.5)):
        return None
    inside = np.clip(where, 0, top)[::-1, None]
    return float(
        ndimage.map_coordinates(array_kji, inside, output=np.float64, order=1, prefilter=False)[0]
    )
