"""Regions of one grid on another, and marks of several series as the lesions they are."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import SimpleITK as sitk

from response.geometry import Grid
from response.join_series import OTHER_SERIES, Marked, join_series
from response.measure import measure_labels
from response.model import MarkSet, Reader, Scan
from response.regions import Region, measure_regions

DAY = dt.date(2025, 1, 6)
AXES = (1.0, 0, 0, 0, 1, 0, 0, 0, 1)
CT = Grid((0, 0, 0), (1.0, 1.0, 2.5), AXES, (60, 60, 24))
PT = Grid((1.5, 1.5, 0.5), (4.0, 4.0, 4.0), AXES, (15, 15, 15))

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def scan(modality: str, frame: str = "") -> Scan:
    facts = {"frame_of_reference_uid": frame} if frame else {}
    return Scan(modality, "S1", "T0", DAY, modality, "", "", "", 2, (0,) * 6, facts=facts)


def mark(modality: str, label: int, box_mm: Box, frame: str = "") -> Marked:
    """A box of voxels whose centres lie within limits in mm."""
    grid = CT if modality == "CT" else PT
    labels = np.zeros(grid.size, np.uint8)
    points = grid.to_points(np.argwhere(labels == 0))
    low, high = np.array(box_mm).T
    labels[((points >= low) & (points < high)).all(axis=1).reshape(grid.size)] = label
    image = sitk.GetImageFromArray(np.ascontiguousarray(labels.transpose()))
    image.SetSpacing(grid.spacing)
    image.SetOrigin(grid.origin)
    (measured,) = measure_labels(image, image)
    marks = MarkSet(f"m{modality}", modality, Reader(), "", "", (label,), True)
    points = grid.to_points(np.argwhere(labels == label))
    return Marked(scan(modality, frame), marks, measured, points, grid, labels[labels == label])


def by_label(*marks: Marked) -> dict[int, Marked]:
    return {one.measured.label: one for one in marks}


ONE: Box = ((10, 22), (10, 22), (10, 22))
TWO: Box = ((26, 38), (10, 22), (10, 22))


def test_a_lesion_on_both_series_is_one_whatever_its_labels() -> None:
    joined = join_series(scan("CT"), by_label(mark("CT", 3, ONE)), [by_label(mark("PT", 7, ONE))])
    assert set(joined.marked) == {3}
    assert [m.measured.label for m in joined.doubles[3]] == [7]


def test_a_mark_on_the_pet_alone_is_a_lesion_of_its_own() -> None:
    joined = join_series(scan("CT"), by_label(mark("CT", 3, ONE)), [by_label(mark("PT", 3, TWO))])
    assert set(joined.marked) == {3, OTHER_SERIES + 3}
    assert joined.doubles == {}


def test_one_label_of_two_lesions_on_two_series_is_told_apart() -> None:
    joined = join_series(scan("CT"), by_label(mark("CT", 3, ONE)), [by_label(mark("PT", 3, TWO))])
    assert joined.apart == {3}


def test_one_label_of_one_lesion_is_not_told_apart() -> None:
    joined = join_series(scan("CT"), by_label(mark("CT", 3, ONE)), [by_label(mark("PT", 3, ONE))])
    assert joined.apart == set()


def test_a_pet_mark_over_two_lesions_is_one_of_them_and_says_so_of_both() -> None:
    own = by_label(mark("CT", 1, ONE), mark("CT", 2, ((26, 36), (10, 22), (10, 22))))
    joined = join_series(scan("CT"), own, [by_label(mark("PT", 9, ((8, 40), (8, 24), (8, 24))))])
    assert list(joined.doubles) == [1]
    assert joined.doubles[1][0].doubt == "it covers label 2 as well"
    assert joined.shared == {2: "label 9 of the PT covers label 1 as well"}


def test_two_pet_marks_on_one_lesion_are_both_its_own() -> None:
    own = by_label(mark("CT", 1, ((10, 38), (10, 22), (10, 22))))
    joined = join_series(scan("CT"), own, [by_label(mark("PT", 4, ONE), mark("PT", 5, TWO))])
    assert sorted(m.measured.label for m in joined.doubles[1]) == [4, 5]


def test_series_of_different_frames_are_joined_with_a_doubt() -> None:
    pet = mark("PT", 7, ONE, frame="1.2")
    joined = join_series(scan("CT", "1.1"), by_label(mark("CT", 3, ONE)), [by_label(pet)])
    assert "do not state the same frame of reference" in joined.doubles[3][0].doubt


def test_pet_is_measured_in_the_voxels_whose_centres_lie_in_the_region() -> None:
    values = np.arange(15**3, dtype=np.float32).reshape(15, 15, 15)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(PT.spacing)
    image.SetOrigin(PT.origin)
    region = mark("CT", 1, ONE).region
    (within,) = measure_regions(image, {5: region}).values()
    measured = within.measured
    # CT voxels cover 9.5 … 21.5 mm in x and y, and 8.75 … 21.25 in z
    inside = [
        values[k, j, i]
        for k in range(15)
        for j in range(15)
        for i in range(15)
        if 9.5 <= 1.5 + 4 * i < 21.5 and 9.5 <= 1.5 + 4 * j < 21.5 and 8.75 <= 0.5 + 4 * k < 21.25
    ]
    assert measured.voxels == len(inside)
    assert measured.mean_value == pytest.approx(np.mean(inside))


def test_a_region_smaller_than_a_voxel_is_the_voxel_around_it() -> None:
    region = mark("CT", 1, ((15, 17), (15, 17), (15, 17))).region
    assert region.indices_on(PT).tolist() == [[4, 4, 4]]


def test_a_region_outside_the_pet_is_not_measured() -> None:
    region = Region(CT, CT.to_points([[500, 0, 0]]))
    image = sitk.Image(15, 15, 15, sitk.sitkFloat32)
    assert measure_regions(image, {1: region}) == {}
