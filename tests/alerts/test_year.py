"""A year in an afternoon: alerts equal the planted ones exactly, none missed, none twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from year_calendar import REFUSE, ZONE, Calendar
from year_clinic import Clinic
from year_cohort import KINDS, draw_patients
from year_mail import MailHouse
from year_patients import Plan
from year_trouble import draw_trouble, find_changes
from year_truth import (
    Happened,
    Key,
    Seen,
    expect_all,
    expect_chief,
    expect_silences,
    expect_ward,
    list_seen,
)

from response.alerts.record import AlertRecord
from response.model import Alert

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd.*")

MADE = {"raised", "reopened", "withdrawn", "resolved", "superseded"}


@dataclass
class Year:
    """A year that has been lived through, and what was planted in it."""

    clinic: Clinic
    records: Mapping[Key, AlertRecord]
    program: list[AlertRecord]
    happened: Mapping[Key, list[Happened]]
    seen: list[Seen]
    answers: list[int]

    @property
    def ids(self) -> Mapping[str, Key]:
        """The key of each alert of a patient, by id."""
        return {record.alert.alert_id: key for key, record in self.records.items()}

    def told(self, to: str) -> Mapping[Key, Counter[str]]:
        """What a recipient was told of the alerts of patients."""
        ids = self.ids
        found = self.clinic.mail.count_told(to)
        return {ids[alert_id]: told for alert_id, told in found.items() if alert_id in ids}


def key_of(alert: Alert) -> Key:
    return (alert.subject, alert.rule, alert.time_point, alert.tracking_id, alert.criterion)


def live(home: Path, plans: list[Plan], calendar: Calendar) -> Iterator[Year]:
    mail = MailHouse()
    clinic = Clinic(home, plans, calendar, mail)
    try:
        clinic.live()
        yield look(clinic)
    finally:
        clinic.store.close()
        mail.close()


def look(clinic: Clinic) -> Year:
    seen, answers = list_seen(clinic.calendar)
    planted = [one for plan in clinic.plans for one in plan.planted]
    records = clinic.store.alerts.read_records()
    own = [one for one in records if one.alert.subject]
    keys = [key_of(one.alert) for one in own]
    assert len(set(keys)) == len(keys), "the same fact has two alerts"
    return Year(
        clinic,
        dict(zip(keys, own, strict=True)),
        [one for one in records if not one.alert.subject],
        expect_all(planted, seen),
        seen,
        answers,
    )


def plan_small() -> tuple[list[Plan], Calendar]:
    """Twelve patients, under treatment for some weeks already, and 120 days."""
    begin, days = dt.date(2024, 10, 7), 120
    kinds = [kind for kind in KINDS if kind.course.__name__ in FEW]
    plans = draw_patients(2025, begin, 12, kinds=kinds, starts=range(-50, -30), latest=1)
    trouble = draw_trouble(2025, plans, days, kills=4, outages=3, doubles=2)
    busy = frozenset(action.day for plan in plans for action in plan.actions)
    return plans, Calendar(begin, days, trouble, busy)


def plan_whole() -> tuple[list[Plan], Calendar]:
    """Two hundred patients and a year."""
    begin, days = dt.date(2025, 1, 1), 365
    plans = draw_patients(2025, begin, 200)
    trouble = draw_trouble(2025, plans, days, kills=16, outages=10, doubles=6)
    return plans, Calendar(begin, days, trouble)


FEW = (
    *("response", "new_lesion", "first_lesion", "overdue", "near_and_early"),
    *("pseudoprogression", "wavering", "new_lesion_withdrawn"),
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("small", marks=pytest.mark.slow),
        pytest.param("whole", marks=[pytest.mark.heavy, pytest.mark.timeout(3600)]),
    ],
)
def year(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Year]:
    plans, calendar = plan_small() if request.param == "small" else plan_whole()
    changes = find_changes(calendar.begin, calendar.days, ZONE)
    assert len(changes) == (1 if request.param == "small" else 2)
    yield from live(tmp_path_factory.mktemp("year") / "home", plans, calendar)


def test_the_alerts_are_the_planted_ones_and_no_others(year: Year) -> None:
    missed = sorted(year.happened.keys() - year.records.keys())
    extra = sorted(year.records.keys() - year.happened.keys())
    assert (missed, extra) == ([], [])


def test_each_is_raised_and_ends_on_its_day(year: Year) -> None:
    wrong = {}
    for key, happened in year.happened.items():
        events = year.records[key].events if key in year.records else ()
        became = [(one.change.value, one.as_of) for one in events if one.change.value in MADE]
        planned = [(one.change, one.day) for one in happened]
        if became != planned:
            wrong[key] = (became, planned)
    assert wrong == {}


def test_what_takes_the_place_of_an_alert_is_what_was_planted(year: Year) -> None:
    rules = {one.alert.alert_id: one.alert.rule for one in year.records.values()}
    for plan in year.clinic.plans:
        for planted in plan.planted:
            record = year.records.get(planted.key)
            events = record.events if record else ()
            heirs = [rules[one.value] for one in events if one.change.value == "superseded"]
            assert all(heir == planted.heir for heir in heirs), planted


def test_every_withdrawal_says_why(year: Year) -> None:
    for record in year.records.values():
        assert all(one.note for one in record.events if one.change.value == "withdrawn")


def test_the_ward_is_told_of_each_once(year: Year) -> None:
    planted = {one.key: one for plan in year.clinic.plans for one in plan.planted}
    expected = {key: expect_ward(planted[key], made) for key, made in year.happened.items()}
    assert year.told("ward") == {key: told for key, told in expected.items() if told}


def test_the_chief_is_told_of_what_nobody_answered(year: Year) -> None:
    expected = {}
    for plan in year.clinic.plans:
        for one in plan.planted:
            made = year.happened.get(one.key, [])
            expected[one.key] = expect_chief(
                one, made, year.seen, year.answers, answered=plan.answered
            )
    assert year.told("chief") == {key: told for key, told in expected.items() if told}
    assert year.told("chief") or year.clinic.plans


def test_the_digest_tells_once_of_all_that_stood_for_two_days(year: Year) -> None:
    told = year.told("registry")
    for key, made in year.happened.items():
        openings = [n for n, one in enumerate(made) if one.change in ("raised", "reopened")]
        stood = sum(_stands(made, n) for n in openings)
        assert stood <= told.get(key, Counter())["open"] <= len(openings), key


def _stands(made: list[Happened], number: int) -> bool:
    end = made[number + 1].seen.step.true if number + 1 < len(made) else None
    return end is None or end - made[number].seen.step.true > dt.timedelta(days=5)


def test_only_grave_mail_comes_in_quiet_hours(year: Year) -> None:
    quiet = [one.subject for one in year.clinic.mail.unique().values() if one.quiet]
    assert [one for one in quiet if not one.startswith("[high]")] == []


def test_no_mail_names_a_patient_or_lesion(year: Year) -> None:
    names = {plan.subject.encode() for plan in year.clinic.plans} | {b"W1", b"W2", b"N1", b" mm"}
    for one in year.clinic.mail.arrived:
        assert not [name for name in names if name in one.raw]


def test_the_runner_is_missed_exactly_when_it_was_silent(year: Year) -> None:
    silent = [one for one in year.program if one.alert.rule == "runner_stopped"]
    found = [one.raised_on for one in silent]
    assert sorted(found) == sorted(expect_silences(year.clinic.calendar))
    assert all(one.ended for one in silent)


def test_a_dead_mail_server_is_told_where_something_waited(year: Year) -> None:
    outages = year.clinic.calendar.trouble.outages
    refused = {day for day, (_from, _to, how) in outages.items() if how == REFUSE}
    stopped = [one for one in year.program if one.alert.rule == "delivery_stopped"]
    days = [year.clinic.calendar.day_of(one.raised_on) for one in stopped]
    assert days
    assert len(set(days)) == len(days)
    assert set(days) <= refused
    assert all(one.ended for one in stopped)


def test_the_operator_is_told_once_of_all_that_stopped(year: Year) -> None:
    told = year.clinic.mail.count_told("operator")
    assert told == {one.alert.alert_id: Counter(open=1) for one in year.program}


def test_nothing_is_left_unsent_and_nothing_given_up(year: Year) -> None:
    outcomes = {posted.outcome for posted in year.clinic.store.alerts.read_outbox()}
    assert {str(one) for one in outcomes} == {"sent"}


def test_the_trouble_really_came(year: Year) -> None:
    assert {"later", "drop"} <= set(year.clinic.mail.answered)
    assert len(year.clinic.mail.arrived) > len(year.clinic.mail.unique())
    assert year.clinic.killed >= len(year.clinic.calendar.trouble.kills) / 2


def test_the_workspace_is_whole_at_the_end(year: Year) -> None:
    assert year.clinic.store.check() == ()
