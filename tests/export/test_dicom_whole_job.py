"""A patient's results out as DICOM, and the whole job again from them: the same findings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from dicom_reading import check_valid
from small_patients import Ball, Visit, write_manifest, write_patient

from response.cli import main

pytestmark = pytest.mark.slow

A: Ball = ((90.0, 100.0, 70.0), 14.0)
B: Ball = ((160.0, 120.0, 90.0), 12.0)
C: Ball = ((120.0, 70.0, 60.0), 10.0)


def run(*words: object) -> None:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def read_findings(home: Path) -> dict[tuple[str, str], dict[str, str]]:
    """What is known of each lesion that is marked, by date and tracking UID."""
    run("export", "csv", "--out", home / "tables", "--home", home)
    with (home / "tables" / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"]]
    return {(row["date"], row["tracking_id"]): row for row in rows}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The first workspace, what was written of it, and the workspace made of that."""
    folder = tmp_path_factory.mktemp("job")
    visits = [
        Visit("T0", "2025-01-06", {1: A, 2: B}),
        Visit("T1", "2025-03-03", {7: (A[0], 10.0), 5: C}, shift=(8.0, -4.0, 4.0)),
    ]
    manifest = write_manifest(folder / "manifest.csv", write_patient(folder, "S1", visits))
    first, written, second = folder / "first", folder / "written", folder / "second"
    run("run", manifest, "--home", first)
    run("export", "dicom-sr", "--with-images", "--out", written, "--home", first)
    run("run", written, "--marks-complete", "--home", second)
    return first, written, second


def test_the_same_lesions_are_found_as_large(homes: tuple[Path, Path, Path]) -> None:
    before, after = read_findings(homes[0]), read_findings(homes[2])
    assert after.keys() == before.keys()
    for key, row in before.items():
        for name in ("longest_diameter_mm", "short_axis_mm"):
            assert abs(float(row[name]) - float(after[key][name])) < 0.1
        volume_mm3 = float(row["volume_mm3"])
        assert float(after[key]["volume_mm3"]) == pytest.approx(volume_mm3, rel=0.01)
        assert row["event"] == after[key]["event"]


def test_every_lesion_keeps_its_tracking_uid(homes: tuple[Path, Path, Path]) -> None:
    before, after = read_findings(homes[0]), read_findings(homes[2])
    assert {key: row["tracking_uid"] for key, row in after.items()} == {
        key: row["tracking_uid"] for key, row in before.items()
    }


def test_what_is_written_is_valid(homes: tuple[Path, Path, Path]) -> None:
    check_valid(sorted(homes[1].glob("s*.dcm")))


def test_the_workspace_made_of_it_is_whole(homes: tuple[Path, Path, Path]) -> None:
    run("check", "--home", homes[2])
