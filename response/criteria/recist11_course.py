"""RECIST 1.1 over a course: each time point in its turn, with what earlier ones left behind.

Nothing here looks ahead. What a later scan says of an earlier one is a further row for the
earlier time point with the later scan's date as its ``as_of``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal

import response.criteria.recist11 as rules
import response.criteria.sentences as sentences
from response.best_response import (
    CR,
    NON_CR_NON_PD,
    PD,
    PR,
    SD,
    Visit,
    derive_confirmed_response,
    select_window,
)
from response.criteria.baseline import KnownDisease, describe_baseline, find_disease
from response.criteria.course import Course, ReadTimePoint
from response.criteria.lesions import (
    Contribution,
    find_merged,
    judge_new,
    judge_non_target,
    measure_target,
)
from response.model import Assessment, Reason
from response.protocol import Protocol
from response.terms import LesionState, NewLesion, Role, Status

NAME = "recist11"

MARKER = "tumour marker"
_MARKER_STATES = {"true": LesionState.ABSENT, "false": LesionState.PRESENT}


@dataclass(slots=True)
class History:
    """What the time points so far leave for the next one."""

    nadir: rules.Nadir | None
    nadir_to_come: rules.Nadir | None = None
    date: dt.date = dt.date.min
    merged: dict[str, str] = field(default_factory=dict)
    effective: dict[str, Assessment] = field(default_factory=dict)
    equivocal: dict[str, list[str]] = field(default_factory=dict)
    called: dict[str, LesionState] = field(default_factory=dict)
    provisional: dict[str, Reason] = field(default_factory=dict)

    def begin(self, time_point: ReadTimePoint) -> None:
        """Begin a time point: sums of earlier dates may now be the nadir."""
        if time_point.date > self.date:
            self.date = time_point.date
            self.nadir = _smaller(self.nadir, self.nadir_to_come)
            self.nadir_to_come = None
        for text in find_provisional(time_point):
            self.provisional.setdefault(text, Reason("PROVISIONAL", text))

    def before(self, date: dt.date) -> list[Assessment]:
        """The assessments of earlier dates as they stand by now."""
        return [row for row in self.effective.values() if row.date < date]


def find_provisional(time_point: ReadTimePoint) -> list[str]:
    """Every reason why no person stands behind a time point, each once."""
    said = {
        (lesion, reading.part, reading.provisional)
        for lesion, readings in time_point.lesions.items()
        for reading in readings
        if reading.provisional
    }
    return list(dict.fromkeys([*time_point.provisional, *(text for _, _, text in sorted(said))]))


def _smaller(first: rules.Nadir | None, second: rules.Nadir | None) -> rules.Nadir | None:
    if first is None or second is None:
        return first or second
    return second if second.total < first.total else first


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by RECIST 1.1; rows by date, then time point, then ``as_of``."""
    disease = find_disease(course.baseline)
    baseline = course.baseline
    history = History(None)
    history.begin(baseline)
    history.merged = find_merged(baseline.lesions, {})
    if disease.baseline_sum is not None:
        history.nadir = rules.Nadir(disease.baseline_sum, baseline.date, baseline.time_point)
    reasons = (
        *course.baseline_reasons,
        *describe_baseline(disease, baseline, protocol),
        *history.provisional.values(),
    )
    rows = [
        Assessment(
            course.subject, NAME, course.reader, baseline.time_point, baseline.date,
            disease.baseline_sum, None, None, None, "", "", None, "",
            Status.PROVISIONAL if history.provisional else Status.CONFIRMED,
            baseline.date, reasons,
        )
    ]  # fmt: skip
    for time_point in course.follow_up:
        rows += _assess(_TimePoint(course, protocol, disease, history, time_point))
    return tuple(sorted(rows, key=lambda row: (row.date, row.time_point, row.as_of)))


@dataclass(frozen=True, slots=True)
class _TimePoint:
    course: Course
    protocol: Protocol
    disease: KnownDisease
    history: History
    read: ReadTimePoint


def _assess(here: _TimePoint) -> list[Assessment]:
    history, read = here.history, here.read
    history.begin(read)
    history.merged = find_merged(read.lesions, history.merged)
    targets = _measure_targets(here)
    target, numbers, target_reasons = _assess_target(here, targets)
    non_target, present, non_target_reasons = _assess_non_target(here)
    new, confirmed_now, new_reasons = _assess_new(here)
    row = rules.decide_overall(target, non_target, new)
    overall, overall_reasons = row.overall, [sentences.overall(row, target, non_target, new)]
    returned = [t.lesion for t in targets if t.diseased] + present
    recoded: list[Assessment] = []
    if returned and overall != PD:
        overall, recoded = _settle_return_after_cr(here, overall, returned, overall_reasons)
    reasons = [*target_reasons, *non_target_reasons, *new_reasons, *overall_reasons]
    assessment = Assessment(
        here.course.subject, NAME, here.course.reader, read.time_point, read.date,
        numbers.total, numbers.nadir, numbers.from_baseline, numbers.from_nadir,
        _shown(target), _shown(non_target), new, overall,
        Status.PROVISIONAL if history.provisional else Status.CONFIRMED,
        read.date, (*reasons, *history.provisional.values()),
    )  # fmt: skip
    history.effective[read.time_point] = assessment
    return [assessment, *recoded, *_back_date(here, confirmed_now)]


def _shown(category: str) -> str:
    return "" if category == rules.NA else category


# ------------------------------------------------------------------------------- target lesions


@dataclass(frozen=True, slots=True)
class _Numbers:
    total: Decimal | None = None
    nadir: Decimal | None = None
    from_baseline: Decimal | None = None
    from_nadir: Decimal | None = None


def _measure_targets(here: _TimePoint) -> list[Contribution]:
    lesions, merged = here.read.lesions, here.history.merged
    measured = []
    for lesion, node in here.disease.targets.items():
        into = merged.get(lesion, "")
        one_with_another = into in here.disease.targets and into in lesions
        measured.append(measure_target(lesion, node, lesions.get(lesion, ()), one_with_another))
    return measured


def _assess_target(
    here: _TimePoint, targets: list[Contribution]
) -> tuple[str, _Numbers, list[Reason]]:
    if not targets:
        return here.disease.response_without_lesions, _Numbers(), []
    history, baseline_sum = here.history, here.disease.baseline_sum
    missing = [target.missing for target in targets if target.missing]
    nadir = history.nadir
    case = rules.TargetCase(
        total=sum((target.amount_mm for target in targets), Decimal(0)),
        complete=not missing,
        all_normal=all(target.normal for target in targets),
        baseline=baseline_sum,
        nadir=nadir.total if nadir else None,
    )
    rule = rules.decide_target(case, here.protocol.rules)
    reasons = [sentences.target(rule, case, nadir, missing, here.read)]
    _keep_for_nadir(here, case, len(missing) < len(targets))
    numbers = _numbers(case)
    if rule.category == SD:
        kept = _keep_response(here)
        if kept is not None:
            return (PR if kept.row_id == sentences.PR_KEPT else SD), numbers, [*reasons, kept]
    return rule.category, numbers, reasons


def _numbers(case: rules.TargetCase) -> _Numbers:
    if not case.complete:
        return _Numbers(nadir=case.nadir)
    over_baseline = rules.change_pct(case.total, case.baseline) if case.baseline else None
    over_nadir = rules.change_pct(case.total, case.nadir) if case.nadir else None
    return _Numbers(case.total, case.nadir, over_baseline, over_nadir)


def _keep_for_nadir(here: _TimePoint, case: rules.TargetCase, some_known: bool) -> None:
    if case.complete or (here.protocol.rules.nadir_uses_incomplete and some_known):
        seen = rules.Nadir(case.total, here.read.date, here.read.time_point)
        here.history.nadir_to_come = _smaller(here.history.nadir_to_come, seen)


def _keep_response(here: _TimePoint) -> Reason | None:
    """A01: SD by the letter where the committee's FAQ goes on with PR."""
    earlier = here.history.before(here.read.date)
    if not any(row.target_response in (CR, PR) for row in earlier):
        return None
    choice = here.protocol.rules.pr_persistence
    if choice == "carry_after_confirmed":
        options = here.protocol.best_response
        visits = [Visit(row.date, row.overall_response) for row in earlier]
        kept = derive_confirmed_response(select_window(visits, options), options) is not None
    else:
        kept = choice == "eortc_carry_forward"
    return sentences.response_kept(kept)


# -------------------------------------------------------------------------- non-target lesions


def _assess_non_target(here: _TimePoint) -> tuple[str, list[str], list[Reason]]:
    """The response, the lesions whose presence is disease come back, and why."""
    disease, lesions = here.disease, here.read.lesions
    if not disease.has_non_target:
        return disease.response_without_lesions, [], []
    states, labels = {}, {}
    for lesion in disease.non_targets:
        states[lesion], why = judge_non_target(lesion, lesions.get(lesion, ()))
        if why:
            labels[lesion] = why
    if disease.marker_raised:
        states[MARKER] = _MARKER_STATES.get(
            here.read.facts.get("marker_normal", ""), LesionState.NOT_EVALUABLE
        )
    rule, reason = sentences.by_state(rules.NON_TARGET_RULES, states, labels)
    come_back = [
        lesion
        for lesion, node in disease.non_targets.items()
        if not node and states[lesion] is LesionState.PRESENT
    ]
    return rule.category, come_back, [reason]


# --------------------------------------------------------------------------------- new lesions


def _assess_new(here: _TimePoint) -> tuple[NewLesion, dict[str, list[str]], list[Reason]]:
    """Whether there is a new lesion, which are confirmed by now as seen before, and why."""
    history, read = here.history, here.read
    if not history.called and read.lesions and here.disease.lesions >= read.lesions.keys():
        return NewLesion.NO, {}, [sentences.NO_NEW_LESION]
    states = {
        lesion: judge_new(readings, history.called.get(lesion))
        for lesion, readings in read.lesions.items()
        if readings[0].role is Role.NEW
    }
    labels = {}
    for lesion, called in history.called.items():
        if called is LesionState.UNEQUIVOCAL and lesion not in states:
            states[lesion] = LesionState.NOT_EVALUABLE
            labels[lesion] = f"{lesion} (not assessed: no row)"
    confirmed = _follow_equivocal(here, states)
    if not read.evaluable or (not read.lesions and here.disease.any):
        states, labels = {"": LesionState.NOT_EVALUABLE}, {"": sentences.nothing_read(read)}
    rule, reason = sentences.by_state(rules.NEW_LESION_RULES, states, labels)
    return NewLesion(rule.category), confirmed, [reason]


def _follow_equivocal(here: _TimePoint, states: dict[str, LesionState]) -> dict[str, list[str]]:
    """Remember equivocal findings; give those that are unequivocal now, with where they began."""
    history, confirmed = here.history, {}
    for lesion, state in states.items():
        if state is LesionState.NOT_EVALUABLE:
            continue
        history.called[lesion] = state
        if state is LesionState.EQUIVOCAL:
            history.equivocal.setdefault(lesion, []).append(here.read.time_point)
            continue
        since = history.equivocal.pop(lesion, [])
        if state is LesionState.UNEQUIVOCAL and since:
            confirmed[lesion] = since
    return confirmed


def _back_date(here: _TimePoint, confirmed: dict[str, list[str]]) -> list[Assessment]:
    """R1-51: progression by a lesion that was equivocal dates from the scans that showed it."""
    if not here.protocol.rules.equivocal_backdate:
        return []
    superseding = []
    for lesion, time_points in confirmed.items():
        for name in time_points:
            row = here.history.effective[name]
            if row.date >= here.read.date or row.overall_response == PD:
                continue
            reason = sentences.back_dated(lesion, row, here.read)
            superseding.append(_supersede(here, row, PD, reason, NewLesion.YES))
    return superseding


# ------------------------------------------------------------------------ disease after complete


def _settle_return_after_cr(
    here: _TimePoint, overall: str, returned: list[str], reasons: list[Reason]
) -> tuple[str, list[Assessment]]:
    """R1-55, R1-62, A07: disease back after a complete response."""
    date = here.read.date
    complete = [row for row in here.history.before(date) if row.overall_response == CR]
    if not complete:
        return overall, []
    choice = here.protocol.rules.cr_then_disease
    reasons.append(sentences.returned_after_cr(choice, returned, complete))
    if choice == "pd":
        return PD, []
    if choice == "warn":
        return overall, []
    becomes = PR if here.disease.targets else NON_CR_NON_PD
    reason = sentences.recoded(becomes, returned, here.read)
    return overall, [_supersede(here, row, becomes, reason, row.new_lesion) for row in complete]


def _supersede(
    here: _TimePoint,
    row: Assessment,
    overall: str,
    reason: Reason,
    new_lesion: NewLesion | None,
) -> Assessment:
    provisional = tuple(here.history.provisional.values())
    kept = [r for r in row.reasons if r.row_id != "PROVISIONAL"]
    superseding = replace(
        row,
        overall_response=overall,
        new_lesion=new_lesion,
        status=Status.PROVISIONAL if provisional else Status.CONFIRMED,
        as_of=here.read.date,
        reasons=(*kept, reason, *provisional),
    )
    here.history.effective[row.time_point] = superseding
    return superseding
