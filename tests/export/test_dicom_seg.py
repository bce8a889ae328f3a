"""Segmentations out: read back equal by other programs, valid, the same when written twice."""

from __future__ import annotations

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_home import OBLIQUE, SIZE, STRAIGHT, DicomHome, make_labels
from dicom_reading import check_valid, read_all, run

from response.model import Reader


@pytest.fixture
def home(tmp_path):
    made = DicomHome(tmp_path)
    yield made
    made.store.close()


def export(home, *words, status=0):
    out = home.folder / "out"
    run(home, "export", "dicom-seg", "--out", out, *words, status=status)
    return out


def places(home, volume, lesion):
    """The points (mm) of a segment's voxels, as highdicom places them."""
    indices = np.argwhere(volume.array[..., lesion])
    return {tuple(np.round(point, 2) + 0.0) for point in volume.map_indices_to_reference(indices)}


def true_places(home, scan_id, label):
    scan = next(p.scans[0] for p in home.points if p.scans[0].scan_id == scan_id)
    image = home.workspace.read_image(scan.image_path)
    found = set()
    for layer in home.masks[scan_id]:
        for k, j, i in np.argwhere(layer == label).tolist():
            point = image.TransformIndexToPhysicalPoint((i, j, k))
            found.add(tuple(np.round(point, 2) + 0.0))
    return found


@pytest.mark.parametrize("direction", [STRAIGHT, OBLIQUE])
def test_every_voxel_is_where_it_was_marked(tmp_path, direction):
    home = DicomHome(tmp_path, direction=direction)
    scan = home.add_scan()
    home.track()
    (path,) = export(home).glob("*.dcm")
    segmentation = hd.seg.segread(path)
    volume = segmentation.get_volume(allow_missing_positions=True)
    assert [d.segment_label for d in segmentation.SegmentSequence] == ["L02", "L04"]
    for place, label in enumerate((2, 4)):
        assert places(home, volume, place) == true_places(home, scan.scan_id, label)


def test_overlapping_marks_are_written_whole(home):
    under = np.where(make_labels() == 2, 9, 0).astype(np.uint16)
    scan = home.add_scan(layers=[make_labels(), np.roll(under, 2, axis=2)])
    home.track()
    (path,) = export(home).glob("*.dcm")
    volume = hd.seg.segread(path).get_volume(allow_missing_positions=True)
    assert not check_valid([path])
    for place, label in enumerate((2, 4, 9)):
        assert places(home, volume, place) == true_places(home, scan.scan_id, label)


def test_a_lesion_has_one_tracking_uid_at_every_time_point(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", [make_labels(shift=2)])
    tracking = home.track()
    out = export(home)
    uids = {x.tracking_id: x.tracking_uid for x in tracking.lesions}
    for made in read_all(out, "seg"):
        assert {s.TrackingID: s.TrackingUID for s in made.SegmentSequence} == uids


def test_the_checker_finds_nothing(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10")
    home.track()
    assert not check_valid(sorted(export(home).glob("*.dcm")))


def test_frames_refer_to_the_images_they_were_drawn_on(home):
    scan = home.add_scan()
    home.track()
    (made,) = read_all(export(home), "seg")
    heights = {
        str(d.SOPInstanceUID): float(d.ImagePositionPatient[2])
        for d in map(pydicom.dcmread, (home.source / scan.scan_id).glob("*.dcm"))
    }
    for frame in made.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        place = frame.PlanePositionSequence[0].ImagePositionPatient
        assert heights[source.ReferencedSOPInstanceUID] == float(place[2])
    assert int(made.NumberOfFrames) < 2 * len(heights)


def test_frames_of_one_image_are_told_apart_by_number(home):
    home.add_scan(frames=True)
    home.track()
    path = next(export(home).glob("*.dcm"))
    made = pydicom.dcmread(path)
    items = [
        frame.DerivationImageSequence[0].SourceImageSequence[0]
        for frame in made.PerFrameFunctionalGroupsSequence
    ]
    assert len({item.ReferencedSOPInstanceUID for item in items}) == 1
    assert {int(item.ReferencedFrameNumber) for item in items} == {5, 6, 7, 8}
    assert len(made.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 1
    assert not check_valid([path])


def test_patient_and_study_are_the_source_s_without_a_name(home):
    home.add_scan()
    home.track()
    (made,) = read_all(export(home), "seg")
    source = home.describe("P1-2025-01-10-CT", "2025-01-10", "CT")
    for name in ("PatientID", "PatientSex", "StudyInstanceUID", "FrameOfReferenceUID", "StudyID"):
        assert made[name].value == source[name].value
    assert made.PatientName == ""
    assert made.SeriesInstanceUID != source.SeriesInstanceUID


def test_written_twice_it_is_the_same_file(home):
    home.add_scan()
    home.track()
    out = export(home)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert {path.name: path.read_bytes() for path in export(home).iterdir()} == before


def test_other_results_are_not_written_beside_old_ones(home):
    home.add_scan()
    home.track()
    out = export(home)
    names = {path.name for path in out.iterdir()}
    home.add_scan("2025-03-10")
    home.track()
    run(home, "export", "dicom-seg", "--out", out, status=2)
    assert {path.name for path in out.iterdir()} == names


def test_readers_have_a_series_each(tmp_path):
    series = set()
    for name in ("anna", "ben"):
        home = DicomHome(tmp_path / name, reader=Reader("INVESTIGATOR", name))
        home.add_scan()
        home.track()
        (made,) = read_all(export(home), "seg")
        series.add(made.SeriesInstanceUID)
        assert made.ContentCreatorName == f"{name}^"
    assert len(series) == 2


def test_a_scan_that_is_not_from_dicom_is_refused_and_the_others_are_written(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", origin=False)
    home.track()
    out = home.folder / "out"
    said = run(home, "export", "dicom-seg", "--out", out, status=1)
    assert "refused: P1 2025-03-10: was not read from DICOM" in said
    assert len(list(out.iterdir())) == 1


def test_where_every_scan_is_refused_nothing_is_written(home):
    home.add_scan(origin=False)
    home.track()
    out = export(home, status=2)
    assert not out.exists()


def test_where_nothing_is_marked_there_is_no_segmentation(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", [np.zeros_like(make_labels())])
    home.track()
    out = home.folder / "out"
    said = run(home, "export", "dicom-seg", "--out", out)
    assert "note: P1 2025-03-10 CT: nothing is marked there" in said
    assert len(list(out.iterdir())) == 1


def test_file_names_say_nothing_of_the_patient(tmp_path):
    home = DicomHome(tmp_path, subject="MRN-4711")
    home.add_scan()
    home.track()
    (path,) = export(home).iterdir()
    assert "4711" not in path.name


def test_a_scan_without_dicom_is_written_as_a_series_where_asked(home):
    scan = home.add_scan(origin=False)
    home.track()
    out = export(home, "--with-images")
    images = read_all(out, "image")
    (segmentation,) = read_all(out, "seg")
    assert len(images) == 12
    check_valid(sorted(out.glob("*.dcm")))
    referred = {
        item.ReferencedSOPInstanceUID
        for item in segmentation.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    assert referred < {image.SOPInstanceUID for image in images}
    reader = sitk.ImageSeriesReader()
    series = images[0].SeriesInstanceUID
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(out), series))
    mine, theirs = home.workspace.read_image(scan.image_path), reader.Execute()
    assert np.allclose(mine.GetOrigin(), theirs.GetOrigin())
    assert (sitk.GetArrayFromImage(mine) == sitk.GetArrayFromImage(theirs)).all()


def test_a_pet_without_dicom_is_refused(home):
    home.add_scan(origin=False, modality="PT")
    home.track()
    said = run(home, "export", "dicom-seg", "--with-images", "--out", home.folder / "out", status=2)
    assert "how it was acquired is not known" in said


@pytest.mark.parametrize(
    "said",
    [
        {"StudyDate": "2025.01.10", "StudyTime": "10:15", "PatientSex": "female"},
        {"AccessionNumber": "A" * 40, "StudyID": "S\\T", "StudyDescription": "x" * 100},
        {"PatientID": "P\\1", "SeriesNumber": "-3", "FrameOfReferenceUID": "none"},
    ],
)
def test_odd_values_of_a_header_are_left_out(home, said):
    home.header = said
    home.add_scan()
    home.track()
    for kind in ("dicom-seg", "dicom-sr", "rtstruct"):
        run(home, "export", kind, "--out", home.folder / kind)
        check_valid(sorted((home.folder / kind).glob("*.dcm")))


def test_a_study_without_a_uid_is_refused(home):
    home.header = {"StudyInstanceUID": "not a uid"}
    home.add_scan()
    home.track()
    said = run(home, "export", "dicom-seg", "--out", home.folder / "out", status=2)
    assert "no valid StudyInstanceUID" in said


@pytest.mark.parametrize("slice_axis", [0, 1])
def test_slices_lie_as_the_scan_was_measured(home, slice_axis):
    scan = home.add_scan(origin=False, slice_axis=slice_axis)
    home.track()
    out = export(home, "--with-images")
    (path,) = out.glob("seg-*.dcm")
    volume = hd.seg.segread(path).get_volume(allow_missing_positions=True)
    assert len(read_all(out, "image")) == SIZE[slice_axis]
    for place, label in enumerate((2, 4)):
        assert places(home, volume, place) == true_places(home, scan.scan_id, label)
