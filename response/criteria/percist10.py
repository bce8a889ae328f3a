"""PERCIST 1.0 as values: thresholds written once, literal tables whose rows have ids.

Wahl et al., J Nucl Med 2009;50 Suppl 1:122S-150S; O, Lodge, Wahl, Radiology 2016;280:576-584
("Practical PERCIST"). The measure is SULpeak of the single hottest lesion at baseline against the
single hottest at follow-up, not necessarily the same (P-06); always against the baseline, never
the nadir (P-09). A row that the papers do not print says *ours*.

Examples
--------
>>> from dataclasses import replace
>>> case = Case(baseline=Decimal(8), hottest=Decimal("5.6"))
>>> decide_target(case, Protocol()).id
'PERCIST10.TARGET.PMR'
>>> decide_target(replace(case, hottest=Decimal("5.61")), Protocol()).id
'PERCIST10.TARGET.SMD'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from response.best_response import NE
from response.criteria.frame import build_non_target_rules
from response.criteria.recist11 import NA, OverallRow
from response.criteria.sentences import per_cent
from response.protocol import Pet, Protocol
from response.terms import NewLesion

CITATION = (
    "PERCIST 1.0: Wahl et al., J Nucl Med 2009;50(Suppl 1):122S-150S; "
    "O et al., Radiology 2016;280:576-584"
)

CMR, PMR, SMD, PMD = "CMR", "PMR", "SMD", "PMD"
NON_CMR_NON_PMD = "NON-CMR/NON-PMD"
TARGET_RESPONSES = (CMR, PMR, SMD, PMD, NE)
NON_TARGET_RESPONSES = (CMR, NON_CMR_NON_PMD, PMD, NE, NA)

LIVER_FACTOR, LIVER_SDS = Decimal("1.5"), Decimal(2)
"""P-04: measurable at baseline from 1.5 x the liver's mean SUL + 2 SD on …"""

BLOOD_POOL_FACTOR, BLOOD_POOL_SDS = Decimal(2), Decimal(2)
"""… or, where the liver cannot serve, 2.0 x the blood pool's mean (+ 2 SD by choice, A15)."""

DECREASE, DECREASE_SUL = Decimal("0.30"), Decimal("0.8")
"""P-08: PMR is at least a 30 % and 0.8 SUL decrease."""

INCREASE, INCREASE_SUL = Decimal("0.30"), Decimal("0.8")
"""P-09: PMD is more than a 30 % and 0.8 SUL increase (A18: or at least)."""

TLG_INCREASE = Decimal("0.75")
"""P-09: PMD is more than a 75 % increase of the total lesion glycolysis, SUL not declining."""

OTHER_INCREASE = Decimal("0.30")
"""P-08: no PMR where another lesion grew by more than 30 % in SUL or size."""

HOTTEST, PER_ORGAN = 5, 2
"""P-06: the secondary measure adds up to 5 lesions, at most 2 of an organ."""

REFERENCE_RELATIVE, REFERENCE_SUL = Decimal("0.20"), Decimal("0.3")
"""P-05: the liver's mean SUL may differ by 20 % of the larger and by 0.3, not more."""

UPTAKE_DIFFERENCE, UPTAKE_EARLIEST, UPTAKE_LATEST = Decimal(15), Decimal(50), Decimal(70)
"""P-05, minutes: no more apart; no earlier; later only with a warning (Practical PERCIST)."""

AT_BASELINE, HERE = "at baseline", "this study"
"""Which of the two studies a sentence is about."""

DOSE_DIFFERENCE = Decimal("0.20")
"""P-05: the injected dose may differ by 20 % of that at baseline, else a warning."""


# ------------------------------------------------------------------------------- target lesions


@dataclass(frozen=True, slots=True)
class Case:
    """What the target rules see of a time point; SULpeak in g/ml.

    ``hottest`` is the highest known; ``missing`` whether a target has none. ``complete`` is a
    reader's word that all uptake is at background; ``liver`` the liver's mean SUL here, ``None``
    where not given. ``tlg`` and ``tlg_baseline`` add the hottest lesions, ``None`` where one has
    none. ``grown`` is whether another lesion grew.
    """

    baseline: Decimal | None
    hottest: Decimal | None
    measurable: bool = True
    comparable: bool = True
    missing: bool = False
    complete: bool = False
    liver: Decimal | None = None
    tlg_baseline: Decimal | None = None
    tlg: Decimal | None = None
    grown: bool = False


@dataclass(frozen=True, slots=True)
class TargetRule:
    """One row: the category where ``holds``; ``verify`` is what the paper asks to check later."""

    id: str
    category: str
    source: str
    holds: Callable[[Case, Protocol], bool]
    verify: str = ""


def is_not_measurable(case: Case, protocol: Protocol) -> bool:
    """The hottest lesion at baseline is not known to reach the threshold."""
    return case.baseline is None or not case.measurable


def is_not_comparable(case: Case, protocol: Protocol) -> bool:
    """The two studies were not made alike enough."""
    return not case.comparable


def is_complete(case: Case, protocol: Protocol) -> bool:
    """At background by a reader's word, and below the liver's mean where that is given (P-07)."""
    if not case.complete or case.missing or case.hottest is None:
        return False
    return case.liver is None or case.hottest < case.liver


def has_risen(case: Case, protocol: Protocol) -> bool:
    """More than +30 % and +0.8 SUL; from a part of the lesions, as the others can only add."""
    if case.hottest is None or case.baseline is None:
        return False
    if case.missing and not protocol.rules.pd_from_partial:
        return False
    relative, absolute = case.baseline * (1 + INCREASE), case.baseline + INCREASE_SUL
    if protocol.pet.progression_inclusive:
        return case.hottest >= relative and case.hottest >= absolute
    return case.hottest > relative and case.hottest > absolute


def has_spread(case: Case, protocol: Protocol) -> bool:
    """More than +75 % of TLG while SULpeak has not declined."""
    if case.missing or not case.tlg_baseline or case.tlg is None:
        return False
    assert case.hottest is not None
    assert case.baseline is not None
    return case.tlg > case.tlg_baseline * (1 + TLG_INCREASE) and case.hottest >= case.baseline


def is_missing(case: Case, protocol: Protocol) -> bool:
    """A target was not measured: the hottest lesion is not known."""
    return case.missing or case.hottest is None


def has_fallen(case: Case, protocol: Protocol) -> bool:
    """At least -30 % and -0.8 SUL."""
    assert case.hottest is not None
    assert case.baseline is not None
    limit = case.baseline * (1 - DECREASE)
    return case.hottest <= limit and case.baseline - case.hottest >= DECREASE_SUL


def has_fallen_but_not_all(case: Case, protocol: Protocol) -> bool:
    """The decrease of PMR, but another lesion grew."""
    return has_fallen(case, protocol) and case.grown


def is_else(case: Case, protocol: Protocol) -> bool:
    """None of these."""
    return True


_AGAINST_PROGRESSION = (
    "verify by follow-up in about a month if the anatomical criteria suggest progression"
)
_AGAINST_RESPONSE = (
    "verify by follow-up in about a month if the anatomical criteria suggest a response"
)

_T = "PERCIST10.TARGET"
TARGET_RULES = (
    TargetRule(f"{_T}.NE.MEASURABLE", NE, "2009 (P-04)", is_not_measurable),
    TargetRule(f"{_T}.NE.COMPARABLE", NE, "2009, 2016 (P-05)", is_not_comparable),
    TargetRule(f"{_T}.CMR", CMR, "2009, Table 3 (P-07)", is_complete, _AGAINST_PROGRESSION),
    TargetRule(f"{_T}.PMD", PMD, "2009, Table 3 (P-09)", has_risen, _AGAINST_RESPONSE),
    TargetRule(f"{_T}.PMD.TLG", PMD, "2009, Table 3 (P-09)", has_spread, _AGAINST_RESPONSE),
    TargetRule(f"{_T}.NE", NE, "ours", is_missing),
    TargetRule(f"{_T}.SMD.OTHER", SMD, "2009, Table 3 (P-08)", has_fallen_but_not_all),
    TargetRule(f"{_T}.PMR", PMR, "2009, Table 3 (P-08)", has_fallen, _AGAINST_PROGRESSION),
    TargetRule(f"{_T}.SMD", SMD, "2009, Table 3 (P-10)", is_else),
)
"""In the order they are asked (P-10). Studies that are not comparable are not assessable at all,
so this comes before CMR: a short uptake time may hide what is there."""


def decide_target(case: Case, protocol: Protocol) -> TargetRule:
    """The row that decides the target response."""
    return next(rule for rule in TARGET_RULES if rule.holds(case, protocol))


# --------------------------------------------------------------------- non-target lesions, overall

NON_TARGET_RULES = build_non_target_rules(
    "PERCIST10",
    "Table 5 of a review (P-11)",
    (
        (PMD, "unequivocal progression of {}"),
        (NE, "not all were assessed: {}"),
        (NON_CMR_NON_PMD, "still avid: {}"),
        (CMR, "every non-target lesion is at background"),
    ),
)

_YES, _NO, _UNKNOWN = (
    (NewLesion.YES,),
    (NewLesion.NO, NewLesion.EQUIVOCAL),
    (NewLesion.NE,),
)
_ANY, _ANY_NON, _ANY_NEW = (*TARGET_RESPONSES, NA), NON_TARGET_RESPONSES, tuple(NewLesion)
_NOT_PMD, _NON_NOT_PMD = (CMR, PMR, SMD, NE, NA), (CMR, NON_CMR_NON_PMD, NE, NA)

OVERALL = (
    OverallRow("PERCIST10.PMD.NEW", _ANY, _ANY_NON, _YES, PMD, "2009, Table 3 (P-09)"),
    OverallRow("PERCIST10.PMD.NON_TARGET", _ANY, (PMD,), _ANY_NEW, PMD, "P-11"),
    OverallRow("PERCIST10.PMD", (PMD,), _ANY_NON, _ANY_NEW, PMD, "2009, Table 3 (P-09)"),
    OverallRow("PERCIST10.NE.NEW", _NOT_PMD, _NON_NOT_PMD, _UNKNOWN, NE, "ours"),
    OverallRow("PERCIST10.CMR", (CMR,), (CMR, NA), _NO, CMR, "2009, Table 3 (P-07)"),
    OverallRow("PERCIST10.PMR.RESIDUAL", (CMR,), (NON_CMR_NON_PMD, NE), _NO, PMR, "ours (P-07)"),
    OverallRow("PERCIST10.PMR", (PMR,), _NON_NOT_PMD, _NO, PMR, "2009, Table 3 (P-08)"),
    OverallRow("PERCIST10.SMD", (SMD,), _NON_NOT_PMD, _NO, SMD, "2009, Table 3 (P-10)"),
    OverallRow("PERCIST10.NE", (NE, NA), _NON_NOT_PMD, _NO, NE, "2009 (P-04, P-05); else ours"),
)
"""CMR asks that every lesion be at background (P-07): with a non-target lesion still avid, or not
assessed, it is PMR, as in Table 1 of RECIST 1.1. Without a target nothing can be said but PMD."""

ROWS = {
    key: next(row for row in OVERALL if row.takes(*key))
    for key in product(_ANY, _ANY_NON, NewLesion)
}


# ----------------------------------------------------------------- measurable, comparable studies


def find_threshold(
    liver: tuple[Decimal | None, Decimal | None],
    blood_pool: tuple[Decimal | None, Decimal | None],
    options: Pet,
) -> tuple[Decimal | None, str]:
    """SULpeak from which a lesion is measurable at baseline (P-04, A15), and how it was found.

    Mean and SD of the liver, else of the blood pool. ``None``, and what is missing, where neither
    is given.

    Examples
    --------
    >>> find_threshold((Decimal(2), Decimal("0.1")), (None, None), Pet())
    (Decimal('3.2'), '1.5 x 2 + 2 x 0.1 of the liver')
    >>> find_threshold((None, None), (Decimal(1), None), Pet(blood_pool_plus_2sd=False))
    (Decimal('2'), '2 x 1 of the blood pool')
    >>> find_threshold((Decimal(2), None), (None, None), Pet())
    (None, 'neither liver_mean and liver_sd nor blood_pool_mean and blood_pool_sd is given')
    """
    mean, sd = liver
    if mean is not None and sd is not None:
        said = f"{LIVER_FACTOR} x {mean} + {LIVER_SDS} x {sd} of the liver"
        return LIVER_FACTOR * mean + LIVER_SDS * sd, said
    mean, sd = blood_pool
    if mean is not None and not options.blood_pool_plus_2sd:
        return BLOOD_POOL_FACTOR * mean, f"{BLOOD_POOL_FACTOR} x {mean} of the blood pool"
    if mean is not None and sd is not None:
        said = f"{BLOOD_POOL_FACTOR} x {mean} + {BLOOD_POOL_SDS} x {sd} of the blood pool"
        return BLOOD_POOL_FACTOR * mean + BLOOD_POOL_SDS * sd, said
    with_sd = " and blood_pool_sd" if options.blood_pool_plus_2sd else ""
    return None, f"neither liver_mean and liver_sd nor blood_pool_mean{with_sd} is given"


def compare_reference(tissue: str, before: Decimal, now: Decimal) -> list[str]:
    """The conditions on the reference tissue's mean SUL that fail (P-05)."""
    apart = abs(now - before)
    failed = []
    if apart > REFERENCE_RELATIVE * max(before, now):
        limit = per_cent(REFERENCE_RELATIVE)
        failed.append(f"{tissue} mean SUL {now} differs from {before} by more than {limit}")
    if apart > REFERENCE_SUL:
        failed.append(f"{tissue} mean SUL {now} differs from {before} by more than {REFERENCE_SUL}")
    return failed


def compare_uptake(before: Decimal, now: Decimal) -> list[str]:
    """The conditions on both uptake times, in minutes, that fail (P-05)."""
    failed = [
        f"uptake time of {minutes} min is below {UPTAKE_EARLIEST} ({which})"
        for minutes, which in ((before, AT_BASELINE), (now, HERE))
        if minutes < UPTAKE_EARLIEST
    ]
    if abs(now - before) > UPTAKE_DIFFERENCE:
        failed.append(
            f"uptake times {before} and {now} min are more than {UPTAKE_DIFFERENCE} apart"
        )
    return failed
