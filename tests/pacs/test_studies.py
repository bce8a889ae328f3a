"""When a study is complete, what a restart finds again, what is kept and what removed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from response.pacs.files import Identity, read_identity
from response.pacs.spool import Spool
from response.pacs.studies import FIRST_RETRY_S, Kept, Outcome, Studies


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Ward:
    """A spool with a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, Clock()
        self.open()

    def open(self) -> None:
        self.studies = Studies(Spool(self.folder / "spool", b"key"), 60, self.clock)

    def send(self, sop="1.1", study="1", patient="P1", day="20250110", value=0, by=1) -> Kept:
        path = self.folder / "incoming.dcm"
        data = pydicom.Dataset()
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, sop
        data.StudyInstanceUID, data.SeriesInstanceUID = study, "2.2"
        data.PatientID, data.StudyDate, data.InstanceNumber = patient, day, value
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.save_as(path, enforce_file_format=True)
        return self.studies.keep(path, read_identity(path), by)[0]

    def work(self) -> list[int]:
        """How many objects each piece of work has."""
        return [work.count for work in self.studies.find_work()]


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


def test_a_study_is_complete_when_nothing_came_since_its_association_closed(ward):
    ward.send("1.1")
    ward.clock.now += 61
    assert ward.work() == []
    ward.studies.close(1)
    ward.clock.now += 59
    assert ward.work() == []
    ward.clock.now += 2
    assert ward.work() == [1]


def test_studies_of_one_patient_and_day_are_one_piece_of_work(ward):
    ward.send("1.1", "1")
    ward.send("1.2", "2")
    ward.send("1.3", "3", day="20250111")
    ward.send("1.4", "4", patient="P2")
    ward.studies.close(1)
    ward.clock.now += 61
    assert sorted(ward.work()) == [1, 1, 2]


def test_what_was_dealt_with_rests_until_more_comes(ward):
    ward.send("1.1")
    ward.studies.close(1)
    ward.clock.now += 61
    (work,) = ward.studies.find_work()
    ward.send("1.2", by=2)
    ward.studies.note(work, Outcome.DONE, {})
    ward.studies.close(2)
    ward.clock.now += 61
    assert ward.work() == [2]  # the one that came while the job ran is not forgotten
    ward.studies.note(ward.studies.find_work()[0], Outcome.DONE, {})
    assert ward.work() == []


def test_a_restart_finds_what_was_not_dealt_with(ward):
    ward.send("1.1", "1")
    ward.send("1.2", "2", day="20250111")
    ward.studies.close(1)
    ward.clock.now += 61
    first = next(w for w in ward.studies.find_work())
    ward.studies.note(first, Outcome.DONE, {})
    ward.open()
    assert ward.work() == []
    ward.clock.now += 61
    assert ward.work() == [1]
    assert ward.send("1.1", "1") is Kept.AGAIN


def test_what_failed_is_tried_again_later_and_later_but_not_for_ever(ward):
    ward.send("1.1")
    ward.studies.close(1)
    ward.clock.now += 61
    for turn in range(5):
        (work,) = ward.studies.find_work()
        ward.studies.note(work, Outcome.FAILED, {})
        ward.clock.now += FIRST_RETRY_S * 2**turn - 1
        assert ward.work() == []
        ward.clock.now += 2
    assert ward.work() == []
    ward.open()
    ward.clock.now += 61
    assert ward.work() == [1]


def test_a_different_object_under_a_uid_is_not_kept(ward):
    assert ward.send("1.1", value=1) is Kept.NEW
    assert ward.send("1.1", value=1) is Kept.AGAIN
    assert ward.send("1.1", value=2) is Kept.DIFFERENT
    assert ward.send("1.1", study="7", value=1) is Kept.DIFFERENT


def test_only_what_the_store_took_whole_is_removed(ward):
    for number, outcome in enumerate((Outcome.DONE, Outcome.IN_PART, Outcome.REFUSED)):
        ward.send(f"1.{number}", str(number + 1), day=f"2025011{number}")
        ward.studies.close(1)
        ward.clock.now += 61
        (work,) = ward.studies.find_work()
        ward.studies.note(work, outcome, {})
    assert ward.studies.forget_old(3600) == []
    for path in ward.folder.rglob("received/*.json"):
        os.utime(path, (1.0, 1.0))
    assert [study.outcome for study in ward.studies.forget_old(3600)] == [Outcome.DONE]
    assert len(list(ward.folder.rglob("spool/**/*.dcm"))) == 2


def test_names_on_disk_say_nothing_of_the_patient(ward):
    ward.send("1.2.840.99", "1.2.840.98", patient="Doe12345")
    names = [str(path.relative_to(ward.folder)) for path in (ward.folder / "spool").rglob("*")]
    assert not any("840" in name or "Doe" in name for name in names)
    assert all(p.stat().st_mode & 0o077 == 0 for p in (ward.folder / "spool").rglob("*"))


def test_an_identity_is_what_the_header_says(ward):
    ward.send("1.1", "1", "P1")
    (path,) = ward.folder.rglob("spool/**/*.dcm")
    assert read_identity(path) == Identity(CTImageStorage, "1.1", "2.2", "1", "P1", "20250110")
