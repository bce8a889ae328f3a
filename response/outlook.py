"""What would change a category next: sums, confirmations, dates that are due. Pure.

At each time point, what was known then. The sums are those of the next scan, given the baseline and
the nadir with this time point in it, on the grid that the protocol records lengths on, or the finer
one of the sums as they are given: at the first the targets would be PR and a step above it no
longer; at the second they would be PD and a step below it not yet.

Examples
--------
>>> limits = SumLimits(Decimal(5), Decimal("0.1"))
>>> limits.response_at_mm(Decimal(50), Decimal("34.2")), limits.progression_at_mm(Decimal("34.2"))
(Decimal('35.0'), Decimal('41.1'))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from response.assess import find_vocabulary
from response.best_response import CR, ND, NE, PD, PR, Visit, find_confirming, select_window
from response.criteria.recist11 import PD_INCREASE, PD_MINIMUM_MM, PR_DECREASE
from response.endpoints import longest_gap_days, select_effective, to_visits
from response.model import Assessment, SubjectFacts
from response.protocol import Endpoints, Protocol
from response.terms import find_kin

ZERO = Decimal(0)

OF_SUMS = {"recist11": (PR, PD), "irecist": ("iPR", "iUPD"), "mrecist": (PR, PD)}
"""The criteria that add diameters, and their codes of response and progression."""

CONFIRMED_PROGRESSION = "iCPD"
UNCONFIRMED_PROGRESSION = "iUPD"


@dataclass(frozen=True, slots=True)
class Pending:
    """A response that is not confirmed yet: since when, and from when a scan can confirm it."""

    category: str
    since: dt.date
    due_from: dt.date


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would change the category after one time point; ``None``: nothing to be said.

    ``response_at_mm`` is the largest sum that would be ``response``, ``progression_at_mm`` the
    smallest that would be ``progression``; after a complete response any disease that comes back
    may be (``return_is_progression``, A07). ``confirm_from`` and ``confirm_by`` are the window of
    an open iUPD. ``sd_minimum_on`` is when stable disease counts from, while that is to come;
    ``event_counts_until`` the last day on which progression or death is not censored for missed
    assessments, if nothing is assessed before.
    """

    time_point: str
    date: dt.date
    response: str = ""
    response_at_mm: Decimal | None = None
    progression: str = ""
    progression_at_mm: Decimal | None = None
    return_is_progression: bool = False
    pending: tuple[Pending, ...] = ()
    confirm_from: dt.date | None = None
    confirm_by: dt.date | None = None
    sd_minimum_on: dt.date | None = None
    next_due: dt.date | None = None
    event_counts_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class SumLimits:
    """The limits of a criterion that adds diameters: the least growth and the grid, millimetres."""

    least_growth_mm: Decimal
    grid_mm: Decimal

    def progression_at_mm(self, nadir_mm: Decimal) -> Decimal:
        """The smallest sum on the grid that is progression over a nadir."""
        needed = max(nadir_mm * (1 + PD_INCREASE), nadir_mm + self.least_growth_mm, self.grid_mm)
        return self.on_grid(needed, ROUND_CEILING)

    def response_at_mm(self, baseline_mm: Decimal, nadir_mm: Decimal) -> Decimal | None:
        """The largest sum on the grid that is response and not progression; ``None``: none is."""
        largest = self.on_grid(baseline_mm * (1 - PR_DECREASE), ROUND_FLOOR)
        largest = min(largest, self.progression_at_mm(nadir_mm) - self.grid_mm)
        return largest if largest > ZERO else None

    def on_grid(self, length_mm: Decimal, rounding: str) -> Decimal:
        """A length on the grid, rounded up or down."""
        steps = (length_mm / self.grid_mm).to_integral_value(rounding)
        return (steps * self.grid_mm).quantize(self.grid_mm)


def derive_outlooks(
    assessments: Sequence[Assessment], facts: SubjectFacts, protocol: Protocol, criterion: str
) -> tuple[Outlook, ...]:
    """Say after each time point what would change the category; the baseline's row is first.

    Nothing is said after progression (of iRECIST: confirmed), nor of sums where a criterion does
    not add diameters.
    """
    first = assessments[0]
    rows = [first, *select_effective(assessments[1:])]
    found = []
    for row in rows:
        known = (
            assessments[1:] if row is rows[-1] else [r for r in assessments if r.as_of <= row.date]
        )
        seen = [r for r in select_effective(known) if first.date < r.date <= row.date]
        found.append(_look(_Then(first, row, seen, facts, protocol, criterion)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Then:
    """What was known when a time point was assessed: ``seen`` are its row and those before."""

    baseline: Assessment
    row: Assessment
    seen: Sequence[Assessment]
    facts: SubjectFacts
    protocol: Protocol
    criterion: str

    @property
    def reference(self) -> dt.date | None:
        """Randomisation, else the start of treatment."""
        return self.facts.randomisation or self.facts.treatment_start

    @property
    def visits(self) -> list[Visit]:
        """Overall responses so far, in RECIST's words."""
        return to_visits(self.seen, find_vocabulary(self.criterion))

    @property
    def ended(self) -> bool:
        """Whether progression has ended it: of iRECIST only what is confirmed."""
        codes = {one.overall_response for one in self.seen}
        if self.criterion == "irecist":
            return CONFIRMED_PROGRESSION in codes
        return any(visit.overall == PD for visit in self.visits)


def _look(then: _Then) -> Outlook:
    row = then.row
    if then.ended:
        return Outlook(row.time_point, row.date)
    block = _open_block(then)
    response, response_at = _response(then)
    progression, progression_at = _progression(then, block)
    confirm_from, confirm_by = _confirmation_window(block, then.protocol)
    return Outlook(
        row.time_point,
        row.date,
        response,
        response_at,
        progression,
        progression_at,
        _returns(then),
        _find_pending(then),
        confirm_from,
        confirm_by,
        _sd_minimum(then),
        _next_due(then),
        _event_counts_until(then),
    )


# -------------------------------------------------------------------------------------- the sums


def _limits(then: _Then) -> SumLimits:
    protocol = then.protocol
    least = protocol.mrecist.absolute_minimum_mm if then.criterion == "mrecist" else PD_MINIMUM_MM
    grids = [_step(one) for one in _sums(then)]
    return SumLimits(least, min([protocol.targets.recorded_precision_mm, *grids]))


def _step(length_mm: Decimal) -> Decimal:
    """The value of the last digit of a length.

    Examples
    --------
    >>> _step(Decimal("97.37")), _step(Decimal("50"))
    (Decimal('0.01'), Decimal('1'))
    """
    return Decimal((0, (1,), int(length_mm.as_tuple().exponent)))


def _sums(then: _Then) -> list[Decimal]:
    sums = [one.sum_of_diameters_mm for one in (then.baseline, *then.seen)]
    return [one for one in sums if one is not None]


def _nadir(then: _Then) -> Decimal | None:
    """The smallest complete sum so far, this time point's included."""
    known = _sums(then)
    incomplete = then.protocol.rules.nadir_uses_incomplete and len(known) <= len(then.seen)
    return None if incomplete else min(known, default=None)


def _response(then: _Then) -> tuple[str, Decimal | None]:
    baseline, nadir = then.baseline.sum_of_diameters_mm, _nadir(then)
    if then.criterion not in OF_SUMS or not baseline or nadir is None:
        return "", None
    complete = find_kin(then.row.overall_response) == CR or _returns(then)
    kept = then.protocol.rules.pr_persistence != "literal" and any(
        find_kin(one.target_response) in (CR, PR) for one in then.seen
    )
    if complete or kept:
        return "", None
    largest = _limits(then).response_at_mm(baseline, nadir)
    return (OF_SUMS[then.criterion][0], largest) if largest is not None else ("", None)


def _progression(then: _Then, block: Sequence[Assessment]) -> tuple[str, Decimal | None]:
    if then.criterion not in OF_SUMS or not then.baseline.sum_of_diameters_mm:
        return "", None
    if _returns(then):
        return OF_SUMS[then.criterion][1], None
    if block:
        total = block[0].sum_of_diameters_mm
        if total is None or find_kin(block[0].target_response) != PD:
            return "", None
        return CONFIRMED_PROGRESSION, _limits(then).on_grid(total + PD_MINIMUM_MM, ROUND_CEILING)
    nadir = _nadir(then)
    if nadir is None:
        return "", None
    return OF_SUMS[then.criterion][1], _limits(then).progression_at_mm(nadir)


def _returns(then: _Then) -> bool:
    """A07: whether disease that comes back is progression, however small (a node from 10 mm)."""
    complete = any(find_kin(one.overall_response) == CR for one in then.seen)
    by_rule = then.protocol.rules.cr_then_disease == "pd"
    return complete and by_rule and then.criterion in OF_SUMS


# ------------------------------------------------------------------------------------- the dates


def _open_block(then: _Then) -> list[Assessment]:
    """The iUPD that wait to be confirmed, the first of them first (I-05, A11)."""
    block: list[Assessment] = []
    for one in reversed(then.seen):
        if one.overall_response == UNCONFIRMED_PROGRESSION:
            block.insert(0, one)
        elif one.overall_response != NE or then.protocol.irecist.ne_breaks_block:
            break
    return block


def _confirmation_window(
    block: Sequence[Assessment], protocol: Protocol
) -> tuple[dt.date | None, dt.date | None]:
    """I-03: 4 to 8 weeks after the first iUPD of the block."""
    if not block:
        return None, None
    options, since = protocol.irecist, block[0].date
    last = options.icpd_max_days or options.icpd_warn_days
    return since + dt.timedelta(options.icpd_min_days), since + dt.timedelta(last)


def _find_pending(then: _Then) -> tuple[Pending, ...]:
    """Responses that a scan to come can still confirm: asked of the rule itself."""
    options = then.protocol.best_response
    therapy = then.facts.new_therapy_date
    if therapy is not None and therapy <= then.row.date:
        return ()
    since_progression = _after_progression(then.visits)
    window = select_window(since_progression, options, therapy)
    visits = [v for v in window if v.overall != ND]
    pending: list[Pending] = []
    for category in (CR, PR):
        found = _first_pending(visits, category, options.confirmation_min_days, then)
        if found is None:
            continue
        if found.due_from is None:
            break
        codes = [
            one.overall_response
            for one in then.seen
            if one.date == found.since and find_kin(one.overall_response) == category
        ]
        pending.append(Pending((codes or [category])[0], found.since, found.due_from))
    return tuple(pending)


def _after_progression(visits: Sequence[Visit]) -> list[Visit]:
    last = max((n for n, visit in enumerate(visits) if visit.overall == PD), default=-1)
    return list(visits[last + 1 :])


@dataclass(frozen=True, slots=True)
class _Found:
    """A response; ``due_from`` is ``None`` where it is confirmed."""

    since: dt.date
    due_from: dt.date | None


def _first_pending(
    visits: Sequence[Visit], category: str, least_days: int, then: _Then
) -> _Found | None:
    options = then.protocol.best_response
    for number, visit in enumerate(visits):
        if visit.overall != category:
            continue
        if find_confirming(visits, number, options) is not None:
            return _Found(visit.date, None)
        due = max(visit.date + dt.timedelta(least_days), then.row.date + dt.timedelta(days=1))
        trial = [*visits, Visit(due, category)]
        if find_confirming(trial, number, options) == len(visits):
            return _Found(visit.date, due)
    return None


def _sd_minimum(then: _Then) -> dt.date | None:
    start = then.reference or then.baseline.date
    reached = start + dt.timedelta(then.protocol.best_response.sd_min_days)
    return reached if then.row.date < reached else None


def _next_due(then: _Then) -> dt.date | None:
    """The next scheduled assessment; a scan within the tolerance of one belongs to it."""
    start, options = then.reference, then.protocol.endpoints
    if start is None:
        return None
    days = (then.row.date - start).days + options.tolerance_days
    number = max(days // options.assessment_interval_days + 1, 1)
    due = start + dt.timedelta(number * options.assessment_interval_days)
    return None if _is_over(then, due) else due


def _event_counts_until(then: _Then) -> dt.date | None:
    options: Endpoints = then.protocol.endpoints
    if options.pfs_rule != "fda" or then.reference is None:
        return None
    adequate = [visit.date for visit in then.visits if visit.overall not in (NE, ND)]
    last = max(adequate, default=then.reference)
    until = last + dt.timedelta(longest_gap_days(options))
    return None if _is_over(then, until) else until


def _is_over(then: _Then, date: dt.date) -> bool:
    """Whether the subject had died, or begun another therapy, before a day."""
    ends = (then.facts.death_date, then.facts.new_therapy_date)
    return any(end is not None and end <= date for end in ends)


# ------------------------------------------------------------------------------------- in words


def describe_outlook(outlook: Outlook) -> tuple[str, ...]:
    """What would change a category, in short words, the nearest to it first.

    Examples
    --------
    >>> day = dt.date(2025, 4, 4)
    >>> waits = (Pending("PR", day, dt.date(2025, 5, 2)),)
    >>> seen = Outlook("W8", day, "PR", Decimal("32.2"), "PD", Decimal("41.0"), pending=waits)
    >>> print(" · ".join(describe_outlook(seen)))
    PR at ≤ 32.2 mm · PD at ≥ 41.0 mm · confirmation of PR due from 2025-05-02
    """
    words = []
    if outlook.response_at_mm is not None:
        words.append(f"{outlook.response} at ≤ {outlook.response_at_mm} mm")
    if outlook.progression_at_mm is not None:
        words.append(f"{outlook.progression} at ≥ {outlook.progression_at_mm} mm")
    if outlook.return_is_progression:
        words.append(f"{outlook.progression} if disease comes back (a node from 10 mm)")
    if outlook.confirm_from is not None:
        words.append(f"iUPD to be confirmed from {outlook.confirm_from} to {outlook.confirm_by}")
    words += [f"confirmation of {p.category} due from {p.due_from}" for p in outlook.pending]
    if outlook.sd_minimum_on is not None:
        words.append(f"stable disease counts from {outlook.sd_minimum_on}")
    if outlook.next_due is not None:
        words.append(f"next assessment due {outlook.next_due}")
    return tuple(words)
