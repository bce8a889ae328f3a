"""SUV factors and avid volumes from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from response.cli import main

PET_IMAGE = "1.2.840.10008.5.1.4.1.1.128"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def write_pet(folder: Path, series: int = 1, slices: int = 2, **changes: object) -> None:
    """Headers of a series: injected at 10:00, scanned at 11:00; no pixels."""
    for number in range(1, slices + 1):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = PET_IMAGE
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.{series}.{number}"
        made.SeriesInstanceUID, made.SeriesNumber = f"1.2.{series}", series
        made.PatientID, made.Modality = "P", "PT"
        made.SeriesDate = made.AcquisitionDate = "20260304"
        made.SeriesTime = made.AcquisitionTime = "110000"
        made.PatientWeight, made.PatientSize, made.PatientSex = "70", "1.75", "F"
        made.Units, made.DecayCorrection = "BQML", "START"
        made.CorrectedImage = ["ATTN", "DECY"]
        drug = Dataset()
        drug.RadiopharmaceuticalStartTime = "100000"
        drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "350000000", "6586.2"
        made.RadiopharmaceuticalInformationSequence = [drug]
        for name, value in changes.items():
            setattr(made, name, value)
        made.save_as(folder / f"{series}-{number}.dcm", enforce_file_format=True)


def test_suv_prints_one_object_with_its_factors(tmp_path: Path) -> None:
    write_pet(tmp_path)
    done = run("suv", tmp_path, "--json")
    (made,) = [json.loads(line) for line in done.stdout.splitlines()]
    factor = 70_000 / (350e6 * 2 ** (-3600 / 6586.2))
    lean = 9270 * 70 / (8780 + 244 * 70 / 1.75**2)
    assert done.exit_code == 0
    assert made["suv_bw_factor"] == pytest.approx(factor, rel=1e-12)
    assert made["sul_factor"] == pytest.approx(factor * lean / 70, rel=1e-9)
    assert (made["images"], made["decay_seconds"], made["weight_kg"]) == (2, 3600, 70)


def test_suv_of_a_refused_series_says_why_and_ends_with_two(tmp_path: Path) -> None:
    write_pet(tmp_path, PatientWeight="0")
    done = run("suv", tmp_path, "--json")
    made = json.loads(done.stdout)
    assert done.exit_code == 2
    assert "Weight" in made["refused"]
    assert "suv_bw_factor" not in made
    assert "refused" in run("suv", tmp_path).stdout


def test_suv_gives_each_series_its_own_answer(tmp_path: Path) -> None:
    write_pet(tmp_path, series=2)
    write_pet(tmp_path, series=10, Units="PROPCNTS", CorrectedImage=["DECY"])
    done = run("suv", tmp_path, "--json")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.exit_code == 1
    assert (first["series"], second["series"]) == ("2", "10")
    assert "PROPCNTS" in second["refused"]


def test_suv_leaves_damaged_files_out_and_says_so(tmp_path: Path) -> None:
    write_pet(tmp_path)
    whole = (tmp_path / "1-1.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:150])
    done = run("suv", tmp_path)
    assert done.exit_code == 0
    assert "1 damaged" in done.stderr


def test_suv_without_a_pet_image_is_refused_for_machines_too(tmp_path: Path) -> None:
    done = run("suv", tmp_path, "--json")
    assert done.exit_code == 2
    assert "no PET image" in json.loads(done.stdout)["refused"]


@pytest.fixture
def lesions(tmp_path: Path) -> Path:
    """Label 1: 10, 4 and 1; label 2: 2 and 1; voxels of 1 ml."""
    values, marks = np.zeros((1, 3, 3), np.float32), np.zeros((1, 3, 3), np.uint8)
    values[0, 0], values[0, 2, :2] = (10, 4, 1), (2, 1)
    marks[0, 0], marks[0, 2, :2] = 1, 2
    for name, array in (("image", values), ("mask", marks)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((10.0, 10.0, 10.0))
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--avid", "2.5"], [(2, 14), (0, 0)]),
        (["--avid", "41%"], [(1, 10), (2, 3)]),
        (["--avid", "percist", "--liver", "1", "0.2"], [(2, 14), (1, 2)]),
    ],
)
def test_measure_gives_the_avid_part_of_each_label(lesions, words, expected) -> None:
    done = run("measure", lesions / "image.nii.gz", lesions / "mask.nii.gz", *words, "--json")
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["mtv_ml"] for one in made] == pytest.approx([mtv for mtv, _tlg in expected])
    assert [one["tlg"] for one in made] == pytest.approx([tlg for _mtv, tlg in expected])


@pytest.mark.parametrize("words", [["--avid", "many"], ["--avid", "percist"], ["--liver", 1, 2]])
def test_measure_refuses_a_threshold_that_is_none(lesions: Path, words: list[object]) -> None:
    done = run("measure", lesions / "image.nii.gz", lesions / "mask.nii.gz", *words)
    assert done.exit_code == 2
    assert "error:" in done.stderr
