"""A reader's word that a lesion is gone, or cannot be read, is heard of the PET it was said of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders import finding, lesion
from pet_courses import BASE, ONE, assess, both, course, liver, read, rows, seen
from small_patients import Ball, Visit, write_patient
from test_pet_job import LIVER, Clinic, write_pet

from response.model import Finding
from response.pet import OUTSIDE_PET
from response.pipeline import assess_all
from response.terms import Event, LesionState, Role

ABSENT, UNREADABLE = LesionState.ABSENT, LesionState.NOT_EVALUABLE


def say(state: LesionState, of: str, marks: list[Finding]) -> list[Finding]:
    """The marks of a lesion, those of one modality called so."""
    return [replace(f, state=state) if f.modality == of else f for f in marks]


def call_gone(event: Event = Event.RESOLVED, reason: str = "") -> list[Finding]:
    """A lesion without a mark that a person calls absent."""
    return [finding("L1", "F1", event, state=ABSENT, reason=reason)]


def after(marks: list[Finding], **study: object):
    """The row of the first follow-up and its category."""
    made = course(ONE, [BASE, marks], liver("B"), liver("F1"))
    points = both("B"), both("F1", **study)
    return read(made, *points)["L1", "F1"], assess(made, *points)[0]


@pytest.mark.parametrize("complete", [True, False])
def test_a_mark_on_the_pet_called_absent_is_at_background(complete: bool) -> None:
    row, (category, _) = after(say(ABSENT, "PT", seen("L1", "F1", 1.5)), complete=complete)
    assert (row.state, row.diameter_mm, category) == (ABSENT, None, "CMR")


def test_a_lesion_without_a_mark_called_absent_needs_a_pet_that_was_read() -> None:
    assert after(call_gone(), complete=False)[0].state is ABSENT
    row, (category, _) = after(call_gone(), unread="PT")
    assert (row.state, category) == (UNREADABLE, "NE")


@pytest.mark.parametrize(
    ("event", "reason"),
    [(Event.RESOLVED, OUTSIDE_PET), (Event.NOT_IMAGED, "outside the field of this scan")],
)
def test_a_lesion_called_absent_needs_a_pet_that_shows_its_place(event: Event, reason: str) -> None:
    row, (category, _) = after(call_gone(event, reason))
    assert (row.state, row.reason, category) == (UNREADABLE, reason, "NE")


def test_a_lesion_called_absent_on_ct_and_marked_on_pet_keeps_its_uptake() -> None:
    row, (category, status) = after(say(ABSENT, "CT", seen("L1", "F1", 4.0)))
    assert (row.state, category, status) == (None, "PMR", "provisional")
    assert "called absent on another series, yet marked on the PET" in row.provisional


def test_a_word_on_the_ct_s_mark_alone_says_nothing_of_a_pet_nobody_read() -> None:
    row, (category, _) = after(say(ABSENT, "CT", seen("L1", "F1", None)), unread="PT")
    assert (row.state, category) == (UNREADABLE, "NE")


def test_a_refused_suv_is_not_made_good_by_a_word() -> None:
    row, _ = after(say(ABSENT, "PT", seen("L1", "F1", 1.5)), suv_refused="weight is missing")
    assert (row.state, row.reason) == (UNREADABLE, "no SUV: weight is missing")


def test_a_mark_on_the_pet_called_not_evaluable_has_no_uptake() -> None:
    row, (category, _) = after(say(UNREADABLE, "PT", seen("L1", "F1", 4.0)))
    assert (row.state, dict(row.extra), category) == (UNREADABLE, {}, "NE")


@pytest.mark.parametrize("state", [ABSENT, UNREADABLE, LesionState.UNEQUIVOCAL_PROGRESSION])
def test_what_is_said_of_a_non_target_on_the_pet_is_its_state(state: LesionState) -> None:
    two = [*ONE, lesion("L2", Role.NON_TARGET)]
    base = [*BASE, *seen("L2", "B", 5.0, Event.BASELINE)]
    later = [*seen("L1", "F1", 4.0), *say(state, "PT", seen("L2", "F1", 5.0))]
    made = course(two, [base, later], liver("B"), liver("F1"))
    assert read(made, both("B"), both("F1", complete=False))["L2", "F1"].state is state


def test_a_lesion_called_absent_does_not_speak_for_what_split_off_it() -> None:
    two = [*ONE, lesion("L2", Role.TARGET, part_of="L1")]
    made = course(two, [BASE, [*call_gone(), *seen("L2", "F1", 9.0)]], liver("B"), liver("F1"))
    found = [r for r in rows(made, both("B"), both("F1"))[0] if r.time_point == "F1"]
    assert [(r.lesion, r.state, "sul_peak" in r.extra) for r in found] == [("L1", None, True)]


@pytest.mark.slow
@pytest.mark.parametrize(("said", "category"), [("ABSENT", "CMR"), ("", "PMR")])
def test_a_row_of_lesions_csv_on_the_pet_is_heard_in_the_whole_job(
    tmp_path: Path, said: str, category: str
) -> None:
    ball: Ball = ((90.0, 100.0, 70.0), 14.0)
    visits = [
        Visit("T0", "2025-01-06", {1: ball}),
        Visit("T1", "2025-03-06", {1: ball}, shift=(2.0, 0.0, 0.0)),
    ]
    manifest = write_patient(tmp_path, "S1", visits)
    for visit, suv in zip(visits, (8.0, 1.5), strict=True):
        spheres = {2: (ball, suv), 9: (LIVER, 2.0)}
        manifest.append(write_pet(tmp_path, visit, spheres, marks_complete="false"))
    rows_of = ["subject,time_point,modality,label,role,organ,state"]
    rows_of += [f"S1,{v.time_point},PT,9,REFERENCE,liver," for v in visits]
    rows_of += ["S1,T0,CT,1,TARGET,lung,", f"S1,T1,PT,2,,,{said}"]
    clinic = Clinic(tmp_path, manifest, "\n".join(rows_of) + "\n")
    subjects = clinic.store.read_subjects()
    assess_all(clinic.workspace, clinic.store, subjects, actor="test", criterion="percist10")
    (result,) = clinic.store.read_results("S1", "percist10")
    clinic.store.close()
    assert result.assessments[-1].overall_response == category
