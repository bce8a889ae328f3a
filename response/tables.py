"""Tables in, tables out: what ``assess-table`` and ``best-response`` do, without a workspace."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from response.assess import assess_subject, find_criterion
from response.best_response import (
    CR,
    ND,
    PR,
    Visit,
    derive_best_response,
    derive_clinical_benefit_date,
    derive_confirmed_best_response,
    derive_confirmed_response,
    derive_response_date,
    find_confirming,
    has_disease_after_cr,
    select_window,
)
from response.errors import InputError
from response.export.tables import (
    ASSESSMENT_COLUMNS,
    LINE,
    SUBJECT_COLUMNS,
    TableOf,
    assessment_cells,
    summary_cells,
    write_cells,
    write_together,
)
from response.ingest.csv_table import refuse_rows
from response.ingest.measurement_table import MeasurementTable, Stream
from response.ingest.overall_table import OverallResponses, read_overall_table
from response.ingest.subject_rows import ScatteredRows
from response.model import SubjectResult
from response.protocol import BestResponse, Protocol

BEST_RESPONSE_COLUMNS = (
    "subject",
    "best_overall_response",
    "best_overall_response_date",
    "confirmed_best_overall_response",
    "confirmed_best_overall_response_date",
    "response_date",
    "confirmed_response_date",
    "clinical_benefit_date",
    "confirmed_clinical_benefit_date",
)


BATCH = 1000
"""Streams held at a time: some 50 MB."""

Assessed = tuple[Stream, SubjectResult]


def assess_table(
    table: Path,
    subjects: Path | None,
    time_points: Path | None,
    protocol: Protocol,
    criterion: str,
    out: Path,
    *,
    certainty: bool = False,
    warn: Callable[[str], object] | None = None,
) -> int:
    """Assess a measurement table and write ``assessments.csv`` and ``subjects.csv`` into ``out``.

    With ``certainty`` also ``certainty.csv``: how sure each category is. Subjects are read,
    assessed and written one after the other, so memory does not grow with the table; only where
    the rows of a subject stand apart is the table taken in whole.

    Parameters
    ----------
    warn
        Told, once all is written, of what is odd and was taken all the same, a line each.

    Returns
    -------
    int
        How many subjects, by reader and line of therapy, were assessed.

    Raises
    ------
    ManifestError
        Anything wrong in a table, or a subject the criterion cannot assess; nothing is written.
    InputError
        The criterion is not known.
    """
    find_criterion(criterion)
    read = MeasurementTable(table, subjects, time_points, criterion=criterion)
    tables = _choose_tables(protocol, with_line=read.names_lines(), certainty=certainty)

    def assess_all(*, whole: bool) -> int:
        """Assess the table into the files of a folder; return how many streams there were."""
        streams = read.streams(whole=whole)
        return write_together(out, tables, _assess_all(streams, protocol, criterion, table.name))

    with _without_garbage_collection():
        try:
            count = assess_all(whole=False)
        except ScatteredRows:
            count = assess_all(whole=True)
    if warn is not None:
        for text in read.warnings:
            warn(text)
    return count


def _choose_tables(
    protocol: Protocol, *, with_line: bool, certainty: bool
) -> list[TableOf[Assessed]]:
    line = [LINE] if with_line else []
    tables: list[TableOf[Assessed]] = [
        TableOf(
            "assessments.csv",
            (*ASSESSMENT_COLUMNS, *line),
            lambda one: [assessment_cells(row, with_line=with_line) for row in one[1].assessments],
        ),
        TableOf(
            "subjects.csv",
            (*SUBJECT_COLUMNS, *line),
            lambda one: [summary_cells(one[1].summary, with_line=with_line)],
        ),
    ]
    if certainty:
        from response.export.certainty import CERTAINTY_COLUMNS, certainty_cells

        columns = tuple(CERTAINTY_COLUMNS)
        cells = partial(certainty_cells, protocol=protocol)
        tables.append(TableOf("certainty.csv", columns, lambda one: cells(*one)))
    return tables


def _assess_all(
    streams: Iterable[Stream], protocol: Protocol, criterion: str, name: str
) -> Iterator[Assessed]:
    """Assess a batch of streams after the other; what cannot be assessed is told at the end.

    To read, to assess and to write many at a time keeps the processor at one task: a fifth faster.
    """
    problems: list[str] = []
    remaining = iter(streams)
    while batch := list(islice(remaining, BATCH)):
        made = []
        for stream in batch:
            try:
                made.append((stream, _assess(stream, protocol, criterion)))
            except InputError as error:
                problems.append(str(error))
        if not problems:
            yield from made
    if problems:
        raise refuse_rows(name, problems)


def _assess(stream: Stream, protocol: Protocol, criterion: str) -> SubjectResult:
    result = assess_subject(
        stream.subject,
        stream.reader,
        stream.readings,
        stream.facts,
        protocol,
        criterion=criterion,
        time_points=stream.time_points,
    )
    return _name_line(result, stream.facts.line)


def _name_line(result: SubjectResult, line: str | None) -> SubjectResult:
    if line is None:
        return result
    assessments = tuple(replace(row, line=line) for row in result.assessments)
    return SubjectResult(assessments, replace(result.summary, line=line))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Rows by the hundred thousand hold no cycles: looking for some costs a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def best_response_table(overall: Path, protocol: Protocol, out: Path) -> tuple[str, ...]:
    """Derive best responses from overall responses by date and write them to the file ``out``.

    Returns
    -------
    tuple
        Warnings, a line each: dates without a day, dates without a response, assessments before
        the reference date, assessments not done that no confirmation failed for (A22), and
        disease after a complete response that was left as it is (A07).

    Raises
    ------
    ManifestError
        Anything wrong in the table; nothing is written.
    """
    options = protocol.best_response
    with _without_garbage_collection():
        read = read_overall_table(overall)
        windows = [select_window(one.visits, options, one.new_therapy) for one in read]
        judged = list(zip(read, windows, strict=True))
        rows = [_best_response_cells(one, window, options) for one, window in judged]
        out.parent.mkdir(parents=True, exist_ok=True)
        write_cells(out, BEST_RESPONSE_COLUMNS, rows)
        return tuple(text for one, window in judged for text in _warn(one, window, options))


def _warn(one: OverallResponses, window: Sequence[Visit], options: BestResponse) -> Iterable[str]:
    for date in one.partial_dates:
        yield f"subject {one.subject}: date {date} taken as the last day of the month"
    for date in one.unsaid:
        yield f"subject {one.subject}: no overall response on {date}: taken as not done (ND)"
    for visit in sorted(visit for visit in one.visits if visit.date < one.reference):
        yield (
            f"subject {one.subject}: {visit.overall} on {visit.date} is before the reference date "
            f"{one.reference}: counted as given, correct one of the two dates"
        )
    yield from (f"subject {one.subject}: {text}" for text in _warn_of_not_done(window, options))
    if options.cr_then_disease == "warn" and has_disease_after_cr(window):
        yield f"subject {one.subject}: disease follows a complete response; left as given"


def _warn_of_not_done(window: Sequence[Visit], options: BestResponse) -> Iterable[str]:
    """A22: what was not done between a response and its confirmation, and did not break it."""
    done = [visit for visit in window if visit.overall != ND]
    if len(done) == len(window):
        return
    where = " for its date, not for the best response" if options.nd_breaks_confirmation else ""
    told: set[dt.date] = set()
    for category in (PR, CR):
        for number, first in enumerate(done):
            later = find_confirming(done, number, options) if first.overall == category else None
            if later is None:
                continue
            last = done[later].date
            between = [v.date for v in window if v.overall == ND and first.date < v.date < last]
            for date in sorted(set(between) - told):
                told.add(date)
                yield (
                    f"not done (ND) on {date}, between {category} on {first.date} and its "
                    f"confirmation on {last}: ignored{where}"
                )
            break


def _best_response_cells(
    one: OverallResponses, window: Sequence[Visit], options: BestResponse
) -> Sequence[str]:
    best = derive_best_response(window, one.reference, options)
    confirmed_best = derive_confirmed_best_response(window, one.reference, options)
    first = derive_response_date(window)
    confirmed = derive_confirmed_response(window, options)
    confirmed_date = confirmed.date if confirmed else None
    return (
        one.subject,
        best.category,
        _day(best.date),
        confirmed_best.category,
        _day(confirmed_best.date),
        _day(first),
        _day(confirmed_date),
        _day(derive_clinical_benefit_date(window, one.reference, options, first)),
        _day(derive_clinical_benefit_date(window, one.reference, options, confirmed_date)),
    )


def _day(date: dt.date | None) -> str:
    return date.isoformat() if date else ""
