"""Enhancing and non-enhancing disease, each measured and judged for itself (RANO 2.0).

A protocol follows one component, and every lesion counts as that, or both (``mixed``). Then the
column ``method`` of a lesion at baseline says which: T1, contrast or enhancing; T2, FLAIR or
non-enhancing. Two diameters are compared where every target of the component has them at baseline,
else volumes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import response.criteria.rano2 as rules
from response.best_response import CR, NE, PD
from response.criteria.course import ReadTimePoint
from response.criteria.frame import Walk, label_missing, why_not
from response.criteria.lesions import NO_ROW, ZERO
from response.criteria.products import (
    Lowest,
    Measure,
    Measured,
    Product,
    measure_product,
    measure_targets,
)
from response.criteria.recist11 import NA, change_pct
from response.criteria.sentences import length, nothing_read
from response.model import LesionReading, Reason
from response.terms import LesionState

ENHANCING, NON_ENHANCING = "enhancing", "non_enhancing"
UNKNOWN = "component not known: method says neither T1 nor T2 or FLAIR"

_NON_ENHANCING = re.compile(r"non[\s_-]*enhanc|flair|t2", re.IGNORECASE)
_ENHANCING = re.compile(r"enhanc|t1|contrast|gadolinium", re.IGNORECASE)


def name_component(method: str) -> str:
    """Which component a method of measurement shows; empty where it does not say.

    Examples
    --------
    >>> [name_component(said) for said in ("MR T1 post contrast", "T2/FLAIR", "MR")]
    ['enhancing', 'non_enhancing', '']
    """
    if _NON_ENHANCING.search(method):
        return NON_ENHANCING
    return ENHANCING if _ENHANCING.search(method) else ""


@dataclass(frozen=True, slots=True)
class Component:
    """One component at baseline; ``unknown`` are targets that say of none what they show."""

    name: str
    targets: tuple[str, ...]
    limits: rules.Limits
    measure: Measure
    baseline: Measured
    unknown: tuple[str, ...] = ()

    @property
    def baseline_total(self) -> Decimal | None:
        """The sum at baseline, ``None`` where it is not complete."""
        return None if self.baseline.missing else self.baseline.total


def find_components(walk: Walk, targets: tuple[str, ...]) -> tuple[Component, ...]:
    """The components that the protocol follows, with their targets at baseline."""
    followed = walk.protocol.rano2.component
    if followed != "mixed":
        return (_build(walk, followed, targets, ()),)
    said = {
        lesion: name_component(walk.course.baseline.lesions[lesion][0].method) for lesion in targets
    }
    unknown = tuple(lesion for lesion in targets if not said[lesion])
    return tuple(
        _build(
            walk,
            name,
            tuple(lesion for lesion in targets if said[lesion] in (name, "")),
            unknown,
        )
        for name in (ENHANCING, NON_ENHANCING)
    )


def _build(walk: Walk, name: str, targets: tuple[str, ...], unknown: tuple[str, ...]) -> Component:
    lesions = walk.course.baseline.lesions
    products = measure_targets(lesions, targets, walk)
    volumes = measure_targets(lesions, targets, walk, measure_volume)
    by_volume = bool(products.missing) and not volumes.missing
    limits = rules.VOLUMES if by_volume else rules.PRODUCTS
    measure = measure_volume if by_volume else measure_product
    baseline = volumes if by_volume else products
    return Component(name, targets, limits, measure, _mark(baseline, unknown), unknown)


def _mark(measured: Measured, unknown: Sequence[str]) -> Measured:
    return Measured(measured.products, {**measured.missing, **dict.fromkeys(unknown, UNKNOWN)})


def measure_volume(readings: Sequence[LesionReading]) -> tuple[Product | None, str]:
    """The volume of a lesion over its parts, mm³, in the place of a product of diameters."""
    if not readings:
        return None, NO_ROW
    total = ZERO
    for one in readings:
        volume = ZERO if one.state is LesionState.ABSENT else one.extra.get("volume_mm3")
        if volume is None:
            return None, f"{why_not(one)}: no volume_mm3"
        total += volume
    return Product(total, ZERO, total), ""


# --------------------------------------------------------------------------------- a time point


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of one component at a time point, with its changes in per cent."""

    category: str
    reasons: tuple[Reason, ...]
    from_baseline: Decimal | None = None
    from_nadir: Decimal | None = None


def judge_component(
    component: Component, read: ReadTimePoint, walk: Walk, lowest: Lowest
) -> Judged:
    """The response of one component, and its sum remembered for later dates."""
    if not component.targets:
        return Judged(NA, ())
    here = measure_targets(read.lesions, component.targets, walk, component.measure)
    measured = _mark(here, component.unknown)
    nadir = lowest.seen.get(component.name)
    case = rules.ComponentCase(
        limits=component.limits,
        minor_counts=component.name == NON_ENHANCING,
        total=measured.total,
        baseline=component.baseline_total,
        nadir=nadir.product_mm2 if nadir else None,
        missing=bool(measured.missing),
        gone=all(one.gone for one in measured.products.values()),
        measurable=any(is_measurable(one, component) for one in measured.products.values()),
    )
    rule = rules.decide_component(case, walk.protocol.rules)
    text = f"{component.name} {rule.category}: {_explain(rule, case, component, measured, read)}"
    if measured.missing:
        return Judged(rule.category, (Reason(rule.id, text),))
    remember(component, measured, lowest)
    return Judged(
        rule.category,
        (Reason(rule.id, text),),
        None if case.baseline is None else change_pct(case.total, case.baseline),
        None if case.nadir is None else change_pct(case.total, case.nadir),
    )


def remember(component: Component, measured: Measured, lowest: Lowest) -> None:
    """Keep a complete sum for later dates."""
    if not measured.missing:
        lowest.add(component.name, Product(ZERO, ZERO, measured.total))


def is_measurable(one: Product, component: Component) -> bool:
    """At least 10 x 10 mm, or as much in volume."""
    if component.limits is rules.VOLUMES:
        return one.product_mm2 >= rules.MEASURABLE_MM3
    return one.short_mm >= rules.MEASURABLE_MM


def _explain(
    rule: rules.Rule,
    case: rules.ComponentCase,
    component: Component,
    measured: Measured,
    read: ReadTimePoint,
) -> str:
    missing: Mapping[str, str] = measured.missing or component.baseline.missing
    if rule.category == NE:
        if not read.evaluable:
            return nothing_read(read)
        return f"not all targets were measured: {label_missing(missing)}"
    if rule.category == CR:
        return "every target has disappeared"
    limits = component.limits
    total = f"{limits.name} {length(case.total)} {limits.unit}"
    assert case.nadir is not None
    over = _change(case.total, case.nadir, "over its smallest of")
    if rule.category == PD:
        without = label_missing(measured.missing)
        part = f"; without {without}, which can only add" if without else ""
        return f"{total}{over}{part}"
    assert case.baseline is not None
    return f"{total}{_change(case.total, case.baseline, 'from the baseline of')}{over}"


def _change(total: Decimal, reference: Decimal, words: str) -> str:
    pct = change_pct(total, reference)
    shown = "" if pct is None else f"{pct:+} % "
    return f", {shown}{words} {length(reference)}"
