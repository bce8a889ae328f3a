"""What the criteria that add lengths share: each time point in its turn, with what came before.

A criterion hands in what sets it apart (:class:`SumCriterion`): its name, which length counts, the
rules of its target response, its tables. The rest is the same for all: the baseline, the nadir,
new lesions and when they date from, disease after a complete response, what is provisional.

Nothing here looks ahead. What a later scan says of an earlier one is a further row for the
earlier time point with the later scan's date as its ``as_of``.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

import response.criteria.recist11 as rules
import response.criteria.sentences as sentences
from response.best_response import CR, NON_CR_NON_PD, PD, PR
from response.criteria.baseline import describe_baseline, find_disease
from response.criteria.course import Course
from response.criteria.history import History
from response.criteria.kinds import (
    Here,
    Judged,
    SumCriterion,
    judge,
    make_here,
    measure_targets,
    say_by_kind,
)
from response.model import Assessment, Reason
from response.model.draft import make_quickly
from response.protocol import Protocol
from response.terms import NewLesion

__all__ = [
    "Here",
    "Judged",
    "SumCriterion",
    "assess_baseline",
    "assess_sums",
    "begin_course",
    "judge",
    "shown",
    "supersede",
]

_IN_ORDER = attrgetter("date", "time_point", "as_of")

_make_assessment = make_quickly(Assessment)


def assess_sums(course: Course, protocol: Protocol, how: SumCriterion) -> tuple[Assessment, ...]:
    """Assess a course; rows by date, then time point, then ``as_of``; the baseline's first."""
    here = begin_course(course, protocol, how)
    rows = [assess_baseline(here)]
    for read in course.follow_up:
        rows += _assess(make_here(how, course, protocol, here.disease, here.history, read))
    rows.sort(key=_IN_ORDER)
    return tuple(rows)


def begin_course(course: Course, protocol: Protocol, how: SumCriterion) -> Here:
    """The baseline as a time point, with what it leaves for those that follow."""
    baseline = course.baseline
    disease = find_disease(baseline, how.length)
    history = History()
    history.begin(baseline)
    if disease.baseline_sum is not None:
        history.nadir = rules.Nadir(disease.baseline_sum, baseline.date, baseline.time_point)
    return Here(how, course, protocol, disease, history, baseline)


def assess_baseline(here: Here) -> Assessment:
    """The row of the baseline: its sum, no responses, and what is odd about it."""
    course, how, read = here.course, here.how, here.read
    limits, word = here.protocol.targets, how.words.sum
    reasons = (
        *course.baseline_reasons,
        *describe_baseline(here.disease, read, limits, how.prefix, how.limit, word),
        *here.history.provisional.values(),
    )
    return _make_assessment(
        course.subject, how.name, course.reader, read.time_point, read.date,
        here.disease.baseline_sum, None, None, None, "", "", None, "",
        here.status, read.date, reasons,
    )  # fmt: skip


def _assess(here: Here) -> list[Assessment]:
    course, history, read = here.course, here.history, here.read
    target, numbers, non_target, present, new, confirmed, reasons = say_by_kind(here)
    row, why = _decide_overall(here, target, non_target, new)
    overall = row.overall
    reasons.append(why)
    recoded: list[Assessment] = []
    if overall != PD and read.date > history.complete_since:
        returned = [t.lesion for t in measure_targets(here) if t.diseased] + present
        overall, recoded = _settle_return_after_cr(here, overall, returned, reasons)
    total, nadir, from_baseline, from_nadir = numbers
    assessment = _make_assessment(
        course.subject, here.how.name, course.reader, read.time_point, read.date,
        total, nadir, from_baseline, from_nadir, shown(target), shown(non_target), new, overall,
        here.status, read.date, (*reasons, *history.provisional.values()),
    )  # fmt: skip
    history.keep(assessment)
    if not recoded and not confirmed:
        return [assessment]
    return [assessment, *recoded, *_back_date(here, confirmed)]


def _decide_overall(
    here: Here, target: str, non_target: str, new: NewLesion
) -> tuple[rules.OverallRow, Reason]:
    said = here.history.said_overall
    if said is None or said[0] != (target, non_target, new):
        row = here.how.decide_overall(target, non_target, new, here.protocol.rules)
        why = sentences.overall(row, target, non_target, new)
        here.history.said_overall = said = (target, non_target, new), row, why
    return said[1], said[2]


def shown(category: str) -> str:
    """A response as an assessment shows it: empty where there is no such disease."""
    return "" if category == rules.NA else category


def _back_date(here: Here, confirmed: dict[str, list[str]]) -> list[Assessment]:
    """R1-51: progression by a lesion that was equivocal dates from the scans that showed it."""
    if not here.protocol.rules.equivocal_backdate:
        return []
    superseding = []
    for lesion, time_points in confirmed.items():
        for name in time_points:
            row = here.history.effective[name]
            if row.date >= here.read.date or row.overall_response == PD:
                continue
            reason = sentences.back_dated(lesion, row, here.read, here.how.prefix)
            superseding.append(supersede(here, row, PD, reason, NewLesion.YES))
    return superseding


# ------------------------------------------------------------------------ disease after complete


def _settle_return_after_cr(
    here: Here, overall: str, returned: list[str], reasons: list[Reason]
) -> tuple[str, list[Assessment]]:
    """R1-55, R1-62, A07: disease back after a complete response."""
    earlier = here.history.before(here.read.date)
    complete = [row for row in earlier if row.overall_response == CR]
    if not returned or not complete:
        return overall, []
    choice, prefix = here.protocol.rules.cr_then_disease, here.how.prefix
    reasons.append(sentences.returned_after_cr(choice, returned, complete, prefix))
    if choice == "pd":
        return PD, []
    if choice == "warn":
        return overall, []
    becomes = PR if here.disease.targets else NON_CR_NON_PD
    reason = sentences.recoded(becomes, returned, here.read, prefix)
    return overall, [supersede(here, row, becomes, reason, row.new_lesion) for row in complete]


def supersede(
    here: Here, row: Assessment, overall: str, reason: Reason, new_lesion: NewLesion | None
) -> Assessment:
    """A further row for an earlier time point, as of this one."""
    provisional = here.history.provisional.values()
    kept = [r for r in row.reasons if r.row_id != "PROVISIONAL"]
    superseding = replace(
        row,
        overall_response=overall,
        new_lesion=new_lesion,
        status=here.status,
        as_of=here.read.date,
        reasons=(*kept, reason, *provisional),
    )
    here.history.keep(superseding)
    return superseding
