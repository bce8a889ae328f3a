"""PET on the slices of another scan: where it lies, and what its colours say."""

from __future__ import annotations

import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from dashboard.fusion import Overlay, draw_fused, draw_uptake, resample_slice
from dashboard.slices import Window, find_plane, take_slice
from response.geometry import Grid

SUV = Window(0.0, 7.0, inverted=True)


def to_pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def tilted(degrees):
    a = np.radians(degrees)
    return (np.cos(a), -np.sin(a), 0, np.sin(a), np.cos(a), 0, 0, 0, 1)


@pytest.fixture
def pet():
    image = sitk.GetImageFromArray(np.random.default_rng(1).random((9, 11, 13), np.float32))
    image.SetSpacing((4.0, 5.0, 3.0))
    image.SetOrigin((-20.0, -24.0, -10.0))
    image.SetDirection(tilted(17))
    return image


def ct(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), origin=(-12.0, -10.0, -4.0)):
    image = sitk.Image(30, 24, 8, sitk.sitkInt16)
    image.SetSpacing((1.0, 1.0, 2.0))
    image.SetOrigin(origin)
    image.SetDirection(direction)
    return image


def as_itk_resamples(pet, image, plane, index):
    moved = sitk.Resample(pet, image, sitk.Transform(), sitk.sitkLinear, float("nan"))
    return take_slice(sitk.GetArrayFromImage(moved), plane, index)


@pytest.mark.parametrize(
    ("direction", "origin"),
    [
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), (-12.0, -10.0, -4.0)),
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), (12.0, 10.0, -4.0)),
        (tilted(-8), (-12.0, -10.0, -4.0)),
    ],
)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pet_lies_on_the_slice_where_simpleitk_puts_it(pet, direction, origin, axis):
    image = ct(direction, origin)
    plane = find_plane(Grid.of(image), axis)
    ours = resample_slice(sitk.GetArrayFromImage(pet), Grid.of(pet), plane, 3)
    theirs = as_itk_resamples(pet, image, plane, 3)
    assert ours.shape == theirs.shape
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    assert both.mean() > 0.5
    np.testing.assert_allclose(ours[both], theirs[both], atol=1e-5)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))


def test_where_the_pet_scan_does_not_reach_is_neither_uptake_nor_none():
    uptake = np.full((40, 40), np.nan, np.float32)
    uptake[:10] = 0.0
    pixels = to_pixels(draw_uptake(uptake, SUV))
    assert (pixels[:10] == 255).all()
    outside = pixels[10:].reshape(-1, 3).astype(int)
    assert (outside[:, 2] > outside[:, 0]).all()
    assert len(np.unique(outside, axis=0)) == 2


def test_uptake_alone_is_dark_on_white():
    pixels = to_pixels(draw_uptake(np.array([[0.0, 3.5, 7.0, 20.0]], np.float32), SUV))
    assert pixels[0].tolist() == pytest.approx([255, 127.5, 0, 0], abs=0.5)


def test_background_leaves_the_scan_below_as_it_is():
    below = np.array([[0.0, 50.0, 100.0]])
    uptake = np.full((1, 3), 0.5, np.float32)
    pixels = to_pixels(draw_fused(below, Window(0, 100), uptake, Overlay(SUV, True, 100)))
    assert pixels[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_no_colour_is_drawn_where_the_pet_scan_does_not_reach():
    uptake = np.full((1, 1), np.nan, np.float32)
    pixels = to_pixels(draw_fused(np.array([[50.0]]), Window(0, 100), uptake, Overlay(SUV, True)))
    assert pixels[0, 0].tolist() == [128] * 3


@pytest.mark.parametrize(("opacity", "share"), [(25, 0.25), (100, 1.0)])
def test_high_uptake_covers_the_scan_by_the_opacity(opacity, share):
    uptake = np.full((1, 1), 9.0, np.float32)
    overlay = Overlay(SUV, True, opacity)
    pixels = to_pixels(draw_fused(np.array([[0.0]]), Window(0, 100), uptake, overlay))
    top = np.array([0xFC, 0xFF, 0xA4])  # the last colour of inferno
    np.testing.assert_allclose(pixels[0, 0], top * share, atol=1)


def test_the_colours_of_uptake_grow_lighter_all_the_way():
    uptake = np.linspace(0, 7, 200, dtype=np.float32)[None]
    pixels = to_pixels(
        draw_fused(np.zeros((1, 200)), Window(0, 1), uptake, Overlay(SUV, True, 100))
    )
    lightness = pixels[0].astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -1.5).all()
