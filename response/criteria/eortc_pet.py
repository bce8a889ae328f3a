"""The EORTC PET criteria of 1999 as values: thresholds written once, literal tables.

Young et al., Eur J Cancer 1999;35:1773-1782. Uptake of the regions drawn at baseline, always
against the baseline. A row that the paper does not print says *ours*.

Examples
--------
>>> decide_target(Case(Decimal(10), Decimal("7.4")), Protocol()).id
'EORTC99.TARGET.PMR.MORE'
>>> decide_target(Case(Decimal(10), Decimal("7.5")), Protocol()).id
'EORTC99.TARGET.GAP'
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from response.best_response import NE
from response.criteria.frame import build_non_target_rules
from response.criteria.recist11 import NA, OverallRow, TargetRule, find_first, is_else
from response.protocol import Protocol
from response.terms import NewLesion

CITATION = "EORTC PET 1999: Young et al., Eur J Cancer 1999;35:1773-1782"

CMR, PMR, SMD, PMD = "CMR", "PMR", "SMD", "PMD"
NON_CMR_NON_PMD = "NON-CMR/NON-PMD"
TARGET_RESPONSES = (CMR, PMR, SMD, PMD, NE)
NON_TARGET_RESPONSES = (CMR, NON_CMR_NON_PMD, PMD, NE, NA)

DECREASE_FIRST = Decimal("0.15")
"""PMR after one cycle: a decrease of at least 15 % (printed 15 to 25 %)."""

DECREASE_MORE = Decimal("0.25")
"""PMR after more than one cycle: a decrease of more than 25 %."""

INCREASE = Decimal("0.25")
"""PMD: an increase of more than 25 %. Exactly 25 % is in no printed class: SMD, *ours*."""

EXTENT_INCREASE = Decimal("0.20")
"""PMD: growth of more than 20 % in the longest dimension of the uptake."""

MEASURES = ("suv_mean", "suv_max")
"""Which uptake is compared: the first that every target has at baseline, then the same always."""


# ------------------------------------------------------------------------------- target lesions


@dataclass(frozen=True, slots=True)
class Case:
    """What the target rules see of a time point; SUV in g/ml added over the targets.

    ``total`` adds what is known; ``baseline`` is ``None`` where it is not complete. ``grown`` is
    whether a target grew in extent, ``complete`` whether nothing is left by a reader's word.
    """

    baseline: Decimal | None
    total: Decimal
    missing: bool = False
    complete: bool = False
    grown: bool = False


def has_no_baseline(case: Case, protocol: Protocol) -> bool:
    """No uptake at baseline to compare with."""
    return not case.baseline


def has_grown(case: Case, protocol: Protocol) -> bool:
    """Visible growth in extent."""
    return case.grown


def has_risen(case: Case, protocol: Protocol) -> bool:
    """More than +25 %; from a part of the targets, as the others can only add."""
    assert case.baseline is not None
    if case.missing and not protocol.rules.pd_from_partial:
        return False
    return case.total > case.baseline * (1 + INCREASE)


def is_missing(case: Case, protocol: Protocol) -> bool:
    """A target was not measured."""
    return case.missing


def is_complete(case: Case, protocol: Protocol) -> bool:
    """No uptake to be told from the normal tissue around, in any target."""
    return case.complete and not case.missing


def has_fallen_after_one(case: Case, protocol: Protocol) -> bool:
    """At least -15 %, after one cycle."""
    return protocol.pet.eortc_cycles == "one" and _fell_by_first(case)


def has_fallen_after_more(case: Case, protocol: Protocol) -> bool:
    """More than -25 %, after more than one cycle."""
    assert case.baseline is not None
    more = protocol.pet.eortc_cycles == "more_than_one"
    return more and case.total < case.baseline * (1 - DECREASE_MORE)


def is_in_gap(case: Case, protocol: Protocol) -> bool:
    """-15 to -25 % after more than one cycle, which the paper leaves open (A16)."""
    return protocol.pet.eortc_cycles == "more_than_one" and _fell_by_first(case)


def is_in_gap_as_partial(case: Case, protocol: Protocol) -> bool:
    """The same, where the protocol calls it PMR."""
    return protocol.pet.eortc_gap == "PMR" and is_in_gap(case, protocol)


def _fell_by_first(case: Case) -> bool:
    assert case.baseline is not None
    return case.total <= case.baseline * (1 - DECREASE_FIRST)


Rule = TargetRule[Case, Protocol]

_T = "EORTC99.TARGET"
TARGET_RULES: tuple[Rule, ...] = (
    TargetRule(f"{_T}.NE.BASELINE", NE, "ours", has_no_baseline),
    TargetRule(f"{_T}.PMD", PMD, "1999, response definitions", has_risen),
    TargetRule(f"{_T}.CMR", CMR, "1999, response definitions", is_complete),
    TargetRule(f"{_T}.PMD.EXTENT", PMD, "1999, response definitions", has_grown),
    TargetRule(f"{_T}.NE", NE, "ours", is_missing),
    TargetRule(f"{_T}.PMR.FIRST", PMR, "1999, response definitions", has_fallen_after_one),
    TargetRule(f"{_T}.PMR.MORE", PMR, "1999, response definitions", has_fallen_after_more),
    TargetRule(f"{_T}.GAP.PMR", PMR, "ours (A16)", is_in_gap_as_partial),
    TargetRule(f"{_T}.GAP", SMD, "ours (A16)", is_in_gap),
    TargetRule(f"{_T}.SMD", SMD, "1999, response definitions", is_else),
)
"""In the order they are asked. Where no uptake is left, its extent cannot have grown."""


def decide_target(case: Case, protocol: Protocol) -> Rule:
    """The row that decides the target response."""
    return find_first(TARGET_RULES, case, protocol)


# --------------------------------------------------------------------- non-target lesions, overall

NON_TARGET_RULES = build_non_target_rules(
    "EORTC99",
    "ours",
    (
        (PMD, "unequivocal progression of {}"),
        (NE, "not all were assessed: {}"),
        (NON_CMR_NON_PMD, "still avid: {}"),
        (CMR, "every non-target lesion is at background"),
    ),
)

_YES, _NO, _UNKNOWN = (NewLesion.YES,), (NewLesion.NO, NewLesion.EQUIVOCAL), (NewLesion.NE,)
_ANY, _ANY_NON, _ANY_NEW = (*TARGET_RESPONSES, NA), NON_TARGET_RESPONSES, tuple(NewLesion)
_NOT_PMD, _NON_NOT_PMD = (CMR, PMR, SMD, NE, NA), (CMR, NON_CMR_NON_PMD, NE, NA)

OVERALL = (
    OverallRow("EORTC99.PMD.NEW", _ANY, _ANY_NON, _YES, PMD, "1999: new metastatic uptake"),
    OverallRow("EORTC99.PMD.NON_TARGET", _ANY, (PMD,), _ANY_NEW, PMD, "ours"),
    OverallRow("EORTC99.PMD", (PMD,), _ANY_NON, _ANY_NEW, PMD, "1999"),
    OverallRow("EORTC99.NE.NEW", _NOT_PMD, _NON_NOT_PMD, _UNKNOWN, NE, "ours"),
    OverallRow("EORTC99.CMR", (CMR,), (CMR, NA), _NO, CMR, "1999"),
    OverallRow("EORTC99.PMR.RESIDUAL", (CMR,), (NON_CMR_NON_PMD, NE), _NO, PMR, "ours"),
    OverallRow("EORTC99.PMR", (PMR,), _NON_NOT_PMD, _NO, PMR, "1999"),
    OverallRow("EORTC99.SMD", (SMD,), _NON_NOT_PMD, _NO, SMD, "1999"),
    OverallRow("EORTC99.NE", (NE, NA), _NON_NOT_PMD, _NO, NE, "ours"),
)
"""The paper knows one tumour and new uptake. Non-target lesions are read as in RECIST 1.1."""

ROWS = {
    key: next(row for row in OVERALL if row.takes(*key))
    for key in product(_ANY, _ANY_NON, NewLesion)
}
