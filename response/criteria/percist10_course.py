"""PERCIST 1.0 over a course: each time point against the baseline.

What makes a time point NE: a baseline that is not known to be measurable, a condition of
comparable studies that is known to fail, a target without a measurement. What nobody said (the
liver or uptake time of a follow-up) is a warning, not a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import response.criteria.percist10 as rules
import response.criteria.sentences as sentences
from response.best_response import NE
from response.criteria.course import Course, ReadTimePoint
from response.criteria.frame import (
    Answer,
    Walk,
    assess_non_targets,
    find_lesions,
    label_missing,
    read_number,
)
from response.criteria.lesions import ZERO
from response.criteria.percist10_comparable import (
    NO_REFERENCE,
    compare_studies,
    name_missing_reference,
)
from response.criteria.percist10_lesions import Scan, add_known, read_scan, select_hottest
from response.criteria.recist11 import NA, change_pct
from response.criteria.sentences import per_cent
from response.model import Assessment, Reason
from response.protocol import Protocol
from response.terms import Role

NAME = "percist10"
PREFIX = "PERCIST10"
PROGRESSION = dict.fromkeys((rules.CMR, rules.PMR, rules.SMD, rules.PMD, NE), rules.PMD)


@dataclass(frozen=True, slots=True)
class _Study:
    walk: Walk
    targets: tuple[str, ...]
    non_targets: tuple[str, ...]
    baseline: Scan
    threshold: Decimal | None
    threshold_said: str

    @property
    def first(self) -> ReadTimePoint:
        """The baseline."""
        return self.walk.course.baseline

    @property
    def measurable(self) -> bool:
        """Whether the hottest lesion at baseline is known to reach the threshold (P-04)."""
        hottest = self.baseline.hottest
        if hottest is None or self.threshold is None or self.baseline.missing:
            return False
        return hottest.sul_peak >= self.threshold and hottest.sul_peak > ZERO


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by PERCIST 1.0; rows by date, then time point, then ``as_of``.

    Raises
    ------
    InputError
        A fact of a time point is no number.
    """
    walk = Walk(NAME, course, protocol, PREFIX)
    first = course.baseline
    walk.begin(first)
    targets = find_lesions(first, Role.TARGET)
    liver = read_number(course, first, "liver_mean"), read_number(course, first, "liver_sd")
    blood = (
        read_number(course, first, "blood_pool_mean"),
        read_number(course, first, "blood_pool_sd"),
    )
    threshold, said = rules.find_threshold(liver, blood, protocol.pet)
    if threshold is None:
        said = first.facts.get(NO_REFERENCE) or said
    study = _Study(
        walk, targets, find_lesions(first, Role.NON_TARGET),
        read_scan(first, targets, walk), threshold, said,
    )  # fmt: skip
    waits = name_missing_reference(first) if targets else []
    walk.add_baseline([_describe_baseline(study), *waits])
    for read in course.follow_up:
        walk.begin(read)
        walk.add(read, _assess(study, read))
        walk.back_date(read, PROGRESSION)
    return walk.finish()


# --------------------------------------------------------------------------------- a time point


def _assess(study: _Study, read: ReadTimePoint) -> Answer:
    walk = study.walk
    new, new_reason = walk.find_new(read, bool(study.targets or study.non_targets))
    non_target, non_target_reasons = assess_non_targets(
        rules.NON_TARGET_RULES, study.non_targets, read
    )
    scan = read_scan(read, study.targets, walk)
    target, target_reasons = _assess_target(study, read, scan)
    row = rules.ROWS[target, non_target, new]
    text = f"{row.overall}: target {target}, non-target {non_target}, new lesion {new}"
    before, now = study.baseline.hottest, scan.hottest
    change = (
        change_pct(now.sul_peak, before.sul_peak) if before and now and not scan.missing else None
    )
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
        from_baseline=change,
    )


def _assess_target(study: _Study, read: ReadTimePoint, scan: Scan) -> tuple[str, list[Reason]]:
    if not study.targets:
        return NA, [Reason(f"{PREFIX}.TARGET.NA", "no target at baseline to compare with")]
    failed, warnings = compare_studies(study.walk.course, read)
    others = _find_grown(study, scan)
    case = _build_case(study, read, scan, comparable=not failed, grown=bool(others))
    rule = rules.decide_target(case, study.walk.protocol)
    text = f"{rule.category}: {_explain(rule, study, scan, read, failed, others)}"
    reasons = [Reason(rule.id, text)]
    if failed and rule.holds is rules.is_not_measurable:
        reasons.append(Reason(f"{PREFIX}.TARGET.NE.COMPARABLE", _say_not_comparable(failed)))
    if rule.verify:
        reasons.append(Reason(f"{rule.id}.VERIFY", rule.verify))
    reasons += _add_secondary(study, scan)
    waits = name_missing_reference(read)
    return rule.category, [*reasons, *_warn_of_completeness(rule, case), *warnings, *waits]


def _build_case(
    study: _Study, read: ReadTimePoint, scan: Scan, *, comparable: bool, grown: bool
) -> rules.Case:
    hottest, before = scan.hottest, study.baseline.hottest
    said = read.facts.get("metabolic_complete", "")
    nothing_left = hottest is not None and hottest.sul_peak == ZERO
    return rules.Case(
        baseline=before.sul_peak if before else None,
        hottest=hottest.sul_peak if hottest else None,
        measurable=study.measurable,
        comparable=comparable,
        missing=bool(scan.missing),
        complete=said == "true" or (not said and nothing_left),
        liver=read_number(study.walk.course, read, "liver_mean"),
        tlg_baseline=add_known(one.tlg for one in select_hottest(study.baseline)),
        tlg=add_known(one.tlg for one in select_hottest(scan)),
        grown=grown,
    )


def _find_grown(study: _Study, scan: Scan) -> list[str]:
    """Lesions other than the hottest at baseline that grew by more than 30 % (P-08)."""
    before = {one.lesion: one for one in study.baseline.lesions[1:]}
    return sorted(
        one.lesion
        for one in scan.lesions
        if one.lesion in before
        and (
            one.sul_peak > before[one.lesion].sul_peak * (1 + rules.OTHER_INCREASE)
            or _larger(before[one.lesion].size_mm, one.size_mm)
        )
    )


def _larger(before: Decimal | None, now: Decimal | None) -> bool:
    if before is None or now is None:
        return False
    return now > before * (1 + rules.OTHER_INCREASE)


# ----------------------------------------------------------------------------------- in sentences


def _describe_baseline(study: _Study) -> Reason:
    hottest = study.baseline.hottest
    if not study.targets:
        return Reason(f"{PREFIX}.BASELINE", "baseline: no target")
    if hottest is None or study.baseline.missing:
        missing = label_missing(study.baseline.missing)
        text = f"baseline: the hottest lesion is not known: no SULpeak of {missing}"
        return Reason(f"{PREFIX}.BASELINE", text)
    text = f"baseline: hottest lesion {hottest.lesion}, SULpeak {hottest.sul_peak}"
    if study.threshold is None:
        return Reason(
            f"{PREFIX}.BASELINE", f"{text}; not known to be measurable: {study.threshold_said}"
        )
    reached = "measurable" if study.measurable else "not measurable"
    return Reason(
        f"{PREFIX}.BASELINE", f"{text}; {reached}: {study.threshold} is {study.threshold_said}"
    )


def _explain(
    rule: rules.TargetRule,
    study: _Study,
    scan: Scan,
    read: ReadTimePoint,
    failed: list[str],
    others: list[str],
) -> str:
    if rule.holds is rules.is_not_measurable:
        return _describe_baseline(study).text
    if rule.holds is rules.is_not_comparable:
        return _say_not_comparable(failed)
    if rule.holds is rules.is_missing:
        if not read.evaluable:
            return sentences.nothing_read(read)
        return f"not all targets were measured: {label_missing(scan.missing)}"
    before, now = study.baseline.hottest, scan.hottest
    assert before is not None
    assert now is not None
    change = change_pct(now.sul_peak, before.sul_peak)
    peak = f"SULpeak {now.sul_peak}," if now.sul_peak else "at background,"
    text = (
        f"hottest lesion {now.lesion}, {peak} is {change:+} % and "
        f"{now.sul_peak - before.sul_peak:+} SUL from {before.sul_peak} of {before.lesion}"
    )
    if rule.holds is rules.is_complete:
        return f"{text}; complete by the reader's word"
    if rule.holds is rules.has_spread:
        limit = per_cent(rules.TLG_INCREASE)
        return f"{text}; TLG rose by more than {limit}: {_say_tlg(study, scan)}"
    if rule.holds is rules.has_fallen_but_not_all:
        return f"{text}, but {', '.join(others)} grew by more than {per_cent(rules.OTHER_INCREASE)}"
    if scan.missing:
        return f"{text}; without {label_missing(scan.missing)}, which can only add"
    return text


def _say_not_comparable(failed: list[str]) -> str:
    return f"the studies are not comparable: {'; '.join(failed)}"


def _say_tlg(study: _Study, scan: Scan) -> str:
    before = add_known(one.tlg for one in select_hottest(study.baseline))
    return f"{add_known(one.tlg for one in select_hottest(scan))} from {before}"


def _add_secondary(study: _Study, scan: Scan) -> list[Reason]:
    """P-06: the sum of the hottest lesions, beside the primary measure."""
    before, now = select_hottest(study.baseline), select_hottest(scan)
    if scan.missing or study.baseline.missing or not before:
        return []
    total, reference = (sum((one.sul_peak for one in some), ZERO) for some in (now, before))
    change = change_pct(total, reference)
    shown = "" if change is None else f" ({change:+} %)"
    text = (
        f"secondary: the {len(now)} hottest lesions add up to {total} SUL, from {reference} of "
        f"{len(before)} at baseline{shown}"
    )
    return [Reason(f"{PREFIX}.SECONDARY", text)]


def _warn_of_completeness(rule: rules.TargetRule, case: rules.Case) -> list[Reason]:
    """Where a reader's word and the liver do not say the same, or the liver is silent (P-07)."""
    name = f"{PREFIX}.CMR.LIVER"
    if rule.category == rules.CMR:
        if case.liver is not None:
            return []
        return [Reason(name, "warning: not checked against the liver: liver_mean is not given")]
    if case.hottest is None or case.liver is None or rule.category == NE:
        return []
    below = case.hottest < case.liver
    if case.complete and not below:
        text = f"warning: called complete, but SULpeak {case.hottest} is not below the liver's "
        return [Reason(name, f"{text}{case.liver}: not CMR")]
    if below and not case.complete:
        text = f"SULpeak {case.hottest} is below the liver's {case.liver}, but nobody called it "
        return [Reason(name, f"{text}complete (metabolic_complete): not CMR")]
    return []
