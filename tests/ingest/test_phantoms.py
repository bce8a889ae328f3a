"""The bundled phantom patients, read as a person would: what is stored is what was drawn."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from response.measure import measure_labels

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """One patient as DICOM with segmentations, one as image files."""
    sys.path.insert(0, str(FIXTURES))
    generator = pytest.importorskip("phantoms.generator", reason="the phantoms are not here")
    out = tmp_path_factory.mktemp("patients")
    generator.generate(out, subjects=("P02", "P08"))
    return out


def read_truth(patients, subject):
    with (patients / "truth_findings.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["subject"] == subject and row["label"]]
    return {(row["time_point"], int(row["label"])): row for row in rows}


def check_against_truth(clinic, patients, subject):
    measured = {}
    for time_point in clinic.store.read_time_points(subject):
        (scan,), (marks,) = time_point.scans, time_point.mark_sets
        if not marks.mask_path:
            continue
        image = clinic.workspace.read_image(scan.image_path)
        mask = clinic.workspace.read_image(marks.mask_path)
        for lesion in measure_labels(image, mask, slice_axis=scan.slice_axis):
            measured[time_point.time_point, lesion.label] = lesion, max(image.GetSpacing())
    truth = read_truth(patients, subject)
    assert set(measured) == set(truth)
    for key, (lesion, voxel) in measured.items():
        place = [float(truth[key][name]) for name in ("x_mm", "y_mm", "z_mm")]
        assert np.linalg.norm(np.subtract(lesion.centroid, place)) < voxel
        drawn = float(truth[key]["longest_diameter_mm"])
        assert abs(lesion.longest_diameter_mm - drawn) < voxel


@pytest.mark.slow
def test_a_patient_in_image_files_is_read_as_drawn(clinic, patients):
    report = clinic.ingest(patients / "manifest.csv")
    assert (len(report.taken), report.refused) == (3, ())
    check_against_truth(clinic, patients, "P02")


@pytest.mark.slow
def test_a_patient_in_dicom_is_read_as_drawn(clinic, patients):
    tables = patients / "dicom"
    report = clinic.ingest(
        tables,
        marks_complete=True,
        lesions_csv=tables / "lesions.csv",
        subjects_csv=tables / "subjects.csv",
    )
    assert (len(report.taken), report.refused) == (3, ())
    check_against_truth(clinic, patients, "P08")
