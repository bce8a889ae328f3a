"""The heartbeat: when alerts were last evaluated and delivered, and what fails since when. Pure.

It is kept outside the database (:mod:`response.alerts.runner.beat_file`), so that a database that
cannot be opened is told as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

RUNNERS = ("run", "serve")
"""Evaluations made by a runner; others come by the way, after an ``assess``."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What the runner last did. Moments are UTC; ``None``: never, as far as is known.

    Attributes
    ----------
    last_evaluation_at, last_evaluation_as_of, by
        The last evaluation that went through, the day it looked at, and by what: ``run``,
        ``serve``, ``assess``.
    runner_at
        The last one by ``run`` or ``serve``: alerts are in use here.
    last_error, failing_since, evaluations_failed
        What the evaluations since then failed of, if they did: the kind of error only, the first
        of them, and how many in a row.
    last_delivery_at
        When a message was last delivered.
    failing
        Ways to recipients (``mail``, or a webhook's name) over which nothing gets through, and
        since when.
    dead_letters
        Messages that were given up and wait for a person.
    last_intake_at
        When a time point or measurement was last taken in.
    protocol_refused_since
        Since when ``protocol.toml`` cannot be read and the last one that could be is used.
    """

    last_evaluation_at: dt.datetime | None = None
    last_evaluation_as_of: dt.date | None = None
    by: str = ""
    runner_at: dt.datetime | None = None
    last_error: str = ""
    failing_since: dt.datetime | None = None
    evaluations_failed: int = 0
    last_delivery_at: dt.datetime | None = None
    failing: Mapping[str, dt.datetime] = field(default_factory=dict)
    dead_letters: int = 0
    last_intake_at: dt.datetime | None = None
    protocol_refused_since: dt.datetime | None = None

    @property
    def delivery_failing_since(self) -> dt.datetime | None:
        """Since when nothing gets through over some way."""
        return min(self.failing.values(), default=None)


def note_evaluation(
    beat: Beat,
    now: dt.datetime,
    as_of: dt.date,
    by: str,
    last_intake_at: dt.datetime | None,
) -> Beat:
    """Note an evaluation that went through.

    Examples
    --------
    >>> noon = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    >>> failed = note_failure(Beat(), noon, "StoreBusyError")
    >>> failed.evaluations_failed, note_evaluation(failed, noon, noon.date(), "run", None).by
    (1, 'run')
    """
    return replace(
        beat,
        last_evaluation_at=now,
        last_evaluation_as_of=as_of,
        by=by,
        runner_at=now if by in RUNNERS else beat.runner_at,
        last_error="",
        failing_since=None,
        evaluations_failed=0,
        last_intake_at=last_intake_at,
    )


def note_failure(beat: Beat, now: dt.datetime, error: str) -> Beat:
    """Note an evaluation that did not go through, and the kind of error."""
    return replace(
        beat,
        last_error=error,
        failing_since=beat.failing_since or now,
        evaluations_failed=beat.evaluations_failed + 1,
    )


def note_delivery(
    beat: Beat,
    now: dt.datetime,
    *,
    through: Iterable[str],
    closed: Iterable[str],
    known: Iterable[str],
    dead_letters: int,
) -> Beat:
    """Note a round of delivery.

    Parameters
    ----------
    through
        Ways over which a message was delivered in this round.
    closed
        Ways over which nothing got through: the server could not be reached, or let nobody in.
    known
        The ways of the protocol; a failure of another is forgotten.
    dead_letters
        How many messages are given up and wait for a person.
    """
    open_ways, shut = set(through), set(closed)
    failing = {way: since for way, since in beat.failing.items() if way in set(known)}
    failing = {way: since for way, since in failing.items() if way not in open_ways}
    for way in sorted(shut - open_ways):
        failing.setdefault(way, now)
    return replace(
        beat,
        last_delivery_at=now if open_ways else beat.last_delivery_at,
        failing=failing,
        dead_letters=dead_letters,
    )


def note_protocol(beat: Beat, now: dt.datetime, *, refused: bool) -> Beat:
    """Note whether ``protocol.toml`` could be read."""
    since = (beat.protocol_refused_since or now) if refused else None
    return replace(beat, protocol_refused_since=since)
