"""The main job on real scans. Header spacings of the brain scans are not physical: their
millimetres are an exercise, never a claim of accuracy."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
PROGRAM = "import sys; from response.cli import main; main(sys.argv[1:])"


def run(*words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def export(home: Path, out: Path) -> dict[str, list[dict[str, str]]]:
    run("export", "csv", "--out", out, "--home", home)
    tables = {}
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    return tables


@pytest.fixture(scope="module")
def brains(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, str]]]:
    """Return the tables of two glioblastoma patients with two dated MR each."""
    folder = tmp_path_factory.mktemp("brains")
    manifest = HERE / "brain_manifest.csv"
    run("run", manifest, "--root", shared_data, "--home", folder / "home")
    return export(folder / "home", folder / "tables")


def test_scans_of_one_brain_are_registered_and_trusted(
    brains: dict[str, list[dict[str, str]]],
) -> None:
    rows = brains["registrations"]
    assert [(r["subject"], r["from_time_point"], r["to_time_point"]) for r in rows] == [
        ("05", "pre", "post"),
        ("09", "pre", "post"),
    ]
    assert {r["trusted"] for r in rows} == {"true"}


@pytest.mark.parametrize("subject", ["05", "09"])
def test_the_tumour_is_followed(brains: dict[str, list[dict[str, str]]], subject: str) -> None:
    rows = [f for f in brains["findings"] if f["subject"] == subject]
    largest = {}
    for name in ("pre", "post"):
        marked = [f for f in rows if f["time_point"] == name and f["label"]]
        top = max(float(f["volume_mm3"]) for f in marked)
        largest[name] = {f["tracking_id"] for f in marked if float(f["volume_mm3"]) == top}
    assert largest["pre"] & largest["post"]


@pytest.mark.parametrize("subject", ["05", "09"])
def test_the_volume_is_the_number_of_marked_voxels(
    brains: dict[str, list[dict[str, str]]], shared_data: Path, subject: str
) -> None:
    import nibabel

    path = shared_data / "serial_brain_mr_tumour" / subject / "Pre_Mask.nii.gz"
    voxels = int((nibabel.load(path).get_fdata() > 0).sum())
    rows = [f for f in brains["findings"] if (f["subject"], f["time_point"]) == (subject, "pre")]
    assert sum(float(f["volume_mm3"]) for f in rows) == voxels


def test_every_category_of_the_brains_is_provisional(
    brains: dict[str, list[dict[str, str]]],
) -> None:
    rows = [a for a in brains["assessments"] if a["overall_response"]]
    assert {a["status"] for a in rows} == {"provisional"}


def test_a_real_trunk_is_taken_from_dicom_and_registered(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "serial_wholebody_ct"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    run("run", folder, "--home", tmp_path / "home")
    (row,) = export(tmp_path / "home", tmp_path / "tables")["registrations"]
    assert (row["modality"], row["trusted"]) == ("CT", "true")
    assert float(row["similarity"]) > 0.8
