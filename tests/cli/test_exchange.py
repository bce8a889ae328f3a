"""Import of SDTM tables from the command line: idempotent, superseding, all or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from response.cli import main
from response.endpoints import select_effective
from response.model import MarkSet, Reader, Scan, TimePoint
from response.store import Store
from response.workspace import Workspace

TU = "DOMAIN,STUDYID,USUBJID,TUTESTCD,TUORRES,TULNKID,TULOC,VISIT\n"
TR = "DOMAIN,STUDYID,USUBJID,TRTESTCD,TRLNKID,TRORRES,TRORRESU,VISIT,TRDTC\n"
RS = "DOMAIN,USUBJID,RSTESTCD,RSCAT,RSORRES,VISIT,RSDTC\n"
IDENTIFIED = ["TU,ST1,P1,TUMIDENT,TARGET,T1,LIVER,BASELINE"]
MEASURED = [
    "TR,ST1,P1,LDIAM,T1,50,mm,BASELINE,2025-01-06",
    "TR,ST1,P1,LDIAM,T1,35,mm,WEEK 8,2025-03-03",
]
PR = "RS,P1,OVRLRESP,RECIST 1.1,PR,WEEK 8,2025-03-03"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def write(
    folder: Path, tr: Sequence[str] = MEASURED, rs: Sequence[str] = (), name: str = "tr"
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "tu.csv").write_text(TU + "\n".join(IDENTIFIED) + "\n", encoding="utf-8")
    (folder / f"{name}.csv").write_text(TR + "\n".join(tr) + "\n", encoding="utf-8")
    if rs:
        (folder / "rs.csv").write_text(RS + "\n".join(rs) + "\n", encoding="utf-8")
    return folder


def lines(done: Result) -> list[dict[str, object]]:
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def overall(home: Path) -> list[tuple[str, str, str]]:
    store = Store(Workspace.open(home, create=False))
    (result,) = store.read_results("P1")
    return [(a.time_point, a.overall_response, a.status.value) for a in result.assessments]


def test_an_import_is_assessed_at_once_and_confirmed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run("import-sdtm", write(tmp_path / "in"), "--home", home)
    assert done.exit_code == 0, done.output
    assert "1 streams taken, 0 unchanged, of 1 subjects; 1 assessed" in done.stdout
    assert overall(home) == [("BASELINE", "", "confirmed"), ("WEEK 8", "PR", "confirmed")]
    assert run("check", "--home", home).exit_code == 0


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", write(tmp_path / "in", rs=[PR])
    run("import-sdtm", folder, "--home", home)
    entries = Store(Workspace.open(home)).read_audit()
    (report,) = lines(run("import-sdtm", folder, "--home", home, "--json"))
    assert (report["streams_taken"], report["streams_unchanged"], report["assessed"]) == (0, 1, 0)
    assert Store(Workspace.open(home)).read_audit() == entries


def test_changed_data_supersede_and_nothing_is_lost(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", write(tmp_path / "in")
    run("import-sdtm", folder, "--home", home)
    changed = MEASURED[1].replace(",35,", ",36,")
    write(folder, [MEASURED[0], changed])
    (report,) = lines(run("import-sdtm", folder, "--home", home, "--json"))
    assert (report["streams_taken"], report["assessed"]) == (1, 1)
    said = [row for row in overall(home) if row[0] == "WEEK 8"]
    assert [category for _, category, _ in said] == ["PR", "SD"]
    actions = [entry.action for entry in Store(Workspace.open(home)).read_audit()]
    assert actions.count("write_readings") == 2


def test_a_correction_that_is_taken_back_stands_again(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", write(tmp_path / "in")
    changed = MEASURED[1].replace(",35,", ",36,")
    for row in (MEASURED[1], changed, MEASURED[1]):
        run("import-sdtm", write(folder, [MEASURED[0], row]), "--home", home)
    (result,) = Store(Workspace.open(home)).read_results("P1")
    standing = select_effective(result.assessments)[-1]
    assert (standing.overall_response, str(standing.sum_of_diameters_mm)) == ("PR", "35")


def test_what_the_site_says_otherwise_is_listed(tmp_path: Path) -> None:
    wrong = PR.replace(",PR,", ",SD,")
    folder = write(tmp_path / "in", rs=[wrong, wrong.replace("RECIST 1.1", "iRECIST")])
    report, differs = lines(run("import-sdtm", folder, "--home", tmp_path / "home", "--json"))
    assert (report["compared"], report["differences"]) == (1, 1)
    assert (differs["test"], differs["theirs"], differs["ours"]) == ("OVRLRESP", "SD", "PR")
    assert "-30.00 %" in str(differs["reason"])


def test_responses_of_strangers_alone_are_nothing_to_import(tmp_path: Path) -> None:
    folder = tmp_path / "sdtm"
    folder.mkdir()
    (folder / "rs.csv").write_text(f"{RS}{PR}\n", encoding="utf-8")
    done = run("import-sdtm", folder, "--home", tmp_path / "home")
    assert done.exit_code == 2
    assert "add the TU and TR tables" in done.output
    assert not (tmp_path / "home").exists()


def test_responses_alone_are_taken_of_subjects_that_are_known(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run("import-sdtm", write(tmp_path / "sdtm"), "--home", home).exit_code == 0
    folder = tmp_path / "later"
    folder.mkdir()
    (folder / "rs.csv").write_text(f"{RS}{PR}\n", encoding="utf-8")
    assert run("import-sdtm", folder, "--home", home).exit_code == 0


def test_any_refused_row_refuses_all_and_leaves_no_workspace(tmp_path: Path) -> None:
    rows = [*MEASURED, "TR,ST1,P2,LDIAM,T1,5,mm,BASELINE,2025-01-06", MEASURED[1] + ",more"]
    done = run("import-sdtm", write(tmp_path / "in", rows), "--home", tmp_path / "home")
    assert done.exit_code == 2
    assert "error: in: 1 problems; nothing was imported" in done.stderr
    assert "tr.csv row 5: 10 cells where the header has 9" in done.stderr
    assert not (tmp_path / "home").exists()


def test_all_problems_are_listed_and_an_earlier_import_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("import-sdtm", write(tmp_path / "in"), "--home", home)
    bad = [MEASURED[0].replace("mm", "ft"), MEASURED[1].replace("35", "BIG")]
    done = run("import-sdtm", write(tmp_path / "in", bad), "--home", home)
    assert done.exit_code == 2
    assert "tr.csv row 2" in done.stderr
    assert "tr.csv row 3" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(overall(home)) == 2


def test_a_reader_with_marks_on_images_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    workspace = Workspace.open(home)
    image = workspace.images / "a.nrrd"
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(b"image")
    path, box = workspace.relative(image), (0, 0, 0, 1, 1, 1)

    day = dt.date(2025, 1, 6)
    scan = Scan("s1", "P1", "BASELINE", day, "CT", "", path, "aa", 2, box)
    marks = MarkSet("m1", "s1", Reader(), "", "", (), True)
    store = Store(workspace)
    store.write_time_point(TimePoint("P1", "BASELINE", day, (scan,), (marks,)), actor="anna")
    done = run("import-sdtm", write(tmp_path / "in"), "--home", home)
    assert done.exit_code == 2
    assert "subject P1: INVESTIGATOR has marks on images in this workspace" in done.stderr
    assert Store(workspace).read_readings() == ()


@pytest.mark.parametrize("words", [["import-sdtm"], ["import-sdtm", "nowhere"]])
def test_wrong_usage_ends_with_two(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_tracking_leaves_subjects_without_images_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("import-sdtm", write(tmp_path / "in"), "--home", home)
    assert run("track", "--home", home).exit_code == 0
    assert overall(home)[1][1] == "PR"


def test_dates_of_dm_reach_subjects_that_are_known(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("import-sdtm", write(tmp_path / "in"), "--home", home)
    later = tmp_path / "later"
    later.mkdir()
    dm = "DOMAIN,USUBJID,RFSTDTC,DTHDTC\nDM,P1,2025-01-10,2025-07-01\nDM,P9,2025-02-01,\n"
    (later / "dm.csv").write_text(dm, encoding="utf-8")
    (report,) = lines(run("import-sdtm", later, "--home", home, "--json"))
    assert (report["subjects"], report["streams_taken"], report["assessed"]) == (1, 0, 1)
    store = Store(Workspace.open(home))
    facts = store.read_subjects()[0].facts
    assert (facts.treatment_start, facts.death_date) == (dt.date(2025, 1, 10), dt.date(2025, 7, 1))
    assert [one.subject for one in store.read_subjects()] == ["P1"]


def test_differences_are_exported_where_a_site_gave_responses(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    run("import-sdtm", write(tmp_path / "in"), "--home", home)
    run("export", "csv", "--home", home, "--out", out)
    assert not (out / "differences.csv").exists()
    run("import-sdtm", write(tmp_path / "in", rs=[PR.replace(",PR,", ",CR,")]), "--home", home)
    assert run("export", "csv", "--home", home, "--out", out).exit_code == 0
    run("assess", "--criterion", "irecist", "--home", home)
    run("export", "csv", "--home", home, "--out", out)
    (row,) = read(out / "differences.csv")
    assert (row["test"], row["theirs"], row["ours"]) == ("OVRLRESP", "CR", "PR")
    assert row["reason"].startswith("PR: sum 35 mm is -30.00 %")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
