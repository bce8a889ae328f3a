"""iRECIST over a course: RECIST 1.1 reads each time point, a waiting iUPD decides what it means.

Nothing here looks ahead, and a confirmation never rewrites the iUPD before it. A scan too early to
confirm (I-03) counts in every other way: it may set an iUPD aside and be the nadir (ours). An
iUPD that was only dated back (R1-51) is progression from that date, but what confirms it is
measured, and its days counted, from where it was first said (ours).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

import response.criteria.irecist as rules
import response.criteria.irecist_words as words
import response.criteria.recist11 as recist11
import response.criteria.sentences as sentences
from response.best_response import (
    CR,
    NE,
    NON_CR_NON_PD,
    PD,
    PR,
    SD,
    Visit,
    derive_confirmed_response,
    select_window,
)
from response.criteria.course import Course
from response.criteria.fold import (
    Here,
    Judged,
    assess_baseline,
    begin_course,
    judge,
    shown,
    supersede,
)
from response.criteria.irecist import Finding, State
from response.criteria.irecist_block import (
    Block,
    Point,
    find_further,
    find_improvement,
    open_block,
    time_further,
)
from response.criteria.irecist_new import NewLesions, NewSeen
from response.criteria.recist11_course import RECIST11
from response.criteria.recist11_course import assess_course as assess_recist11
from response.model import Assessment, Reason
from response.protocol import Protocol
from response.terms import LesionState, NewLesion

_IN_ORDER = attrgetter("date", "time_point", "as_of")


@dataclass(slots=True)
class _Course:
    """What earlier time points leave beside what RECIST 1.1 keeps.

    ``confirmed`` is where progression was confirmed; ``base`` the last known response of the
    baseline disease; ``alongside`` what RECIST 1.1 by itself says of each time point.
    """

    alongside: dict[str, str]
    block: Block | None = None
    confirmed: Assessment | None = None
    base: str = SD
    new: NewLesions = field(default_factory=NewLesions)

    @property
    def state(self) -> State:
        """What the progression seen so far leaves: nothing, one that waits, or one confirmed."""
        if self.confirmed is not None:
            return State.CONFIRMED
        return State.FREE if self.block is None else State.WAITING


class _Decided(NamedTuple):
    row: rules.Row
    overall: str
    further: list[Reason]
    improved: list[Reason]


def assess_course(course: Course, protocol: Protocol) -> tuple[Assessment, ...]:
    """Assess a course by iRECIST; rows by date, then time point, then ``as_of``."""
    here = begin_course(course, protocol, IRECIST)
    alongside: dict[str, str] = {}
    for row in assess_recist11(course, protocol):
        alongside.setdefault(row.time_point, row.overall_response)
    so_far = _Course(alongside)
    rows = [assess_baseline(here)]
    for read in course.follow_up:
        rows += _assess(replace(here, read=read), so_far)
    return tuple(sorted(rows, key=_IN_ORDER))


def _assess(here: Here, so_far: _Course) -> list[Assessment]:
    history, same_day = here.history, here.read.date == here.history.date
    nadir_before = history.nadir_to_come if same_day else None
    judged = judge(here)
    seen = so_far.new.observe(here)
    returned, recoded, told = _find_returned(here, judged)
    point = _see(here, so_far, judged, seen, returned)
    decided = _decide(here, so_far, point)
    if decided.overall == NE and not here.protocol.irecist.ne_lowers_nadir:
        history.nadir_to_come = nadir_before
    else:
        so_far.new.keep_sum(seen, here)
    row = _row(here, so_far, judged, point, decided, told)
    history.keep(row)
    back_dated = [] if so_far.confirmed else _back_date(here, judged)
    _leave(here, so_far, point, row, decided.row)
    return [row, *recoded, *back_dated]


# ------------------------------------------------------------------------- what a time point says


def _see(
    here: Here, so_far: _Course, judged: Judged, seen: NewSeen, returned: Sequence[str]
) -> Point:
    new = rules.leave_new_aside(judged.new, not seen.missing)
    choice = here.protocol.rules
    base = here.how.decide_overall(judged.target, judged.non_target, new, choice).overall
    back = frozenset(returned)
    disease, lesions = here.disease, here.read.lesions
    progressed = {
        name
        for name in disease.non_targets
        if any(r.state is LesionState.UNEQUIVOCAL_PROGRESSION for r in lesions.get(name, ()))
    }
    return Point(
        time_point=here.read.time_point,
        date=here.read.date,
        base=PD if back else base,
        target=judged.target == PD or bool(back & disease.targets.keys()),
        non_target=judged.non_target == PD or bool(back & disease.non_targets.keys()),
        sizes={one.lesion: one.amount_mm for one in judged.targets if not one.missing},
        other_sizes=_measure_others(here),
        progressed=frozenset(progressed) | (back & disease.non_targets.keys()),
        seen=seen,
        new_lesions=seen.present - so_far.new.acknowledged,
        regrown=tuple(so_far.new.find_progressed(seen, here)),
    )


def _measure_others(here: Here) -> dict[str, Decimal]:
    """Non-targets that happen to be measured, all parts of them, millimetres."""
    sizes = {}
    for name in here.disease.non_targets:
        lengths = [reading.diameter_mm for reading in here.read.lesions.get(name, ())]
        known = [mm for mm in lengths if mm is not None]
        if known and len(known) == len(lengths):
            sizes[name] = sum(known, Decimal(0))
    return sizes


def _find_returned(here: Here, judged: Judged) -> tuple[list[str], list[Assessment], list[Reason]]:
    """Disease back after an iCR (R1-55, R1-62, A07): what counts, recoded rows, and why."""
    complete = [r for r in here.history.before(here.read.date) if r.overall_response == rules.ICR]
    back = [one.lesion for one in judged.targets if one.diseased] + judged.present
    if not complete or not back:
        return [], [], []
    choice = here.protocol.rules.cr_then_disease
    told = sentences.returned_after_cr(choice, back, complete)
    if choice == "pd":
        return back, [], [told]
    if choice == "warn":
        return [], [], [told]
    becomes = rules.CODES[PR if here.disease.targets else NON_CR_NON_PD]
    why = sentences.recoded(becomes, back, here.read)
    return [], [supersede(here, row, becomes, why, row.new_lesion) for row in complete], [told]


# ---------------------------------------------------------------------------- what it comes to


def _decide(here: Here, so_far: _Course, point: Point) -> _Decided:
    further: list[Reason] = []
    improved: list[Reason] = []
    finding = Finding.NONE
    if so_far.block is not None and so_far.confirmed is None:
        further = find_further(so_far.block, point, here.protocol)
        improved = find_improvement(so_far.block, point)
        if further:
            finding = time_further(so_far.block, point.date, here.protocol)
        elif improved:
            finding = Finding.IMPROVED
    elif so_far.confirmed is None and point.new:
        finding = Finding.NEW_LESION
    row = rules.decide(so_far.state, point.base, finding)
    return _Decided(row, rules.name_overall(row, _name_base(here, point)), further, improved)


def _name_base(here: Here, point: Point) -> str:
    """The response of the baseline disease beside new lesions that are still there (I-07)."""
    keeps = here.protocol.irecist.icr_with_new_lesion == "iCR"
    if point.base != CR or keeps or not point.seen.present - point.seen.normal:
        return point.base
    return PR if here.disease.targets else NON_CR_NON_PD


def _leave(here: Here, so_far: _Course, point: Point, row: Assessment, decided: rules.Row) -> None:
    """What the time point leaves for the next ones."""
    overall, block = row.overall_response, so_far.block
    so_far.new.acknowledged -= point.seen.gone
    if overall == rules.ICPD:
        so_far.confirmed = so_far.confirmed or row
    elif overall == rules.IUPD:
        if block is None or decided.finding == (Finding.FURTHER_LATE,):
            so_far.block = open_block(point, so_far.base, here.protocol)
        else:
            block.learn(point)
    elif overall == NE:
        if here.protocol.irecist.ne_breaks_block:
            so_far.block = None
        elif block is not None:
            block.learn(point)
    else:
        so_far.block = None
        so_far.new.acknowledged |= point.seen.present
    if point.base not in (PD, NE):
        so_far.base = point.base


# --------------------------------------------------------------------------------------- the rows


def _row(
    here: Here,
    so_far: _Course,
    judged: Judged,
    point: Point,
    decided: _Decided,
    told: Sequence[Reason],
) -> Assessment:
    confirmed_by = {reason.row_id for reason in decided.further if decided.overall == rules.ICPD}
    course, read = here.course, here.read
    reasons = (
        words.decided(decided.row, decided.overall, point, so_far.block, so_far.confirmed,
                      [*decided.further, *decided.improved], judged, told),
        *decided.further,
        *(decided.improved if decided.row.overall == rules.OWN else ()),
        *judged.reasons,
        *point.seen.reasons,
        *told,
        *words.new_beside(_name_base(here, point), point, decided.row),
        *words.confirmation(decided.row, so_far.block, point, here.protocol),
        words.alongside(so_far.alongside[read.time_point]),
        *words.clinical(read.facts.get("clinical_status", "")),
    )  # fmt: skip
    return Assessment(
        course.subject, here.how.name, course.reader, read.time_point, read.date,
        *judged.numbers,
        _code(judged.target, confirmed_by, words.BY_TARGET),
        _code(judged.non_target, confirmed_by, words.BY_NON_TARGET),
        judged.new, decided.overall, here.status, read.date,
        (*reasons, *here.history.provisional.values()),
    )  # fmt: skip


def _code(category: str, confirmed_by: set[str], kinds: frozenset[str]) -> str:
    """The code of target or non-target disease: iCPD where it is what confirmed."""
    if category == PD and confirmed_by & kinds:
        return rules.ICPD
    return shown(rules.CODES[category])


def _back_date(here: Here, judged: Judged) -> list[Assessment]:
    """R1-51: iUPD by a lesion that was equivocal dates from the scans that showed it."""
    if not here.protocol.rules.equivocal_backdate:
        return []
    superseding = []
    for lesion, time_points in judged.confirmed.items():
        for name in time_points:
            row = here.history.effective[name]
            if row.date >= here.read.date or row.overall_response == rules.IUPD:
                continue
            why = words.back_dated(lesion, row, here.read)
            superseding.append(supersede(here, row, rules.IUPD, why, NewLesion.YES))
    return superseding


# ------------------------------------------------------------------------------------ persistence


def _judge_targets(here: Here, seen: recist11.TargetsSeen) -> tuple[str, list[Reason]]:
    """The target response by RECIST 1.1, and how long a PR lasts (A01): until the next iUPD."""
    rule = recist11.decide_target(seen.case, here.protocol.rules)
    reason = sentences.target(rule, seen, here.read)
    if rule.category != SD:
        return rule.category, [reason]
    choice = here.protocol.rules.pr_persistence
    earlier = _since_progression(here)
    if not any(row.target_response in (rules.ICR, rules.IPR) for row in earlier):
        return SD, [reason]
    kept = choice == "eortc_carry_forward"
    if choice == "carry_after_confirmed":
        options = here.protocol.best_response
        visits = [Visit(row.date, rules.MEANS[row.overall_response]) for row in earlier]
        kept = derive_confirmed_response(select_window(visits, options), options) is not None
    return PR if kept else SD, [reason, sentences.response_kept(kept)]


def _since_progression(here: Here) -> list[Assessment]:
    """The assessments after the last iUPD, as they stand by now."""
    earlier = sorted(here.history.before(here.read.date), key=_IN_ORDER)
    for number in reversed(range(len(earlier))):
        if earlier[number].overall_response in (rules.IUPD, rules.ICPD):
            return earlier[number + 1 :]
    return earlier


IRECIST = replace(RECIST11, name=rules.NAME, judge_targets=_judge_targets)
"""RECIST 1.1 as iRECIST reads a time point."""
