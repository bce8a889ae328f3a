"""Quiet hours and digest times by the clinic's clock, as moments. Pure.

A local time that daylight saving leaves out moves forward by what is left out; one that comes twice
is taken once, the first time.

Examples
--------
>>> from zoneinfo import ZoneInfo
>>> zurich = ZoneInfo("Europe/Zurich")
>>> find_moment(dt.date(2026, 3, 29), "02:30", zurich).astimezone(zurich).time()
datetime.time(3, 30)
>>> find_moment(dt.date(2026, 10, 25), "02:30", zurich).isoformat()
'2026-10-25T00:30:00+00:00'
"""

from __future__ import annotations

import datetime as dt

from response.alerts.settings import AlertSettings

DAY = dt.timedelta(days=1)


def find_moment(day: dt.date, clock: str, zone: dt.tzinfo) -> dt.datetime:
    """Find the moment (UTC) of a local time ``HH:MM`` on a day."""
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=zone).astimezone(dt.UTC)


def find_quiet_end(now: dt.datetime, settings: AlertSettings) -> dt.datetime | None:
    """Find when the quiet hours end that a moment lies in; ``None``: it lies in none."""
    begin, end = settings.quiet_from, settings.quiet_to
    if begin == end:
        return None
    today = now.astimezone(settings.zone).date()
    ends = []
    for day in (today - DAY, today, today + DAY):
        last = find_moment(day if begin < end else day + DAY, end, settings.zone)
        if find_moment(day, begin, settings.zone) <= now < last:
            ends.append(last)
    return min(ends, default=None)


def find_last_digest(now: dt.datetime, settings: AlertSettings) -> dt.datetime:
    """Find the last moment at or before now that a digest was due."""
    today = now.astimezone(settings.zone).date()
    due = find_moment(today, settings.digest_at, settings.zone)
    if due > now:
        due = find_moment(today - DAY, settings.digest_at, settings.zone)
    return due
