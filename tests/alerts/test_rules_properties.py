"""What holds of the alerts of any course, in whatever order it is looked at."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from alert_pictures import course, look, on, picture, row
from builders import DAYS, finding, lesion, tracking
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import START, courses

from response.alerts.facts import Picture, Scanned, restrict
from response.alerts.rules.all_rules import evaluate
from response.alerts.rules.identity import make_alert_id
from response.alerts.settings import RULES
from response.assess import CRITERIA
from response.model import (
    Alert,
    Finding,
    Lesion,
    Reader,
    Registration,
    Subject,
    SubjectFacts,
)
from response.protocol import Protocol
from response.terms import Event, LesionState, Role

READERS = (Reader("INDEPENDENT ASSESSOR", "R1"), Reader("INDEPENDENT ASSESSOR", "R2"))
SLOWLY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
days = st.integers(0, 1200).map(lambda number: START + dt.timedelta(number))


@st.composite
def seen_by_two(draw: st.DrawFn, name: str) -> Picture:
    """A subject whom two readers read by any two criteria."""
    read = [draw(courses()) for _ in READERS]
    criteria = draw(
        st.lists(st.sampled_from(sorted(CRITERIA)), min_size=1, max_size=2, unique=True)
    )
    number = int(name.removeprefix("PATIENT-"))
    facts = SubjectFacts(
        name,
        treatment_start=draw(st.sampled_from([None, START])),
        death_date=draw(st.none() | days),
        new_therapy_date=draw(st.none() | days),
    )
    points = {one.time_point: one for _rows, said in read for one in said}
    return picture(
        *(rows for rows, _points in read),
        readers=READERS,
        criteria=criteria,
        facts=facts,
        points=list(points.values()),
        name=name,
        key=f"k{number}",
    )


SUBJECTS = st.tuples(seen_by_two("PATIENT-1"), seen_by_two("PATIENT-2"))


@SLOWLY
@given(seen=SUBJECTS, today=days, order=st.permutations([0, 1, 0, 1, 1]))
def test_neither_order_nor_repetition_changes_the_alerts(
    seen: Sequence[Picture], today: dt.date, order: list[int]
) -> None:
    once = evaluate(seen, today, Protocol())
    assert evaluate([seen[number] for number in order], today, Protocol()) == once
    assert len({one.alert_id for one in once}) == len(once)


@SLOWLY
@given(seen=SUBJECTS, today=days)
def test_an_alert_of_a_known_rule_names_no_patient_but_in_its_subject(
    seen: Sequence[Picture], today: dt.date
) -> None:
    for alert in evaluate(seen, today, Protocol()):
        assert alert.rule in RULES
        assert "PATIENT" not in f"{alert.alert_id} {alert.thread} {alert.text} {alert.suggestion}"
        assert len(alert.alert_id) == 16
        assert alert.text
        assert alert.suggestion


@SLOWLY
@given(seen=SUBJECTS, today=days)
def test_what_was_known_on_a_day_alerts_of_no_later_day(
    seen: Sequence[Picture], today: dt.date
) -> None:
    then = [restrict(one, today) for one in seen]
    assert all(one.date <= today for one in evaluate(then, today, Protocol()))


@st.composite
def images(draw: st.DrawFn) -> tuple[list[Lesion], list[Finding], list[Registration]]:
    """Whatever may have been found of lesions on images, sensible or not."""
    roles = st.sampled_from([*Role, None])
    names = [f"L{number}" for number in range(draw(st.integers(1, 3)))]
    lesions = [lesion(name, draw(roles), node=draw(st.booleans())) for name in names]
    made = []
    for name, time_point in itertools.product(names, DAYS):
        if not draw(st.booleans()):
            continue
        length = draw(st.sampled_from(["", "4.0", "12.0", "30.0"]))
        state = draw(st.sampled_from([None, *LesionState]))
        row_ = finding(name, time_point, draw(st.sampled_from(list(Event))), length, state=state)
        if row_.measurement is not None:
            peak = draw(st.sampled_from([None, 0.0, 2.0, 5.0]))
            row_ = replace(row_, measurement=replace(row_.measurement, sul_peak=peak))
        made.append(replace(row_, needs_review=draw(st.booleans())))
    doubtful = [
        Registration(
            *(name, name, "S1", "CT", "", "a", "b", "B", name, "t", "d"),
            *(1.0, 0.9, 0.0, draw(st.booleans()), "low similarity", "ants", "{}", 4.0),
        )
        for name in ("F1", "F2", "F9")
    ]
    return lesions, made, doubtful


@SLOWLY
@given(seen=images(), data=st.data())
def test_whatever_was_found_on_images_gives_the_same_alerts_in_any_order(
    seen: tuple[list[Lesion], list[Finding], list[Registration]], data: st.DataObject
) -> None:
    lesions, findings, registrations = seen
    scanned = tuple(Scanned(name, day) for name, day in DAYS.items())
    subject = Subject("S1", "k", SubjectFacts("S1"))

    def look_at(rows: list[Finding]) -> tuple[Alert, ...]:
        made = (tracking(lesions, rows),)
        one = Picture(subject, scanned, (), made, (), tuple(registrations))
        return evaluate([one], DAYS["F3"], Protocol())

    alerts = look_at(findings)
    assert look_at(data.draw(st.permutations(findings))) == alerts
    assert all(one.date <= DAYS["F3"] for one in alerts)


def test_the_name_of_an_alert_changes_with_all_it_is_made_of() -> None:
    told = {"criterion": "recist11", "line": "1", "lesion": "L1", "episode": "W8"}
    names = {make_alert_id("progression", "k", reader=READERS[0], **told)}
    names.add(make_alert_id("recurrence", "k", reader=READERS[0], **told))
    names.add(make_alert_id("progression", "k2", reader=READERS[0], **told))
    names.add(make_alert_id("progression", "k", reader=READERS[1], **told))
    names.add(make_alert_id("progression", "k", **told))
    for name in told:
        names.add(make_alert_id("progression", "k", reader=READERS[0], **{**told, name: "other"}))
    assert len(names) == 9


@pytest.mark.slow
def test_a_thousand_subjects_are_looked_at_in_seconds() -> None:
    weeks = range(0, 64, 8)
    rows = [
        *(row(f"T{n}", week, str(20 + week // 16)) for week in weeks for n in range(3)),
        *(row("X1", week, LesionState.EQUIVOCAL, Role.NEW) for week in (32, 40)),
    ]
    many = [
        picture(rows, criteria=("recist11", "irecist"), name=f"S{n}", key=f"k{n}")
        for n in range(1000)
    ]
    begun = time.process_time()
    found = evaluate(many, on(75), Protocol())
    assert time.process_time() - begun < 10
    assert len({one.subject for one in found}) == 1000


def test_a_day_later_nothing_is_forgotten_that_lasts() -> None:
    seen = picture(course((0, "50"), (8, "60"), (16, "80")))
    for week in (8, 16, 52):
        lasting = {one.alert_id for one in look(seen, week) if one.lasting}
        assert lasting == {one.alert_id for one in look(seen, week + 1) if one.lasting}
