"""The stateless tools from the command line: what they print, where they write, how they end."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result

from response.cli import main

HEADER = "subject,time_point,date,evaluator,evaluator_id,lesion,role,organ,node,method,"
HEADER += "diameter_mm,state\n"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def write(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def target(time_point: str, date: str, diameter: str) -> str:
    return f"S1,{time_point},{date},INVESTIGATOR,,T1,TARGET,liver,false,CT,{diameter},"


def test_measure_prints_one_object_for_each_label(tmp_path: Path) -> None:
    labels = np.zeros((4, 12, 12), np.uint8)
    labels[1, 2, 2] = 1
    labels[2, 4:8, 5:11] = 7
    for name, array in (("image", labels.astype(np.int16) * 10), ("mask", labels)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((1.0, 1.0, 3.0))
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    done = run("measure", tmp_path / "image.nii.gz", tmp_path / "mask.nii.gz", "--json")
    one, seven = (json.loads(line) for line in done.stdout.splitlines())
    assert (one["label"], one["voxels"], one["longest_diameter_mm"]) == (1, 1, pytest.approx(1.0))
    assert (seven["label"], seven["volume_mm3"], seven["mean"]) == (7, 72.0, 70.0)


def test_assess_table_writes_both_tables(tmp_path: Path) -> None:
    table = write(
        tmp_path / "t.csv", target("B", "2025-01-06", "50"), target("F", "2025-03-03", "35")
    )
    done = run("assess-table", table, "--criterion", "recist11", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    rows = read(tmp_path / "out" / "assessments.csv")
    assert [(r["time_point"], r["overall_response"], r["status"]) for r in rows] == [
        ("B", "", "confirmed"),
        ("F", "PR", "confirmed"),
    ]
    assert (tmp_path / "out" / "subjects.csv").exists()


def test_assess_table_lists_every_problem_and_writes_nothing(tmp_path: Path) -> None:
    table = write(
        tmp_path / "t.csv", target("B", "2025-13-06", "50"), target("F", "2025-03-03", "-5")
    )
    done = run("assess-table", table, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "2025-13-06" in done.stderr
    assert "-5" in done.stderr
    assert not (tmp_path / "out").exists()


def test_best_response_follows_the_protocol(tmp_path: Path) -> None:
    overall = tmp_path / "overall.csv"
    overall.write_text(
        "subject,reference_date,date,overall_response\n"
        "S1,2025-01-01,2025-02-01,SD\nS1,2025-01-01,2025-03-15,PD\n",
        encoding="utf-8",
    )
    early = tmp_path / "protocol.toml"
    early.write_text("[best_response]\nsd_min_days = 28\n", encoding="utf-8")
    for words, best in (((), "PD"), (("--protocol", early), "SD")):
        out = tmp_path / "best.csv"
        done = run("best-response", overall, *words, "--out", out)
        assert done.exit_code == 0, done.output
        (row,) = read(out)
        assert row["best_overall_response"] == best


def test_an_unknown_key_of_the_protocol_is_named(tmp_path: Path) -> None:
    table = write(tmp_path / "t.csv", target("B", "2025-01-06", "50"))
    protocol = tmp_path / "protocol.toml"
    protocol.write_text("[targets]\nmax_totl = 3\n", encoding="utf-8")
    done = run("assess-table", table, "--protocol", protocol, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "targets.max_totl" in done.stderr


@pytest.mark.parametrize("words", [("assess-table", "{t}"), ("export", "csv")])
def test_a_folder_that_cannot_be_made_is_no_traceback(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    table = write(tmp_path / "t.csv", target("B", "2025-01-06", "50"))
    home = tmp_path / "home"
    assert run("user", "add", "a", "--password", "long enough 1", "--home", home).exit_code == 0
    rest = () if words[0] == "assess-table" else ("--home", home)
    named = [word.format(t=table) for word in words]
    done = run(*named, *rest, "--out", table / "inside")
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_table_waits_for_no_imaging_library() -> None:
    code = "import sys, response.cli.tools as t; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    heavy = {"SimpleITK", "pydicom", "scipy", "duckdb", "dash", "pandas", "ants", "numpy"}
    assert not heavy & set(loaded.split())
