"""One fact, one alert: raised once, kept up to date, ended only by its facts."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from alert_makers import NOON, make_alert
from hypothesis import given
from hypothesis import strategies as st

from response.alerts.ledger import (
    Changes,
    Evaluation,
    apply_changes,
    describe_difference,
    reconcile,
)
from response.alerts.record import AlertRecord
from response.model import Alert, AlertEvent
from response.terms import AlertChange, AlertState, Severity

DAY = NOON.date()
Records = dict[str, AlertRecord]
PROGRESSION = make_alert("progression-1")
OVERDUE = make_alert("overdue-1", rule="scan_overdue", lasting=False, thread="follow-up")
ENDS = (AlertChange.RESOLVED, AlertChange.WITHDRAWN, AlertChange.SUPERSEDED)


def look(
    standing: Mapping[str, AlertRecord],
    *holding: Alert,
    on: int = 0,
    seen_until: dt.date = dt.date.max,
    unknown: Sequence[str] = (),
    off: Sequence[str] = (),
) -> tuple[Records, Changes]:
    """Evaluate on a day so many days after the first; return what stands then and the changes."""
    moment, numbers = NOON + dt.timedelta(on), itertools.count()
    seen = Evaluation(
        holding, moment.date(), moment, seen_until, frozenset(unknown), frozenset(off)
    )
    made = reconcile(standing, seen, lambda: f"{on}-{next(numbers)}", lambda a: f"{a.rule} gone")
    return apply_changes(standing, made), made


def answer(records: Records, alert_id: str, change: AlertChange, value: str = "") -> Records:
    event = AlertEvent(f"p-{change}", alert_id, NOON, DAY, change, "anna", "", value)
    return apply_changes(records, Changes(events=(event,)))


def told(made: Changes) -> list[tuple[str, AlertChange]]:
    return [(event.alert_id, event.change) for event in made.events]


def test_a_fact_is_raised_once() -> None:
    records, made = look({}, PROGRESSION)
    assert told(made) == [("progression-1", AlertChange.RAISED)]
    assert look(records, PROGRESSION, on=1)[1] == Changes()


def test_a_changed_fact_updates_its_alert_and_says_what_it_was() -> None:
    records, _ = look({}, PROGRESSION)
    now = replace(PROGRESSION, text="PD: sum 44.0 mm at Week24", numbers={"sum_mm": "44.0"})
    records, made = look(records, now, on=1)
    assert told(made) == [("progression-1", AlertChange.UPDATED)]
    assert made.alerts == (now,)
    assert made.events[0].note == "was: PD: sum 43.5 mm at Week24"
    assert records["progression-1"].state_on(DAY) is AlertState.OPEN


def test_a_corrected_fact_withdraws_its_alert_with_what_the_facts_say_now() -> None:
    records, _ = look({}, PROGRESSION)
    records, made = look(records, on=1)
    assert told(made) == [("progression-1", AlertChange.WITHDRAWN)]
    assert made.events[0].note == "the facts no longer say so: progression gone"
    assert records["progression-1"].ended
    assert look(records, on=2)[1] == Changes()


def test_a_condition_that_ends_is_resolved() -> None:
    records, _ = look({}, OVERDUE)
    assert told(look(records, on=1)[1]) == [("overdue-1", AlertChange.RESOLVED)]


def test_an_ended_alert_whose_facts_return_is_open_again() -> None:
    records, _ = look({}, PROGRESSION)
    records, _ = look(records, on=1)
    records, made = look(records, PROGRESSION, on=2)
    assert told(made) == [("progression-1", AlertChange.REOPENED)]
    assert records["progression-1"].state_on(DAY) is AlertState.OPEN


def test_the_next_chapter_of_a_story_supersedes_the_one_before() -> None:
    near = make_alert("near-1", rule="near_progression", severity=Severity.MEDIUM, lasting=False)
    records, _ = look({}, near)
    records, made = look(records, PROGRESSION, on=1)
    assert told(made) == [
        ("progression-1", AlertChange.RAISED),
        ("near-1", AlertChange.SUPERSEDED),
    ]
    assert made.events[1].value == "progression-1"


def test_the_story_of_another_subject_supersedes_nothing() -> None:
    of_another = replace(PROGRESSION, alert_id="progression-2", subject="P2", subject_key="k2")
    records, _ = look({}, PROGRESSION)
    made = look(records, of_another, on=1)[1]
    assert told(made)[1] == ("progression-1", AlertChange.WITHDRAWN)


def test_what_held_before_takes_nobodys_place() -> None:
    near = make_alert("near-1", rule="near_progression", lasting=False)
    records, _ = look({}, near, PROGRESSION)
    made = look(records, PROGRESSION, on=1)[1]
    assert told(made) == [("near-1", AlertChange.RESOLVED)]


def test_an_acknowledged_alert_stays_so_until_its_facts_end() -> None:
    records, _ = look({}, PROGRESSION)
    records = answer(records, "progression-1", AlertChange.ACKNOWLEDGED)
    records, made = look(records, PROGRESSION, on=1)
    assert made == Changes()
    records, made = look(records, replace(PROGRESSION, text="PD: sum 44.0 mm"), on=2)
    assert told(made) == [("progression-1", AlertChange.UPDATED)]
    assert records["progression-1"].state_on(DAY) is AlertState.ACKNOWLEDGED
    assert look(records, on=3)[0]["progression-1"].ended


def test_an_answered_alert_that_grows_graver_is_open_again() -> None:
    low = replace(PROGRESSION, severity=Severity.LOW)
    records, _ = look({}, low)
    for change, value in ((AlertChange.ACKNOWLEDGED, ""), (AlertChange.SNOOZED, "2027-01-01")):
        answered = answer(records, "progression-1", change, value)
        made = look(answered, PROGRESSION, on=1)[1]
        assert told(made) == [("progression-1", AlertChange.REOPENED)]
        assert made.events[0].note == "graver than what was answered: low → high"


def test_a_clock_set_back_leaves_conditions_as_the_later_day_left_them() -> None:
    records, _ = look({}, OVERDUE, on=1)
    assert look(records, on=0)[1] == Changes()
    resolved, _ = look(records, on=2)
    assert look(resolved, OVERDUE, on=0)[1] == Changes()
    assert told(look(records, on=2)[1]) == [("overdue-1", AlertChange.RESOLVED)]


def test_a_clock_set_back_keeps_no_correction_from_withdrawing() -> None:
    records, _ = look({}, PROGRESSION, on=1)
    assert told(look(records, on=0)[1]) == [("progression-1", AlertChange.WITHDRAWN)]


def test_an_answer_given_on_a_later_day_keeps_nothing_from_ending() -> None:
    records, _ = look({}, OVERDUE)
    event = AlertEvent(
        "p", "overdue-1", NOON, DAY + dt.timedelta(99), AlertChange.ACKNOWLEDGED, "anna"
    )
    records = apply_changes(records, Changes(events=(event,)))
    assert told(look(records, on=1)[1]) == [("overdue-1", AlertChange.RESOLVED)]


def test_what_a_replayed_day_cannot_see_is_left_alone() -> None:
    of_later = replace(PROGRESSION, date=DAY + dt.timedelta(5))
    records, _ = look({}, of_later)
    on_the_day = DAY + dt.timedelta(1)
    assert look(records, on=1, seen_until=on_the_day)[1] == Changes()
    assert told(look(records, on=1)[1]) == [("progression-1", AlertChange.WITHDRAWN)]


def test_nothing_ends_because_nobody_could_look() -> None:
    records, _ = look({}, PROGRESSION)
    assert look(records, on=1, unknown=[PROGRESSION.subject])[1] == Changes()


def test_a_rule_that_is_switched_off_is_not_said_to_have_been_wrong() -> None:
    records, _ = look({}, PROGRESSION)
    made = look(records, on=1, off=["progression"])[1]
    assert told(made) == [("progression-1", AlertChange.RESOLVED)]
    assert made.events[0].note == "progression is switched off"


def test_a_difference_is_said_in_words() -> None:
    now = replace(PROGRESSION, provisional=True, untrusted=True, severity=Severity.MEDIUM)
    assert describe_difference(PROGRESSION, now) == (
        "high → medium; provisional; rests on an untrusted registration"
    )


# --------------------------------------------------------------------------------- whatever comes

ALERTS = st.builds(
    make_alert,
    st.sampled_from("abcdef"),
    severity=st.sampled_from(Severity),
    lasting=st.booleans(),
    thread=st.sampled_from(["", "growth", "follow-up"]),
    subject=st.sampled_from(["P1", "P2"]),
    text=st.sampled_from(["one", "two"]),
)
HOLDING = st.lists(ALERTS, max_size=6)
PERSONS = st.sampled_from([AlertChange.ACKNOWLEDGED, AlertChange.SNOOZED, AlertChange.NOTED, None])


@given(st.lists(st.tuples(HOLDING, PERSONS), min_size=1, max_size=8))
def test_whatever_comes_what_stands_is_what_holds(
    course: list[tuple[list[Alert], AlertChange | None]],
) -> None:
    records: Records = {}
    for day, (holding, person) in enumerate(course):
        before = {one for one, record in records.items() if not record.ended}
        records, made = look(records, *holding, on=day)
        ids = {alert.alert_id for alert in holding}
        assert {one for one, record in records.items() if not record.ended} == ids
        changed = [event.alert_id for event in made.events]
        assert len(changed) == len(set(changed))
        ended = {e.alert_id: e for e in made.events if e.change in ENDS}
        assert set(ended) == before - ids
        check_ends(ended, records, made)
        assert look(records, *holding, on=day)[1] == Changes()
        for alert_id in sorted(ids)[:1]:
            if person is not None:
                records = answer(records, alert_id, person, "2030-01-01")


def check_ends(ended: Mapping[str, AlertEvent], records: Records, made: Changes) -> None:
    """An alert ends the way its kind does; or gives way to a new one of its story."""
    begun = {e.alert_id for e in made.events if e.change is AlertChange.RAISED}
    begun |= {e.alert_id for e in made.events if e.change is AlertChange.REOPENED}
    for alert_id, event in ended.items():
        alert = records[alert_id].alert
        if event.change is AlertChange.SUPERSEDED:
            heir = records[event.value].alert
            assert event.value in begun
            assert (heir.subject, heir.thread) == (alert.subject, alert.thread)
            assert alert.thread
        else:
            how = AlertChange.WITHDRAWN if alert.lasting else AlertChange.RESOLVED
            assert event.change is how


@given(HOLDING, HOLDING, st.randoms())
def test_the_order_of_facts_changes_nothing(
    first: list[Alert], then: list[Alert], chance: object
) -> None:
    records, _ = look({}, *first)
    shuffled = [*then]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    turned = dict(reversed(records.items()))
    assert look(turned, *shuffled, on=1)[1] == look(records, *then, on=1)[1]


def test_a_condition_that_a_correction_took_away_is_withdrawn() -> None:
    records, _ = look({}, OVERDUE)
    seen = Evaluation((), DAY, NOON)
    made = reconcile(records, seen, lambda: "1", was_corrected=lambda _alert: True)
    assert told(made) == [("overdue-1", AlertChange.WITHDRAWN)]


def test_what_holds_of_a_subject_that_cannot_be_evaluated_opens_again() -> None:
    records, _ = look({}, OVERDUE)
    records, _ = look(records, on=1)
    made = look(records, OVERDUE, on=2, unknown=[OVERDUE.subject])[1]
    assert told(made) == [("overdue-1", AlertChange.REOPENED)]


def test_a_clock_that_was_years_ahead_binds_nothing() -> None:
    records, _ = look({}, OVERDUE)
    records, made = look(records, on=3650)
    assert told(made) == [("overdue-1", AlertChange.RESOLVED)]
    assert told(look(records, OVERDUE, on=1)[1]) == [("overdue-1", AlertChange.REOPENED)]
