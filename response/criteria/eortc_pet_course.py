"""The EORTC PET criteria of 1999 over a course: each time point against the baseline.

The measure (``suv_mean``, else ``suv_max``) is chosen once, at the baseline, for the whole patient:
two kinds of SUV never meet. The paper speaks of one tumour; over several targets their SUVs are
added, and growth of any one of them is growth (*ours*). A target at background adds nothing; one
that became one with another has the uptake of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import response.criteria.eortc_pet as rules
import response.criteria.sentences as sentences
from response.best_response import NE
from response.criteria.course import Course, ReadTimePoint
from response.criteria.frame import (
    Answer,
    Walk,
    assess_non_targets,
    explain_merged,
    find_lesions,
    find_whole,
    label_missing,
    why_not,
)
from response.criteria.lesions import NO_ROW, ZERO
from response.criteria.recist11 import NA, change_pct
from response.model import Assessment, LesionReading, Reason
from response.protocol import Protocol
from response.terms import LesionState, Role

NAME = "eortc_pet"
PREFIX = "EORTC99"
PROGRESSION = dict.fromkeys((rules.CMR, rules.PMR, rules.SMD, rules.PMD, NE), rules.PMD)


@dataclass(frozen=True, slots=True)
class Uptake:
    """The targets of one scan: SUV and longest dimension (mm) where known, else why not."""

    suv: Mapping[str, Decimal]
    missing: Mapping[str, str]
    length_mm: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """What is known, added."""
        return sum(self.suv.values(), ZERO)


@dataclass(frozen=True, slots=True)
class _Study:
    walk: Walk
    measure: str
    targets: tuple[str, ...]
    non_targets: tuple[str, ...]
    baseline: Uptake


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by EORTC 1999; rows by date, then time point, then ``as_of``."""
    walk = Walk(NAME, course, protocol, PREFIX)
    first = course.baseline
    walk.begin(first)
    targets = find_lesions(first, Role.TARGET)
    measure = choose_measure(first, targets)
    baseline = read_uptake(first, targets, measure, walk)
    study = _Study(walk, measure, targets, find_lesions(first, Role.NON_TARGET), baseline)
    walk.add_baseline([_describe_baseline(study)])
    for read in course.follow_up:
        walk.begin(read)
        walk.add(read, _assess(study, read))
        walk.back_date(read, PROGRESSION)
    return walk.finish()


def choose_measure(first: ReadTimePoint, targets: tuple[str, ...]) -> str:
    """The SUV that every target has at baseline: the mean, else the maximum; else the mean."""
    for name in rules.MEASURES:
        if all(name in one.extra for lesion in targets for one in first.lesions[lesion]):
            return name
    return rules.MEASURES[0]


def read_uptake(read: ReadTimePoint, targets: tuple[str, ...], measure: str, walk: Walk) -> Uptake:
    """The uptake of the targets at one time point."""
    suv: dict[str, Decimal] = {}
    missing: dict[str, str] = {}
    length_mm: dict[str, Decimal] = {}
    for lesion in targets:
        readings = read.lesions.get(lesion, ())
        value, why = _measure(readings, measure)
        if lesion in walk.treated:
            missing[lesion] = walk.treated[lesion]
        elif lesion in walk.merged:
            continue
        elif value is None:
            missing[lesion] = why
        else:
            suv[lesion] = value
        lengths = [one.diameter_mm for one in readings if one.diameter_mm is not None]
        if lengths and len(lengths) == len(readings) and lesion not in walk.treated:
            length_mm[lesion] = sum(lengths, ZERO)
    for lesion in sorted(set(targets) & walk.merged.keys() - walk.treated.keys()):
        into = find_whole(walk.merged, lesion)
        if into in suv:
            suv[lesion] = suv[into]
        else:
            missing[lesion] = explain_merged(into, targets) or f"merged into {into}, not measured"
    return Uptake(suv, missing, length_mm)


def _measure(readings: tuple[LesionReading, ...], measure: str) -> tuple[Decimal | None, str]:
    """The SUV of a target: of several parts the highest; 0 where it is at background."""
    if not readings:
        return None, NO_ROW
    values = []
    for one in readings:
        value = ZERO if one.state is LesionState.ABSENT else one.extra.get(measure)
        if value is None:
            others = [name for name in rules.MEASURES if name in one.extra]
            instead = f"; {others[0]} is not the measure of this patient" if others else ""
            return None, f"{why_not(one)}: no {measure}{instead}"
        values.append(value)
    return max(values), ""


# --------------------------------------------------------------------------------- a time point


def _assess(study: _Study, read: ReadTimePoint) -> Answer:
    new, new_reason = study.walk.find_new(read, bool(study.targets or study.non_targets))
    non_target, non_target_reasons = assess_non_targets(
        rules.NON_TARGET_RULES, study.non_targets, read
    )
    uptake = read_uptake(read, study.targets, study.measure, study.walk)
    target, target_reasons = _assess_target(study, read, uptake)
    row = rules.ROWS[target, non_target, new]
    text = f"{row.overall}: target {target}, non-target {non_target}, new lesion {new}"
    known = study.targets and not (uptake.missing or study.baseline.missing)
    return Answer(
        "" if target == NA else target,
        "" if non_target == NA else non_target,
        new,
        row.overall,
        (
            *target_reasons,
            *non_target_reasons,
            new_reason,
            Reason(row.id, f"{text} ({row.source})"),
        ),
        from_baseline=change_pct(uptake.total, study.baseline.total) if known else None,
    )


def _assess_target(study: _Study, read: ReadTimePoint, uptake: Uptake) -> tuple[str, list[Reason]]:
    if not study.targets:
        return NA, [Reason(f"{PREFIX}.TARGET.NA", "no target at baseline to compare with")]
    said = read.facts.get("metabolic_complete", "")
    grown = _find_grown(study, uptake)
    case = rules.Case(
        baseline=None if study.baseline.missing else study.baseline.total,
        total=uptake.total,
        missing=bool(uptake.missing),
        complete=said == "true" or (not said and not uptake.total),
        grown=bool(grown),
    )
    rule = rules.decide_target(case, study.walk.protocol)
    reasons = [Reason(rule.id, f"{rule.category}: {_explain(rule, study, read, uptake, grown)}")]
    risen = sorted(
        lesion
        for lesion, suv in uptake.suv.items()
        if lesion in study.baseline.suv and suv > study.baseline.suv[lesion] * (1 + rules.INCREASE)
    )
    if risen and rule.category not in (rules.PMD, NE):
        limit = sentences.per_cent(rules.INCREASE)
        text = f"warning: {', '.join(risen)} alone rose by more than {limit}"
        reasons.append(Reason(f"{PREFIX}.TARGET.ALONE", text))
    return rule.category, reasons


def _find_grown(study: _Study, uptake: Uptake) -> list[str]:
    before = study.baseline.length_mm
    return sorted(
        lesion
        for lesion, length in uptake.length_mm.items()
        if lesion in before and length > before[lesion] * (1 + rules.EXTENT_INCREASE)
    )


# ----------------------------------------------------------------------------------- in sentences


def _describe_baseline(study: _Study) -> Reason:
    name = f"{PREFIX}.BASELINE"
    if not study.targets:
        return Reason(name, "baseline: no target")
    if study.baseline.missing:
        missing = label_missing(study.baseline.missing)
        return Reason(name, f"baseline: the uptake is not complete: {missing}")
    total = sentences.length(study.baseline.total)
    return Reason(name, f"baseline: {study.measure} {total} over {', '.join(study.targets)}")


def _explain(
    rule: rules.Rule,
    study: _Study,
    read: ReadTimePoint,
    uptake: Uptake,
    grown: list[str],
) -> str:
    if rule.holds is rules.has_no_baseline:
        return f"{_describe_baseline(study).text}; nothing to compare with"
    if rule.holds is rules.has_grown:
        limit = sentences.per_cent(rules.EXTENT_INCREASE)
        return "; ".join(
            f"{lesion} is {sentences.length(uptake.length_mm[lesion])} mm long, "
            f"more than {limit} over {sentences.length(study.baseline.length_mm[lesion])} mm"
            for lesion in grown
        )
    if rule.holds is rules.is_missing:
        if not read.evaluable:
            return sentences.nothing_read(read)
        return f"not all targets were measured: {label_missing(uptake.missing)}"
    before = study.baseline.total
    text = (
        f"{study.measure} {sentences.length(uptake.total)} is "
        f"{change_pct(uptake.total, before):+} % from {sentences.length(before)} at baseline"
    )
    if rule.holds is rules.is_complete:
        return f"{text}; no uptake above the tissue around, by the reader's word"
    if rule.holds in (rules.is_in_gap, rules.is_in_gap_as_partial):
        gap = f"{rules.DECREASE_FIRST * 100:.0f} to {sentences.per_cent(rules.DECREASE_MORE)}"
        return f"{text}: {gap} after more than one cycle, which the paper leaves open"
    if uptake.missing:
        return f"{text}; without {label_missing(uptake.missing)}, which can only add"
    return text
