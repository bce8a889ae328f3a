"""Rows of the measurement table turned into readings, a column at a time.

Hundreds of thousands of rows say the same things again and again: each different cell is parsed
once, and readings are filled column by column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any

from response.errors import InputError
from response.ingest.csv_table import Problem, Table, is_blank
from response.ingest.subject_rows import SubjectRows
from response.ingest.table_cells import (
    Parsed,
    any_text,
    optional,
    parse_amount,
    parse_code,
    parse_density,
    parse_flag,
    parse_length,
    parse_partial_date,
    parse_text,
)
from response.model import LesionReading, Reader
from response.terms import LESION_ROLES, Intervention, LesionState, Role

REQUIRED = ("subject", "time_point", "date", "lesion", "role", "diameter_mm", "state")
EXTRA = {
    "longest_diameter_mm": parse_length,
    "short_diameter_mm": parse_length,
    "viable_diameter_mm": parse_length,
    "density_hu": parse_density,
    "volume_mm3": parse_amount,
    "suv_mean": parse_amount,
    "suv_max": parse_amount,
    "sul_peak": parse_amount,
    "tlg": parse_amount,
}
"""Further measurements of a lesion, kept by name."""

OPTIONAL = (
    *("evaluator", "evaluator_id", "line", "organ", "node", "method", "part", "merged_into"),
    *("intervention", *EXTRA),
)

_WHOSE = ("evaluator", "evaluator_id", "line")

NO_EXTRA: Mapping[str, Decimal] = {}


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of one reader, subject and line of therapy, parsed, column by column.

    ``node`` is what the row says, ``None`` where it says nothing. ``*_text`` are the cells as
    written.
    """

    subject: str
    reader: Reader
    line: str
    numbers: Sequence[int]
    time_point: Sequence[str]
    date: Sequence[dt.date]
    lesion: Sequence[str]
    role: Sequence[Role | None]
    organ: Sequence[str]
    node: Sequence[bool | None]
    method: Sequence[str]
    diameter_mm: Sequence[Decimal | None]
    state: Sequence[LesionState | None]
    part: Sequence[str]
    merged_into: Sequence[str]
    intervention: Sequence[Intervention | None]
    extra: Sequence[Mapping[str, Decimal]]
    date_text: Sequence[str]
    role_text: Sequence[str]
    state_text: Sequence[str]

    def readings(self) -> list[LesionReading]:
        """One reading for each row.

        A frozen dataclass looks every field up by name as it is made. Drafts of the same layout
        are made in a fifth of the time, and are readings from then on.
        """
        said: dict[str, Iterable[object]] = {name: getattr(self, name) for name in _READ}
        said["node"] = map(bool, self.node)
        made: list[Any] = list(map(_Draft, *said.values()))
        for one in made:
            one.__class__ = LesionReading
        return made


_READ = tuple(one.name for one in fields(LesionReading) if hasattr(Columns, one.name))
_Draft: Any = make_dataclass(
    "_Draft",
    [
        (one.name, Any, field() if one.name in _READ else field(default=one.default, init=False))
        for one in fields(LesionReading)
    ],
    slots=True,
)


class RowParser:
    """Turns a subject's rows into columns of values; says what is wrong with those it cannot.

    Parameters
    ----------
    latest
        Dates after it are refused.
    """

    def __init__(self, table: Table, latest: dt.date) -> None:
        date = partial(parse_partial_date, latest=latest)
        parsers: dict[str, Any] = {
            "subject": parse_text,
            "time_point": parse_text,
            "date": lambda column, text: date(column, parse_text(column, text)),
            "role": optional(_parse_role),
            "node": optional(parse_flag),
            "diameter_mm": optional(parse_length),
            "state": optional(lambda column, text: parse_code(column, text.upper(), LesionState)),
            "intervention": optional(
                lambda column, text: parse_code(column, text.upper(), Intervention)
            ),
            **{name: optional(parse) for name, parse in EXTRA.items()},
        }
        self._at = table.columns
        self._columns = {
            name: Parsed[Any](name, parsers.get(name, any_text)) for name in table.columns
        }
        self._whose = {name: table.columns[name] for name in _WHOSE if name in table.columns}
        self._who = _get_cells(*self._whose.values())
        self._extra = [name for name in EXTRA if name in table.columns]
        self._readers: dict[tuple[str, ...], tuple[Reader, str]] = {}

    def parse(self, group: SubjectRows) -> tuple[list[Columns], list[Problem]]:
        """The rows of a subject by reader and line of therapy, and what is wrong with them."""
        made, problems = [], []
        for (reader, line), part in self._split(group).items():
            try:
                made.append(self._to_columns(part, reader, line))
            except InputError:
                good, found = self._sort_out(part)
                problems += found
                if good.rows:
                    made.append(self._to_columns(good, reader, line))
        return made, problems

    def _split(self, group: SubjectRows) -> dict[tuple[Reader, str], SubjectRows]:
        whose = list(map(self._who, group.rows))
        if len(set(whose)) == 1:
            return {self._find_reader(whose[0]): group}
        parts: dict[tuple[Reader, str], SubjectRows] = {}
        for number, cells, texts in zip(group.numbers, group.rows, whose, strict=True):
            part = parts.setdefault(self._find_reader(texts), SubjectRows(group.subject))
            part.numbers.append(number)
            part.rows.append(cells)
        return parts

    def _find_reader(self, texts: tuple[str, ...]) -> tuple[Reader, str]:
        if texts not in self._readers:
            said = {name: text.strip() for name, text in zip(self._whose, texts, strict=True)}
            evaluator = said.get("evaluator", "").upper() or Reader().evaluator
            self._readers[texts] = (
                Reader(evaluator, said.get("evaluator_id", "")),
                said.get("line", ""),
            )
        return self._readers[texts]

    def _to_columns(self, group: SubjectRows, reader: Reader, line: str) -> Columns:
        parse_text("subject", group.subject)
        written = dict(zip(self._at, zip(*group.rows, strict=True), strict=True))
        nothing = ("",) * len(group.rows)
        empty = (None,) * len(group.rows)

        def read(name: str, absent: Sequence[Any] = nothing) -> Sequence[Any]:
            """Return a column of the group; ``absent`` where the table does not have it."""
            if name not in written:
                return absent
            return list(map(self._columns[name].__getitem__, written[name]))

        extra: Sequence[Mapping[str, Decimal]] = (NO_EXTRA,) * len(group.rows)
        if self._extra:
            measured = zip(*map(read, self._extra), strict=True)
            extra = [_name_values(self._extra, values) for values in measured]
        return Columns(
            group.subject, reader, line, group.numbers, read("time_point"), read("date"),
            read("lesion"), read("role"), read("organ"), read("node", empty), read("method"),
            read("diameter_mm"), read("state"), read("part"), read("merged_into"),
            read("intervention", empty), extra, written["date"], written["role"], written["state"],
        )  # fmt: skip

    def _sort_out(self, group: SubjectRows) -> tuple[SubjectRows, list[Problem]]:
        """The rows that can be read, and of every cell of the others what is wrong with it."""
        good, problems = SubjectRows(group.subject), []
        for number, cells in zip(group.numbers, group.rows, strict=True):
            wrong = [] if is_blank(cells) else self._find_wrong_cells(cells)
            problems += [(number, text) for text in wrong]
            if not wrong and not is_blank(cells):
                good.numbers.append(number)
                good.rows.append(cells)
        return good, problems

    def _find_wrong_cells(self, cells: Sequence[str]) -> list[str]:
        texts = []
        said = {name: cells[at].strip() for name, at in self._at.items()}
        for name, text in said.items():
            try:
                self._columns[name][text]
            except InputError as error:
                texts.append(str(error))
        where = describe(said["subject"], said["time_point"], said["lesion"])
        return [f"{where}{text}" for text in texts]


def _parse_role(column: str, text: str) -> Role:
    """Read the role of a lesion."""
    if text.upper() not in LESION_ROLES:
        raise InputError(f"{column}: {text!r} is not one of {', '.join(LESION_ROLES)}")
    return Role(text.upper())


def _get_cells(*places: int) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What picks the cells at some places out of a row."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda cells: tuple([cells[at] for at in places])


def _name_values(names: Sequence[str], values: Iterable[Decimal | None]) -> Mapping[str, Decimal]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def describe(subject: str, time_point: str, lesion: str) -> str:
    """Which subject, time point and lesion a row is of, as far as it says."""
    named = (("subject", subject), ("time point", time_point), ("lesion", lesion))
    said = ", ".join(f"{what} {name}" for what, name in named if name)
    return f"{said}: " if said else ""
