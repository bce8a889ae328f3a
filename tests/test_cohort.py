"""Rates, durations and survival curves of a cohort, against published and exact values."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from courses import day
from hypothesis import given
from hypothesis import strategies as st

from response.cli import main
from response.cohort import (
    LeftOut,
    Member,
    compute_rate,
    derive_cohorts,
    estimate_survival,
    find_crossing,
    to_months,
)
from response.model import Reader, SubjectSummary
from response.protocol import Endpoints

peer = pytest.importorskip("statsmodels.api")

SIX_MP = [(6, 1)] * 3 + [(t, 1) for t in (7, 10, 13, 16, 22, 23)]
SIX_MP += [(t, 0) for t in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
"""Remission under 6-MP, weeks (Freireich et al., Blood 1963;21:699-716)."""

PUBLISHED = {
    6: (0.857, 0.620, 0.952),
    7: (0.807, 0.563, 0.923),
    10: (0.753, 0.503, 0.889),
    13: (0.690, 0.432, 0.849),
    16: (0.627, 0.368, 0.805),
    22: (0.538, 0.268, 0.747),
    23: (0.448, 0.188, 0.680),
}
"""Survival and its log-log limits, as textbooks print them."""


def curve_of(seen):
    return estimate_survival([time for time, _ in seen], [bool(event) for _, event in seen])


# ------------------------------------------------------------------------------ survival


def test_the_curve_of_the_6_mp_trial_is_as_published():
    steps = {step.time_days: step for step in curve_of(SIX_MP) if step.events}
    found = {
        time: (round(s.survival, 3), round(s.lower, 3), round(s.upper, 3))
        for time, s in steps.items()
    }
    assert found == PUBLISHED


def test_the_curve_counts_who_is_at_risk_and_who_leaves():
    steps = {step.time_days: step for step in curve_of(SIX_MP)}
    assert (steps[0].at_risk, steps[0].survival) == (21, 1.0)
    assert (steps[6].at_risk, steps[6].events, steps[6].censored) == (21, 3, 1)
    assert (steps[32].at_risk, steps[32].events, steps[32].censored) == (4, 0, 2)


def test_the_median_and_its_limits_of_the_6_mp_trial_are_as_published():
    curve = curve_of(SIX_MP)
    assert find_crossing(curve, lambda step: step.survival) == 23
    assert find_crossing(curve, lambda step: step.lower) == 13
    assert find_crossing(curve, lambda step: step.upper) is None
    theirs = peer.SurvfuncRight([t for t, _ in SIX_MP], [e for _, e in SIX_MP])
    assert theirs.quantile(0.5) == 23
    assert theirs.quantile_ci(0.5, method="cloglog")[0] == 13


@given(
    st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=2, max_size=40).filter(
        lambda seen: any(event for _, event in seen)
    )
)
def test_the_curve_is_that_of_another_library(seen):
    times, events = [t for t, _ in seen], [int(e) for _, e in seen]
    theirs = peer.SurvfuncRight(times, events)
    steps = {step.time_days: step for step in estimate_survival(times, [bool(e) for e in events])}
    for time, survival in zip(theirs.surv_times, theirs.surv_prob, strict=True):
        assert steps[int(time)].survival == pytest.approx(survival, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=40))
def test_the_curve_never_rises_and_lies_between_its_limits(seen):
    steps = curve_of(seen)
    survival = [step.survival for step in steps]
    assert survival == sorted(survival, reverse=True)
    for step in steps:
        if step.lower is not None and step.upper is not None:
            assert step.lower <= step.survival + 1e-12
            assert step.survival <= step.upper + 1e-12
    assert sum(s.events + s.censored for s in steps) == len(seen)


def test_where_nobody_had_the_event_the_curve_stays_at_one():
    (_, five, six) = curve_of([(5, 0), (6, 0)])
    assert (five.survival, five.lower, five.upper) == (1.0, 1.0, 1.0)
    assert find_crossing((five, six), lambda step: step.survival) is None


def test_where_everybody_had_the_event_the_last_limits_are_not_known():
    last = curve_of([(5, 1), (6, 1)])[-1]
    assert (last.survival, last.lower, last.upper) == (0.0, None, None)


# --------------------------------------------------------------------------------- rates


@pytest.mark.parametrize(
    ("responders", "n", "lower", "upper"),
    [(0, 10, 0.0, 30.85), (7, 20, 15.39, 59.22), (10, 10, 69.15, 100.0), (1, 1, 2.5, 100.0)],
)
def test_the_limits_of_a_rate_are_exact(responders, n, lower, upper):
    rate = compute_rate("ORR", [True] * responders + [False] * (n - responders))
    assert (rate.responders, rate.n) == (responders, n)
    assert (round(rate.lower, 2), round(rate.upper, 2)) == (lower, upper)


def member(best="PR", confirmed=None, *, criterion="recist11", reader=None, line=None, **more):
    fields = {
        "response_date": None,
        "progression_date": None,
        "pfs_days": 200,
        "pfs_event": True,
        "duration_of_response_days": None,
    }
    start = more.pop("start", day(0))
    response_start = more.pop("response_start", None)
    fields |= more
    summary = SubjectSummary(
        "S1", criterion, reader or Reader(), best, confirmed or best, pfs_reason="", line=line,
        **fields,
    )  # fmt: skip
    return Member(summary, start, response_start)


def rates_of(members, **options):
    (cohort,) = derive_cohorts(members, Endpoints(**options))
    return {(r.endpoint, r.confirmed): (r.responders, r.n) for r in cohort.rates}


def test_rates_keep_subjects_without_an_assessment_in_the_denominator():
    found = rates_of([member("CR"), member("PR", "SD"), member("NE"), member("MISSING")])
    assert found["ORR", False] == (2, 4)
    assert found["ORR", True] == (1, 4)
    assert found["DCR", False] == (2, 4)
    assert found["DCR", True] == (2, 4)


def test_stable_disease_is_benefit_where_it_lasted():
    members = [member("SD", pfs_days=167), member("SD", pfs_days=168), member("NON-CR/NON-PD")]
    assert rates_of(members)["CBR", False] == (2, 3)
    assert rates_of(members, clinical_benefit_min_days=100)["CBR", False] == (3, 3)
    assert rates_of(members)["DCR", False] == (3, 3)


def test_benefit_is_left_out_where_it_is_not_known_how_long_disease_was_stable():
    (cohort,) = derive_cohorts([member("SD", pfs_days=None, pfs_event=None)], Endpoints())
    assert "CBR" not in {rate.endpoint for rate in cohort.rates}
    assert (
        "of 1 subject with stable disease" in {o.endpoint: o for o in cohort.left_out}["CBR"].reason
    )


def test_the_codes_of_another_criterion_are_counted_as_what_they_mean():
    members = [member("CMR", criterion="percist10"), member("SMD", criterion="percist10")]
    assert rates_of(members)["ORR", False] == (1, 2)
    assert rates_of(members)["DCR", False] == (2, 2)


def test_criteria_readers_and_lines_never_mix():
    members = [
        member("PR"),
        member("PR", criterion="irecist"),
        member("PR", reader=Reader("INDEPENDENT ASSESSOR", "R1")),
        member("PR", line="1"),
        member("PR", line="2"),
    ]
    cohorts = derive_cohorts(members, Endpoints())
    assert len(cohorts) == 5
    assert {rate.n for cohort in cohorts for rate in cohort.rates} == {1}


# ----------------------------------------------------------------------------- durations


def times_of(members, **options):
    (cohort,) = derive_cohorts(members, Endpoints(**options))
    return {t.endpoint: t for t in cohort.times} | {o.endpoint: o for o in cohort.left_out}


def test_the_time_to_response_is_of_those_who_responded():
    members = [
        member(response_date=day(56)),
        member(response_date=day(70)),
        member(response_date=day(112)),
        member("SD"),
    ]
    found = times_of(members)["TTR"]
    assert (found.n, found.events, found.median_days) == (3, 3, 70)


def test_a_response_that_goes_on_is_censored_when_survival_is():
    members = [
        member(response_date=day(56), duration_of_response_days=144),
        member(response_date=day(56), pfs_days=300, pfs_event=False),
        member("SD"),
    ]
    found = times_of(members)["DOR"]
    assert [(s.time_days, s.events, s.censored) for s in found.curve[1:]] == [
        (144, 1, 0),
        (244, 0, 1),
    ]


def test_from_confirmation_a_response_is_followed_from_there():
    members = [
        member(response_date=day(56), response_start=day(100), pfs_days=300, pfs_event=False),
        member("PR", "SD", response_date=day(56)),
    ]
    found = times_of(members, response_duration_from="confirmation")["DOR"]
    assert [(s.time_days, s.censored) for s in found.curve[1:]] == [(200, 1)]


def test_what_cannot_be_derived_is_left_out_with_the_reason():
    members = [member(response_date=day(56), pfs_days=None, pfs_event=None, start=None)]
    found = times_of(members)
    assert found["TTR"] == LeftOut("TTR", "the start date is not known of 1 subject")
    assert found["DOR"] == LeftOut("DOR", "the start date is not known of 1 subject")
    assert found["PFS"].reason == "the start date or the rule is not known of 1 subject"
    assert times_of([member("SD")])["TTR"] == LeftOut("TTR", "no subjects responded")


def test_survival_says_of_whom_it_does_not_speak():
    found = times_of([member("SD"), member("SD", pfs_days=None, pfs_event=None)])["PFS"]
    assert (found.n, found.note) == (1, "the start date or the rule is not known of 1 subject")


def test_months_add_the_one_day_of_analysis_data_sets():
    assert to_months(29, Endpoints(days_per_month="30.0")) == 1.0


# ------------------------------------------------------------------- from the command line

SUBJECTS = """\
subject,criterion,evaluator,evaluator_id,best_overall_response,confirmed_best_overall_response,\
response_date,progression_date,pfs_days,pfs_event,pfs_reason,duration_of_response_days
S1,recist11,INVESTIGATOR,,PR,PR,2025-02-26,2025-07-01,181,true,,125
S2,recist11,INVESTIGATOR,,SD,SD,,,112,false,,
S3,recist11,INVESTIGATOR,,CR,SD,2025-04-23,,200,false,,
S1,recist11,INDEPENDENT ASSESSOR,R1,SD,SD,,2025-07-01,181,true,,
"""
DATES = "subject,treatment_start\nS1,2025-01-01\nS2,2025-01-01\nS3,2025-01-01\n"


def run(folder, *more, subjects=SUBJECTS):
    table = folder / "subjects.csv"
    table.write_text(subjects, encoding="utf-8")
    return CliRunner().invoke(main, ["endpoints", str(table), "--out", str(folder), *more])


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_of_subjects_becomes_endpoints_and_curves(tmp_path):
    dates = tmp_path / "dates.csv"
    dates.write_text(DATES, encoding="utf-8")
    done = run(tmp_path, "--subjects", str(dates))
    assert done.exit_code == 0, done.output
    rows = [r for r in read_rows(tmp_path / "endpoints.csv") if r["evaluator_id"] == ""]
    orr = next(r for r in rows if (r["endpoint"], r["confirmed"]) == ("ORR", "false"))
    assert (orr["n"], orr["responders"], orr["percent"]) == ("3", "2", "66.6667")
    medians = {r["endpoint"]: r["median_days"] for r in rows if r["median_days"]}
    assert medians == {"TTR": "56", "DOR": "125", "PFS": "181"}
    steps = read_rows(tmp_path / "kaplan_meier.csv")
    dor = [(r["time_days"], r["censored"]) for r in steps if r["endpoint"] == "DOR"]
    assert dor == [("0", "0"), ("88", "1"), ("125", "0")]


def test_without_the_start_what_needs_it_is_left_out_with_the_reason(tmp_path):
    done = run(tmp_path, "--json")
    notes = [json.loads(line) for line in done.output.splitlines()]
    said = {n["endpoint"]: n["note"] for n in notes if n["evaluator_id"] == "" and n.get("note")}
    assert said == {
        "TTR": "left out: the start date is not known of 2 subjects",
        "DOR": "left out: the start date is not known of 1 subject",
    }


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("S2,recist11", "S2,recist", "criterion 'recist' is not one of"),
        ("112,false", "many,false", "pfs_days is 'many': not a number of days"),
        ("112,false", "112,no", "pfs_event is 'no': not true or false"),
        ("S2,recist11", "S1,recist11", "is there twice"),
        ("S2,recist11,INVESTIGATOR,,SD", "S2,recist11,INVESTIGATOR,,", "is empty"),
        ("SD,SD,,,112", "XX,SD,,,112", "row 3: best_overall_response is 'XX': not one of CR, PR"),
        ("SD,SD,,,112", "SD,iSD,,,112", "confirmed_best_overall_response is 'iSD': not one of"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_whole(tmp_path, wrong, right, said):
    done = run(tmp_path, subjects=SUBJECTS.replace(wrong, right, 1))
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "endpoints.csv").exists()


def test_every_wrong_cell_of_a_table_is_told(tmp_path):
    wrong = SUBJECTS.replace("SD,SD,,,112,false", "XX,YY,,,many,no", 1).replace("CR,SD", "ZZ,SD")
    done = run(tmp_path, subjects=wrong)
    assert done.exit_code == 2
    rows = [line.split()[1:3] for line in done.output.splitlines()[1:]]
    assert rows == [["row", "3:"]] * 4 + [["row", "4:"]]


@pytest.mark.parametrize(
    ("criterion", "code"), [("irecist", "iCPD"), ("pcwg3", "PDu"), ("lugano", "NMR")]
)
def test_the_codes_of_every_criterion_are_known(tmp_path, criterion, code):
    table = SUBJECTS.replace("S2,recist11,INVESTIGATOR,,SD,SD", f"S2,{criterion},,,{code},MISSING")
    assert run(tmp_path, subjects=table).exit_code == 0


def test_a_criterion_that_nobody_was_assessed_by_is_an_error(tmp_path):
    done = run(tmp_path, "--criterion", "percist10")
    assert done.exit_code == 2
    assert "nobody is assessed yet by percist10" in done.output


def test_each_line_of_therapy_has_its_own_start(tmp_path):
    head, row, *_ = SUBJECTS.splitlines()
    table = f"{head},line\n{row},1\n{row.replace('2025-02-26', '2025-08-27')},2\n"
    dates = tmp_path / "dates.csv"
    dates.write_text(
        "subject,treatment_start,line\nS1,2025-01-01,1\nS1,2025-07-23,2\n", encoding="utf-8"
    )
    assert run(tmp_path, "--subjects", str(dates), subjects=table).exit_code == 0
    rows = read_rows(tmp_path / "endpoints.csv")
    medians = {r["line"]: r["median_days"] for r in rows if r["endpoint"] == "TTR"}
    assert medians == {"1": "56", "2": "35"}
