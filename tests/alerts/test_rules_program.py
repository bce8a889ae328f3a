"""What has stopped is told from its limit on, not before, and only where alerts are in use."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from alert_makers import make_settings

from response.alerts.rules.program import evaluate_program, is_in_use
from response.alerts.runner.beat import Beat
from response.alerts.settings import RULES, AlertSettings
from response.terms import Audience, Severity

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
SETTINGS = make_settings(time_zone="Europe/Zurich", intake_silent_days=7)
WELL = Beat(last_evaluation_at=NOON, runner_at=NOON, by="serve", last_intake_at=NOON)
CASES = {
    "silent": ("runner_stopped", WELL, dt.timedelta(hours=26)),
    "fails": ("runner_stopped", replace(WELL, failing_since=NOON), dt.timedelta(hours=2)),
    "mail": ("delivery_stopped", replace(WELL, failing={"mail": NOON}), dt.timedelta(hours=1)),
    "protocol": ("protocol_refused", replace(WELL, protocol_refused_since=NOON), dt.timedelta()),
    "intake": ("intake_stopped", WELL, dt.timedelta(days=7)),
}


def told(beat: Beat, now: dt.datetime, settings: AlertSettings = SETTINGS) -> list[str]:
    return [one.rule for one in evaluate_program(beat, now, settings)]


@pytest.mark.parametrize("what", CASES)
def test_it_is_told_from_its_limit_on(what: str) -> None:
    rule, beat, limit = CASES[what]
    assert rule in told(beat, NOON + limit)
    assert rule not in told(beat, NOON + limit - SECOND)
    assert rule not in told(beat, NOON + limit, make_settings(off=(rule,), intake_silent_days=7))
    assert rule in RULES


def test_it_is_for_operators_on_the_clinics_day_and_the_same_in_every_evaluation() -> None:
    late = replace(WELL, last_evaluation_at=NOON.replace(hour=21, minute=30))
    (first,) = evaluate_program(late, NOON + dt.timedelta(days=2), SETTINGS)
    (later,) = evaluate_program(late, NOON + dt.timedelta(days=3), SETTINGS)
    assert first == later
    assert (first.audience, first.severity, first.lasting) == (
        Audience.OPERATOR,
        Severity.HIGH,
        False,
    )
    assert first.date == dt.date(2026, 3, 4)  # 23:30 UTC is past midnight in Zurich
    assert "2026-03-02 22:30 CET" in first.text
    assert len(first.alert_id) == 16


def test_a_new_outage_is_a_new_alert() -> None:
    names = {
        evaluate_program(
            replace(WELL, last_evaluation_at=NOON + n * SECOND),
            NOON + dt.timedelta(days=2),
            SETTINGS,
        )[0].alert_id
        for n in range(3)
    }
    assert len(names) == 3


def test_who_only_assesses_now_and_then_is_not_told() -> None:
    by_the_way = replace(WELL, runner_at=None, by="assess")
    assert told(by_the_way, NOON + dt.timedelta(days=99), AlertSettings()) == []
    assert not is_in_use(Beat(), AlertSettings())
    assert is_in_use(Beat(), make_settings())


def test_intake_is_not_watched_unless_asked_for() -> None:
    settings = make_settings()
    assert "intake_stopped" not in told(WELL, NOON + dt.timedelta(days=400), settings)
