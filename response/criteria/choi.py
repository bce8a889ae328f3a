"""Choi criteria for gastrointestinal stromal tumours: how large and how dense.

Choi et al., J Clin Oncol 2007;25:1753-1759; modified: Nathan et al., Cancer Biol Ther 2010;9:15-19.
The size is the sum of longest diameters, the density the mean attenuation of the targets in the
portal venous phase, Hounsfield units (``density_hu`` of a row).

What the paper leaves open, decided here and marked *ours*:

- **Density of several targets**: the plain mean of the targets' means, each target counting once,
  over the targets that can be measured at this time point, compared with the same targets at
  baseline. A target that is gone or too small has no density; that of a split lesion is the mean
  of its parts.
- **Density not known** for one of them: what hangs on it is NE, never guessed.
- **Growth** is measured from the nadir. The paper compares one scan with the baseline, where both
  are the same; later only the nadir sees a relapse. Density is always compared with the baseline.
- A node is measured in its short axis and normal below 10 mm, as in RECIST 1.1, which came later.
- Time points combine target, non-target and new lesions as in RECIST 1.1. A new or growing nodule
  inside a tumour is a row of its own: NEW, or a non-target in unequivocal progression.

Examples
--------
>>> size = TargetCase(Decimal(100), True, False, Decimal(100), Decimal(100))
>>> lighter = Density(Fraction(100), Fraction(85))
>>> decide_target(ChoiCase(size, lighter), ChoiOptions()).id
'CHOI.TARGET.PR'
>>> decide_target(ChoiCase(size, lighter), ChoiOptions(modified=True)).id
'CHOI.TARGET.SD'
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from response.best_response import CR, NE, PD, PR, SD
from response.criteria.recist11 import (
    TargetCase,
    TargetRule,
    find_first,
    is_else,
)
from response.protocol import Choi as ChoiOptions

CITATION = "Choi criteria: Choi et al., J Clin Oncol 2007;25:1753-1759"

PREFIX = "CHOI"

SIZE_DECREASE = Decimal("0.10")
"""PR: at least a 10 % decrease of the sum from baseline …"""

DENSITY_DECREASE = Fraction(15, 100)
"""… or (modified: and) at least a 15 % decrease of the mean density from baseline."""

SIZE_INCREASE = Decimal("0.10")
"""PD: at least a 10 % increase of the sum, unless the density alone says PR."""


class Density(NamedTuple):
    """Mean density of the same targets at baseline and now, Hounsfield units, exact.

    Both are ``None`` where it is not known; ``missing`` says why.
    """

    baseline: Fraction | None
    now: Fraction | None
    missing: str = ""


class ChoiCase(NamedTuple):
    """What the target rules see of a time point."""

    size: TargetCase
    density: Density


def is_gone(case: ChoiCase, options: object) -> bool:
    """Every target gone."""
    size = case.size
    return size.complete and size.baseline is not None and size.all_normal


def is_incomplete(case: ChoiCase, options: object) -> bool:
    """A target was not assessed, or there is no baseline sum."""
    return not case.size.complete or case.size.baseline is None


def hangs_on_density(case: ChoiCase, options: ChoiOptions) -> bool:
    """The density is not known, and the size alone does not decide."""
    if case.density.now is not None:
        return False
    return has_grown(case) or is_smaller(case) is options.modified


def is_progressed(case: ChoiCase, options: object) -> bool:
    """Grown, and the density does not say PR."""
    return has_grown(case) and not is_lighter(case)


def is_response(case: ChoiCase, options: ChoiOptions) -> bool:
    """Smaller or lighter."""
    return not options.modified and (is_smaller(case) or is_lighter(case))


def is_modified_response(case: ChoiCase, options: ChoiOptions) -> bool:
    """Smaller and lighter."""
    return options.modified and is_smaller(case) and is_lighter(case)


def has_grown(case: ChoiCase) -> bool:
    """At least +10 % of the sum over the nadir; from nothing, any growth."""
    size = case.size
    if size.nadir is None or size.total <= size.nadir:
        return False
    return size.total >= size.nadir * (1 + SIZE_INCREASE)


def is_smaller(case: ChoiCase) -> bool:
    """At least -10 % of the sum from baseline."""
    size = case.size
    return size.baseline is not None and size.total <= size.baseline * (1 - SIZE_DECREASE)


def is_lighter(case: ChoiCase) -> bool:
    """At least -15 % of the mean density from baseline."""
    now, baseline = case.density.now, case.density.baseline
    return now is not None and baseline is not None and now <= baseline * (1 - DENSITY_DECREASE)


Rule = TargetRule[ChoiCase, ChoiOptions]

TARGET_RULES: tuple[Rule, ...] = (
    TargetRule("CHOI.TARGET.CR", CR, "response definitions", is_gone),
    TargetRule("CHOI.TARGET.NE", NE, "ours, as RECIST 1.1", is_incomplete),
    TargetRule("CHOI.TARGET.NE.DENSITY", NE, "ours", hangs_on_density),
    TargetRule("CHOI.TARGET.PD", PD, "response definitions", is_progressed),
    TargetRule("CHOI.TARGET.PR", PR, "response definitions", is_response),
    TargetRule("CHOI.TARGET.PR.MODIFIED", PR, "modified Choi criteria", is_modified_response),
    TargetRule("CHOI.TARGET.SD", SD, "response definitions", is_else),
)
"""In the order they are asked: growth over the nadir outweighs a sum below baseline (ours)."""


def decide_target(case: ChoiCase, options: ChoiOptions) -> Rule:
    """The row that decides the target response."""
    return find_first(TARGET_RULES, case, options)


def change_of_density_pct(density: Density) -> Decimal | None:
    """Change of the mean density in per cent, two decimals, cut toward zero.

    Examples
    --------
    >>> change_of_density_pct(Density(Fraction(60), Fraction(50)))
    Decimal('-16.66')
    """
    if density.now is None or density.baseline is None:
        return None
    parts = (density.now - density.baseline) * 10000 / density.baseline
    return Decimal(int(parts)).scaleb(-2) + 0
