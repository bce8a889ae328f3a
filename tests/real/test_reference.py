"""Where the liver and the aorta are proposed on real PET, against places read off the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from response.geometry import Grid
from response.ingest.images import read_image
from response.measure.reference import find_blood_pool, find_liver_sphere

pytestmark = pytest.mark.slow

LIVERS = {
    "pet_seg_rwv_suv_truth/PT_PET_AC_081015": ((-180, -40), (-100, 80), (-360, -250)),
    "pet_head_neck_seg/PET": ((-150, -30), (-280, -140), (-820, -720)),
    "serial_wholebody_ct/T1_20140805_PET_WB_corrected": ((-120, -30), (-210, -100), (-530, -410)),
}
"""Boxes of the right lobe, LPS mm, read off coronal and axial views by eye."""


def read(folder: Path) -> tuple[np.ndarray, sitk.Image]:
    image, _axis = read_image(folder)
    return sitk.GetArrayFromImage(image).transpose(), image


@pytest.mark.parametrize("folder", sorted(LIVERS))
def test_the_proposed_sphere_lies_in_the_right_lobe(shared_data: Path, folder: str):
    values, image = read(shared_data / folder)
    found = find_liver_sphere(values, Grid.of(image))
    for at, (low, high) in zip(found.centre, LIVERS[folder], strict=True):
        assert low < at < high
    assert found.sd < 0.2 * found.mean


def test_the_proposed_cylinder_lies_in_the_descending_aorta(shared_data: Path):
    folder = shared_data / "serial_wholebody_ct"
    values, pet = read(folder / "T1_20140805_PET_WB_corrected")
    _hu, ct = read(folder / "T1_20140805_CT_WB_5.0_B35f")
    laid = sitk.Resample(sitk.Cast(ct, sitk.sitkFloat32), pet, sitk.Transform(), sitk.sitkLinear,
                         -1024.0)  # fmt: skip
    found = find_blood_pool(values, Grid.of(pet), sitk.GetArrayFromImage(laid).transpose())
    # The aorta's middle on the slice at z = -335.5 mm, by eye on the CT.
    assert found.centre == pytest.approx((30, -133, -335), abs=12)


def test_a_head_and_neck_alone_has_no_liver(shared_data: Path):
    values, image = read(shared_data / "pet_head_neck_seg" / "PET")
    above = sitk.GetImageFromArray(values[:, :, 190:].transpose())
    above.SetSpacing(image.GetSpacing())
    above.SetOrigin(image.TransformIndexToPhysicalPoint((0, 0, 190)))
    assert find_liver_sphere(values[:, :, 190:], Grid.of(above)) is None
