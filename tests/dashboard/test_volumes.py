"""Volumes are kept up to a budget, the ones used last."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from dashboard.volumes import VolumeCache
from response.geometry import Grid


@pytest.fixture
def reads():
    return []


@pytest.fixture
def cache(reads):
    def read(path):
        reads.append(path)
        return sitk.Image(10, 10, 10, sitk.sitkInt16)

    return VolumeCache(read, budget_bytes=2 * 2000)


def test_a_volume_is_read_once(cache, reads):
    cache.read("a")
    cache.read("a")
    assert reads == ["a"]


def test_the_budget_holds_and_the_oldest_goes_first(cache, reads):
    for path in ("a", "b", "a", "c", "a", "b"):
        cache.read(path)
        assert cache.kept_bytes <= 4000
    assert reads == ["a", "b", "c", "b"]


def test_a_volume_beyond_the_budget_is_shown_but_not_kept(reads):
    cache = VolumeCache(lambda path: sitk.Image(10, 10, 10, sitk.sitkInt16), budget_bytes=10)
    assert cache.read("a")[0].shape == (10, 10, 10)
    assert cache.kept_bytes == 0


def test_kept_voxels_cannot_be_written_to(cache):
    with pytest.raises(ValueError, match="read-only"):
        cache.read("a")[0][0, 0, 0] = 1


def test_doubles_are_kept_in_single_precision():
    cache = VolumeCache(lambda path: sitk.Image(2, 2, 2, sitk.sitkFloat64))
    assert cache.read("a")[0].dtype == np.float32


def test_the_grid_of_a_file_is_read_from_its_header(tmp_path, cache, reads):
    image = sitk.Image(3, 4, 5, sitk.sitkInt16)
    image.SetOrigin((1.0, 2.0, 3.0))
    image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    sitk.WriteImage(image, tmp_path / "a.nrrd")
    assert cache.read_grid("a", tmp_path / "a.nrrd") == Grid.of(image)
    assert reads == []
