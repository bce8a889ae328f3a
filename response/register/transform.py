"""What a registration leaves behind: carries points, images and masks between two scans.

``T(x) = rigid(coarse(fine(x)))``: a point of the fixed scan goes through the fine displacement
field (the engine's), then the coarse one, then the rigid step. Both fields live in the working
frame (see :mod:`response.register.prepare`); points are LPS millimetres outside of this module.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from response.errors import InputError
from response.register.itk import Image, RigidTransform, sitk
from response.register.prepare import Array, WorkingGrid

TRANSFORM_FILE = "transform.json"
FIELD_FILES = ("fine.mha", "coarse.mha")
FORMAT = 1
BACK_ITERATIONS = 60
BACK_TOLERANCE_MM = 0.005
DAMPING_AFTER = 15
"""Iterations after which a point that has not settled moves half as far."""


@dataclass(frozen=True, slots=True)
class Field:
    """A displacement field in the working frame: ``values[c, k, j, i]`` in mm, c = x, y, z."""

    values: NDArray[np.float32]
    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]

    @classmethod
    def of(cls, image: Image) -> Field:
        """A vector image with identity direction."""
        values = np.moveaxis(sitk.GetArrayFromImage(image), -1, 0)
        return cls(
            np.ascontiguousarray(values, dtype=np.float32),
            image.GetOrigin(),
            image.GetSpacing(),
        )

    def to_image(self) -> Image:
        """The field as a vector image."""
        values = np.ascontiguousarray(np.moveaxis(self.values, 0, -1))
        image = sitk.GetImageFromArray(values, isVector=True)
        image.SetOrigin(self.origin)
        image.SetSpacing(self.spacing)
        return image

    def at(self, frame: Array) -> Array:
        """Displacement at ``(n, 3)`` places of the frame; beyond the grid, that of its edge."""
        index = ((frame - np.asarray(self.origin)) / np.asarray(self.spacing)).T[::-1]
        return np.stack(
            [
                ndimage.map_coordinates(part, index, order=1, mode="nearest", output=np.float64)
                for part in self.values
            ],
            axis=1,
        )


@dataclass(frozen=True, slots=True)
class Transform:
    """Carries points of the fixed scan into the moving one, and back.

    ``matrix`` (3 × 3) and ``offset`` are the rigid step: ``moving = matrix @ point + offset``, LPS
    mm. ``fields`` are applied before it, in order; empty for a rigid result.
    """

    grid: WorkingGrid
    matrix: Array
    offset: Array
    fields: tuple[Field, ...] = ()

    @classmethod
    def from_rigid(
        cls, grid: WorkingGrid, rigid: RigidTransform, fields: tuple[Field, ...] = ()
    ) -> Transform:
        """From SimpleITK's rigid transform (fixed points → moving points)."""
        matrix = np.asarray(rigid.GetMatrix()).reshape(3, 3)
        centre = np.asarray(rigid.GetCenter())
        offset = np.asarray(rigid.GetTranslation()) + centre - matrix @ centre
        return cls(grid, matrix, offset, fields)

    @classmethod
    def load(cls, folder: Path) -> Transform:
        """Read what :meth:`save` wrote.

        Raises
        ------
        InputError
            The folder holds no transform that this program can read.
        """
        try:
            stored = json.loads((folder / TRANSFORM_FILE).read_text(encoding="utf-8"))
            if stored["format"] != FORMAT:
                raise InputError(f"{folder.name}: a transform of format {stored['format']}")
            grid = WorkingGrid(
                tuple(stored["origin"]),
                tuple(stored["direction"]),
                stored["spacing_mm"],
                tuple(stored["size"]),
            )
            fields = tuple(Field.of(sitk.ReadImage(folder / name)) for name in stored["fields"])
            return cls(grid, np.array(stored["matrix"]), np.array(stored["offset"]), fields)
        except (OSError, RuntimeError, KeyError, TypeError, json.JSONDecodeError) as problem:
            raise InputError(f"{folder.name} holds no readable transform: {problem}") from problem

    def save(self, folder: Path) -> None:
        """Write the transform into an existing folder."""
        names = FIELD_FILES[: len(self.fields)]
        for name, field in zip(names, self.fields, strict=True):
            sitk.WriteImage(field.to_image(), folder / name, useCompression=True)
        stored = {
            "format": FORMAT,
            "origin": self.grid.origin,
            "direction": self.grid.direction,
            "spacing_mm": self.grid.spacing_mm,
            "size": self.grid.size,
            "matrix": self.matrix.tolist(),
            "offset": self.offset.tolist(),
            "fields": names,
        }
        text = json.dumps(stored, indent=1)
        (folder / TRANSFORM_FILE).write_text(text + "\n", encoding="utf-8")

    def map_points(self, points: ArrayLike) -> Array:
        """Points of the fixed scan → the same places in the moving scan; ``(n, 3)``, LPS mm.

        Beyond the working grid the displacement of its edge goes on.
        """
        frame = self.grid.to_frame(_as_points(points))
        for field in self.fields:
            frame = frame + field.at(frame)
        return np.asarray(self.grid.to_points(frame) @ self.matrix.T + self.offset)

    def map_points_back(self, points: ArrayLike) -> Array:
        """Points of the moving scan → the same places in the fixed scan; ``(n, 3)``, LPS mm.

        By fixed-point iteration: exact to 0.005 mm where the fields do not fold.
        """
        before = (_as_points(points) - self.offset) @ self.matrix
        frame = self.grid.to_frame(before)
        for field in reversed(self.fields):
            frame = _invert(field, frame)
        return self.grid.to_points(frame)

    def warp_image(
        self, moving: Image, fixed_grid_image: Image, *, outside: float | None = None
    ) -> Image:
        """The moving image seen on the fixed grid (linear).

        ``outside`` fills what the moving image does not show; its own minimum if not given.
        """
        if outside is None:
            outside = float(sitk.GetArrayViewFromImage(moving).min())
        return self._resample(moving, fixed_grid_image, sitk.sitkLinear, outside)

    def map_mask(self, mask: Image, reference: Image) -> Image:
        """Labels of the moving scan seen on the fixed grid (nearest neighbour; 0 outside).

        For looking and finding only: never measure on it.
        """
        return self._resample(mask, reference, sitk.sitkNearestNeighbor, 0.0)

    def _resample(self, image: Image, reference: Image, interpolator: int, outside: float) -> Image:
        displacement = sitk.DisplacementFieldTransform(self._displacement_over(reference))
        return sitk.Resample(
            image, reference, displacement, interpolator, outside, image.GetPixelID()
        )

    def _displacement_over(self, reference: Image) -> Image:
        """``T(x) − x`` on a grid of working spacing that covers the reference image."""
        spacing = [max(self.grid.spacing_mm, s) for s in reference.GetSpacing()]
        reach = [
            (n - 1) * s for n, s in zip(reference.GetSize(), reference.GetSpacing(), strict=True)
        ]
        size = [int(np.ceil(r / s)) + 2 for r, s in zip(reach, spacing, strict=True)]
        start = [-0.5 * ((n - 1) * s - r) for n, s, r in zip(size, spacing, reach, strict=True)]
        direction = np.asarray(reference.GetDirection()).reshape(3, 3)
        k, j, i = np.indices(size[::-1]).reshape(3, -1)
        frame = np.stack([i, j, k], axis=1) * spacing + start
        points = frame @ direction.T + np.asarray(reference.GetOrigin())
        values = (self.map_points(points) - points).reshape(*size[::-1], 3)
        image = sitk.GetImageFromArray(values, isVector=True)
        image.SetOrigin([float(v) for v in direction @ start + np.asarray(reference.GetOrigin())])
        image.SetSpacing(spacing)
        image.SetDirection(reference.GetDirection())
        return image


def _as_points(points: ArrayLike) -> Array:
    return np.asarray(points, dtype=np.float64).reshape(-1, 3)


def _invert(field: Field, target: Array) -> Array:
    """Places ``x`` with ``x + field(x) = target``."""
    x = target - field.at(target)
    for round_number in range(BACK_ITERATIONS):
        gap = target - x - field.at(x)
        if gap.size == 0 or float(np.abs(gap).max()) < BACK_TOLERANCE_MM:
            break
        x = x + (gap if round_number < DAMPING_AFTER else 0.5 * gap)
    return x
