"""NIfTI files: values from the bytes, place from the header, every lie refused."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import GeometryError, InputError
from response.ingest.nifti import read_nifti

AFFINE = np.array([[-0.8, 0, 0, 20], [0, 0.9, 0, -30], [0, 0, 3, 400], [0, 0, 0, 1]])


def make_values(kind=np.int16, shape=(9, 8, 7)):
    return np.random.default_rng(1).integers(-900, 900, shape).astype(kind)


def save(path, values=None, affine=AFFINE, qform=None):
    image = nib.Nifti1Image(make_values() if values is None else values, affine)
    if qform is not None:
        image.set_qform(qform, 1)
    image.to_filename(path)
    return path


def patch(path, offset, content):
    """Write bytes into a plain file."""
    data = bytearray(path.read_bytes())
    data[offset : offset + len(content)] = content
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_voxels_and_place_are_those_simpleitk_reads(tmp_path, kind, name):
    path = save(tmp_path / name, np.abs(make_values(kind)))
    image, expected = read_nifti(path), sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(expected))
    assert image.GetSize() == expected.GetSize()
    assert image.GetPixelID() == expected.GetPixelID()
    for place in ("GetOrigin", "GetSpacing", "GetDirection"):
        assert getattr(image, place)() == pytest.approx(getattr(expected, place)())


def test_a_nifti_point_is_the_same_place_in_lps(tmp_path):
    image = read_nifti(save(tmp_path / "scan.nii.gz"))
    x, y, z = (AFFINE @ [2, 3, 4, 1])[:3]
    assert image.TransformIndexToPhysicalPoint((2, 3, 4)) == pytest.approx((-x, -y, z), abs=1e-4)


def test_scaled_integers_are_scaled(tmp_path):
    stored = make_values()
    image = nib.Nifti1Image(stored, AFFINE)
    image.to_filename(tmp_path / "scan.nii")
    path = patch(tmp_path / "scan.nii", 112, np.array([0.5, -3], "<f4").tobytes())
    values = sitk.GetArrayFromImage(read_nifti(path)).transpose()
    np.testing.assert_allclose(values, stored * 0.5 - 3)


def test_big_endian_files_are_read(tmp_path):
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nib.Nifti1Image(make_values(), AFFINE, header).to_filename(tmp_path / "scan.nii.gz")
    values = sitk.GetArrayFromImage(read_nifti(tmp_path / "scan.nii.gz")).transpose()
    np.testing.assert_array_equal(values, make_values())


def test_nifti_2_is_refused(tmp_path):
    nib.Nifti2Image(make_values(), AFFINE).to_filename(tmp_path / "scan.nii")
    with pytest.raises(InputError, match="save it as NIfTI-1"):
        read_nifti(tmp_path / "scan.nii")


def test_two_voxel_sizes_in_one_header_are_refused(tmp_path):
    path = patch(save(tmp_path / "scan.nii"), 80, np.array([1.6], "<f4").tobytes())
    with pytest.raises(GeometryError, match="two voxel sizes"):
        read_nifti(path)


def test_a_fourth_axis_of_one_is_dropped(tmp_path):
    image = read_nifti(save(tmp_path / "scan.nii.gz", make_values()[..., None]))
    assert image.GetSize() == (9, 8, 7)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path, name, part):
    path = save(tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(InputError, match=r"truncated|not a NIfTI file"):
        read_nifti(path)


def test_a_gzip_of_half_a_file_is_refused(tmp_path):
    data = gzip.decompress(save(tmp_path / "scan.nii.gz").read_bytes())
    (tmp_path / "scan.nii.gz").write_bytes(gzip.compress(data[: len(data) // 2]))
    with pytest.raises(InputError, match="truncated"):
        read_nifti(tmp_path / "scan.nii.gz")


def test_a_damaged_gzip_is_refused(tmp_path):
    path = save(tmp_path / "scan.nii.gz")
    data = bytearray(path.read_bytes())
    data[-6] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_nifti(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(tmp_path, value):
    values = make_values(np.float32)
    values[3, 3, 3] = value
    with pytest.raises(InputError, match="1 voxels are not finite"):
        read_nifti(save(tmp_path / "scan.nii.gz", values))


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 7, 2)])
def test_other_than_three_axes_are_refused(tmp_path, shape):
    with pytest.raises(InputError, match="-D, size"):
        read_nifti(save(tmp_path / "scan.nii.gz", make_values(shape=shape)))


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_an_enormous_declared_size_is_refused_before_it_is_allocated(tmp_path, name):
    save(tmp_path / "plain.nii")
    path = patch(tmp_path / "plain.nii", 42, np.array([1000, 1000, 900], "<i2").tobytes())
    data = path.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with pytest.raises(InputError, match="truncated, or its header is wrong"):
        read_nifti(tmp_path / name)


def test_more_voxels_than_any_scan_has_are_refused(tmp_path):
    path = patch(save(tmp_path / "scan.nii"), 42, np.array([32767] * 3, "<i2").tobytes())
    with pytest.raises(InputError, match="over the limit"):
        read_nifti(path)


@pytest.mark.parametrize("sizes", [(9, 8, -7), (0, 8, 7), (-1, -1, -1)])
def test_sizes_that_are_none_are_refused(tmp_path, sizes):
    path = patch(save(tmp_path / "scan.nii"), 42, np.array(sizes, "<i2").tobytes())
    with pytest.raises(InputError):
        read_nifti(path)


def test_slices_hidden_behind_the_declared_end_are_refused(tmp_path):
    values = make_values(shape=(64, 64, 9))
    path = patch(save(tmp_path / "scan.nii", values), 46, np.array([6], "<i2").tobytes())
    with pytest.raises(InputError, match="more voxels than its header declares"):
        read_nifti(path)


@pytest.mark.parametrize("code", [0, 1, 32, 128, 1536, 1792, 999])
def test_voxels_that_are_not_single_numbers_are_refused(tmp_path, code):
    path = patch(save(tmp_path / "scan.nii"), 70, np.array([code], "<i2").tobytes())
    with pytest.raises(InputError):
        read_nifti(path)


def test_two_places_in_one_header_are_refused(tmp_path):
    moved = AFFINE.copy()
    moved[0, 3] += 10
    with pytest.raises(GeometryError, match="two places"):
        read_nifti(save(tmp_path / "scan.nii.gz", qform=moved))


def test_two_statements_of_one_place_are_read(tmp_path):
    assert read_nifti(save(tmp_path / "scan.nii.gz", qform=AFFINE)).GetSize() == (9, 8, 7)


def test_sheared_axes_are_refused(tmp_path):
    sheared = AFFINE.copy()
    sheared[1, 2] = 1.0
    with pytest.raises(GeometryError, match="right angles"):
        read_nifti(save(tmp_path / "scan.nii.gz", affine=sheared))


def test_an_orientation_that_is_not_finite_is_refused(tmp_path):
    path = patch(save(tmp_path / "scan.nii"), 280, np.array([np.nan], "<f4").tobytes())
    with pytest.raises(GeometryError):
        read_nifti(path)


def test_flipped_bits_never_end_in_anything_but_a_refusal(tmp_path):
    rng = np.random.default_rng(7)
    whole = save(tmp_path / "whole.nii").read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(0, 352, rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        (tmp_path / "scan.nii").write_bytes(data)
        try:
            image = read_nifti(tmp_path / "scan.nii")
        except InputError:
            continue
        assert image.GetDimension() == 3
