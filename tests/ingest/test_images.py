"""Any image file, for the tools that work without a workspace."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError
from response.ingest.images import read_image


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.nrrd", "scan.mha"])
def test_an_image_is_read_with_its_place(clinic, name):
    given = clinic.make_scan()
    image, axis = read_image(clinic.folder / clinic.save(given, name))
    assert axis is None
    assert image.GetOrigin() == pytest.approx(given.GetOrigin())
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(given))


def test_a_single_slice_can_be_measured(clinic):
    given = clinic.make_mask((1, 2, 2, 2))[:, :, 2:3]
    image, _ = read_image(clinic.folder / clinic.save(given, "scan.nii.gz"), mask=True)
    assert image.GetSize() == (12, 11, 1)


def test_a_mask_of_one_number_is_not_split(clinic):
    given = clinic.make_mask((1, 1, 1, 1), (1, 8, 8, 5), kind=np.float64)
    image, _ = read_image(clinic.folder / clinic.save(given, "mask.nii.gz"), mask=True)
    assert np.unique(sitk.GetArrayFromImage(image)).tolist() == [0, 1]
    assert image.GetPixelID() == sitk.sitkUInt16


@pytest.mark.parametrize("name", ["scan.mhd", "scan.nhdr", "scan.hdr"])
def test_voxels_in_a_second_file_are_refused(clinic, name):
    path = clinic.folder / clinic.save(clinic.make_scan(), name)
    with pytest.raises(InputError, match="two files"):
        read_image(path)


@pytest.mark.parametrize(("detached", "name"), [("scan.mhd", "a.mha"), ("scan.nhdr", "a.nrrd")])
def test_a_header_that_points_elsewhere_is_refused_under_any_name(clinic, detached, name):
    clinic.save(clinic.make_scan(), detached)
    path = (clinic.folder / detached).rename(clinic.folder / name)
    with pytest.raises(InputError, match="another file"):
        read_image(path)


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.mha"])
def test_truncated_images_are_refused(clinic, name):
    path = clinic.folder / clinic.save(clinic.make_scan(), name)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="truncated"):
        read_image(path)


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.mha"])
def test_values_that_are_not_finite_are_refused_in_any_format(clinic, name):
    image = sitk.Cast(clinic.make_scan(), sitk.sitkFloat32)
    image[3, 3, 3] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        read_image(clinic.folder / clinic.save(image, name))


def test_an_enormous_declared_size_is_refused_before_it_is_allocated(clinic):
    path = clinic.folder / clinic.save(clinic.make_scan(), "scan.nrrd")
    path.write_bytes(path.read_bytes().replace(b"sizes: 12 11 8", b"sizes: 9999 9999 9"))
    with pytest.raises(InputError, match="more than the file can hold"):
        read_image(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_image(tmp_path / "none.nii.gz")
