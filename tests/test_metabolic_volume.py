"""Which voxels of a mark its MTV and TLG count, by the protocol; expected values in closed form."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import finding, measured
from pet_courses import scan, with_suv
from small_patients import Ball, Visit, write_patient
from test_pet_job import BODY, LIVER, REFERENCE, Clinic, write_pet

from response.errors import ProtocolError
from response.lesion_uptake import combine_uptake
from response.measure import measure_labels
from response.model import ReferenceRegion
from response.pet import PET
from response.protocol import Pet, parse_protocol
from response.protocol_text import write_template
from response.regions import Within
from response.sizes import add_uptake, measure_metabolic_volume, record
from response.terms import Event, Source


def lay_boxes(inner: float = 8.0, outer: float = 3.0) -> Within:
    """A mark of 20 x 20 x 20 mm, of which 10 x 10 x 10 mm are hotter: 8 ml and 1 ml."""
    values, marks = np.ones((14, 14, 14), np.float32), np.zeros((14, 14, 14), np.uint8)
    marks[2:12, 2:12, 2:12], values[2:12, 2:12, 2:12] = 1, outer
    values[4:9, 4:9, 4:9] = inner
    image, mask = sitk.GetImageFromArray(values), sitk.GetImageFromArray(marks)
    for one in (image, mask):
        one.SetSpacing((2.0, 2.0, 2.0))
    (found,) = measure_labels(image, mask)
    return Within(found, values[marks == 1])


def region(organ: str, mean: float, sd: float) -> ReferenceRegion:
    return ReferenceRegion("B", "B-PT", organ, Source.READER, (0, 0, 0), 14.0, mean, sd)


WHOLE, INNER, NOTHING = (8.0, 8.0 + 7 * 3.0), (1.0, 8.0), (0.0, 0.0)
LIVER_REGION, BLOOD = region("liver", 1.8, 0.2), region("blood_pool", 1.4, 0.15)


@pytest.mark.parametrize(
    ("threshold", "references", "expected"),
    [
        ("marked", [], WHOLE),
        ("2.5", [], WHOLE),
        ("3.0", [], WHOLE),
        ("4.0", [], INNER),
        ("8.5", [], NOTHING),
        ("41%", [], INNER),  # from 3.28
        ("37%", [], WHOLE),  # from 2.96
        ("percist", [LIVER_REGION], INNER),  # from 1.5 x 1.8 + 2 x 0.2 = 3.1
        ("percist", [BLOOD], INNER),  # from 2 x 1.4 + 2 x 0.15 = 3.1
        ("percist", [region("liver", 1.6, 0.2), BLOOD], WHOLE),  # from 2.8: the liver goes first
    ],
)
def test_the_voxels_that_reach_the_threshold_count(
    threshold: str, references: list[ReferenceRegion], expected: tuple[float, float]
) -> None:
    mtv_ml, tlg, missing = measure_metabolic_volume(
        lay_boxes(), Pet(mtv_threshold=threshold), references
    )
    assert (mtv_ml, tlg) == pytest.approx(expected)
    assert missing == ""


def test_the_blood_pool_s_sd_is_left_out_by_choice() -> None:
    options = Pet(mtv_threshold="percist", blood_pool_plus_2sd=False)
    assert measure_metabolic_volume(lay_boxes(), options, [BLOOD])[0] == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("threshold", "inner", "why"),
    [("percist", 8.0, "needs a liver or blood pool"), ("41%", -1.0, "SUVmax is not above 0")],
)
def test_without_a_threshold_there_is_no_volume_and_the_reason(
    threshold: str, inner: float, why: str
) -> None:
    found = measure_metabolic_volume(lay_boxes(inner, -2.0), Pet(mtv_threshold=threshold), [])
    assert found[:2] == (None, None)
    assert found[2].startswith("no MTV: ")
    assert why in found[2]


def test_the_threshold_changes_neither_suv_nor_size() -> None:
    within = lay_boxes()
    plain = record(within.measured, Decimal("0.1"))
    pet = scan("B", "PT")
    marked, _ = add_uptake(plain, within, pet, Pet(), [])
    hot, note = add_uptake(plain, within, pet, Pet(mtv_threshold="4.0"), [])
    assert note == ""
    assert replace(hot, mtv_ml=marked.mtv_ml, tlg=marked.tlg) == marked


def test_a_lesion_whose_volume_is_not_known_has_no_tlg() -> None:
    row = replace(with_suv(measured("20"), 4.0), mtv_ml=None, tlg=None)
    marked = replace(finding("L1", "B", Event.BASELINE, "20"), modality=PET, measurement=row)
    found = combine_uptake([marked])
    assert "tlg" not in found
    assert found["suv_mean"] == Decimal("4.0000")


@pytest.mark.parametrize("text", ["marked", "percist", "2.5", "4", "41%", "100%"])
def test_a_threshold_that_is_allowed_is_written_out_and_read_back(text: str) -> None:
    said = parse_protocol(f'[pet]\nmtv_threshold = "{text}"')
    assert parse_protocol(write_template(said)).pet.mtv_threshold == text


@pytest.mark.parametrize(
    "value", ['"suv"', '"0"', '"-1"', '"0%"', '"101%"', '"nan"', '"1e3"', '""', "2.5", "true"]
)
def test_a_threshold_that_is_none_is_refused_with_what_is_allowed(value: str) -> None:
    with pytest.raises(ProtocolError, match=r'pet\.mtv_threshold: .*"marked", "percist", .*"41%"'):
        parse_protocol(f"[pet]\nmtv_threshold = {value}")


# ------------------------------------------------------------------------------- the whole job

A: Ball = ((90.0, 100.0, 70.0), 16.0)
VISIT = Visit("T0", "2025-01-06", {1: A})


def write_shell(folder: Path) -> tuple[dict[str, str], int, int]:
    """A lesion of SUV 2.9 with a core of 8; the manifest's row and the voxels of both."""
    row = write_pet(folder, VISIT, {2: (A, 2.9), 9: (LIVER, 2.0)}, **BODY)
    image = sitk.ReadImage(str(folder / row["image"]))
    values = sitk.GetArrayFromImage(image)
    k, j, i = np.indices(values.shape) * image.GetSpacing()[0]
    away = np.sqrt((i - A[0][0]) ** 2 + (j - A[0][1]) ** 2 + (k - A[0][2]) ** 2)
    values[away < 8.0] = 8.0
    changed = sitk.GetImageFromArray(values)
    changed.CopyInformation(image)
    sitk.WriteImage(changed, str(folder / row["image"]))
    return row, int((away < A[1]).sum()), int((away < 8.0).sum())


@pytest.mark.slow
def test_another_threshold_measures_the_findings_anew(tmp_path: Path) -> None:
    row, whole, core = write_shell(tmp_path)
    clinic = Clinic(tmp_path, [*write_patient(tmp_path, "S1", [VISIT]), row], REFERENCE)
    voxel_ml = 4.0**3 / 1000
    told = {}
    # Of the liver, 2.0 without spread, PERCIST's threshold is 3.0.
    for threshold in ("marked", "2.5", "4.0", "41%", "percist"):
        text = f'[pet]\nmtv_threshold = "{threshold}"\n'
        (clinic.workspace.home / "protocol.toml").write_text(text, encoding="utf-8")
        clinic.track()
        told[threshold] = clinic.findings()["PT", "2"]
    clinic.store.close()
    volumes = {name: float(found["mtv_ml"]) / voxel_ml for name, found in told.items()}
    assert volumes == pytest.approx(
        {"marked": whole, "2.5": whole, "4.0": core, "41%": core, "percist": core}, rel=1e-3
    )
    assert float(told["4.0"]["tlg"]) == pytest.approx(8.0 * core * voxel_ml, rel=1e-3)
    assert len({found["suv_mean"] for found in told.values()}) == 1
