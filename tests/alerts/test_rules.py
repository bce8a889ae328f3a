"""Which facts alert, and how they are labelled."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from builders import DAYS, READER, finding, lesion, tracking

from response.alerts.facts import Picture, Scanned
from response.alerts.rules.all_rules import evaluate
from response.model import (
    Alert,
    Assessment,
    Reason,
    Registration,
    Subject,
    SubjectFacts,
    SubjectResult,
    SubjectSummary,
    Tracking,
)
from response.protocol import Protocol
from response.terms import Event, LesionState, NewLesion, Role, Status


def assessment(name: str, month: int, overall: str, status: Status) -> Assessment:
    day = dt.date(2025, month, 1)
    return Assessment(
        *("S1", "recist11", READER, name, day, None, None, None, None, "", "", None),
        overall,
        status,
        day,
        (Reason("X.1", f"{overall}: because"),),
    )


def result(*assessments: Assessment) -> SubjectResult:
    summary = SubjectSummary("S1", "recist11", READER, "", "", None, None, None, None, "", None)
    return SubjectResult(assessments, summary)


def look(
    results: list[SubjectResult],
    trackings: list[Tracking],
    registrations: list[Registration],
) -> tuple[Alert, ...]:
    scanned = tuple(Scanned(name, day) for name, day in DAYS.items())
    picture = Picture(
        Subject("S1", "opaque", SubjectFacts("S1")),
        scanned,
        tuple(results),
        tuple(trackings),
        (),
        tuple(registrations),
    )
    return evaluate([picture], DAYS["F3"], Protocol())


def test_the_alert_says_what_decided() -> None:
    row = replace(
        assessment("F1", 2, "PD", Status.CONFIRMED),
        target_response="SD",
        new_lesion=NewLesion.YES,
        reasons=(
            Reason("RECIST11.TARGET.SD", "SD: sum"),
            Reason("RECIST11.NEW.YES", "new lesion: unequivocal: L05"),
        ),
    )
    (alert,) = look([result(row)], [], [])
    assert alert.text == "PD at F1 on 2025-02-01: new lesion: unequivocal: L05"


def test_a_pet_that_waits_for_a_reference_is_listed() -> None:
    row = replace(
        assessment("F1", 2, "NE", Status.PROVISIONAL),
        reasons=(Reason("PERCIST10.REFERENCE.MISSING", "warning: F1 waits: none was marked"),),
    )
    (alert,) = look([result(row)], [], [])
    assert (alert.rule, alert.severity, alert.time_point) == ("reference_missing", "medium", "F1")
    assert alert.text == "F1 waits: none was marked"


def test_only_the_first_progression_alerts() -> None:
    rows = [
        assessment("F1", 2, "PD", Status.CONFIRMED),
        assessment("F2", 3, "PD", Status.CONFIRMED),
    ]
    (alert,) = look([result(*rows)], [], [])
    assert (alert.rule, alert.time_point, alert.severity) == ("progression", "F1", "high")


def test_a_progression_that_was_superseded_alerts_no_more() -> None:
    was = assessment("F1", 2, "PD", Status.CONFIRMED)
    now = replace(was, overall_response="SD", status=Status.PROVISIONAL, as_of=dt.date(2025, 9, 9))
    assert look([result(was, now)], [], []) == ()


@pytest.mark.parametrize("status", list(Status))
def test_a_provisional_progression_says_so(status: Status) -> None:
    (alert,) = look([result(assessment("F1", 2, "PD", status))], [], [])
    assert alert.provisional is (status is Status.PROVISIONAL)


@pytest.mark.parametrize("event", [Event.NEW, Event.NEWLY_IMAGED])
def test_a_new_finding_waits_for_a_call(event: Event) -> None:
    known = lesion("L0", Role.TARGET), finding("L0", "B", Event.BASELINE, "20.0")
    new = lesion("L1", Role.NEW), finding("L1", "F1", event, "11.0")
    (alert,) = look([], [tracking([known[0], new[0]], [known[1], new[1]])], [])
    assert alert.rule == "new_lesion"
    assert "waits for a reader's call" in alert.text


def test_a_called_new_lesion_alerts_without_waiting() -> None:
    row = finding("L1", "F1", Event.NEW, "11.0", state=LesionState.UNEQUIVOCAL)
    (alert,) = look([], [tracking([lesion("L1", Role.NEW)], [row])], [])
    assert alert.severity == "high"
    assert "waits" not in alert.text


def test_a_reappeared_lesion_alerts() -> None:
    made = tracking([lesion("L1", Role.TARGET)], [finding("L1", "F2", Event.REAPPEARED, "9.0")])
    (alert,) = look([], [made], [])
    assert (alert.rule, alert.severity) == ("reappeared", "high")


def test_an_untrusted_registration_alerts_and_a_trusted_one_does_not() -> None:
    good = Registration(
        *("r1", "k1", "S1", "CT", "", "a", "b", "B", "F1", "t", "d"),
        *(1.0, 0.9, 0.0, True, "", "ants", "{}", 4.0),
    )
    bad = replace(good, content_key="k2", trusted=False, reason="low similarity")
    (alert,) = look([], [], [good, bad])
    assert "low similarity" in alert.text


def test_the_same_facts_give_the_same_alerts() -> None:
    made = tracking([lesion("L1", Role.NEW)], [finding("L1", "F1", Event.NEW, "11.0")])
    assert look([], [made], []) == look([], [made, made], [])


def test_an_unconfirmed_progression_stands_until_it_is_confirmed() -> None:
    rows = [
        assessment("F1", 2, "iUPD", Status.CONFIRMED),
        assessment("F2", 3, "iUPD", Status.CONFIRMED),
        assessment("F3", 4, "iCPD", Status.CONFIRMED),
    ]
    (waits,), (sure,) = look([result(*rows[:2])], [], []), look([result(*rows)], [], [])
    assert (waits.time_point, sure.time_point) == ("F1", "F3")
    assert waits.alert_id != sure.alert_id
    assert waits.thread == sure.thread
    assert (waits.lasting, sure.lasting) == (False, True)


@pytest.mark.parametrize("overall", ["iSD", "iPR", "iCR", "NON-iCR/NON-iUPD"])
def test_an_unconfirmed_progression_that_a_scan_answered_stands_no_more(overall: str) -> None:
    rows = [
        assessment("F1", 2, "iUPD", Status.CONFIRMED),
        assessment("F2", 3, overall, Status.CONFIRMED),
    ]
    assert look([result(*rows)], [], []) == ()
    unseen = assessment("F2", 3, "NE", Status.CONFIRMED)
    assert len(look([result(rows[0], unseen)], [], [])) == 1
