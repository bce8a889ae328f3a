"""``export adam``: ADRS, ADTTE and ADTR, one reader's rows after the other's, as CSV and transport.

Of one criterion, the protocol's: a parameter means one thing. What no person has confirmed has
PROVFL and no analysis flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from response.export import adam_variables as variables
from response.export.adam_courses import Course
from response.export.adam_responses import read_death, read_responses
from response.export.adam_sizes import read_sizes
from response.export.adam_times import Row, link_sources, read_survival, read_times
from response.export.datasets import Dataset, write_datasets
from response.export.study import Study
from response.protocol import Protocol


@dataclass(frozen=True, slots=True)
class AdamExport:
    """What was written, and what a person has to know about it."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def export_adam(study: Study, protocol: Protocol, out: Path) -> AdamExport:
    """Write the analysis data sets of a study into a folder, with ``define.csv``."""
    criterion = protocol.criterion.name
    responses: list[Row] = []
    times: list[Row] = []
    sizes: list[Row] = []
    told: set[str] = set()
    courses = list(_find_courses(study, protocol))
    for course in courses:
        responses += read_responses(course)
        times += read_times(course)
        sizes += read_sizes(course)
        if course.summary.subject not in told:
            told.add(course.summary.subject)
            responses.append(read_death(course.stream))
            survival = read_survival(course.stream)
            times += [survival] if survival else []
    _number(study.study, responses)
    link_sources(times, responses)
    _number(study.study, times)
    _number(study.study, sizes)
    paths = write_datasets(
        out,
        [
            Dataset("ADRS", variables.LABELS["ADRS"], variables.ADRS, tuple(responses)),
            Dataset("ADTTE", variables.LABELS["ADTTE"], variables.ADTTE, tuple(times)),
            Dataset("ADTR", variables.LABELS["ADTR"], variables.ADTR, tuple(sizes)),
        ],
    )
    return AdamExport(paths, tuple(_note(study, courses, criterion)))


def _find_courses(study: Study, protocol: Protocol) -> Iterable[Course]:
    for stream in study.streams:
        for result in stream.results:
            if result.summary.criterion == protocol.criterion.name and result.assessments:
                yield Course.of(stream, result, protocol)


def _number(study: str, rows: list[Row]) -> None:
    """Order rows by subject and number them within each."""
    rows.sort(key=lambda row: str(row["USUBJID"]))
    numbers: dict[object, int] = {}
    for row in rows:
        number = numbers[row["USUBJID"]] = numbers.get(row["USUBJID"], 0) + 1
        row |= {"STUDYID": study, "ASEQ": number}


def _note(study: Study, courses: Sequence[Course], criterion: str) -> Iterable[str]:
    if not courses:
        yield f"nothing is assessed by {criterion}; 'response assess' does"
    others = {r.summary.criterion for s in study.streams for r in s.results} - {criterion}
    if others:
        yield f"only {criterion}, the protocol's criterion: not {', '.join(sorted(others))}"
    doubtful = sum(course.provisional for course in courses)
    if doubtful:
        yield f"{doubtful} of {len(courses)} courses are provisional (PROVFL; no analysis flag)"
    if any(course.start is None for course in courses):
        yield "no PFS and no time to response where neither randomisation nor treatment is dated"
