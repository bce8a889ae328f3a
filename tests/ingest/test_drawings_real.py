"""Real drawings agree, voxel for voxel in physical space, with what other programs read in them."""

from __future__ import annotations

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError
from response.geometry import Grid
from response.ingest.drawings import read_drawing, read_drawings
from response.layers import split_layers

FILES = [
    "seg_sr_highdicom/seg_image_ct_binary.dcm",
    "seg_sr_highdicom/seg_image_ct_binary_fractional.dcm",
    "seg_sr_highdicom/seg_image_ct_binary_overlap.dcm",
    "seg_sr_highdicom/seg_image_ct_true_fractional.dcm",
    "seg_sr_highdicom/seg_image_ct_binary_single_frame.dcm",
    "seg_sr_dcmqi/segmentations/liver.dcm",
    "seg_sr_dcmqi/segmentations/partial_overlaps.dcm",
    "seg_sr_dcmqi/segmentations/sparse-labelmap-noppv.dcm",
    "seg_sr_dcmqi/segmentations/sparse-labelmap-ppv5.dcm",
    "seg_sr_dcmqi/sr-example/seg.dcm",
    "pet_seg_rwv_suv_truth/SEG_PT_2_Segmentation_162308/0001.dcm",
    "pet_seg_rwv_suv_truth/SEG_PT_Segmentation_504365/0001.dcm",
]


def place(shared_data, name):
    if not (shared_data / name).is_file():
        pytest.skip(f"{name} is not among the real data")
    return shared_data / name


def read_volume(path):
    """Read as highdicom does: voxels (slices, rows, columns, segments), and their grid."""
    segmentation = hd.seg.segread(path)
    fractional = segmentation.SegmentationType == "FRACTIONAL"
    options = {"rescale_fractional": False} if fractional else {}
    volume = segmentation.get_volume(allow_missing_positions=True, **options)
    voxels = np.asarray(volume.array)
    inside = voxels > 0
    if fractional:
        inside &= voxels >= segmentation.MaximumFractionalValue / 2
    spacing = np.linalg.norm(volume.affine[:3, :3], axis=0)
    direction = (volume.affine[:3, :3] / spacing)[:, ::-1]
    size = inside.shape[2::-1]
    origin = tuple(volume.affine[:3, 3])
    return segmentation, inside, Grid(origin, tuple(spacing[::-1]), tuple(direction.ravel()), size)


def marked(labels, label):
    layers = [sitk.GetArrayFromImage(layer) for layer in split_layers(labels.image)]
    return np.any([layer == label for layer in layers], axis=0)


@pytest.mark.parametrize("name", FILES)
def test_every_segment_has_the_voxels_another_reader_finds(shared_data, name):
    path = place(shared_data, name)
    segmentation, inside, grid = read_volume(path)
    labels = read_drawings([read_drawing(path)], grid)
    numbers = segmentation.segment_numbers  # 0 is the background of a label map
    assert labels.labels == tuple(number for number in numbers if number)
    for at, number in enumerate(numbers):
        if number:
            np.testing.assert_array_equal(marked(labels, number), inside[..., at])


def test_the_volume_is_the_one_the_report_beside_it_states(shared_data):
    path = place(shared_data, "seg_sr_dcmqi/sr-example/seg.dcm")
    _segmentation, _inside, grid = read_volume(path)
    labels = read_drawings([read_drawing(path)], grid)
    volume_ml = marked(labels, 1).sum() * grid.voxel_volume_mm3 / 1000
    assert volume_ml == pytest.approx(33.5824, abs=5e-5)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_overlapping_segments_agree_with_the_label_images_of_their_program(shared_data, number):
    folder = place(shared_data, "seg_sr_dcmqi/segmentations/partial_overlaps.dcm").parent
    given = sitk.ReadImage(str(folder / f"partial_overlaps-{number}.nrrd"))
    labels = read_drawings([read_drawing(folder / "partial_overlaps.dcm")], Grid.of(given))
    voxels = sitk.GetArrayFromImage(given)
    for label in np.unique(voxels[voxels > 0]):
        np.testing.assert_array_equal(marked(labels, int(label)), voxels == label)


@pytest.mark.parametrize("name", ["control", "control_labelmap", "dots_tiled_full", "numbers"])
def test_segmentations_of_whole_slide_images_are_refused(shared_data, name):
    path = place(shared_data, f"seg_sr_highdicom/seg_image_sm_{name}.dcm")
    grid = Grid((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1, 0, 0, 0, 1, 0, 0, 0, 1), (10, 10, 5))
    with pytest.raises(InputError, match="whole-slide image"):
        read_drawings([read_drawing(path)], grid)


def test_contours_that_refer_to_missing_images_are_refused(clinic, shared_data, tmp_path):
    folder = place(shared_data, "rtstruct/tests/mock_data/rt.dcm").parent
    for name in ("invalid_reference_rt.dcm", "non_existent_reference_rt.dcm"):
        given = tmp_path / name.partition(".")[0]
        given.mkdir()
        for file in ("ct_1.dcm", "ct_2.dcm", name):
            (given / file).write_bytes((folder / file).read_bytes())
        report = clinic.ingest(given)
        assert not report.taken
        assert report.refused


def test_contours_on_two_slices_lie_in_the_square_drawn(shared_data):
    folder = place(shared_data, "rtstruct/tests/mock_data/rt.dcm").parent
    first = sitk.ReadImage(str(folder / "ct_1.dcm"))
    spacing = (*first.GetSpacing()[:2], 5.0)
    size = (*first.GetSize()[:2], 2)
    grid = Grid(first.GetOrigin(), spacing, (1, 0, 0, 0, 1, 0, 0, 0, 1), size)
    labels = read_drawings([read_drawing(folder / "rt.dcm")], grid)
    assert labels.labels == (1,)
    assert marked(labels, 1).any(axis=(1, 2)).tolist() == [True, False]
