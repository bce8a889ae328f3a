"""The whole job on tiny patients: refusals, corrections, a second scan, a kill at any moment."""

from __future__ import annotations

import csv
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_patients import Ball, Visit, write_manifest, write_patient

pytestmark = pytest.mark.slow

PROGRAM = "import sys; from response.cli import main; main(sys.argv[1:])"
A: Ball = ((90.0, 100.0, 70.0), 14.0)
B: Ball = ((160.0, 120.0, 90.0), 12.0)
C: Ball = ((120.0, 70.0, 60.0), 10.0)


def start(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*words: str | Path, status: int = 0) -> str:
    process = start(*words)
    out, err = process.communicate()
    assert process.returncode == status, err[-2000:]
    return out + err


def export(home: Path, out: Path) -> dict[str, list[dict[str, str]]]:
    run("export", "csv", "--out", out, "--home", home)
    tables = {}
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    for row in tables["registrations"]:
        del row["seconds"]
    return tables


def patient(folder: Path) -> Path:
    """Write one patient: A shrinks, B goes, C is new."""
    visits = [
        Visit("T0", "2025-01-06", {1: A, 2: B}),
        Visit("T1", "2025-03-03", {7: (A[0], 10.0), 5: C}, shift=(8.0, -4.0, 4.0)),
    ]
    return write_manifest(folder / "manifest.csv", write_patient(folder, "S1", visits))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return patient(tmp_path_factory.mktemp("scans"))


@pytest.fixture(scope="module")
def expected(
    manifest: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, str]]]:
    """Return what a run that nobody disturbs exports."""
    home = tmp_path_factory.mktemp("quiet") / "home"
    run("run", manifest, "--home", home)
    return export(home, home.parent / "tables")


def test_a_lesion_persists_one_resolves_and_one_is_new(
    expected: dict[str, list[dict[str, str]]],
) -> None:
    rows = {(f["time_point"], f["label"], f["event"]) for f in expected["findings"]}
    assert {("T1", "7", "persisting"), ("T1", "5", "new"), ("T1", "", "resolved")} <= rows


def kill_and_go_on(manifest: Path, folder: Path, after_s: float) -> dict[str, list[dict[str, str]]]:
    home = folder / "home"
    process = start("run", manifest, "--home", home)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    run("run", manifest, "--home", home)
    return export(home, folder / "tables")


@pytest.mark.parametrize("after_s", [1.5, 6.0])
def test_a_killed_run_goes_on_to_the_same_result(
    manifest: Path, expected: dict[str, list[dict[str, str]]], tmp_path: Path, after_s: float
) -> None:
    assert kill_and_go_on(manifest, tmp_path, after_s) == expected


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(10))
def test_a_run_killed_at_any_moment_goes_on_to_the_same_result(
    manifest: Path, expected: dict[str, list[dict[str, str]]], tmp_path: Path, seed: int
) -> None:
    began = time.monotonic()
    run("run", manifest, "--home", tmp_path / "timed")
    whole_s = time.monotonic() - began
    after_s = random.Random(seed).uniform(0.2, whole_s)
    assert kill_and_go_on(manifest, tmp_path, after_s) == expected


def test_a_person_calls_confirms_and_takes_back(manifest: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("run", manifest, "--home", home)
    new = next(f for f in export(home, tmp_path / "a")["findings"] if f["event"] == "new")
    lesion = new["tracking_id"]

    def category() -> tuple[str, str]:
        rows = export(home, tmp_path / "b")["assessments"]
        row = max((a for a in rows if a["time_point"] == "T1"), key=lambda a: a["as_of"])
        return row["overall_response"], row["status"]

    before = category()
    assert before[0] != "PD"
    assert before[1] == "provisional"
    said = run("correct", "state", "S1", lesion, "T1", "UNEQUIVOCAL", "--home", home)
    assert category() == ("PD", "provisional")
    run("correct", "confirm", "S1", "T1", "--home", home)
    assert category() == ("PD", "confirmed")
    decision = said.split("decision ")[1].split()[0]
    run("correct", "undo", "S1", decision, "--home", home)
    assert category() == before
    rows = export(home, tmp_path / "c")["assessments"]
    assert [a["overall_response"] for a in rows if a["status"] == "confirmed"] == ["PD"]


def test_a_later_scan_leaves_earlier_identities_and_categories(
    manifest: Path, expected: dict[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    run("run", manifest, "--home", home)
    later = Visit("T2", "2025-05-05", {2: (A[0], 8.0), 3: C}, shift=(-4.0, 4.0, 0.0))
    folder = tmp_path / "later"
    second = write_manifest(folder.with_suffix(".csv"), write_patient(tmp_path, "S1", [later]))
    run("run", second, "--home", home)
    tables = export(home, tmp_path / "tables")
    for name in ("findings", "assessments"):
        early = [row for row in tables[name] if row["time_point"] != "T2"]
        assert early == expected[name]
    ids = {f["tracking_id"] for f in expected["findings"]}
    rows = {f["label"]: f for f in tables["findings"] if f["time_point"] == "T2"}
    assert rows["2"]["tracking_id"] in ids
    assert rows["3"]["event"] == "persisting"


def test_a_pair_that_cannot_be_registered_stops_nobody_else(tmp_path: Path) -> None:
    later = Visit("T1", "2025-03-03", {1: A}, shift=(4.0, 0.0, 4.0))
    visits = [Visit("T0", "2025-01-06", {1: A}), later]
    rows = write_patient(tmp_path, "S1", visits) + write_patient(tmp_path, "S2", visits, seed=2)
    home = tmp_path / "home"
    run("ingest", write_manifest(tmp_path / "manifest.csv", rows), "--home", home)
    code = (
        "import sys; from response import pipeline; from response.errors import RegistrationError\n"
        "real = pipeline.register\n"
        "def fail(fixed, *rest, **more):\n"
        "    if fail.left:\n"
        "        fail.left -= 1\n"
        "        raise RegistrationError('the worker was killed')\n"
        "    return real(fixed, *rest, **more)\n"
        "fail.left = 1\n"
        "pipeline.register = fail\n"
        "from response.cli import main; main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "track", "--workers", "1", "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run("assess", "--home", home)
    tables = export(home, tmp_path / "tables")
    failed = tables["registrations"][0]
    assert (failed["trusted"], failed["reason"]) == ("false", "the worker was killed")
    assert {a["subject"] for a in tables["assessments"]} == {"S1", "S2"}


def test_input_refused_whole_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("subject,colour\nS1,red\n", encoding="utf-8")
    run("run", tmp_path / "manifest.csv", "--home", tmp_path / "home", status=2)
    assert not (tmp_path / "home").exists()


def test_a_role_that_changes_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    manifest = patient(tmp_path)
    (tmp_path / "lesions.csv").write_text(
        "subject,time_point,label,role,organ,node\n"
        "S1,T0,1,TARGET,liver,false\n"
        "S1,T1,7,NON_TARGET,liver,false\n",
        encoding="utf-8",
    )
    home = tmp_path / "home"
    for _again in range(2):
        said = run("run", manifest, "--home", home, status=1)
        assert "S1 T1" in said
        assert "NON_TARGET" in said
    rows = export(home, tmp_path / "tables")["findings"]
    assert next(f for f in rows if f["label"] == "7")["role"] == "TARGET"


@pytest.mark.parametrize("mask", ["none-seen", ""])
def test_a_lesion_after_a_baseline_without_any_is_new(tmp_path: Path, mask: str) -> None:
    visits = [
        Visit("T0", "2025-01-06", {}, mask=mask),
        Visit("T1", "2025-03-03", {1: A}, shift=(4.0, 0.0, 4.0)),
    ]
    manifest = write_manifest(tmp_path / "manifest.csv", write_patient(tmp_path, "S1", visits))
    run("run", manifest, "--home", tmp_path / "home")
    tables = export(tmp_path / "home", tmp_path / "tables")
    (found,) = tables["findings"]
    assert (found["time_point"], found["event"], found["role"]) == ("T1", "new", "NEW")
    assert [a["overall_response"] for a in tables["assessments"]] == ["", "NED"]
