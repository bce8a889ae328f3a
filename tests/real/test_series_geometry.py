"""Every good DICOM series of the real data lies where a second reader puts it, with its values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError
from response.ingest.dicom import find_dicom
from response.ingest.pixels import read_dicom_folder, read_stack
from response.ingest.series import build_stacks

GOOD = {
    "serial_wholebody_ct": 3,
    "pet_head_neck_seg": 1,
    "pet_seg_rwv_suv_truth": 1,
    "seg_sr_dcmqi": 3,
    "malformed_series": 1,
    "malformed_files": 1,
}
"""How many series of single-frame images in each folder are regular volumes."""


def read_with_second_reader(folder: Path, uid: str) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), uid))
    reader.SetOutputPixelType(sitk.sitkFloat64)
    return reader.Execute()


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_geometry_and_values_are_those_of_a_second_reader(shared_data, name):
    if not (shared_data / name).is_dir():
        pytest.skip(f"{name} is not among the real data")
    compared = 0
    for series in find_dicom([shared_data / name]).series.values():
        try:
            (stack,) = build_stacks(series)
        except (InputError, ValueError):
            continue
        if stack.slices[0].frame is not None:
            continue
        mine = read_stack(stack)
        theirs = read_with_second_reader(stack.slices[0].path.parent, series.uid)
        assert mine.GetSize() == theirs.GetSize()
        assert mine.GetOrigin() == pytest.approx(theirs.GetOrigin(), abs=1e-3)
        assert mine.GetSpacing() == pytest.approx(theirs.GetSpacing(), abs=1e-3)
        assert mine.GetDirection() == pytest.approx(theirs.GetDirection(), abs=1e-4)
        values = sitk.GetArrayViewFromImage(mine)
        np.testing.assert_allclose(values, sitk.GetArrayViewFromImage(theirs), rtol=2e-7, atol=1e-3)
        compared += 1
    assert compared == GOOD[name]


@pytest.mark.parametrize("shape", ["23x38x3", "24x38x3"])
def test_a_converted_multi_frame_series_is_its_classic_one(shared_data, shape):
    place = shared_data / "seg_sr_dcmqi" / "segmentations" / shape
    if not place.is_dir():
        pytest.skip("seg_sr_dcmqi is not among the real data")
    images = []
    for name in ("image", "multiframe"):
        (series,) = find_dicom([place / name]).series.values()
        images.append(read_stack(build_stacks(series)[0]))
    classic, enhanced = images
    assert enhanced.GetOrigin() == pytest.approx(classic.GetOrigin(), abs=1e-3)
    assert enhanced.GetSpacing() == pytest.approx(classic.GetSpacing(), abs=1e-3)
    assert enhanced.GetDirection() == pytest.approx(classic.GetDirection(), abs=1e-4)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(enhanced), sitk.GetArrayFromImage(classic))


def test_a_pet_folder_is_an_image_in_suv(shared_data):
    place = shared_data / "pet_seg_rwv_suv_truth" / "PT_PET_AC_081015"
    if not place.is_dir():
        pytest.skip("pet_seg_rwv_suv_truth is not among the real data")
    (uid,) = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(place))
    activity = sitk.GetArrayFromImage(read_with_second_reader(place, uid))
    suv = sitk.GetArrayFromImage(read_dicom_folder(place))
    np.testing.assert_allclose(suv, activity * 0.00042111, rtol=1e-5, atol=1e-6)
