"""Progression-free survival and duration of response."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from courses import assess, course, day, reading

from response.assess import assess_subject
from response.best_response import Visit
from response.endpoints import (
    Outcome,
    date_progression,
    derive_pfs,
    first_progression,
    select_effective,
)
from response.model import AssessedTimePoint, Reader, SubjectFacts
from response.protocol import Endpoints, Protocol, parse_protocol

CASES = Path(__file__).parents[1] / "fixtures" / "cases"


def visits(*seen):
    return [Visit(day(number), code) for number, code in seen]


def facts(**days):
    return SubjectFacts("S1", **{name: day(number) for name, number in days.items()})


def pfs(seen, known=None, **options):
    baseline = options.pop("baseline_adequate", True)
    reference = options.pop("reference", day(0))
    return derive_pfs(
        visits(*seen),
        known or facts(),
        Endpoints(**options),
        reference=reference,
        baseline_adequate=baseline,
    )


def read_cases():
    with (CASES / "pfs_censoring_constructed.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["case_id"])
def test_the_fda_rules_case_by_case(case):
    progression = int(case["pd_day"]) if case["pd_day"] else None
    seen = [
        (int(n), "SD") for n in case["adequate_assessment_days"].split() if int(n) != progression
    ]
    if progression is not None:
        seen.append((progression, "PD"))
    known = facts(
        **{
            name: int(case[column])
            for name, column in (
                ("death_date", "death_day"),
                ("new_therapy_date", "new_therapy_day"),
            )
            if case[column]
        }
    )
    found = pfs(seen, known, assessment_interval_days=42, tolerance_days=7)
    expected = case["expected_status"] == "event", day(int(case["expected_day"]))
    assert (found.event, found.date) == expected


def test_a_gap_of_exactly_two_intervals_and_the_tolerance_is_no_missed_visit():
    for gap, event in ((119, True), (120, False)):
        assert pfs([(42, "SD"), (42 + gap, "PD")]).event is event


def test_an_assessment_that_was_not_evaluable_is_not_adequate():
    found = pfs([(42, "SD"), (98, "NE")])
    assert found == Outcome(
        day(42),
        False,
        f"censored at the last adequate assessment on {day(42)}: no progression or death",
    )


def test_an_assessment_on_the_day_of_new_therapy_still_counts():
    assert pfs([(42, "SD"), (98, "SD")], facts(new_therapy_date=98)).date == day(98)


def test_without_an_evaluable_baseline_the_fda_censors_at_the_start():
    found = pfs([(42, "SD"), (98, "PD")], baseline_adequate=False)
    assert (found.event, found.date) == (False, day(0))


@pytest.mark.parametrize("rule", ["ema", "admiralonco"])
def test_other_rules_censor_neither_new_therapy_nor_missed_visits(rule):
    found = pfs([(42, "SD"), (400, "PD")], facts(new_therapy_date=100), pfs_rule=rule)
    assert (found.event, found.date) == (True, day(400))


def test_the_last_assessment_of_admiralonco_may_be_not_evaluable():
    seen = [(42, "SD"), (98, "NE"), (140, "ND")]
    assert pfs(seen, pfs_rule="admiralonco").date == day(98)
    assert pfs(seen, pfs_rule="ema").date == day(42)


def test_progression_comes_before_death_of_the_same_day():
    assert pfs([(42, "PD")], facts(death_date=42)).reason == f"progression on {day(42)}"
    assert pfs([(42, "SD")], facts(death_date=60)).reason == f"death on {day(60)}"


@pytest.mark.parametrize(("choice", "event"), [("pd", True), ("censor", False)])
def test_new_therapy_on_the_day_of_progression_lets_it_stand_or_censors(choice, event):
    seen, known = [(42, "SD"), (84, "PD")], facts(new_therapy_date=84)
    found = pfs(seen, known, new_therapy_on_pd_date=choice)
    assert (found.event, found.date) == (event, day(84))


def test_new_therapy_on_the_day_of_death_does_not_hide_it():
    known = facts(new_therapy_date=60, death_date=60)
    assert pfs([(42, "SD")], known, new_therapy_on_pd_date="censor").event


@pytest.mark.parametrize("rule", ["fda", "ema", "admiralonco"])
def test_death_without_progression_may_be_censored_for_time_to_progression(rule):
    known = facts(death_date=60)
    found = pfs([(42, "SD")], known, pfs_rule=rule, death_without_progression="censor")
    assert (found.event, found.date) == (False, day(42))
    assert found.reason.endswith(f"death on {day(60)} is not counted (death_without_progression)")
    assert pfs([(42, "SD")], known, pfs_rule=rule).event


@pytest.mark.parametrize(
    ("choice", "event", "number"),
    [("ignore", True, 112), ("event", True, 70), ("censor", False, 70)],
)
def test_clinical_progression_is_kept_apart_counts_or_censors(choice, event, number):
    summary = with_clinical_progression(f'[endpoints]\nclinical_progression = "{choice}"').summary
    assert (summary.pfs_event, summary.pfs_days) == (event, number)


def test_clinical_progression_changes_no_category_and_is_said():
    rows = with_clinical_progression("").assessments
    assert [row.overall_response for row in rows] == ["", "SD", "SD", "PD"]
    (note,) = [r.text for r in rows[2].reasons if r.row_id == "CLINICAL.PROGRESSION"]
    assert note == f"clinical progression was recorded on {day(70)}; it changes no category"


def test_clinical_progression_after_radiological_progression_changes_nothing():
    found = derive_pfs(
        visits((42, "SD"), (84, "PD")),
        facts(),
        Endpoints(clinical_progression="censor"),
        reference=day(0),
        clinical=day(100),
    )
    assert (found.event, found.date) == (True, day(84))


def with_clinical_progression(protocol):
    rows = [
        *course(BL={"T1": 50}, W8={"T1": 50}),
        reading("W10", 70, "T1", 50),
        reading("W16", 112, "T1", 80),
    ]
    told = AssessedTimePoint("W10", day(70), facts={"clinical_progression": "true"})
    known = SubjectFacts("S1", treatment_start=day(0))
    return assess_subject(
        "S1", Reader(), rows, known, parse_protocol(protocol), time_points=(told,)
    )


def test_nothing_is_derived_under_no_rule_or_without_a_start():
    assert pfs([(42, "PD")], pfs_rule="none") is None
    assert pfs([], reference=None) is None


# ------------------------------------------------------------------------- the summary


def test_days_are_date_differences_from_randomisation():
    rows = course(BL={"T1": 50}, W8={"T1": 50}, W16={"T1": 80})
    summary = assess(rows, randomisation=day(-7)).summary
    assert (summary.pfs_days, summary.pfs_event) == (119, True)
    assert assess(rows).summary.pfs_days == 112


def test_without_a_start_the_fields_that_need_it_are_empty_with_the_reason():
    rows = course(BL={"T1": 50}, W8={"T1": 20}, W16={"T1": 80})
    summary = assess(rows, treatment_start=None).summary
    assert (summary.pfs_days, summary.pfs_event) == (None, None)
    assert summary.pfs_reason == (
        "neither randomisation nor treatment_start is known; "
        "the SD minimum is counted from the baseline"
    )
    assert (summary.best_overall_response, summary.duration_of_response_days) == ("PR", 56)


def test_without_a_rule_the_reason_says_so_and_the_duration_of_response_is_still_known():
    rows = course(BL={"T1": 50}, W8={"T1": 20}, W16={"T1": 80})
    summary = assess(rows, '[endpoints]\npfs_rule = "none"').summary
    assert summary.pfs_reason == "not derived: pfs_rule is none"
    assert summary.duration_of_response_days == 56
    lasting = assess(course(BL={"T1": 50}, W8={"T1": 20}), '[endpoints]\npfs_rule = "none"').summary
    assert lasting.duration_of_response_days is None


def test_the_duration_of_response_runs_from_the_first_response_or_its_confirmation():
    rows = course(BL={"T1": 50}, W8={"T1": 20}, W16={"T1": 20}, W24={"T1": 80})
    assert assess(rows).summary.duration_of_response_days == 112
    late = '[endpoints]\nresponse_duration_from = "confirmation"'
    assert assess(rows, late).summary.duration_of_response_days == 56
    unconfirmed = course(BL={"T1": 50}, W8={"T1": 20}, W16={"T1": 80})
    assert assess(unconfirmed, late).summary.duration_of_response_days is None


def test_a_response_that_lasts_has_no_duration_yet():
    summary = assess(course(BL={"T1": 50}, W8={"T1": 20})).summary
    assert (summary.response_date, summary.duration_of_response_days) == (day(56), None)


def test_a_response_may_end_by_death():
    rows = course(BL={"T1": 50}, W8={"T1": 20})
    assert assess(rows, death_date=day(100)).summary.duration_of_response_days == 44


def test_best_response_is_cut_at_new_therapy():
    rows = course(BL={"T1": 50}, W8={"T1": 50}, W16={"T1": 20})
    summary = assess(rows, new_therapy_date=day(80)).summary
    assert (summary.best_overall_response, summary.response_date) == ("SD", None)


def test_no_assessment_after_baseline_is_missing():
    summary = assess(course(BL={"T1": 50})).summary
    assert summary.best_overall_response == "MISSING"
    assert (summary.pfs_days, summary.pfs_event) == (0, False)


# ------------------------------------------------------------------------- dates


@pytest.mark.parametrize(("seen", "given"), [(50, 56), (56, 56), (63, 56), (64, 112), (112, 112)])
def test_progression_may_be_given_the_date_of_the_scheduled_visit(seen, given):
    protocol = parse_protocol('[rules]\npd_date = "scheduled_visit"')
    assert date_progression(day(seen), day(0), protocol) == day(given)
    assert date_progression(day(seen), None, protocol) == day(seen)
    assert date_progression(None, day(0), protocol) is None


@pytest.mark.parametrize(
    ("choice", "seen"), [("first_evidence", 56), ("last_scan_of_timepoint", 61)]
)
def test_progression_by_the_sum_may_date_from_the_last_scan_of_its_time_point(choice, seen):
    summary = scanned_over_five_days({"T1": 80}, choice)
    assert (summary.progression_date, summary.pfs_days) == (day(seen), seen)


def test_progression_by_a_new_lesion_dates_from_when_it_was_seen():
    summary = scanned_over_five_days({"T1": 50, "N1": "UNEQUIVOCAL"}, "last_scan_of_timepoint")
    assert summary.progression_date == day(56)


def scanned_over_five_days(lesions, choice):
    told = AssessedTimePoint("W8", day(56), facts={"last_scan_date": day(61).isoformat()})
    return assess_subject(
        "S1",
        Reader(),
        course(BL={"T1": 50}, W8=lesions),
        SubjectFacts("S1", treatment_start=day(0)),
        parse_protocol(f'[rules]\npd_date = "{choice}"'),
        time_points=(told,),
    ).summary


def test_a_summary_carries_its_line_of_therapy():
    rows = course(BL={"T1": 50}, W8={"T1": 20})
    known = SubjectFacts("S1", treatment_start=day(0), line="2")
    assert assess_subject("S1", Reader(), rows, known, Protocol()).summary.line == "2"


def test_of_each_time_point_the_latest_word_stands_in_whatever_order():
    rows = course(
        BL={"T1": 50}, W8={"T1": 50, "N1": "EQUIVOCAL"}, W16={"T1": 50, "N1": "UNEQUIVOCAL"}
    )
    standing = select_effective(reversed(assess(rows).assessments[1:]))
    assert [(row.time_point, row.overall_response) for row in standing] == [
        ("W8", "PD"),
        ("W16", "PD"),
    ]


def test_the_first_progression_is_the_earliest():
    assert first_progression(visits((80, "PD"), (50, "PD"), (20, "SD"))) == day(50)
    assert first_progression(visits((20, "SD"))) is None
