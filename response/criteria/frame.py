"""What the criteria on uptake and on products share: the walk along a course and its rows.

A criterion asks the walk what is said of new lesions, decides, and adds its answer. Nothing here
looks ahead: what a later scan says of an earlier one is a further row for the earlier time point
with the later scan's date as its ``as_of``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache

import response.criteria.sentences as sentences
from response.criteria.course import Course, ReadTimePoint
from response.criteria.history import TREATED, find_provisional
from response.criteria.lesions import (
    find_merged,
    follow_equivocal,
    judge_all_new,
    judge_non_target,
)
from response.criteria.recist11 import NA, NEW_LESION_RULES, StateRule
from response.errors import InputError
from response.model import Assessment, LesionReading, Reason
from response.protocol import Protocol
from response.terms import LesionState, NewLesion, Role, Status


@dataclass(frozen=True, slots=True)
class Answer:
    """What a criterion says of one time point; the changes are per cent of its own quantity."""

    target: str
    non_target: str
    new: NewLesion
    overall: str
    reasons: tuple[Reason, ...]
    from_baseline: Decimal | None = None
    from_nadir: Decimal | None = None


@dataclass(slots=True)
class Walk:
    """A course being assessed: what the time points so far leave for the next one."""

    criterion: str
    course: Course
    protocol: Protocol
    prefix: str
    rows: list[Assessment] = field(default_factory=list)
    standing: dict[str, Assessment] = field(default_factory=dict)
    called: dict[str, LesionState] = field(default_factory=dict)
    equivocal: dict[str, list[str]] = field(default_factory=dict)
    confirmed: dict[str, list[str]] = field(default_factory=dict)
    treated: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    provisional: dict[str, Reason] = field(default_factory=dict)

    def begin(self, read: ReadTimePoint) -> None:
        """Begin a time point: what is provisional, merged or treated stays so from here on."""
        for text in find_provisional(read):
            self.provisional.setdefault(text, Reason("PROVISIONAL", text))
        self.merged = find_merged(read.lesions, self.merged)
        if self.protocol.rules.treated_lesion == "not_evaluable":
            for lesion, readings in read.lesions.items():
                for reading in readings:
                    if reading.intervention in TREATED:
                        self.treated.setdefault(lesion, TREATED[reading.intervention])

    def add_baseline(self, reasons: Iterable[Reason]) -> None:
        """Add the baseline's row: no responses, what is known there, and what is odd about it."""
        read = self.course.baseline
        self.rows.append(
            Assessment(
                self.course.subject, self.criterion, self.course.reader, read.time_point,
                read.date, None, None, None, None, "", "", None, "", self._status(), read.date,
                (*self.course.baseline_reasons, *reasons, *self.provisional.values()),
            )
        )  # fmt: skip

    def add(self, read: ReadTimePoint, answer: Answer) -> Assessment:
        """Add the row of a time point."""
        row = Assessment(
            self.course.subject, self.criterion, self.course.reader, read.time_point, read.date,
            None, None, answer.from_baseline, answer.from_nadir,
            answer.target, answer.non_target, answer.new, answer.overall,
            self._status(), read.date, (*answer.reasons, *self.provisional.values()),
        )  # fmt: skip
        self.rows.append(row)
        self.standing[read.time_point] = row
        return row

    def supersede(
        self, row: Assessment, overall: str, new: NewLesion | None, read: ReadTimePoint, why: Reason
    ) -> None:
        """Add a row that says otherwise of an earlier time point, as of this one."""
        kept = [reason for reason in row.reasons if reason.row_id != "PROVISIONAL"]
        made = replace(
            row,
            overall_response=overall,
            new_lesion=new,
            status=self._status(),
            as_of=read.date,
            reasons=(*kept, why, *self.provisional.values()),
        )
        self.rows.append(made)
        self.standing[row.time_point] = made

    def finish(self) -> tuple[Assessment, ...]:
        """All rows, by date, then time point, then ``as_of``."""
        return tuple(sorted(self.rows, key=lambda row: (row.date, row.time_point, row.as_of)))

    def _status(self) -> Status:
        return Status.PROVISIONAL if self.provisional else Status.CONFIRMED

    # ------------------------------------------------------------------------- new lesions

    def find_new(self, read: ReadTimePoint, any_disease: bool) -> tuple[NewLesion, Reason]:
        """What is said of new lesions at a time point, and why."""
        states, labels = judge_all_new(read.lesions, self.called)
        self.confirmed |= follow_equivocal(states, read.time_point, self.called, self.equivocal)
        if is_unread(read, any_disease):
            states, labels = {"": LesionState.NOT_EVALUABLE}, {"": sentences.nothing_read(read)}
        rule, reason = sentences.by_state(build_new_rules(self.prefix), states, labels)
        return NewLesion(rule.category), reason

    def find_unequivocal(self, read: ReadTimePoint) -> list[str]:
        """New lesions called unequivocal by now that a time point has a row of."""
        return [
            lesion
            for lesion, state in self.called.items()
            if state is LesionState.UNEQUIVOCAL and lesion in read.lesions
        ]

    def back_date(self, read: ReadTimePoint, progression: Mapping[str, str]) -> None:
        """Date progression by a once equivocal lesion from the scans that first showed it.

        ``progression`` says what becomes of each overall response (R1-51; for a criterion whose
        paper does not speak of it, ours). ``rules.equivocal_backdate`` decides whether at all.
        """
        confirmed, self.confirmed = self.confirmed, {}
        if not self.protocol.rules.equivocal_backdate:
            return
        for lesion, time_points in confirmed.items():
            for name in time_points:
                row = self.standing[name]
                becomes = progression[row.overall_response]
                if row.date < read.date and becomes != row.overall_response:
                    told = sentences.back_dated(lesion, row, read).text.removeprefix("PD")
                    why = Reason(f"{self.prefix}.NEW.BACKDATED", becomes + told)
                    self.supersede(row, becomes, NewLesion.YES, read, why)


@cache
def build_new_rules(prefix: str) -> tuple[StateRule, ...]:
    """What RECIST 1.1 says of new lesions, under another criterion's name.

    Examples
    --------
    >>> [rule.id for rule in build_new_rules("LUGANO14")][:2]
    ['LUGANO14.NEW.YES', 'LUGANO14.NEW.NE']
    """
    return tuple(
        StateRule(
            rule.id.replace("RECIST11", prefix), rule.category, rule.state, rule.source, rule.text
        )
        for rule in NEW_LESION_RULES
    )


def is_unread(read: ReadTimePoint, any_disease: bool) -> bool:
    """Whether nothing is known of a time point; no row where there was no disease is *none*."""
    return not read.evaluable or (not read.lesions and any_disease)


# ----------------------------------------------------------------------------- lesions and facts


def find_lesions(read: ReadTimePoint, role: Role) -> tuple[str, ...]:
    """The lesions of a role, by name."""
    return tuple(sorted(name for name, rows in read.lesions.items() if rows[0].role is role))


def why_not(reading: LesionReading) -> str:
    """Why a row gives no measurement."""
    if reading.reason:
        return reading.reason
    return "not evaluable" if reading.state is LesionState.NOT_EVALUABLE else "not measured"


def find_whole(merged: Mapping[str, str], lesion: str) -> str:
    """The lesion that a merged one is by now part of, whatever merged after it.

    Examples
    --------
    >>> find_whole({"T1": "T2", "T2": "T3"}, "T1")
    'T3'
    """
    seen = {lesion}
    while merged.get(lesion, lesion) not in seen:
        lesion = merged[lesion]
        seen.add(lesion)
    return lesion


def explain_merged(into: str, targets: Iterable[str]) -> str:
    """Why a merged lesion is not known; empty where it is one with a target."""
    if into in targets:
        return ""
    return f"merged into {into or 'a lesion that is not named'}, which is no target"


def label_missing(missing: Mapping[str, str]) -> str:
    """The lesions that were not assessed, each with its reason, by name."""
    return ", ".join(f"{name} ({missing[name]})" for name in sorted(missing))


def read_number(course: Course, read: ReadTimePoint, name: str) -> Decimal | None:
    """A number that the table of time points gives; ``None`` where it is silent.

    Raises
    ------
    InputError
        It is not a number of at least 0.
    """
    text = read.facts.get(name, "")
    if not text:
        return None
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise refuse(course, read, name, text, "give a number of at least 0")
    return spell_out(number)


def spell_out(number: Decimal) -> Decimal:
    """A number as written without an exponent.

    Examples
    --------
    >>> spell_out(Decimal("1E+1")), spell_out(Decimal("0.50"))
    (Decimal('10'), Decimal('0.50'))
    """
    return Decimal(f"{number:f}")


def read_word(
    course: Course, read: ReadTimePoint, name: str, known: Mapping[str, str]
) -> str | None:
    """A word that the table of time points gives, by what it means; ``None`` where it is silent.

    Raises
    ------
    InputError
        It is none of the known ones.
    """
    text = read.facts.get(name, "")
    if not text:
        return None
    meaning = known.get(text.strip().casefold())
    if meaning is None:
        raise refuse(course, read, name, text, f"one of {', '.join(known)}")
    return meaning


def refuse(course: Course, read: ReadTimePoint, name: str, text: str, way_out: str) -> InputError:
    """The error of a fact that cannot be used."""
    return InputError(
        f"subject {course.subject}, time point {read.time_point}: {name} is {text!r}: {way_out}"
    )


def read_date(course: Course, read: ReadTimePoint, name: str) -> dt.date | None:
    """A date that the table of time points gives; ``None`` where it is silent.

    Raises
    ------
    InputError
        It is no date.
    """
    text = read.facts.get(name, "")
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise refuse(course, read, name, text, "give a date as YYYY-MM-DD") from None


def build_non_target_rules(
    prefix: str, source: str, words: Sequence[tuple[str, str]]
) -> tuple[StateRule, ...]:
    """How a criterion reads its non-target lesions.

    ``words`` are its code and its sentence for progression, not evaluable, persisting and gone,
    the worst first; ``{}`` in a sentence are the lesions.
    """
    states = (
        LesionState.UNEQUIVOCAL_PROGRESSION,
        LesionState.NOT_EVALUABLE,
        LesionState.PRESENT,
        None,
    )
    return tuple(
        StateRule(f"{prefix}.NON_TARGET.{code.replace('/', '_').replace('-', '_')}", code, state,
                  source, f"non-target {code}: {text}")
        for state, (code, text) in zip(states, words, strict=True)
    )  # fmt: skip


def assess_non_targets(
    table: tuple[StateRule, ...], non_targets: Iterable[str], read: ReadTimePoint
) -> tuple[str, list[Reason]]:
    """The response of the non-target lesions, ``NA`` where there are none, and why."""
    states, labels = {}, {}
    for lesion in non_targets:
        states[lesion], why = judge_non_target(lesion, read.lesions.get(lesion, ()))
        if why:
            labels[lesion] = why
    if not states:
        return NA, []
    rule, reason = sentences.by_state(table, states, labels)
    return rule.category, [reason]
