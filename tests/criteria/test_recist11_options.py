"""RECIST 1.1 where the paper is silent: what the protocol chooses, and lesions treated on study."""

from __future__ import annotations

import pytest
from courses import assess, course, ids, overall, reading, row_of, text

from response.terms import Intervention

# ------------------------------------------------------------------------- A27, A30


def test_complete_targets_beside_a_non_target_not_assessed_are_pr_or_ne():
    rows = course(BL={"T1": 20, "P1": "PRESENT"}, W8={"T1": 0, "P1": "NOT_EVALUABLE"})
    assert overall(assess(rows)) == ["PR"]
    result = assess(rows, '[rules]\ncr_with_non_target_ne = "NE"')
    assert overall(result) == ["NE"]
    assert "RECIST11.T1.6.NE" in ids(row_of(result, "W8"))


def test_the_choice_on_a_non_target_not_assessed_touches_no_other_row():
    rows = course(
        BL={"T1": 20, "P1": "PRESENT"},
        W8={"T1": 14, "P1": "NOT_EVALUABLE"},
        W16={"T1": 0, "P1": "PRESENT"},
        W24={"T1": 0, "P1": "NOT_EVALUABLE", "N1": "UNEQUIVOCAL"},
    )
    assert overall(assess(rows, '[rules]\ncr_with_non_target_ne = "NE"')) == ["PR", "PR", "PD"]


@pytest.mark.parametrize(("normal", "expected"), [("true", "CR"), ("false", "PR")])
def test_a_node_too_small_to_measure_is_normal_or_not(normal, expected):
    protocol = f"[rules]\ntoo_small_node_is_normal = {normal}"
    assert overall(assess(course(BL={"L1": 20}, W8={"L1": "TOO_SMALL"}), protocol)) == [expected]
    assert overall(assess(course(BL={"L1": 20}, W8={"L1": 5}), protocol)) == ["CR"]
    assert overall(assess(course(BL={"L1": 20}, W8={"L1": "ABSENT"}), protocol)) == ["CR"]


# ------------------------------------------------------------------------- treated on study


def treated(how, **later):
    """Two targets, the first one treated by week 8; later lengths by time point."""
    rows = course(BL={"T1": 30, "T2": 30}, **later)
    by_week_8 = [row for row in rows if (row.time_point, row.lesion) == ("W8", "T1")]
    rows.remove(by_week_8[0])
    said = by_week_8[0].diameter_mm
    return [*rows, reading("W8", 56, "T1", said, intervention=how)]


@pytest.mark.parametrize("how", [Intervention.IRRADIATED, Intervention.RESECTED])
def test_a_treated_target_says_nothing_of_the_drug_from_then_on(how):
    rows = treated(how, W8={"T1": 0, "T2": 30}, W16={"T1": 0, "T2": 10})
    result = assess(rows)
    assert overall(result) == ["NE", "NE"]
    assert f"T1 ({how.lower()} on study, by W8)" in text(row_of(result, "W16"))
    assert "not evaluable from here on" in text(row_of(result, "W8"))
    assert row_of(result, "W16").sum_of_diameters_mm is None


def test_what_is_left_may_still_prove_progression():
    rows = treated(Intervention.IRRADIATED, W8={"T1": 10, "T2": 30}, W16={"T1": 0, "T2": 72})
    result = assess(rows)
    assert overall(result) == ["NE", "PD"]
    assert "over the nadir of 60 mm" in text(row_of(result, "W16"))


def test_a_treated_target_may_be_counted_as_measured():
    rows = treated(Intervention.RESECTED, W8={"T1": 0, "T2": 30}, W16={"T1": 0, "T2": 0})
    result = assess(rows, '[rules]\ntreated_lesion = "as_measured"')
    assert overall(result) == ["PR", "CR"]
    assert "T1 was resected on study: counted as it is" in text(row_of(result, "W8"))


def test_a_biopsy_is_only_mentioned():
    rows = treated(Intervention.BIOPSIED, W8={"T1": 10, "T2": 30}, W16={"T1": 10, "T2": 30})
    result = assess(rows)
    assert overall(result) == ["PR", "PR"]
    assert "T1 was biopsied on study: counted as it is" in text(row_of(result, "W8"))
    assert "RECIST11.TREATED" not in ids(row_of(result, "W16"))


def test_a_treated_non_target_is_only_mentioned():
    rows = course(BL={"T1": 30, "P1": "PRESENT"}, W8={"T1": 30})
    rows.append(reading("W8", 56, "P1", "ABSENT", intervention=Intervention.RESECTED))
    result = assess(rows)
    assert row_of(result, "W8").non_target_response == "CR"
    assert "P1 was resected on study: counted as it is" in text(row_of(result, "W8"))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("allow_if_progressed", "measurable only if it has grown since"),
        ("exclude", "the protocol takes no such target"),
        ("allow", ""),
    ],
)
def test_a_target_treated_before_the_baseline_is_warned_of(choice, said):
    """R1-08."""
    rows = [
        reading("BL", 0, "T1", 30, intervention=Intervention.IRRADIATED),
        reading("W8", 56, "T1", 30),
    ]
    first = assess(rows, f'[targets]\nprior_local_therapy = "{choice}"').assessments[0]
    warned = [r.text for r in first.reasons if r.row_id == "RECIST11.TARGETS.LOCAL_THERAPY"]
    assert [said in text for text in warned] == ([True] if said else [])
