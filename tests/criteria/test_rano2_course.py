"""RANO 2.0 over a course: components, clinical state, steroids, and radiotherapy."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from courses import day, ids, reading, row_of, text
from hypothesis import given
from hypothesis import strategies as st
from uptake_courses import assess_by, measured, nothing_read, rows

from response.errors import InputError
from response.model import LesionReading
from response.terms import Intervention, LesionState, Role

MIXED = '[rano2]\ncomponent = "mixed"'
NON_ENHANCING = '[rano2]\ncomponent = "non_enhancing"'
WELL = {"clinical_status": "stable", "steroid_dose": 0}


def size(longest: object, short: object, **more: object) -> dict[str, object]:
    return {"diameter_mm": longest, "short_diameter_mm": short, **more}


def volume(mm3: object, **more: object) -> dict[str, object]:
    return {"volume_mm3": mm3, **more}


TUMOUR = {"T1": size(40, 25)}


def assess(baseline, *later, facts=None, protocol="", days=56, extra=()):
    seen = {f"F{n}": lesions for n, lesions in enumerate(later, 1)}
    return assess_by("rano2", [*rows(days, BL=baseline, **seen), *extra], facts, protocol)


def overall(result):
    return [row.overall_response for row in result.assessments[1:] if row.as_of == row.date]


# ----------------------------------------------------------------------------------- components


def test_the_baseline_has_empty_responses_and_its_sum():
    row = assess({**TUMOUR, "T2": size(10, 10)}, TUMOUR).assessments[0]
    assert (row.target_response, row.overall_response, row.sum_of_diameters_mm) == ("", "", None)
    assert "baseline: enhancing sum of products 1100 mm2 of T1, T2" in text(row)


@pytest.mark.parametrize(
    ("seen", "enhancing", "non_enhancing"),
    [
        ("ABSENT", "CR", "CR"),
        ("TOO_SMALL", "PR", "PR"),
        (size(25, 20), "PR", "PR"),
        (size(30, 25), "SD", "MR"),
        (size(50, 25), "PD", "PD"),
        ("NOT_EVALUABLE", "NE", "NE"),
        (40, "NE", "NE"),
    ],
)
def test_one_lesion_by_products(seen, enhancing, non_enhancing):
    assert overall(assess(TUMOUR, {"T1": seen})) == [enhancing]
    assert overall(assess(TUMOUR, {"T1": seen}, protocol=NON_ENHANCING)) == [non_enhancing]


@pytest.mark.parametrize(
    ("seen", "category"),
    [
        (volume(3500), "PR"),
        (volume(6000), "MR"),
        (volume(6001), "SD"),
        (volume(14000), "PD"),
        ("ABSENT", "CR"),
        ("TOO_SMALL", "NE"),
        (size(10, 10), "NE"),
    ],
)
def test_volumes_serve_where_diameters_are_not_given(seen, category):
    result = assess({"T1": volume(10000)}, {"T1": seen}, protocol=NON_ENHANCING)
    assert overall(result) == [category]


def test_a_missing_volume_is_named():
    row = row_of(assess({"T1": volume(900), "T2": volume(900)}, {"T1": volume(900)}), "F1")
    assert row.overall_response == "NE"
    assert "T2 (not assessed: no row)" in text(row)


def test_volumes_of_parts_are_added():
    parts = [r for part in "12" for r in rows(BL={}, F1={"T1": volume(3000, part=part)})]
    row = row_of(assess({"T1": volume(10000)}, extra=parts), "F1")
    assert row.change_from_baseline_pct == Decimal("-40.00")
    assert "enhancing SD: volume 6000 mm3, -40.00 % from the baseline of 10000" in text(row)


def test_progression_is_against_the_smallest_so_far():
    result = assess(TUMOUR, {"T1": size(20, 20)}, {"T1": size(25, 20)})
    row = row_of(result, "F2")
    assert row.overall_response == "PD"
    assert "sum of products 500 mm2, +25.00 % over its smallest of 400" in text(row)
    assert (row.change_from_baseline_pct, row.change_from_nadir_pct) == (Decimal(-50), Decimal(25))


@pytest.mark.parametrize(("seen", "category"), [(size(10, 10), "PD"), (size(12, "9.9"), "PR")])
def test_after_a_complete_response_measurable_disease_is_progression(seen, category):
    result = assess(TUMOUR, {"T1": "ABSENT"}, {"T1": seen})
    assert overall(result) == ["CR", category]


@pytest.mark.parametrize(("mm3", "category"), [(1000, "PD"), (999, "PR")])
def test_after_a_complete_response_volumes_count_from_a_cubic_centimetre(mm3, category):
    result = assess({"T1": volume(10000)}, {"T1": "ABSENT"}, {"T1": volume(mm3)})
    assert overall(result) == ["CR", category]


def test_a_missing_target_is_named_and_progression_may_be_plain():
    baseline = {**TUMOUR, "T2": size(10, 10)}
    row = row_of(assess(baseline, TUMOUR), "F1")
    assert row.overall_response == "NE"
    assert "T2 (not assessed: no row)" in text(row)
    plain = row_of(assess(baseline, {"T1": size(55, 25)}), "F1")
    assert plain.overall_response == "PD"
    assert "without T2 (not assessed: no row), which can only add" in text(plain)


def test_a_baseline_that_is_not_complete_is_not_evaluable():
    result = assess({"T1": 40}, TUMOUR, {"T1": size(50, 25)})
    assert "enhancing not complete: T1 (short_diameter_mm is not given)" in text(
        result.assessments[0]
    )
    # the first complete sum is the smallest that later ones are compared with
    assert overall(result) == ["NE", "PD"]


def mixed(**sizes: object):
    methods = {"T1": "T1 post-contrast", "T2": "FLAIR"}
    return {
        name: {**said, "method": methods[name]} if isinstance(said, dict) else said
        for name, said in sizes.items()
    }


@pytest.mark.parametrize(
    ("enhancing", "other", "category"),
    [
        (size(25, 20), size(40, 25), "PR"),
        (size(40, 25), size(30, 25), "MR"),
        ("ABSENT", size(40, 25), "SD"),
        ("ABSENT", "ABSENT", "CR"),
        (size(25, 20), size(50, 25), "PD"),
        (size(30, 25), size(40, 25), "SD"),
        (size(30, 25), "NOT_EVALUABLE", "NE"),
    ],
)
def test_both_components_together(enhancing, other, category):
    baseline = mixed(T1=size(40, 25), T2=size(40, 25))
    result = assess(baseline, mixed(T1=enhancing, T2=other), protocol=MIXED)
    assert overall(result) == [category]


def test_a_mixed_tumour_with_one_component_only():
    result = assess(mixed(T2=size(40, 25)), mixed(T2=size(30, 25)), protocol=MIXED)
    assert overall(result) == ["MR"]
    assert row_of(result, "F1").change_from_baseline_pct == Decimal(-25)
    assert "baseline: no enhancing target" in text(result.assessments[0])


def test_a_target_that_names_no_component_is_not_evaluable():
    result = assess({"T1": size(40, 25, method="MR")}, TUMOUR, protocol=MIXED)
    assert overall(result) == ["NE"]
    assert "T1 (component not known: method says neither T1 nor T2 or FLAIR)" in text(
        row_of(result, "F1")
    )


def test_targets_that_are_many_or_small_are_warned_of():
    row = assess({f"T{n}": size(20, 9) for n in range(4)}, TUMOUR).assessments[0]
    assert "warning: 4 enhancing targets; up to 3" in text(row)
    assert "target T0 is 20 x 9 mm at baseline; measurable from 10 x 10 mm on" in text(row)
    flair = {f"T{n}": size(20, 20, method="FLAIR") for n in range(3)}
    row = assess(flair, TUMOUR, protocol=MIXED).assessments[0]
    assert "warning: 3 non_enhancing targets; up to 2" in text(row)


def test_a_merged_target_adds_nothing_of_its_own():
    merged = LesionReading(
        "F1", day(56), "T2", Role.TARGET, state=LesionState.MERGED, merged_into="T1"
    )
    result = assess({**TUMOUR, "T2": size(10, 10)}, {"T1": size(44, 25)}, extra=[merged])
    assert overall(result) == ["SD"]


def test_a_target_treated_on_study_says_nothing_of_the_drug():
    seen = {"T1": size(10, 10, intervention=Intervention.RESECTED)}
    assert "T1 (resected on study)" in text(row_of(assess(TUMOUR, seen), "F1"))


# ----------------------------------------------------------------------- non-target, new lesions


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("ABSENT", "CR"),
        ("PRESENT", "PR"),
        ("NOT_EVALUABLE", "PR"),
        ("UNEQUIVOCAL_PROGRESSION", "PD"),
    ],
)
def test_non_target_lesions_with_complete_targets(said, category):
    result = assess({**TUMOUR, "P1": "PRESENT"}, {"T1": "ABSENT", "P1": said})
    assert overall(result) == [category]


def test_without_measurable_disease_stable_is_the_best():
    result = assess({"P1": "PRESENT"}, {"P1": "ABSENT"}, {"P1": "NOT_EVALUABLE"})
    assert overall(result) == ["SD", "NE"]
    assert row_of(result, "F1").target_response == ""


@pytest.mark.parametrize(
    ("said", "new", "category"),
    [
        ("UNEQUIVOCAL", "YES", "PD"),
        ("EQUIVOCAL", "EQUIVOCAL", "SD"),
        (size(12, 10, state="UNEQUIVOCAL"), "YES", "PD"),
        (size(12, "9.9", state="UNEQUIVOCAL"), "EQUIVOCAL", "SD"),
        ("NOT_EVALUABLE", "NE", "NE"),
    ],
)
def test_a_new_lesion_is_progression_where_it_is_measurable(said, new, category):
    row = row_of(assess(TUMOUR, {**TUMOUR, "N1": said}), "F1")
    assert (row.new_lesion, row.overall_response) == (new, category)


def test_a_small_new_lesion_beside_a_measurable_one_does_not_matter():
    small = size(5, 5, state="UNEQUIVOCAL")
    assert overall(assess(TUMOUR, {**TUMOUR, "N1": small, "N2": "UNEQUIVOCAL"})) == ["PD"]


def test_an_equivocal_new_lesion_called_later_dates_progression_back():
    result = assess(TUMOUR, {**TUMOUR, "N1": "EQUIVOCAL"}, {**TUMOUR, "N1": "UNEQUIVOCAL"})
    assert row_of(result, "F1", 1).overall_response == "PD"
    assert "RANO20.NEW.BACKDATED" in ids(row_of(result, "F1", 1))


def test_a_time_point_that_was_not_read_is_not_evaluable():
    row = row_of(assess(TUMOUR, extra=[nothing_read("F1", 56)]), "F1")
    assert (row.target_response, row.new_lesion, row.overall_response) == ("NE", "NE", "NE")
    assert "nothing was read (moved)" in text(row)


# ------------------------------------------------------------------------ clinical state, steroids


@pytest.mark.parametrize(
    ("status", "category"),
    [("stable", "PR"), ("Improved", "PR"), ("worse", "PD"), ("declined", "PD")],
)
def test_clinical_decline_is_progression(status, category):
    facts = {"F1": {"clinical_status": status}}
    assert overall(assess(TUMOUR, {"T1": size(25, 20)}, facts=facts)) == [category]


def test_a_status_that_nobody_knows_is_refused():
    with pytest.raises(InputError, match="F1: clinical_status is 'fine': one of stable"):
        assess(TUMOUR, TUMOUR, facts={"F1": {"clinical_status": "fine"}})


def test_silence_about_the_patient_is_warned_of():
    row = row_of(assess(TUMOUR, TUMOUR), "F1")
    assert "not given: clinical_status, steroid_dose, steroid_dose at baseline" in text(row)
    told = row_of(assess(TUMOUR, TUMOUR, facts={"BL": WELL, "F1": WELL}), "F1")
    assert "RANO20.PATIENT.UNKNOWN" not in ids(told)


@pytest.mark.parametrize(
    ("before", "now", "protocol", "category"),
    [
        (4, 0, "", "CR"),
        (4, 2, "", "PR"),
        (4, 2, "[rano2]\nphysiological_steroid_dose = 2", "CR"),
        (4, 5, "", "NE"),
        (0, "", "", "CR"),
        ("", 4, "", "PR"),
    ],
)
def test_a_complete_response_needs_no_steroids(before, now, protocol, category):
    facts = {"BL": {"steroid_dose": before}, "F1": {"steroid_dose": now}}
    result = assess(TUMOUR, {"T1": "ABSENT"}, facts=facts, protocol=protocol)
    assert overall(result) == [category]


def doses(*amounts: object, worse: str = ""):
    names = ("BL", "F1", "F2", "F3", "F4")
    facts = {name: {"steroid_dose": dose} for name, dose in zip(names, amounts, strict=False)}
    if worse:
        facts[worse]["clinical_status"] = "worse"
    return facts


def test_a_raised_dose_is_neither_stable_nor_progressive_until_it_is_back():
    result = assess(TUMOUR, TUMOUR, TUMOUR, facts=doses(4, 8, 4))
    assert overall(result) == ["NE", "SD"]
    assert "neither stable nor progressive while the steroid dose is raised" in text(
        row_of(result, "F1")
    )
    assert len(result.assessments) == 3


def test_decline_after_a_raised_dose_dates_from_the_first_raise():
    result = assess(TUMOUR, TUMOUR, TUMOUR, TUMOUR, facts=doses(4, 8, 8, 8, worse="F3"))
    assert overall(result) == ["NE", "NE", "PD"]
    rewritten = row_of(result, "F1", 1)
    assert (rewritten.overall_response, rewritten.as_of) == ("PD", day(168))
    assert "RANO20.PD.STEROIDS" in ids(rewritten)
    assert result.summary.progression_date == day(56)


def test_a_dose_that_came_back_is_no_start_of_progression():
    result = assess(TUMOUR, TUMOUR, TUMOUR, TUMOUR, facts=doses(4, 8, 4, 4, worse="F3"))
    assert overall(result) == ["NE", "SD", "PD"]
    assert len(result.assessments) == 4


def test_a_raised_dose_is_no_progression_of_imaging_either_way():
    result = assess(TUMOUR, {"T1": size(50, 25)}, facts=doses(4, 8))
    assert overall(result) == ["PD"]


def test_a_dose_that_is_none_is_refused():
    with pytest.raises(InputError, match="steroid_dose is 'some'"):
        assess(TUMOUR, TUMOUR, facts={"F1": {"steroid_dose": "some"}})


# ----------------------------------------------------------------------------------- radiotherapy

GROWN = {"T1": size(50, 25)}


def after_radiotherapy(*scans, end: int = 0, protocol: str = "", facts=None):
    """Scans given as (day, lesions), radiotherapy ending on a day of the course."""
    read = [measured("BL", 0, lesion, said) for lesion, said in TUMOUR.items()]
    for number, (when, lesions) in enumerate(scans, 1):
        read += [measured(f"F{number}", when, name, said) for name, said in lesions.items()]
    told = dict(facts or {})
    told["BL"] = {"radiotherapy_end": day(end).isoformat()} | told.get("BL", {})
    return assess_by("rano2", read, told, protocol)


@pytest.mark.parametrize(("when", "category"), [(84, "PDu"), (85, "PD")])
def test_within_twelve_weeks_progression_is_not_confirmed(when, category):
    result = after_radiotherapy((when, GROWN))
    assert overall(result) == [category]
    assert result.summary.progression_date == (None if category == "PDu" else day(85))


@pytest.mark.parametrize(("later", "rewritten"), [(68, True), (67, False)])
def test_progression_four_weeks_later_confirms_it_from_the_first_scan(later, rewritten):
    result = after_radiotherapy((40, GROWN), (later, GROWN))
    assert overall(result) == ["PDu", "PD" if rewritten else "PDu"]
    assert len(result.assessments) == (4 if rewritten else 3)
    if rewritten:
        row = row_of(result, "F1", 1)
        assert (row.overall_response, row.as_of) == ("PD", day(68))
        assert "PD: confirmed by progression at F2 on" in text(row)
        assert result.summary.progression_date == day(40)


def test_progression_after_the_window_confirms_what_was_seen_within():
    result = after_radiotherapy((80, GROWN), (120, GROWN))
    assert overall(result) == ["PDu", "PD"]
    assert row_of(result, "F1", 1).overall_response == "PD"


def test_a_scan_without_progression_ends_the_suspicion():
    result = after_radiotherapy((28, GROWN), (56, TUMOUR), (84, GROWN), (90, GROWN))
    assert overall(result) == ["PDu", "SD", "PDu", "PD"]
    assert len(result.assessments) == 5


def test_a_scan_that_was_not_evaluable_leaves_the_suspicion():
    result = after_radiotherapy((28, GROWN), (56, {"T1": "NOT_EVALUABLE"}), (84, GROWN))
    assert overall(result) == ["PDu", "NE", "PD"]
    assert row_of(result, "F1", 1).overall_response == "PD"


def test_clinical_decline_needs_no_second_scan():
    result = after_radiotherapy((28, GROWN), facts={"F1": {"clinical_status": "worse"}})
    assert overall(result) == ["PD"]


def test_a_new_lesion_within_the_window_dates_back_once_it_is_confirmed():
    result = after_radiotherapy(
        (28, {**TUMOUR, "N1": "EQUIVOCAL"}),
        (42, {**TUMOUR, "N1": "UNEQUIVOCAL"}),
        (70, {**TUMOUR, "N1": "UNEQUIVOCAL"}),
    )
    assert overall(result) == ["SD", "PDu", "PD"]
    assert row_of(result, "F1", 1).overall_response == "PD"
    assert result.summary.progression_date == day(28)


def test_radiotherapy_that_ended_on_study_counts_from_where_it_is_said():
    end = (day(40)).isoformat()
    facts = {"F1": {"radiotherapy_end": end}}
    result = after_radiotherapy((50, GROWN), (60, GROWN), end=-200, facts=facts)
    assert overall(result) == ["PDu", "PDu"]


def test_radiotherapy_that_has_not_ended_yet_opens_no_window():
    assert overall(after_radiotherapy((50, GROWN), end=100)) == ["PD"]


def test_the_window_is_what_the_protocol_says():
    short = "[rano2]\nconfirmation_weeks_after_radiotherapy = 4"
    assert overall(after_radiotherapy((50, GROWN), protocol=short)) == ["PD"]


@pytest.mark.parametrize(("end", "warned"), [(-21, False), (-35, False), (-20, True), (-36, True)])
def test_a_baseline_too_early_or_late_after_radiotherapy_is_warned_of(end, warned):
    row = after_radiotherapy((50, TUMOUR), end=end).assessments[0]
    assert ("RANO20.BASELINE.TIME" in ids(row)) is warned


def test_time_points_of_one_date_say_nothing_of_each_other():
    at_once = "[rano2]\nconfirmation_min_days = 0"
    assert overall(after_radiotherapy((28, GROWN), (28, GROWN), protocol=at_once)) == ["PDu", "PDu"]
    result = after_radiotherapy((28, GROWN), (28, GROWN), (29, GROWN), protocol=at_once)
    assert [row.overall_response for row in result.assessments] == [
        "", "PDu", "PD", "PDu", "PD", "PD",
    ]  # fmt: skip
    facts = {"BL": {"steroid_dose": 4}, "F1": {"steroid_dose": 8}}
    facts["F2"] = {"steroid_dose": 8, "clinical_status": "worse"}
    raised = after_radiotherapy((28, TUMOUR), (28, TUMOUR), end=-200, facts=facts)
    assert overall(raised) == ["NE", "PD"]
    assert len(raised.assessments) == 3


def test_a_date_that_is_none_is_refused():
    with pytest.raises(InputError, match="radiotherapy_end is 'May': give a date"):
        assess(TUMOUR, TUMOUR, facts={"F1": {"radiotherapy_end": "May"}})


# ----------------------------------------------------------------------------------- and the rest


def test_what_no_person_stands_behind_is_provisional_from_there_on():
    result = assess(TUMOUR, {"T1": size(40, 25, provisional="matched")}, TUMOUR)
    assert [row.status.value for row in result.assessments] == [
        "confirmed",
        "provisional",
        "provisional",
    ]


def test_a_minor_response_is_the_best_response_of_stable_disease():
    result = assess(TUMOUR, {"T1": size(30, 25)}, TUMOUR, protocol=NON_ENHANCING)
    assert result.summary.best_overall_response == "MR"


def test_a_new_lesion_without_a_size_is_as_called():
    read = [*rows(BL=TUMOUR, F1=TUMOUR), reading("F1", 56, "N1", "UNEQUIVOCAL")]
    assert overall(assess_by("rano2", read)) == ["PD"]


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 60), min_size=6, max_size=6))
def test_the_order_of_rows_never_matters(chance: random.Random, mm: list[int]):
    read = rows(
        28,
        BL={"T1": size(40, 25), "T2": size(20, 20), "P1": "PRESENT"},
        F1={"T1": size(mm[0], mm[1]), "T2": size(20, 20), "N1": "EQUIVOCAL", "P1": "ABSENT"},
        F2={"T1": size(mm[2], mm[3]), "T2": size(mm[4], mm[5]), "N1": "UNEQUIVOCAL"},
        F3={"T1": size(mm[4], mm[3]), "T2": size(mm[0], mm[5]), "N1": "UNEQUIVOCAL"},
    )
    facts = {"BL": {"radiotherapy_end": dt.date(2025, 1, 1)}}
    expected = assess_by("rano2", read, facts)
    assert assess_by("rano2", chance.sample(read, len(read)), facts) == expected
