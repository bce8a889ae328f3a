"""``subjects.csv`` and ``lesions.csv``: what scans do not say of a subject or a label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from response.errors import InputError
from response.ingest.csv_table import Row, read_table
from response.ingest.table_cells import (
    find_wrong_cells,
    optional,
    parse_code,
    parse_date,
    parse_flag,
    parse_text,
)
from response.model import LesionFact, Reader, SubjectFacts
from response.terms import MODALITIES, REFERENCE_ORGANS, STATES_BY_ROLE, LesionState, Role

SUBJECT_COLUMNS = (
    "treatment_start",
    "randomisation",
    "new_therapy_date",
    "death_date",
    "last_contact_date",
)
_PAST = {"death_date", "last_contact_date"}
_STARTS = ("treatment_start", "randomisation")

LESION_COLUMNS = (
    "evaluator",
    "evaluator_id",
    "organ",
    "side",
    "node",
    "role",
    "state",
    "note",
    "modality",
    "series",
)


Lines = Mapping[str, SubjectFacts]
"""What is known of each line of therapy of a subject; the only one may have no name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row; subject and time point as far as the row says them."""

    subject: str
    time_point: str
    text: str


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One row of ``lesions.csv``; ``None`` where it does not say whose word it is."""

    where: str
    fact: LesionFact
    evaluator: str | None
    evaluator_id: str | None


def read_subjects(
    path: Path, today: dt.date
) -> tuple[dict[str, SubjectFacts], tuple[Problem, ...]]:
    """Read ``subjects.csv``: dates by subject, and the rows that cannot be used.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    rows, problems = _read_facts(path, today, SUBJECT_COLUMNS)
    known = {}
    for (subject, _line), (number, facts) in rows.items():
        wrong = find_wrong_order(facts)
        problems += _place(path, number, subject, wrong)
        if not wrong:
            known[subject] = facts
    return known, tuple(problems)


def read_subject_lines(path: Path, today: dt.date) -> tuple[dict[str, Lines], tuple[Problem, ...]]:
    """Read ``subjects.csv`` with one row per subject and line of therapy.

    A line ends where the next one starts: that is its ``new_therapy_date`` unless another is
    given. A death that one row knows of is known to all lines of the subject.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    rows, problems = _read_facts(path, today, (*SUBJECT_COLUMNS, "line"))
    subjects: dict[str, dict[str, tuple[int, SubjectFacts]]] = {}
    for (subject, line), row in rows.items():
        subjects.setdefault(subject, {})[line] = row
    joined = {subject: _join_lines(lines) for subject, lines in subjects.items()}
    for subject, lines in subjects.items():
        for number, text in _find_contradictions(lines):
            problems += _place(path, number, subject, [text])
        for line, (number, _facts) in lines.items():
            problems += _place(path, number, subject, find_wrong_order(joined[subject][line]))
    return joined, tuple(problems)


def _place(path: Path, number: int, subject: str, texts: Iterable[str]) -> list[Problem]:
    return [Problem(subject, "", f"{path.name} row {number}: {text}") for text in texts]


def find_wrong_order(facts: SubjectFacts) -> list[str]:
    """What cannot have been before the line of therapy began, and is dated so.

    Examples
    --------
    >>> day = dt.date(2025, 3, 1)
    >>> find_wrong_order(SubjectFacts("P1", treatment_start=day, death_date=day))
    []
    """
    ways_out = {
        "new_therapy_date": "correct one of the two, or leave it empty for an earlier therapy",
        "death_date": "correct one of the two",
    }
    known = {name: getattr(facts, name) for name in (*_STARTS, *ways_out)}
    return [
        f"{name}: {known[name]} is before {start} {known[start]}; {way_out}"
        for name, way_out in ways_out.items()
        for start in _STARTS
        if known[name] is not None and known[start] is not None and known[name] < known[start]
    ]


def _find_contradictions(
    lines: Mapping[str, tuple[int, SubjectFacts]],
) -> Iterable[tuple[int, str]]:
    if len(lines) == 1:
        return
    if "" in lines:
        yield lines[""][0], "line: is empty, but another row of this subject names one"
    died = {facts.death_date: number for number, facts in lines.values() if facts.death_date}
    if len(died) > 1:
        said = " and ".join(f"{day} (row {number})" for day, number in died.items())
        yield max(died.values()), f"death_date: {said} for one subject"


def _join_lines(lines: Mapping[str, tuple[int, SubjectFacts]]) -> Lines:
    if len(lines) == 1:
        return {line: facts for line, (_number, facts) in lines.items()}
    starts = sorted({f.treatment_start for _, f in lines.values() if f.treatment_start})
    death = next((f.death_date for _, f in lines.values() if f.death_date), None)
    joined = {}
    for line, (_number, facts) in lines.items():
        start = facts.treatment_start
        following = next((day for day in starts if start is not None and day > start), None)
        therapy = facts.new_therapy_date or following
        joined[line] = replace(facts, new_therapy_date=therapy, death_date=death)
    return joined


def _read_facts(
    path: Path, today: dt.date, columns: Sequence[str]
) -> tuple[dict[tuple[str, str], tuple[int, SubjectFacts]], list[Problem]]:
    facts: dict[tuple[str, str], tuple[int, SubjectFacts]] = {}
    problems = []
    for row in read_table(path, ("subject",), columns):
        subject = row.cells["subject"]
        try:
            made = _parse_subject(row, today)
            first, known = facts.setdefault((subject, made.line or ""), (row.line, made))
            if known != made:
                raise InputError(f"subject: is there twice, with other dates in row {first}")
        except InputError as error:
            wrong = [] if row.problem else find_wrong_cells(row.cells, _subject_parsers(today))
            problems += _place(path, row.line, subject, wrong or [str(error)])
    return facts, problems


def _parse_subject(row: Row, today: dt.date) -> SubjectFacts:
    if row.problem:
        raise InputError(row.problem)
    said: dict[str, Any] = {
        column: parse(column, row.cells.get(column, ""))
        for column, parse in _subject_parsers(today)
    }
    return SubjectFacts(**said, line=row.cells.get("line") or None)


def _subject_parsers(today: dt.date) -> list[tuple[str, Callable[[str, str], object]]]:
    past = optional(partial(parse_date, latest=today))
    whenever = optional(parse_date)
    dates = [(column, past if column in _PAST else whenever) for column in SUBJECT_COLUMNS]
    return [("subject", parse_text), *dates]


def read_lesions(path: Path) -> tuple[tuple[LesionRow, ...], tuple[Problem, ...]]:
    """Read ``lesions.csv``: what is said of labels, and the rows that cannot be used.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    rows: list[LesionRow] = []
    problems = []
    for row in read_table(path, ("subject", "time_point", "label"), LESION_COLUMNS):
        where = f"{path.name} row {row.line}"
        try:
            rows.append(_parse_lesion(row, where))
        except InputError as error:
            cells = row.cells
            problems.append(Problem(cells["subject"], cells["time_point"], f"{where}: {error}"))
    return tuple(rows), tuple(problems)


def _parse_lesion(row: Row, where: str) -> LesionRow:
    if row.problem:
        raise InputError(row.problem)
    cells = row.cells
    role = parse_code("role", cells["role"].upper(), Role) if cells.get("role") else None
    state = None
    if cells.get("state"):
        state = parse_code("state", cells["state"].upper(), LesionState)
    if role and state and state not in STATES_BY_ROLE[role]:
        allowed = ", ".join(sorted(STATES_BY_ROLE[role]))
        raise InputError(f"state: {state} is not for a lesion of role {role}; that has {allowed}")
    if role is Role.REFERENCE and cells.get("organ", "") not in REFERENCE_ORGANS:
        raise InputError(
            f"organ: {cells.get('organ', '')!r} is not one of {', '.join(REFERENCE_ORGANS)}, which "
            "a reference region lies in"
        )
    evaluator, evaluator_id = cells.get("evaluator", "").upper(), cells.get("evaluator_id", "")
    fact = LesionFact(
        subject=parse_text("subject", cells["subject"]),
        time_point=parse_text("time_point", cells["time_point"]),
        label=_parse_label(cells["label"]),
        reader=Reader(),
        organ=cells.get("organ", ""),
        side=cells.get("side", ""),
        node=parse_flag("node", cells["node"]) if cells.get("node") else None,
        role=role,
        state=state,
        note=cells.get("note", ""),
        modality=_parse_modality(cells.get("modality", "")),
        series=cells.get("series") or None,
    )
    return LesionRow(where, fact, evaluator or None, evaluator_id or None)


def _parse_modality(text: str) -> str | None:
    if text and text.upper() not in MODALITIES:
        raise InputError(f"modality: {text!r} is not one of CT, MR, PT")
    return MODALITIES[text.upper()] if text else None


def _parse_label(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise InputError(f"label: {text!r} is not a label of a mask (a whole number above 0)")
    return int(text)


def choose_reader(row: LesionRow, readers: Sequence[Reader]) -> Reader:
    """Find whose marks a row of ``lesions.csv`` speaks of.

    A row that names nobody speaks of the only reader, or of the one without an id.

    Raises
    ------
    InputError
        Nobody, or several, fit.
    """
    fitting = [
        reader
        for reader in readers
        if row.evaluator in (None, reader.evaluator)
        and row.evaluator_id in (None, reader.evaluator_id)
    ]
    if len(fitting) > 1 and row.evaluator_id is None:
        fitting = [reader for reader in fitting if not reader.evaluator_id] or fitting
    named = " ".join(word for word in (row.evaluator, row.evaluator_id) if word)
    if not fitting:
        raise InputError(f"evaluator: {named or 'nobody'} has no marks at this time point")
    if len(fitting) > 1:
        raise InputError(
            "evaluator_id: several readers marked this time point; say whose label it is"
        )
    return fitting[0]
