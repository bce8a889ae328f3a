"""iRECIST over time: when an iUPD is confirmed, when it is set aside, what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from courses import ids, row_of, text
from irecist_courses import assess, assess_rows, on_days, overall

from response.terms import NewLesion, Status

UP = "UNEQUIVOCAL_PROGRESSION"
NEW = ("UNEQUIVOCAL", 10)


def last(time_points, protocol="", **more):
    return assess(time_points, protocol, **more).assessments[-1]


# --------------------------------------------------------------------------------- confirmation


@pytest.mark.parametrize(("days", "expected"), [(27, "iUPD"), (28, "iCPD"), (56, "iCPD")])
def test_a_scan_confirms_from_28_days_on(days, expected):
    row = last({0: {"T1": 100}, 56: {"T1": 125}, 56 + days: {"T1": 130}})
    assert row.overall_response == expected
    assert not any("warning" in reason.text for reason in row.reasons) or days == 27


def test_an_early_scan_says_so_and_leaves_the_exception_to_the_reader():
    course = {0: {"T1": 100}, 56: {"T1": 125}, 77: {"T1": 130, "N1": NEW}}
    row = last(course, said={77: {"clinical_status": "new symptom"}})
    assert row.overall_response == "iUPD"
    assert "too early to confirm the iUPD at D056 on 2025-02-26" in text(row)
    assert "for the reader to decide (I-03)" in text(row)


def test_a_late_confirmation_is_accepted_with_a_warning():
    row = last({0: {"T1": 100}, 56: {"T1": 125}, 113: {"T1": 130}})
    assert row.overall_response == "iCPD"
    assert "warning: confirmed 57 days after the iUPD, later than 56" in text(row)


def test_from_when_a_confirmation_is_late_may_be_chosen():
    course = {0: {"T1": 100}, 56: {"T1": 125}, 113: {"T1": 130}}
    assert "warning" not in text(last(course, "[irecist]\nicpd_warn_days = 57"))


def test_past_a_limit_of_the_protocol_it_is_an_iupd_of_its_own():
    limit = "[irecist]\nicpd_max_days = 84"
    course = {0: {"T1": 100}, 56: {"T1": 125}, 141: {"T1": 130}}
    assert overall(course, limit) == ["iUPD", "iUPD"]
    row = row_of(assess(course, limit), "D141")
    assert "too late to confirm" in text(row)
    assert "a scan from 2025-06-19 on can confirm the iUPD of 2025-05-22" in text(row)
    assert "not after 2025-08-14" in text(row)
    assert overall(course | {170: {"T1": 134}}, limit)[-1] == "iUPD"
    assert overall(course | {170: {"T1": 135}}, limit)[-1] == "iCPD"


def test_increases_add_up_from_the_first_iupd():
    """EORTC FAQ: 4 mm, then a further 2 mm."""
    course = {0: {"T1": 100}, 56: {"T1": 125}, 84: {"T1": 129}, 112: {"T1": 131}}
    assert overall(course) == ["iUPD", "iUPD", "iCPD"]


def test_new_target_increases_add_up_as_well():
    new = {
        day: {"T1": 100, "N1": ("UNEQUIVOCAL", mm)} for day, mm in ((56, 10), (84, 14), (112, 16))
    }
    assert overall({0: {"T1": 100}} | new) == ["iUPD", "iUPD", "iCPD"]


def test_what_was_not_measured_at_the_iupd_counts_from_its_first_measurement():
    course = {
        0: {"T1": 50, "T2": 50},
        56: {"T1": 130},
        112: {"T1": 130, "T2": 20},
        168: {"T1": 130, "T2": 25},
    }
    assert overall(course) == ["iUPD", "iUPD", "iCPD"]


def test_growth_may_be_plain_from_a_part_of_the_sum_if_the_protocol_allows():
    course = {0: {"T1": 50, "T2": 50}, 56: {"T1": 60, "T2": 65}, 112: {"T1": 130}}
    assert "without T2, which can only add" in text(last(course))
    assert overall(course) == ["iUPD", "iCPD"]
    assert overall(course, "[rules]\npd_from_partial = false") == ["iUPD", "NE"]


def test_the_reason_says_what_grew_and_which_iupd_it_confirms():
    row = last({0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": "130.5"}})
    assert str(row.reasons[0]) == (
        "[IRECIST.WAITING.ICPD] iCPD: the sum of targets grew by 5.5 mm from 125 mm: this "
        "confirms the iUPD at D056 on 2025-02-26 (Table 2, I-04)"
    )
    assert (row.target_response, row.non_target_response) == ("iCPD", "")
    assert "IRECIST.FURTHER.TARGET" in ids(row)


@pytest.mark.parametrize(
    ("first", "then", "row_id"),
    [
        ({"T1": 125}, {"T1": 125, "N1": NEW}, "IRECIST.FURTHER.NEW_NUMBER"),
        ({"T1": 125}, {"T1": 125, "P1": UP}, "IRECIST.FURTHER.OTHER_NON_TARGET"),
        ({"P1": UP}, {"T1": 125, "P1": UP}, "IRECIST.FURTHER.OTHER_TARGET"),
        ({"N1": NEW}, {"T1": 125, "N1": NEW}, "IRECIST.FURTHER.OTHER_TARGET"),
        ({"P1": UP}, {"P1": UP, "P2": UP}, "IRECIST.FURTHER.NON_TARGET"),
        ({"N1": "UNEQUIVOCAL"}, {"N1": UP}, "IRECIST.FURTHER.NEW_NON_TARGET"),
    ],
)
def test_a_kind_that_had_not_progressed_before_confirms_as_well(first, then, row_id):
    """I-04 (d), and further lesions of the same kind."""
    known = {"T1": 100, "P1": "PRESENT", "P2": "PRESENT"}
    row = last({0: known, 56: known | first, 112: known | then})
    assert row.overall_response == "iCPD"
    assert row_id in ids(row)


def test_repeated_non_target_progression_is_further_only_where_the_protocol_says_so():
    course = {
        0: {"T1": 100, "P1": "PRESENT"},
        56: {"T1": 100, "P1": UP},
        112: {"T1": 100, "P1": UP},
    }
    assert overall(course) == ["iUPD", "iUPD"]
    again = '[irecist]\nnon_target_pd_again = "further"'
    assert overall(course, again) == ["iUPD", "iCPD"]
    row = last(course, again)
    assert (row.target_response, row.non_target_response) == ("iSD", "iCPD")


def test_a_non_target_that_is_measured_and_did_not_grow_confirms_nothing():
    known = {"T1": 100, "P1": (UP, 30)}
    course = {0: {"T1": 100, "P1": ("PRESENT", 20)}, 56: known, 112: known}
    assert overall(course, '[irecist]\nnon_target_pd_again = "further"') == ["iUPD", "iUPD"]


@pytest.mark.parametrize(("first", "then"), [((UP, 30), UP), (UP, (UP, 30))])
def test_a_non_target_that_is_measured_only_once_did_not_grow(first, then):
    course = {0: {"T1": 100, "P1": "PRESENT"}, 56: {"T1": 100, "P1": first}}
    assert overall(course | {112: {"T1": 100, "P1": then}}) == ["iUPD", "iUPD"]


def test_an_equivocal_new_lesion_is_no_progression_and_confirms_none():
    course = {0: {"T1": 100}, 56: {"T1": 100, "N1": "EQUIVOCAL"}}
    row = last(course)
    assert (row.overall_response, row.new_lesion) == ("iSD", NewLesion.EQUIVOCAL)
    assert overall({0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": 125, "N1": "EQUIVOCAL"}}) == [
        "iUPD",
        "iUPD",
    ]


def test_after_confirmation_time_points_stay_confirmed_and_say_what_recist_would():
    course = {0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": 130}, 168: {"T1": 50}, 224: None}
    result = assess(course)
    assert [row.overall_response for row in result.assessments[1:]] == [
        "iUPD",
        "iCPD",
        "iCPD",
        "NE",
    ]
    row = row_of(result, "D168")
    assert "progression was confirmed at D112 on 2025-04-23" in text(row)
    assert "RECIST 1.1 by itself says PR" in text(row)


def test_a_confirmation_never_rewrites_the_iupd_before_it():
    course = {0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": 130}}
    before, after = assess({0: course[0], 56: course[56]}), assess(course)
    assert after.assessments[:2] == before.assessments


# -------------------------------------------------------------------------------------- the reset


def test_a_scan_too_early_to_confirm_may_set_an_iupd_aside():
    assert overall({0: {"T1": 100}, 56: {"T1": 125}, 76: {"T1": 100}}) == ["iUPD", "iSD"]


def test_after_a_reset_progression_must_occur_and_be_confirmed_anew():
    course = {
        0: {"T1": 100},
        56: {"T1": 125},
        112: {"T1": 60},
        168: {"T1": 72},
        224: {"T1": 76},
        280: {"T1": 77},
    }
    assert overall(course) == ["iUPD", "iPR", "iUPD", "iUPD", "iCPD"]


def test_by_the_nadir_and_not_the_iupd_progression_is_judged_anew():
    row = last({0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": 80}, 168: {"T1": 96}})
    assert (row.overall_response, row.nadir_mm) == ("iUPD", 80)


def test_a_response_before_the_new_lesion_and_no_change_after_it_is_iupd_again():
    """Scenario F of the committee's FAQ."""
    course = {
        0: {"T1": 100},
        56: {"T1": 50},
        112: {"T1": 50, "N1": NEW},
        168: {"T1": 50, "N1": NEW},
    }
    assert overall(course) == ["iPR", "iUPD", "iUPD"]
    assert "nothing changed since the iUPD at D112" in text(last(course))


@pytest.mark.parametrize(
    ("then", "expected", "why"),
    [
        ({"T1": 45, "N1": NEW}, "iPR", "IRECIST.RESET.SHRUNK"),
        ({"T1": "45.1", "N1": NEW}, "iUPD", "IRECIST.CONFIRMATION.WINDOW"),
        ({"T1": 50, "N1": ("UNEQUIVOCAL", 5)}, "iPR", "IRECIST.RESET.SHRUNK"),
        ({"T1": 50, "N1": "ABSENT"}, "iPR", "IRECIST.RESET.GONE"),
        ({"T1": 0, "N1": "ABSENT"}, "iCR", "IRECIST.RESET.BETTER"),
    ],
)
def test_a_response_after_a_new_lesion_asks_for_an_improvement(then, expected, why):
    row = last({0: {"T1": 100}, 56: {"T1": 50, "N1": NEW}, 112: then})
    assert row.overall_response == expected
    assert why in ids(row)


def test_without_a_response_known_at_the_iupd_the_last_one_before_it_counts():
    """The targets could not be assessed where the new lesion appeared."""
    unknown = {"T1": "NOT_EVALUABLE", "N1": NEW}
    course = {0: {"T1": 100}, 56: {"T1": 50}, 112: unknown, 168: {"T1": 55, "N1": NEW}}
    assert overall(course) == ["iPR", "iUPD", "iUPD"]
    assert overall({0: {"T1": 100}, 56: unknown, 112: {"T1": 60, "N1": NEW}}) == ["iUPD", "iPR"]


@pytest.mark.parametrize(
    ("choice", "expected"), [("iPR", "iPR"), ("iCR", "iCR")]
)  # fmt: skip
def test_icr_of_the_baseline_disease_beside_a_new_lesion(choice, expected):
    course = {0: {"T1": 100}, 56: {"T1": 125, "N1": NEW}, 112: {"T1": 0, "N1": NEW}}
    row = last(course, f'[irecist]\nicr_with_new_lesion = "{choice}"')
    assert (row.overall_response, row.target_response) == (expected, "iCR")
    assert "N1" in next(r.text for r in row.reasons if r.row_id == "IRECIST.NEW.BESIDE")


def test_without_targets_it_is_neither_then():
    course = {0: {"P1": "PRESENT"}, 56: {"P1": UP, "N1": NEW}, 112: {"P1": "ABSENT", "N1": NEW}}
    assert overall(course) == ["iUPD", "NON-iCR/NON-iUPD"]


RESET = {0: {"T1": 100}, 56: {"T1": 125, "N1": NEW}, 112: {"T1": 90, "N1": NEW}}


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ({"N1": NEW}, "iSD"),
        ({"N1": ("UNEQUIVOCAL", "14.9")}, "iSD"),
        ({"N1": ("UNEQUIVOCAL", 15)}, "iUPD"),
        ({"N1": NEW, "N2": "UNEQUIVOCAL"}, "iUPD"),
    ],
)
def test_after_a_reset_a_known_new_lesion_counts_only_anew(then, expected):
    """I-08: further new lesions, or new targets that meet RECIST's PD by themselves."""
    assert overall(RESET | {168: {"T1": 90} | then})[-1] == expected


def test_after_a_reset_new_non_targets_count_only_where_they_grew():
    course = {
        0: {"T1": 100},
        56: {"T1": 125, "N1": "UNEQUIVOCAL"},
        112: {"T1": 90, "N1": "UNEQUIVOCAL"},
    }
    assert overall(course | {168: {"T1": 90, "N1": "UNEQUIVOCAL"}})[-1] == "iSD"
    row = last(course | {168: {"T1": 90, "N1": UP}})
    assert row.overall_response == "iUPD"
    assert "new non-target N1 progressed" in text(row)


def test_known_new_lesions_that_progress_by_themselves_confirm_another_iupd():
    course = RESET | {168: {"T1": 110, "N1": NEW}, 224: {"T1": 110, "N1": ("UNEQUIVOCAL", 15)}}
    row = last(course)
    assert row.overall_response == "iCPD"
    assert "IRECIST.FURTHER.OTHER_NEW" in ids(row)


def test_a_new_lesion_that_vanished_and_returns_is_new_again():
    gone = RESET | {168: {"T1": 90, "N1": "ABSENT"}}
    assert overall(gone | {224: {"T1": 90, "N1": NEW}})[-2:] == ["iSD", "iUPD"]


# ------------------------------------------------------------------------------- not evaluable


def test_ne_neither_breaks_the_block_nor_lowers_the_nadir():
    course = {0: {"T1": 100}, 56: {"T1": 125}, 84: None, 112: {"T1": 130}}
    assert overall(course) == ["iUPD", "NE", "iCPD"]
    assert "whether the iUPD at D056 on 2025-02-26 is confirmed cannot be said" in text(
        row_of(assess(course), "D084")
    )
    assert overall(course, "[irecist]\nne_breaks_block = true") == ["iUPD", "NE", "iUPD"]


def test_the_sum_of_a_time_point_that_is_ne_may_become_the_nadir():
    new = {"N1": NEW}
    course = {0: {"T1": 100}, 56: {"T1": 100} | new, 112: {"T1": 50}, 168: {"T1": 61} | new}
    assert overall(course) == ["iUPD", "NE", "iPR"]
    assert last(course).nadir_mm == 100
    lowered = "[irecist]\nne_lowers_nadir = true"
    assert last(course, lowered).nadir_mm == 50
    assert overall(course, lowered) == ["iUPD", "NE", "iCPD"]


def test_of_two_time_points_of_one_day_an_ne_keeps_the_sum_of_the_other():
    rows = on_days({0: {"T1": 100}, 56: {"T1": 60}, 112: {"T1": 70}})
    rows += [replace(row, time_point="Z") for row in on_days({56: None})]
    result = assess_rows(rows)
    assert row_of(result, "D112").nadir_mm == 60


def test_a_new_target_without_a_length_is_not_evaluable():
    row = last({0: {"T1": 100}, 56: {"T1": 125, "N1": NEW}, 112: {"T1": 90, "N1": "UNEQUIVOCAL"}})
    assert row.overall_response == "NE"


# ------------------------------------------------------------------------------- what is said


def test_the_sentence_of_an_iupd_has_the_numbers_and_when_it_can_be_confirmed():
    row = last({0: {"T1": 100}, 56: {"T1": 125}})
    assert row.reasons[0].text == (
        "iUPD: sum 125 mm is +25.00 % and +25 mm over the nadir of 100 mm on 2025-01-01 "
        "(Table 2, I-01)"
    )
    assert "a scan from 2025-03-26 on can confirm the iUPD of 2025-02-26, best by 2025-04-23" in (
        text(row)
    )
    assert "RECIST 1.1 by itself says PD" in text(row)


def test_all_that_makes_an_iupd_is_named():
    known = {"T1": 100, "P1": "PRESENT"}
    row = last({0: known, 56: {"T1": 125, "P1": UP, "N1": NEW}})
    for said in ("sum 125 mm", "unequivocal progression of P1", "new lesion N1"):
        assert said in row.reasons[0].text
    assert (row.target_response, row.non_target_response) == ("iUPD", "iUPD")


def test_clinical_status_is_recorded_and_changes_nothing():
    course = {0: {"T1": 100}, 56: {"T1": 125}, 112: {"T1": 125}}
    row = last(course, said={112: {"clinical_status": "declining"}})
    assert row.overall_response == "iUPD"
    assert "clinical status: declining; it does not change the category" in text(row)


def test_non_target_disease_only_has_its_own_codes():
    course = {0: {"P1": "PRESENT"}, 56: {"P1": "PRESENT"}, 112: {"P1": UP}, 168: {"P1": "ABSENT"}}
    rows = assess(course).assessments[1:]
    assert [row.overall_response for row in rows] == ["NON-iCR/NON-iUPD", "iUPD", "iCR"]
    assert [row.non_target_response for row in rows] == ["NON-iCR/NON-iUPD", "iUPD", "iCR"]
    assert {row.target_response for row in rows} == {""}


def test_what_no_person_confirmed_is_provisional_from_there_on():
    rows = on_days({0: {"T1": 100}, 56: {"T1": 125}})
    rows[1] = replace(rows[1], provisional="matched by the program")
    result = assess_rows(rows)
    assert [row.status for row in result.assessments] == [Status.CONFIRMED, Status.PROVISIONAL]


# -------------------------------------------------------------------------------- persistence


def test_ipr_is_kept_only_until_the_next_iupd():
    carried = '[rules]\npr_persistence = "eortc_carry_forward"'
    course = {0: {"T1": 100}, 56: {"T1": 70}, 112: {"T1": 80}, 168: {"T1": 100}, 224: {"T1": 80}}
    assert overall(course, carried) == ["iPR", "iPR", "iUPD", "iSD"]
    assert overall(course) == ["iPR", "iSD", "iUPD", "iSD"]


def test_ipr_may_be_kept_only_once_confirmed():
    course = {0: {"T1": 100}, 56: {"T1": 70}, 112: {"T1": 70}, 168: {"T1": 80}}
    confirmed = '[rules]\npr_persistence = "carry_after_confirmed"'
    assert overall(course, confirmed) == ["iPR", "iPR", "iPR"]
    del course[112]
    assert overall(course, confirmed) == ["iPR", "iSD"]
