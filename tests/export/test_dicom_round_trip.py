"""What was written is read in again by this program's own readers, to the same marks."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_home import OBLIQUE, DicomHome, make_labels
from dicom_reading import run

from response.ingest.run import ingest_paths
from response.store import Store
from response.workspace import Workspace


def ingest_again(home, kind, folder):
    """Read the source images and what was written of them into a workspace of its own."""
    run(home, "export", kind, "--out", folder / kind)
    shutil.copytree(home.source, folder / kind / "images")
    workspace = Workspace.open(folder / "again")
    store = Store(workspace)
    report = ingest_paths([folder / kind], workspace, store, actor="tester")
    assert not report.refused
    (point,) = store.read_time_points("P1")
    (marks,) = point.mark_sets
    mask = workspace.read_image(marks.mask_path)
    return point, sitk.GetArrayFromImage(mask)


@pytest.mark.parametrize("kind", ["dicom-seg", "dicom-sr", "rtstruct"])
def test_marks_come_back_voxel_by_voxel(tmp_path, kind):
    home = DicomHome(tmp_path, direction=OBLIQUE)
    scan = home.add_scan()
    home.track()
    _, array = ingest_again(home, kind, tmp_path)
    for number, label in ((1, 2), (2, 4)):
        assert ((array == number) == (home.masks[scan.scan_id][0] == label)).all()


def test_overlapping_marks_come_back_whole(tmp_path):
    under = np.where(np.roll(make_labels(), 3, axis=2) == 2, 9, 0).astype(np.uint16)
    home = DicomHome(tmp_path)
    home.add_scan(layers=[make_labels(), under])
    home.track()
    _, array = ingest_again(home, "dicom-seg", tmp_path)
    assert (array == 3).sum() == (under == 9).sum()


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_the_tracking_uid_comes_back(tmp_path, kind):
    home = DicomHome(tmp_path)
    home.add_scan()
    tracking = home.track()
    point, _ = ingest_again(home, kind, tmp_path)
    given = {fact.given_tracking_uid for fact in point.lesion_facts}
    assert given == {lesion.tracking_uid for lesion in tracking.lesions}
