"""What holds of the alerts of any course, in whatever order it is looked at."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

import pytest
from alert_pictures import course, look, on, picture, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import START, courses

from response.alerts.facts import Picture, restrict
from response.alerts.identity import make_alert_id
from response.alerts.rules import evaluate
from response.alerts.settings import RULES
from response.assess import CRITERIA
from response.model import Reader, SubjectFacts
from response.protocol import Protocol
from response.terms import LesionState, Role

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
    begun = time.perf_counter()
    found = evaluate(many, on(75), Protocol())
    assert time.perf_counter() - begun < 30
    assert len({one.subject for one in found}) == 1000


def test_a_day_later_nothing_is_forgotten_that_lasts() -> None:
    seen = picture(course((0, "50"), (8, "60"), (16, "80")))
    for week in (8, 16, 52):
        lasting = {one.alert_id for one in look(seen, week) if one.lasting}
        assert lasting == {one.alert_id for one in look(seen, week + 1) if one.lasting}
