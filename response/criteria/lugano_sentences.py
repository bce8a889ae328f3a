"""The reasons of the Lugano criteria, in sentences with the numbers a rule saw."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import response.criteria.lugano as rules
from response.best_response import NE, PD
from response.criteria.course import ReadTimePoint
from response.criteria.frame import label_missing
from response.criteria.products import Measured, Product
from response.criteria.recist11 import change_pct
from response.criteria.sentences import length, nothing_read
from response.model import Reason

PREFIX = "LUGANO14"


def describe_baseline(measured: Measured, targets: tuple[str, ...]) -> list[Reason]:
    """The baseline in a sentence, and a warning for every oddity; the reader's word stands."""
    name = f"{PREFIX}.BASELINE"
    if not targets:
        return [Reason(name, "baseline: no target")]
    if measured.missing:
        text = f"baseline: the sum of products is not complete: {label_missing(measured.missing)}"
        return [Reason(name, text)]
    reasons = [
        Reason(
            name, f"baseline: sum of products {length(measured.total)} mm2 of {', '.join(targets)}"
        )
    ]
    for lesion, product in measured.products.items():
        limit = rules.NODE_NORMAL_MM if product.node else rules.EXTRANODAL_MEASURABLE_MM
        if product.longest_mm <= limit:
            text = (
                f"warning: target {lesion} is {length(product.longest_mm)} mm at baseline; "
                f"{'a node' if product.node else 'an extranodal lesion'} is measurable above "
                f"{limit} mm"
            )
            reasons.append(Reason(f"{PREFIX}.MEASURABLE", text))
    if len(targets) > rules.MAX_TARGETS:
        text = f"warning: {len(targets)} targets; the paper follows up to {rules.MAX_TARGETS}"
        reasons.append(Reason(f"{PREFIX}.TARGETS.TOTAL", text))
    return reasons


def target(
    rule: rules.TargetRule,
    case: rules.TargetCase,
    progressed: Mapping[str, tuple[Product, Product]],
    missing: Mapping[str, str],
    read: ReadTimePoint,
) -> Reason:
    """Why the target response on CT is what it is."""
    if rule.category == PD:
        said = [_grown(lesion, *progressed[lesion]) for lesion in sorted(progressed)]
        return Reason(rule.id, f"PD: {'; '.join(said)}")
    if rule.category == NE:
        if not read.evaluable:
            return Reason(rule.id, f"NE: {nothing_read(read)}")
        return Reason(rule.id, f"NE: not all targets were measured: {label_missing(missing)}")
    assert case.baseline is not None
    change = change_pct(case.total, case.baseline)
    shown = "" if change is None else f" is {change:+} % from {length(case.baseline)} at baseline"
    return Reason(rule.id, f"{rule.category}: sum of products {length(case.total)} mm2{shown}")


def _grown(lesion: str, now: Product, before: Product) -> str:
    if before.gone:
        return f"{lesion} was gone and is {_size(now)}"
    change = change_pct(now.product_mm2, before.product_mm2)
    return f"{lesion} is {_size(now)}, {change:+} % over {_size(before)} at its smallest"


def _size(one: Product) -> str:
    return f"{length(one.longest_mm)} x {length(one.short_mm)} mm ({length(one.product_mm2)} mm2)"


def spleen(category: str, before: Decimal | None, now: Decimal | None, normal: Decimal) -> Reason:
    """What the spleen's length says."""
    first = "not given" if before is None else f"{length(before)} mm"
    here = "not given" if now is None else f"{length(now)} mm"
    text = f"spleen {category}: {here}, at baseline {first}; normal up to {length(normal)} mm"
    return Reason(f"{PREFIX}.SPLEEN.{category}", text)


def decided(overall: str, ct: rules.CtRule, score: int | None) -> list[Reason]:
    """Which of PET-CT and CT decided, and a warning where they differ."""
    if score is None:
        return [Reason(f"{PREFIX}.BY.CT", f"{overall}: CT decides, no Deauville score is given")]
    if overall == PD:
        text = "PD: CT shows progression, and the uptake on PET-CT cannot be compared"
        return [Reason(f"{PREFIX}.BY.CT.PD", text)]
    reasons = [Reason(f"{PREFIX}.BY.PET", f"{overall}: PET-CT decides")]
    means = rules.VOCABULARY.means
    if NE not in (overall, ct.category) and means[overall] != means[ct.category]:
        text = f"warning: PET-CT says {overall}, CT {ct.category}"
        reasons.append(Reason(f"{PREFIX}.DISAGREE", text))
    return reasons
