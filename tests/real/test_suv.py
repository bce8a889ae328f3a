"""SUV factors of real scanners' headers against factors that others published."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner, Result
from pydicom.dataset import Dataset

from response.cli.main import main
from response.ingest.pet_header import read_pet_header
from response.measure.suv import compute_suv_factors

SCANNERS = [
    "PHILIPS_BQML",
    "PHILIPS_CNTS_AND_BQML_SUV",
    "PHILIPS_CNTS_AND_SUV",
    "SIEMENS",
    "GE_MEDICAL_AND_BQML",
    "BQML_AC_DT_lessThan_S_DT_SIEMENS",
    "CPS_AND_BQML_AC_DT_-_S_DT",
    "RADIOPHARM_DATETIME_UNDEFINED",
]
PHILIPS = {"SUVScaleFactor": 0x00, "ActivityConcentrationScaleFactor": 0x09}


def build(values: dict[str, object]) -> Dataset:
    """A header from its JSON; what is of the dose stands in the sequence of the drug."""
    image, drug = Dataset(), Dataset()
    factors = values.pop("PhilipsPETPrivateGroup", {})
    if factors:
        block = image.private_block(0x7053, "Philips PET Private Group", create=True)
        for name, value in factors.items():
            block.add_new(PHILIPS[name], "DS", value)
    for name, value in values.items():
        setattr(drug if name.startswith("Radio") else image, name, value)
    image.RadiopharmaceuticalInformationSequence = [drug]
    return image


@pytest.mark.parametrize("scanner", SCANNERS)
def test_eight_scanners_factors_are_the_published_ones(shared_data: Path, scanner: str):
    folder = shared_data / "pet_headers_suv_truth"
    truth = json.loads((folder / "expected_suvbw_factor.json").read_text())[scanner]
    path = folder / "test" / "metadata" / f"{scanner}-instances.json"
    headers = [read_pet_header(build(image)) for image in json.loads(path.read_text())]
    assert compute_suv_factors(headers).suv_bw_factor == pytest.approx(truth, rel=1e-6)


def suv(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["suv", *map(str, arguments), "--json"])


def test_factors_are_those_of_the_scanners_real_world_value_map(shared_data: Path):
    folder = shared_data / "pet_seg_rwv_suv_truth"
    (first, *_) = sorted((folder / "RWV_PET_SUV_Factors_318261").glob("*.dcm"))
    truth = {}
    for image in pydicom.dcmread(first).ReferencedImageRealWorldValueMappingSequence:
        (mapping,) = image.RealWorldValueMappingSequence
        truth[mapping.LUTLabel] = mapping.RealWorldValueSlope
    done = suv(folder / "PT_PET_AC_081015", "--lean-body-mass", "james")
    made = json.loads(done.stdout)
    assert done.exit_code == 0
    assert made["suv_bw_factor"] == pytest.approx(truth["{SUVbw}g/ml"], rel=2e-6)
    assert made["sul_factor"] == pytest.approx(truth["{SUVlbm}g/ml"], rel=2e-6)
    assert made["suv_bsa_factor"] == pytest.approx(truth["{SUVbsa}cm2/ml"], rel=2e-6)


def test_a_scan_without_height_has_suv_by_weight_alone(shared_data: Path):
    # 66.2 kg, 381.47 MBq at 11:39:00, series from 13:02:44.678.
    made = json.loads(suv(shared_data / "pet_head_neck_seg" / "PET").stdout)
    left = 381.47e6 * 2 ** (-(83 * 60 + 44.678) / 6586.2)
    assert made["suv_bw_factor"] == pytest.approx(66_200 / left, rel=1e-9)
    assert made["sul_factor"] is None


def test_a_scan_without_weight_is_refused(shared_data: Path):
    done = suv(shared_data / "serial_wholebody_ct" / "T1_20140805_PET_WB_corrected")
    assert done.exit_code == 2
    assert "Weight" in json.loads(done.stdout)["refused"]


def test_a_folder_without_pet_is_refused(shared_data: Path):
    done = suv(shared_data / "seg_sr_highdicom")
    assert done.exit_code == 2
    assert "no PET image" in json.loads(done.stdout)["refused"]
