"""A category that a person confirmed is never rewritten: what is now said otherwise supersedes it.

Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from response.model import Assessment
from response.terms import Status


def supersede_confirmed(
    former: Iterable[Assessment], made: Iterable[Assessment], today: dt.date
) -> tuple[Assessment, ...]:
    """Return what stands after a new assessment: confirmed rows as they were, and what is new.

    Parameters
    ----------
    former
        The assessments that stood until now.
    made
        Those that the facts as they are now give.
    today
        The ``as_of`` of a row that differs from a confirmed one of the same time point.
    """
    kept = {
        (row.time_point, row.as_of): row
        for row in former
        if row.status is Status.CONFIRMED and row.overall_response
    }
    standing: list[Assessment] = []
    said: dict[str, Assessment] = {}
    for row in made:
        now = row
        old = kept.pop((row.time_point, row.as_of), None)
        if old is None or _says(old) == _says(row):
            standing.append(row)
        elif _says(_find_newest(kept.values(), row.time_point) or old) == _says(row):
            standing.append(old)
        else:
            now = replace(row, as_of=max(today, row.as_of))
            standing += [old, now]
        if row.time_point not in said or now.as_of >= said[row.time_point].as_of:
            said[row.time_point] = now
    standing += _settle(said, list(kept.values()), today)
    return tuple(sorted(standing, key=lambda row: (row.date, row.time_point, row.as_of)))


def _settle(
    said: Mapping[str, Assessment], left: list[Assessment], today: dt.date
) -> list[Assessment]:
    """Return the confirmed rows left over, and what supersedes those that are later than it.

    What is said now stands even against a row that superseded it before; of one day the last
    word counts, the earlier one is in the store.
    """
    for name, now in said.items():
        newest = _find_newest(left, name)
        if newest is None or _says(now) == _says(newest):
            continue
        left = [row for row in left if (row.time_point, row.as_of) != (name, now.as_of)]
        if now.as_of <= newest.as_of:
            again = replace(now, as_of=max(today, newest.as_of))
            left = [row for row in left if (row.time_point, row.as_of) != (name, again.as_of)]
            if again.as_of != now.as_of:
                left.append(again)
    return left


def _find_newest(rows: Iterable[Assessment], time_point: str) -> Assessment | None:
    """Return the row of a time point that was said last."""
    own = [row for row in rows if row.time_point == time_point]
    return max(own, key=lambda row: row.as_of, default=None)


def _says(row: Assessment) -> tuple[object, ...]:
    """Return what a person stood behind: day, numbers and categories, and that it was confirmed."""
    return (
        row.date,
        row.sum_of_diameters_mm,
        row.target_response,
        row.non_target_response,
        row.new_lesion,
        row.overall_response,
        row.status,
    )
