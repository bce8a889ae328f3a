"""PET on PET: lesions whose uptake changed are found where the known motion took them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from response.register import Transform, register

pytestmark = pytest.mark.heavy


def test_pet_follows_pet_while_uptake_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "fixtures"))
    from phantoms.generator import generate

    generate(tmp_path, subjects=("P09",))
    with (tmp_path / "truth_findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    places = {
        (r["time_point"], r["lesion"]): [float(r[f"{axis}_mm"]) for axis in "xyz"] for r in rows
    }
    images = [tmp_path / "images" / f"P09_{name}_PT.nii.gz" for name in ("T0", "T1")]
    made = register(*images, tmp_path / "out", modality="PT")
    assert made.trusted, made.reason
    names = [lesion for time_point, lesion in places if time_point == "T0"]
    carried = Transform.load(tmp_path / "out").map_points(
        np.array([places["T0", name] for name in names])
    )
    away = np.linalg.norm(carried - np.array([places["T1", name] for name in names]), axis=1)
    assert away.max() < made.expected_error_mm
