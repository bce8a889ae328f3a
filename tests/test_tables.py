"""The two table commands, from file to file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from response.errors import InputError, ManifestError
from response.protocol import Protocol, parse_protocol
from response.tables import assess_table, best_response_table

TABLE = """\
subject,time_point,date,evaluator,evaluator_id,lesion,role,organ,node,method,diameter_mm,state
S1,BL,2025-01-01,INVESTIGATOR,,T1,TARGET,liver,false,CT,50,
S1,BL,2025-01-01,INVESTIGATOR,,NT1,NON_TARGET,lung,false,CT,,PRESENT
S1,W8,2025-02-26,INVESTIGATOR,,T1,TARGET,liver,false,CT,35.0,
S1,W8,2025-02-26,INVESTIGATOR,,NT1,NON_TARGET,lung,false,CT,,PRESENT
S1,W16,2025-04-23,INVESTIGATOR,,T1,TARGET,liver,false,CT,43.5,
S1,W16,2025-04-23,INVESTIGATOR,,NT1,NON_TARGET,lung,false,CT,,PRESENT
"""
SUBJECTS = "subject,treatment_start\nS1,2025-01-05\n"


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_becomes_two_tables(tmp_path):
    table, subjects, out = tmp_path / "t.csv", tmp_path / "s.csv", tmp_path / "new" / "out"
    table.write_text(TABLE, encoding="utf-8")
    subjects.write_text(SUBJECTS, encoding="utf-8")
    assert assess_table(table, subjects, None, Protocol(), "recist11", out) == 1
    assert sorted(path.name for path in out.iterdir()) == ["assessments.csv", "subjects.csv"]
    baseline, week8, week16 = read_rows(out / "assessments.csv")
    assert (baseline["sum_of_diameters_mm"], baseline["overall_response"]) == ("50", "")
    assert (week8["overall_response"], week8["change_from_baseline_pct"]) == ("PR", "-30.00")
    assert week16["reasons"].startswith(
        "[RECIST11.TARGET.PD] PD: sum 43.5 mm is +24.28 % and +8.5 mm over the nadir of 35.0 mm "
        "on 2025-02-26 | [RECIST11.NON_TARGET.NON_CR_NON_PD]"
    )
    (summary,) = read_rows(out / "subjects.csv")
    assert summary == {
        "subject": "S1",
        "criterion": "recist11",
        "evaluator": "INVESTIGATOR",
        "evaluator_id": "",
        "best_overall_response": "PR",
        "confirmed_best_overall_response": "SD",
        "response_date": "2025-02-26",
        "progression_date": "2025-04-23",
        "pfs_days": "108",
        "pfs_event": "true",
        "pfs_reason": "progression on 2025-04-23",
        "duration_of_response_days": "56",
    }


def test_without_subjects_what_needs_them_is_empty(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(TABLE, encoding="utf-8")
    assess_table(table, None, None, Protocol(), "recist11", tmp_path)
    (summary,) = read_rows(tmp_path / "subjects.csv")
    assert (summary["pfs_days"], summary["pfs_event"]) == ("", "")
    assert "treatment_start" in summary["pfs_reason"]


def test_nothing_is_written_where_anything_is_wrong(tmp_path):
    table, out = tmp_path / "t.csv", tmp_path / "out"
    table.write_text(TABLE.replace("43.5", "-43.5"), encoding="utf-8")
    with pytest.raises(ManifestError, match="row 6"):
        assess_table(table, None, None, Protocol(), "recist11", out)
    assert not out.exists()


def test_an_unknown_criterion_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(InputError, match="recist9"):
        assess_table(tmp_path / "none.csv", None, None, Protocol(), "recist9", tmp_path)


# ------------------------------------------------------------------------- best-response


OVERALL = """\
subject,reference_date,date,overall_response
B,2025-01-01,2025-02-26,PR
B,2025-01-01,2025-04-23,CR
B,2025-01-01,2025-06-18,PR
A,2025-01-01,,
"""


def test_overall_responses_become_best_responses_in_the_order_of_subjects(tmp_path):
    table, out = tmp_path / "o.csv", tmp_path / "deep" / "best.csv"
    table.write_text(OVERALL, encoding="utf-8")
    warnings = best_response_table(table, Protocol(), out)
    first, second = read_rows(out)
    assert list(first.values()) == [
        "B", "CR", "2025-04-23", "PR", "2025-02-26",
        "2025-02-26", "2025-02-26", "2025-02-26", "2025-02-26",
    ]  # fmt: skip
    assert list(second.values()) == ["A", "MISSING", "", "MISSING", "", "", "", "", ""]
    assert warnings == ("subject B: disease follows a complete response; left as given",)


def test_new_therapy_closes_the_window(tmp_path):
    table, out = tmp_path / "o.csv", tmp_path / "best.csv"
    table.write_text(
        "subject,reference_date,date,overall_response,new_therapy_date\n"
        "A,2025-01-01,2025-02-26,SD,2025-03-01\nA,2025-01-01,2025-04-23,PR,\n",
        encoding="utf-8",
    )
    best_response_table(table, Protocol(), out)
    assert read_rows(out)[0]["best_overall_response"] == "SD"


def test_a_date_without_a_day_is_imputed_and_warned_of(tmp_path):
    table, out = tmp_path / "o.csv", tmp_path / "best.csv"
    table.write_text(OVERALL.replace("2025-02-26", "2025-02"), encoding="utf-8")
    protocol = parse_protocol('[best_response]\ncr_then_disease = "pd"')
    assert best_response_table(table, protocol, out) == (
        "subject B: date 2025-02 taken as the last day of the month",
    )
    assert read_rows(out)[0]["response_date"] == "2025-02-28"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("C,2025-01-01,2025-02-26,XX", "overall_response: 'XX' is not one of"),
        ("C,2025-01-01,2999-02-26,CR", "date: 2999-02-26 is in the future"),
        ("C,2025-01-01,2199-02,CR", "date: 2199-02-01 is in the future"),
        ("C,2025-01-01,,CR", "date is empty"),
        ("C,,2025-02-26,CR", "reference_date: is empty"),
        ("C,never,2025-02-26,CR", "reference_date: 'never'"),
        ("C,2025-01-01,26/02/2025,CR", "date: '26/02/2025'"),
        (",2025-01-01,2025-02-26,CR", "subject: is empty"),
        ("C,2025-01-01,2025-02-26", "3 cells"),
        ("B,2025-01-02,2025-07-26,CR", "reference_date is 2025-01-02, but row 2"),
    ],
)
def test_every_wrong_row_is_told_and_nothing_is_written(tmp_path, wrong, said):
    table, out = tmp_path / "o.csv", tmp_path / "best.csv"
    table.write_text(f"{OVERALL}{wrong}\nD,2025-01-01,2025-02-26,YY\n", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        best_response_table(table, Protocol(), out)
    assert any(said in problem for problem in caught.value.problems)
    assert any("YY" in problem for problem in caught.value.problems)
    assert not out.exists()


def test_one_subject_has_one_new_therapy_date(tmp_path):
    table = tmp_path / "o.csv"
    table.write_text(
        "subject,reference_date,date,overall_response,new_therapy_date\n"
        "A,2025-01-01,2025-02-26,SD,2025-03-01\nA,2025-01-01,2025-04-23,PR,2025-03-02\n",
        encoding="utf-8",
    )
    with pytest.raises(ManifestError, match="2025-03-01 and 2025-03-02"):
        best_response_table(table, Protocol(), tmp_path / "best.csv")


def best_of(folder, *rows, protocol=""):
    table, out = folder / "o.csv", folder / "best.csv"
    lines = ("subject,reference_date,date,overall_response", *(f"A,2025-01-01,{r}" for r in rows))
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    warnings = best_response_table(table, parse_protocol(protocol), out)
    return read_rows(out)[0], warnings


def test_every_wrong_cell_of_a_row_is_told(tmp_path):
    with pytest.raises(ManifestError) as caught:
        best_of(tmp_path, "2025-02-31,XX")
    assert [text.split(": ")[1] for text in caught.value.problems] == ["date", "overall_response"]


def test_a_response_before_the_reference_date_is_warned_of(tmp_path):
    """It is counted as admiralonco does (bor_cases.csv, A02-7)."""
    row, warnings = best_of(tmp_path, "2024-12-31,CR", "2025-01-01,NE")
    assert (row["best_overall_response"], row["best_overall_response_date"]) == ("CR", "2024-12-31")
    assert warnings == (
        "subject A: CR on 2024-12-31 is before the reference date 2025-01-01: counted as given, "
        "correct one of the two dates",
    )


def test_a_date_without_a_response_is_not_done_and_warned_of(tmp_path):
    row, warnings = best_of(tmp_path, "2025-02-26,")
    assert (row["best_overall_response"], row["best_overall_response_date"]) == ("ND", "2025-02-26")
    assert warnings == ("subject A: no overall response on 2025-02-26: taken as not done (ND)",)


@pytest.mark.parametrize(
    ("protocol", "confirmed", "said"),
    [
        ("", "PR", "ignored"),
        ("[best_response]\nnd_breaks_confirmation = true", "SD", "ignored for its date, not for"),
    ],
)
def test_what_was_not_done_before_a_confirmation_is_warned_of(tmp_path, protocol, confirmed, said):
    rows = ("2025-02-26,PR", "2025-03-26,ND", "2025-04-23,PR", "2025-05-21,ND")
    row, (warning,) = best_of(tmp_path, *rows, protocol=protocol)
    assert row["confirmed_best_overall_response"] == confirmed
    assert row["confirmed_response_date"] == "2025-02-26"
    assert warning.startswith(
        "subject A: not done (ND) on 2025-03-26, between PR on 2025-02-26 and its confirmation "
        f"on 2025-04-23: {said}"
    )
