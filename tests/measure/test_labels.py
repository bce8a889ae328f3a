"""Which labels are measured, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import GeometryError, InputError
from response.measure import measure_labels

SPACING = (0.5, 0.75, 4.0)


def to_image(array_ijk, spacing=SPACING):
    image = sitk.GetImageFromArray(np.ascontiguousarray(np.transpose(array_ijk)))
    image.SetSpacing(spacing)
    return image


def make_pair(mask_type=np.uint8):
    mask = np.zeros((20, 18, 6), mask_type)
    mask[2:5, 3:6, 1] = 7
    mask[10:14, 8:10, 2:4] = 300 if mask_type is np.uint16 else 2
    return to_image(np.zeros(mask.shape, np.int16)), to_image(mask)


def test_labels_keep_their_numbers_in_order():
    assert [lesion.label for lesion in measure_labels(*make_pair(np.uint16))] == [7, 300]


def test_volume_is_voxels_times_the_volume_of_one():
    lesion = measure_labels(*make_pair())[0]
    assert (lesion.label, lesion.voxels) == (2, 16)
    assert lesion.volume_mm3 == pytest.approx(16 * 0.5 * 0.75 * 4)


def test_the_centroid_is_the_mean_of_voxel_centres():
    image, mask = make_pair()
    for volume in (image, mask):
        volume.SetOrigin((-100.0, 40.0, 7.0))
        volume.SetDirection((0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    centroid = measure_labels(image, mask)[0].centroid
    assert centroid == pytest.approx(
        image.TransformContinuousIndexToPhysicalPoint((11.5, 8.5, 2.5))
    )


def test_an_empty_mask_has_no_lesions():
    image, _ = make_pair()
    assert measure_labels(image, sitk.Image(image) * 0) == ()


def test_whole_numbers_stored_as_floats_are_labels():
    assert [lesion.label for lesion in measure_labels(*make_pair(np.float64))] == [2, 7]


def test_huge_label_numbers_cost_nothing():
    image, mask = make_pair()
    large = sitk.Cast(mask, sitk.sitkUInt32) * 500_000_000
    assert [lesion.label for lesion in measure_labels(image, large)] == [
        1_000_000_000,
        3_500_000_000,
    ]


@pytest.mark.parametrize("value", [0.5, -1.0, np.nan])
def test_a_mask_of_anything_but_whole_numbers_is_refused(value):
    image, _ = make_pair()
    mask = np.zeros((20, 18, 6), np.float32)
    mask[4, 4, 4] = value
    with pytest.raises(InputError, match="whole numbers"):
        measure_labels(image, to_image(mask))


def test_a_mask_elsewhere_is_refused_by_what_differs():
    image, mask = make_pair()
    mask.SetOrigin((0.0, 0.0, 4.0))
    with pytest.raises(GeometryError, match="origin"):
        measure_labels(image, mask)


def test_a_mask_of_another_size_is_refused():
    image, mask = make_pair()
    with pytest.raises(GeometryError, match="size"):
        measure_labels(image, mask[:, :, 1:])


def test_a_mask_of_colours_is_refused():
    image, mask = make_pair()
    with pytest.raises(InputError, match="label image"):
        measure_labels(image, sitk.Compose(mask, mask, mask))


def test_slices_follow_the_largest_spacing_unless_told():
    image, mask = make_pair()
    assert measure_labels(image, mask)[0].slice_axis == 2
    assert measure_labels(image, mask, slice_axis=0)[0].slice_axis == 0
