"""Whether alerts are at work, judged without the database: that may be what has failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from response.alerts.delivery.routing import Addressee, list_addressees
from response.alerts.rules.program import Problem, find_problems, is_in_use, write_moment
from response.alerts.rules.words import name_rule
from response.alerts.runner.beat import Beat
from response.alerts.runner.beat_file import read_beat
from response.alerts.runner.last_protocol import read_protocol_or_last
from response.alerts.settings import AlertSettings
from response.terms import Audience, Severity
from response.workspace import Workspace

CLOCK_PATIENCE = dt.timedelta(minutes=10)
"""How far the heartbeat may be dated ahead of the clock."""

NO_OPERATOR = (
    "no recipient or webhook has the audience operator: nobody is told when alerts, mail or intake "
    "stop"
)


@dataclass(frozen=True, slots=True)
class Health:
    """How the alerts of a workspace are at work.

    Attributes
    ----------
    in_use
        Whether anybody relies on alerts here.
    problems
        What has stopped; empty: all is well.
    settings
        Those that alerts are evaluated by.
    """

    at: dt.datetime
    in_use: bool
    beat: Beat
    problems: tuple[Problem, ...]
    settings: AlertSettings

    @property
    def has_operator(self) -> bool:
        """Whether anybody is told of what has stopped."""
        return bool(list_operators(self.settings))


def list_operators(settings: AlertSettings) -> tuple[Addressee, ...]:
    """List who is told of the program itself."""
    everybody = list_addressees(settings)
    return tuple(one for one in everybody if Audience.OPERATOR in one.audiences)


def check_health(workspace: Workspace, now: dt.datetime) -> Health:
    """Judge by the heartbeat and the protocol, whatever rules are off as alerts."""
    protocol, refused = read_protocol_or_last(workspace)
    beat, damage = read_beat(workspace.home)
    settings = protocol.alerts.model_copy(update={"off": ()})
    in_use = is_in_use(beat, settings) or bool(damage)
    found = [one for one in find_problems(beat, now, settings) if one.rule != "protocol_refused"]
    if refused:
        found.append(_refuse_protocol(beat, now, refused))
    if damage:
        found.append(_find_other("damaged", now, damage))
    elif in_use:
        found += _find_strange(beat, now, settings)
    return Health(now, in_use, beat, tuple(found), settings)


def describe_problem(one: Problem, now: dt.datetime) -> str:
    """Say in one line what has stopped, how long ago, and what to do."""
    ago = _write_span(now - one.since)
    return f"{name_rule(one.rule)}: {one.text}{ago}; {one.suggestion}"


def _write_span(span: dt.timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    if hours < 1:
        return ""
    return f" ({hours} h ago)" if hours < 72 else f" ({hours // 24} days ago)"


def _refuse_protocol(beat: Beat, now: dt.datetime, refused: str) -> Problem:
    since = beat.protocol_refused_since or now
    return Problem(
        "protocol_refused",
        Severity.HIGH,
        since=since,
        due_at=since,
        episode="protocol",
        text=f"{refused}; alerts go by the last protocol that could be read",
        suggestion="correct protocol.toml",
    )


def _find_strange(beat: Beat, now: dt.datetime, settings: AlertSettings) -> Iterator[Problem]:
    last = beat.last_evaluation_at
    if last is None:
        yield _find_other("never", now, "alerts have never been evaluated here")
    elif last > now + CLOCK_PATIENCE:
        words = f"the last evaluation is dated {write_moment(last, settings)}, ahead of the clock"
        yield _find_other("ahead", now, words)
    if beat.dead_letters:
        yield Problem(
            "delivery_stopped",
            Severity.HIGH,
            since=now,
            due_at=now,
            episode="dead letters",
            text=f"{beat.dead_letters} messages were given up (dead letters)",
            suggestion="'response alerts outbox' shows why; 'response alerts retry' sends again",
        )


def _find_other(episode: str, now: dt.datetime, text: str) -> Problem:
    return Problem(
        "runner_stopped",
        Severity.HIGH,
        since=now,
        due_at=now,
        episode=episode,
        text=text,
        suggestion="see that 'response alerts serve', or what calls 'response alerts run', is at "
        "work",
    )
