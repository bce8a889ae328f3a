"""From tracked images to SDTM and back: the same categories, still provisional."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_patients import Ball, Visit, write_manifest, write_patient

from response.cli import main

pytestmark = pytest.mark.slow

A: Ball = ((90.0, 100.0, 70.0), 14.0)
B: Ball = ((160.0, 120.0, 90.0), 12.0)
C: Ball = ((120.0, 70.0, 60.0), 10.0)


def run(*words: str | Path) -> None:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def export(home: Path, out: Path) -> list[dict[str, str]]:
    run("export", "csv", "--home", home, "--out", out)
    with (out / "assessments.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tracked_lesions_are_assessed_the_same_when_read_again(tmp_path: Path) -> None:
    """A shrinks, B goes, C is new; a lesion is written once under its tracking id."""
    visits = [
        Visit("T0", "2025-01-06", {1: A, 2: B}),
        Visit("T1", "2025-03-03", {7: (A[0], 10.0), 5: C}, shift=(8.0, -4.0, 4.0)),
    ]
    manifest = write_manifest(tmp_path / "manifest.csv", write_patient(tmp_path, "S1", visits))
    subjects = tmp_path / "subjects.csv"
    subjects.write_text("subject,treatment_start\nS1,2025-01-10\n", encoding="utf-8")
    images, tables = tmp_path / "images-home", tmp_path / "tables-home"
    run("run", manifest, "--subjects", subjects, "--home", images)
    run("export", "sdtm", "--home", images, "--out", tmp_path / "sdtm")
    run("import-sdtm", tmp_path / "sdtm", "--home", tables)
    before, after = export(images, tmp_path / "one"), export(tables, tmp_path / "two")
    assert [row["overall_response"] for row in before] == ["", "PR"]
    assert {row["status"] for row in before} == {"provisional"}
    assert after == before
