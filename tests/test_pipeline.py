"""What one subject cannot be taken through is that subject's refusal, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_patients import Ball, Visit, write_manifest, write_patient

from response import pipeline
from response.decide import Correction, decide
from response.errors import InputError, MatchError, StoreBusyError
from response.ingest.run import ingest_paths
from response.model import Reader
from response.pipeline import OF_ONE_SUBJECT, assess_all, track_all
from response.store import Store
from response.workspace import Workspace

A: Ball = ((90.0, 100.0, 70.0), 14.0)


class Clinic:
    """Two subjects with one marked scan each."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace.open(folder / "home", create=True)
        self.store = Store(self.workspace, keep=True)
        ingest_paths([write_two(folder)], self.workspace, self.store, actor="anna")
        self.subjects = self.store.read_subjects()

    def damage(self, subject: str) -> None:
        """Break the stored image of a subject."""
        (point,) = self.store.read_time_points(subject)
        self.workspace.resolve(point.scans[0].image_path).write_bytes(b"no image")

    def assessed(self) -> list[str]:
        return [result.summary.subject for result in self.store.read_results()]


def write_two(folder: Path) -> Path:
    rows = [
        row
        for seed, name in enumerate(("S1", "S2"), 1)
        for row in write_patient(folder, name, [Visit("T0", "2025-01-06", {1: A})], seed=seed)
    ]
    return write_manifest(folder / "manifest.csv", rows)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)


def test_a_damaged_scan_refuses_its_subject_and_no_other(clinic: Clinic) -> None:
    clinic.damage("S1")
    report = track_all(clinic.workspace, clinic.store, clinic.subjects, actor="anna")
    (refusal,) = report.refused
    assert refusal.subject == "S1"
    assert "the file is damaged; ingest its scan again" in refusal.reason
    assert (list(report.failed), report.done) == (["S1"], 1)
    assess_all(clinic.workspace, clinic.store, clinic.subjects, actor="anna")
    assert clinic.assessed() == ["S2"]


@pytest.mark.parametrize("error", [InputError, MatchError])
def test_an_error_as_one_subject_is_assessed_stops_no_other(
    error: type[Exception], clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pipeline.assess_subject

    def fail(subject: str, *rest: object, **more: object) -> object:
        if subject == "S1":
            raise error("it cannot be")
        return real(subject, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "assess_subject", fail)
    track_all(clinic.workspace, clinic.store, clinic.subjects, actor="anna")
    report = assess_all(clinic.workspace, clinic.store, clinic.subjects, actor="anna")
    assert [str(refusal) for refusal in report.refused] == ["S1: it cannot be"]
    assert clinic.assessed() == ["S2"]


def test_an_error_as_one_subject_is_registered_leaves_that_subject_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = Clinic(tmp_path)
    later = write_patient(tmp_path, "S1", [Visit("T1", "2025-03-03", {1: A}, shift=(4, 0, 0))])
    second = write_manifest(tmp_path / "later.csv", later)
    ingest_paths([second], clinic.workspace, clinic.store, actor="anna")

    def fail(*_words: object, **_more: object) -> None:
        raise InputError("the folder holds something else than a registration")

    monkeypatch.setattr(pipeline, "register", fail)
    report = track_all(clinic.workspace, clinic.store, clinic.subjects, actor="anna")
    assert list(report.failed) == ["S1"]
    assert [t.subject for t in clinic.store.read_trackings()] == ["S2"]


def test_an_unknown_criterion_is_nobodys_refusal(clinic: Clinic) -> None:
    with pytest.raises(InputError, match="criterion 'recist' is not known"):
        assess_all(
            clinic.workspace, clinic.store, clinic.subjects, actor="anna", criterion="recist"
        )


def test_a_store_that_is_busy_is_everybodys_error() -> None:
    assert not issubclass(StoreBusyError, OF_ONE_SUBJECT)


def test_a_decision_that_cannot_be_carried_out_is_taken_back(clinic: Clinic) -> None:
    track_all(clinic.workspace, clinic.store, clinic.subjects, actor="anna")
    clinic.damage("S1")
    one = clinic.subjects[0]
    lesion = clinic.store.read_trackings("S1")[0].lesions[0].tracking_id
    asked = Correction("organ", (lesion,), (), "", "liver")
    with pytest.raises(InputError, match="the file is damaged"):
        decide(clinic.workspace, clinic.store, one, Reader(), asked, actor="anna")
    kinds = [decision.kind for decision in clinic.store.read_decisions("S1")]
    assert kinds == ["organ", "undo"]


@pytest.mark.slow
def test_a_run_with_a_subject_that_fails_ends_with_1_and_keeps_the_workspace(
    tmp_path: Path,
) -> None:
    code = (
        "import sys; from response import pipeline; from response.errors import GeometryError\n"
        "real = pipeline.track_stream\n"
        "def fail(workspace, stream, *rest, **more):\n"
        "    if stream.subject == 'S1':\n"
        "        raise GeometryError('subject S1: the mask lies elsewhere')\n"
        "    return real(workspace, stream, *rest, **more)\n"
        "pipeline.track_stream = fail\n"
        "from response.cli import main; main(sys.argv[1:])"
    )
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", str(write_two(tmp_path)), "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "refused: S1: subject S1: the mask lies elsewhere" in done.stderr
    assert Store(Workspace.open(home)).read_results()[0].summary.subject == "S2"
