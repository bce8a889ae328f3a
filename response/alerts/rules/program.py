"""What the program itself must be looked at for: runner, delivery or intake has stopped. Pure.

Each is told to operators as an alert by whatever evaluates next, and by ``response alerts health``
where nothing does any more. Only where alerts are in use: somebody is to be told of them, or a
runner has evaluated them before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from response.alerts.rules.identity import make_alert_id
from response.alerts.runner.beat import Beat
from response.alerts.settings import AlertSettings
from response.model import Alert
from response.terms import Audience, Severity

FAILING_PATIENCE = dt.timedelta(hours=2)
"""How long evaluations may fail one after another; ours."""
DELIVERY_PATIENCE = dt.timedelta(hours=1)
"""How long a way to recipients may be closed: four attempts; ours."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that has stopped.

    Attributes
    ----------
    rule
        By which it alerts.
    since
        When it began.
    due_at
        From when it is told.
    episode
        What tells one outage from another of the same rule.
    """

    rule: str
    severity: Severity
    since: dt.datetime
    due_at: dt.datetime
    episode: str
    text: str
    suggestion: str
    numbers: Mapping[str, str] = field(default_factory=dict)


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
    return tuple(_make_alert(one, settings) for one in find_problems(beat, now, settings))


def find_problems(beat: Beat, now: dt.datetime, settings: AlertSettings) -> tuple[Problem, ...]:
    """Find what has stopped for longer than it may."""
    if not is_in_use(beat, settings):
        return ()
    found = (
        *_find_silence(beat, settings),
        *_find_failures(beat, settings),
        *_find_refused_protocol(beat, settings),
        *_find_closed_ways(beat, settings),
        *_find_no_intake(beat, settings),
    )
    return tuple(one for one in found if now >= one.due_at and one.rule not in settings.off)


def is_in_use(beat: Beat, settings: AlertSettings) -> bool:
    """Whether anybody relies on alerts here; looking at them after an ``assess`` is not enough."""
    return bool(settings.recipients or settings.webhooks or beat.runner_at)


def _find_silence(beat: Beat, settings: AlertSettings) -> Iterator[Problem]:
    last, hours = beat.last_evaluation_at, settings.runner_silent_hours
    if last is not None:
        yield Problem(
            "runner_stopped",
            Severity.HIGH,
            since=last,
            due_at=last + dt.timedelta(hours=hours),
            episode=last.isoformat(),
            text=f"no evaluation of alerts for more than {hours} hours after "
            f"{write_moment(last, settings)}",
            suggestion="see that 'response alerts serve', or what calls 'response alerts run', is "
            "at work",
            numbers={"limit_hours": str(hours)},
        )


def _find_failures(beat: Beat, settings: AlertSettings) -> Iterator[Problem]:
    since = beat.failing_since
    if since is not None:
        yield Problem(
            "runner_stopped",
            Severity.HIGH,
            since=since,
            due_at=since + FAILING_PATIENCE,
            episode=f"failing {since.isoformat()}",
            text=f"every evaluation of alerts has failed since {write_moment(since, settings)}: "
            f"{beat.last_error}",
            suggestion="run 'response check' and 'response alerts run', and see what they say",
        )


def _find_refused_protocol(beat: Beat, settings: AlertSettings) -> Iterator[Problem]:
    since = beat.protocol_refused_since
    if since is not None:
        yield Problem(
            "protocol_refused",
            Severity.HIGH,
            since=since,
            due_at=since,
            episode=since.isoformat(),
            text=f"protocol.toml cannot be read since {write_moment(since, settings)}: alerts are "
            "evaluated by the last one that could be",
            suggestion="run 'response protocol --protocol protocol.toml': it lists what is wrong",
        )


def _find_closed_ways(beat: Beat, settings: AlertSettings) -> Iterator[Problem]:
    for way, since in sorted(beat.failing.items()):
        yield Problem(
            "delivery_stopped",
            Severity.HIGH,
            since=since,
            due_at=since + DELIVERY_PATIENCE,
            episode=f"{way} {since.isoformat()}",
            text=f"no message gets through to {way} since {write_moment(since, settings)}",
            suggestion="see that it can be reached; 'response alerts outbox' shows what waits",
        )


def _find_no_intake(beat: Beat, settings: AlertSettings) -> Iterator[Problem]:
    last, days = beat.last_intake_at, settings.intake_silent_days
    if last is not None and days:
        yield Problem(
            "intake_stopped",
            Severity.MEDIUM,
            since=last,
            due_at=last + dt.timedelta(days=days),
            episode=last.isoformat(),
            text=f"nothing was taken in for more than {days} days after "
            f"{write_moment(last, settings)}",
            suggestion="see that scans still arrive: 'response listen', or what calls "
            "'response ingest'",
            numbers={"limit_days": str(days)},
        )


def write_moment(moment: dt.datetime, settings: AlertSettings) -> str:
    """Write a moment by the clinic's clock."""
    return moment.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M %Z")


def _make_alert(one: Problem, settings: AlertSettings) -> Alert:
    return Alert(
        alert_id=make_alert_id(one.rule, "", episode=one.episode),
        rule=one.rule,
        severity=one.severity,
        audience=Audience.OPERATOR,
        date=one.due_at.astimezone(settings.zone).date(),
        text=one.text,
        suggestion=one.suggestion,
        numbers=one.numbers,
        lasting=False,
    )
