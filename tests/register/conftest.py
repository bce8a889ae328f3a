"""A small body drawn from formulas, so that where everything went is known without registering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

Array = NDArray[np.float64]
Map = Callable[[Array], Array]
HALF_AXES = np.array([82.0, 60.0, 72.0])


def stay(points: Array) -> Array:
    return points


def _blend(below: Array, value: float, depth_mm: Array) -> Array:
    share = np.clip(depth_mm / 4 + 0.5, 0, 1)
    return below * (1 - share) + value * share


@dataclass(frozen=True)
class Body:
    """Fat, muscle and some thirty organs; ``draw`` gives the value at any place, LPS mm."""

    seed: int
    centres: Array = field(init=False)
    radii: Array = field(init=False)
    values: Array = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        direction = rng.standard_normal((34, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        far = rng.uniform(0.05, 0.72, (34, 1))
        object.__setattr__(self, "centres", direction * far * HALF_AXES)
        object.__setattr__(self, "radii", rng.uniform(7, 24, (34, 3)))
        object.__setattr__(self, "values", rng.choice([-750, -90, 110, 180, 350], 34))

    def draw(self, points: Array) -> Array:
        """Values at ``(n, 3)`` places; borders are 4 mm soft, as a scanner's are."""
        shell = np.linalg.norm(points / HALF_AXES, axis=1)
        values = _blend(np.full(len(points), -1000.0), -100.0, (1 - shell) * 60)
        values = _blend(values, 40.0, (0.85 - shell) * 60)
        for centre, radius, value in zip(self.centres, self.radii, self.values, strict=True):
            near = (np.abs(points - centre) < radius + 4).all(axis=1) & (shell < 0.85)
            inside = 1 - np.linalg.norm((points[near] - centre) / radius, axis=1)
            values[near] = _blend(values[near], value, inside * radius.min())
        return values + 12 * np.sin(points @ np.array([0.21, 0.17, -0.12])) * (shell < 1)

    def scan(
        self,
        to_body: Map = stay,
        *,
        size: tuple[int, int, int] = (44, 34, 40),
        spacing: tuple[float, float, float] = (4.5, 4.5, 4.5),
        centre: tuple[float, float, float] = (0.0, 0.0, 0.0),
        direction: Array | None = None,
        noise_seed: int = 0,
    ) -> sitk.Image:
        """A scan whose voxel at ``q`` shows the body at ``to_body(q)``."""
        matrix = np.eye(3) if direction is None else direction
        half = (np.array(size) - 1) / 2 * spacing
        origin = np.array(centre) - matrix @ half
        k, j, i = np.indices(size[::-1]).reshape(3, -1)
        index = np.stack([i, j, k], axis=1)
        total = self.draw(to_body((index * spacing) @ matrix.T + origin))
        total += np.random.default_rng(noise_seed).normal(0, 10, len(total))
        image = sitk.GetImageFromArray(total.reshape(size[::-1]).astype(np.float32))
        image.SetOrigin(origin.tolist())
        image.SetSpacing(spacing)
        image.SetDirection(matrix.ravel().tolist())
        return image

    def places(self, count: int = 60) -> Array:
        """Places inside the body, for asking where they went."""
        rng = np.random.default_rng(self.seed + 1)
        points = rng.uniform(-1, 1, (10 * count, 3)) * HALF_AXES
        return points[np.linalg.norm(points / HALF_AXES, axis=1) < 0.8][:count]


@dataclass(frozen=True)
class Motion:
    """A smooth bend, a turn about z and a shift; body ↔ scan, LPS mm."""

    amplitude_mm: float = 7.0
    turn_deg: float = 0.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def turn(self) -> Array:
        angle = np.deg2rad(self.turn_deg)
        c, s = np.cos(angle), np.sin(angle)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

    def bend(self, points: Array) -> Array:
        x, y, z = points.T / 32
        waves = np.stack([np.sin(y + 1) * np.cos(z), np.sin(z + 2), np.cos(x) * np.sin(y)], axis=1)
        return self.amplitude_mm * waves

    def to_body(self, places: Array) -> Array:
        still = (places - self.shift) @ self.turn
        return still + self.bend(still)

    def to_scan(self, points: Array) -> Array:
        still = points
        for _ in range(80):
            still = points - self.bend(still)
        return still @ self.turn.T + self.shift


@pytest.fixture(scope="session")
def body() -> Body:
    return Body(7)


@pytest.fixture(scope="session")
def stranger() -> Body:
    return Body(8)


@pytest.fixture(scope="session")
def make_motion() -> type[Motion]:
    return Motion


@pytest.fixture
def write(tmp_path: Path) -> Callable[[sitk.Image, str], Path]:
    def write_image(image: sitk.Image, name: str) -> Path:
        path = tmp_path / name
        sitk.WriteImage(image, path)
        return path

    return write_image
