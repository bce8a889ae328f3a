"""Ingesting without identity: nothing of the patient is left in the workspace or the messages."""

from __future__ import annotations

import datetime as dt
import gzip

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from response.deidentify.job import ingest_deidentified, ingest_identified
from response.deidentify.pseudonyms import Pseudonyms, read_pseudonyms
from response.errors import InputError

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


MANY = ("Xantippe", "Quorra", "MRN0815", "StVitus", "Smith", "ACC4711", "TOTALSECRET", "20240301")


@pytest.fixture
def dirty(tree, monkeypatch):
    """A folder as a hospital exports it: the name is in every place a file has."""
    tags = {
        "PatientName": "Xantippe^Quorra",
        "OtherPatientIDs": "TOTALSECRET",
        "PatientBirthDate": "19540513",
        "ReferringPhysicianName": "Smith^Dr",
        "InstitutionName": "StVitus",
        "AccessionNumber": "ACC4711",
        "StudyID": "TOTALSECRET",
        "StationName": "StVitus1",
        "SeriesDescription": "CT chest Quorra",
        "StudyDescription": "Follow-up of Quorra",
        "ImageComments": "Xantippe Quorra, ward 3",
        "ManufacturerModelName": "QUORRA 64",
        "ProtocolName": "TOTALSECRET",
        "PatientWeight": 71,
    }
    tree.folder = tree.folder.parent / "QUORRA^XANTIPPE"
    first = tree.add_series(subject="MRN0815", date="20240301", **tags)
    second = tree.add_series(subject="MRN0815", date="20240501", seed=2, **tags)
    for path in (*first, *second):
        dataset = pydicom.dcmread(path)
        block = dataset.private_block(0x0029, "QUORRA CORP", create=True)
        block.add_new(0x10, "LO", "TOTALSECRET")
        item = pydicom.Dataset()
        item.RequestedProcedureDescription = item.PatientComments = "TOTALSECRET"
        dataset.ProcedureCodeSequence = dataset.RequestAttributesSequence = [item]
        dataset.file_meta.SourceApplicationEntityTitle = "TOTALSECRET"
        dataset.preamble = b"TOTALSECRET".ljust(128, b"\0")
        dataset.save_as(path.with_name(f"Quorra_{path.name}"), enforce_file_format=True)
        path.unlink()
    (first[0].parent / "Quorra.pdf").write_bytes(b"Xantippe Quorra")
    (first[0].parent / "Quorra_cut.dcm").write_bytes(b"\0" * 128 + b"DICMQuorra")
    tree.marks = np.zeros((6, 12, 10), np.uint8)
    tree.marks[2:4, 3:6, 2:7] = 1
    tree.add_segmentation(sorted(second[0].parent.glob("*.dcm")), tree.marks, name="Quorra.seg.dcm")
    return tree


def test_nothing_that_identifies_is_in_the_workspace_or_the_messages(clinic, dirty, take):
    lesions = clinic.folder / "Quorra.csv"
    lesions.write_text(
        "subject,time_point,label,organ,role,note,evaluator_id\n"
        "MRN0815,2024-05-01,1,lung,NEW,Quorra again,\n"
    )
    subjects = clinic.folder / "Quorra_subjects.csv"
    subjects.write_text("subject,treatment_start\nMRN0815,2024-03-05\nQuorra,2024-03-01\n")
    report = take(dirty.folder, lesions_csv=lesions, subjects_csv=subjects)
    assert len(report.taken) == 1  # beside the damaged file of the first day nothing is sure
    said = " ".join([*report.warnings, *map(str, report.refused)])
    assert not [word for word in MANY if word.lower() in said.lower()]
    assert "2024-0" not in said
    assert find_in_workspace(clinic, *MANY, "2024-03-01", "2024-05-01") == []


def test_tables_with_the_original_numbers_and_dates_fit_the_pseudonyms(clinic, tree, take):
    tree.add_series(subject="0815")
    later = tree.add_series(subject="0815", date="20250310")
    marks = np.zeros((6, 12, 10), np.uint8)
    marks[2:4, 3:6, 2:7] = 1
    tree.add_segmentation(later, marks)
    lesions = clinic.add_table(
        "lesions.csv",
        "subject,time_point,label,organ,role,state\n0815,2025-03-10,1,liver,NEW,EQUIVOCAL\n",
    )
    subjects = clinic.add_table(
        "subjects.csv", "subject,treatment_start,death_date\n0815,2025-01-12,2025-06-01\n"
    )
    report = take(tree.folder, lesions_csv=lesions, subjects_csv=subjects)
    assert not report.refused
    names = read_pseudonyms(clinic.workspace)
    subject = clinic.store.read_subject(names.subject("0815"))
    assert subject.facts.treatment_start == names.shift(dt.date(2025, 1, 12), "0815")
    assert subject.facts.death_date == names.shift(dt.date(2025, 6, 1), "0815")
    _first, second = clinic.store.read_time_points(names.subject("0815"))
    assert [fact.organ for fact in second.lesion_facts] == ["liver"]


def test_a_manifest_is_read_without_names_of_files_or_people(clinic, take):
    scan = clinic.save(clinic.make_scan(), "Quorra/scan.nii.gz")
    mask = clinic.save(clinic.make_mask((1, 2, 2, 2)), "Quorra/mask.nii.gz")
    clinic.add("MRN0815", "baseline", "2024-03-01", image=scan, mask=mask, evaluator_id="Smith")
    other = clinic.save(clinic.make_scan(1), "Quorra/other.nii.gz")
    clinic.add("MRN0815", "Quorra 2", "2024-05-01", image=other, mask="none-seen")
    clinic.add("MRN0815", "Quorra 3", "TOTALSECRET", image="Quorra/gone.nii.gz", mask="")
    report = take(clinic.write())
    names = read_pseudonyms(clinic.workspace)
    points = clinic.store.read_time_points(names.subject("MRN0815"))
    assert [point.time_point for point in points] == ["baseline", names.text("Quorra 2")]
    assert (points[1].date - points[0].date).days == 61
    assert points[0].mark_sets[0].reader.evaluator_id == names.reader("Smith")
    said = " ".join([*report.warnings, *map(str, report.refused)])
    assert "line 4" in said
    assert not [word for word in MANY if word.lower() in said.lower()]
    assert find_in_workspace(clinic, *MANY) == []


def test_another_key_gives_another_pseudonym():
    assert Pseudonyms(KEY.encode()).subject("1") != Pseudonyms(KEY.encode() + b"2").subject("1")


def test_a_short_key_is_refused(monkeypatch, tree, take):
    tree.add_series()
    monkeypatch.setenv("RESPONSE_PSEUDONYM_KEY", "secret")
    with pytest.raises(InputError, match="RESPONSE_PSEUDONYM_KEY: at least 16 bytes"):
        take(tree.folder)


def test_pixels_with_an_annotation_burned_in_are_refused(clinic, tree, take):
    tree.add_series(BurnedInAnnotation="YES")
    report = take(tree.folder)
    assert not report.taken
    assert any("BurnedInAnnotation is YES" in refusal.reason for refusal in report.refused)


def test_two_patients_with_one_number_are_kept_apart(tree, take):
    tree.add_series(IssuerOfPatientID="North")
    tree.add_series(date="20250310", IssuerOfPatientID="South")
    report = take(tree.folder)
    assert any("two issuers" in refusal.reason for refusal in report.refused)
    assert len(report.taken) == 1


def test_a_patient_known_by_name_and_by_pseudonym_is_warned_of(clinic, tree, take):
    tree.add_series(subject="0815")
    clinic.ingest(tree.folder)
    (warning,) = [w for w in take(tree.folder).warnings if "without --deidentify" in w]
    assert "0815" not in warning


def test_a_patient_known_by_pseudonym_is_warned_of_when_the_name_comes(clinic, tree, take):
    tree.add_series(subject="0815")
    take(tree.folder)
    report = ingest_identified([tree.folder], clinic.workspace, clinic.store, actor="test")
    assert any("with --deidentify" in warning for warning in report.warnings)


def test_a_key_that_is_made_is_told_of_once(tree, take, monkeypatch):
    monkeypatch.delenv("RESPONSE_PSEUDONYM_KEY")
    tree.add_series()
    told = ["keep it apart" in " ".join(take(tree.folder).warnings) for _run in range(2)]
    assert told == [True, False]


def test_the_search_of_a_workspace_finds_what_is_there(clinic, dirty):
    clinic.ingest(dirty.folder)
    assert any("MRN0815" in found for found in find_in_workspace(clinic, *MANY))


@pytest.mark.slow
def test_real_annotations_give_the_same_lengths(clinic, shared_data, take):
    folder = shared_data / "serial_chest_ct_slices_aim"
    clinic.ingest(folder)
    plain = clinic.store.read_readings()
    take(folder)
    hidden = [one for one in clinic.store.read_readings() if one.subject.startswith("P-")]
    assert list_lengths(hidden) == list_lengths(plain)
    assert list_lengths(hidden)


def list_lengths(streams) -> list[tuple[str, int]]:
    """Every length, as far as its copies in a report agree, with the days since the first."""
    return sorted(
        (f"{row.diameter_mm:.3f}", (row.date - min(r.date for r in stream.readings)).days)
        for stream in streams
        for row in stream.readings
    )
