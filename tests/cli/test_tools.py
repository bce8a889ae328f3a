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


GOOD = (target("B", "2025-01-06", "50"), target("F", "2025-03-03", "35"))


def follow_up(lesion: str, role: str, diameter: str = "20", state: str = "") -> str:
    return f"S1,F,2025-03-03,,,{lesion},{role},liver,false,CT,{diameter},{state}"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (follow_up("T1", "TARGIT"), "role: 'TARGIT' is not one of TARGET, NON_TARGET, NEW"),
        (follow_up("T1", "TARGET", "", "GONE"), "state: 'GONE' is not one of"),
        (follow_up("T1", "TARGET", "-5"), "diameter_mm: -5 is below 0"),
        (follow_up("T1", "TARGET", "5000"), "diameter_mm: 5000 is longer than any lesion"),
        (follow_up("T1", "TARGET", "wide"), "diameter_mm: 'wide' is not a number"),
        (follow_up("T1", "TARGET"), "the lesion is there twice at this time point (row 3)"),
        (target("G", "2025-02-30", "5"), "date: '2025-02-30' is not a day"),
        (target("G", "2925-02-28", "5"), "date: 2925-02-28 is in the future"),
        (follow_up("T2", "TARGET"), "TARGET without a row at the baseline"),
        (follow_up("T1", "NON_TARGET", "", "PRESENT"), "role is NON_TARGET, but it was TARGET"),
        ("S1,B,2025-01-06,,,T2,TARGET,liver,false,CT,,ABSENT", "a target without baseline"),
        ("S1,F,2025-03-03,,,T1,TARGET", "7 cells where the header has 12"),
    ],
)
def test_a_wrong_row_ends_assess_table_with_its_number(
    tmp_path: Path, wrong: str, said: str
) -> None:
    rows = [row.replace("INVESTIGATOR", "") for row in (*GOOD, wrong)]
    done = run("assess-table", write(tmp_path / "t.csv", *rows), "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert any("t.csv row 4: " in line and said in line for line in done.stderr.splitlines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]


def test_problems_of_the_table_and_of_those_beside_it_are_listed_together(tmp_path: Path) -> None:
    rows = (*GOOD, target("G", "soon", "5"), target("G", "2025-05-05", "-1"))
    table, out = write(tmp_path / "t.csv", *rows), tmp_path / "out"
    subjects, points = tmp_path / "s.csv", tmp_path / "p.csv"
    subjects.write_text("subject,treatment_start\nS1,2025\nS2,\n", encoding="utf-8")
    points.write_text("subject,time_point,deauville\nS1,B,high\nS1,Z,1\n", encoding="utf-8")
    words = ("assess-table", table, "--subjects", subjects, "--time-points", points)
    done = run(*words, "--out", out)
    assert done.exit_code == 2
    assert [line.strip().split(": ")[0] for line in done.stderr.splitlines()] == [
        *("error", "t.csv row 4", "t.csv row 5", "s.csv row 2", "p.csv row 2", "p.csv row 3")
    ]
    assert not out.exists()


def test_what_stood_in_the_folder_is_kept_where_a_table_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("assess-table", write(tmp_path / "t.csv", *GOOD), "--out", out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    wrong = write(tmp_path / "t.csv", *GOOD, target("G", "soon", "5"))
    assert run("assess-table", wrong, "--out", out).exit_code == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_lines_of_therapy_have_a_column_of_their_own(tmp_path: Path) -> None:
    table, subjects = tmp_path / "t.csv", tmp_path / "s.csv"
    table.write_text(
        "subject,line,time_point,date,lesion,role,diameter_mm,state\n"
        "S1,1,A,2025-01-06,T1,TARGET,50,\nS1,1,B,2025-03-03,T1,TARGET,65,\n"
        "S1,2,C,2025-03-10,T1,TARGET,65,\nS1,2,D,2025-05-05,T1,TARGET,40,\n",
        encoding="utf-8",
    )
    subjects.write_text(
        "subject,line,treatment_start\nS1,1,2025-01-08\nS1,2,2025-03-12\n", encoding="utf-8"
    )
    done = run("assess-table", table, "--subjects", subjects, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    rows = read(tmp_path / "assessments.csv")
    assert [(row["line"], row["time_point"], row["overall_response"]) for row in rows] == [
        *(("1", "A", ""), ("1", "B", "PD"), ("2", "C", ""), ("2", "D", "PR"))
    ]
    summaries = read(tmp_path / "subjects.csv")
    assert [(row["line"], row["best_overall_response"]) for row in summaries] == [
        *(("1", "PD"), ("2", "PR"))
    ]
    assert list(summaries[0])[-1] == list(rows[0])[-1] == "line"


def test_no_line_no_column(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "subject,line,time_point,date,lesion,role,diameter_mm,state\n"
        "S1,,A,2025-01-06,T1,TARGET,50,\n",
        encoding="utf-8",
    )
    assert run("assess-table", table, "--out", tmp_path).exit_code == 0
    assert "line" not in read(tmp_path / "assessments.csv")[0]


def test_disease_that_comes_after_a_scan_without_any_is_progression(tmp_path: Path) -> None:
    rows = [
        "S1,B,2025-01-06,,,,,,,,,ABSENT",
        "S1,F,2025-03-03,,,,,,,,,ABSENT",
        "S1,G,2025-05-05,,,N1,NEW,lung,,CT,,UNEQUIVOCAL",
    ]
    done = run("assess-table", write(tmp_path / "t.csv", *rows), "--out", tmp_path)
    assert done.exit_code == 0, done.output
    found = [row["overall_response"] for row in read(tmp_path / "assessments.csv")]
    assert (found[0], found[2]) == ("", "PD")


def test_scattered_rows_are_assessed_like_sorted_ones(tmp_path: Path) -> None:
    rows = [row.replace("S1", name) for row in GOOD for name in ("S1", "S2")]
    written = []
    for order in (rows, sorted(rows)):
        done = run("assess-table", write(tmp_path / "t.csv", *order), "--out", tmp_path)
        assert done.exit_code == 0, done.output
        written.append((tmp_path / "assessments.csv").read_bytes())
    assert written[0] == written[1]


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


def test_a_closed_pipe_ends_quietly() -> None:
    code = (
        "import click\n"
        "from response.cli.common import plain_errors\n"
        "@click.command()\n"
        "def say():\n"
        "    with plain_errors():\n"
        "        [click.echo('x' * 1000) for _ in range(10_000)]\n"
        "say()\n"
    )
    asked = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert asked.stdout is not None
    assert asked.stderr is not None
    asked.stdout.readline()
    asked.stdout.close()
    said = asked.stderr.read()
    asked.stderr.close()
    assert (asked.wait(timeout=60), said) == (1, "")


def test_a_table_waits_for_no_imaging_library() -> None:
    code = "import sys, response.cli.tools as t; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    heavy = {"SimpleITK", "pydicom", "scipy", "duckdb", "dash", "pandas", "ants", "numpy"}
    assert not heavy & set(loaded.split())
