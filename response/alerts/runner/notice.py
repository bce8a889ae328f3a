"""Tell operators over the channels what has stopped, past the runner, outbox and database.

Each is told once of each outage; what could not be told is tried by the next call. Who was told is
kept in ``alerts-notice.json``. What a runner that is at work tells as an alert is left to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace

from response.alerts.delivery.routing import Addressee
from response.alerts.delivery.sending import Sender
from response.alerts.delivery.words import find_gravest, make_link
from response.alerts.rules.program import Problem
from response.alerts.rules.words import name_rule
from response.alerts.runner.health import Health, describe_problem, list_operators
from response.alerts.runner.lock import hold_lock
from response.alerts.runner.small_file import DamagedFileError, read_small, write_small
from response.errors import AlertError
from response.model import AlertMessage
from response.terms import Channel, Outcome
from response.workspace import Workspace

NAME = "alerts-notice.json"
LOCK = "alerts-notice.lock"
WAIT_S = 90.0
"""How long to wait for another call that is telling."""


@dataclass(frozen=True, slots=True)
class Outage:
    """When an outage was first seen, and who was told of it."""

    seen_at: str
    told: tuple[str, ...] = ()


Known = dict[str, Outage]
"""Outages by name."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What came of telling operators: whom, and what failed."""

    told: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def notify_operators(
    workspace: Workspace, health: Health, senders: Mapping[Channel, Sender]
) -> Notice:
    """Tell operators of every outage that they have not been told of.

    A disk that takes nothing may be what has failed: then they are told all the same, each time.
    """
    with ExitStack() as stack:
        with suppress(AlertError):
            if not stack.enter_context(hold_lock(workspace.home / LOCK, wait_s=WAIT_S)):
                return Notice(failed=("operators: another call is telling them now",))
        return _notify(workspace, health, senders)


def _notify(workspace: Workspace, health: Health, senders: Mapping[Channel, Sender]) -> Notice:
    problems = [one for one in health.problems if not _is_told_by_runner(one, health)]
    known = _read_known(workspace)
    new = Outage(health.at.isoformat())
    known = {key: known.get(key, new) for key in map(_name_outage, problems)}
    operators = list_operators(health.settings)
    reached: list[str] = []
    failed: list[str] = []
    for one in operators:
        detail = _tell(one, problems, known, health, senders)
        if detail:
            failed.append(f"{one.name}: {detail}")
        elif detail is not None:
            reached.append(one.name)
            _write_known(workspace, known)
    if problems and not operators:
        failed.append("anybody")
    if not _write_known(workspace, known):
        failed.append("anybody only once: who was told cannot be written")
    return Notice(tuple(reached), tuple(failed))


def _tell(
    one: Addressee,
    problems: Sequence[Problem],
    known: Known,
    health: Health,
    senders: Mapping[Channel, Sender],
) -> str | None:
    """Tell one operator what is new to them; ``None``: nothing is. Else what went wrong."""
    name = f"{one.channel.value} {one.name}"
    news = {
        key: problem
        for key, problem in zip(map(_name_outage, problems), problems, strict=True)
        if name not in known[key].told
    }
    if not news:
        return None
    outages = sorted(f"{key} {known[key].seen_at}" for key in news)
    message_id = _digest(one.channel.value, one.name, *outages)
    message = _write(one, message_id, list(news.values()), health)
    reply = senders[one.channel].send(message, health.at)
    if reply.outcome is not Outcome.SENT:
        return reply.detail or "not sent"
    for key in news:
        known[key] = replace(known[key], told=(*known[key].told, name))
    return ""


def _write(
    one: Addressee, message_id: str, news: Sequence[Problem], health: Health
) -> AlertMessage:
    gravest = find_gravest(problem.severity for problem in news)
    more = f" and {len(news) - 1} more" if len(news) > 1 else ""
    parts = ["Alerts of the response tracker need an operator."]
    parts += [describe_problem(problem, health.at) for problem in news]
    link = make_link(health.settings)
    parts += [f"All alerts: {link}"] if link else []
    return AlertMessage(
        message_id=message_id,
        at=health.at,
        not_before=health.at,
        channel=one.channel,
        recipient=one.name,
        alert_ids=(),
        title=f"[{gravest.value}] {name_rule(news[0].rule)}{more}",
        body="\n\n".join(parts) + "\n",
    )


def _is_told_by_runner(one: Problem, health: Health) -> bool:
    """Whether an evaluation has gone through since it was due: it was raised as an alert then."""
    last = health.beat.last_evaluation_at
    alive = last is not None and not health.beat.evaluations_failed
    return alive and last is not None and one.due_at <= last <= health.at


def _name_outage(one: Problem) -> str:
    return _digest(one.rule, one.episode)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _read_known(workspace: Workspace) -> Known:
    """Read which outages there were; of a damaged file, none: they are told again."""
    try:
        content = read_small(workspace.home / NAME) or {}
        return {key: _read_outage(value) for key, value in content.items()}
    except (DamagedFileError, TypeError, KeyError):
        return {}


def _read_outage(value: object) -> Outage:
    if not isinstance(value, dict):
        raise TypeError("no outage")
    return Outage(str(value["seen_at"]), tuple(str(name) for name in value["told"]))


def _write_known(workspace: Workspace, known: Known) -> bool:
    content = {key: asdict(outage) for key, outage in known.items()}
    try:
        if content or (workspace.home / NAME).exists():
            write_small(workspace.home / NAME, content)
    except OSError:
        return False
    return True
