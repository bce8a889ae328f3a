"""A category that a person confirmed is never rewritten: what is now said otherwise supersedes it.

Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
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
    last: dict[str, Assessment] = {}
    for row in made:
        if row.time_point not in last or row.as_of >= last[row.time_point].as_of:
            last[row.time_point] = row
    earlier = [row for row in made if row is not last[row.time_point]]
    standing = {(row.time_point, row.as_of): row for row in earlier} | kept
    for now in last.values():
        newest = _find_newest(kept.values(), now.time_point)
        placed = _place(now, newest, today)
        if placed is not None:
            # of one day the last word counts; the earlier one is in the store
            standing[placed.time_point, placed.as_of] = placed
    return tuple(sorted(standing.values(), key=lambda row: (row.date, row.time_point, row.as_of)))


def _place(now: Assessment, newest: Assessment | None, today: dt.date) -> Assessment | None:
    """Return the last word on a time point as it stands after what was confirmed.

    ``None``: that is what was confirmed last. What is said now stands even against a row that
    superseded it before.
    """
    if newest is None or now.as_of > newest.as_of:
        return now
    if _says(now) == _says(newest):
        return None
    return replace(now, as_of=max(today, newest.as_of))


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
