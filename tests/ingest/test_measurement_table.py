"""Reading a measurement table: what is taken, and every problem at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from measurement_rows import BASE, HEADER, problems_of, row, week8

from response.errors import ManifestError
from response.ingest.measurement_table import MeasurementTable, read_measurement_table
from response.model import Reader
from response.terms import Intervention, LesionState, Role

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


@pytest.mark.parametrize("density", ["-1100.01", "4000.5"])
def test_a_density_lies_within_what_ct_can_show(read, density):
    (problem,) = problems_of(read, f"{row()},{density}", header=f"{HEADER},density_hu")
    assert f"density_hu: {density} is no density on CT" in problem


LENGTHS = f"{HEADER},longest_diameter_mm,short_diameter_mm,viable_diameter_mm"
NODE = {"organ": "lymph node"}


@pytest.mark.parametrize(
    ("more", "lengths", "said"),
    [
        ({}, ",20.1,", "short_diameter_mm is 20.1, longer than diameter_mm, 20"),
        ({}, "22,22.1,", "short_diameter_mm is 22.1, longer than longest_diameter_mm, 22"),
        ({"said": ""}, "22,22.1,", "short_diameter_mm is 22.1, longer than longest_diameter_mm"),
        ({}, ",,20.1", "viable_diameter_mm is 20.1, longer than diameter_mm, 20"),
        (NODE, "25,26,", "short_diameter_mm is 26, longer than longest_diameter_mm, 25"),
        ({"node": "true"}, "19,,", "diameter_mm is 20, longer than longest_diameter_mm, 19"),
    ],
)
def test_lengths_that_contradict_each_other_are_refused(read, more, lengths, said):
    (problem,) = problems_of(read, f"{row(**more)},{lengths}", header=LENGTHS)
    assert problem.startswith("table.csv row 2: subject S1, time point BL, lesion T1: ")
    assert said in problem


@pytest.mark.parametrize(
    ("more", "lengths"),
    [({}, ",20,20"), ({}, "22,21,"), (NODE, ",21,21"), (NODE, "20,20,"), ({"said": ""}, ",9,8")],
)
def test_lengths_that_go_together_are_taken(read, more, lengths):
    assert read(f"{row(**more)},{lengths}", header=LENGTHS)


def test_an_absent_non_target_node_may_have_a_normal_short_axis(read):
    node = week8("P1", "9", state="ABSENT", node="true")
    assert read(*BASE, node)
    assert read(*BASE, week8("P1", "0", state="ABSENT"))


def test_every_wrong_cell_of_a_time_point_is_told(read):
    header = "subject,time_point,steroid_dose,deauville,bone_lesions,marker_normal"
    problems = problems_of(read, row(), time_points=[header, "S1,BL,-3,6,1.5,maybe"])
    assert [problem.split(": ")[1] for problem in problems] == [
        "steroid_dose", "bone_lesions", "marker_normal", "deauville",
    ]  # fmt: skip
    assert all(problem.startswith("t.csv row 2: ") for problem in problems)


@pytest.mark.parametrize(
    ("criterion", "column"), [("rano2", "clinical_status"), ("lugano", "marrow")]
)
def test_a_word_is_known_to_the_criterion_that_weighs_it(tmp_path, criterion, column):
    table, said = tmp_path / "t.csv", tmp_path / "p.csv"
    table.write_text(f"{HEADER}\n{row()}\n", encoding="utf-8")
    said.write_text(f"subject,time_point,{column}\nS1,BL,fine\n", encoding="utf-8")
    assert list(MeasurementTable(table, None, said, criterion="irecist").streams())
    with pytest.raises(ManifestError, match=f"p.csv row 2: {column}: 'fine' is not one of"):
        list(MeasurementTable(table, None, said, criterion=criterion).streams())


@pytest.mark.parametrize(
    ("dates", "named"),
    [
        ("S1,x,2025-02-31,", ["treatment_start", "randomisation"]),
        ("S1,2025-01-05,,2024-12-31", ["new_therapy_date"]),
        ("S1,,2025-01-05,2024-12-31", ["new_therapy_date"]),
    ],
)
def test_every_wrong_date_of_a_subject_is_told_and_its_file_named(read, dates, named):
    header = "subject,treatment_start,randomisation,new_therapy_date"
    with pytest.raises(ManifestError) as caught:
        read(row(), subjects=[header, dates])
    assert [problem.split(": ")[1] for problem in caught.value.problems] == named
    assert str(caught.value).startswith("s.csv")


def test_a_death_before_the_line_began_is_an_error(read):
    subjects = ["subject,treatment_start,death_date", "S1,2025-01-05,2024-12-31"]
    (problem,) = problems_of(read, row(), subjects=subjects)
    assert "death_date: 2024-12-31 is before treatment_start 2025-01-05; correct" in problem


@pytest.mark.parametrize(
    ("date", "names"), [("2025-02-10", []), ("2025-02", []), ("2025-02-11", ["W8"])]
)
def test_a_scan_after_death_is_warned_of(tmp_path, date, names):
    table, subjects = tmp_path / "t.csv", tmp_path / "s.csv"
    rows = [HEADER, row(), row("W8", date)]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    subjects.write_text("subject,death_date\nS1,2025-02-10\n", encoding="utf-8")
    read = MeasurementTable(table, subjects)
    list(read.streams())
    assert read.warnings == [
        f"subject S1, time point {name}: the scan of {date} is after the death on 2025-02-10; "
        "correct one of the two dates"
        for name in names
    ]


def test_a_lesion_dated_apart_from_its_baseline_is_one_problem(read):
    (problem,) = problems_of(read, row(), row(date="2025-01-02", lesion="P1", said="PRESENT"))
    assert "date is 2025-01-02, but other rows say 2025-01-01" in problem


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
