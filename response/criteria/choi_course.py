"""Choi criteria over a course: the densities, and the rest by the fold of RECIST 1.1."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import response.criteria.choi as rules
import response.criteria.sentences as sentences
from response.best_response import NE, SD
from response.criteria.course import Course
from response.criteria.fold import Here, SumCriterion, assess_sums
from response.criteria.lesions import DIAMETER, ZERO
from response.criteria.recist11 import (
    NEW_LESION_RULES,
    NON_TARGET_RULES,
    TargetsSeen,
    adopt_overall,
    adopt_states,
    measurable_from,
)
from response.model import Assessment, LesionReading, Reason
from response.noted import CLINICAL_PROGRESSION
from response.protocol import Protocol
from response.terms import LesionState

DENSITY = "density_hu"
"""Where a row keeps the mean attenuation of a lesion in the portal venous phase, HU."""

_WITHOUT_DENSITY = (LesionState.ABSENT, LesionState.TOO_SMALL, LesionState.MERGED)


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by the Choi criteria; rows by date, then time point, then ``as_of``."""
    return assess_sums(course, protocol, CHOI)


# ------------------------------------------------------------------------------------- density


def find_density(here: Here) -> rules.Density:
    """The mean density of the targets that can be measured here, then and now (ours)."""
    then, now = [], []
    for lesion in here.disease.targets:
        rows = [row for row in here.read.lesions.get(lesion, ()) if _has_density(row)]
        if not rows:
            continue
        first = _density_of(here.course.baseline.lesions[lesion])
        here_now = _density_of(rows)
        if first is None or here_now is None:
            when = "here" if here_now is None else "at baseline"
            return rules.Density(None, None, f"the density of {lesion} is not given {when}")
        then.append(first)
        now.append(here_now)
    if not then:
        return rules.Density(None, None, "no target is left that could have a density")
    baseline, least = sum(then, Fraction()) / len(then), here.protocol.choi.minimum_baseline_hu
    if baseline <= least:
        return rules.Density(None, None, f"the density at baseline is not above {least} HU")
    return rules.Density(baseline, sum(now, Fraction()) / len(now))


def _has_density(row: LesionReading) -> bool:
    return row.state not in _WITHOUT_DENSITY and row.diameter_mm != ZERO


def _density_of(rows: Sequence[LesionReading]) -> Fraction | None:
    """The mean over the parts of a lesion."""
    given = [row.extra.get(DENSITY) for row in rows]
    known = [Fraction(value) for value in given if value is not None]
    return sum(known, Fraction()) / len(known) if len(known) == len(given) else None


# ------------------------------------------------------------------------------- target lesions


def _judge_targets(here: Here, seen: TargetsSeen) -> tuple[str, list[Reason]]:
    case = rules.ChoiCase(seen.case, find_density(here))
    rule = rules.decide_target(case, here.protocol.choi)
    if rule.category == NE and seen.case.complete and seen.case.baseline is not None:
        text = f"NE: {_size(seen)}, which does not decide without the density: "
        return NE, [Reason(rule.id, text + case.density.missing)]
    if rule.id in ("CHOI.TARGET.CR", "CHOI.TARGET.NE"):
        return rule.category, [sentences.target(rule, seen, here.read)]
    reasons = [Reason(rule.id, f"{rule.category}: {_size(seen)}; {_density(case.density)}")]
    if rule.category == SD and here.read.facts.get(CLINICAL_PROGRESSION) == "true":
        reasons.append(_SYMPTOMS)
    return rule.category, reasons


def _size(seen: TargetsSeen) -> str:
    assert seen.nadir is not None
    changes = f"{sentences.from_baseline(seen)}, {sentences.over_nadir(seen, seen.nadir)}"
    return f"sum {sentences.length(seen.case.total)} mm is {changes}"


def _density(density: rules.Density) -> str:
    if density.now is None or density.baseline is None:
        return f"density not known, and not asked: {density.missing}"
    pct = rules.change_of_density_pct(density)
    return (
        f"mean density {_hu(density.now)} HU is {pct:+} % from "
        f"{_hu(density.baseline)} HU of the same targets at baseline"
    )


def _hu(value: Fraction) -> str:
    """Hounsfield units as given, at most two decimals."""
    shown = round(Decimal(value.numerator) / Decimal(value.denominator), 2).normalize()
    return format(shown, "f")


_SYMPTOMS = Reason(
    "CHOI.SYMPTOMS",
    "the paper's SD asks that no symptoms worsen by the tumour, and clinical progression is noted "
    "here: no scan shows it, so the category is left (ours)",
)

CHOI = SumCriterion(
    name="choi",
    prefix=rules.PREFIX,
    length=DIAMETER,
    judge_targets=_judge_targets,
    limit=measurable_from,
    non_target=adopt_states(NON_TARGET_RULES, rules.PREFIX),
    new_lesion=adopt_states(NEW_LESION_RULES, rules.PREFIX),
    decide_overall=adopt_overall(rules.PREFIX),
)
"""The Choi criteria as what sets them apart."""
