"""Which slice to draw, and how: what an address of a picture asks, checked, and its drawing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.data import Data
from dashboard.fusion import (
    Overlay,
    choose_opacity,
    choose_top,
    draw_fused,
    draw_uptake,
    resample_slice,
)
from dashboard.pet import is_pet, is_suv, share_frame
from dashboard.slices import PRESETS, draw_png, find_plane, take_slice
from response.model import Scan

DRAWING = 2
"""Raise it when slices are drawn otherwise, so that browsers fetch them anew."""

CT, PET, FUSED, ALL = "ct", "pet", "fused", "all"
"""What pages show: the CT or MR scan, the PET scan on its slices, both in one, or all three."""

OVER_VIEWS = (PET, FUSED)


@dataclass(frozen=True, slots=True)
class Picture:
    """One slice as it is to be drawn; ``over`` is the PET scan drawn over or instead of it."""

    scan: Scan
    axis: int
    index: int
    window: str
    over: Scan | None = None
    view: str = ""
    top: int = 0
    opacity: int = 0

    @property
    def tag(self) -> str:
        """What names the drawing: it changes only with an image or the way of drawing."""
        scans = [(s.image_digest, s.modality, is_suv(s)) for s in (self.scan, self.over) if s]
        parts = (
            scans, self.axis, self.index, self.window, self.view, self.top, self.opacity, DRAWING,
        )  # fmt: skip
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def read_picture(
    data: Data, key: str, token: str, axis: int, index: int, query: Mapping[str, str]
) -> Picture | None:
    """Return the picture that an address asks for; None where there is no such."""
    window = query.get("window", "auto")
    scan = data.find_scan(key, token)
    if scan is None or axis > 2 or (window not in PRESETS and window != "auto"):
        return None
    top, opacity = choose_top(query.get("suv", "")), choose_opacity(query.get("opacity", ""))
    view = query.get("view", "")
    if view not in OVER_VIEWS:
        return Picture(scan, axis, index, window, top=top if is_pet(scan) else 0)
    over = data.find_scan(key, query.get("over", ""))
    if over is None or not is_pet(over) or over.time_point != scan.time_point:
        return None
    if not share_frame(scan, over):
        return None
    return Picture(scan, axis, index, window, over, view, top, opacity if view == FUSED else 0)


class Artist:
    """Draws pictures.

    Parameters
    ----------
    data
        Where volumes are read.
    """

    def __init__(self, data: Data) -> None:
        self._data = data

    def draw(self, picture: Picture) -> bytes | None:
        """Return a picture as PNG, or None where the scan has no such slice."""
        grid = self._data.read_grid(picture.scan)
        plane = find_plane(grid, picture.axis)
        if picture.index >= plane.count:
            return None
        if picture.over is None or picture.view == FUSED:
            array, _ = self._data.read_volume(picture.scan)
            flat = take_slice(array, plane, picture.index)
        if picture.over is None:
            return draw_png(flat, self._data.find_window(picture.scan, picture.window, picture.top))
        uptake = resample_slice(*self._data.read_volume(picture.over), plane, picture.index)
        window = self._data.find_window(picture.over, "auto", picture.top)
        if picture.view == PET:
            return draw_uptake(uptake, window)
        overlay = Overlay(window, fused=True, opacity=picture.opacity)
        return draw_fused(
            flat, self._data.find_window(picture.scan, picture.window, 0), uptake, overlay
        )
