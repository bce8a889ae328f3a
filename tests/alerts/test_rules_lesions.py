"""New lesions, lesions that are seen again, the first one under surveillance."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from alert_pictures import course, look, nothing, picture, row, told
from builders import DAYS, READER, finding, lesion, tracking

from response.alerts.facts import Picture, Scanned
from response.alerts.rules.all_rules import evaluate
from response.model import (
    Alert,
    Finding,
    Lesion,
    LesionReading,
    Registration,
    Subject,
    SubjectFacts,
)
from response.protocol import Protocol
from response.terms import Event, LesionState, Role, Severity

RULES = ("new_lesion", "first_lesion", "reappeared")
KNOWN = course((0, "50"), (8, "50"), (16, "50"), (24, "50"))


def new(week: float, state: LesionState | str, name: str = "X1") -> LesionReading:
    return row(name, week, state, Role.NEW)


def said(*rows: LesionReading) -> list[tuple[str, str]]:
    return told(look(picture([*KNOWN, *rows]), 24, *RULES))


# ------------------------------------------------------------------------------------ from tables


def test_an_equivocal_new_lesion_waits_for_a_call() -> None:
    (alert,) = look(picture([*KNOWN, new(8, LesionState.EQUIVOCAL)]), 24, *RULES)
    assert (alert.rule, alert.severity, alert.tracking_id) == ("new_lesion", Severity.HIGH, "X1")
    assert "equivocal" in alert.text
    assert "waits for a reader's call" in alert.text
    assert not alert.provisional


@pytest.mark.parametrize("state", [LesionState.UNEQUIVOCAL, LesionState.UNEQUIVOCAL_PROGRESSION])
def test_an_unequivocal_new_lesion_waits_for_nobody(state: LesionState) -> None:
    (alert,) = look(picture([*KNOWN, new(8, state)]), 24, *RULES)
    assert "waits" not in alert.text


def test_a_new_lesion_that_was_measured_is_there_by_its_readers_word() -> None:
    (alert,) = look(picture([*KNOWN, new(8, "12.0")]), 24, *RULES)
    assert (alert.numbers, "waits" in alert.text) == ({"diameter_mm": "12.0"}, False)


def test_a_new_lesion_is_told_once_from_where_it_was_seen_first() -> None:
    rows = [new(week, LesionState.UNEQUIVOCAL) for week in (8, 16, 24)]
    assert said(*rows) == [("new_lesion", "W8")]


def test_a_call_later_ends_the_waiting_not_the_alert() -> None:
    waits = look(picture([*KNOWN, new(8, LesionState.EQUIVOCAL)]), 24, *RULES)
    rows = [new(8, LesionState.EQUIVOCAL), new(16, LesionState.UNEQUIVOCAL)]
    called = look(picture([*KNOWN, *rows]), 24, *RULES)
    assert [one.alert_id for one in waits] == [one.alert_id for one in called]
    assert "waits" not in called[0].text


def test_an_equivocal_lesion_called_absent_never_was_one() -> None:
    assert said(new(8, LesionState.EQUIVOCAL), new(16, LesionState.ABSENT)) == []
    assert said(new(8, LesionState.ABSENT)) == []
    rows = [LesionState.EQUIVOCAL, LesionState.ABSENT, LesionState.EQUIVOCAL]
    weeks = zip((8, 16, 24), rows, strict=True)
    assert said(*(new(week, state) for week, state in weeks)) == [("new_lesion", "W24")]


def test_an_unequivocal_lesion_that_went_away_was_new_all_the_same() -> None:
    rows = [new(8, LesionState.UNEQUIVOCAL), new(16, LesionState.ABSENT)]
    assert said(*rows) == [("new_lesion", "W8")]
    rows.append(new(24, LesionState.UNEQUIVOCAL))
    assert said(*rows) == [("new_lesion", "W8"), ("reappeared", "W24")]


def test_what_was_not_evaluable_is_neither_new_nor_gone() -> None:
    assert said(new(8, LesionState.NOT_EVALUABLE)) == []
    rows = [new(8, LesionState.EQUIVOCAL), new(16, LesionState.NOT_EVALUABLE)]
    assert said(*rows) == [("new_lesion", "W8")]


@pytest.mark.parametrize("gone", [LesionState.ABSENT, "0"])
def test_a_target_that_was_gone_and_is_measured_again_reappeared(gone: LesionState | str) -> None:
    rows = [row("T1", 0, "20"), row("T1", 8, gone), row("T1", 16, "4"), row("T1", 24, "6")]
    assert told(look(picture(rows), 24, *RULES)) == [("reappeared", "W16")]


def test_a_lesion_gone_by_a_reading_without_any_disease_can_reappear() -> None:
    rows = [*course((0, "20"), (16, "8")), nothing(8)]
    assert told(look(picture(rows), 24, *RULES)) == [("reappeared", "W16")]


def test_a_non_target_that_is_present_again_reappeared() -> None:
    states = [LesionState.PRESENT, LesionState.ABSENT, LesionState.PRESENT]
    rows = [
        row("N1", week, state, Role.NON_TARGET)
        for week, state in zip((0, 8, 16), states, strict=True)
    ]
    assert said(*rows) == [("reappeared", "W16")]


def test_a_lesion_that_was_not_assessed_was_not_gone() -> None:
    rows = [row("T1", 0, "20"), row("T1", 8, LesionState.NOT_EVALUABLE), row("T1", 16, "20")]
    assert told(look(picture(rows), 24, *RULES)) == []


@pytest.mark.parametrize(("size", "back"), [("9.9", False), ("10", True)])
def test_a_node_has_reappeared_only_from_10_mm_on(size: str, back: bool) -> None:
    sizes = [(0, "16"), (8, LesionState.ABSENT), (16, size)]
    rows = [row("T1", week, one, node=True) for week, one in sizes]
    assert bool(look(picture(rows), 24, *RULES)) is back


def test_under_surveillance_the_first_lesion_has_a_rule_of_its_own() -> None:
    rows = [
        nothing(0),
        nothing(8),
        new(16, LesionState.UNEQUIVOCAL),
        new(24, LesionState.UNEQUIVOCAL),
        new(24, LesionState.EQUIVOCAL, "X2"),
    ]
    seen = look(picture(rows), 24, *RULES)
    assert told(seen) == [("first_lesion", "W16"), ("new_lesion", "W24")]
    assert {one.severity for one in seen} == {Severity.HIGH}


def test_a_baseline_that_was_not_evaluable_is_no_surveillance() -> None:
    rows = [nothing(0, LesionState.NOT_EVALUABLE), new(8, LesionState.UNEQUIVOCAL)]
    assert told(look(picture(rows, criteria=()), 24, *RULES)) == [("new_lesion", "W8")]


def test_what_was_seen_before_the_baseline_is_history() -> None:
    rows = [row("T1", -8, LesionState.ABSENT), *course((0, "20"), (8, "20"))]
    assert told(look(picture(rows, criteria=()), 24, *RULES)) == []


# ------------------------------------------------------------------------------------ from images

TARGET = lesion("L0", Role.TARGET), finding("L0", "B", Event.BASELINE, "20.0")
UNTRUSTED = Registration(
    *("r1", "k1", "S1", "CT", "", "a", "b", "B", "F1", "t", "d"),
    *(1.0, 0.9, 0.0, False, "low similarity", "ants", "{}", 4.0),
)


def find(
    lesions: list[Lesion], findings: list[Finding], *registrations: Registration
) -> tuple[Alert, ...]:
    """The alerts of lesions on images, beside a target that was there at the baseline."""
    made = tracking([TARGET[0], *lesions], [TARGET[1], *findings])
    scanned = tuple(Scanned(name, day) for name, day in DAYS.items())
    subject = Subject("S1", "opaque", SubjectFacts("S1"))
    seen = Picture(subject, scanned, (), (made,), (), registrations)
    return evaluate([seen], DAYS["F3"], Protocol())


NEW = lesion("L1", Role.NEW)


def test_a_lesion_found_by_matching_is_provisional_until_it_is_called() -> None:
    (waits,) = find([NEW], [finding("L1", "F1", Event.NEW, "11.0")])
    assert waits.provisional
    called = finding("L1", "F1", Event.NEW, "11.0", state=LesionState.UNEQUIVOCAL)
    (alert,) = find([NEW], [called])
    assert not alert.provisional
    assert alert.alert_id == waits.alert_id


def test_a_lesion_without_a_role_yet_is_new_too() -> None:
    (alert,) = find([lesion("L1", None)], [finding("L1", "F1", Event.NEWLY_IMAGED, "11.0")])
    assert alert.rule == "new_lesion"
    assert "no earlier scan shows" in alert.text


def test_a_lesion_called_absent_where_it_was_found_never_was_one() -> None:
    row_ = finding("L1", "F1", Event.NEW, "11.0", state=LesionState.ABSENT, needs_review=True)
    assert find([NEW], [row_]) == ()


def test_a_call_on_the_mark_of_another_series_counts() -> None:
    rows = [
        finding("L1", "F1", Event.NEW, "11.0"),
        replace(
            finding("L1", "F1", Event.NEW, "11.0", state=LesionState.UNEQUIVOCAL), modality="PT"
        ),
    ]
    (alert,) = find([NEW], rows)
    assert "waits" not in alert.text


def test_a_new_lesion_that_resolved_uncalled_still_waits() -> None:
    rows = [finding("L1", "F1", Event.NEW, "11.0"), finding("L1", "F2", Event.RESOLVED)]
    (alert,) = find([NEW], rows)
    assert (alert.rule, alert.time_point) == ("new_lesion", "F1")


def test_a_lesion_that_matching_calls_reappeared_alerts() -> None:
    rows = [
        finding("L1", "B", Event.BASELINE, "15.0"),
        finding("L1", "F1", Event.RESOLVED),
        finding("L1", "F2", Event.REAPPEARED, "9.0", needs_review=True),
    ]
    (alert,) = find([lesion("L1", Role.TARGET)], rows)
    assert (alert.rule, alert.time_point, alert.provisional) == ("reappeared", "F2", True)


def test_the_short_axis_of_a_node_is_told() -> None:
    node = lesion("L1", Role.NEW, node=True)
    (alert,) = find([node], [finding("L1", "F1", Event.NEW, "21.0", short="12.0")])
    assert alert.numbers == {"diameter_mm": "12.0"}


def test_what_an_untrusted_registration_reached_says_so() -> None:
    found = find([NEW], [finding("L1", "F1", Event.NEW, "11.0")], UNTRUSTED)
    assert {one.rule: one.untrusted for one in found} == {
        "new_lesion": True,
        "registration_review": True,
    }
    (trusted,) = find([NEW], [finding("L1", "F2", Event.NEW, "11.0")])
    assert not trusted.untrusted


def test_a_baseline_that_was_read_and_shows_none_is_surveillance() -> None:
    made = tracking([NEW], [finding("L1", "F2", Event.NEW, "11.0")])
    scanned = tuple(Scanned(name, day) for name, day in DAYS.items())
    seen = Picture(Subject("S1", "k", SubjectFacts("S1")), scanned, (), (made,))
    held = evaluate([seen], DAYS["F2"] + dt.timedelta(1), Protocol())
    (alert,) = (one for one in held if one.rule != "date_to_come")
    assert (alert.rule, alert.reader) == ("first_lesion", READER)


def test_a_match_in_doubt_asks_a_reader_and_a_new_lesion_asks_once() -> None:
    rows = [
        finding("L0", "F1", Event.PERSISTING, "20.0", needs_review=True, reason="two candidates"),
        finding("L1", "F1", Event.NEW, "11.0", needs_review=True),
    ]
    found = find([NEW], rows)
    assert told(found) == [("match_review", "F1"), ("new_lesion", "F1")]
    assert "two candidates" in next(one.text for one in found if one.rule == "match_review")


def nodes(*sizes: tuple[float, str]) -> Picture:
    """One target node, its short axis by week."""
    return picture([row("T1", week, size, node=True) for week, size in sizes])


def test_a_node_that_was_normal_and_is_pathological_again_has_reappeared() -> None:
    seen = nodes((0, "20"), (8, "8"), (16, "9.9"), (24, "10"), (32, "13"))
    (alert,) = look(seen, 32, "reappeared")
    assert (alert.rule, alert.time_point) == ("reappeared", "W24")
    assert "below 10 mm" in alert.text
    again = nodes((0, "20"), (8, "8"), (16, "11"), (24, "7"), (32, "12"))
    assert told(look(again, 32, "reappeared")) == [("reappeared", "W16"), ("reappeared", "W32")]


def test_a_node_that_never_was_pathological_before_or_normal_since_has_not() -> None:
    assert look(nodes((0, "8"), (8, "12")), 8, "reappeared") == ()
    assert look(nodes((0, "20"), (8, "10"), (16, "12")), 16, "reappeared") == ()


def test_a_node_on_images_that_was_normal_and_is_pathological_again_has_reappeared() -> None:
    node = replace(lesion("L1", Role.TARGET), node=True)
    rows = [
        finding("L1", "B", Event.BASELINE, "30.0", short="18.0"),
        finding("L1", "F1", Event.PERSISTING, "12.0", short="7.0"),
        finding("L1", "F2", Event.PERSISTING, "20.0", short="11.0"),
        finding("L1", "F3", Event.PERSISTING, "20.0", short="12.0"),
    ]
    scanned = tuple(Scanned(name, day) for name, day in DAYS.items())
    made = Picture(Subject("S1", "k", SubjectFacts("S1")), scanned, (), (tracking([node], rows),))
    found = [one for one in evaluate([made], DAYS["F3"], Protocol()) if one.rule == "reappeared"]
    assert [one.time_point for one in found] == ["F2"]


def test_a_new_lesion_of_an_irecist_trial_asks_for_confirmation() -> None:
    seen = picture([*KNOWN, new(8, LesionState.UNEQUIVOCAL)], criteria=["irecist"])
    protocol = Protocol.model_validate({"criterion": {"name": "irecist"}})
    (alert,) = look(seen, 8, "new_lesion", protocol=protocol)
    assert "iUPD, to be confirmed" in alert.suggestion
    (alert,) = look(seen, 8, "new_lesion")
    assert "is progression" in alert.suggestion
