"""What a criterion needs of the whole patient at a time point (``--time-points``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from response.criteria.lugano import MARROW_WORDS, SCORES
from response.criteria.rano2 import CLINICAL_WORDS
from response.errors import InputError
from response.ingest.csv_table import Row, read_table
from response.ingest.table_cells import (
    find_wrong_cells,
    optional,
    parse_amount,
    parse_count,
    parse_date,
    parse_flag,
    parse_text,
)
from response.model import AssessedTimePoint, Reader, SubjectFacts
from response.noted import PARTIAL_DATE

NUMBERS = (
    "liver_mean",
    "liver_sd",
    "blood_pool_mean",
    "blood_pool_sd",
    "uptake_minutes",
    "injected_mbq",
    "spleen_length_mm",
    "steroid_dose",
)
COUNTS = ("bone_lesions", "bone_new_lesions")
FLAGS = ("metabolic_complete", "marker_normal", "clinical_progression")
DATES = ("radiotherapy_end", "last_scan_date")
WORDS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "marrow": ("lugano", MARROW_WORDS),
    "clinical_status": ("rano2", CLINICAL_WORDS),
}
"""Columns of words: the criterion that weighs them, and those it knows. Others only note them."""

COLUMNS = (*NUMBERS, *COUNTS, *FLAGS, *DATES, "deauville", *WORDS)

OF_THE_PATIENT = frozenset(
    {
        "uptake_minutes",
        "injected_mbq",
        "marker_normal",
        "steroid_dose",
        "clinical_status",
        "radiotherapy_end",
        "clinical_progression",
        "last_scan_date",
    }
)
"""True whoever reads; the rest is a reader's word and stays in that reader's stream."""

Facts = dict[str, str]
Place = tuple[str, str, str]
"""Subject, line of therapy (empty: whichever) and time point."""


@dataclass(frozen=True, slots=True)
class TimePointFacts:
    """Facts by place, then by ``evaluator_id``; and the row each came from."""

    name: str = ""
    facts: Mapping[Place, Mapping[str, Facts]] = field(default_factory=dict)
    rows: Mapping[tuple[Place, str], int] = field(default_factory=dict)
    used: set[tuple[Place, str]] = field(default_factory=set)
    shared: set[Place] = field(default_factory=set)

    def of_stream(
        self,
        subject: SubjectFacts,
        reader: Reader,
        scans: Iterable[tuple[dt.date, str]],
        partial: Mapping[tuple[dt.date, str], str],
        *,
        alone: bool,
    ) -> tuple[AssessedTimePoint, ...]:
        """What is said of the time points of one reader's stream.

        Parameters
        ----------
        partial
            Dates without a day, as given.
        alone
            Nobody else read this subject: what is said without an ``evaluator_id`` is this
            reader's word.
        """
        if not self.facts and not partial:
            return ()
        about = []
        for date, name in sorted(set(scans)):
            facts = self._find(subject, name, reader.evaluator_id, alone=alone)
            if (date, name) in partial:
                facts = {**facts, PARTIAL_DATE: partial[date, name]}
            if facts:
                about.append(AssessedTimePoint(name, date, facts=facts))
        return tuple(about)

    def _find(self, subject: SubjectFacts, name: str, evaluator: str, *, alone: bool) -> Facts:
        found: Facts = {}
        for line in dict.fromkeys(("", subject.line or "")):
            place = subject.subject, line, name
            by_reader = self.facts.get(place, {})
            for whose in dict.fromkeys(("", evaluator)):
                if whose not in by_reader:
                    continue
                said = by_reader[whose]
                if whose != evaluator and not alone:
                    said = {fact: said[fact] for fact in said if fact in OF_THE_PATIENT}
                if len(said) == len(by_reader[whose]):
                    self.used.add((place, whose))
                else:
                    self.shared.add(place)
                found.update(said)
        return found

    def find_unused(self) -> list[str]:
        """Rows that no time point of the measurement table took up, or not wholly."""
        found = []
        for (place, whose), number in self.rows.items():
            if (place, whose) in self.used:
                continue
            subject, line, time_point = place
            named = ", ".join([f"subject {subject}", *([f"line {line}"] if line else [])])
            words = sorted(set(self.facts[place][whose]) - OF_THE_PATIENT)
            why = f"is not in the measurement table{f' as read by {whose}' if whose else ''}"
            if not whose and place in self.shared:
                why = f"was read by several: say in evaluator_id whose word {words[0]} is"
            found.append(f"{self.name} row {number}: {named}, time point {time_point} {why}")
        return found


def read_time_point_facts(path: Path, criterion: str = "") -> tuple[TimePointFacts, list[str]]:
    """Read the table of time points: what it says, and what is wrong with its rows.

    Parameters
    ----------
    criterion
        Words are checked where this criterion weighs them.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    facts: dict[Place, dict[str, Facts]] = {}
    rows: dict[tuple[Place, str], int] = {}
    problems = []
    columns = ("evaluator_id", "line", *COLUMNS)
    parsers = _choose_parsers(criterion)
    for row in read_table(path, ("subject", "time_point"), columns):
        try:
            place, evaluator, said = _parse(row, parsers)
            if (place, evaluator) in rows:
                raise InputError("the time point is there twice")
            facts.setdefault(place, {})[evaluator] = said
            rows[place, evaluator] = row.line
        except InputError as error:
            wrong = [] if row.problem else find_wrong_cells(row.cells, parsers.items())
            problems += [f"{path.name} row {row.line}: {text}" for text in wrong or [str(error)]]
    return TimePointFacts(path.name, facts, rows), problems


Parsers = Mapping[str, Callable[[str, str], object]]


def _parse(row: Row, parsers: Parsers) -> tuple[Place, str, Facts]:
    if row.problem:
        raise InputError(row.problem)
    cells = row.cells
    read = {name: parse(name, cells.get(name, "")) for name, parse in parsers.items()}
    said = {name: cells[name] for name in COLUMNS if cells.get(name)}
    said |= {name: "true" if read[name] else "false" for name in FLAGS if name in said}
    place = (cells["subject"], cells.get("line", ""), cells["time_point"])
    return place, cells.get("evaluator_id", ""), said


def _choose_parsers(criterion: str) -> Parsers:
    weighed = {name: words for name, (by, words) in WORDS.items() if by == criterion}
    return {
        "subject": parse_text,
        "time_point": parse_text,
        **dict.fromkeys(NUMBERS, optional(parse_amount)),
        **dict.fromkeys(COUNTS, optional(parse_count)),
        **dict.fromkeys(FLAGS, optional(parse_flag)),
        **dict.fromkeys(DATES, optional(parse_date)),
        "deauville": optional(_parse_score),
        **{name: optional(partial(_parse_word, words)) for name, words in weighed.items()},
    }


def _parse_score(column: str, text: str) -> int:
    score = parse_amount(column, text)
    if score not in SCORES:
        raise InputError(f"{column}: {text} is not a score from 1 to 5")
    return int(score)


def _parse_word(known: Mapping[str, object], column: str, text: str) -> object:
    if text.casefold() not in known:
        raise InputError(f"{column}: {text!r} is not one of {', '.join(known)}")
    return known[text.casefold()]
