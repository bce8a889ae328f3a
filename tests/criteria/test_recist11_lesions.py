"""RECIST 1.1 over time: non-target and new lesions, whole time points, disease after CR."""

from __future__ import annotations

from decimal import Decimal

import pytest
from courses import assess, course, day, ids, overall, reading, row_of, text

from response.assess import assess_subject
from response.model import AssessedTimePoint, Reader, SubjectFacts
from response.protocol import Protocol
from response.terms import NewLesion, Status

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


def test_a_new_lesion_measured_and_not_called_is_one():
    """Its reader wrote it down as new, with its size."""
    row = row_of(assess(course(BL={"T1": 50}, W8={"T1": 50, "N1": 12})), "W8")
    assert (row.new_lesion, row.overall_response) == (NewLesion.YES, "PD")


@pytest.mark.parametrize("said", [None, "NOT_EVALUABLE"])
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


# ------------------------------------------------------------------------- non-target parts


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (("ABSENT", "UNEQUIVOCAL_PROGRESSION"), "PD"),
        (("PRESENT", "NOT_EVALUABLE"), "NE"),
        (("ABSENT", "PRESENT"), "NON-CR/NON-PD"),
        (("ABSENT", "ABSENT"), "CR"),
    ],
)
def test_a_non_target_lesion_is_as_bad_as_its_worst_part(parts, code):
    rows = course(BL={"T1": 20, "P1": "PRESENT"}, W8={"T1": 20})
    rows += [
        reading("W8", 56, "P1", said, part=name) for name, said in zip("ab", parts, strict=True)
    ]
    assert row_of(assess(rows), "W8").non_target_response == code
