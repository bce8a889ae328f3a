"""RANO 2.0 over a course: imaging, clinical state, steroids, and the time since radiotherapy.

``clinical_status`` and ``steroid_dose`` are what the table of time points says; silence about them
blocks nothing and is warned of. ``radiotherapy_end`` counts from the time point that says it on.
Progression on imaging within twelve weeks of radiotherapy is ``PDu`` until a scan at least four
weeks later shows progression again: then a later row makes it PD from its own date on. A scan
without progression in between ends the suspicion. Clinical decline is PD at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import response.criteria.rano2 as rules
from response.best_response import NE, PD
from response.criteria.course import Course, ReadTimePoint
from response.criteria.frame import (
    Answer,
    Walk,
    assess_non_targets,
    find_lesions,
    label_missing,
    read_date,
    read_number,
    read_word,
)
from response.criteria.products import Lowest, find_longest
from response.criteria.rano2_components import (
    Component,
    Judged,
    find_components,
    judge_component,
    remember,
)
from response.criteria.recist11 import NA
from response.criteria.sentences import length
from response.model import Assessment, LesionReading, Reason
from response.protocol import Protocol
from response.terms import NewLesion, Role

NAME = "rano2"
PREFIX = "RANO20"
PROGRESSION = dict.fromkeys(rules.VOCABULARY.means, PD)
WEEK_DAYS = 7
CLINICAL = rules.OVERALL[0].id


@dataclass(slots=True)
class _Study:
    """The baseline, and what the time points so far leave for the next one.

    ``suspected`` are the rows whose progression is not confirmed yet; ``raised`` those in a row
    whose steroid dose was raised while imaging was stable.
    """

    walk: Walk
    targets: tuple[str, ...]
    non_targets: tuple[str, ...]
    components: tuple[Component, ...]
    lowest: Lowest = field(default_factory=Lowest)
    radiotherapy_end: dt.date | None = None
    suspected: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by RANO 2.0; rows by date, then time point, then ``as_of``.

    Raises
    ------
    InputError
        A steroid dose, a clinical status or the end of radiotherapy is not one.
    """
    walk = Walk(NAME, course, protocol, PREFIX)
    first = course.baseline
    walk.begin(first)
    targets = find_lesions(first, Role.TARGET)
    components = find_components(walk, targets)
    study = _Study(walk, targets, find_lesions(first, Role.NON_TARGET), components)
    study.radiotherapy_end = read_date(course, first, "radiotherapy_end")
    for component in components:
        if component.targets:
            remember(component, component.baseline, study.lowest)
    walk.add_baseline(_describe_baseline(study))
    for read in course.follow_up:
        walk.begin(read)
        study.lowest.begin(read.date)
        said = read_date(course, read, "radiotherapy_end")
        study.radiotherapy_end = said or study.radiotherapy_end
        _assess(study, read)
    return walk.finish()


# --------------------------------------------------------------------------------- a time point


def _assess(study: _Study, read: ReadTimePoint) -> None:
    walk = study.walk
    new, new_reasons = _find_new(study, read)
    judged = [judge_component(one, read, walk, study.lowest) for one in study.components]
    target, mixed_reasons = _put_together(judged)
    non_target, non_target_reasons = assess_non_targets(
        rules.NON_TARGET_RULES, study.non_targets, read
    )
    case, patient_reasons = _ask_patient(study, read, target, non_target, new)
    rule = rules.decide_overall(case)
    imaging = rules.decide_overall(replace(case, worse=False)).category
    overall, suspicion = _confirm(study, read, rule)
    said = rules.TEXTS.get(rule.id, f"target {target}, non-target {non_target}, new lesion {new}")
    reasons = (
        *(reason for one in judged for reason in one.reasons), *mixed_reasons,
        *non_target_reasons, *new_reasons, *patient_reasons,
        Reason(rule.id, f"{rule.category}: {said} ({rule.source})"), *suspicion,
    )  # fmt: skip
    shown = next((one for one in judged if one.category != NA), Judged(NA, ()))
    walk.add(
        read,
        Answer(
            "" if target == NA else target, "" if non_target == NA else non_target,
            new, overall, reasons, shown.from_baseline, shown.from_nadir,
        ),
    )  # fmt: skip
    _look_back(study, read, rule, overall, imaging)
    if overall == PD and new is NewLesion.YES:
        walk.back_date(read, PROGRESSION)


def _put_together(judged: list[Judged]) -> tuple[str, list[Reason]]:
    if len(judged) == 1:
        return judged[0].category, []
    first, second = judged
    row = rules.combine(first.category, second.category)
    text = f"enhancing {first.category} and non-enhancing {second.category}: {row.category}"
    return row.category, [Reason(row.id, f"{text} ({row.source})")]


def _find_new(study: _Study, read: ReadTimePoint) -> tuple[NewLesion, list[Reason]]:
    """New lesions; one measured in both diameters counts from 10 x 10 mm on."""
    new, reason = study.walk.find_new(read, bool(study.targets or study.non_targets))
    if new is not NewLesion.YES:
        return new, [reason]
    called = study.walk.find_unequivocal(read)
    small = sorted(lesion for lesion in called if _is_small(read.lesions[lesion]))
    if not small:
        return new, [reason]
    text = f"new lesion {', '.join(small)} is not measurable (10 x 10 mm): no progression by itself"
    counted = new if len(small) < len(called) else NewLesion.EQUIVOCAL
    return counted, [reason, Reason(f"{PREFIX}.NEW.NOT_MEASURABLE", text)]


def _is_small(readings: tuple[LesionReading, ...]) -> bool:
    return all(
        any(
            known is not None and known < rules.MEASURABLE_MM
            for known in (find_longest(one), one.extra.get("short_diameter_mm"))
        )
        for one in readings
    )


# -------------------------------------------------------------------- clinical state and steroids


def _ask_patient(
    study: _Study, read: ReadTimePoint, target: str, non_target: str, new: NewLesion
) -> tuple[rules.OverallCase, list[Reason]]:
    """What the overall rules see, and what is said of the patient's state and steroids."""
    course, options = study.walk.course, study.walk.protocol.rano2
    status = read_word(course, read, "clinical_status", rules.CLINICAL_WORDS)
    dose = read_number(course, read, "steroid_dose")
    before = read_number(course, course.baseline, "steroid_dose")
    case = rules.OverallCase(
        target=target,
        non_target=non_target,
        new=new,
        worse=status == rules.Clinical.WORSE,
        raised=dose is not None and before is not None and dose > before,
        steroids=dose is not None and dose > options.physiological_steroid_dose,
    )
    reasons = [] if status is None else [Reason(f"{PREFIX}.CLINICAL", f"clinically {status}")]
    if dose is not None:
        first = "not given" if before is None else length(before)
        text = f"steroid dose {length(dose)}, at baseline {first}"
        reasons.append(Reason(f"{PREFIX}.STEROIDS", text))
    silent = [
        name
        for name, value in (
            ("clinical_status", status),
            ("steroid_dose", dose),
            ("steroid_dose at baseline", before),
        )
        if value is None
    ]
    if silent:
        text = f"warning: not checked, not given: {', '.join(silent)}"
        reasons.append(Reason(f"{PREFIX}.PATIENT.UNKNOWN", text))
    return case, reasons


# ------------------------------------------------------------- progression after radiotherapy


def _confirm(
    study: _Study, read: ReadTimePoint, rule: rules.OverallRule
) -> tuple[str, list[Reason]]:
    """The overall response once unconfirmed progression is told apart, and why."""
    on_imaging = rule.category == PD and rule.id != CLINICAL
    if not on_imaging or not _is_soon_after_radiotherapy(study, read):
        return rule.category, []
    if _find_confirmed(study, read):
        return PD, []
    weeks = study.walk.protocol.rano2.confirmation_weeks_after_radiotherapy
    text = (
        f"PDu: within {weeks} weeks of the end of radiotherapy on {study.radiotherapy_end} "
        f"progression needs a scan at least {study.walk.protocol.rano2.confirmation_min_days} "
        "days later"
    )
    return rules.PDU, [Reason(f"{PREFIX}.PDU", text)]


def _is_soon_after_radiotherapy(study: _Study, read: ReadTimePoint) -> bool:
    if study.radiotherapy_end is None:
        return False
    weeks = study.walk.protocol.rano2.confirmation_weeks_after_radiotherapy
    return 0 <= (read.date - study.radiotherapy_end).days <= weeks * WEEK_DAYS


def _find_confirmed(study: _Study, read: ReadTimePoint) -> list[Assessment]:
    """The suspected progressions that progression here would confirm."""
    days = study.walk.protocol.rano2.confirmation_min_days
    rows = [study.walk.standing[name] for name in study.suspected]
    return [row for row in rows if (read.date - row.date).days >= max(days, 1)]


def _look_back(
    study: _Study, read: ReadTimePoint, rule: rules.OverallRule, overall: str, imaging: str
) -> None:
    """What this time point says of earlier ones, and what it leaves for later ones."""
    if imaging == PD:
        for row in _find_confirmed(study, read):
            text = f"PD: confirmed by progression at {read.time_point} on {read.date}"
            why = Reason(f"{PREFIX}.PD.CONFIRMED", text)
            study.walk.supersede(row, PD, row.new_lesion, read, why)
            study.suspected.remove(row.time_point)
    elif imaging != NE:
        study.suspected.clear()
    if overall == rules.PDU:
        study.suspected.append(read.time_point)
    first = study.walk.standing[study.raised[0]] if study.raised else None
    if rule.id == CLINICAL and first is not None and first.date < read.date:
        text = (
            f"PD: the steroid dose was raised here first, and clinical decline followed at "
            f"{read.time_point} on {read.date}"
        )
        why = Reason(f"{PREFIX}.PD.STEROIDS", text)
        study.walk.supersede(first, PD, first.new_lesion, read, why)
    if rule.id == f"{PREFIX}.NE.STEROIDS":
        study.raised.append(read.time_point)
    elif overall != NE:
        study.raised.clear()


# ----------------------------------------------------------------------------------- the baseline


def _describe_baseline(study: _Study) -> list[Reason]:
    reasons = []
    for component in study.components:
        measured, limits = component.baseline, component.limits
        if not component.targets:
            text = f"baseline: no {component.name} target"
        elif measured.missing:
            text = f"baseline: {component.name} not complete: {label_missing(measured.missing)}"
        else:
            text = (
                f"baseline: {component.name} {limits.name} {length(measured.total)} {limits.unit} "
                f"of {', '.join(component.targets)}"
            )
        reasons.append(Reason(f"{PREFIX}.BASELINE", text))
        reasons += _warn_of_targets(component, len(study.components) > 1)
    return [*reasons, *_warn_of_time(study)]


def _warn_of_targets(component: Component, mixed: bool) -> list[Reason]:
    reasons = []
    most = rules.MAX_TARGETS_OF_EACH if mixed else rules.MAX_TARGETS
    if len(component.targets) > most:
        text = f"warning: {len(component.targets)} {component.name} targets; up to {most}"
        reasons.append(Reason(f"{PREFIX}.TARGETS.TOTAL", text))
    if component.limits is rules.PRODUCTS:
        for lesion, one in component.baseline.products.items():
            if one.short_mm < rules.MEASURABLE_MM:
                text = (
                    f"warning: target {lesion} is {length(one.longest_mm)} x "
                    f"{length(one.short_mm)} mm at baseline; measurable from 10 x 10 mm on"
                )
                reasons.append(Reason(f"{PREFIX}.MEASURABLE", text))
    return reasons


def _warn_of_time(study: _Study) -> list[Reason]:
    earliest, latest = rules.BASELINE_AFTER_RADIOTHERAPY
    if study.radiotherapy_end is None:
        return []
    days = (study.walk.course.baseline.date - study.radiotherapy_end).days
    if earliest <= days <= latest:
        return []
    text = (
        f"warning: baseline is {days} days after the end of radiotherapy; for newly diagnosed "
        f"disease {earliest} to {latest}"
    )
    return [Reason(f"{PREFIX}.BASELINE.TIME", text)]
