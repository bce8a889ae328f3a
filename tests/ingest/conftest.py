"""A small clinic: scans written to files, a manifest, a workspace with its store."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from response.ingest import ingest_paths
from response.store import Store
from response.workspace import Workspace

COLUMNS = ("subject", "time_point", "date", "modality", "image", "mask")
SPACING = (1.0, 1.5, 3.0)


def make_scan(seed: int = 0, size=(12, 11, 8), spacing=SPACING) -> sitk.Image:
    values = np.random.default_rng(seed).integers(-1000, 1000, size[::-1]).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin((-20.0, 31.5, 400.25))
    return image


def make_mask(*boxes, size=(12, 11, 8), spacing=SPACING, kind=np.uint8) -> sitk.Image:
    """Boxes are (label, i, j, k): 2x2x2 voxels from that index."""
    marks = np.zeros(size[::-1], kind)
    for label, i, j, k in boxes:
        marks[k : k + 2, j : j + 2, i : i + 2] = label
    mask = sitk.GetImageFromArray(marks)
    mask.CopyInformation(make_scan(size=size, spacing=spacing))
    return mask


@dataclass
class Clinic:
    folder: Path
    workspace: Workspace
    store: Store
    rows: list[dict[str, str]] = field(default_factory=list)

    make_scan = staticmethod(make_scan)
    make_mask = staticmethod(make_mask)

    def save(self, image: sitk.Image, name: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(path))
        return name

    def add(self, subject="P1", time_point="T0", date="2025-01-10", **cells) -> dict[str, str]:
        """Add a row; its image and mask are made unless they are named."""
        name = f"{subject}_{time_point}"
        if "image" not in cells:
            seed = sum(name.encode()) + len(self.rows)
            cells["image"] = self.save(make_scan(seed), f"{name}_{len(self.rows)}.nii.gz")
        if "mask" not in cells:
            cells["mask"] = self.save(make_mask((1, 2, 2, 2)), f"{name}_{len(self.rows)}_m.nii.gz")
        row = {"subject": subject, "time_point": time_point, "date": date, "modality": "CT"}
        self.rows.append(row | cells)
        return self.rows[-1]

    def add_table(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def write(self) -> Path:
        path = self.folder / "manifest.csv"
        extra = dict.fromkeys(column for row in self.rows for column in row)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, dict.fromkeys([*COLUMNS, *extra]), restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        return path

    def ingest(self, *paths: Path, **options):
        return ingest_paths(
            paths or [self.write()], self.workspace, self.store, actor="tester", **options
        )

    def read_labels(self, mark_set) -> np.ndarray:
        return sitk.GetArrayFromImage(self.workspace.read_image(mark_set.mask_path))


@pytest.fixture
def clinic(tmp_path) -> Clinic:
    workspace = Workspace.open(tmp_path / "home")
    (tmp_path / "scans").mkdir()
    return Clinic(tmp_path / "scans", workspace, Store(workspace))
