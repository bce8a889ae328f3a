"""PCWG3 over a course: soft tissue by the fold of RECIST 1.1, bone beside it, and both together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import response.criteria.pcwg3 as rules
from response.criteria.course import Course, ReadTimePoint
from response.criteria.fold import assess_sums
from response.criteria.pcwg3 import BoneCall, BoneScan
from response.criteria.recist11_course import RECIST11
from response.endpoints import summarise as summarise_recist
from response.errors import InputError
from response.model import Assessment, Reason, SubjectFacts, SubjectSummary
from response.protocol import Protocol
from response.terms import Role
from response.vocabulary import Vocabulary

NAME = "pcwg3"
SOFT_TISSUE = replace(RECIST11, name=NAME)
"""RECIST 1.1 as it is, rows and all."""

NEW = "bone_new_lesions"
ALL = "bone_lesions"


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by PCWG3; rows by date, then time point, then ``as_of``.

    Raises
    ------
    InputError
        A count of bone lesions is none.
    """
    soft = assess_sums(course, protocol, SOFT_TISSUE)
    start = course.facts.treatment_start or course.baseline.date
    calls = rules.follow_bone(read_bone_scans(course), start, protocol.pcwg3)
    targets = any(rows[0].role is Role.TARGET for rows in course.baseline.lesions.values())
    return (_describe_baseline(soft[0], course), *_combine(soft[1:], calls, targets))


# ------------------------------------------------------------------------------------ bone scans


def read_bone_scans(course: Course) -> list[BoneScan]:
    """The bone scan of every time point after baseline; one that is not given is NE."""
    none_before = _count(course, course.baseline, ALL) == 0
    return [_read_scan(course, read, none_before) for read in course.follow_up]


def _read_scan(course: Course, read: ReadTimePoint, none_before: bool) -> BoneScan:
    new, seen = _count(course, read, NEW), _count(course, read, ALL)
    if seen is not None and new is not None and new > seen:
        text = f"is {new}, but {ALL} is {seen}: correct the one that is wrong"
        raise InputError(_at(course, read, NEW, text))
    if new is None and seen == 0:
        new = 0
    if new is None:
        why = "how many lesions are new is not given" if seen else ""
        return BoneScan(read.time_point, read.date, None, why=why)
    clear = seen == 0 or (seen is None and none_before and new == 0)
    return BoneScan(read.time_point, read.date, new, clear)


def _count(course: Course, read: ReadTimePoint, name: str) -> int | None:
    text = read.facts.get(name, "")
    if not text:
        return None
    try:
        number = Decimal(text)
        count = int(number)
    except (ArithmeticError, ValueError):
        number, count = Decimal(-1), 0
    if number != count or count < 0:
        raise InputError(_at(course, read, name, f"is {text!r}: give a whole number of lesions"))
    return count


def _at(course: Course, read: ReadTimePoint, name: str, text: str) -> str:
    return f"subject {course.subject}, time point {read.time_point}: {name} {text}"


def _describe_baseline(row: Assessment, course: Course) -> Assessment:
    seen = _count(course, course.baseline, ALL)
    told = "bone at baseline: not said how many lesions; disease is presumed"
    if seen is not None:
        told = f"bone at baseline: {seen} lesions" if seen else "bone at baseline: no lesion"
    if NEW in course.baseline.facts:
        told += f"; {NEW} is not used there, it counts from the baseline on"
    return _add(row, row.overall_response, (Reason("PCWG3.BONE.BASELINE", told),), row)


# -------------------------------------------------------------------------------------- together


def _combine(
    soft: Sequence[Assessment], calls: Iterable[BoneCall], targets: bool
) -> list[Assessment]:
    """A row for every time point, and another whenever soft tissue or bone is seen otherwise."""
    first = {row.time_point: row for row in soft if row.as_of == row.date}
    of_soft: dict[str, list[Assessment]] = defaultdict(list)
    of_bone: dict[str, list[BoneCall]] = defaultdict(list)
    for row in soft:
        of_soft[row.time_point].append(row)
    for call in calls:
        of_bone[call.time_point].append(call)
    made = []
    for name, rows in of_soft.items():
        bone = of_bone[name]
        for as_of in sorted({one.as_of for one in rows} | {one.as_of for one in bone}):
            row = _latest(rows, as_of)
            call = _latest(bone, as_of)
            made.append(_join(row, call, as_of, targets, first))
    return sorted(made, key=lambda row: (row.date, row.time_point, row.as_of))


Said = TypeVar("Said", Assessment, BoneCall)


def _latest(said: Sequence[Said], as_of: dt.date) -> Said:
    return [one for one in said if one.as_of <= as_of][-1]


def _join(
    row: Assessment,
    call: BoneCall,
    as_of: dt.date,
    targets: bool,
    first: Mapping[str, Assessment],
) -> Assessment:
    """Soft tissue and bone of one time point, as known on a date."""
    decided = rules.combine(row.overall_response, call.code, targets)
    text = f"{decided.overall}: soft tissue {row.overall_response}, bone {call.code}"
    if decided.targets is not None:
        text += f", {'' if decided.targets else 'no '}target lesions at baseline"
    told = first[call.seen_at] if call.as_of == as_of else row
    joined = _add(row, decided.overall, (call.reason, Reason(decided.id, text)), told)
    return replace(joined, as_of=as_of)


def _add(
    row: Assessment, overall: str, reasons: tuple[Reason, ...], told: Assessment
) -> Assessment:
    """A row with further reasons; ``told`` is the one whose scan says it: what is provisional."""
    kept = [reason for reason in row.reasons if reason.row_id != "PROVISIONAL"]
    provisional = [reason for reason in told.reasons if reason.row_id == "PROVISIONAL"]
    return replace(
        row,
        overall_response=overall,
        status=told.status,
        reasons=(*kept, *reasons, *provisional),
    )


# ------------------------------------------------------------------------------------ the summary


def summarise(
    assessments: Sequence[Assessment],
    facts: SubjectFacts,
    protocol: Protocol,
    baseline_adequate: bool = True,
    vocabulary: Vocabulary = rules.VOCABULARY,
) -> SubjectSummary:
    """Best overall response and endpoints; PDu that was never resolved as the protocol says."""
    means = {**vocabulary.means, rules.PDU: protocol.pcwg3.unresolved_pdu}
    settled = [
        replace(row, overall_response=means.get(row.overall_response, row.overall_response))
        for row in assessments
    ]
    return summarise_recist(settled, facts, protocol, baseline_adequate)
