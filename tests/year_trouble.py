"""What goes wrong in a simulated year, on days on which it matters: drawn once, by a seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from year_calendar import (
    BEFORE,
    CALM,
    COMMIT,
    DROP,
    KEPT,
    LATER,
    PROCESS,
    PROCESSES,
    REFUSE,
    SENT,
    THREADS,
    Trouble,
)
from year_patients import Plan

OUTAGES = ((6, 21, REFUSE), (13, 23, LATER), (17, 20, DROP), (6, 24, REFUSE), (17, 24, LATER))
KILLS = (
    (SENT, PROCESS),
    (KEPT, CALM),
    (COMMIT, PROCESS),
    (BEFORE, CALM),
    (SENT, CALM),
    (KEPT, PROCESS),
    (COMMIT, CALM),
    (BEFORE, PROCESS),
)
DOUBLES = (THREADS, PROCESSES)


def draw_trouble(
    seed: int, plans: Sequence[Plan], days: int, *, kills: int, outages: int, doubles: int
) -> Trouble:
    """Draw days of trouble among those on which something is found, and jumps of the clock."""
    chosen = iter(_choose(random.Random(seed), plans, days))
    stop = days // 2
    ahead, behind = days // 3, 2 * days // 3
    return Trouble(
        jumps=dict.fromkeys(range(ahead, ahead + 3), 1) | dict.fromkeys((behind, behind + 1), -1),
        outages={next(chosen): OUTAGES[n % len(OUTAGES)] for n in range(outages)},
        kills={next(chosen): KILLS[n % len(KILLS)] for n in range(kills)},
        doubles={next(chosen): DOUBLES[n % len(DOUBLES)] for n in range(doubles)},
        idle=frozenset(range(stop, stop + 3)),
    )


def _choose(chance: random.Random, plans: Sequence[Plan], days: int) -> list[int]:
    """Put days in an order of chance: first those whose records say something new."""
    spells = [one for plan in plans for planted in plan.planted for one in planted.spells]
    found = {one.seen for one in spells if one.due is None}
    ended = {one.gone for one in spells if one.gone is not None} - found
    parts = [sorted(day for day in part if 0 < day < days - 5) for part in (found, ended)]
    for part in parts:
        chance.shuffle(part)
    return [*parts[0], *parts[1]]


def find_changes(begin: dt.date, days: int, zone: dt.tzinfo) -> list[dt.date]:
    """Find the days on which the clocks of a zone change."""
    dates = [begin + dt.timedelta(n) for n in range(days)]
    noons = [dt.datetime.combine(one, dt.time(12), tzinfo=zone).utcoffset() for one in dates]
    return [dates[n] for n in range(1, days) if noons[n] != noons[n - 1]]
