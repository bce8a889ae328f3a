"""The main job as its user runs it: the bundled patients against their truth."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

Row = dict[str, str]

pytestmark = pytest.mark.slow


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from response.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_ct(tables: Path) -> list[Row]:
    """Return the findings on CT: those of the PET are the same lesions."""
    return [f for f in read(tables / "findings.csv") if f["modality"] == "CT"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workspace of one demo."""
    folder = tmp_path_factory.mktemp("demo") / "home"
    done = run("demo", "--no-serve", "--home", folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def tables(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what ``export csv`` writes of it."""
    out = tmp_path_factory.mktemp("tables")
    assert run("export", "csv", "--out", out, "--home", home).returncode == 0
    return out


@pytest.fixture(scope="module")
def truth(home: Path) -> Path:
    """Return the folder with the patients' truth."""
    return home / "demo-patients"


@pytest.fixture(scope="module")
def names(tables: Path, truth: Path) -> dict[tuple[str, str], set[str]]:
    """Return (subject, true lesion) → the tracking ids its marks were given."""
    given: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows = {
        (f["subject"], f["time_point"], f["label"], f["tracking_id"])
        for f in read_ct(tables)
        if f["event"] != "merged"
    }
    for t in read(truth / "truth_findings.csv"):
        if t["label"] and t["event"] != "merged":
            given[t["subject"], t["lesion"]] |= {
                name for s, tp, label, name in rows
                if (s, tp, label) == (t["subject"], t["time_point"], t["label"])
            }  # fmt: skip
    return given


def test_every_lesion_keeps_one_identity(names: dict[tuple[str, str], set[str]]) -> None:
    assert {key: ids for key, ids in names.items() if len(ids) != 1} == {}
    used = [(subject, next(iter(ids))) for (subject, _lesion), ids in names.items()]
    assert len(used) == len(set(used))


def test_every_event_is_the_true_one(
    tables: Path, truth: Path, names: dict[tuple[str, str], set[str]]
) -> None:
    found = {
        (f["subject"], f["time_point"], f["tracking_id"], f["label"], f["event"])
        for f in read_ct(tables)
    }
    expected = {
        (t["subject"], t["time_point"], *names[t["subject"], t["lesion"]], t["label"], t["event"])
        for t in read(truth / "truth_findings.csv")
    }
    assert found == expected


def test_every_diameter_is_within_a_voxel_of_the_construction(tables: Path, truth: Path) -> None:
    voxel_mm = 1.8
    found = {(f["subject"], f["time_point"], f["label"]): f for f in read_ct(tables) if f["label"]}
    for t in read(truth / "truth_findings.csv"):
        if t["label"]:
            f = found[t["subject"], t["time_point"], t["label"]]
            for name in ("longest_diameter_mm", "short_axis_mm"):
                assert abs(float(f[name]) - float(t[name])) <= voxel_mm, (t, f)


def test_every_category_is_the_true_one(tables: Path, truth: Path) -> None:
    columns = ("target_response", "non_target_response", "new_lesion", "overall_response")
    found = {
        (a["subject"], a["time_point"]): tuple(a[c] for c in columns)
        for a in read(tables / "assessments.csv")
        if a["criterion"] == "recist11"
    }
    expected = {
        (t["subject"], t["time_point"]): tuple(t[c] for c in columns)
        for t in read(truth / "truth_assessments.csv")
    }
    assert found == expected


def test_every_best_response_is_the_true_one(tables: Path, truth: Path) -> None:
    columns = ("best_overall_response", "confirmed_best_overall_response")
    found = {
        s["subject"]: [s[c] for c in columns]
        for s in read(tables / "subjects.csv")
        if s["criterion"] == "recist11"
    }
    expected = {t["subject"]: [t[c] for c in columns] for t in read(truth / "truth_subjects.csv")}
    assert found == expected


def test_every_follow_up_is_provisional(tables: Path) -> None:
    rows = [a for a in read(tables / "assessments.csv") if a["overall_response"]]
    assert {a["status"] for a in rows} == {"provisional"}


def test_every_registration_was_trusted(tables: Path) -> None:
    rows = read(tables / "registrations.csv")
    assert len(rows) == 20
    assert {r["trusted"] for r in rows} == {"true"}


def test_uptake_is_the_construction_s(
    tables: Path, truth: Path, names: dict[tuple[str, str], set[str]]
) -> None:
    # 74 kg, 172 cm, F: lean body mass of 9270 kg / (8780 + 244 * 25.01) by Janmahasatian
    sul = 9270 / (8780 + 244 * 74 / 1.72**2)
    found = {
        (f["subject"], f["time_point"], f["tracking_id"], f["label"]): f
        for f in read(tables / "findings.csv")
        if f["modality"] == "PT"
    }
    avid = [t for t in read(truth / "truth_uptake.csv") if t["label"]]
    assert len(found) == len(avid)
    for t in avid:
        (name,) = names[t["subject"], t["lesion"]]
        f = found[t["subject"], t["time_point"], name, t["label"]]
        if t["lesion"] != "B":  # too small for a sphere of 1 cm³
            assert float(f["suv_peak"]) == pytest.approx(float(t["suv"]), rel=0.05)
            assert float(f["sul_peak"]) == pytest.approx(float(t["suv"]) * sul, rel=0.05)


def test_the_liver_s_reference_is_the_construction_s(tables: Path, truth: Path) -> None:
    found = {
        (r["subject"], r["time_point"]): r
        for r in read(tables / "references.csv")
        if r["organ"] == "liver"
    }
    for t in read(truth / "truth_uptake.csv"):
        if t["lesion"] == "liver":
            r = found[t["subject"], t["time_point"]]
            assert float(r["suv_mean"]) == pytest.approx(float(t["suv"]), rel=0.03)
    assert {r["source"] for r in found.values()} == {"reader", "proposed"}


def test_every_category_of_uptake_is_the_true_one(tables: Path, truth: Path) -> None:
    columns = ("target_response", "non_target_response", "new_lesion", "overall_response")
    found = {
        (a["subject"], a["time_point"]): tuple(a[c] for c in columns)
        for a in read(tables / "assessments.csv")
        if a["criterion"] == "percist10" and a["overall_response"]
    }
    expected = {
        (t["subject"], t["time_point"]): tuple(t[c] for c in columns)
        for t in read(truth / "truth_percist.csv")
    }
    assert found == expected


def test_the_workspace_is_whole(home: Path) -> None:
    done = run("check", "--home", home)
    assert (done.returncode, done.stdout.strip()) == (0, "the workspace is whole")


def test_a_second_run_does_nothing(home: Path, tables: Path, tmp_path: Path) -> None:
    patients = home / "demo-patients"
    done = run("run", patients / "manifest.csv", "--home", home)
    assert done.returncode == 0
    assert "register:" not in done.stderr
    assert run("export", "csv", "--out", tmp_path, "--home", home).returncode == 0
    for name in ("findings.csv", "registrations.csv", "assessments.csv", "subjects.csv"):
        assert (tmp_path / name).read_bytes() == (tables / name).read_bytes()


def test_a_category_is_explained_in_sentences(home: Path) -> None:
    done = run("explain", "P04", "--home", home)
    assert "PD: sum" in done.stdout
    assert "over the nadir of" in done.stdout


def test_a_new_finding_nobody_called_alerts_without_being_progression(home: Path) -> None:
    done = run("alerts", "list", "--home", home)
    lines = [line for line in done.stdout.splitlines() if " P01 " in line]
    assert any("new_lesion" in line and "waits for a reader's call" in line for line in lines)
    assert not any("progression" in line for line in lines)
