"""Several volumes in one series: told apart by a tag, or refused."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from response.ingest.dicom import find_dicom
from response.ingest.series import build_stacks


def add_phases(tree, *phases, shift=0.0, slices=6, **tags):
    """Several volumes under one series UID; each phase is what its slices say."""
    first = tree.add_series(slices=slices, **tags)
    head = pydicom.dcmread(first[0])
    volumes = []
    for number, phase in enumerate(phases):
        count = phase.pop("slices", slices)
        paths = first if number == 0 else tree.add_series(slices=slices, seed=number, **tags)
        for index, path in enumerate(paths):
            if index >= count:
                path.unlink()
                continue
            place = list(pydicom.dcmread(path).ImagePositionPatient)
            said = {key: v[index] if isinstance(v, tuple) else v for key, v in phase.items()}
            tree.edit(
                path,
                SeriesInstanceUID=head.SeriesInstanceUID,
                StudyInstanceUID=head.StudyInstanceUID,
                FrameOfReferenceUID=head.FrameOfReferenceUID,
                InstanceNumber=100 * number + index,
                ImagePositionPatient=[place[0], place[1], float(place[2]) + number * shift],
                **said,
            )
        volumes.append(list(paths[:count]))
    return volumes


def read_scan(clinic):
    (scan,) = clinic.store.read_time_points("P1")[0].scans
    return scan, sitk.GetArrayFromImage(clinic.workspace.read_image(scan.image_path))


def is_volume(values, paths):
    stored = [pydicom.dcmread(path).pixel_array.astype(int) - 1024 for path in paths]
    return np.array_equal(values, stored)


@pytest.mark.parametrize(
    ("tag", "first", "second"),
    [
        ("AcquisitionNumber", 1, 2),
        ("TemporalPositionIdentifier", 1, 2),
        ("EchoTime", 10.0, 80.0),
        ("DiffusionBValue", 0.0, 800.0),
        ("ConvolutionKernel", "B30f", "B70f"),
        ("AcquisitionTime", "101500", "101600"),
        ("ContentTime", "101500.5", "101500.7"),
    ],
)
def test_two_volumes_are_told_apart_by_what_differs(clinic, tree, tag, first, second):
    volumes = add_phases(tree, {tag: first}, {tag: second})
    clinic.ingest(tree.folder)
    scan, values = read_scan(clinic)
    assert is_volume(values, volumes[0])
    assert scan.chosen_because.startswith(f"series 3, part 1 of 2 by {tag}")
    assert "the first of its parts" in scan.chosen_because
    assert scan.facts["part_of_series"].startswith("part 1 of 2")


def test_the_complete_phase_goes_before_the_first(clinic, tree):
    volumes = add_phases(tree, {"AcquisitionNumber": 1, "slices": 4}, {"AcquisitionNumber": 2})
    clinic.ingest(tree.folder)
    scan, values = read_scan(clinic)
    assert is_volume(values, volumes[1])
    assert "part 2 of 2 by AcquisitionNumber 2 (CT, 6 slices of 2.5 mm): more slices" in (
        scan.chosen_because
    )


def test_directions_of_diffusion_need_two_tags(tree):
    add_phases(
        tree,
        {"DiffusionBValue": 0.0},
        {"DiffusionBValue": 800.0, "DiffusionGradientOrientation": [1.0, 0.0, 0.0]},
        {"DiffusionBValue": 800.0, "DiffusionGradientOrientation": [0.0, 1.0, 0.0]},
    )
    (series,) = find_dicom([tree.folder]).series.values()
    stacks = build_stacks(series)
    assert [len(stack.slices) for stack in stacks] == [6, 6, 6]


def test_cardiac_phases_are_told_apart_by_their_order_at_each_slice(tree):
    times = [tuple(100.0 * phase + 3 * k for k in range(6)) for phase in range(3)]
    volumes = add_phases(tree, *({"TriggerTime": one} for one in times))
    (series,) = find_dicom([tree.folder]).series.values()
    stacks = build_stacks(series)
    assert [{image.path for image in stack.slices} for stack in stacks] == [
        set(paths) for paths in volumes
    ]


def test_interleaved_phases_are_not_one_volume(clinic, tree):
    volumes = add_phases(
        tree,
        {"AcquisitionNumber": 1, "SliceThickness": 5},
        {"AcquisitionNumber": 2, "SliceThickness": 5},
        shift=2.5,
        gap=5.0,
    )
    clinic.ingest(tree.folder)
    scan, values = read_scan(clinic)
    assert is_volume(values, volumes[0])
    assert scan.slice_thickness_mm == 5


def test_one_volume_made_in_two_passes_stays_one(clinic, tree):
    add_phases(
        tree,
        {"AcquisitionNumber": 1, "SliceThickness": 2.5},
        {"AcquisitionNumber": 2, "SliceThickness": 2.5},
        shift=2.5,
        gap=5.0,
    )
    clinic.ingest(tree.folder)
    assert read_scan(clinic)[1].shape[0] == 12


def test_slabs_side_by_side_with_a_slice_missing_are_not_two_volumes(clinic, tree):
    paths = tree.add_series(slices=13)
    for index, path in enumerate(paths):
        tree.edit(path, AcquisitionNumber=1 if index < 6 else 2)
    paths[6].unlink()
    report = clinic.ingest(tree.folder)
    assert "a slice is missing" in report.refused[0].reason


def test_volumes_that_no_tag_tells_apart_are_refused(clinic, tree):
    add_phases(tree, {}, {})
    assert "at one place: several volumes" in clinic.ingest(tree.folder).refused[0].reason


def test_a_slice_exported_twice_under_two_uids_is_read_once(clinic, tree):
    paths = tree.add_series()
    copied = shutil.copy(paths[2], paths[2].parent / "copy.dcm")
    tree.edit(copied, SOPInstanceUID=pydicom.uid.generate_uid(), InstanceNumber=99)
    report = clinic.ingest(tree.folder)
    assert is_volume(read_scan(clinic)[1], paths)
    assert any("same pixels at the same place" in one for one in report.warnings)


@pytest.mark.parametrize(("doubled", "count"), [({2: 1}, 2), ({1: 1, 4: 1}, 2), ({1: 2, 4: 1}, 3)])
def test_images_at_one_place_are_counted(clinic, tree, doubled, count):
    paths = tree.add_series()
    for place, times in doubled.items():
        for number in range(times):
            copied = shutil.copy(paths[place], paths[0].parent / f"copy{place}{number}.dcm")
            header = pydicom.dcmread(copied)
            changed = bytes([number + 1]) + header.PixelData[1:]
            tree.edit(copied, SOPInstanceUID=pydicom.uid.generate_uid(), PixelData=changed)
    (refusal,) = clinic.ingest(tree.folder).refused
    assert f" {count} images at one place" in refusal.reason


def test_a_part_with_a_slice_missing_refuses_the_whole_series(clinic, tree):
    volumes = add_phases(tree, {"EchoTime": 10.0}, {"EchoTime": 80.0})
    volumes[1][3].unlink()
    assert "at one place" in clinic.ingest(tree.folder).refused[0].reason


def test_the_part_that_was_drawn_on_is_taken(clinic, tree):
    volumes = add_phases(tree, {"EchoTime": 10.0}, {"EchoTime": 80.0})
    marks = np.zeros((6, 12, 10), np.uint8)
    marks[1:3, 2:5, 1:4] = 1
    tree.add_segmentation(volumes[1], marks)
    clinic.ingest(tree.folder)
    scan, values = read_scan(clinic)
    assert is_volume(values, volumes[1])
    assert "a segmentation was drawn on it" in scan.chosen_because
    (time_point,) = clinic.store.read_time_points("P1")
    assert np.array_equal(clinic.read_labels(time_point.mark_sets[0]), marks)


def test_of_a_pet_in_time_the_last_part_is_taken(clinic, tree):
    volumes = add_phases(
        tree,
        {"FrameReferenceTime": 1000.0},
        {"FrameReferenceTime": 60000.0},
        Modality="PT",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.128",
    )
    clinic.ingest(tree.folder)
    scan, values = read_scan(clinic)
    assert is_volume(values, volumes[1])
    assert "the last of its parts" in scan.chosen_because
