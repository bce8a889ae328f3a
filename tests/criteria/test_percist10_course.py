"""PERCIST 1.0 over lesions: the hottest at baseline against the hottest at follow-up."""

from __future__ import annotations

import csv
import random
from decimal import Decimal
from pathlib import Path

import pytest
from courses import day, ids, row_of, text
from hypothesis import given
from hypothesis import strategies as st
from uptake_courses import assess_by, nothing_read, rows

from response.errors import InputError
from response.model import LesionReading
from response.terms import Intervention, LesionState, Role

CASES = Path(__file__).parents[2] / "fixtures" / "cases" / "percist_cases_constructed.csv"
LIVER = {"liver_mean": 2, "liver_sd": "0.2"}
ALIKE = {**LIVER, "uptake_minutes": 60, "injected_mbq": 300}


def sul(value: object, **more: object) -> dict[str, object]:
    return {"sul_peak": value, **more}


def assess(baseline, follow_up, protocol="", first=None, second=None, **more):
    facts = {"BL": ALIKE if first is None else first, "F1": ALIKE if second is None else second}
    return assess_by("percist10", rows(BL=baseline, F1=follow_up, **more), facts, protocol)


def follow_up(*args, **more):
    return row_of(assess(*args, **more), "F1")


def read_cases():
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["case_id"])
def test_a_published_case_comes_out_through_lesions(case):
    seen = {"T1": sul(case["followup_sulpeak"])}
    if case["new_lesion"] == "YES":
        seen["N1"] = "UNEQUIVOCAL"
    first, second = (
        {"liver_mean": case[f"liver_mean_{x}"], "liver_sd": case[f"liver_sd_{x}"]} for x in "bf"
    )
    second["metabolic_complete"] = "true" if case["complete_visual"] == "YES" else "false"
    row = follow_up({"T1": sul(case["baseline_sulpeak"])}, seen, first=first, second=second)
    assert row.overall_response == case["expected"], case["why"]


def test_the_baseline_has_empty_responses_and_says_whether_it_is_measurable():
    row = assess({"T1": sul(8)}, {"T1": sul(8)}).assessments[0]
    assert (row.target_response, row.overall_response, row.new_lesion) == ("", "", None)
    assert row.sum_of_diameters_mm is None
    assert "hottest lesion T1, SULpeak 8; measurable: 3.4 is 1.5 x 2 + 2 x 0.2" in text(row)


def test_the_hottest_lesion_need_not_be_the_same():
    row = follow_up({"T1": sul(10), "T2": sul(5)}, {"T1": sul(4), "T2": sul(6)})
    assert row.target_response == "PMR"
    assert row.change_from_baseline_pct == Decimal("-40.00")
    assert "hottest lesion T2, SULpeak 6, is -40.00 % and -4 SUL from 10 of T1" in text(row)


def test_a_non_target_lesion_that_became_the_hottest_counts():
    row = follow_up(
        {"T1": sul(8), "P1": sul(4, state="PRESENT")},
        {"T1": sul(4), "P1": sul(11, state="PRESENT")},
    )
    assert row.target_response == "PMD"


def test_a_lesion_other_than_the_hottest_that_grew_rules_partial_response_out():
    row = follow_up({"T1": sul(10), "T2": sul(3)}, {"T1": sul(4), "T2": sul(4)})
    assert row.overall_response == "SMD"
    assert "but T2 grew by more than 30 %" in text(row)


@pytest.mark.parametrize(("size", "category"), [("13", "PMR"), ("13.01", "SMD"), (None, "PMR")])
def test_a_lesion_may_grow_in_size_too(size, category):
    row = follow_up(
        {"T1": sul(10), "T2": sul(3, diameter_mm=10)},
        {"T1": sul(4), "T2": sul(3, diameter_mm=size)},
    )
    assert row.target_response == category


def test_progression_is_against_the_baseline_not_the_lowest():
    result = assess({"T1": sul(10)}, {"T1": sul(4)}, F2={"T1": sul(9)})
    assert [row.overall_response for row in result.assessments] == ["", "PMR", "SMD"]
    assert result.summary.best_overall_response == "PMR"


def test_glycolysis_up_by_more_than_75_per_cent_is_progression():
    row = follow_up(
        {"T1": sul(8, tlg=100), "T2": sul(5, tlg=100)},
        {"T1": sul(8, tlg=250), "T2": sul(5, tlg=101)},
    )
    assert row.overall_response == "PMD"
    assert "TLG rose by more than 75 %: 351 from 200" in text(row)


def test_glycolysis_that_one_lesion_does_not_give_is_not_judged():
    row = follow_up({"T1": sul(8, tlg=100)}, {"T1": sul(8)})
    assert row.overall_response == "SMD"


@pytest.mark.parametrize(
    ("state", "overall"), [("UNEQUIVOCAL", "PMD"), ("EQUIVOCAL", "PMR"), ("NOT_EVALUABLE", "NE")]
)
def test_new_lesions(state, overall):
    row = follow_up({"T1": sul(8)}, {"T1": sul(4), "N1": state})
    assert row.overall_response == overall


def test_a_new_lesion_is_progression_even_where_studies_are_not_comparable():
    row = follow_up(
        {"T1": sul(8)}, {"T1": sul(4), "N1": "UNEQUIVOCAL"}, second={**ALIKE, "uptake_minutes": 90}
    )
    assert (row.target_response, row.overall_response) == ("NE", "PMD")


def test_an_equivocal_new_lesion_called_later_dates_progression_back():
    result = assess(
        {"T1": sul(8)},
        {"T1": sul(4), "N1": "EQUIVOCAL"},
        F2={"T1": sul(4), "N1": "UNEQUIVOCAL"},
    )
    rewritten = row_of(result, "F1", 1)
    assert (rewritten.overall_response, rewritten.as_of) == ("PMD", result.assessments[-1].date)
    assert "PERCIST10.NEW.BACKDATED" in ids(rewritten)
    assert row_of(result, "F1").overall_response == "PMR"
    left = assess(
        {"T1": sul(8)},
        {"T1": sul(4), "N1": "EQUIVOCAL"},
        "[rules]\nequivocal_backdate = false",
        F2={"T1": sul(4), "N1": "UNEQUIVOCAL"},
    )
    assert len(left.assessments) == 3


def test_a_new_lesion_that_is_no_longer_reported_is_not_evaluable():
    result = assess({"T1": sul(8)}, {"T1": sul(8), "N1": "UNEQUIVOCAL"}, F2={"T1": sul(8)})
    assert row_of(result, "F2").overall_response == "NE"
    assert "N1 (not assessed: no row)" in text(row_of(result, "F2"))


def test_a_new_lesion_measured_again_stays_what_it_was_called():
    result = assess(
        {"T1": sul(8)}, {"T1": sul(8), "N1": "UNEQUIVOCAL"}, F2={"T1": sul(8), "N1": sul(5)}
    )
    assert row_of(result, "F2").overall_response == "PMD"


@pytest.mark.parametrize(
    ("said", "new"),
    [(sul(5), "YES"), (None, "NE"), (0, "NO"), ("ABSENT", "NO")],
)
def test_a_new_lesion_that_nobody_called(said, new):
    row = follow_up({"T1": sul(8)}, {"T1": sul(8), "N1": said})
    assert row.new_lesion == new


# --------------------------------------------------------------------------- complete response


def test_lesions_at_background_are_complete_without_a_further_word():
    row = follow_up({"T1": sul(8), "P1": "PRESENT"}, {"T1": "ABSENT", "P1": "ABSENT"})
    assert (row.target_response, row.non_target_response) == ("CMR", "CMR")
    assert row.overall_response == "CMR"
    assert "verify by follow-up" in text(row)


def test_a_word_against_completeness_leaves_the_decrease():
    second = {**ALIKE, "metabolic_complete": "false"}
    assert follow_up({"T1": sul(8)}, {"T1": "ABSENT"}, second=second).overall_response == "PMR"


@pytest.mark.parametrize(
    ("said", "value", "category", "words"),
    [
        ("true", "1.9", "CMR", "complete by the reader's word"),
        ("true", "2", "PMR", "not below the liver's 2: not CMR"),
        ("false", "1.9", "PMR", "nobody called it complete"),
        ("", "1.9", "PMR", "nobody called it complete"),
    ],
)
def test_complete_asks_for_a_readers_word_and_less_than_the_liver(said, value, category, words):
    second = {**ALIKE, "metabolic_complete": said}
    row = follow_up({"T1": sul(8)}, {"T1": sul(value)}, second=second)
    assert row.target_response == category
    assert words in text(row)


def test_complete_without_the_liver_is_a_readers_word_with_a_warning():
    second = {"metabolic_complete": "true"}
    row = follow_up({"T1": sul(8)}, {"T1": sul(1)}, second=second)
    assert row.overall_response == "CMR"
    assert "not checked against the liver" in text(row)
    assert "not checked for liver_mean, uptake_minutes, injected_mbq: not given" in text(row)


@pytest.mark.parametrize(
    ("non_target", "overall"),
    [
        ("ABSENT", "CMR"),
        ("PRESENT", "PMR"),
        ("NOT_EVALUABLE", "PMR"),
        ("UNEQUIVOCAL_PROGRESSION", "PMD"),
    ],
)
def test_complete_targets_with_non_target_lesions(non_target, overall):
    row = follow_up({"T1": sul(8), "P1": "PRESENT"}, {"T1": "ABSENT", "P1": non_target})
    assert (row.target_response, row.overall_response) == ("CMR", overall)


# ------------------------------------------------------------------------------- merged lesions


def merge(into: str):
    return LesionReading(
        "F1", day(56), "T2", Role.TARGET, state=LesionState.MERGED, merged_into=into
    )


def test_a_lesion_that_became_one_with_another_adds_nothing_of_its_own():
    read = rows(BL={"T1": sul(8), "T2": sul(6)}, F1={"T1": sul(7)}, F2={"T1": sul(4)})
    result = assess_by("percist10", [*read, merge("T1")], dict.fromkeys(("BL", "F1", "F2"), ALIKE))
    assert [row.overall_response for row in result.assessments] == ["", "SMD", "PMR"]


def test_a_lesion_that_became_one_with_no_target_is_not_known():
    read = rows(BL={"T1": sul(8), "T2": sul(6)}, F1={"T1": sul(4)})
    row = row_of(assess_by("percist10", [*read, merge("P1")], {"BL": ALIKE}), "F1")
    assert row.overall_response == "NE"
    assert "T2 (merged into P1, which is no target)" in text(row)


# --------------------------------------------------------------------------------- not evaluable


def test_a_target_without_a_row_is_not_evaluable_unless_progression_is_plain():
    baseline = {"T1": sul(8), "T2": sul(4)}
    row = follow_up(baseline, {"T1": sul(4)})
    assert row.overall_response == "NE"
    assert "T2 (not assessed: no row)" in text(row)
    assert row.change_from_baseline_pct is None
    plain = follow_up(baseline, {"T1": sul(11)})
    assert plain.overall_response == "PMD"
    assert "without T2 (not assessed: no row), which can only add" in text(plain)


def test_a_target_without_uptake_is_not_evaluable():
    assert "T1 (not measured)" in text(follow_up({"T1": sul(8)}, {"T1": 12}))


def test_a_time_point_that_was_not_read_is_not_evaluable():
    read = [*rows(BL={"T1": sul(8)}), nothing_read("F1", 56)]
    row = row_of(assess_by("percist10", read, {"BL": ALIKE}), "F1")
    assert (row.target_response, row.new_lesion, row.overall_response) == ("NE", "NE", "NE")
    assert "nothing was read (moved)" in text(row)


def test_a_baseline_whose_threshold_is_not_known_is_not_evaluable():
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, first={"uptake_minutes": 60})
    assert row.overall_response == "NE"
    assert "neither liver_mean and liver_sd nor blood_pool_mean and blood_pool_sd" in text(row)


@pytest.mark.parametrize("said", [12, sul(0)])
def test_a_baseline_without_uptake_is_not_evaluable(said):
    first = {"liver_mean": 0, "liver_sd": 0}
    row = follow_up({"T1": said}, {"T1": sul(4)}, first=first)
    assert row.target_response == "NE"


def test_without_a_target_only_progression_can_be_said():
    assert follow_up({"P1": "PRESENT"}, {"P1": "ABSENT"}).overall_response == "NE"
    row = follow_up({"P1": "PRESENT"}, {"P1": "UNEQUIVOCAL_PROGRESSION"})
    assert (row.target_response, row.overall_response) == ("", "PMD")


def test_a_lesion_treated_on_study_says_nothing_of_the_drug():
    seen = {"T1": sul(2, intervention=Intervention.IRRADIATED)}
    result = assess({"T1": sul(8)}, seen, F2={"T1": sul(2)})
    assert row_of(result, "F2").target_response == "NE"
    assert "T1 (irradiated on study)" in text(row_of(result, "F2"))
    as_measured = assess({"T1": sul(8)}, seen, '[rules]\ntreated_lesion = "as_measured"')
    assert row_of(as_measured, "F1").target_response == "PMR"


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"liver_mean": "2.31"}, "liver mean SUL 2.31 differs from 2 by more than 0.3"),
        ({"uptake_minutes": 76}, "uptake times 60 and 76 min are more than 15 apart"),
        ({"uptake_minutes": 49}, "uptake time of 49 min is below 50"),
    ],
)
def test_studies_that_are_not_comparable_are_not_assessable(second, words):
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, second={**ALIKE, **second})
    assert row.overall_response == "NE"
    assert words in text(row)


def test_every_failed_condition_is_named_where_there_is_no_reference():
    first, second = {"uptake_minutes": 60}, {"uptake_minutes": 85}
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, first=first, second=second)
    assert row.overall_response == "NE"
    assert "not known to be measurable" in text(row)
    assert "uptake times 60 and 85 min are more than 15 apart" in text(row)


def test_an_uptake_time_says_which_study_it_is_of():
    short = {**ALIKE, "uptake_minutes": 45}
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, first=short, second=short)
    assert (
        "uptake time of 45 min is below 50 (at baseline); "
        "uptake time of 45 min is below 50 (this study)"
    ) in text(row)


def test_the_blood_pool_serves_where_the_liver_cannot():
    first = {"blood_pool_mean": 1, "blood_pool_sd": "0.1"}
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, first=first, second={"blood_pool_mean": "1.4"})
    assert "blood pool mean SUL 1.4 differs from 1" in text(row)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"injected_mbq": "360.1"}, "injected dose 360.1 MBq differs from 300 by more than 20 %"),
        ({"injected_mbq": "239.9"}, "injected dose 239.9 MBq differs from 300"),
        ({"uptake_minutes": "70.1"}, "uptake time of 70.1 min is over 70"),
    ],
)
def test_dose_and_late_uptake_are_warnings(second, words):
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, second={**ALIKE, **second})
    assert row.overall_response == "PMR"
    assert words in text(row)


def test_dose_and_uptake_at_their_limits_are_no_warnings():
    for dose in (240, 360):
        second = {**ALIKE, "uptake_minutes": 70, "injected_mbq": dose}
        row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, second=second)
        assert "warning" not in text(row)


@pytest.mark.parametrize(("other", "category"), [("3.9", "PMR"), ("3.901", "SMD")])
def test_another_lesion_may_rise_by_30_per_cent(other, category):
    row = follow_up({"T1": sul(10), "T2": sul(3)}, {"T1": sul(4), "T2": sul(other)})
    assert row.target_response == category


# ---------------------------------------------------------------------------------- and the rest


def test_the_secondary_measure_adds_up_to_five_and_two_of_an_organ():
    names = {f"T{n}": sul(10 - n, organ="liver" if n < 4 else "") for n in range(1, 9)}
    row = follow_up(names, {name: {**said, "sul_peak": 1} for name, said in names.items()})
    # two of the liver (9, 8) and three of no known organ (6, 5, 4)
    assert "the 5 hottest lesions add up to 5 SUL, from 32 of 5 at baseline (-84.37 %)" in text(row)


def test_a_lesion_in_parts_is_as_hot_as_its_hottest_part():
    baseline = rows(BL={"T1": sul(8)})
    parts = [
        r
        for part, value in (("1", 4), ("2", 5))
        for r in rows(BL={}, F1={"T1": sul(value, part=part)})
    ]
    row = row_of(assess_by("percist10", [*baseline, *parts], {"BL": ALIKE, "F1": ALIKE}), "F1")
    assert row.change_from_baseline_pct == Decimal("-37.50")


def test_what_no_person_stands_behind_is_provisional_from_there_on():
    result = assess(
        {"T1": sul(8)}, {"T1": sul(8, provisional="matched by the program")}, F2={"T1": sul(8)}
    )
    assert [row.status.value for row in result.assessments] == [
        "confirmed",
        "provisional",
        "provisional",
    ]


def test_numbers_are_shown_without_an_exponent():
    result = assess({"T1": sul("1E+1")}, {"T1": sul("5E+0")}, first={**ALIKE, "liver_sd": "1E-1"})
    assert "SULpeak 5, is -50.00 % and -5 SUL from 10 of T1" in text(row_of(result, "F1"))
    assert "3.2 is 1.5 x 2 + 2 x 0.1 of the liver" in text(result.assessments[0])


def test_a_number_that_is_none_is_refused_with_its_place():
    for value in ("high", "-1"):
        with pytest.raises(InputError, match=f"S1, time point F1: liver_mean is '{value}'"):
            follow_up({"T1": sul(8)}, {"T1": sul(8)}, second={"liver_mean": value})


@given(st.randoms(use_true_random=False), st.integers(10, 200), st.integers(0, 200))
def test_the_order_of_rows_never_matters(chance: random.Random, before, now):
    read = rows(
        BL={"T1": sul(before), "T2": sul(30), "P1": "PRESENT"},
        F1={"T1": sul(now), "T2": sul(30), "P1": "ABSENT", "N1": "EQUIVOCAL"},
        F2={"T1": sul(now), "T2": sul(now), "P1": "ABSENT", "N1": "UNEQUIVOCAL"},
    )
    facts = {"BL": ALIKE, "F1": ALIKE}
    expected = assess_by("percist10", read, facts)
    assert assess_by("percist10", chance.sample(read, len(read)), facts) == expected


def test_another_scanner_than_at_baseline_is_a_warning():
    scanners = {"scanner": "A 1"}, {"scanner": "B 2"}
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, first={**ALIKE, **scanners[0]},
                    second={**ALIKE, **scanners[1]})  # fmt: skip
    assert row.overall_response == "PMR"
    assert "warning: the scanner is B 2, at baseline A 1" in text(row)


def test_studies_that_may_be_compared_say_by_what():
    row = follow_up({"T1": sul(8)}, {"T1": sul(4)}, first=ALIKE, second=ALIKE)
    assert "comparable studies: liver mean SUL 2, at baseline 2" in text(row)
