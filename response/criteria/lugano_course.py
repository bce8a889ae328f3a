"""The Lugano criteria of 2014 over a course.

PET-CT decides where a Deauville score is given, else CT. Both are always worked out: which one
decided is among the reasons, and where they differ a warning says so. ``target_response`` and
``non_target_response`` are CT's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal

import response.criteria.lugano as rules
import response.criteria.lugano_sentences as sentences
from response.best_response import NE, PD
from response.criteria.course import Course, ReadTimePoint
from response.criteria.frame import (
    Answer,
    Walk,
    assess_non_targets,
    find_lesions,
    read_number,
    read_word,
    refuse,
)
from response.criteria.lesions import ZERO
from response.criteria.products import (
    Lowest,
    Measured,
    Product,
    find_longest,
    find_lowest,
    measure_product,
    measure_targets,
    name_group,
)
from response.criteria.recist11 import NA, change_pct
from response.model import Assessment, LesionReading, Reason
from response.protocol import Protocol
from response.terms import LesionState, NewLesion, Role

NAME = "lugano"
PREFIX = sentences.PREFIX
ALL = "sum of products"
METABOLIC = (rules.CMR, rules.PMR, rules.NMR, rules.PMD)
PROGRESSION = {code: rules.PMD if code in METABOLIC else PD for code in rules.VOCABULARY.means}


@dataclass(slots=True)
class _Study:
    """The baseline, and what the time points so far leave for the next one."""

    walk: Walk
    targets: tuple[str, ...]
    non_targets: tuple[str, ...]
    baseline: Measured
    lowest: Lowest = field(default_factory=Lowest)
    spleen: list[tuple[dt.date, Decimal]] = field(default_factory=list)
    marrow: rules.Marrow | None = None

    @property
    def first(self) -> ReadTimePoint:
        """The baseline."""
        return self.walk.course.baseline

    @property
    def baseline_total(self) -> Decimal | None:
        """Sum of products at baseline, square millimetres; ``None`` where it is not complete."""
        complete = self.targets and not self.baseline.missing
        return self.baseline.total if complete else None

    @property
    def any_disease(self) -> bool:
        """Lesions, an enlarged spleen or involved marrow at baseline."""
        enlarged = read_number(self.walk.course, self.first, "spleen_length_mm") or ZERO
        return bool(
            self.targets
            or self.non_targets
            or enlarged > self.walk.protocol.lugano.spleen_normal_mm
            or self.marrow not in (None, rules.Marrow.NORMAL)
        )


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by Lugano 2014; rows by date, then time point, then ``as_of``.

    Raises
    ------
    InputError
        A Deauville score, a spleen length or a word on the marrow is not one.
    """
    walk = Walk(NAME, course, protocol, PREFIX)
    first = course.baseline
    walk.begin(first)
    targets = find_lesions(first, Role.TARGET)
    measured = measure_targets(first.lesions, targets, walk)
    study = _Study(walk, targets, find_lesions(first, Role.NON_TARGET), measured)
    study.marrow = _read_marrow(study, first)
    any_disease = study.any_disease
    _remember(study, first, measured)
    walk.add_baseline(sentences.describe_baseline(measured, targets))
    for read in course.follow_up:
        walk.begin(read)
        study.lowest.begin(read.date)
        answer, progressed_by_new = _assess(study, read, any_disease)
        walk.add(read, answer)
        if progressed_by_new:
            walk.back_date(read, PROGRESSION)
    return walk.finish()


def _remember(study: _Study, read: ReadTimePoint, measured: Measured) -> None:
    """What later dates are compared with."""
    for lesion, product in measured.products.items():
        group = name_group(lesion, study.targets, study.walk.merged)
        study.lowest.add("+".join(group), product)
    if not measured.missing and study.targets:
        study.lowest.add(ALL, Product(ZERO, ZERO, measured.total))
    spleen = read_number(study.walk.course, read, "spleen_length_mm")
    if spleen is not None:
        study.spleen.append((read.date, spleen))


# --------------------------------------------------------------------------------- a time point


def _assess(study: _Study, read: ReadTimePoint, any_disease: bool) -> tuple[Answer, bool]:
    """What is said of a time point, and whether a new lesion is progression there."""
    score = read_score(study.walk.course, read)
    new, new_reason = study.walk.find_new(read, bool(study.targets or study.non_targets))
    ct_new, size_reasons = _weigh_new(study, read, new)
    measured = measure_targets(read.lesions, study.targets, study.walk)
    target, target_reason = _assess_target(study, read, measured)
    non_target, non_target_reasons = assess_non_targets(
        rules.NON_TARGET_RULES, study.non_targets, _normalise_nodes(study, read)
    )
    spleen, spleen_reasons = _assess_spleen(study, read)
    marrow, marrow_reasons = _assess_marrow(study, read)
    ct = rules.decide_ct(rules.CtCase(target, non_target, spleen, marrow, ct_new, any_disease))
    overall, pet_reasons = ct.category, []
    if score is not None:
        change, why = _compare_uptake(study, read, score)
        pet = rules.decide_pet(rules.PetCase(score, change, marrow, new))
        pet_reasons = [Reason(pet.id, f"{pet.category}: Deauville {score}{why} ({pet.source})")]
        overall = pet.category
        if pet.category == NE and ct.category == PD:
            overall = PD
    by = sentences.decided(overall, ct, score)
    changes = _changes(study, measured)
    _remember(study, read, measured)
    counted = ct_new if score is None else new
    reasons = (
        target_reason, *non_target_reasons, new_reason, *size_reasons, *spleen_reasons,
        *marrow_reasons, Reason(ct.id, f"CT {ct.category} ({ct.source})"), *pet_reasons, *by,
    )  # fmt: skip
    answer = Answer(_shown(target), _shown(non_target), counted, overall, reasons, *changes)
    return answer, counted is NewLesion.YES


def _shown(category: str) -> str:
    return "" if category == NA else category


def read_score(course: Course, read: ReadTimePoint) -> int | None:
    """The Deauville score of a time point, 1 to 5; ``None`` where none is given."""
    score = read_number(course, read, "deauville")
    if score is None:
        return None
    if score not in rules.SCORES:
        raise refuse(course, read, "deauville", str(score), "give a score from 1 to 5")
    return int(score)


def _assess_target(study: _Study, read: ReadTimePoint, measured: Measured) -> tuple[str, Reason]:
    if not study.targets:
        return NA, Reason(f"{PREFIX}.TARGET.NA", "no target at baseline")
    grown, regrown = {}, {}
    for lesion, product in measured.products.items():
        group = name_group(lesion, study.targets, study.walk.merged)
        before = find_lowest(group, study.lowest)
        if before is not None and rules.has_grown(product, before):
            grown[lesion] = product, before
        elif before is not None and rules.has_regrown(product, before):
            regrown[lesion] = product, before
    case = rules.TargetCase(
        total=measured.total,
        baseline=study.baseline_total,
        missing=bool(measured.missing),
        all_normal=all(rules.is_normal(one) for one in measured.products.values()),
        grown=bool(grown),
        regrown=bool(regrown),
    )
    rule = rules.decide_target(case)
    missing = measured.missing or study.baseline.missing
    return rule.category, sentences.target(rule, case, grown or regrown, missing, read)


def _changes(study: _Study, measured: Measured) -> tuple[Decimal | None, Decimal | None]:
    """Per cent change of the sum of products from baseline, and over its smallest so far."""
    if measured.missing or not study.targets:
        return None, None
    lowest = study.lowest.seen.get(ALL)
    baseline = study.baseline_total
    return (
        None if baseline is None else change_pct(measured.total, baseline),
        None if lowest is None else change_pct(measured.total, lowest.product_mm2),
    )


def _normalise_nodes(study: _Study, read: ReadTimePoint) -> ReadTimePoint:
    """Non-target nodes measured in both diameters and no longer than 15 mm are absent."""
    lesions = dict(read.lesions)
    for lesion in study.non_targets:
        readings = lesions.get(lesion, ())
        if readings and all(_is_normal_node(one) for one in readings):
            lesions[lesion] = tuple(
                replace(one, state=LesionState.ABSENT, diameter_mm=None) for one in readings
            )
    return replace(read, lesions=lesions)


def _is_normal_node(reading: LesionReading) -> bool:
    if not reading.node or reading.state not in (None, LesionState.PRESENT):
        return False
    product, _ = measure_product([reading])
    return product is not None and product.longest_mm <= rules.NODE_NORMAL_MM


# ----------------------------------------------------------------------- new lesions on CT, organs


def _weigh_new(
    study: _Study, read: ReadTimePoint, new: NewLesion
) -> tuple[NewLesion, list[Reason]]:
    """On CT a new node counts from more than 15 mm in any axis on, whatever it was called."""
    if new is not NewLesion.YES:
        return new, []
    called = study.walk.find_unequivocal(read)
    small = sorted(lesion for lesion in called if _is_small_node(read.lesions[lesion]))
    if not small:
        return new, []
    text = f"new node {', '.join(small)} is not above 15 mm: on CT no progression by itself"
    reason = Reason(f"{PREFIX}.NEW.SMALL_NODE", text)
    return (new if len(small) < len(called) else NewLesion.EQUIVOCAL), [reason]


def _is_small_node(readings: tuple[LesionReading, ...]) -> bool:
    lengths = [
        length
        for one in readings
        for length in (find_longest(one), one.extra.get("short_diameter_mm"))
        if length is not None
    ]
    return readings[0].node and bool(lengths) and max(lengths) <= rules.NODE_NORMAL_MM


def _assess_spleen(study: _Study, read: ReadTimePoint) -> tuple[str, list[Reason]]:
    course = study.walk.course
    before = read_number(course, study.first, "spleen_length_mm")
    now = read_number(course, read, "spleen_length_mm")
    lowest = min((mm for date, mm in study.spleen if date < read.date), default=None)
    normal = study.walk.protocol.lugano.spleen_normal_mm
    category = rules.judge_spleen(before, now, lowest, normal)
    if category == NA:
        return NA, []
    return category, [sentences.spleen(category, before, now, normal)]


def _read_marrow(study: _Study, read: ReadTimePoint) -> rules.Marrow | None:
    word = read_word(study.walk.course, read, "marrow", rules.MARROW_WORDS)
    return None if word is None else rules.Marrow(word)


def _assess_marrow(study: _Study, read: ReadTimePoint) -> tuple[rules.Marrow, list[Reason]]:
    said = _read_marrow(study, read)
    marrow = rules.judge_marrow(said, study.marrow)
    if said is None and marrow is rules.Marrow.NORMAL:
        return marrow, []
    if marrow is not rules.Marrow.UNKNOWN:
        study.marrow = marrow
    return marrow, [Reason(f"{PREFIX}.MARROW.{marrow.name}", f"marrow {marrow}")]


# ------------------------------------------------------------------------------------- uptake


def _compare_uptake(study: _Study, read: ReadTimePoint, score: int) -> tuple[rules.Change, str]:
    """Uptake against the baseline: by SUVmax of the hottest lesion, else by the scores."""
    before, _ = _find_hottest(study, study.first)
    now, complete = _find_hottest(study, read)
    if before and now is not None:
        change = rules.compare_uptake(before, now, study.walk.protocol.lugano.uptake_change_pct)
        if complete or change is rules.Change.INCREASED:
            return change, f", uptake {change}: SUVmax {now} from {before} at baseline"
    first = read_score(study.walk.course, study.first)
    if first is None:
        return rules.Change.UNKNOWN, (
            ", uptake not compared: neither suv_max of the lesions nor deauville at baseline"
        )
    change = rules.compare_scores(first, score)
    return change, f", uptake {change}: Deauville {first} at baseline and no suv_max to compare"


def _find_hottest(study: _Study, read: ReadTimePoint) -> tuple[Decimal | None, bool]:
    """SUVmax of the hottest lesion known, and whether every target has one."""
    values, complete = [], bool(study.targets)
    for lesion in (*study.targets, *study.non_targets):
        known = [_suv_max(one) for one in read.lesions.get(lesion, ())]
        values += [value for value in known if value is not None]
        apart = lesion in study.targets and lesion not in study.walk.merged
        if apart and (not known or None in known):
            complete = False
    return max(values, default=None), complete


def _suv_max(reading: LesionReading) -> Decimal | None:
    return ZERO if reading.state is LesionState.ABSENT else reading.extra.get("suv_max")
