"""The page for a tumour board: whole, on one page, true to what is assessed."""

from __future__ import annotations

import base64
import datetime as dt
import re
import shutil
import subprocess
import zlib
from decimal import Decimal
from pathlib import Path

import pytest
from courses import course, reading
from study_home import Home

from response.export.report import export_reports
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.terms import Role

TODAY = dt.date(2026, 1, 2)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def export(home: Home, out: Path) -> list[Path]:
    done = export_reports(home.workspace, home.store, home.store.read_subjects(), out, today=TODAY)
    assert not done.refused
    return done.paths


def count_pages(path: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))


def read_text(path: Path) -> str:
    """The text of the page, as far as it is in Helvetica; the pieces of a line one by one."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.DOTALL):
        try:
            content = zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True))
        except (ValueError, zlib.error):
            continue
        found += re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", content)
    return "\n".join(unescape(text) for text in found)


def unescape(text: bytes) -> str:
    """A string of a PDF (ISO 32000-1, 7.3.4.2), octal escapes and escaped brackets read."""
    octal = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), text)
    return re.sub(rb"\\([()\\])", rb"\1", octal).decode("cp1252", "replace")


def page(home: Home, out: Path) -> str:
    (path,) = export(home, out)
    assert count_pages(path) == 1
    return read_text(path)


def test_categories_sums_and_reasons_stand_on_one_page(home, tmp_path):
    rows = course(BL={"T1": 60, "T2": 40}, W8={"T1": 30, "T2": 30}, W16={"T1": 55, "T2": 35})
    home.write(rows, facts=SubjectFacts("P1", treatment_start=dt.date(2025, 1, 3)))
    text = page(home, tmp_path / "out")
    assert {"P1", "PR", "PD", "100", "60", "90"} <= set(text.split("\n"))
    assert "Not for diagnosis without a physician." in text
    assert "over the nadir of 60" in text
    assert "PROVISIONAL" not in text


def test_the_same_results_give_the_same_bytes(home, tmp_path):
    home.write(course(BL={"T1": 60}, W8={"T1": 30}))
    (first,) = export(home, tmp_path / "a")
    (second,) = export(home, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_names_of_files_say_nothing_of_the_subject(home, tmp_path):
    home.write(course(BL={"T1": 60}, W8={"T1": 30}))
    (path,) = export(home, tmp_path / "out")
    assert "P1" not in path.name


def test_many_lesions_and_time_points_fit_and_what_does_not_is_counted(home, tmp_path):
    names = [f"P{number}" for number in range(30)]
    points = {
        f"W{8 * number}": {"T1": 60, "T2": 40} | dict.fromkeys(names, "PRESENT")
        for number in range(14)
    }
    home.write(course(**points))
    text = page(home, tmp_path / "out")
    assert "and 18 more lesions" in text
    assert "and 5 more time points" in text


@pytest.mark.parametrize(
    "name", ["Ωμέγα-7", "Иванов", "病人", "a" * 300, "x\u200b\U0001f600", "(\\)"]
)
def test_any_script_can_be_written(home, tmp_path, name):
    rows = [reading("BL", 0, "T1", 60, organ=name), reading("W8 " + name, 56, "T1", 30)]
    home.write(rows)
    (path,) = export(home, tmp_path / "out")
    assert count_pages(path) == 1


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_another_program_reads_the_words(home, tmp_path):
    home.write(course(BL={"T1": 60}, W8={"T1": 30}, W16=None))
    (path,) = export(home, tmp_path / "out")
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    assert {"PR", "NE", "baseline"} <= set(text.stdout.split())


def test_each_reader_has_a_page_that_names_the_others(home, tmp_path):
    home.write(course(BL={"T1": 60}, W8={"T1": 30}))
    second = Reader("INDEPENDENT ASSESSOR", "R2")
    home.write(course(BL={"T1": 60}, W8={"T1": 90}), reader=second)
    first, other = export(home, tmp_path / "out")
    told = read_text(first).replace("\n", " ")
    assert "Said otherwise of W8: RECIST 1.1, INDEPENDENT ASSESSOR R2: PD" in told
    assert "read by INDEPENDENT ASSESSOR R2" in read_text(other)


def test_a_sum_that_is_not_known_is_no_number(home, tmp_path):
    home.write(course(BL={"T1": 60, "T2": 20}, W8={"T1": 30}))
    text = page(home, tmp_path / "out")
    assert "NE" in text.split("\n")
    assert "–: not assessed" in text


def test_percist_shows_sulpeak(tmp_path):
    home = Home(tmp_path / "home", '[criterion]\nname = "percist10"\n')
    facts = {"liver_mean": "2.0", "liver_sd": "0.2", "uptake_minutes": "60", "injected_mbq": "300"}
    days = {"BL": dt.date(2025, 1, 5), "W8": dt.date(2025, 3, 5)}
    peaks = {"BL": Decimal("8.0"), "W8": Decimal("4.0")}
    rows = [
        LesionReading(name, day, "T1", Role.TARGET, extra={"sul_peak": peaks[name]})
        for name, day in days.items()
    ]
    points = [AssessedTimePoint(name, day, facts=facts) for name, day in days.items()]
    home.write(rows, points)
    text = page(home, tmp_path / "out")
    assert "SULpeak of the hottest lesion" in text
    assert "PMR" in text


def test_who_is_not_assessed_is_refused_by_name(home, tmp_path):
    home.store.write_subject_facts(SubjectFacts("P9"), actor="anna")
    subjects = home.store.read_subjects()
    done = export_reports(home.workspace, home.store, subjects, tmp_path / "out", today=TODAY)
    assert [refusal.subject for refusal in done.refused] == ["P9"]
