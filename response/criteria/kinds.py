"""A time point judged kind by kind: targets, non-target lesions, new lesions.

The overall response and what a time point means for earlier ones is the fold's (``fold.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import response.criteria.recist11 as rules
import response.criteria.sentences as sentences
from response.criteria.baseline import KnownDisease, Limit
from response.criteria.course import Course, ReadTimePoint
from response.criteria.history import TREATED, History, SaidNonTarget
from response.criteria.lesions import (
    ZERO,
    Contribution,
    Length,
    follow_equivocal,
    is_normal,
    judge_all_new,
    judge_non_target,
    measure_target,
)
from response.model import Reason
from response.model.draft import make_quickly
from response.protocol import Protocol, Rules
from response.terms import LesionState, NewLesion, Status

MARKER = "tumour marker"
_make_case = make_quickly(rules.TargetCase)
_make_seen = make_quickly(rules.TargetsSeen)
_NO_NEW, _PROVISIONAL, _CONFIRMED = NewLesion.NO, Status.PROVISIONAL, Status.CONFIRMED
_MARKER_STATES = {"true": LesionState.ABSENT, "false": LesionState.PRESENT}

JudgeTargets = Callable[["Here", rules.TargetsSeen], tuple[str, list[Reason]]]
"""The target response of a time point, and why."""


@dataclass(frozen=True, slots=True)
class SumCriterion:
    """What sets one criterion that adds lengths apart from the others.

    Parameters
    ----------
    name
        As it is asked for, and stands in an assessment.
    prefix
        What the ids of its rows begin with.
    length
        Which length of a target's row is added.
    judge_targets
        The target response, and why; asked where there are targets.
    limit
        The length from which a lesion is measurable, by its row at baseline.
    non_target, new_lesion
        The tables on states.
    decide_overall
        The row of the time-point table for target, non-target and new lesion.
    words
        How it speaks of its sum.
    new_from
        The diameter from which a new lesion counts, millimetres; ``None``: any. A reader's call
        of a smaller one stands, with a warning.
    """

    name: str
    prefix: str
    length: Length
    judge_targets: JudgeTargets
    limit: Limit
    non_target: tuple[rules.StateRule, ...]
    new_lesion: tuple[rules.StateRule, ...]
    decide_overall: Callable[[str, str, NewLesion, Rules], rules.OverallRow]
    words: sentences.Words = sentences.RECIST
    new_from: Limit | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """A time point being assessed, and all there is to know for it."""

    how: SumCriterion
    course: Course
    protocol: Protocol
    disease: KnownDisease
    history: History
    read: ReadTimePoint

    @property
    def status(self) -> Status:
        """Provisional from the first provisional time point on."""
        return _PROVISIONAL if self.history.provisional else _CONFIRMED


make_here = make_quickly(Here)

Numbers = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]
"""A time point's sum and nadir, millimetres; its changes from baseline and nadir, per cent."""

Said = tuple[str, Numbers, str, list[str], NewLesion, dict[str, list[str]], list[Reason]]
"""The fields of :class:`Judged` after ``here``."""


class Judged(NamedTuple):
    """What a time point says of targets, non-targets and new lesions, each by itself.

    ``present`` are the non-targets that are disease where there was none before; ``confirmed``
    the new lesions that are certain now, with the time points that showed them equivocal.
    """

    here: Here
    target: str
    numbers: Numbers
    non_target: str
    present: list[str]
    new: NewLesion
    confirmed: dict[str, list[str]]
    reasons: list[Reason]

    @property
    def targets(self) -> list[Contribution]:
        """What each target adds to the sum."""
        return measure_targets(self.here)


def judge(here: Here) -> Judged:
    """Begin a time point and judge it kind by kind; the overall response is not said yet."""
    return Judged(here, *say_by_kind(here))


def say_by_kind(here: Here) -> Said:
    """What :func:`judge` says."""
    here.history.begin(here.read)
    treated = _note_treated(here) if here.history.notable else []
    target, numbers, target_reasons = _assess_target(here)
    non_target, present, non_target_reasons = _assess_non_target(here)
    new, confirmed, new_reasons = _assess_new(here)
    reasons = [*target_reasons, *treated, *non_target_reasons, *new_reasons]
    return target, numbers, non_target, present, new, confirmed, reasons


# ------------------------------------------------------------------------------- target lesions


_NO_NUMBERS: Numbers = (None, None, None, None)


def _note_treated(here: Here) -> list[Reason]:
    """What was done to lesions on study; a treated target is not evaluable from here on (ours)."""
    history, reasons = here.history, {}
    followed = here.protocol.rules.treated_lesion == "not_evaluable"
    for reading in history.notable:
        if reading.intervention is None:
            continue
        lesion, done = reading.lesion, TREATED.get(reading.intervention, "")
        if done and followed and lesion in here.disease.targets:
            history.treated.setdefault(lesion, f"{done}, by {here.read.time_point}")
        reasons[lesion] = sentences.treated(reading, lesion in history.treated, here.how.prefix)
    return [reasons[lesion] for lesion in sorted(reasons)]


def measure_targets(here: Here) -> list[Contribution]:
    """What each target adds to the sum, in the order of their names."""
    lesions, merged, treated = here.read.lesions, here.history.merged, here.history.treated
    length, too_small_is_normal = here.how.length, here.protocol.rules.too_small_node_is_normal
    targets, measured = here.disease.targets, []
    for lesion, node in targets.items():
        if lesion in treated:
            measured.append(Contribution(lesion, node, ZERO, f"{lesion} ({treated[lesion]})"))
            continue
        into = merged.get(lesion, "")
        with_another = into in targets and into in lesions
        rows = lesions.get(lesion, ())
        measured.append(
            measure_target(lesion, node, rows, with_another, length, too_small_is_normal)
        )
    return measured


def _add_up(here: Here) -> tuple[Decimal, list[str], bool, bool]:
    """The sum, what is missing of it, whether all targets are normal, and whether any is known."""
    plain = None if here.history.treated else _add_up_plain(here)
    if plain is not None:
        return plain
    targets = measure_targets(here)
    missing = [target.missing for target in targets if target.missing]
    normal = all(target.may_be_gone for target in targets)
    known = len(missing) < len(targets)
    return sum([target.amount_mm for target in targets], ZERO), missing, normal, known


def _add_up_plain(here: Here) -> tuple[Decimal, list[str], bool, bool] | None:
    """The same where every target has one measured row, as most have; ``None`` otherwise."""
    lesions, length_of = here.read.lesions, here.how.length.of
    total, normal = ZERO, True
    for lesion, node in here.disease.targets.items():
        rows = lesions.get(lesion, ())
        amount = length_of(rows[0]) if len(rows) == 1 else None
        if amount is None:
            return None
        total += amount
        normal = normal and is_normal(node, amount)
    return total, [], normal, True


def _assess_target(here: Here) -> tuple[str, Numbers, list[Reason]]:
    if not here.disease.targets:
        return here.disease.response_without_lesions, _NO_NUMBERS, []
    nadir, baseline = here.history.nadir, here.disease.baseline_sum
    total, missing, all_normal, some_known = _add_up(here)
    lowest = nadir.total if nadir else None
    from_baseline = None if baseline is None else rules.change_pct(total, baseline)
    from_nadir = None if lowest is None else rules.change_pct(total, lowest)
    case = _make_case(total, not missing, all_normal, baseline, lowest)
    seen = _make_seen(case, nadir, missing, from_baseline, from_nadir)
    category, reasons = here.how.judge_targets(here, seen)
    if not missing or (here.protocol.rules.nadir_uses_incomplete and some_known):
        here.history.keep_sum(total, here.read)
    if missing:
        return category, (None, lowest, None, None), reasons
    return category, (total, lowest, from_baseline, from_nadir), reasons


# -------------------------------------------------------------------------- non-target lesions


def _assess_non_target(here: Here) -> SaidNonTarget:
    disease, lesions, said = here.disease, here.read.lesions, here.history.said_non_target
    if not disease.has_non_target:
        return disease.response_without_lesions, [], []
    judged = [judge_non_target(lesion, lesions.get(lesion, ())) for lesion in disease.non_targets]
    marker = here.read.facts.get("marker_normal", "") if disease.marker_raised else None
    if said is None or said[0] != judged or said[1] != marker:
        said = judged, marker, _say_non_target(here, judged, marker)
        here.history.said_non_target = said
    return said[2]


def _say_non_target(
    here: Here, judged: list[tuple[LesionState, str]], marker: str | None
) -> SaidNonTarget:
    states, labels = {}, {}
    for lesion, (state, why) in zip(here.disease.non_targets, judged, strict=True):
        states[lesion] = state
        if why:
            labels[lesion] = why
    if marker is not None:
        states[MARKER] = _MARKER_STATES.get(marker, LesionState.NOT_EVALUABLE)
    rule, reason = sentences.by_state(here.how.non_target, states, labels)
    come_back = [
        lesion
        for lesion, node in here.disease.non_targets.items()
        if not node and states[lesion] is LesionState.PRESENT
    ]
    return rule.category, come_back, [reason]


# --------------------------------------------------------------------------------- new lesions


def _assess_new(here: Here) -> tuple[NewLesion, dict[str, list[str]], list[Reason]]:
    """Whether there is a new lesion, which are confirmed by now as seen before, and why."""
    history, read = here.history, here.read
    if not history.called and read.lesions and here.disease.lesions >= read.lesions.keys():
        return _NO_NEW, {}, [sentences.none_new(here.how.new_lesion)]
    states, labels = judge_all_new(read.lesions, history.called)
    confirmed = follow_equivocal(states, here.read.time_point, history.called, history.equivocal)
    if not read.evaluable or (not read.lesions and here.disease.any):
        states, labels = {"": LesionState.NOT_EVALUABLE}, {"": sentences.nothing_read(read)}
    rule, reason = sentences.by_state(here.how.new_lesion, states, labels)
    return NewLesion(rule.category), confirmed, [reason, *_warn_of_small_new(here, states)]


def _warn_of_small_new(here: Here, states: dict[str, LesionState]) -> list[Reason]:
    """Say of unequivocal new lesions which are smaller than the criterion asks."""
    how, reasons = here.how, []
    if how.new_from is None:
        return []
    for lesion, state in sorted(states.items()):
        for row in here.read.lesions.get(lesion, ()):
            length, limit = row.diameter_mm, how.new_from(row)
            if state is LesionState.UNEQUIVOCAL and length is not None and length < limit:
                reasons.append(sentences.small_new(lesion, length, limit, how.prefix))
    return reasons
