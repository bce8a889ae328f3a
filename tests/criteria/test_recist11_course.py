"""RECIST 1.1 over time: target lesions, the nadir, and how long a response lasts."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from courses import assess, course, overall, reading, row_of, text

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


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


@pytest.mark.parametrize(
    ("seen", "options", "expected"),
    [
        ({"L1": "9.5"}, "", "NE"),
        ({"L1": "9.5", "L2": 2}, "", "CR"),
        ({"L1": 10}, "", "PD"),
        ({"L1": "9.5"}, "[rules]\nnode_cr_precedence = false", "PD"),
    ],
)
def test_a_part_that_may_be_complete_response_is_not_progression(seen, options, expected):
    """R1-61: what was not assessed could still make it CR, where only normal nodes grew."""
    rows = course(BL={"L1": 15, "L2": 15}, W8={"L1": 2, "L2": 2}, W16=seen)
    assert row_of(assess(rows, options), "W16").target_response == expected


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
