"""PET named in a manifest: SUV as given, made of Bq/ml, or not taken as SUV at all."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.ingest.manifest_pet import find_nuclide
from response.terms import Role

BODY = {"weight_kg": "70", "height_cm": "175", "sex": "f"}
DOSE = {"radiotracer": "18F-FDG", "injected_mbq": "350", "uptake_minutes": "109.77"}


def pet(clinic, highest: float, lowest: float = 0.0) -> sitk.Image:
    image = clinic.make_scan()
    values = np.linspace(lowest, highest, 12 * 11 * 8, dtype=np.float32).reshape(8, 11, 12)
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    return made


def add(clinic, highest: float = 12.0, lowest: float = 0.0, **cells):
    name = clinic.save(pet(clinic, highest, lowest), f"pet{len(clinic.rows)}.nii.gz")
    return clinic.add(modality="PT", image=name, **cells)


def stored(clinic):
    (time_point,) = clinic.store.read_time_points("P1")
    (scan,) = time_point.scans
    return scan, sitk.GetArrayFromImage(clinic.workspace.read_image(scan.image_path))


def test_a_pet_is_in_suv_unless_it_says_otherwise(clinic):
    add(clinic, **BODY)
    assert clinic.ingest().warnings == ()
    scan, values = stored(clinic)
    assert scan.facts["units"] == "SUVBW"
    assert scan.facts["sex"] == "F"
    assert values.dtype == np.float32
    assert values.max() == pytest.approx(12.0)


def test_bq_per_ml_become_suv_by_the_dose_left_at_the_scan(clinic):
    add(clinic, 25_000.0, units="BQML", **BODY, **DOSE)
    clinic.ingest()
    scan, values = stored(clinic)
    # one half-life of F-18 (109.77 min) after 350 MBq: 175 MBq in 70 kg, 2500 Bq/g is SUV 1
    assert values.max() == pytest.approx(10.0, rel=1e-4)
    assert scan.facts["units"] == "SUVBW"
    assert float(scan.facts["suv_bw_factor"]) == pytest.approx(70e3 / 175e6, rel=1e-4)


@pytest.mark.parametrize("missing", ["weight_kg", "injected_mbq", "uptake_minutes", "radiotracer"])
def test_bq_per_ml_without_what_suv_is_made_of_stay_bq_per_ml(clinic, missing):
    said = {k: v for k, v in {**BODY, **DOSE}.items() if k != missing}
    add(clinic, 25_000.0, units="BQML", **said)
    (warning,) = clinic.ingest().warnings
    scan, values = stored(clinic)
    assert scan.facts["suv_refused"] == f"values in Bq/ml without {missing}"
    assert scan.facts["units"] == "BQML"
    assert values.max() == pytest.approx(25_000.0)
    assert missing in warning


@pytest.mark.parametrize(
    ("highest", "lowest", "why"),
    [(32_000.0, 0.0, "no SUV exceeds 1000"), (-0.5, -2.0, "no value is above 0")],
)
def test_values_that_cannot_be_suv_are_not_taken_as_suv(clinic, highest, lowest, why):
    add(clinic, highest, lowest, **BODY)
    (warning,) = clinic.ingest().warnings
    scan, _ = stored(clinic)
    assert why in scan.facts["suv_refused"]
    assert scan.facts["units"] != "SUVBW"
    assert "units" in warning


def test_a_doubt_outlives_a_second_reading_and_ends_with_the_unit(clinic):
    row = add(clinic, 25_000.0, **BODY, **DOSE)
    clinic.ingest()
    assert clinic.ingest().unchanged == (("P1", "T0"),)
    row["units"] = "BQML"
    assert clinic.ingest().taken == (("P1", "T0"),)
    scan, values = stored(clinic)
    assert "suv_refused" not in scan.facts
    assert values.max() == pytest.approx(10.0, rel=1e-4)


def test_a_corrected_weight_makes_other_suv(clinic):
    row = add(clinic, 25_000.0, units="BQML", **BODY, **DOSE)
    clinic.ingest()
    row["weight_kg"] = "140"
    clinic.ingest()
    assert stored(clinic)[1].max() == pytest.approx(20.0, rel=1e-4)


def test_a_unit_nobody_knows_is_refused(clinic):
    add(clinic, units="furlongs")
    (refusal,) = clinic.ingest().refused
    assert "units: 'furlongs' is not one of SUVBW, BQML" in refusal.reason


def test_a_unit_of_a_ct_is_refused(clinic):
    clinic.add(units="SUVBW")
    (refusal,) = clinic.ingest().refused
    assert "units: is for PET" in refusal.reason


def test_the_label_of_one_series_may_be_told_from_that_of_another(clinic):
    clinic.add()
    add(clinic, **BODY)
    lesions = clinic.folder / "lesions.csv"
    lesions.write_text(
        "subject,time_point,label,organ,role,modality\n"
        "P1,T0,1,lung,TARGET,CT\nP1,T0,1,liver,REFERENCE,PT\n"
    )
    assert clinic.ingest().refused == ()
    (time_point,) = clinic.store.read_time_points("P1")
    said = {(f.modality, f.role, f.organ) for f in time_point.lesion_facts}
    assert said == {("CT", Role.TARGET, "lung"), ("PT", Role.REFERENCE, "liver")}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("P1,T0,1,kidney,REFERENCE,PT", "is not one of liver, blood_pool"),
        ("P1,T0,1,lung,TARGET,CT", "label: 1 is not in the mask"),
        ("P1,T0,1,lung,TARGET,US", "modality: 'US'"),
    ],
)
def test_a_row_that_fits_no_mask_is_refused(clinic, row, why):
    add(clinic, **BODY)
    lesions = clinic.folder / "lesions.csv"
    lesions.write_text(f"subject,time_point,label,organ,role,modality\n{row}\n")
    (refusal,) = clinic.ingest().refused
    assert why in refusal.reason


@pytest.mark.parametrize(
    ("tracer", "nuclide"),
    [
        ("FDG", "F-18"),
        ("fluorodeoxyglucose", "F-18"),
        ("[18F]FDG", "F-18"),
        ("18F-PSMA-1007", "F-18"),
        ("Ga-68 DOTATATE", "Ga-68"),
        ("68Ga-PSMA-11", "Ga-68"),
        ("[89Zr]trastuzumab", "Zr-89"),
        ("11C-choline", "C-11"),
        ("PSMA-1007", None),
        ("choline", None),
    ],
)
def test_the_nuclide_is_read_from_the_tracer_s_name(tracer, nuclide):
    assert find_nuclide(tracer) == nuclide
