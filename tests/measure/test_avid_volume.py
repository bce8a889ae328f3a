"""Avid volume and glycolysis against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from response.errors import InputError
from response.measure.avid_volume import (
    Threshold,
    measure_avid_labels,
    measure_avid_volume,
    threshold_by_liver,
    threshold_by_share,
)


def draw_cone(spacing_mm: float = 0.5) -> np.ndarray:
    """A sphere of 12 mm in radius whose uptake falls evenly from 10 at its centre to 0."""
    axis = np.arange(-12, 12, spacing_mm) + spacing_mm / 2
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    values = 10 * (1 - np.sqrt(x**2 + y**2 + z**2) / 12)
    return values[values > 0]


@pytest.mark.parametrize("threshold", [2.5, 4.0, 4.1])
def test_the_avid_part_of_an_even_fall_is_a_smaller_sphere(threshold: float):
    # Uptake t is reached at radius r = 12 (1 - t / 10); the mean over it is 10 (1 - 3 r / 48).
    radius = 12 * (1 - threshold / 10)
    made = measure_avid_volume(draw_cone(), 0.125, threshold)
    assert made.mtv_ml == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.02)
    assert made.mean == pytest.approx(10 * (1 - 3 * radius / 48), rel=0.005)
    assert made.tlg == pytest.approx(made.mtv_ml * made.mean)


def test_a_voxel_at_the_threshold_is_avid():
    assert measure_avid_volume(np.array([2.5]), 1000, 2.5).mtv_ml == 1


def test_a_lesion_below_the_threshold_has_no_avid_volume():
    made = measure_avid_volume(np.array([1.0, 2.0]), 1000, 2.5)
    assert (made.mtv_ml, made.mean, made.tlg) == (0, None, 0)


def test_the_thresholds_are_those_of_the_papers():
    assert threshold_by_share(8.0) == pytest.approx(3.28)
    assert threshold_by_liver(1.8, 0.2) == pytest.approx(3.1)


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_a_threshold_that_is_none_is_refused(threshold: float):
    with pytest.raises(InputError):
        measure_avid_volume(np.ones(3), 1.0, threshold)


def test_a_value_that_is_not_finite_is_refused():
    with pytest.raises(InputError):
        measure_avid_volume(np.array([1.0, np.nan]), 1.0, 2.5)


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 50)), st.floats(0.1, 50))
def test_a_higher_threshold_never_holds_more(values: np.ndarray, threshold: float):
    low, high = (measure_avid_volume(values, 2.0, t) for t in (threshold, threshold * 1.3))
    assert high.mtv_ml <= low.mtv_ml
    assert high.tlg <= low.tlg + 1e-9
    assert low.tlg <= values.sum() * 0.002 + 1e-9


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "140%", "many", "41 %%x"])
def test_a_threshold_that_is_neither_number_nor_share_is_refused(text: str):
    with pytest.raises(InputError, match="threshold"):
        Threshold.parse(text)


def test_each_label_has_the_share_of_its_own_maximum():
    values = np.zeros((1, 1, 5), np.float32)
    marks = np.array([[[1, 1, 2, 2, 0]]], np.uint8)
    values[0, 0] = (10, 4, 1, 0.5, 99)
    image, mask = sitk.GetImageFromArray(values), sitk.GetImageFromArray(marks)
    image.SetSpacing((10, 10, 10))
    made = measure_avid_labels(image, mask, Threshold.parse("41%"))
    assert {label: (one.mtv_ml, one.tlg) for label, one in made.items()} == {
        1: (1, 10),
        2: (2, 1.5),
    }


def test_a_label_without_uptake_has_no_share_of_it():
    image = sitk.Image(2, 2, 2, sitk.sitkFloat32)
    assert measure_avid_labels(image, image == 0, Threshold.parse("41%")) == {1: None}
