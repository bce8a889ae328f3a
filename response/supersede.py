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
    standing: list[Assessment] = []
    for row in made:
        old = kept.pop((row.time_point, row.as_of), None)
        if old is None or _says(old) == _says(row):
            standing.append(row)
        else:
            standing += [old, replace(row, as_of=max(today, row.as_of))]
    standing += kept.values()
    return tuple(sorted(standing, key=lambda row: (row.date, row.time_point, row.as_of)))


def _says(row: Assessment) -> tuple[object, ...]:
    """Return what a person stood behind: the numbers, the categories, and that it was confirmed."""
    return (
        row.sum_of_diameters_mm,
        row.target_response,
        row.non_target_response,
        row.new_lesion,
        row.overall_response,
        row.status,
    )
