"""What each reader read, from images or from tables, side by side; never both of one reader."""

from __future__ import annotations

from pathlib import Path

from builders import DAYS, READER, finding, lesion, tracking
from study_home import Home

from response.model import LesionReading, MarkSet, Reader, Scan, TimePoint
from response.pipeline import assess_all
from response.read_streams import find_read_streams
from response.terms import Event, LesionState, Role

OTHER = Reader("INDEPENDENT ASSESSOR", "RADIOLOGIST 1")


def gone() -> LesionReading:
    return LesionReading("B", DAYS["B"], "", None, state=LesionState.ABSENT)


def add_images(home: Home) -> None:
    """Give subject S1 a marked scan and its tracking."""
    image = home.workspace.images / "a.nrrd"
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(b"image")
    path = home.workspace.relative(image)
    scan = Scan("s1", "S1", "B", DAYS["B"], "CT", "", path, "aa", 2, (0, 0, 0, 1, 1, 1))
    marks = MarkSet("m1", "s1", READER, "", "", (), True)
    home.store.write_time_point(TimePoint("S1", "B", DAYS["B"], (scan,), (marks,)), actor="anna")
    made = tracking([lesion("L1", Role.TARGET)], [finding("L1", "B", Event.BASELINE, "20")])
    home.store.write_tracking(made, actor="anna")


def test_tables_of_one_reader_stand_beside_images_of_another(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    add_images(home)
    home.store.write_readings("S1", OTHER, [gone()], actor="anna")
    subjects = home.store.read_subjects()
    (streams,) = find_read_streams(home.store, subjects, home.workspace.protocol())
    assert [(s.reader, s.tracking is None, s.readings is None) for s in streams] == [
        (READER, False, True),
        (OTHER, True, False),
    ]
    report = assess_all(home.workspace, home.store, subjects, actor="anna")
    assert (report.done, report.refused) == (2, [])


def test_a_reader_with_both_is_not_assessed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.store.write_readings("S1", READER, [gone()], actor="anna")
    add_images(home)
    subjects = home.store.read_subjects()
    report = assess_all(home.workspace, home.store, subjects, actor="anna")
    assert report.done == 0
    assert "INVESTIGATOR has marks on images" in str(report.refused[0])
    assert home.store.read_results() == ()
