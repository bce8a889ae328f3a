"""What is known at baseline: the lesions to follow, their sum, and what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from response.best_response import NE
from response.criteria.course import ReadTimePoint
from response.criteria.lesions import (
    DIAMETER,
    ZERO,
    Contribution,
    Length,
    find_merged,
    measure_target,
)
from response.criteria.organs import name_organ
from response.criteria.recist11 import NA
from response.criteria.sentences import length
from response.model import LesionReading, Reason
from response.model.draft import make_quickly
from response.protocol import Targets
from response.terms import Intervention, Role

_TARGET, _NON_TARGET = Role.TARGET, Role.NON_TARGET

Limit = Callable[[LesionReading], Decimal]
"""From which length on a lesion, by its row at baseline, is measurable."""


@dataclass(frozen=True, slots=True)
class KnownDisease:
    """The disease at baseline.

    ``targets`` and ``non_targets`` say of each lesion whether it is a node; ``baseline_sum`` is
    in millimetres, ``None`` where there is no target or not all could be measured.
    """

    targets: Mapping[str, bool]
    non_targets: Mapping[str, bool]
    marker_raised: bool
    evaluable: bool
    baseline_sum: Decimal | None
    contributions: tuple[Contribution, ...]
    lesions: frozenset[str]

    @property
    def has_non_target(self) -> bool:
        """Non-target disease: a lesion, or a tumour marker above the upper limit (R1-40)."""
        return bool(self.non_targets) or self.marker_raised

    @property
    def any(self) -> bool:
        """Whether there was disease to follow, or nobody could tell."""
        return bool(self.targets) or self.has_non_target or not self.evaluable

    @property
    def response_without_lesions(self) -> str:
        """What is said of target or non-target disease where no such lesion is known."""
        return NA if self.evaluable else NE


_make_disease = make_quickly(KnownDisease)


def find_disease(baseline: ReadTimePoint, which: Length = DIAMETER) -> KnownDisease:
    """Which lesions are followed from here, by role, in the order of their names."""
    targets, non_targets = {}, {}
    for lesion in sorted(baseline.lesions):
        first = baseline.lesions[lesion][0]
        if first.role is _TARGET:
            targets[lesion] = first.node
        elif first.role is _NON_TARGET:
            non_targets[lesion] = first.node
    merged = find_merged(baseline.lesions, {})
    contributions = tuple(
        [
            measure_target(name, node, baseline.lesions[name], merged.get(name) in targets, which)
            for name, node in targets.items()
        ]
    )
    known = targets and not [one for one in contributions if one.missing]
    return _make_disease(
        targets=targets,
        non_targets=non_targets,
        marker_raised=baseline.facts.get("marker_normal", "") == "false",
        evaluable=baseline.evaluable,
        baseline_sum=sum([one.amount_mm for one in contributions], ZERO) if known else None,
        contributions=contributions,
        lesions=frozenset((*targets, *non_targets)),
    )


def describe_baseline(
    disease: KnownDisease,
    baseline: ReadTimePoint,
    limits: Targets,
    prefix: str,
    limit: Limit,
    sum_word: str = "sum",
) -> list[Reason]:
    """The baseline in a sentence, and a warning for every oddity; the reader's word stands."""
    first = [baseline.lesions[lesion][0] for lesion in disease.targets]
    return [
        Reason(f"{prefix}.BASELINE", _summary(disease, sum_word)),
        *_warn_of_size(disease, baseline, prefix, limit),
        *_warn_of_local_therapy(first, limits.prior_local_therapy, prefix),
        *_warn_of_number(
            tuple([(row.organ, row.node) for row in first]),
            limits.max_total,
            limits.max_per_organ,
            limits.nodes_one_organ,
            prefix,
        ),
    ]


def _summary(disease: KnownDisease, sum_word: str) -> str:
    if not disease.evaluable:
        return "baseline: nothing could be evaluated, so nothing can be compared with it"
    if not disease.any:
        return "baseline: no disease"
    missing = [one.missing for one in disease.contributions if one.missing]
    if missing:
        return f"baseline: the {sum_word} is not complete: {', '.join(missing)}"
    said = []
    if disease.baseline_sum is not None:
        targets = ", ".join(disease.targets)
        said.append(f"{sum_word} {length(disease.baseline_sum)} mm of {targets}")
    if disease.non_targets:
        said.append(f"non-target {', '.join(disease.non_targets)}")
    if disease.marker_raised:
        said.append("tumour marker above the upper limit")
    return f"baseline: {'; '.join(said)}"


def _warn_of_size(
    disease: KnownDisease, baseline: ReadTimePoint, prefix: str, limit_of: Limit
) -> list[Reason]:
    reasons = []
    for one in disease.contributions:
        limit = limit_of(baseline.lesions[one.lesion][0])
        if not one.missing and one.amount_mm < limit:
            text = (
                f"warning: target {one.lesion} is {length(one.amount_mm)} mm at baseline; "
                f"{'a node' if one.node else 'a lesion'} is measurable from {limit} mm on"
            )
            reasons.append(Reason(f"{prefix}.MEASURABLE", text))
    return reasons


_LOCAL_THERAPY = {
    "allow_if_progressed": "it is measurable only if it has grown since",
    "exclude": "the protocol takes no such target",
}


def _warn_of_local_therapy(
    targets: Iterable[LesionReading], choice: str, prefix: str
) -> list[Reason]:
    """R1-08: a target that was treated locally before the baseline."""
    if choice not in _LOCAL_THERAPY:
        return []
    return [
        Reason(
            f"{prefix}.TARGETS.LOCAL_THERAPY",
            f"warning: target {row.lesion} was {row.intervention.lower()} before the baseline: "
            f"{_LOCAL_THERAPY[choice]}",
        )
        for row in targets
        if row.intervention in (Intervention.IRRADIATED, Intervention.RESECTED)
    ]


@lru_cache(maxsize=4096)
def _warn_of_number(
    organs: tuple[tuple[str, bool], ...],
    max_total: int,
    max_per_organ: int,
    nodes_one_organ: bool,
    prefix: str,
) -> tuple[Reason, ...]:
    """Warn of more targets than allowed, in all or in one organ; by organ and whether a node."""
    reasons = []
    if len(organs) > max_total:
        text = f"warning: {len(organs)} targets; the protocol allows {max_total}"
        reasons.append(Reason(f"{prefix}.TARGETS.TOTAL", text))
    counted = Counter(
        name_organ(organ, node=node, nodes_one_organ=nodes_one_organ) for organ, node in organs
    )
    for organ in sorted(counted):
        if organ and counted[organ] > max_per_organ:
            text = (
                f"warning: {counted[organ]} targets in {organ}; the protocol allows {max_per_organ}"
            )
            reasons.append(Reason(f"{prefix}.TARGETS.ORGAN", text))
    return tuple(reasons)


def organ_of(reading: LesionReading, nodes_one_organ: bool) -> str:
    """The organ a target counts under; empty where it is not known."""
    return name_organ(reading.organ, node=reading.node, nodes_one_organ=nodes_one_organ)
