"""Streams of a measurement table: lines of therapy, facts of readers, order, the quick look."""

from __future__ import annotations

import datetime as dt
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measurement_rows import BASE, HEADER, TODAY, problems_of, row, week8

from response.ingest.csv_table import Table
from response.ingest.measurement_rows import RowParser
from response.ingest.measurement_table import MeasurementTable, read_measurement_table
from response.ingest.stream_checks import ReadRow, check_stream, is_plain
from response.ingest.subject_rows import ScatteredRows, SubjectRows

# ------------------------------------------------------------------------- lines of therapy


LINES = f"{HEADER},line"
FIRST, SECOND = f"{row()},1", f"{row('B2', '2025-06-01', 'T9')},2"


def test_each_line_of_therapy_is_an_episode_with_its_own_baseline(read):
    subjects = ["subject,line,treatment_start", "S1,1,2025-01-05", "S1,2,2025-06-05"]
    first, second = read(FIRST, SECOND, header=LINES, subjects=subjects)
    assert (first.facts.line, second.facts.line) == ("1", "2")
    assert [one.lesion for one in second.readings] == ["T9"]
    assert first.facts.new_therapy_date == dt.date(2025, 6, 5)
    assert second.facts.new_therapy_date is None


def test_a_line_keeps_the_new_therapy_it_is_given_and_a_death_is_known_to_all(read):
    header = "subject,line,treatment_start,new_therapy_date,death_date"
    subjects = [header, "S1,1,2025-01-05,2025-05-30,", "S1,2,2025-06-05,,2025-12-01"]
    first, second = read(FIRST, SECOND, header=LINES, subjects=subjects)
    assert first.facts.new_therapy_date == dt.date(2025, 5, 30)
    assert first.facts.death_date == second.facts.death_date == dt.date(2025, 12, 1)


def test_the_only_line_of_a_subject_needs_no_name_in_the_measurements(read):
    (stream,) = read(row(), subjects=["subject,line,treatment_start", "S1,2L,2025-01-05"])
    assert stream.facts.line == "2L"


TWO = ["subject,line", "S1,1", "S1,2"]
DIED = "subject,line,death_date"


@pytest.mark.parametrize(
    ("rows", "header", "subjects", "said"),
    [
        ([row()], HEADER, TWO, "row 2: subject S1: line: is empty, but s.csv has the lines 1, 2"),
        ([FIRST, f"{row(subject='S1', time_point='B')},"], LINES, None, "row 3: subject S1: line"),
        ([f"{row()},3"], LINES, TWO, "line: '3' is none of 1, 2"),
        ([FIRST], LINES, ["subject", "S1"], "s.csv names no line"),
        ([FIRST], LINES, [*TWO, "S1,"], "row 4: line: is empty, but another row"),
        (
            [FIRST],
            LINES,
            ["subject,line,death_date", "S1,1,2025-01-01", "S1,2,2025-01-02"],
            "row 3",
        ),
        ([FIRST], LINES, [DIED, "S1,1,", "S1,1,2025-01-02"], "twice"),
    ],
)
def test_lines_that_do_not_fit_are_told(read, rows, header, subjects, said):
    assert any(said in text for text in problems_of(read, *rows, header=header, subjects=subjects))


def test_facts_of_a_time_point_may_be_of_one_line(read):
    rows = [FIRST, f"{row('BL', '2025-06-01', 'T9')},2"]
    said = ["subject,line,time_point,deauville", "S1,1,BL,2", "S1,2,BL,5"]
    first, second = read(*rows, header=LINES, time_points=said)
    assert first.time_points[0].facts == {"deauville": "2"}
    assert second.time_points[0].facts == {"deauville": "5"}


# ------------------------------------------------------------------------- facts and their reader


def test_the_only_reader_needs_no_id_for_facts(read):
    (stream,) = read(
        row(evaluator_id="R1"), time_points=["subject,time_point,deauville", "S1,BL,4"]
    )
    assert stream.time_points[0].facts == {"deauville": "4"}


def test_a_readers_word_that_reaches_nobody_is_told(read):
    rows = [row(evaluator_id="R1"), row(evaluator_id="R2")]
    said = ["subject,time_point,evaluator_id,deauville", "S1,BL,,4", "S1,BL,R9,4"]
    nobody, stranger = problems_of(read, *rows, time_points=said)
    assert "was read by several: say in evaluator_id whose word deauville is" in nobody
    assert "is not in the measurement table as read by R9" in stranger


# ------------------------------------------------------------------------- order and shape


def test_rows_in_any_order_say_the_same(tmp_path):
    rows = [
        row(subject=subject, evaluator_id=reader) if name == "BL" else
        week8(subject=subject, evaluator_id=reader)
        for name in ("W8", "BL") for subject in ("S1", "S2") for reader in ("R2", "R1")
    ]  # fmt: skip
    table = tmp_path / "table.csv"
    table.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    with pytest.raises(ScatteredRows):
        tuple(MeasurementTable(table).streams())
    scattered = read_measurement_table(table)
    table.write_text("\n".join([HEADER, *sorted(rows)]) + "\n", encoding="utf-8")
    together = tuple(MeasurementTable(table).streams())
    for one, other in zip(scattered, together, strict=True):
        assert (one.subject, one.reader) == (other.subject, other.reader)
        assert set(map(repr, one.readings)) == set(map(repr, other.readings))


def test_rows_have_the_numbers_a_spreadsheet_shows(read):
    rows = [row(method='"CT,\nthin slices"'), "", ",,,,,,,,,,,,,", week8(said="-1")]
    (problem,) = problems_of(read, *rows)
    assert problem.startswith("table.csv row 5: subject S1, time point W8, lesion T1: ")


@pytest.mark.parametrize("cell", ["inf", "1e9999", "9" * 5000, "-0.1", "1e99", "５", "1,5"])
def test_what_is_no_length_is_refused_quickly(read, cell):
    quoted = f'"{cell}"'
    assert "diameter_mm" in problems_of(read, *BASE, week8(diameter_mm=quoted))[0]


# ------------------------------------------------------------------------- the quick look


SAID = st.sampled_from(["20", "0", "", "ABSENT", "TOO_SMALL", "PRESENT", "MERGED", "UNEQUIVOCAL"])
CELLS = st.fixed_dictionaries(
    {
        "at": st.sampled_from([("BL", "2025-01-01"), ("W8", "2025-02-26"), ("W8", "2025-02-27")]),
        "lesion": st.sampled_from(["T1", "T1", "P1", "N1", ""]),
        "role": st.sampled_from(["TARGET", "TARGET", "NON_TARGET", "NEW", ""]),
        "organ": st.sampled_from(["liver", "lymph node"]),
        "node": st.sampled_from(["", "false", "true"]),
        "said": SAID,
    }
)


@given(st.lists(CELLS, min_size=1, max_size=6), st.booleans())
def test_what_looks_plain_has_nothing_that_a_rule_objects_to_or_changes(drawn, late):
    lines = []
    for number, cells in enumerate(drawn):
        cells = dict(cells)
        (name, date), said = cells.pop("at"), cells.pop("said")
        if number == 0:
            name, date = "BL", "2025-01-01"
        number = {"diameter_mm": said} if said.isdigit() else {"state": said}
        lines.append(row(name, date, said="", **(cells | number)).split(","))
    columns = {name: at for at, name in enumerate(HEADER.split(","))}
    parser = RowParser(Table("t", columns, iter(())), TODAY)
    (part,), problems = parser.parse(SubjectRows("S1", list(range(len(lines))), lines))
    assert not problems
    start = dt.date(2025, 3, 1) if late else None
    rows = list(map(ReadRow, part.numbers, repeat("S1"), part.readings(), part.node))
    readings, problems = check_stream(rows, start)
    if is_plain(part, start):
        assert not problems
        assert sorted(map(repr, readings)) == sorted(map(repr, part.readings()))
