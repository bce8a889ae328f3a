"""Tiny patients for tests of the whole job: a textured body, balls for lesions, a known shift."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

SIZE, SPACING = (64, 56, 40), 4.0

Ball = tuple[tuple[float, float, float], float]
"""Centre in the first scan's space (LPS mm) and radius, mm."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One scan: how far the body has moved (mm), and the balls in it by label."""

    time_point: str
    date: str
    balls: Mapping[int, Ball]
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    complete: str = "true"
    mask: str = ""


def write_patient(
    folder: Path, subject: str, visits: Sequence[Visit], seed: int = 1
) -> list[dict[str, str]]:
    """Write scans and masks; return the manifest's rows."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(size=(80, 96, 104)), 4.0)
    texture *= 150 / texture.std()
    return [_write_visit(folder, subject, visit, texture) for visit in visits]


def write_manifest(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write rows as a manifest."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _write_visit(folder: Path, subject: str, visit: Visit, texture: np.ndarray) -> dict[str, str]:
    z, y, x = (np.arange(n) * SPACING for n in reversed(SIZE))
    grid = np.stack(np.meshgrid(z, y, x, indexing="ij"), axis=-1)[..., ::-1]
    body = grid - np.array(visit.shift)
    index = [body[..., 2 - axis] / SPACING + 20 for axis in range(3)]
    values = ndimage.map_coordinates(texture, index, order=1, mode="nearest")
    centre, half = np.array([126.0, 110.0, 78.0]), np.array([104.0, 88.0, 110.0])
    inside = (((body - centre) / half) ** 2).sum(axis=-1) < 1
    image = np.where(inside, 40 + values.clip(-400, 400), -1000.0)
    labels = np.zeros(image.shape, np.uint8)
    for label, (place, radius) in visit.balls.items():
        ball = ((body - np.array(place)) ** 2).sum(axis=-1) < radius**2
        labels[ball] = label
        image[ball] = 180.0
    name = f"{subject}_{visit.time_point}"
    _write(image.astype(np.int16), folder / f"{name}.nii.gz")
    _write(labels, folder / f"{name}_marks.nii.gz")
    return {
        "subject": subject,
        "time_point": visit.time_point,
        "date": visit.date,
        "modality": "CT",
        "image": f"{name}.nii.gz",
        "mask": visit.mask or f"{name}_marks.nii.gz",
        "marks_complete": visit.complete,
    }


def _write(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((SPACING,) * 3)
    sitk.WriteImage(image, str(path), useCompression=True)
