"""Two files registered outside of a workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError
from response.register import read_points, register_files, write_points


@pytest.mark.slow
def test_points_images_and_report_are_written_beside_what_is_there(
    body: Any, make_motion: Any, tmp_path: Path
) -> None:
    moved = make_motion(turn_deg=3.0, shift=(10.0, 5.0, -12.0))
    sitk.WriteImage(body.scan(), tmp_path / "a.nii.gz")
    sitk.WriteImage(body.scan(moved.to_body, noise_seed=1), tmp_path / "b.nii.gz")
    write_points(tmp_path / "p.csv", body.places())
    result = register_files(
        tmp_path / "a.nii.gz", tmp_path / "b.nii.gz", tmp_path, tmp_path / "p.csv"
    )
    mapped = read_points(tmp_path / "points.csv")
    error = np.linalg.norm(mapped - moved.to_scan(body.places()), axis=1)
    told = json.loads((tmp_path / "registration.json").read_text(encoding="utf-8"))
    warped = sitk.ReadImage(tmp_path / "warped.nii.gz")
    assert np.median(error) < 2.0
    assert told["trusted"] is result.trusted is True
    assert warped.GetSize() == body.scan().GetSize()
    assert (tmp_path / "a.nii.gz").is_file()


def test_points_come_back_as_written(tmp_path: Path) -> None:
    write_points(tmp_path / "p.csv", np.array([[1.0, -2.5, 3.125], [0.0, 0.0, 1e3]]))
    assert read_points(tmp_path / "p.csv").tolist() == [[1.0, -2.5, 3.125], [0.0, 0.0, 1000.0]]


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("name,z,y,x\nliver,3,2,1\n")
    assert read_points(tmp_path / "p.csv").tolist() == [[1.0, 2.0, 3.0]]


def test_a_table_without_rows_has_no_points(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("x,y,z\n")
    assert read_points(tmp_path / "p.csv").shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x,y\n1,2\n", "no column z"),
        ("x,y,z\n1,2,3\n1,two,3\n", "line 3: y is 'two'"),
        ("x,y,z\n1,2\n", "line 2: z is ''"),
        ("x,y,z\n1,2,nan\n", "line 2: z is 'nan'"),
        ("", "no column x, y, z"),
    ],
)
def test_what_is_no_point_is_refused(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(InputError, match=word):
        read_points(tmp_path / "p.csv")


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"\xff\xfe\x00\x01" * 9)
    with pytest.raises(InputError, match="not a CSV"):
        read_points(tmp_path / "p.csv")
