"""The Lugano criteria of 2014 as values: thresholds written once, literal tables.

Cheson et al., J Clin Oncol 2014;32:3059-3068, Table 3. PET-CT by the Deauville score, CT by
products of diameters: progression is of one lesion against its own smallest, response of the sum
against the baseline. A row that the paper does not print says *ours*.

Examples
--------
>>> decide_target(TargetCase(Decimal(500), Decimal(1000))).id
'LUGANO14.TARGET.PR'
>>> decide_pet(PetCase(score=4, change=Change.REDUCED)).id
'LUGANO14.PET.PMR'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from response.best_response import CR, NE, NON_CR_NON_PD, PD, PR, SD
from response.criteria.frame import build_non_target_rules
from response.criteria.products import Product
from response.criteria.recist11 import NA
from response.terms import NewLesion
from response.vocabulary import Vocabulary

CITATION = "Lugano 2014: Cheson et al., J Clin Oncol 2014;32:3059-3068"

CMR, PMR, NMR, PMD = "CMR", "PMR", "NMR", "PMD"

VOCABULARY = Vocabulary(
    {
        CMR: CR, CR: CR, PMR: PR, PR: PR, NMR: SD, SD: SD, PMD: PD, PD: PD, NE: NE, "ND": "ND",
    }
)  # fmt: skip
"""What PET-CT (CMR, PMR, NMR, PMD) and CT (CR, PR, SD, PD) say, in RECIST's words."""

NODE_NORMAL_MM = Decimal(15)
"""A node is abnormal where its longest diameter is more than 15 mm."""

EXTRANODAL_MEASURABLE_MM = Decimal(10)
"""An extranodal lesion is measurable, or a new one certain, from more than 10 mm."""

MAX_TARGETS = 6
"""Up to six of the largest."""

PR_DECREASE = Decimal("0.50")
"""CT: PR is at least a 50 % decrease of the sum of products."""

PD_INCREASE = Decimal("0.50")
"""CT: PD is at least a 50 % increase of one product over its smallest …"""

SMALL_MM, GROWTH_SMALL_MM, GROWTH_LARGE_MM = Decimal(20), Decimal(5), Decimal(10)
"""… and of a diameter by 5 mm, by 10 mm in a lesion that was longer than 20 mm."""

SPLEEN_FRACTION = Decimal("0.50")
"""The spleen's length beyond normal: PR by more than 50 % less, PD by more than 50 % more."""

SPLEEN_GROWTH_MM = Decimal(20)
"""Without an enlarged spleen before, PD is an increase by at least 20 mm."""

NEGATIVE_SCORES, SCORES = (1, 2, 3), (1, 2, 3, 4, 5)
"""Deauville: up to 3 is a complete metabolic response."""


# ------------------------------------------------------------------------------- target lesions


def has_grown(product: Product, lowest: Product) -> bool:
    """Whether one lesion has progressed against its own smallest.

    Abnormal, its product at least 50 % larger, a diameter larger by 5 or 10 mm. Which of the two
    goes by the longest diameter that it grew from (*ours*).
    """
    if lowest.gone or product.longest_mm <= NODE_NORMAL_MM:
        return False
    growth = GROWTH_SMALL_MM if lowest.longest_mm <= SMALL_MM else GROWTH_LARGE_MM
    longer = product.longest_mm - lowest.longest_mm >= growth
    wider = product.short_mm - lowest.short_mm >= growth
    return (longer or wider) and product.product_mm2 >= lowest.product_mm2 * (1 + PD_INCREASE)


def has_regrown(product: Product, lowest: Product) -> bool:
    """Whether a lesion that was gone is back: a node above 15 mm, any other at whatever size."""
    if not lowest.gone or product.gone:
        return False
    return not product.node or product.longest_mm > NODE_NORMAL_MM


def is_normal(product: Product) -> bool:
    """What CR asks of a target: a node of at most 15 mm, any other gone."""
    return product.longest_mm <= NODE_NORMAL_MM if product.node else product.gone


@dataclass(frozen=True, slots=True)
class TargetCase:
    """What the target rules see of a time point; square millimetres.

    ``total`` adds what is known; ``baseline`` is ``None`` where it is not complete. ``grown`` and
    ``regrown`` are whether any lesion did.
    """

    total: Decimal
    baseline: Decimal | None
    missing: bool = False
    all_normal: bool = False
    grown: bool = False
    regrown: bool = False


@dataclass(frozen=True, slots=True)
class TargetRule:
    """One row: the category where ``holds``; the first row that holds decides."""

    id: str
    category: str
    source: str
    holds: Callable[[TargetCase], bool]


def is_missing(case: TargetCase) -> bool:
    """A target was not measured, here or at baseline."""
    return case.missing or case.baseline is None


def has_shrunk(case: TargetCase) -> bool:
    """At least -50 % of the sum of products from baseline."""
    assert case.baseline is not None
    return case.total <= case.baseline * (1 - PR_DECREASE)


_T = "LUGANO14.TARGET"
TARGET_RULES = (
    TargetRule(f"{_T}.PD", PD, "Table 3, CT", lambda case: case.grown),
    TargetRule(f"{_T}.PD.REGROWN", PD, "Table 3, CT", lambda case: case.regrown),
    TargetRule(f"{_T}.NE", NE, "ours", is_missing),
    TargetRule(f"{_T}.CR", CR, "Table 3, CT", lambda case: case.all_normal),
    TargetRule(f"{_T}.PR", PR, "Table 3, CT", has_shrunk),
    TargetRule(f"{_T}.SD", SD, "Table 3, CT", lambda case: True),
)
"""In the order they are asked: one lesion that has progressed is enough, whatever is missing."""


def decide_target(case: TargetCase) -> TargetRule:
    """The row that decides the target response on CT."""
    return next(rule for rule in TARGET_RULES if rule.holds(case))


NON_TARGET_RULES = build_non_target_rules(
    "LUGANO14",
    "Table 3, CT",
    (
        (PD, "clear progression of {}"),
        (NE, "not all were assessed: {}"),
        (NON_CR_NON_PD, "still there: {}"),
        (CR, "every non-measured lesion is absent or normal"),
    ),
)


# --------------------------------------------------------------------------------- spleen, marrow


def judge_spleen(
    baseline_mm: Decimal | None,
    now_mm: Decimal | None,
    lowest_mm: Decimal | None,
    normal_mm: Decimal,
) -> str:
    """What the spleen's length says: CR (normal), PR, SD, PD, NE, or NA where it says nothing.

    ``lowest_mm`` is the shortest on earlier dates, baseline included. Growth of an enlarged spleen
    is against the baseline. One that was or became normal is enlarged anew from 20 mm over its
    shortest on, and only beyond normal (*ours*).

    Examples
    --------
    >>> [judge_spleen(Decimal(150), Decimal(mm), Decimal(150), Decimal(130))
    ...  for mm in (130, 139, 140, 160, 161)]
    ['CR', 'PR', 'SD', 'SD', 'PD']
    """
    if baseline_mm is None:
        return NA if now_mm is None or now_mm <= normal_mm else NE
    excess = baseline_mm - normal_mm
    if now_mm is None:
        return NE if excess > 0 else NA
    if now_mm <= normal_mm:
        return CR
    assert lowest_mm is not None
    if lowest_mm <= normal_mm and now_mm - lowest_mm >= SPLEEN_GROWTH_MM:
        return PD
    if excess <= 0:
        return NA
    if now_mm - baseline_mm > excess * SPLEEN_FRACTION:
        return PD
    return PR if now_mm - normal_mm < excess * (1 - SPLEEN_FRACTION) else SD


class Marrow(StrEnum):
    """What is said of the bone marrow."""

    NORMAL = "normal"
    REDUCED = "reduced"
    UNCHANGED = "unchanged"
    NEW = "new"
    UNKNOWN = "unknown"


MARROW_WORDS = {
    "normal": Marrow.NORMAL,
    "none": Marrow.NORMAL,
    "negative": Marrow.NORMAL,
    "reduced": Marrow.REDUCED,
    "unchanged": Marrow.UNCHANGED,
    "involved": Marrow.UNCHANGED,
    "positive": Marrow.UNCHANGED,
    "new": Marrow.NEW,
    "recurrent": Marrow.NEW,
    "indeterminate": Marrow.UNKNOWN,
}
"""What the column ``marrow`` may say, and what it means."""


def judge_marrow(said: Marrow | None, before: Marrow | None) -> Marrow:
    """The marrow now, given what was last known of it (``None``: nothing was ever said).

    Involved after it was normal is new, and stays new. Not said, it is taken for normal unless it
    was involved.
    """
    if said is Marrow.UNCHANGED and before in (Marrow.NORMAL, Marrow.NEW):
        return Marrow.NEW
    if said is None:
        return Marrow.NORMAL if before in (None, Marrow.NORMAL) else Marrow.UNKNOWN
    return said


# ------------------------------------------------------------------------------------------- CT


@dataclass(frozen=True, slots=True)
class CtCase:
    """What CT sees: categories of targets, non-measured lesions, spleen; marrow, new lesions."""

    target: str
    non_target: str
    spleen: str
    marrow: Marrow
    new: NewLesion
    any_disease: bool = True


@dataclass(frozen=True, slots=True)
class CtRule:
    """One row of the CT column; the first row that holds decides."""

    id: str
    category: str
    source: str
    holds: Callable[[CtCase], bool]


def is_complete(case: CtCase) -> bool:
    """Everything gone or normal."""
    return (
        case.any_disease
        and case.target in (CR, NA)
        and case.non_target in (CR, NA)
        and case.spleen in (CR, NA)
        and case.marrow is Marrow.NORMAL
    )


def is_partial(case: CtCase) -> bool:
    """The targets responded, the spleen regressed or never was enlarged."""
    return case.target in (CR, PR) and case.spleen in (CR, PR, NA)


def is_unassessed(case: CtCase) -> bool:
    """The targets, or the spleen that a response asks for, are not known."""
    return case.target == NE or (case.target in (CR, PR) and case.spleen == NE)


def is_stable(case: CtCase) -> bool:
    """Known disease that neither responded nor progressed."""
    if case.target != NA:
        return True
    return case.any_disease and NE not in (case.non_target, case.spleen)


_C = "LUGANO14.CT"
CT_RULES = (
    CtRule(f"{_C}.PD.NEW", PD, "Table 3, CT", lambda case: case.new is NewLesion.YES),
    CtRule(f"{_C}.PD.TARGET", PD, "Table 3, CT", lambda case: case.target == PD),
    CtRule(f"{_C}.PD.NON_TARGET", PD, "Table 3, CT", lambda case: case.non_target == PD),
    CtRule(f"{_C}.PD.SPLEEN", PD, "Table 3, CT", lambda case: case.spleen == PD),
    CtRule(f"{_C}.PD.MARROW", PD, "Table 3, CT", lambda case: case.marrow is Marrow.NEW),
    CtRule(f"{_C}.NE.NEW", NE, "ours", lambda case: case.new is NewLesion.NE),
    CtRule(f"{_C}.NE.ASSESSED", NE, "ours", is_unassessed),
    CtRule(f"{_C}.CR", CR, "Table 3, CT", is_complete),
    CtRule(f"{_C}.PR", PR, "Table 3, CT", is_partial),
    CtRule(f"{_C}.SD", SD, "Table 3, CT", is_stable),
    CtRule(f"{_C}.NE", NE, "ours", lambda case: True),
)
"""In the order they are asked. Marrow that is involved, or was and is not spoken of, leaves PR."""


def decide_ct(case: CtCase) -> CtRule:
    """The row of the CT column that decides."""
    return next(rule for rule in CT_RULES if rule.holds(case))


# --------------------------------------------------------------------------------------- PET-CT


class Change(StrEnum):
    """Uptake against the baseline."""

    REDUCED = "reduced"
    UNCHANGED = "unchanged"
    INCREASED = "increased"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PetCase:
    """What PET-CT sees: the Deauville score, the uptake against baseline, marrow, new foci."""

    score: int
    change: Change = Change.UNKNOWN
    marrow: Marrow = Marrow.NORMAL
    new: NewLesion = NewLesion.NO


@dataclass(frozen=True, slots=True)
class PetRule:
    """One row of the PET-CT column; the first row that holds decides."""

    id: str
    category: str
    source: str
    holds: Callable[[PetCase], bool]


def _is_positive(case: PetCase, change: Change) -> bool:
    return case.score not in NEGATIVE_SCORES and case.change is change


_P = "LUGANO14.PET"
PET_RULES = (
    PetRule(f"{_P}.PMD.NEW", PMD, "Table 3", lambda case: case.new is NewLesion.YES),
    PetRule(f"{_P}.PMD.MARROW", PMD, "Table 3", lambda case: case.marrow is Marrow.NEW),
    PetRule(f"{_P}.PMD", PMD, "Table 3", lambda case: _is_positive(case, Change.INCREASED)),
    PetRule(f"{_P}.NE.NEW", NE, "ours", lambda case: case.new is NewLesion.NE),
    PetRule(f"{_P}.NE", NE, "ours", lambda case: _is_positive(case, Change.UNKNOWN)),
    PetRule(f"{_P}.NMR.MARROW", NMR, "Table 3", lambda case: case.marrow is Marrow.UNCHANGED),
    PetRule(f"{_P}.NMR", NMR, "Table 3", lambda case: _is_positive(case, Change.UNCHANGED)),
    PetRule(f"{_P}.PMR", PMR, "Table 3", lambda case: _is_positive(case, Change.REDUCED)),
    PetRule(f"{_P}.PMR.MARROW", PMR, "Table 3", lambda case: case.marrow is Marrow.REDUCED),
    PetRule(f"{_P}.CMR", CMR, "Table 3", lambda case: True),
)
"""In the order they are asked: what is left, in nodes or marrow, the worse of the two. A score of 4
or 5 whose uptake cannot be compared is NE: it is no CMR, and anything else."""


def decide_pet(case: PetCase) -> PetRule:
    """The row of the PET-CT column that decides."""
    return next(rule for rule in PET_RULES if rule.holds(case))


def compare_uptake(before: Decimal, now: Decimal, unchanged_pct: Decimal) -> Change:
    """Uptake against the baseline, unchanged up to so many per cent.

    Examples
    --------
    >>> [str(compare_uptake(Decimal(8), Decimal(now), Decimal(25))) for now in (5, 6, 10, 11)]
    ['reduced', 'unchanged', 'unchanged', 'increased']
    """
    if abs(now - before) * 100 <= before * unchanged_pct:
        return Change.UNCHANGED
    return Change.REDUCED if now < before else Change.INCREASED


def compare_scores(before: int, now: int) -> Change:
    """Uptake by the scores alone, where no SUV is given (*ours*)."""
    if now == before:
        return Change.UNCHANGED
    return Change.REDUCED if now < before else Change.INCREASED
