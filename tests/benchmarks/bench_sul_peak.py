"""How long SULpeak takes: ``python tests/benchmarks/bench_sul_peak.py``.

A hundred ellipsoids of 5 to 30 mm semi-axes in a PET of 200 x 200 x 400 voxels, against trying
every centre in turn. Ends with status 1 if a value differs or if it takes 5 CPU-seconds.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from response.geometry import Grid
from response.measure.uptake import SphereKernel, measure_uptake

SPACING = np.array([4.07, 4.07, 3.0])
SIZE = np.array([200, 200, 400])
LIMIT_S = 5.0

Lesion = tuple[np.ndarray, np.ndarray]


def draw_lesions(count: int, rng: np.random.Generator) -> list[Lesion]:
    """Voxels of each in a box, and the box's first index."""
    lesions = []
    for _ in range(count):
        radius = rng.uniform(5, 30, 3) / SPACING
        centre = rng.uniform(radius + 4, SIZE - radius - 5)
        low, high = np.floor(centre - radius).astype(int), np.ceil(centre + radius).astype(int) + 1
        axes = np.ogrid[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        parts = zip(axes, centre, radius, strict=True)
        lesions.append((sum(((n - c) / r) ** 2 for n, c, r in parts) <= 1, low))
    return lesions


def try_every_centre(values: np.ndarray, lesion: Lesion, weights: np.ndarray) -> float:
    """The greatest weighted mean; lesions here keep clear of the image's edge."""
    inside, first = lesion
    reach = np.array(weights.shape) // 2
    best = -np.inf
    for low in np.argwhere(inside) + first - reach:
        window = tuple(slice(a, a + n) for a, n in zip(low, weights.shape, strict=True))
        best = max(best, float((values[window] * weights).sum()))
    return best / float(weights.sum())


def main() -> None:
    rng = np.random.default_rng(0)
    values = rng.gamma(2, 1, SIZE).astype(np.float32)
    lesions = draw_lesions(100, rng)
    grid = Grid((0, 0, 0), tuple(SPACING), (1, 0, 0, 0, 1, 0, 0, 0, 1), tuple(SIZE))
    begun = time.process_time()
    kernel = SphereKernel.of(grid)
    peaks = [measure_uptake(values, *lesion, kernel).peak for lesion in lesions]
    taken = time.process_time() - begun
    begun = time.process_time()
    expected = [try_every_centre(values, lesion, kernel.weights) for lesion in lesions]
    slow = time.process_time() - begun
    worst = max(abs(a - b) for a, b in zip(peaks, expected, strict=True))
    voxels = sum(int(inside.sum()) for inside, _first in lesions)
    print(
        f"{len(lesions)} lesions, {voxels} voxels: {taken:.2f} CPU-s; every centre in turn "
        f"{slow:.2f} CPU-s ({slow / taken:.0f} times); greatest difference {worst:.1e}"
    )
    sys.exit(taken > LIMIT_S or worst > 1e-6)


if __name__ == "__main__":
    main()
