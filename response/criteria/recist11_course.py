"""RECIST 1.1 over a course: the sum of diameters, and how long a response lasts (A01)."""

from __future__ import annotations

import response.criteria.recist11 as rules
import response.criteria.sentences as sentences
from response.best_response import (
    PR,
    SD,
    Visit,
    derive_confirmed_response,
    select_window,
)
from response.criteria.course import Course
from response.criteria.fold import Here, SumCriterion, assess_sums
from response.criteria.history import find_provisional
from response.criteria.lesions import DIAMETER
from response.model import Assessment, Reason
from response.protocol import Protocol

__all__ = ["RECIST11", "assess_course", "find_provisional", "judge_targets", "keep_response"]


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by RECIST 1.1; rows by date, then time point, then ``as_of``."""
    return assess_sums(course, protocol, RECIST11)


def judge_targets(here: Here, seen: rules.TargetsSeen) -> tuple[str, list[Reason]]:
    """The target response (section 4.3.1), and why."""
    rule = rules.decide_target(seen.case, here.protocol.rules)
    reason = sentences.target(rule, seen, here.read)
    if rule.category == SD:
        return keep_response(here, reason)
    return rule.category, [reason]


def keep_response(here: Here, reason: Reason) -> tuple[str, list[Reason]]:
    """A01: SD by the letter where the committee's FAQ goes on with PR."""
    if here.read.date <= here.history.responding_since:
        return SD, [reason]
    choice = here.protocol.rules.pr_persistence
    if choice == "carry_after_confirmed":
        options = here.protocol.best_response
        earlier = here.history.before(here.read.date)
        visits = [Visit(row.date, row.overall_response) for row in earlier]
        kept = derive_confirmed_response(select_window(visits, options), options) is not None
    else:
        kept = choice == "eortc_carry_forward"
    return PR if kept else SD, [reason, sentences.response_kept(kept, here.how.prefix)]


RECIST11 = SumCriterion(
    name="recist11",
    prefix=rules.PREFIX,
    length=DIAMETER,
    judge_targets=judge_targets,
    limit=rules.measurable_from,
    non_target=rules.NON_TARGET_RULES,
    new_lesion=rules.NEW_LESION_RULES,
    decide_overall=rules.decide_overall,
)
"""RECIST 1.1 as what sets it apart."""
