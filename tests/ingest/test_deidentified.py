"""Ingesting without identity: nothing of the patient is left in the workspace or the messages."""

from __future__ import annotations

import datetime as dt
import gzip

import numpy as np
import pytest
import SimpleITK as sitk

from response.deidentify.job import ingest_deidentified
from response.deidentify.pseudonyms import Pseudonyms

KEY = "a key that only the clinic holds"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("RESPONSE_PSEUDONYM_KEY", KEY)


@pytest.fixture
def take(clinic):
    def ingest(*paths, **options):
        return ingest_deidentified(
            list(paths), clinic.workspace, clinic.store, actor="test", **options
        )

    return ingest


def find_in_workspace(clinic, *planted: str) -> list[str]:
    """Every file of the workspace that holds a planted word, in any case or encoding."""
    clinic.store.close()
    found = []
    for path in clinic.workspace.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".gz":
                content += gzip.decompress(content)
            texts = (content.lower(), content.replace(b"\0", b"").lower())
            words = [word for word in planted if any(word.lower().encode() in t for t in texts)]
            found += [f"{path.name}: {word}" for word in words]
    return found


def test_the_subject_is_a_pseudonym_and_dates_keep_their_intervals(clinic, tree, take):
    tree.add_series(subject="0815")
    tree.add_series(subject="0815", date="20250310")
    report = take(tree.folder)
    (subject,) = {subject for subject, _time_point in report.taken}
    assert subject == Pseudonyms(KEY.encode()).subject("0815")
    first, second = (point.date for point in clinic.store.read_time_points(subject))
    assert second - first == dt.date(2025, 3, 10) - dt.date(2025, 1, 10)
    assert 1 <= (dt.date(2025, 1, 10) - first).days <= 3650


def test_a_second_run_changes_nothing(tree, take):
    tree.add_series()
    report = take(tree.folder)
    assert take(tree.folder).unchanged == report.taken


def test_voxels_and_places_are_those_of_the_original(clinic, tree, take):
    tree.add_series(seed=3)
    clinic.ingest(tree.folder)
    report = take(tree.folder)
    plain, hidden = (
        clinic.workspace.read_image(clinic.store.read_time_points(subject)[0].scans[0].image_path)
        for subject in ("P1", report.taken[0][0])
    )
    assert plain.GetOrigin() == hidden.GetOrigin()
    assert plain.GetDirection() == hidden.GetDirection()
    assert (sitk.GetArrayFromImage(plain) == sitk.GetArrayFromImage(hidden)).all()


def test_a_segmentation_still_lies_on_its_series(clinic, tree, take):
    series = tree.add_series()
    marks = np.zeros((6, 12, 10), np.uint8)
    marks[2:4, 3:6, 2:7] = 1
    tree.add_segmentation(series, marks)
    clinic.ingest(tree.folder)
    report = take(tree.folder)
    assert not report.refused
    voxels = []
    for subject in ("P1", report.taken[0][0]):
        (point,) = clinic.store.read_time_points(subject)
        voxels.append(clinic.read_labels(point.mark_sets[0]))
    assert voxels[0].sum() == marks.sum()
    assert (voxels[0] == voxels[1]).all()
