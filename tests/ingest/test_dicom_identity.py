"""Two patients' identities in one folder stop that folder."""

from __future__ import annotations

import shutil

import pytest

from response.errors import InputError
from response.ingest.images import read_image


def move_together(*series):
    """Put the files of several series into the folder of the first."""
    for number, paths in enumerate(series[1:]):
        for path in paths:
            shutil.move(path, series[0][0].parent / f"{number}_{path.name}")


def test_images_of_two_patients_in_one_folder_stop_it(clinic, tree):
    first, second = tree.add_series(), tree.add_series(subject="P2")
    move_together(first, second)
    tree.add_series(subject="P3")
    report = clinic.ingest(tree.folder)
    assert report.taken == (("P3", "2025-01-10"),)
    assert {refusal.subject for refusal in report.refused} == {"P1", "P2"}
    for refusal in report.refused:
        assert f"folder {first[0].parent.name} holds images of 2 patients" in refusal.reason
        assert "give each patient a folder of its own" in refusal.reason
        assert "Secret" not in refusal.reason


def test_a_folder_for_each_patient_goes_through(clinic, tree):
    tree.add_series()
    tree.add_series(subject="P2")
    assert len(clinic.ingest(tree.folder).taken) == 2


def test_a_series_under_two_patients_is_stopped_wherever_it_lies(clinic, tree):
    first, second = tree.add_series(), tree.add_series(subject="P2")
    uid = "1.2.3.4"
    for path in (*first, *second):
        tree.edit(path, StudyInstanceUID=uid)
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert all("one study under several PatientIDs" in r.reason for r in report.refused)


def test_one_image_without_a_patient_stops_its_series(clinic, tree):
    tree.edit(tree.add_series()[5], PatientID="")
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert any("several PatientIDs" in refusal.reason for refusal in report.refused)


@pytest.mark.parametrize(
    ("tags", "what"),
    [
        ({"PatientBirthDate": "19500101"}, "two birth dates"),
        ({"PatientSex": "F"}, "two sexes"),
        ({"IssuerOfPatientID": "Elsewhere"}, "two issuers"),
    ],
)
def test_one_number_with_two_persons_behind_it_stops_the_folder(clinic, tree, tags, what):
    said = {"PatientBirthDate": "19600101", "PatientSex": "M", "IssuerOfPatientID": "Here"}
    first, second = tree.add_series(number=2, **said), tree.add_series(number=3, **(said | tags))
    move_together(first, second)
    (refusal,) = clinic.ingest(tree.folder).refused
    assert what in refusal.reason
    assert "1960" not in refusal.reason


def test_what_is_only_not_said_is_no_contradiction(clinic, tree):
    first = tree.add_series(number=2, PatientBirthDate="19600101", PatientSex="O")
    move_together(first, tree.add_series(number=3, PatientSex="M"))
    assert clinic.ingest(tree.folder).taken


def test_an_image_folder_of_two_patients_is_not_one_image(tree):
    first = tree.add_series()
    move_together(first, tree.add_series(subject="P2"))
    with pytest.raises(InputError, match="2 patients"):
        read_image(tree.folder)


def test_a_series_of_two_days_is_not_two_time_points(clinic, tree):
    for index, path in enumerate(tree.add_series(slices=12)):
        tree.edit(path, StudyDate="20250110" if index < 6 else "20250111")
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert all("2 study dates" in refusal.reason for refusal in report.refused)


@pytest.mark.parametrize(
    ("tags", "what"),
    [({"PatientBirthDate": "19500101"}, "birth dates"), ({"PatientSex": "F"}, "sexes")],
)
def test_one_number_with_two_persons_behind_it_stops_the_patient_in_all_folders(
    clinic, tree, tags, what
):
    said = {"PatientBirthDate": "19600101", "PatientSex": "M"}
    tree.add_series(**said)
    tree.add_series(date="20250310", **(said | tags))
    tree.add_series(subject="P2", **said)
    report = clinic.ingest(tree.folder)
    assert report.taken == (("P2", "2025-01-10"),)
    assert {r.time_point for r in report.refused} == {"2025-01-10", "2025-03-10"}
    for refusal in report.refused:
        assert f"the images of this PatientID have two {what}" in refusal.reason
        assert "Secret" not in refusal.reason
        assert "19" not in refusal.reason


@pytest.mark.parametrize("date", ["", "19000101"])
def test_a_birth_date_that_is_not_known_is_no_contradiction(clinic, tree, date):
    tree.add_series(PatientBirthDate="19600101")
    tree.add_series(date="20250310", PatientBirthDate=date)
    assert len(clinic.ingest(tree.folder).taken) == 2


@pytest.mark.parametrize(
    ("tags", "what"),
    [({"PatientBirthDate": "19500101"}, "birth date"), ({"PatientSex": "F"}, "sex")],
)
def test_a_later_scan_of_another_person_is_refused_by_what_is_stored(clinic, tree, tags, what):
    said = {"PatientBirthDate": "19600101", "PatientSex": "M"}
    first = tree.add_series(**said)[0].parent
    later = tree.add_series(date="20250310", **(said | tags))[0].parent
    clinic.ingest(first)
    report = clinic.ingest(later)
    assert not report.taken
    (refusal,) = report.refused
    assert f"another {what} than those stored" in refusal.reason
    assert "PatientID of their own" in refusal.reason


def test_a_later_scan_of_the_same_person_or_of_nobody_stated_is_taken(clinic, tree):
    said = {"PatientBirthDate": "19600101", "PatientSex": "M"}
    folders = [
        tree.add_series(date=f"2025{month}10", **tags)[0].parent
        for month, tags in (("01", said), ("02", {}), ("03", said), ("04", {"PatientSex": "O"}))
    ]
    assert [len(clinic.ingest(folder).taken) for folder in folders] == [1, 1, 1, 1]
    assert not clinic.ingest(folders[0]).taken


def test_no_birth_date_is_kept(clinic, tree):
    tree.add_series(PatientBirthDate="19600101", PatientSex="M")
    clinic.ingest(tree.folder)
    clinic.store.close()
    kept = [path for path in clinic.workspace.home.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"19600101" in path.read_bytes() for path in kept)
