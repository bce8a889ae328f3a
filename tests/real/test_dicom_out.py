"""A real PET with two segmented tumours, measured and written again: what others read of it."""

from __future__ import annotations

import csv
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from click.testing import CliRunner
from dicom_reading import check_valid
from pydicom.sr.codedict import codes

from response.cli import main

pytestmark = pytest.mark.slow

DRAWN = "SEG/3DSlicer/tumor_User1_Manual_Trial1.dcm"


def run(*words: object) -> None:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("head_neck")
    run("run", shared_data / "pet_head_neck_seg", "--home", folder / "home")
    run("export", "csv", "--out", folder / "csv", "--home", folder / "home")
    for kind in ("dicom-sr", "rtstruct"):
        run("export", kind, "--out", folder / kind, "--home", folder / "home")
    return folder


def read_places(path: Path) -> list[set[tuple[float, ...]]]:
    """The points (mm) of each segment's voxels."""
    volume = hd.seg.segread(path).get_volume(allow_missing_positions=True)
    found = []
    for segment in range(volume.array.shape[-1]):
        indices = np.argwhere(volume.array[..., segment])
        places = volume.map_indices_to_reference(indices)
        found.append({tuple(place) for place in np.round(places, 1).tolist()})
    return found


def test_the_segments_are_those_that_were_drawn(written: Path, shared_data: Path) -> None:
    (mine,) = (written / "dicom-sr").glob("seg-*.dcm")
    drawn = read_places(shared_data / "pet_head_neck_seg" / DRAWN)
    assert sorted(read_places(mine), key=len) == sorted(drawn, key=len)


def test_the_report_says_what_the_table_says(written: Path) -> None:
    (path,) = (written / "dicom-sr").glob("sr-*.dcm")
    groups = hd.sr.srread(path).content.get_volumetric_roi_measurement_groups()
    with (written / "csv" / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["tracking_uid"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {group.tracking_uid for group in groups}
    for group in groups:
        row = rows[group.tracking_uid]
        (longest,) = group.get_measurements(name=codes.SCT.LongAxis)
        (volume,) = group.get_measurements(name=codes.SCT.Volume)
        assert longest.value == float(row["longest_diameter_mm"])
        assert volume.value == pytest.approx(float(row["volume_mm3"]), rel=1e-6)
        suv = {m.derivation.value: m.value for m in group.get_measurements(name=codes.DCM.Suvbw)}
        assert suv[codes.SCT.Maximum.value] == pytest.approx(float(row["suv_max"]), abs=1e-4)


def test_all_of_it_is_valid(written: Path) -> None:
    warnings = check_valid(sorted(written.glob("*/*.dcm")))
    assert all("99RESPONSE" in line or "DICOMDIR" in line for line in warnings), warnings
