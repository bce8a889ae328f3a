"""Masks as labels: components, their order, what is no mask."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.ingest.labels import place_mask, split_components, to_labels


def to_image(marks, kind=np.uint8):
    return sitk.GetImageFromArray(np.asarray(marks, kind))


def split(marks):
    labels = split_components(to_labels(to_image(marks), "mask"))
    return sitk.GetArrayFromImage(labels.image), labels.labels


def test_components_are_numbered_in_the_order_of_storage():
    marks = np.zeros((4, 9, 9))
    marks[0, 0, 8] = marks[0, 4, 0] = marks[3, 0, 0] = 1
    numbered, labels = split(marks)
    assert (numbered[0, 0, 8], numbered[0, 4, 0], numbered[3, 0, 0]) == (1, 2, 3)
    assert labels == (1, 2, 3)


def test_a_component_that_begins_in_two_arms_takes_the_number_of_the_first():
    marks = np.zeros((1, 3, 9))
    marks[0, 0, 0] = marks[0, :2, 4] = marks[0, 2, :5] = marks[0, 0, 8] = 1
    marks[0, 1, 0] = 1
    numbered, _ = split(marks)
    assert (numbered[0, 0, 0], numbered[0, 0, 4], numbered[0, 0, 8]) == (1, 1, 2)


def test_voxels_that_touch_at_a_corner_are_one_component():
    marks = np.zeros((3, 3, 3))
    marks[0, 0, 0] = marks[1, 1, 1] = marks[2, 2, 2] = 1
    assert split(marks)[1] == (1,)


def test_a_mask_of_another_number_is_not_split():
    marks = np.zeros((3, 9, 9))
    marks[0, 0, 0] = marks[2, 8, 8] = 2
    assert split(marks)[1] == (2,)


def test_an_empty_mask_has_no_labels():
    assert split(np.zeros((3, 3, 3)))[1] == ()


def test_large_numbers_are_kept():
    labels = to_labels(to_image(np.full((2, 2, 2), 70_000), np.uint32), "mask")
    assert labels.labels == (70_000,)


@pytest.mark.parametrize("value", [-1, 0.5, 2.0**33])
def test_what_is_no_label_is_refused(value):
    with pytest.raises(InputError, match="whole numbers"):
        to_labels(to_image(np.full((2, 2, 2), value), np.float64), "mask")


def test_a_mask_is_put_exactly_on_the_grid_of_its_image():
    mask, image = to_image(np.ones((4, 4, 4))), to_image(np.ones((4, 4, 4)))
    mask.SetOrigin((0.0004, 0, 0))
    placed = place_mask(to_labels(mask, "mask"), Grid.of(image), "mask")
    assert placed.image.GetOrigin() == (0, 0, 0)


def test_a_mask_elsewhere_is_refused():
    mask, image = to_image(np.ones((4, 4, 4))), to_image(np.ones((4, 4, 4)))
    mask.SetSpacing((1, 1, 2))
    with pytest.raises(GeometryError, match="spacing"):
        place_mask(to_labels(mask, "mask"), Grid.of(image), "mask")
