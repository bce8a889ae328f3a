"""From a volume and a mask to what is drawn of one slice. Pure: arrays in, arrays and bytes out.

Display coordinates are millimetres: ``x`` grows to the right of the screen, ``y`` downwards, and
the centre of the first pixel is at half a pixel. Orientation is radiological: in axial and coronal
slices the patient's right is on the left of the screen; head up; in sagittal slices the front is
on the left.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from response.geometry import Grid

LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
"""What a positive and a negative step along x, y, z of LPS leads towards (head: S)."""

SCREEN = {
    2: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    1: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    0: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
"""Normal nearest to LPS axis → where right and down of the screen point, in LPS."""

OBLIQUE_SHARE = 0.35
"""Share of a direction from which a second letter is written at the edge of an image."""


@dataclass(frozen=True, slots=True)
class Window:
    """A grey-level window in the image's own unit; ``inverted`` shows high values dark."""

    low: float
    high: float
    inverted: bool = False


PRESETS: dict[str, Window] = {
    "soft": Window(-160, 240),
    "lung": Window(-1350, 150),
    "bone": Window(-500, 1300),
    "liver": Window(-45, 105),
    "brain": Window(0, 80),
}
"""CT windows, HU."""

PRESET_WORDS = {
    "soft": "soft tissue",
    "lung": "lung",
    "bone": "bone",
    "liver": "liver",
    "brain": "brain",
    "auto": "auto",
}


@dataclass(frozen=True, slots=True)
class Plane:
    """How slices along one image axis lie on the screen.

    Attributes
    ----------
    grid
        The grid of the volume.
    axis
        Image axis (0 i, 1 j, 2 k) the slices are stacked along.
    columns, rows
        Image axes that run along the screen's x and y.
    flip_x, flip_y
        Whether the image axis runs against the screen's.
    """

    grid: Grid
    axis: int
    columns: int
    rows: int
    flip_x: bool
    flip_y: bool

    @property
    def count(self) -> int:
        """How many slices there are."""
        return self.grid.size[self.axis]

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of a slice, millimetres."""
        grid = self.grid
        return (
            grid.size[self.columns] * grid.spacing[self.columns],
            grid.size[self.rows] * grid.spacing[self.rows],
        )

    def to_screen(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Map physical points (n, 3), LPS mm, to (x, y) on the screen and the slice index, (n, 3).

        The third column is the fractional index along the slice axis.
        """
        return self.indices_to_screen(self.grid.to_indices(points))

    def indices_to_screen(self, indices: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map fractional indices (n, 3) i, j, k to the screen as :meth:`to_screen` does."""
        return np.column_stack(
            [
                _along(self.grid, indices[:, self.columns], self.columns, self.flip_x),
                _along(self.grid, indices[:, self.rows], self.rows, self.flip_y),
                indices[:, self.axis],
            ]
        )

    def from_screen(self, x: float, y: float, index: float) -> tuple[float, float, float]:
        """Return the fractional image index (i, j, k) of a place on the screen, in mm, of a slice.

        Examples
        --------
        >>> grid = Grid((0, 0, 0), (2, 1, 1), (-1, 0, 0, 0, 1, 0, 0, 0, 1), (4, 4, 4))
        >>> find_plane(grid, 2).from_screen(1.0, 0.5, 3)
        (3.0, 0.0, 3)
        """
        at = [index, index, index]
        for axis, mm, flip in ((self.columns, x, self.flip_x), (self.rows, y, self.flip_y)):
            seen = mm / self.grid.spacing[axis] - 0.5
            at[axis] = self.grid.size[axis] - 1 - seen if flip else seen
        return at[0], at[1], at[2]

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """What lies to the left, right, top and bottom of the screen: R, L, A, P, S, I."""
        direction = np.array(self.grid.direction, dtype=np.float64).reshape(3, 3)
        right = direction[:, self.columns] * (-1 if self.flip_x else 1)
        down = direction[:, self.rows] * (-1 if self.flip_y else 1)
        return _letters(-right), _letters(right), _letters(-down), _letters(down)


def find_plane(grid: Grid, axis: int) -> Plane:
    """Lay the slices along an image axis on the screen, oblique and flipped volumes included.

    Examples
    --------
    >>> flipped = Grid((0, 0, 0), (1, 1, 1), (-1, 0, 0, 0, -1, 0, 0, 0, 1), (4, 4, 4))
    >>> plane = find_plane(flipped, 2)
    >>> plane.flip_x, plane.flip_y, plane.letters
    (True, True, ('R', 'L', 'A', 'P'))
    """
    direction = np.array(grid.direction, dtype=np.float64).reshape(3, 3)
    right, down = (np.array(v) for v in SCREEN[int(np.argmax(np.abs(direction[:, axis])))])
    first, second = (a for a in range(3) if a != axis)
    straight = abs(direction[:, first] @ right) + abs(direction[:, second] @ down)
    turned = abs(direction[:, second] @ right) + abs(direction[:, first] @ down)
    columns, rows = (first, second) if straight >= turned else (second, first)
    return Plane(
        grid,
        axis,
        columns,
        rows,
        flip_x=bool(direction[:, columns] @ right < 0),
        flip_y=bool(direction[:, rows] @ down < 0),
    )


def take_slice(array_kji: npt.NDArray[Any], plane: Plane, index: int) -> npt.NDArray[Any]:
    """Return one slice as it lies on the screen, (rows, columns); a view where possible.

    Parameters
    ----------
    array_kji
        The volume, axes k, j, i.
    plane
        From :func:`find_plane` of the volume's grid.
    index
        Slice number along the plane's axis.
    """
    flat = np.take(array_kji, index, axis=2 - plane.axis)
    # Of the two axes left, the array has the higher image axis first.
    if plane.rows < plane.columns:
        flat = flat.T
    if plane.flip_y:
        flat = flat[::-1]
    return np.asarray(flat[:, ::-1] if plane.flip_x else flat)


def auto_window(array_kji: npt.NDArray[Any], modality: str) -> Window:
    """Return a window from the volume's own values: 1st to 99th percentile; PET dark on white.

    PET runs from 0 to at least 5, so that background does not look like uptake.
    """
    step = max(1, round((array_kji.size / 500_000) ** (1 / 3)))
    sample = array_kji[::step, ::step, ::step]
    low, high = (float(v) for v in np.percentile(sample, (1, 99.5)))
    if modality == "PT":
        return Window(0.0, max(high, 5.0), inverted=True)
    return Window(low, high if high > low else low + 1.0)


def draw_png(flat: npt.NDArray[Any], window: Window) -> bytes:
    """Return an 8-bit grey PNG of a slice, one pixel per voxel; not-a-number is drawn black."""
    span = max(window.high - window.low, 1e-9)
    grey = (np.nan_to_num(flat.astype(np.float32), nan=window.low) - window.low) * (255.0 / span)
    pixels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    if window.inverted:
        pixels = 255 - pixels
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _along(
    grid: Grid, index: npt.NDArray[np.float64], axis: int, flip: bool
) -> npt.NDArray[np.float64]:
    seen = grid.size[axis] - 1 - index if flip else index
    return np.asarray((seen + 0.5) * grid.spacing[axis], dtype=np.float64)


def _letters(towards: npt.NDArray[np.float64]) -> str:
    order = np.argsort(-np.abs(towards))
    kept = [order[0], *(a for a in order[1:] if abs(towards[a]) > OBLIQUE_SHARE)]
    return "".join(LETTERS[a][0 if towards[a] > 0 else 1] for a in kept)
