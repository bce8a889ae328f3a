"""Alerts of the program itself: the runner, the delivery or the intake has stopped. Pure.

They are for operators, and only where alerts are in use: somebody is told of them, or a runner has
evaluated them before. What an evaluation tells here is told by ``response alerts health`` where
there is none any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from response.alerts.beat import Beat
from response.alerts.identity import make_alert_id
from response.alerts.settings import AlertSettings
from response.model import Alert
from response.terms import Audience, Severity

FAILING_PATIENCE = dt.timedelta(hours=2)
"""How long evaluations may fail one after another; ours."""
DELIVERY_PATIENCE = dt.timedelta(hours=1)
"""How long a way to recipients may be closed: three attempts; ours."""


def evaluate_program(beat: Beat, now: dt.datetime, settings: AlertSettings) -> tuple[Alert, ...]:
    """Return the alerts of the program itself.

    Parameters
    ----------
    beat
        The heartbeat as it was before this evaluation.
    now
        This moment, with a time zone.
    settings
        The limits, and ``off``.
    """
    if not is_in_use(beat, settings):
        return ()
    found = (
        *_find_silence(beat, now, settings),
        *_find_failures(beat, now, settings),
        *_find_closed_ways(beat, now, settings),
        *_find_no_intake(beat, now, settings),
    )
    return tuple(one for one in found if one.rule not in settings.off)


def is_in_use(beat: Beat, settings: AlertSettings) -> bool:
    """Whether anybody relies on alerts here: one evaluation by hand after ``assess`` does not."""
    return bool(settings.recipients or settings.webhooks or beat.runner_at)


def _find_silence(beat: Beat, now: dt.datetime, settings: AlertSettings) -> Iterator[Alert]:
    last = beat.last_evaluation_at
    limit = dt.timedelta(hours=settings.runner_silent_hours)
    if last is None or now - last <= limit:
        return
    yield _make(
        "runner_stopped",
        Severity.HIGH,
        _find_day(last + limit, settings),
        last.isoformat(),
        f"alerts were not evaluated for more than {settings.runner_silent_hours} hours after "
        f"{_write(last, settings)}",
        "see that 'response alerts serve', or the timer of 'response alerts run', is at work",
        {"limit_hours": str(settings.runner_silent_hours)},
    )


def _find_failures(beat: Beat, now: dt.datetime, settings: AlertSettings) -> Iterator[Alert]:
    since = beat.failing_since
    if since is None or now - since <= FAILING_PATIENCE:
        return
    yield _make(
        "runner_stopped",
        Severity.HIGH,
        _find_day(since + FAILING_PATIENCE, settings),
        f"failing {since.isoformat()}",
        f"evaluations of alerts fail since {_write(since, settings)}: {beat.last_error}",
        "run 'response check' and 'response alerts run', and look at what they say",
    )


def _find_closed_ways(beat: Beat, now: dt.datetime, settings: AlertSettings) -> Iterator[Alert]:
    for way, since in sorted(beat.failing.items()):
        if now - since <= DELIVERY_PATIENCE:
            continue
        yield _make(
            "delivery_stopped",
            Severity.HIGH,
            _find_day(since + DELIVERY_PATIENCE, settings),
            f"{way} {since.isoformat()}",
            f"no message gets through to the {way} since {_write(since, settings)}",
            "see that the server is reachable; 'response alerts outbox' shows what waits and why",
        )


def _find_no_intake(beat: Beat, now: dt.datetime, settings: AlertSettings) -> Iterator[Alert]:
    last, days = beat.last_intake_at, settings.intake_silent_days
    if last is None or not days or now - last <= dt.timedelta(days=days):
        return
    yield _make(
        "intake_stopped",
        Severity.MEDIUM,
        _find_day(last + dt.timedelta(days=days), settings),
        last.isoformat(),
        f"nothing was taken in for more than {days} days after {_write(last, settings)}",
        "see that scans still arrive: 'response listen', or what runs 'response ingest'",
        {"limit_days": str(days)},
    )


def _make(
    rule: str,
    severity: Severity,
    day: dt.date,
    episode: str,
    text: str,
    suggestion: str,
    numbers: dict[str, str] | None = None,
) -> Alert:
    return Alert(
        alert_id=make_alert_id(rule, "", episode=episode),
        rule=rule,
        severity=severity,
        audience=Audience.OPERATOR,
        date=day,
        text=text,
        suggestion=suggestion,
        numbers=numbers or {},
        lasting=False,
    )


def _find_day(moment: dt.datetime, settings: AlertSettings) -> dt.date:
    return moment.astimezone(settings.zone).date()


def _write(moment: dt.datetime, settings: AlertSettings) -> str:
    return moment.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M %Z")
