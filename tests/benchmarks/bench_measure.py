"""How long measuring takes: ``python tests/benchmarks/bench_measure.py``.

Thirty ellipsoids of 5 to 30 mm in a 512 x 512 x 200 volume.
"""

from __future__ import annotations

import time

import numpy as np
import SimpleITK as sitk

from response.measure import measure_labels

SPACING = np.array([0.8, 0.8, 1.5])
SIZE = np.array([512, 512, 200])


def draw_lesions(count: int, rng: np.random.Generator) -> np.ndarray:
    """Labels (k, j, i)."""
    marks = np.zeros(SIZE[::-1], np.uint8)
    for label in range(1, count + 1):
        centre = rng.uniform(45 / SPACING, SIZE - 45 / SPACING)
        radius = rng.uniform(5, 30, 3) / SPACING
        low, high = np.floor(centre - radius).astype(int), np.ceil(centre + radius).astype(int) + 1
        box = tuple(slice(max(a, 0), b) for a, b in zip(low[::-1], high[::-1], strict=True))
        k, j, i = np.ogrid[box]
        parts = zip((i, j, k), centre, radius, strict=True)
        marks[box][sum(((n - c) / r) ** 2 for n, c, r in parts) <= 1] = label
    return marks


def main() -> None:
    rng = np.random.default_rng(0)
    mask = sitk.GetImageFromArray(draw_lesions(30, rng))
    image = sitk.GetImageFromArray(rng.normal(size=SIZE[::-1]).astype(np.float32))
    for volume in (mask, image):
        volume.SetSpacing(SPACING.tolist())
    begun, used = time.perf_counter(), time.process_time()
    lesions = measure_labels(image, mask)
    print(
        f"{len(lesions)} lesions, {sum(lesion.voxels for lesion in lesions)} voxels: "
        f"{time.perf_counter() - begun:.2f} s, {time.process_time() - used:.2f} CPU-s"
    )


if __name__ == "__main__":
    main()
