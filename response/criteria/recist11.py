"""RECIST 1.1 as values: thresholds written once, literal tables whose rows have ids.

Eisenhauer et al., Eur J Cancer 2009;45:228-247; Schwartz et al., Eur J Cancer 2016;62:132-137.
A row that the paper does not print says *ours*. Percentages are compared by products, never by a
quotient: exactly -30 % is PR, exactly +20 % and +5 mm is PD.

Examples
--------
>>> case = TargetCase(Decimal("9.8"), True, False, Decimal(14), Decimal(14))
>>> decide_target(case, Rules()).category
'PR'
>>> decide_overall("CR", "NE", NewLesion.NO).id
'RECIST11.T1.6'
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Generic, NamedTuple, TypeVar

from response.best_response import CR, NE, NED, NON_CR_NON_PD, PD, PR, SD
from response.model import LesionReading
from response.protocol import Rules
from response.terms import LesionState, NewLesion

CITATION = (
    "RECIST 1.1: Eisenhauer et al., Eur J Cancer 2009;45:228-247; "
    "Schwartz et al., Eur J Cancer 2016;62:132-137"
)

PR_DECREASE = Decimal("0.30")
"""Section 4.3.1: at least a 30 % decrease of the sum from baseline."""

PD_INCREASE = Decimal("0.20")
"""Section 4.3.1: at least a 20 % increase of the sum over the nadir …"""

PD_MINIMUM_MM = Decimal(5)
"""… and an absolute increase of at least 5 mm."""

SHRUNK, GROWN = 1 - PR_DECREASE, 1 + PD_INCREASE
"""What a sum is multiplied by to stand exactly at the threshold."""

MEASURABLE_MM = Decimal(10)
"""Section 3.1.1: the longest diameter from which a lesion is measurable on CT or MR."""

MEASURABLE_NODE_MM = Decimal(15)
"""Section 3.1.1: the short axis from which a node is measurable."""

PREFIX = "RECIST11"
"""What the ids of its rows begin with."""

NA = "NA"
"""No disease of this kind at baseline."""

DEFAULT = Rules()

TARGET_RESPONSES = (CR, PR, SD, PD, NE)
NON_TARGET_RESPONSES = (CR, NON_CR_NON_PD, PD, NE, NA)


def measurable_from(reading: LesionReading) -> Decimal:
    """The length from which a lesion is measurable, millimetres (R1-02, R1-04)."""
    return MEASURABLE_NODE_MM if reading.node else MEASURABLE_MM


# ------------------------------------------------------------------------------- target lesions


class Nadir(NamedTuple):
    """The smallest complete sum so far, millimetres, and where it was seen."""

    total: Decimal
    date: dt.date
    time_point: str


@dataclass(frozen=True, slots=True)
class TargetCase:
    """What the target rules see of a time point; millimetres.

    ``total`` adds what is known; ``complete`` whether that is everything; ``all_normal`` whether
    every target, as far as it was assessed, is gone or a node below 10 mm. ``baseline`` and
    ``nadir`` are ``None`` where there is no complete sum to compare with.
    """

    total: Decimal
    complete: bool
    all_normal: bool
    baseline: Decimal | None
    nadir: Decimal | None


@dataclass(frozen=True, slots=True)
class TargetsSeen:
    """A time point's targets with what a sentence says beyond the case.

    ``missing`` says why of each target that is not all known; the changes are per cent
    (:func:`change_pct`), ``None`` over nothing.
    """

    case: TargetCase
    nadir: Nadir | None
    missing: Sequence[str]
    from_baseline: Decimal | None
    from_nadir: Decimal | None


Case = TypeVar("Case")
Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class TargetRule(Generic[Case, Options]):
    """One row: the category where ``holds``; the first row that holds decides."""

    id: str
    category: str
    source: str
    holds: Callable[[Case, Options], bool]


def find_first(
    table: Sequence[TargetRule[Case, Options]], case: Case, options: Options
) -> TargetRule[Case, Options]:
    """The first row that holds; the last one of a table always does."""
    for rule in table[:-1]:
        if rule.holds(case, options):
            return rule
    return table[-1]


def is_gone(case: TargetCase, rules: object) -> bool:
    """Every non-nodal target at 0 mm and every nodal one below 10 mm."""
    return case.complete and case.baseline is not None and case.all_normal


def has_progressed(case: TargetCase, rules: Rules) -> bool:
    """At least +20 % and +5 mm over the nadir; from a part of the sum if the protocol allows.

    Not from a part that may be CR (R1-61): only normal nodes grew, and the rest may be gone.
    """
    if case.nadir is None:
        return False
    if not case.complete:
        may_be_gone = case.all_normal and rules.node_cr_precedence
        if may_be_gone or not rules.pd_from_partial:
            return False
    return case.total - case.nadir >= PD_MINIMUM_MM and case.total >= case.nadir * GROWN


def is_incomplete(case: TargetCase, rules: object) -> bool:
    """A target was not assessed, or there is no baseline sum."""
    return not case.complete or case.baseline is None


def has_shrunk(case: TargetCase, rules: object) -> bool:
    """At least -30 % from baseline."""
    return case.baseline is not None and case.total <= case.baseline * SHRUNK


def is_else(case: object, rules: object) -> bool:
    """Neither enough shrinkage from baseline nor enough growth over the nadir."""
    return True


RecistRule = TargetRule[TargetCase, Rules]

_CR_RULE: RecistRule = TargetRule("RECIST11.TARGET.CR", CR, "section 4.3.1 (R1-30)", is_gone)
_PD_RULE: RecistRule = TargetRule("RECIST11.TARGET.PD", PD, "section 4.3.1 (R1-31)", has_progressed)
_REST: tuple[RecistRule, ...] = (
    TargetRule("RECIST11.TARGET.NE", NE, "section 4.4.2 (R1-32)", is_incomplete),
    TargetRule("RECIST11.TARGET.PR", PR, "section 4.3.1 (R1-33)", has_shrunk),
    TargetRule("RECIST11.TARGET.SD", SD, "section 4.3.1 (R1-34)", is_else),
)
TARGET_RULES = (_CR_RULE, _PD_RULE, *_REST)
"""In the order they are asked; A04: CR before PD where only normal nodes grew."""

TARGET_RULES_PD_FIRST = (_PD_RULE, _CR_RULE, *_REST)
"""The order with ``rules.node_cr_precedence = false``."""


def decide_target(case: TargetCase, rules: Rules) -> RecistRule:
    """The row that decides the target response."""
    table = TARGET_RULES if rules.node_cr_precedence else TARGET_RULES_PD_FIRST
    return find_first(table, case, rules)


# --------------------------------------------------------------- non-target and new lesions


@dataclass(frozen=True, slots=True)
class StateRule:
    """One row: what holds where any lesion is in ``state`` (``None``: in every other case).

    ``text`` says it in a sentence; ``{}`` are the lesions.
    """

    id: str
    category: str
    state: LesionState | None
    source: str
    text: str


NON_TARGET_RULES = (
    StateRule(
        "RECIST11.NON_TARGET.PD",
        PD,
        LesionState.UNEQUIVOCAL_PROGRESSION,
        "section 4.3.4 (R1-42)",
        "non-target PD: unequivocal progression of {}",
    ),
    StateRule(
        "RECIST11.NON_TARGET.NE",
        NE,
        LesionState.NOT_EVALUABLE,
        "section 4.4.2 (R1-43)",
        "non-target NE: not all were assessed: {}",
    ),
    StateRule(
        "RECIST11.NON_TARGET.NON_CR_NON_PD",
        NON_CR_NON_PD,
        LesionState.PRESENT,
        "section 4.3.3 (R1-41)",
        "non-target NON-CR/NON-PD: still there: {}",
    ),
    StateRule(
        "RECIST11.NON_TARGET.CR",
        CR,
        None,
        "section 4.3.3 (R1-40)",
        "non-target CR: every non-target lesion is gone",
    ),
)

NEW_LESION_RULES = (
    StateRule(
        "RECIST11.NEW.YES",
        NewLesion.YES,
        LesionState.UNEQUIVOCAL,
        "section 4.3.5 (R1-50)",
        "new lesion: unequivocal: {}",
    ),
    StateRule(
        "RECIST11.NEW.NE",
        NewLesion.NE,
        LesionState.NOT_EVALUABLE,
        "ours",
        "new lesion: not evaluable: {}",
    ),
    StateRule(
        "RECIST11.NEW.EQUIVOCAL",
        NewLesion.EQUIVOCAL,
        LesionState.EQUIVOCAL,
        "section 4.3.5 (R1-51)",
        "new lesion: equivocal, not PD now: {}",
    ),
    StateRule("RECIST11.NEW.NO", NewLesion.NO, None, "section 4.3.5", "new lesion: none seen"),
)


def adopt_states(table: Iterable[StateRule], prefix: str) -> tuple[StateRule, ...]:
    """A table on states for a criterion that takes it over from RECIST 1.1."""
    return tuple(
        replace(rule, id=rule.id.replace(PREFIX, prefix), source=f"as RECIST 1.1, {rule.source}")
        for rule in table
    )


# -------------------------------------------------------------------- overall response, Tables 1, 2


@dataclass(frozen=True, slots=True)
class OverallRow:
    """One row of a time-point table: which responses it takes and the overall one it gives."""

    id: str
    target: tuple[str, ...]
    non_target: tuple[str, ...]
    new: tuple[NewLesion, ...]
    overall: str
    source: str

    def takes(self, target: str, non_target: str, new: NewLesion) -> bool:
        """Whether this row speaks of the combination."""
        return target in self.target and non_target in self.non_target and new in self.new


_ANY_TARGET, _ANY_NON_TARGET, _ANY_NEW = TARGET_RESPONSES, NON_TARGET_RESPONSES, tuple(NewLesion)
_NOT_PD = (CR, NON_CR_NON_PD, NE, NA)
_NOT_PD_TARGET = (CR, PR, SD, NE)
_YES = (NewLesion.YES,)
_NO = (NewLesion.NO, NewLesion.EQUIVOCAL)
_UNKNOWN = (NewLesion.NE,)

TABLE_1 = (
    OverallRow("RECIST11.T1.1", _ANY_TARGET, _ANY_NON_TARGET, _YES, PD, "Table 1"),
    OverallRow("RECIST11.T1.2", _ANY_TARGET, (PD,), _ANY_NEW, PD, "Table 1"),
    OverallRow("RECIST11.T1.3", (PD,), _ANY_NON_TARGET, _ANY_NEW, PD, "Table 1"),
    OverallRow("RECIST11.T1.4", (CR,), (CR, NA), _NO, CR, "Table 1"),
    OverallRow("RECIST11.T1.5", (CR,), (NON_CR_NON_PD,), _NO, PR, "Table 1"),
    OverallRow("RECIST11.T1.6", (CR,), (NE,), _NO, PR, "Table 1 (A27)"),
    OverallRow("RECIST11.T1.7", (PR,), _NOT_PD, _NO, PR, "Table 1"),
    OverallRow("RECIST11.T1.8", (SD,), _NOT_PD, _NO, SD, "Table 1"),
    OverallRow("RECIST11.T1.9", (NE,), _NOT_PD, _NO, NE, "Table 1 (A28)"),
    OverallRow("RECIST11.T1.10", _NOT_PD_TARGET, _NOT_PD, _UNKNOWN, NE, "ours"),
)
"""Target disease at baseline. An equivocal new lesion is not PD now (R1-51): it reads as *no*."""

TABLE_2 = (
    OverallRow("RECIST11.T2.1", (NA,), _ANY_NON_TARGET, _YES, PD, "Table 2"),
    OverallRow("RECIST11.T2.2", (NA,), (PD,), _ANY_NEW, PD, "Table 2"),
    OverallRow("RECIST11.T2.3", (NA,), (CR,), _NO, CR, "Table 2"),
    OverallRow("RECIST11.T2.4", (NA,), (NON_CR_NON_PD,), _NO, NON_CR_NON_PD, "Table 2"),
    OverallRow("RECIST11.T2.5", (NA,), (NE,), _NO, NE, "Table 2"),
    OverallRow("RECIST11.T2.6", (NA,), (CR, NON_CR_NON_PD, NE), _UNKNOWN, NE, "ours"),
    OverallRow("RECIST11.NED.1", (NA,), (NA,), _NO, NED, "ours (R1-60)"),
    OverallRow("RECIST11.NED.2", (NA,), (NA,), _UNKNOWN, NE, "ours (R1-60)"),
)
"""Non-target disease only; the last two rows: no disease at baseline."""

CR_WITH_NON_TARGET_NE = OverallRow(
    "RECIST11.T1.6.NE", (CR,), (NE,), _NO, NE, "ours (A27: cr_with_non_target_ne)"
)
"""Instead of T1.6 where the protocol says so."""

ROWS = {
    combination: next(row for row in (*TABLE_1, *TABLE_2) if row.takes(*combination))
    for combination in product((*TARGET_RESPONSES, NA), NON_TARGET_RESPONSES, NewLesion)
}


def decide_overall(
    target: str, non_target: str, new: NewLesion, options: Rules = DEFAULT
) -> OverallRow:
    """The row of Table 1 or 2 that decides; ``NA`` where there was no such disease at baseline."""
    row = ROWS[target, non_target, new]
    if row.id == "RECIST11.T1.6" and options.cr_with_non_target_ne == NE:
        return CR_WITH_NON_TARGET_NE
    return row


def adopt_overall(prefix: str) -> Callable[[str, str, NewLesion, Rules], OverallRow]:
    """The time-point table for a criterion that takes it over from RECIST 1.1.

    Examples
    --------
    >>> adopt_overall("MRECIST")("CR", "NE", NewLesion.NO, Rules()).id
    'MRECIST.T1.6'
    """
    adopted = {
        row.id: replace(
            row, id=row.id.replace(PREFIX, prefix), source=f"as RECIST 1.1, {row.source}"
        )
        for row in (*TABLE_1, *TABLE_2, CR_WITH_NON_TARGET_NE)
    }

    def decide(target: str, non_target: str, new: NewLesion, options: Rules) -> OverallRow:
        """Return the adopted row of what RECIST 1.1 decides."""
        return adopted[decide_overall(target, non_target, new, options).id]

    return decide


def find_rows(
    tables: Iterable[OverallRow], target: str, non_target: str, new: NewLesion
) -> tuple[OverallRow, ...]:
    """Every row that speaks of a combination (they agree: the tables are unambiguous)."""
    return tuple(row for row in tables if row.takes(target, non_target, new))


# --------------------------------------------------------------------------------- percentages


_PARTS, _TO_PER_CENT, _NO_SIGN = Decimal(10000), Decimal("0.01"), Decimal(0)


def change_pct(total: Decimal, reference: Decimal) -> Decimal | None:
    """Change in per cent, two decimals, cut toward zero; ``None`` over a reference of 0.

    Cut, not rounded: what is shown never reaches a threshold that the true figure did not.

    Examples
    --------
    >>> change_pct(Decimal("107.999"), Decimal(90))
    Decimal('19.99')
    >>> change_pct(Decimal("9.8"), Decimal(14))
    Decimal('-30.00')
    """
    if not reference:
        return None
    return (total - reference) * _PARTS // reference * _TO_PER_CENT + _NO_SIGN
