"""The rows of a table subject by subject, as they come, or gathered where they stand apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import Any

from response.ingest.csv_table import Table


class ScatteredRows(Exception):
    """The rows of a subject do not stand together: the table is to be read whole."""


@dataclass(frozen=True, slots=True)
class SubjectRows:
    """A subject's rows, as written, with their numbers."""

    subject: str
    numbers: list[int] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)


def group_subjects(table: Table, *, whole: bool) -> Iterator[SubjectRows]:
    """Group the rows of a table by subject, subjects in the order they first appear.

    Rows without a subject are groups of their own.

    Parameters
    ----------
    whole
        Take all rows in before the first group is given: about 200 bytes a row. Otherwise one
        subject is held at a time.

    Raises
    ------
    ScatteredRows
        A subject's rows stand apart, and the table is not taken in whole.
    """
    return _gather(table) if whole else _follow(table)


def _follow(table: Table) -> Iterator[SubjectRows]:
    group, done = SubjectRows(""), {""}
    for run in _runs(table):
        if run.subject != group.subject:
            if group.rows:
                yield group
            done.add(group.subject)
            if run.subject and run.subject in done:
                raise ScatteredRows(run.subject)
            group = run
        else:
            group.numbers.extend(run.numbers)
            group.rows.extend(run.rows)
    if group.rows:
        yield group


def _gather(table: Table) -> Iterator[SubjectRows]:
    groups: dict[str, SubjectRows] = {}
    for run in _runs(table):
        group = groups.setdefault(run.subject, SubjectRows(run.subject))
        group.numbers.extend(run.numbers)
        group.rows.extend(tuple(map(intern, cells)) for cells in run.rows)
    while groups:
        yield groups.pop(next(iter(groups)))


def _runs(table: Table) -> Iterator[SubjectRows]:
    """Rows that stand together and are of one subject."""
    subject_of = itemgetter(table.column("subject"))
    for numbers, rows in table.blocks():
        begin = 0
        for written, run in groupby(map(subject_of, rows)):
            end = begin + len(tuple(run))
            yield SubjectRows(written.strip(), list(numbers[begin:end]), rows[begin:end])
            begin = end
