"""What contradicts itself across time points: one file under two of them, dates in two tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from response.ingest.sources import Plan, TimePointSource
from response.ingest.tables import LesionRow, Problem
from response.model import SubjectFacts, TimePoint

Known = Mapping[str, Sequence[TimePoint]]
"""The time points stored already, by subject."""


def refuse_duplicates(plan: Plan, known: Known) -> None:
    """Refuse a scan that is, byte for byte, the scan of another time point of its subject.

    The earlier one stays (what is stored already, else the earlier date), as a copied row whose
    path was not changed is the usual cause; the other one's reason names it.
    """
    owners = {
        (subject, scan.image_digest): time_point.time_point
        for subject, time_points in known.items()
        for time_point in time_points
        for scan in time_point.scans
    }
    for source in sorted(plan.sources, key=lambda source: source.date):
        for scan in source.scans:
            owner = owners.setdefault((source.subject, scan.digest), source.time_point)
            if owner != source.time_point:
                plan.drop(
                    source,
                    f"image: is the same scan as that of time point {owner}; give its own file, or "
                    "leave it out",
                )
                break


def warn_of_likenesses(plan: Plan) -> None:
    """Warn where scans of two subjects, or or the dates of two time points, are the same."""
    images: dict[str, TimePointSource] = {}
    days: dict[tuple[str, dt.date], TimePointSource] = {}
    for source in plan.sources:
        here = f"{source.subject} {source.time_point}"
        other = days.setdefault((source.subject, source.date), source)
        if other is not source:
            plan.warnings.append(f"{here}: has the date of time point {other.time_point}")
        for scan in source.scans:
            other = images.setdefault(scan.digest, source)
            if other.subject != source.subject:
                plan.warnings.append(f"{here}: the same scan as {other.subject} {other.time_point}")


def join_subjects(plan: Plan, table: Mapping[str, SubjectFacts]) -> None:
    """Join dates from ``subjects.csv`` with those of the manifests; refuse who has two."""
    for subject, facts in table.items():
        said = plan.subjects.get(subject)
        start = said.treatment_start if said else None
        if start and facts.treatment_start and start != facts.treatment_start:
            plan.drop_subject(
                subject,
                f"treatment_start: {start} in the manifest, {facts.treatment_start} in the table "
                "of subjects",
            )
        plan.subjects[subject] = merge_facts(SubjectFacts(subject, start), facts)


def merge_facts(known: SubjectFacts, given: SubjectFacts) -> SubjectFacts:
    """Put what is given in the place of what is known; what is not given stays.

    Examples
    --------
    >>> day = dt.date(2025, 3, 1)
    >>> merge_facts(SubjectFacts("P1", death_date=day), SubjectFacts("P1", randomisation=day))
    ... # doctest: +ELLIPSIS
    SubjectFacts(subject='P1', ..., randomisation=datetime.date(2025, 3, 1), ...)
    """
    said = {item.name: getattr(given, item.name) for item in fields(given)}
    return replace(known, **{name: value for name, value in said.items() if value is not None})


def refuse_problems(plan: Plan, problems: Sequence[Problem]) -> None:
    """Refuse the time points, or subjects, whose rows in a table cannot be used."""
    for problem in problems:
        mine = [
            source
            for source in plan.sources
            if (source.subject, source.time_point) == (problem.subject, problem.time_point)
        ]
        if mine:
            plan.drop(mine[0], problem.text)
        elif problem.time_point:
            plan.refuse(problem.subject, problem.time_point, problem.text)
        else:
            plan.drop_subject(problem.subject, problem.text)


def sort_lesion_rows(
    plan: Plan, rows: Sequence[LesionRow], known: Known
) -> dict[tuple[str, str], list[LesionRow]]:
    """Sort rows of ``lesions.csv`` by time point; refuse those of time points nobody knows."""
    by_time_point: dict[tuple[str, str], list[LesionRow]] = {}
    for row in rows:
        by_time_point.setdefault((row.fact.subject, row.fact.time_point), []).append(row)
    for key, mine in by_time_point.items():
        if key in plan.named:
            continue
        subject, time_point = key
        if any(stored.time_point == time_point for stored in known.get(subject, ())):
            plan.warnings.append(
                f"{subject} {time_point}: {mine[0].where} is not used: its scan was not given now"
            )
        else:
            plan.refuse(subject, time_point, f"{mine[0].where}: no scan of this time point")
    return by_time_point
