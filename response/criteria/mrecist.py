"""mRECIST for hepatocellular carcinoma: what of each lesion still enhances in the arterial phase.

Lencioni & Llovet, Semin Liver Dis 2010;30:52-60. It amends RECIST 1.1: of a target only the viable
diameter is added (the longest diameter of what enhances in the arterial phase), and progression
has no absolute minimum (A17). What the paper does not change is RECIST 1.1's.

``diameter_mm`` is the whole lesion and never stands for its viable part; only 0 mm, where nothing
is left to enhance, does. Of a node it is the short axis, and that is what is added (ours: a node
has no viable diameter).

Examples
--------
>>> case = TargetCase(Decimal(24), True, False, Decimal(50), Decimal(20))
>>> decide_target(case, Protocol()).id
'MRECIST.TARGET.PD'
"""

from __future__ import annotations

from decimal import Decimal

import response.criteria.sentences as sentences
from response.best_response import CR, NE, NON_CR_NON_PD, PD, PR, SD
from response.criteria.course import Course
from response.criteria.fold import Here, SumCriterion, assess_sums
from response.criteria.lesions import ZERO, Length
from response.criteria.organs import is_porta_hepatis
from response.criteria.recist11 import (
    GROWN,
    MEASURABLE_MM,
    SHRUNK,
    StateRule,
    TargetCase,
    TargetRule,
    TargetsSeen,
    adopt_overall,
    find_first,
    is_else,
    is_gone,
    is_incomplete,
)
from response.criteria.recist11_course import keep_response
from response.model import Assessment, LesionReading, Reason
from response.protocol import Protocol
from response.terms import LesionState, NewLesion

CITATION = "mRECIST: Lencioni & Llovet, Semin Liver Dis 2010;30:52-60"

PREFIX = "MRECIST"

VIABLE = "viable_diameter_mm"
"""Where a row keeps the longest diameter that enhances in the arterial phase, millimetres."""

NODE_MM = Decimal(15)
"""The short axis from which a node outside the porta hepatis is malignant."""

PORTA_HEPATIS_NODE_MM = Decimal(20)
"""The short axis from which a node at the porta hepatis is malignant."""


# ------------------------------------------------------------------------------------- lesions


def viable_mm(reading: LesionReading) -> Decimal | None:
    """What a target's row adds: its viable diameter, of a node the short axis, millimetres."""
    if reading.node:
        return reading.diameter_mm
    viable = reading.extra.get(VIABLE)
    return ZERO if viable is None and reading.diameter_mm == ZERO else viable


def malignant_from(reading: LesionReading) -> Decimal:
    """The length from which a lesion counts, millimetres."""
    if not reading.node:
        return MEASURABLE_MM
    return PORTA_HEPATIS_NODE_MM if is_porta_hepatis(reading.organ) else NODE_MM


# ------------------------------------------------------------------------------- target lesions


def has_progressed(case: TargetCase, protocol: Protocol) -> bool:
    """At least +20 % over the nadir, and the protocol's absolute minimum (A17).

    Not from a part that may be CR for all that is known. Over a nadir of 0 mm any enhancement is
    progression: no percentage is smaller than it.
    """
    if case.nadir is None:
        return False
    if not case.complete and (case.all_normal or not protocol.rules.pd_from_partial):
        return False
    grown = case.total - case.nadir
    enough = grown > 0 and grown >= protocol.mrecist.absolute_minimum_mm
    return enough and case.total >= case.nadir * GROWN


def has_shrunk(case: TargetCase, protocol: Protocol) -> bool:
    """At least -30 % of the viable sum from baseline."""
    return case.baseline is not None and case.total <= case.baseline * SHRUNK


Rule = TargetRule[TargetCase, Protocol]

_CR_RULE: Rule = TargetRule("MRECIST.TARGET.CR", CR, "target lesion response", is_gone)
_PD_RULE: Rule = TargetRule("MRECIST.TARGET.PD", PD, "target lesion response (A17)", has_progressed)
_REST: tuple[Rule, ...] = (
    TargetRule("MRECIST.TARGET.NE", NE, "as RECIST 1.1, section 4.4.2", is_incomplete),
    TargetRule("MRECIST.TARGET.PR", PR, "target lesion response", has_shrunk),
    TargetRule("MRECIST.TARGET.SD", SD, "target lesion response", is_else),
)
TARGET_RULES = (_CR_RULE, _PD_RULE, *_REST)
"""In the order they are asked; A04: CR before PD where only normal nodes grew."""

TARGET_RULES_PD_FIRST = (_PD_RULE, _CR_RULE, *_REST)
"""The order with ``rules.node_cr_precedence = false``."""


def decide_target(case: TargetCase, protocol: Protocol) -> Rule:
    """The row that decides the target response."""
    first = protocol.rules.node_cr_precedence
    return find_first(TARGET_RULES if first else TARGET_RULES_PD_FIRST, case, protocol)


# ------------------------------------------------------------------- non-target and new lesions

NON_TARGET_RULES = (
    StateRule(
        "MRECIST.NON_TARGET.PD",
        PD,
        LesionState.UNEQUIVOCAL_PROGRESSION,
        "non-target lesion response",
        "non-target PD: unequivocal progression of {}",
    ),
    StateRule(
        "MRECIST.NON_TARGET.NE",
        NE,
        LesionState.NOT_EVALUABLE,
        "as RECIST 1.1, section 4.4.2",
        "non-target NE: not all were assessed: {}",
    ),
    StateRule(
        "MRECIST.NON_TARGET.NON_CR_NON_PD",
        NON_CR_NON_PD,
        LesionState.PRESENT,
        "non-target lesion response (IR/SD)",
        "non-target NON-CR/NON-PD (incomplete response or stable disease): still there: {}",
    ),
    StateRule(
        "MRECIST.NON_TARGET.CR",
        CR,
        None,
        "non-target lesion response",
        "non-target CR: no non-target lesion enhances any more",
    ),
)
"""``ABSENT`` is *no enhancement*. A portal vein thrombosis is a non-target lesion; an effusion
counts only with positive cytology, which is the reader's to say."""

NEW_LESION_RULES = (
    StateRule(
        "MRECIST.NEW.YES",
        NewLesion.YES,
        LesionState.UNEQUIVOCAL,
        "new lesions",
        "new lesion: unequivocal: {}",
    ),
    StateRule(
        "MRECIST.NEW.NE",
        NewLesion.NE,
        LesionState.NOT_EVALUABLE,
        "ours",
        "new lesion: not evaluable: {}",
    ),
    StateRule(
        "MRECIST.NEW.EQUIVOCAL",
        NewLesion.EQUIVOCAL,
        LesionState.EQUIVOCAL,
        "new lesions",
        "new lesion: equivocal, not PD now: {}",
    ),
    StateRule("MRECIST.NEW.NO", NewLesion.NO, None, "new lesions", "new lesion: none seen"),
)
"""A new nodule without the typical pattern is equivocal until it has grown; progression then dates
from the scan that first showed it."""


# -------------------------------------------------------------------------------- over a course


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by mRECIST; rows by date, then time point, then ``as_of``."""
    return assess_sums(course, protocol, MRECIST)


def _judge_targets(here: Here, seen: TargetsSeen) -> tuple[str, list[Reason]]:
    rule = decide_target(seen.case, here.protocol)
    reason = sentences.target(rule, seen, here.read, here.how.words)
    return keep_response(here, reason) if rule.category == SD else (rule.category, [reason])


MRECIST = SumCriterion(
    name="mrecist",
    prefix=PREFIX,
    length=Length(viable_mm, "no viable diameter is given; that of the whole lesion is another"),
    judge_targets=_judge_targets,
    limit=malignant_from,
    non_target=NON_TARGET_RULES,
    new_lesion=NEW_LESION_RULES,
    decide_overall=adopt_overall(PREFIX),
    words=sentences.Words("viable sum", "no target enhances, and every node is below 10 mm"),
    new_from=malignant_from,
)
"""mRECIST as what sets it apart."""
