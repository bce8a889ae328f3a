"""RECIST 1.1 over time: what earlier time points leave behind, and the reasons given."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from courses import assess, course, day, overall, reading

from response.assess import assess_subject
from response.model import AssessedTimePoint, Reader, SubjectFacts
from response.protocol import Protocol
from response.terms import NewLesion, Status

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def row_of(result, name, number=0):
    return [row for row in result.assessments if row.time_point == name][number]


def ids(row):
    return [reason.row_id for reason in row.reasons]


def text(row):
    return " ".join(str(reason) for reason in row.reasons)


# ------------------------------------------------------------------------- targets


def test_the_baseline_has_its_sum_and_empty_responses():
    row = assess(course(BL={"T1": "20.5", "L1": 15})).assessments[0]
    assert row.sum_of_diameters_mm == Decimal("35.5")
    assert (row.target_response, row.non_target_response, row.overall_response) == ("", "", "")
    assert (row.new_lesion, row.nadir_mm, row.change_from_baseline_pct) == (None, None, None)


def test_the_sentence_of_a_progression_has_the_numbers():
    rows = course(BL={"T1": 50}, W8={"T1": "35.0"}, W16={"T1": "43.5"})
    row = row_of(assess(rows), "W16")
    assert str(row.reasons[0]) == (
        "[RECIST11.TARGET.PD] PD: sum 43.5 mm is +24.28 % and +8.5 mm over the nadir of 35.0 mm "
        "on 2025-02-26"
    )
    assert (row.nadir_mm, row.change_from_nadir_pct) == (Decimal("35.0"), Decimal("24.28"))
    assert row.change_from_baseline_pct == Decimal("-13.00")


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        ((100, 50, 65), ["PR", "PD"]),
        ((20, 24), ["SD"]),
        ((100, 75, 90), ["SD", "PD"]),
        ((100, 60, 55, 68), ["PR", "PR", "PD"]),
    ],
)
def test_progression_is_judged_against_the_nadir(sums, expected):
    rows = [reading(f"W{n}", 56 * n, "T1", mm) for n, mm in enumerate(sums)]
    assert overall(assess(rows)) == expected


def test_a_known_lesion_without_a_row_is_named_and_the_target_is_not_evaluable():
    row = row_of(assess(course(BL={"T1": 50, "T2": 50}, W8={"T1": 50})), "W8")
    assert (row.target_response, row.overall_response) == ("NE", "NE")
    assert row.sum_of_diameters_mm is None
    assert "T2 (not assessed: no row)" in text(row)


@pytest.mark.parametrize("said", ["NOT_EVALUABLE", None])
def test_a_row_that_measures_nothing_is_not_evaluable(said):
    row = row_of(assess(course(BL={"T1": 50}, W8={"T1": said})), "W8")
    assert row.target_response == "NE"


def test_progression_may_be_plain_from_a_part_of_the_sum():
    rows = course(BL={"T1": 20, "T2": 20, "T3": 10}, W8={"T1": 40, "T2": 40})
    row = row_of(assess(rows), "W8")
    assert row.overall_response == "PD"
    assert "without T3 (not assessed: no row), which can only add" in text(row)
    assert row.sum_of_diameters_mm is None


def test_an_incomplete_sum_never_becomes_the_nadir_unless_the_protocol_says_so():
    rows = course(BL={"T1": 30, "T2": 30}, W8={"T1": 20}, W16={"T1": 20, "T2": 30})
    assert row_of(assess(rows), "W16").nadir_mm == 60
    allowed = assess(rows, "[rules]\nnadir_uses_incomplete = true")
    assert row_of(allowed, "W16").nadir_mm == 20


def test_a_lesion_too_small_to_measure_is_5_mm_but_a_measured_3_mm_is_3():
    rows = course(BL={"T1": 50}, W8={"T1": "TOO_SMALL"}, W16={"T1": 3})
    result = assess(rows)
    assert [row.sum_of_diameters_mm for row in result.assessments] == [50, 5, 3]
    assert overall(result) == ["PR", "PR"]


def test_an_absent_lesion_is_0_mm_node_or_not():
    row = row_of(assess(course(BL={"T1": 50, "L1": 20}, W8={"T1": "ABSENT", "L1": "ABSENT"})), "W8")
    assert (row.sum_of_diameters_mm, row.overall_response) == (0, "CR")


@pytest.mark.parametrize(("node_mm", "expected"), [("9.9", "CR"), ("10", "PR")])
def test_a_node_below_10_mm_is_normal(node_mm, expected):
    row = row_of(assess(course(BL={"T1": 50, "L1": 20}, W8={"T1": 0, "L1": node_mm})), "W8")
    assert (row.target_response, row.sum_of_diameters_mm) == (expected, Decimal(node_mm))


def test_a_node_too_small_to_measure_is_normal_but_another_lesion_is_not_gone():
    assert overall(assess(course(BL={"L1": 20}, W8={"L1": "TOO_SMALL"}))) == ["CR"]
    assert overall(assess(course(BL={"T1": 20}, W8={"T1": "TOO_SMALL"}))) == ["PR"]


def test_only_normal_nodes_growing_stays_a_complete_response():
    small, large = dict.fromkeys(("L1", "L2", "L3"), 4), dict.fromkeys(("L1", "L2", "L3"), 9)
    rows = course(BL=dict.fromkeys(("L1", "L2", "L3"), 20), W8=small, W16=large)
    assert overall(assess(rows)) == ["CR", "CR"]
    assert overall(assess(rows, "[rules]\nnode_cr_precedence = false"))[1] == "PD"


def test_over_a_nadir_of_nothing_5_mm_is_progression_and_there_is_no_percentage():
    rows = course(BL={"T1": 50}, W8={"T1": 0}, W16={"T1": 5})
    row = row_of(assess(rows), "W16")
    assert (row.target_response, row.change_from_nadir_pct) == ("PD", None)
    assert "+5 mm over the nadir of 0 mm" in text(row)


def test_fragments_of_one_lesion_are_added():
    rows = course(BL={"T1": 30})
    rows += [reading("W8", 56, "T1", mm, part=part) for part, mm in (("a", 12), ("b", "9.5"))]
    assert row_of(assess(rows), "W8").sum_of_diameters_mm == Decimal("21.5")


def test_one_fragment_that_was_not_assessed_leaves_the_lesion_incomplete():
    rows = course(BL={"T1": 30})
    rows += [
        reading("W8", 56, "T1", said, part=part)
        for part, said in (("a", 12), ("b", "NOT_EVALUABLE"))
    ]
    assert row_of(assess(rows), "W8").target_response == "NE"


def test_a_merged_lesion_adds_nothing_and_is_not_missing_then_or_later():
    rows = course(BL={"T1": 20, "T2": 20}, W8={"T1": 35}, W16={"T1": 30})
    rows.append(reading("W8", 56, "T2", "MERGED", merged_into="T1"))
    result = assess(rows)
    assert [row.sum_of_diameters_mm for row in result.assessments] == [40, 35, 30]


def test_a_lesion_merged_into_what_is_not_measured_is_missing():
    rows = course(BL={"T1": 20, "T2": 20, "P1": "PRESENT"}, W8={"T1": 35, "P1": "PRESENT"})
    rows.append(reading("W8", 56, "T2", "MERGED", merged_into="P1"))
    assert "merged into P1, which is no measured target" in text(row_of(assess(rows), "W8"))
    rows[-1] = reading("W8", 56, "T2", "MERGED")
    assert "merged into a lesion that is not named" in text(row_of(assess(rows), "W8"))


def test_a_merged_lesion_that_parts_again_is_measured_again():
    rows = course(BL={"T1": 20, "T2": 20}, W8={"T1": 35}, W16={"T1": 15, "T2": 14})
    rows.append(reading("W8", 56, "T2", "MERGED", merged_into="T1"))
    assert row_of(assess(rows), "W16").sum_of_diameters_mm == 29


def test_without_a_complete_baseline_sum_nothing_can_be_compared():
    rows = course(BL={"T1": "NOT_EVALUABLE"}, W8={"T1": 10})
    result = assess(rows)
    assert "the sum is not complete: T1 (not evaluable)" in text(result.assessments[0])
    assert overall(result) == ["NE"]
    assert "nothing to compare with" in text(row_of(result, "W8"))


def test_of_two_equal_sums_the_first_is_the_nadir():
    rows = course(BL={"T1": 50}, W8={"T1": 30}, W16={"T1": 30}, W24={"T1": 40})
    assert "over the nadir of 30 mm on 2025-02-26" in text(row_of(assess(rows), "W24"))


def test_two_time_points_of_one_date_do_not_see_each_other():
    rows = [reading("BL", 0, "T1", 50), reading("A", 56, "T1", 20), reading("B", 56, "T1", 40)]
    assert row_of(assess(rows), "B").nadir_mm == 50


# ------------------------------------------------------------------------- persistence


def read_series(name):
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", read_series("eortc_faq_sequences.csv"), ids=lambda c: c["case_id"])
def test_the_committees_reading_carries_a_partial_response_forward(case):
    sums = [case["baseline"], *(case[f"tp{n}"] for n in range(1, 6) if case[f"tp{n}"])]
    rows = [reading(f"W{n}", 56 * n, "T1", mm) for n, mm in enumerate(sums)]
    result = assess(rows, '[rules]\npr_persistence = "eortc_carry_forward"')
    assert overall(result) == case["expected"].split(",")


def test_by_the_letter_the_same_series_turns_into_sd_and_the_reason_says_so():
    rows = [reading(f"W{n}", 56 * n, "T1", mm) for n, mm in enumerate((100, 70, 70, 80))]
    result = assess(rows)
    assert overall(result) == ["PR", "PR", "SD"]
    assert "the EORTC FAQ goes on with PR" in text(row_of(result, "W3"))


def test_a_response_may_be_carried_only_after_it_was_confirmed():
    protocol = '[rules]\npr_persistence = "carry_after_confirmed"'
    confirmed = [reading(f"W{n}", 56 * n, "T1", mm) for n, mm in enumerate((100, 70, 70, 80))]
    assert overall(assess(confirmed, protocol)) == ["PR", "PR", "PR"]
    early = [reading(f"W{n}", 14 * n, "T1", mm) for n, mm in enumerate((100, 70, 70, 80))]
    assert overall(assess(early, protocol)) == ["PR", "PR", "SD"]


def test_sd_before_any_response_stays_sd():
    rows = course(BL={"T1": 100}, W8={"T1": 80})
    result = assess(rows, '[rules]\npr_persistence = "eortc_carry_forward"')
    assert overall(result) == ["SD"]


def test_the_series_on_which_another_package_errs():
    series = read_series("pyrecist_series.csv")
    rows = [
        reading(f"V{n}", 90 * n, f"T{lesion}", case[lesion])
        for n, case in enumerate(series)
        for lesion in "ABC"
    ]
    expected = [case["strict_per_visit"] for case in series[1:]]
    assert [row.target_response for row in assess(rows).assessments[1:]] == expected


# ------------------------------------------------------------------------- non-target


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("ABSENT", "ABSENT", "CR"),
        ("ABSENT", "PRESENT", "NON-CR/NON-PD"),
        ("PRESENT", "NOT_EVALUABLE", "NE"),
        ("NOT_EVALUABLE", "UNEQUIVOCAL_PROGRESSION", "PD"),
    ],
)
def test_non_target_response_and_table_2(first, second, expected):
    rows = course(BL={"P1": "PRESENT", "P2": "PRESENT"}, W8={"P1": first, "P2": second})
    row = row_of(assess(rows), "W8")
    assert (row.target_response, row.non_target_response) == ("", expected)
    assert (row.overall_response, row.sum_of_diameters_mm) == (expected, None)


def test_a_missing_non_target_blocks_only_a_complete_response():
    rows = course(BL={"T1": 50, "P1": "PRESENT"}, W8={"T1": 0}, W16={"T1": 0, "P1": "ABSENT"})
    result = assess(rows)
    assert overall(result) == ["PR", "CR"]
    assert "P1 (not assessed: no row)" in text(row_of(result, "W8"))


def test_a_non_target_node_that_shrank_below_10_mm_is_gone():
    rows = course(BL={"P1": "PRESENT"})
    rows.append(reading("W8", 56, "P1", "9.9", node=True))
    rows.append(reading("W16", 112, "P1", "10", node=True))
    assert overall(assess(rows, '[rules]\ncr_then_disease = "warn"')) == ["CR", "NON-CR/NON-PD"]


def test_a_measured_non_target_is_there_above_0_mm():
    rows = course(BL={"P1": "PRESENT"}, W8={"P1": "0.1"}, W16={"P1": 0})
    assert overall(assess(rows)) == ["NON-CR/NON-PD", "CR"]


def test_a_blank_non_target_row_is_not_assessed():
    row = row_of(assess(course(BL={"P1": "PRESENT"}, W8={"P1": None})), "W8")
    assert row.non_target_response == "NE"


@pytest.mark.parametrize(("normal", "expected"), [("true", "CR"), ("false", "PR"), ("", "PR")])
def test_a_raised_tumour_marker_must_become_normal_for_cr(normal, expected):
    rows = course(BL={"T1": 50}, W8={"T1": 0})
    said = [AssessedTimePoint("BL", day(0), facts={"marker_normal": "false"})]
    if normal:
        said.append(AssessedTimePoint("W8", day(56), facts={"marker_normal": normal}))
    facts = SubjectFacts("S1", treatment_start=day(0))
    result = assess_subject("S1", Reader(), rows, facts, Protocol(), time_points=said)
    assert overall(result) == [expected]
    assert "tumour marker above the upper limit" in text(result.assessments[0])


# ------------------------------------------------------------------------- new lesions


def test_an_unequivocal_new_lesion_is_progression_whatever_the_sum_does():
    row = row_of(assess(course(BL={"T1": 50}, W8={"T1": 0, "N1": "UNEQUIVOCAL"})), "W8")
    assert (row.target_response, row.new_lesion) == ("CR", NewLesion.YES)
    assert row.overall_response == "PD"
    assert ids(row)[-1] == "RECIST11.T1.1"


def test_a_new_lesion_that_persists_keeps_progression_and_one_that_vanished_does_not():
    rows = course(
        BL={"T1": 50},
        W8={"T1": 50, "N1": "UNEQUIVOCAL"},
        W16={"T1": 50, "N1": "UNEQUIVOCAL"},
        W24={"T1": 50, "N1": "ABSENT"},
    )
    assert overall(assess(rows)) == ["PD", "PD", "SD"]


def test_a_known_new_lesion_without_a_row_is_not_evaluable():
    rows = course(BL={"T1": 50}, W8={"T1": 50, "N1": "UNEQUIVOCAL"}, W16={"T1": 50})
    row = row_of(assess(rows), "W16")
    assert (row.new_lesion, row.overall_response) == (NewLesion.NE, "NE")
    assert "N1 (not assessed: no row)" in text(row)


def test_an_equivocal_lesion_that_nobody_mentions_again_is_none():
    rows = course(BL={"T1": 50}, W8={"T1": 50, "N1": "EQUIVOCAL"}, W16={"T1": 50})
    result = assess(rows)
    assert [row.new_lesion for row in result.assessments[1:]] == ["EQUIVOCAL", "NO"]
    assert overall(result) == ["SD", "SD"]


def test_a_measured_new_lesion_stays_what_it_was_called():
    rows = course(
        BL={"T1": 50},
        W8={"T1": 50, "N1": "UNEQUIVOCAL"},
        W16={"T1": 50, "N1": 12},
        W24={"T1": 50, "N1": 0},
    )
    assert overall(assess(rows)) == ["PD", "PD", "SD"]


@pytest.mark.parametrize("said", [12, None, "NOT_EVALUABLE"])
def test_a_new_lesion_that_nobody_called_is_not_evaluable(said):
    row = row_of(assess(course(BL={"T1": 50}, W8={"T1": 50, "N1": said})), "W8")
    assert (row.new_lesion, row.overall_response) == (NewLesion.NE, "NE")


def test_an_equivocal_lesion_confirmed_later_dates_progression_back():
    rows = course(
        BL={"T1": 50},
        W8={"T1": 50},
        W16={"T1": 50, "N1": "EQUIVOCAL"},
        W24={"T1": 50, "N1": "EQUIVOCAL"},
        W32={"T1": 50, "N1": "UNEQUIVOCAL"},
    )
    result = assess(rows)
    assert overall(result) == ["SD", "SD", "SD", "PD"]
    superseding = [row for row in result.assessments if row.as_of != row.date]
    assert [(row.time_point, row.overall_response) for row in superseding] == [
        ("W16", "PD"),
        ("W24", "PD"),
    ]
    assert {row.as_of for row in superseding} == {day(4 * 56)}
    assert "progression dates from the scan that first showed it" in text(superseding[0])
    assert result.summary.progression_date == day(2 * 56)


def test_back_dating_can_be_switched_off():
    rows = course(
        BL={"T1": 50}, W8={"T1": 50, "N1": "EQUIVOCAL"}, W16={"T1": 50, "N1": "UNEQUIVOCAL"}
    )
    result = assess(rows, "[rules]\nequivocal_backdate = false")
    assert len(result.assessments) == 3
    assert result.summary.progression_date == day(112)


def test_a_time_point_that_was_progression_already_is_not_superseded():
    rows = course(
        BL={"T1": 50}, W8={"T1": 70, "N1": "EQUIVOCAL"}, W16={"T1": 70, "N1": "UNEQUIVOCAL"}
    )
    assert len(assess(rows).assessments) == 3


def test_a_finding_that_went_away_between_is_not_what_came_later():
    rows = course(
        BL={"T1": 50},
        W8={"T1": 50, "N1": "EQUIVOCAL"},
        W16={"T1": 50, "N1": "ABSENT"},
        W24={"T1": 50, "N1": "UNEQUIVOCAL"},
    )
    assert assess(rows).summary.progression_date == day(3 * 56)


def test_the_same_date_is_not_an_earlier_scan():
    rows = [
        reading("BL", 0, "T1", 50),
        *(reading(name, 56, "T1", 50) for name in ("A", "B")),
        reading("A", 56, "N1", "EQUIVOCAL"),
        reading("B", 56, "N1", "UNEQUIVOCAL"),
    ]
    assert len(assess(rows).assessments) == 3


# ------------------------------------------------------------------------- whole time points


def test_a_time_point_with_nothing_evaluable_is_not_evaluable_with_the_readers_reason():
    row = row_of(assess(course(BL={"T1": 50, "P1": "PRESENT"}, W8=None)), "W8")
    assert {row.target_response, row.non_target_response, row.overall_response} == {"NE"}
    assert row.new_lesion == NewLesion.NE
    assert "moved" in text(row)


def test_no_disease_at_baseline_is_ned_until_a_new_lesion():
    said = [AssessedTimePoint(f"W{n}", day(56 * n)) for n in range(3)]
    rows = [reading("W2", 112, "N1", "UNEQUIVOCAL")]
    facts = SubjectFacts("S1", treatment_start=day(0))
    result = assess_subject("S1", Reader(), rows, facts, Protocol(), time_points=said)
    assert overall(result) == ["NED", "PD"]
    assert "baseline: no disease" in text(result.assessments[0])


def test_a_baseline_with_nothing_evaluable_leaves_only_a_new_lesion_to_be_said():
    rows = course(BL=None, W8={"T1": 50}, W16={"T1": 50, "N1": "UNEQUIVOCAL"})
    result = assess(rows)
    assert overall(result) == ["NE", "PD"]
    assert result.summary.pfs_event is False
    assert "no evaluable baseline" in result.summary.pfs_reason


def test_a_time_point_where_known_lesions_have_no_row_at_all_is_not_evaluable():
    facts = SubjectFacts("S1", treatment_start=day(0))
    said = [AssessedTimePoint("W8", day(56))]
    rows = course(BL={"T1": 50})
    result = assess_subject("S1", Reader(), rows, facts, Protocol(), time_points=said)
    assert row_of(result, "W8").new_lesion == NewLesion.NE
    assert overall(result) == ["NE"]


# ------------------------------------------------------------------------- disease after CR


AFTER_CR = course(BL={"T1": 50}, W8={"T1": 0}, W16={"T1": 3}, W24={"T1": 4})


def test_disease_back_after_cr_is_progression_even_where_it_would_be_pr():
    result = assess(AFTER_CR)
    assert overall(result) == ["CR", "PD", "PD"]
    row = row_of(result, "W16")
    assert row.target_response == "PR"
    assert "T1 came back after the complete response at W8" in text(row)


def test_disease_back_after_cr_may_be_left_with_a_warning():
    result = assess(AFTER_CR, '[rules]\ncr_then_disease = "warn"')
    assert overall(result) == ["CR", "PR", "PR"]
    assert "the response is left" in text(row_of(result, "W16"))


def test_disease_back_after_cr_may_recode_it_by_a_superseding_row():
    result = assess(AFTER_CR, '[rules]\ncr_then_disease = "recode_pr"')
    assert overall(result) == ["CR", "PR", "PR"]
    recoded = row_of(result, "W8", 1)
    assert (recoded.overall_response, recoded.as_of) == ("PR", day(112))
    assert "PR instead of CR" in text(recoded)
    assert len(result.assessments) == 5
    assert result.summary.best_overall_response == "PR"


def test_without_targets_a_recoded_cr_is_non_cr_non_pd():
    rows = course(BL={"P1": "PRESENT"}, W8={"P1": "ABSENT"}, W16={"P1": "PRESENT"})
    result = assess(rows, '[rules]\ncr_then_disease = "recode_pr"')
    assert row_of(result, "W8", 1).overall_response == "NON-CR/NON-PD"
    assert overall(assess(rows)) == ["CR", "PD"]


@pytest.mark.parametrize(("node_mm", "expected"), [("9.9", "CR"), ("10", "PD")])
def test_a_target_node_has_come_back_only_from_10_mm_on(node_mm, expected):
    rows = course(BL={"L1": 30}, W8={"L1": 8}, W16={"L1": node_mm})
    assert overall(assess(rows)) == ["CR", expected]


def test_a_non_target_node_that_is_seen_again_is_not_yet_back():
    rows = [
        reading("BL", 0, "T1", 50),
        reading("BL", 0, "P1", "PRESENT", node=True),
        reading("W8", 56, "T1", 0),
        reading("W8", 56, "P1", "ABSENT", node=True),
        reading("W16", 112, "T1", 0),
        reading("W16", 112, "P1", "PRESENT", node=True),
    ]
    assert overall(assess(rows)) == ["CR", "PR"]


def test_disease_back_is_plain_even_where_another_target_was_not_assessed():
    rows = course(BL={"T1": 50, "T2": 20}, W8={"T1": 0, "T2": 0}, W16={"T1": 3})
    assert overall(assess(rows)) == ["CR", "PD"]


# ------------------------------------------------------------------------- who stands behind it


def test_a_category_is_provisional_from_the_first_reading_nobody_stands_behind():
    rows = course(BL={"T1": 50}, W16={"T1": 50})
    rows.append(reading("W8", 28, "T1", 50, provisional="role of T1 is proposed"))
    result = assess(rows)
    assert [row.status for row in result.assessments] == [
        Status.CONFIRMED,
        Status.PROVISIONAL,
        Status.PROVISIONAL,
    ]
    assert ids(result.assessments[2])[-1] == "PROVISIONAL"
    assert ids(result.assessments[2]).count("PROVISIONAL") == 1


def test_a_time_point_may_be_provisional_of_itself():
    said = [AssessedTimePoint("W8", day(56), provisional=("matches are not confirmed",))]
    facts = SubjectFacts("S1", treatment_start=day(0))
    rows = course(BL={"T1": 50}, W8={"T1": 50})
    result = assess_subject("S1", Reader(), rows, facts, Protocol(), time_points=said)
    assert "[PROVISIONAL] matches are not confirmed" in text(row_of(result, "W8"))


def test_a_superseding_row_is_provisional_with_what_made_it():
    rows = course(BL={"T1": 50}, W8={"T1": 50, "N1": "EQUIVOCAL"}, W16={"T1": 50})
    rows.append(reading("W16", 112, "N1", "UNEQUIVOCAL", provisional="match of N1"))
    result = assess(rows)
    assert row_of(result, "W8", 0).status == Status.CONFIRMED
    assert row_of(result, "W8", 1).status == Status.PROVISIONAL


# ------------------------------------------------------------------------- oddities at baseline


def test_small_and_many_targets_are_warned_of_and_the_readers_word_stands():
    rows = [reading("BL", 0, f"T{n}", 20, organ="Liver") for n in range(5)]
    rows += [reading("BL", 0, "L1", "14.9"), reading("BL", 0, "T9", "9.9")]
    row = assess(rows).assessments[0]
    said = text(row)
    assert "7 targets; the protocol allows 5" in said
    assert "5 targets in liver; the protocol allows 2" in said
    assert "target L1 is 14.9 mm at baseline; a node is measurable from 15 mm on" in said
    assert "target T9 is 9.9 mm at baseline; a lesion is measurable from 10 mm on" in said
    assert row.sum_of_diameters_mm == Decimal("124.8")


def test_nodes_are_one_organ_unless_the_protocol_says_otherwise():
    rows = [reading("BL", 0, f"L{n}", 20, organ=f"chain {n}") for n in range(3)]
    assert "3 targets in lymph nodes" in text(assess(rows).assessments[0])
    other = assess(rows, "[targets]\nnodes_one_organ = false").assessments[0]
    assert "targets in" not in text(other)
