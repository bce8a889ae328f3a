"""Enhanced multi-frame images: frames by place, rescaled each by its own, volumes told apart."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import generate_uid

from response.ingest.images import read_image
from response.ingest.origin import read_origin

ENHANCED_CT, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1"


def item(**values):
    dataset = pydicom.Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return pydicom.Sequence([dataset])


def add_enhanced(tree, places, *, own=(), kind=ENHANCED_CT, modality="CT", seed=0, **tags):
    """One file; `places` are the frames' z; `own` adds groups to a frame."""
    (path, *others) = tree.add_series(slices=2, Modality=modality, SOPClassUID=kind)
    for other in others:
        other.unlink()
    dataset = pydicom.dcmread(path)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(dataset, name)
    for name in ("SliceThickness", "RescaleSlope", "RescaleIntercept"):
        delattr(dataset, name)
    values = np.random.default_rng(seed).integers(0, 2000, (len(places), 12, 10)).astype("<u2")
    dataset.NumberOfFrames, dataset.PixelData = len(places), values.tobytes()
    shared = pydicom.Dataset()
    shared.PixelMeasuresSequence = item(PixelSpacing=[0.8, 0.7], SliceThickness=2.5)
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelValueTransformationSequence = item(RescaleSlope=1, RescaleIntercept=-1024)
    dataset.SharedFunctionalGroupsSequence = pydicom.Sequence([shared])
    frames = []
    for number, z in enumerate(places):
        frame = pydicom.Dataset()
        frame.PlanePositionSequence = item(ImagePositionPatient=[-30, -40, z])
        for name, group in (own[number] if own else {}).items():
            setattr(frame, name, group)
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = pydicom.Sequence(frames)
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path, values.astype(int)


def read_scan(clinic):
    (scan,) = clinic.store.read_time_points("P1")[0].scans
    image = clinic.workspace.read_image(scan.image_path)
    return scan, image, sitk.GetArrayFromImage(image)


def test_frames_are_ordered_by_where_they_lie(clinic, tree):
    places = [105.0, 100.0, 110.0, 102.5, 107.5]
    path, stored = add_enhanced(tree, places)
    clinic.ingest(tree.folder)
    scan, image, values = read_scan(clinic)
    order = np.argsort(places)
    np.testing.assert_array_equal(values, stored[order] - 1024)
    assert image.GetOrigin() == pytest.approx((-30, -40, 100))
    assert image.GetSpacing() == pytest.approx((0.7, 0.8, 2.5))
    origin = read_origin(clinic.workspace.read_document(scan.origin_path))
    assert [one.frame for one in origin.images] == [number + 1 for number in order]
    assert {one.sop_instance_uid for one in origin.images} == {pydicom.dcmread(path).SOPInstanceUID}


def test_each_frame_is_rescaled_by_its_own_transformation(clinic, tree):
    own = [
        {
            "PixelValueTransformationSequence": item(
                RescaleSlope=0.5 + number, RescaleIntercept=number
            )
        }
        for number in range(5)
    ]
    _path, stored = add_enhanced(tree, [100 + 2.5 * n for n in range(5)], own=own)
    clinic.ingest(tree.folder)
    values = read_scan(clinic)[2]
    for number in range(5):
        np.testing.assert_allclose(values[number], stored[number] * (0.5 + number) + number)


@pytest.mark.parametrize(
    ("sequence", "attribute", "values", "tag"),
    [
        ("MREchoSequence", "EffectiveEchoTime", (10.0, 80.0), "EchoTime"),
        ("MRDiffusionSequence", "DiffusionBValue", (0.0, 800.0), "DiffusionBValue"),
        ("FrameContentSequence", "TemporalPositionIndex", (1, 2), "TemporalPositionIdentifier"),
        ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", (5.0, 95.0), "Tri"),
    ],
)
def test_volumes_of_one_file_are_told_apart(clinic, tree, sequence, attribute, values, tag):
    places = [100 + 2.5 * (n // 2) for n in range(12)]
    own = [{sequence: item(**{attribute: values[n % 2]})} for n in range(12)]
    _path, stored = add_enhanced(tree, places, own=own, kind=ENHANCED_MR, modality="MR")
    clinic.ingest(tree.folder)
    scan, _image, found = read_scan(clinic)
    np.testing.assert_array_equal(found, stored[::2] - 1024)
    assert f"part 1 of 2 by {tag}" in scan.chosen_because


def test_a_second_part_of_a_file_is_another_scan_than_the_first(clinic, tree):
    places = [100 + 2.5 * (n // 2) for n in range(12)]
    own = [{"MREchoSequence": item(EffectiveEchoTime=10.0 + n % 2)} for n in range(12)]
    path, _stored = add_enhanced(tree, places, own=own, kind=ENHANCED_MR, modality="MR")
    clinic.ingest(tree.folder)
    first = read_scan(clinic)[0]
    dataset = pydicom.dcmread(path)
    dataset.PerFrameFunctionalGroupsSequence[0].MREchoSequence = item(EffectiveEchoTime=99.0)
    dataset.save_as(path)
    report = clinic.ingest(tree.folder)
    assert report.refused
    assert first.facts["part_of_series"] == "part 1 of 2 by EchoTime 10"


def test_a_folder_of_one_enhanced_file_is_an_image(tree):
    _path, stored = add_enhanced(tree, [100 + 2.5 * n for n in range(5)])
    image, axis = read_image(tree.folder)
    assert axis == 2
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), stored - 1024)


def test_frames_in_several_files_are_one_volume(clinic, tree):
    first, stored = add_enhanced(tree, [100 + 2.5 * n for n in range(4)])
    second, more = add_enhanced(tree, [110 + 2.5 * n for n in range(4)], seed=1)
    head = pydicom.dcmread(first)
    tree.edit(
        second,
        SeriesInstanceUID=head.SeriesInstanceUID,
        FrameOfReferenceUID=head.FrameOfReferenceUID,
        SOPInstanceUID=generate_uid(),
    )
    clinic.ingest(tree.folder)
    np.testing.assert_array_equal(read_scan(clinic)[2], np.concatenate([stored, more]) - 1024)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"PerFrameFunctionalGroupsSequence": pydicom.Sequence([])}, "without a place for each"),
        ({"NumberOfFrames": 7}, "without a place for each"),
        ({"NumberOfFrames": 2**31 - 1}, "cannot be read as DICOM"),
        ({"PixelData": bytes(100)}, "truncated"),
    ],
)
def test_frames_that_are_not_what_the_file_says_are_refused(clinic, tree, tags, why):
    add_enhanced(tree, [100 + 2.5 * n for n in range(5)], **tags)
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert any(why in refusal.reason for refusal in report.refused)


def test_frames_smaller_than_their_pixels_are_refused(clinic, tree):
    add_enhanced(tree, [0.0, 2.5, 5.0, 7.5], Rows=11)
    (refusal,) = clinic.ingest(tree.folder).refused
    assert "more pixels than declared" in refusal.reason
