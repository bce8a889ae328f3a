"""RANO 2.0 as values: thresholds written once, literal tables whose rows have ids.

Wen et al., J Clin Oncol 2023;41:5187-5199. Sums of products of perpendicular diameters, or
volumes: response against the baseline, progression against the smallest so far. Enhancing and
non-enhancing disease are assessed each for itself and then put together. A row that the paper does
not print says *ours*.

Examples
--------
>>> case = ComponentCase(PRODUCTS, True, Decimal(750), Decimal(1000), Decimal(1000))
>>> decide_component(case, Rules()).id
'RANO20.TARGET.MR'
>>> combine("PR", "SD").category, combine("CR", "SD").category
('PR', 'SD')
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import product

from response.best_response import CR, NE, NON_CR_NON_PD, PD, PR, SD
from response.criteria.frame import build_non_target_rules
from response.criteria.recist11 import NA, TargetRule, find_first, is_else
from response.protocol import Rules
from response.terms import NewLesion
from response.vocabulary import Vocabulary

CITATION = "RANO 2.0: Wen et al., J Clin Oncol 2023;41:5187-5199"

MR, PDU = "MR", "PDu"

VOCABULARY = Vocabulary({CR: CR, PR: PR, MR: SD, SD: SD, PD: PD, PDU: NE, NE: NE, "ND": "ND"})
"""A minor response is stable disease, the better of the two. Progression that is not confirmed yet
is neither an event nor stability shown: it counts as not evaluable (*ours*)."""

COMPONENT_RESPONSES = (CR, PR, MR, SD, PD, NE, NA)


# --------------------------------------------------------------------------------- one component


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of one kind of measurement; decreases from baseline, increase over nadir."""

    name: str
    unit: str
    partial: Decimal
    minor: Decimal
    progression: Decimal


PRODUCTS = Limits("sum of products", "mm2", Decimal("0.50"), Decimal("0.25"), Decimal("0.25"))
"""PR from -50 %, minor response from -25 %, PD from +25 %."""

VOLUMES = Limits("volume", "mm3", Decimal("0.65"), Decimal("0.40"), Decimal("0.40"))
"""PR from -65 %, minor response from -40 %, PD from +40 %."""

MEASURABLE_MM = Decimal(10)
"""Measurable from 10 x 10 mm on."""

MEASURABLE_MM3 = Decimal(1000)
"""The same as a volume, 10 x 10 x 10 mm (*ours*)."""

MAX_TARGETS, MAX_TARGETS_OF_EACH = 3, 2
"""Up to three targets where one component is followed, two of each where both are."""

BASELINE_AFTER_RADIOTHERAPY = (21, 35)
"""The baseline of newly diagnosed disease is about four weeks after radiotherapy, in days."""


@dataclass(frozen=True, slots=True)
class ComponentCase:
    """What the target rules see of one component; the unit is that of ``limits``.

    ``total`` adds what is known. ``baseline`` and ``nadir`` are ``None`` where there is no complete
    sum to compare with. ``measurable`` is whether a target is seen that is measurable again.
    """

    limits: Limits
    minor_counts: bool
    total: Decimal
    baseline: Decimal | None
    nadir: Decimal | None
    missing: bool = False
    gone: bool = False
    measurable: bool = False


def has_progressed(case: ComponentCase, rules: Rules) -> bool:
    """At least +25 % (volume +40 %) over the smallest; the missing ones can only add.

    After everything had gone there is no percentage: measurable disease is progression (*ours*).
    """
    if case.nadir is None or (case.missing and not rules.pd_from_partial):
        return False
    if case.nadir == 0:
        return case.measurable
    return case.total >= case.nadir * (1 + case.limits.progression)


def is_missing(case: ComponentCase, rules: Rules) -> bool:
    """A target was not measured, here or at baseline."""
    return case.missing or case.baseline is None


def is_gone(case: ComponentCase, rules: Rules) -> bool:
    """Every target has disappeared."""
    return case.gone


def has_shrunk(case: ComponentCase, rules: Rules) -> bool:
    """At least -50 % (volume -65 %) from baseline."""
    assert case.baseline is not None
    return case.total <= case.baseline * (1 - case.limits.partial)


def has_shrunk_little(case: ComponentCase, rules: Rules) -> bool:
    """At least -25 % (volume -40 %) from baseline, in non-enhancing disease."""
    assert case.baseline is not None
    return case.minor_counts and case.total <= case.baseline * (1 - case.limits.minor)


Rule = TargetRule[ComponentCase, Rules]

_T = "RANO20.TARGET"
TARGET_RULES: tuple[Rule, ...] = (
    TargetRule(f"{_T}.PD", PD, "2023, response criteria", has_progressed),
    TargetRule(f"{_T}.NE", NE, "ours", is_missing),
    TargetRule(f"{_T}.CR", CR, "2023, response criteria", is_gone),
    TargetRule(f"{_T}.PR", PR, "2023, response criteria", has_shrunk),
    TargetRule(f"{_T}.MR", MR, "2023, response criteria", has_shrunk_little),
    TargetRule(f"{_T}.SD", SD, "2023, response criteria", is_else),
)
"""In the order they are asked."""


def decide_component(case: ComponentCase, rules: Rules) -> Rule:
    """The row that decides on one component."""
    return find_first(TARGET_RULES, case, rules)


# ------------------------------------------------------------------------------- two components


@dataclass(frozen=True, slots=True)
class MixedRow:
    """One row: what both components together say, whichever of them is the first."""

    id: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    category: str
    source: str

    def takes(self, first: str, second: str) -> bool:
        """Whether this row speaks of the combination."""
        return (first in self.one and second in self.other) or (
            second in self.one and first in self.other
        )


_M = "RANO20.MIXED"
_NOTE = "2023, note on mixed tumours"
MIXED = (
    MixedRow(f"{_M}.PD", (PD,), COMPONENT_RESPONSES, PD, _NOTE),
    MixedRow(f"{_M}.NE", (NE,), (CR, PR, MR, SD, NE), NE, "ours"),
    MixedRow(f"{_M}.CR.SD", (CR,), (SD,), SD, _NOTE),
    MixedRow(f"{_M}.CR.MR", (CR,), (MR,), MR, _NOTE),
    MixedRow(f"{_M}.CR.PR", (CR,), (PR,), PR, _NOTE),
    MixedRow(f"{_M}.CR.CR", (CR,), (CR,), CR, "ours"),
    MixedRow(f"{_M}.PR.SD", (PR,), (SD,), PR, _NOTE),
    MixedRow(f"{_M}.PR.PR", (PR,), (PR,), PR, "ours"),
    MixedRow(f"{_M}.PR.MR", (PR,), (MR,), PR, "ours"),
    MixedRow(f"{_M}.MR.SD", (MR,), (SD,), MR, _NOTE),
    MixedRow(f"{_M}.MR.MR", (MR,), (MR,), MR, "ours"),
    MixedRow(f"{_M}.SD.SD", (SD,), (SD,), SD, _NOTE),
    MixedRow(f"{_M}.ONE.CR", (NA,), (CR,), CR, "ours"),
    MixedRow(f"{_M}.ONE.PR", (NA,), (PR,), PR, "ours"),
    MixedRow(f"{_M}.ONE.MR", (NA,), (MR,), MR, "ours"),
    MixedRow(f"{_M}.ONE.SD", (NA,), (SD,), SD, "ours"),
    MixedRow(f"{_M}.ONE.NE", (NA,), (NE,), NE, "ours"),
    MixedRow(f"{_M}.NONE", (NA,), (NA,), NA, "ours"),
)
"""PR beside MR is not printed: as PR beside SD is PR, beside the better MR it is no less."""

MIXED_ROWS = {
    pair: next(row for row in MIXED if row.takes(*pair))
    for pair in product(COMPONENT_RESPONSES, COMPONENT_RESPONSES)
}


def combine(first: str, second: str) -> MixedRow:
    """The row that puts two components together; ``NA`` where there is no such disease."""
    return MIXED_ROWS[first, second]


# --------------------------------------------------------------------------------------- overall

NON_TARGET_RULES = build_non_target_rules(
    "RANO20",
    "2023, response criteria",
    (
        (PD, "unequivocal progression of {}"),
        (NE, "not all were assessed: {}"),
        (NON_CR_NON_PD, "still there: {}"),
        (CR, "every non-target lesion is gone"),
    ),
)


class Clinical(StrEnum):
    """What is said of the patient's neurological state."""

    STABLE = "stable"
    IMPROVED = "improved"
    WORSE = "worse"


CLINICAL_WORDS = {
    "stable": Clinical.STABLE,
    "unchanged": Clinical.STABLE,
    "improved": Clinical.IMPROVED,
    "better": Clinical.IMPROVED,
    "worse": Clinical.WORSE,
    "worsened": Clinical.WORSE,
    "declined": Clinical.WORSE,
    "deteriorated": Clinical.WORSE,
}
"""What the column ``clinical_status`` may say, and what it means."""


@dataclass(frozen=True, slots=True)
class OverallCase:
    """What the overall rules see.

    ``worse``: clear clinical decline. ``raised``: a steroid dose above the baseline's.
    ``steroids``: one beyond physiological replacement.
    """

    target: str
    non_target: str
    new: NewLesion
    worse: bool = False
    raised: bool = False
    steroids: bool = False


@dataclass(frozen=True, slots=True)
class OverallRule:
    """One row: the overall response where ``holds``; the first row that holds decides."""

    id: str
    category: str
    source: str
    holds: Callable[[OverallCase], bool]


def is_complete(case: OverallCase) -> bool:
    """Everything gone, and no steroids beyond replacement."""
    return case.target == CR and case.non_target in (CR, NA) and not case.steroids


def is_not_assessed(case: OverallCase) -> bool:
    """The targets are not known; or there are none, and the non-targets are not."""
    return case.target == NE or (case.target == NA and case.non_target == NE)


_O = "RANO20"
_RC = "2023, response criteria"
OVERALL = (
    OverallRule(f"{_O}.PD.CLINICAL", PD, _RC, lambda case: case.worse),
    OverallRule(f"{_O}.PD.NEW", PD, _RC, lambda case: case.new is NewLesion.YES),
    OverallRule(f"{_O}.PD.TARGET", PD, _RC, lambda case: case.target == PD),
    OverallRule(f"{_O}.PD.NON_TARGET", PD, _RC, lambda case: case.non_target == PD),
    OverallRule(f"{_O}.NE.NEW", NE, "ours", lambda case: case.new is NewLesion.NE),
    OverallRule(f"{_O}.NE", NE, "ours", is_not_assessed),
    OverallRule(f"{_O}.NE.STEROIDS", NE, "2023, note on steroids", lambda case: case.raised),
    OverallRule(f"{_O}.CR", CR, _RC, is_complete),
    OverallRule(f"{_O}.PR.RESIDUAL", PR, "ours", lambda case: case.target == CR),
    OverallRule(f"{_O}.PR", PR, _RC, lambda case: case.target == PR),
    OverallRule(f"{_O}.MR", MR, _RC, lambda case: case.target == MR),
    OverallRule(f"{_O}.SD", SD, _RC, lambda case: case.target == SD),
    OverallRule(f"{_O}.SD.NOT_MEASURABLE", SD, "2010: no response", lambda case: True),
)
"""In the order they are asked. With a raised dose imaging without progression is neither stable nor
progressive while under observation. Without measurable disease stable is the best there is."""


def decide_overall(case: OverallCase) -> OverallRule:
    """The row that decides the overall response."""
    return next(rule for rule in OVERALL if rule.holds(case))


TEXTS = {
    f"{_O}.PD.CLINICAL": "clear clinical decline",
    f"{_O}.PD.NEW": "a new lesion",
    f"{_O}.NE.STEROIDS": "neither stable nor progressive while the steroid dose is raised",
    f"{_O}.PR.RESIDUAL": "no target is left, but other disease or steroids beyond replacement",
    f"{_O}.SD.NOT_MEASURABLE": "no measurable disease at baseline: stable is the best there is",
}
"""What some rows say beside the categories they go by."""
