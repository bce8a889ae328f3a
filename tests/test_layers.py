"""Masks in layers: every label whole, through a file and back."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.layers import find_layer, join_layers, split_layers


def make_layers(count):
    random = np.random.default_rng(3)
    return [random.integers(0, 3, (4, 5, 6)).astype(np.uint16) + 3 * at for at in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_layers_come_back_from_a_file_as_they_were(tmp_path, count):
    layers = make_layers(count)
    path = str(tmp_path / "mask.nrrd")
    sitk.WriteImage(join_layers(np.stack(layers, axis=-1)), path, useCompression=True)
    read = [sitk.GetArrayFromImage(layer) for layer in split_layers(sitk.ReadImage(path))]
    assert len(read) == count
    for one, other in zip(layers, read, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_label_is_found_in_its_layer():
    mask = join_layers(np.stack([np.full((2, 2, 2), n, np.uint16) for n in (3, 9)], axis=-1))
    voxels = sitk.GetArrayFromImage(mask)
    assert (find_layer(voxels, 9) == 9).all()
    assert not (find_layer(voxels, 4) == 4).any()
