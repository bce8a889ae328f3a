"""Reading a measurement table: what is taken, and every problem at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from response.errors import ManifestError
from response.ingest.csv_table import Table
from response.ingest.measurement_rows import RowParser
from response.ingest.measurement_table import MeasurementTable, read_measurement_table
from response.ingest.stream_checks import ReadRow, check_stream, is_plain
from response.ingest.subject_rows import ScatteredRows, SubjectRows
from response.model import Reader
from response.terms import Intervention, LesionState, Role

HEADER = (
    "subject,time_point,date,evaluator,evaluator_id,lesion,role,organ,node,method,diameter_mm,"
    "state,part,merged_into"
)
TODAY = dt.date(2026, 1, 1)


def row(time_point="BL", date="2025-01-01", lesion="T1", said="20", **more):
    cells = dict.fromkeys(HEADER.split(","), "")
    number = said.strip("-0123456789.") == ""
    cells |= {"subject": "S1", "time_point": time_point, "date": date, "lesion": lesion}
    cells |= {"role": {"T": "TARGET", "P": "NON_TARGET", "N": "NEW"}.get(lesion[:1], "")}
    cells |= {"diameter_mm": said} if number else {"state": said}
    return ",".join((cells | more).values())


def week8(lesion="T1", said="20", **more):
    return row("W8", **({"date": "2025-02-26", "lesion": lesion, "said": said} | more))


@pytest.fixture
def read(tmp_path):
    def read_rows(*rows, subjects=None, time_points=None, header=HEADER):
        paths = []
        for name, lines in (("table", [header, *rows]), ("s", subjects), ("t", time_points)):
            path = tmp_path / f"{name}.csv"
            if lines is not None:
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            paths.append(path if lines is not None else None)
        return read_measurement_table(*paths, today=TODAY)

    return read_rows


def problems_of(read, *rows, **more):
    with pytest.raises(ManifestError) as caught:
        read(*rows, **more)
    return caught.value.problems


# ------------------------------------------------------------------------- what is taken


def test_a_row_becomes_a_reading_with_every_digit_kept(read):
    (stream,) = read(row(said="20.50", organ="Liver", method="CT"))
    (reading,) = stream.readings
    assert (stream.subject, stream.reader) == ("S1", Reader())
    assert (reading.role, reading.organ, reading.method) == (Role.TARGET, "Liver", "CT")
    assert str(reading.diameter_mm) == "20.50"


def test_readers_are_separate_streams_and_never_share_a_baseline(read):
    rows = [row(), row(evaluator="Independent Assessor", evaluator_id="R1"), row(subject="S2")]
    streams = [(one.subject, one.reader.evaluator, one.reader.evaluator_id) for one in read(*rows)]
    assert streams == [
        ("S1", "INDEPENDENT ASSESSOR", "R1"),
        ("S1", "INVESTIGATOR", ""),
        ("S2", "INVESTIGATOR", ""),
    ]


def test_only_the_needed_columns_will_do_in_any_order_with_a_byte_order_mark(read):
    header = "\ufeffstate,diameter_mm,role,lesion,date,time_point,subject"
    (stream,) = read(",20,TARGET,T1,2025-01-01,BL,S1", "", header=header)
    assert stream.readings[0].diameter_mm == 20


def test_role_and_node_said_once_hold_for_the_lesion(read):
    (stream,) = read(row(node="TRUE"), week8(role="", said="9"))
    assert [(one.role, one.node) for one in stream.readings] == [(Role.TARGET, True)] * 2


def test_a_lymph_node_by_its_organ_is_a_node_unless_said_otherwise(read):
    (stream,) = read(row(organ="LYMPH NODE"), row(lesion="T2", organ="Lymph node", node="false"))
    assert [one.node for one in stream.readings] == [True, False]


def test_further_measurements_are_kept_by_name(read):
    header = f"{HEADER},sul_peak,density_hu"
    (stream,) = read(
        f"{row(said='NOT_EVALUABLE', state='', diameter_mm='')},8.25,-12", header=header
    )
    assert stream.readings[0].extra == {"sul_peak": Decimal("8.25"), "density_hu": Decimal(-12)}


def test_a_gap_is_not_an_error(read):
    rows = [
        row(),
        row(lesion="P1", said="PRESENT"),
        week8(said=""),
        row("W16", "2025-04-01", "", "NOT_EVALUABLE"),
    ]
    (stream,) = read(*rows)
    assert [one.state for one in stream.readings][-1] is LesionState.NOT_EVALUABLE


def test_a_date_without_a_day_is_the_last_of_its_month_and_kept_as_given(read):
    (stream,) = read(row(), week8(date="2025-02"))
    assert stream.readings[1].date == dt.date(2025, 2, 28)
    assert stream.time_points[0].facts == {"partial_date": "2025-02"}


def test_rows_before_the_baseline_are_history_and_may_differ(read):
    rows = [row("OLD", "2024-06-01", "T1", "PRESENT", role="NON_TARGET"), row()]
    (stream,) = read(*rows, subjects=["subject,treatment_start", "S1,2025-01-10"])
    assert [one.role for one in stream.readings] == [Role.NON_TARGET, Role.TARGET]
    assert stream.facts.treatment_start == dt.date(2025, 1, 10)


def test_facts_of_the_patient_reach_every_reader_but_a_readers_word_only_its_own(read):
    rows = [row(), row(evaluator_id="R1")]
    said = [
        "subject,time_point,evaluator_id,marker_normal,deauville",
        "S1,BL,,FALSE,4",
        "S1,BL,R1,,2",
    ]
    streams = {one.reader.evaluator_id: one for one in read(*rows, time_points=said)}
    assert streams[""].time_points[0].facts == {"marker_normal": "false", "deauville": "4"}
    assert streams["R1"].time_points[0].facts == {"marker_normal": "false", "deauville": "2"}


def test_a_lesion_may_go_on_merged_or_in_parts(read):
    rows = [row(), row(lesion="T2"), week8(said="5", part="a"), week8(said="6", part="b")]
    rows.append(week8("T2", "MERGED", merged_into="T1"))
    assert len(read(*rows)[0].readings) == 5


# ------------------------------------------------------------------------- what is refused


BASE = [row(), row(lesion="P1", said="PRESENT")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (week8(role="TARGIT"), "role: 'TARGIT' is not one of"),
        (week8(said="GONE"), "state: 'GONE' is not one of"),
        (week8(said="PRESENT"), "state is PRESENT, which is none of a TARGET"),
        (week8("P1", "TOO_SMALL"), "state is TOO_SMALL, which is none of a NON_TARGET"),
        (week8(said="-5"), "diameter_mm: -5 is below 0"),
        (week8(said="1000.1"), "longer than any lesion"),
        (week8(diameter_mm="nan"), "diameter_mm: 'nan' is not a number"),
        (week8(diameter_mm="1_0"), "is not a number"),
        (week8(diameter_mm="1.1234567890123"), "too many digits"),
        (week8(date="2025-02-30"), "date: '2025-02-30' is not a day"),
        (week8(date="26.02.2025"), "date: '26.02.2025' is not a day"),
        (week8(date="0225-02-26"), "too long ago"),
        (week8(date=""), "date: is empty"),
        (week8(subject=""), "subject: is empty"),
        (week8(node="maybe"), "node: 'maybe' is neither true nor false"),
        (week8("T9"), "TARGET without a row at the baseline"),
        (week8("P9", "PRESENT"), "NON_TARGET without a row at the baseline"),
        (week8(role="NON_TARGET", said="PRESENT"), "role is NON_TARGET, but it was TARGET"),
        (week8("X1", "20"), "role is empty"),
        (row(lesion="N1", said="UNEQUIVOCAL"), "role is NEW at the baseline"),
        (row(lesion="T2", said="ABSENT"), "a target without baseline"),
        (row(lesion="T2", said="0"), "a target without baseline"),
        (row(lesion="T2", said=""), "a target without baseline"),
        (row(lesion="P2", said="ABSENT"), "a non-target lesion cannot be ABSENT"),
        (row(), "there twice at this time point (row 2)"),
        (row("BL2", "2025-01-01", "T1"), "shares the date of the baseline BL"),
        (week8(lesion="", said="PRESENT"), "lesion is empty"),
        (week8(said="20", state="ABSENT"), "give one of the two"),
        (week8("P1", "20", state="ABSENT"), "give one"),
        (week8("N1", "12"), "measured but not called"),
        (week8("N1", "12", state="ABSENT"), "give one of the two"),
        (week8(said="MERGED"), "say into which lesion"),
        (week8(said="MERGED", merged_into="T1"), "the lesion itself"),
        (week8(said="MERGED", merged_into="P1"), "no target of this reader"),
        (week8(said="20", merged_into="P1"), "state is not MERGED"),
    ],
)
def test_a_wrong_row_is_named_with_its_number_subject_and_field(read, wrong, said):
    problems = problems_of(read, *BASE, wrong)
    assert any(said in problem and "table.csv row " in problem for problem in problems)


def test_all_problems_of_all_files_are_told_at_once(read):
    rows = [row(), week8(said="-5", role="TARGIT"), "S1,W8"]
    subjects = ["subject,treatment_start", "S1,soon"]
    said = ["subject,time_point,deauville", "S1,W99,", "S1,BL,much"]
    problems = problems_of(read, *rows, subjects=subjects, time_points=said)
    assert len(problems) == 6
    assert "table.csv row 3: subject S1, time point W8, lesion T1: role: 'TARGIT'" in str(problems)
    assert "2 cells where the header has 14" in str(problems)
    assert "time point W99 is not in the measurement table" in str(problems)


def test_one_time_point_has_one_date(read):
    problems = problems_of(read, *BASE, week8(), week8("P1", "PRESENT", date="2025-02-27"))
    assert "date is 2025-02-27, but other rows say 2025-02-26" in problems[0]


def test_a_node_or_organ_does_not_change(read):
    rows = [row(node="true", organ="Neck"), week8(node="false", organ="Axilla")]
    assert [problem.split(": ")[2] for problem in problems_of(read, *rows)] == [
        "node is false, but it was true",
        "organ is 'Axilla', but it was 'neck'",
    ]


def test_nothing_evaluable_and_a_lesion_that_was_read_contradict_each_other(read):
    problems = problems_of(read, *BASE, week8(), week8(lesion="", said="NOT_EVALUABLE"))
    assert "but other rows are read" in problems[0]


def test_two_lesions_cannot_have_become_part_of_each_other(read):
    rows = [row(), row(lesion="T2"), week8(said="MERGED", merged_into="T2")]
    rows.append(week8("T2", "MERGED", merged_into="T1"))
    assert len(problems_of(read, *rows)) == 2


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace(",lesion", ""), "missing column 'lesion'"),
        (f"{HEADER},size", "unknown column 'size'"),
        (f"{HEADER},part", "column 'part' is there twice"),
        (HEADER.replace(",", ";"), "semicolons"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_header_is_told(read, header, said):
    assert said in str(problems_of(read, row(), header=header))


def test_a_table_without_rows_is_refused(read):
    assert "no rows" in str(problems_of(read))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "not a CSV"),
        (HEADER.encode() + b'\n"S1', "not a CSV"),
        (HEADER.encode() + b"\n\xff", "not a CSV"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, said):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=said):
        read_measurement_table(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        read_measurement_table(tmp_path / "none.csv")


def test_tables_beside_that_cannot_be_read_are_told_too(read):
    subjects, said = ["subject,birthday", "S1,x"], ["subject,time_point,mood", "S1,BL,x"]
    problems = problems_of(read, row(), subjects=subjects, time_points=said)
    assert "birthday" in str(problems)
    assert "mood" in str(problems)


def test_what_is_said_of_a_time_point_is_checked_by_column(read):
    header = "subject,time_point,liver_mean,radiotherapy_end,marrow"
    good = [header, "S1,BL,2.1,2024-11-30,normal"]
    assert read(row(), time_points=good)[0].time_points[0].facts["radiotherapy_end"] == "2024-11-30"
    problems = problems_of(read, row(), time_points=[header, "S1,BL,2.1,lately,normal"])
    assert "radiotherapy_end: 'lately'" in problems[0]


def test_an_amount_is_not_negative_but_a_density_may_be(read):
    problems = problems_of(read, f"{row()},-1,-12", header=f"{HEADER},suv_max,density_hu")
    assert [problem.split(": ")[2] for problem in problems] == ["suv_max"]


def test_an_absent_non_target_node_may_have_a_normal_short_axis(read):
    node = week8("P1", "9", state="ABSENT", node="true")
    assert read(*BASE, node)
    assert read(*BASE, week8("P1", "0", state="ABSENT"))


def test_a_time_point_is_described_once(read):
    said = ["subject,time_point,evaluator_id,deauville", "S1,BL,,1", "S1,BL,,2", "S1"]
    problems = problems_of(read, row(), time_points=said)
    assert "there twice" in problems[0]
    assert "1 cells" in problems[1]


# ------------------------------------------------------------------------- further columns


def test_an_intervention_is_kept_with_its_lesion_and_time_point(read):
    header = f"{HEADER},intervention"
    (stream,) = read(f"{row()},", f"{week8()},irradiated", header=header)
    assert [one.intervention for one in stream.readings] == [None, Intervention.IRRADIATED]
    problems = problems_of(read, f"{row()},SURGERY", header=header)
    assert "intervention: 'SURGERY' is not one of IRRADIATED, RESECTED, BIOPSIED" in problems[0]


def test_a_scan_may_show_no_disease_at_baseline_and_later(read):
    rows = [row(lesion="", said="ABSENT"), week8("", "ABSENT"), row("W16", "2025-04-23", "N1", "")]
    (stream,) = read(*rows[:2], rows[2].replace("NEW,,,,,", "NEW,,,,,UNEQUIVOCAL"))
    assert [one.lesion for one in stream.readings] == ["", "", "N1"]


def test_a_new_lesion_without_a_baseline_names_the_way_out(read):
    (problem,) = problems_of(read, row(lesion="N1", said="UNEQUIVOCAL"))
    assert "a row of its own, an empty lesion with state ABSENT" in problem


@pytest.mark.parametrize("said", ["NOT_EVALUABLE", "ABSENT"])
def test_a_word_on_the_whole_scan_stands_alone(read, said):
    problems = problems_of(read, *BASE, week8(), week8("", said))
    assert "speaks for the whole time point" in problems[0]


def test_a_scan_of_tomorrow_is_taken_and_a_later_one_is_not(read):
    assert read(row(date="2026-01-02"))
    assert "2026-01-03 is in the future" in problems_of(read, row(date="2026-01-03"))[0]
    assert read(row(date="2026-01"))
    assert "in the future" in problems_of(read, row(date="2026-02"))[0]


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
