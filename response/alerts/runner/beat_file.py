"""The heartbeat's file, ``alerts-beat.json`` in the workspace: replaced whole, for its owner only.

A damaged file counts as no heartbeat, and is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from response.alerts.runner.beat import Beat
from response.alerts.runner.lock import hold_lock
from response.alerts.runner.small_file import DamagedFileError, read_small, write_small
from response.errors import AlertError

NAME = "alerts-beat.json"
LOCK = "alerts-beat.lock"
WAIT_S = 5.0

DAMAGED = f"{NAME} was damaged: when alerts were last evaluated is not known"


def read_beat(home: Path) -> tuple[Beat, str]:
    """Read the heartbeat of a workspace; an empty one where there is none.

    Returns
    -------
    Beat
    str
        A warning where the file is damaged; else empty.
    """
    try:
        content = read_small(home / NAME)
        return (_decode(content) if content is not None else Beat()), ""
    except DamagedFileError:
        return Beat(), DAMAGED


def change_beat(home: Path, change: Callable[[Beat], Beat]) -> bool:
    """Change the heartbeat of a workspace; two changes at once both count.

    Returns
    -------
    bool
        Whether it was written. Where it cannot be (a full disk), the old one grows stale and is
        told as silence: no evaluation is lost for it.
    """
    try:
        with hold_lock(home / LOCK, wait_s=WAIT_S):
            before, _warning = read_beat(home)
            after = change(before)
            if after != before:
                write_small(home / NAME, _encode(after))
    except (OSError, AlertError):
        return False
    return True


def _encode(beat: Beat) -> Mapping[str, object]:
    day = beat.last_evaluation_as_of
    return {
        "last_evaluation_at": _write(beat.last_evaluation_at),
        "last_evaluation_as_of": day.isoformat() if day else None,
        "by": beat.by,
        "runner_at": _write(beat.runner_at),
        "last_error": beat.last_error,
        "failing_since": _write(beat.failing_since),
        "evaluations_failed": beat.evaluations_failed,
        "last_delivery_at": _write(beat.last_delivery_at),
        "failing": {way: _write(since) for way, since in beat.failing.items()},
        "dead_letters": beat.dead_letters,
        "last_intake_at": _write(beat.last_intake_at),
        "protocol_refused_since": _write(beat.protocol_refused_since),
    }


def _decode(content: Mapping[str, object]) -> Beat:
    try:
        day = content.get("last_evaluation_as_of")
        failing = content.get("failing", {})
        if not isinstance(failing, dict):
            raise ValueError("failing")
        since = {str(way): _read(moment) for way, moment in failing.items()}
        return Beat(
            last_evaluation_at=_read(content.get("last_evaluation_at")),
            last_evaluation_as_of=dt.date.fromisoformat(str(day)) if day else None,
            by=str(content.get("by", "")),
            runner_at=_read(content.get("runner_at")),
            last_error=str(content.get("last_error", "")),
            failing_since=_read(content.get("failing_since")),
            evaluations_failed=_count(content.get("evaluations_failed", 0)),
            last_delivery_at=_read(content.get("last_delivery_at")),
            failing={way: moment for way, moment in since.items() if moment},
            dead_letters=_count(content.get("dead_letters", 0)),
            last_intake_at=_read(content.get("last_intake_at")),
            protocol_refused_since=_read(content.get("protocol_refused_since")),
        )
    except (ValueError, OverflowError):
        raise DamagedFileError(f"{NAME}: damaged") from None


def _write(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat() if moment else None


def _read(value: object) -> dt.datetime | None:
    if value is None:
        return None
    moment = dt.datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(dt.UTC)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count")
    return value
