"""Endpoints of a cohort: response rates, and times to an event by Kaplan and Meier. Pure.

A cohort is one stream: one criterion, one evaluator, one line of therapy; streams never mix
(G-05). Rates are of all its subjects, NE and MISSING among them (R1-82), with exact limits
(Clopper and Pearson, Biometrika 1934;26:404-413). Survival is the product-limit estimate (Kaplan
and Meier, J Am Stat Assoc 1958;53:457-481); its limits are Greenwood's on the log-log scale, those
of a median where they cross one half (Brookmeyer and Crowley, Biometrics 1982;38:29-41).

Days are date differences.

Examples
--------
>>> rate = compute_rate("ORR", [True] * 7 + [False] * 13)
>>> print(rate.responders, rate.n, f"{rate.percent:.1f} ({rate.lower:.1f} to {rate.upper:.1f})")
7 20 35.0 (15.4 to 59.2)
"""

from __future__ import annotations

import datetime as dt
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from response.assess import find_vocabulary
from response.best_response import CR, NON_CR_NON_PD, PR, SD
from response.model import Reader, SubjectSummary
from response.protocol import Endpoints
from response.terms import find_kin

CONFIDENCE = 0.95
RESPONSES = (CR, PR)
CONTROL = (CR, PR, SD, NON_CR_NON_PD)
HALF = 0.5
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, order=True)
class StreamKey:
    """What keeps cohorts apart."""

    criterion: str
    reader: Reader
    line: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One subject of a cohort.

    ``start`` is randomisation, else the start of treatment; ``response_start`` the day a duration
    of response counts from. ``None``: there is none, or it is not known.
    """

    summary: SubjectSummary
    start: dt.date | None = None
    response_start: dt.date | None = None

    @property
    def stream(self) -> StreamKey:
        """The stream it belongs to."""
        one = self.summary
        return StreamKey(one.criterion, one.reader, one.line or "")


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion of the cohort, per cent, with exact 95 % limits."""

    endpoint: str
    confirmed: bool
    n: int
    responders: int
    percent: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a survival curve; a limit is ``None`` where the estimate is 0."""

    time_days: int
    at_risk: int
    events: int
    censored: int
    survival: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """A survival curve and its median; ``None``: not reached."""

    endpoint: str
    n: int
    events: int
    curve: tuple[Step, ...]
    median_days: int | None
    lower_days: int | None
    upper_days: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An endpoint that what is known does not allow, and why."""

    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True)
class CohortEndpoints:
    """Everything that is said of one cohort."""

    stream: StreamKey
    rates: tuple[Rate, ...]
    times: tuple[TimeToEvent, ...]
    left_out: tuple[LeftOut, ...]


def derive_cohorts(members: Iterable[Member], options: Endpoints) -> tuple[CohortEndpoints, ...]:
    """Derive the endpoints of every cohort there is among the members."""
    streams: dict[StreamKey, list[Member]] = {}
    for member in members:
        streams.setdefault(member.stream, []).append(member)
    return tuple(_derive(key, streams[key], options) for key in sorted(streams))


def _derive(stream: StreamKey, members: Sequence[Member], options: Endpoints) -> CohortEndpoints:
    rates: list[Rate] = []
    left_out: list[LeftOut] = []
    for confirmed in (False, True):
        best = [_mean(member.summary, confirmed) for member in members]
        rates.append(compute_rate("ORR", [code in RESPONSES for code in best], confirmed))
        rates.append(compute_rate("DCR", [code in CONTROL for code in best], confirmed))
        benefit = [_has_benefit(*pair, options) for pair in zip(members, best, strict=True)]
        if None in benefit:
            left_out.append(LeftOut("CBR", _why_no_benefit(benefit)))
        else:
            rates.append(compute_rate("CBR", [bool(one) for one in benefit], confirmed))
    times: list[TimeToEvent] = []
    for derive in (_derive_ttr, _derive_dor, _derive_pfs):
        found = derive(members, options)
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            times.append(found)
    return CohortEndpoints(stream, tuple(rates), tuple(times), tuple(dict.fromkeys(left_out)))


# ------------------------------------------------------------------------------------- the rates


def compute_rate(endpoint: str, responded: Sequence[bool], confirmed: bool = False) -> Rate:
    """A rate over everybody, with Clopper and Pearson's limits, per cent."""
    number, n = sum(responded), len(responded)
    limits = stats.binomtest(number, n).proportion_ci(CONFIDENCE, method="exact")
    return Rate(
        endpoint, confirmed, n, number, 100 * number / n, 100 * limits.low, 100 * limits.high
    )


def _mean(summary: SubjectSummary, confirmed: bool) -> str:
    """The best overall response in RECIST's words."""
    code = summary.confirmed_best_overall_response if confirmed else summary.best_overall_response
    return find_vocabulary(summary.criterion).means.get(code) or find_kin(code)


def _has_benefit(member: Member, best: str, options: Endpoints) -> bool | None:
    """Response, or disease control for long enough; ``None`` where that is not known."""
    if best not in CONTROL or best in RESPONSES:
        return best in RESPONSES
    days = member.summary.pfs_days
    return None if days is None else days >= options.clinical_benefit_min_days


def _why_no_benefit(benefit: Sequence[bool | None]) -> str:
    return (
        f"of {_subjects(benefit.count(None))} with stable disease it is not known how long it "
        "lasted (no start date, or no progression-free survival)"
    )


def _subjects(number: int) -> str:
    return "1 subject" if number == 1 else f"{number} subjects"


# ------------------------------------------------------------------------------ times to an event


def _derive_ttr(members: Sequence[Member], options: Endpoints) -> TimeToEvent | LeftOut:
    """From the start to the first response, of those who responded."""
    responders = [m for m in members if m.summary.response_date is not None]
    found = [
        ((m.summary.response_date - m.start).days, True)
        for m in responders
        if m.start is not None and m.summary.response_date is not None
    ]
    return _estimate("TTR", found, len(responders), "the start date", "responded")


def _derive_dor(members: Sequence[Member], options: Endpoints) -> TimeToEvent | LeftOut:
    """From the response to progression or death; a response that goes on is censored (R1-80)."""
    from_first = options.response_duration_from == "first_response"
    responders = [
        m
        for m in members
        if (m.summary.response_date is not None and from_first)
        or (_mean(m.summary, True) in RESPONSES and not from_first)
    ]
    found = [time for m in responders if (time := _response_time(m, from_first)) is not None]
    needed = "the start date" if from_first else "the date of confirmation or the start date"
    if len(found) < len(responders):
        return LeftOut("DOR", _why_left_out(len(responders) - len(found), needed))
    return _estimate("DOR", found, len(responders), needed, "responded")


def _response_time(member: Member, from_first: bool) -> tuple[int, bool] | None:
    one = member.summary
    if one.duration_of_response_days is not None:
        return one.duration_of_response_days, True
    begun = one.response_date if from_first else member.response_start
    if begun is None or member.start is None or one.pfs_days is None:
        return None
    return max((member.start - begun).days + one.pfs_days, 0), False


def _derive_pfs(members: Sequence[Member], options: Endpoints) -> TimeToEvent | LeftOut:
    found = [
        (m.summary.pfs_days, bool(m.summary.pfs_event))
        for m in members
        if m.summary.pfs_days is not None
    ]
    return _estimate("PFS", found, len(members), "the start date or the rule", "were followed")


def _estimate(
    endpoint: str, found: Sequence[tuple[int, bool]], n: int, needed: str, who: str
) -> TimeToEvent | LeftOut:
    if not n:
        return LeftOut(endpoint, f"no subjects {who}")
    if not found:
        return LeftOut(endpoint, _why_left_out(n, needed))
    note = _why_left_out(n - len(found), needed) if len(found) < n else ""
    curve = estimate_survival([days for days, _ in found], [event for _, event in found])
    return TimeToEvent(
        endpoint,
        len(found),
        sum(event for _, event in found),
        curve,
        find_crossing(curve, lambda step: step.survival),
        find_crossing(curve, lambda step: step.lower),
        find_crossing(curve, lambda step: step.upper),
        note,
    )


def _why_left_out(number: int, needed: str) -> str:
    return f"{needed} is not known of {_subjects(number)}"


def estimate_survival(days: Sequence[int], events: Sequence[bool]) -> tuple[Step, ...]:
    """The product-limit estimate at 0 and at every time at which somebody's time ends.

    Parameters
    ----------
    days
        Times, each of one subject, days.
    events
        Whether the event came then; else the time is censored.

    Examples
    --------
    >>> [(s.time_days, s.at_risk, round(s.survival, 3)) for s in
    ...  estimate_survival([6, 6, 9, 12], [True, False, True, False])]
    [(0, 4, 1.0), (6, 4, 0.75), (9, 2, 0.375), (12, 1, 0.375)]
    """
    times, ended = np.asarray(days), np.asarray(events, dtype=bool)
    survival = stats.ecdf(stats.CensoredData.right_censored(times, ~ended)).sf
    lows, highs = _find_limits(survival)
    steps = [] if times.min() == 0 else [Step(0, len(times), 0, 0, 1.0, 1.0, 1.0)]
    for number, time in enumerate(survival.quantiles):
        now = times == time
        estimate = float(survival.probabilities[number])
        steps.append(
            Step(
                int(time),
                int((times >= time).sum()),
                int((now & ended).sum()),
                int((now & ~ended).sum()),
                estimate,
                _limit(lows[number], estimate),
                _limit(highs[number], estimate),
            )
        )
    return tuple(steps)


def _find_limits(survival: Any) -> tuple[list[float], list[float]]:
    """Greenwood's limits on the log-log scale; not a number where the formula says nothing."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        limits = survival.confidence_interval(CONFIDENCE, method="log-log")
    return list(limits.low.probabilities), list(limits.high.probabilities)


def _limit(limit: float, estimate: float) -> float | None:
    """What the formula leaves open: 1 where nobody had the event yet, nothing at 0."""
    if estimate == 1:
        return 1.0
    return None if math.isnan(limit) else float(limit)


def find_crossing(curve: Iterable[Step], read: Callable[[Step], float | None]) -> int | None:
    """The first time at which a curve (or its limit) is at one half or below."""
    for step in curve:
        value = read(step)
        if value is not None and value <= HALF + _ROUNDING:
            return step.time_days
    return None


def to_months(days: int, options: Endpoints) -> float:
    """Months of a time: the one day of analysis data sets is added (A31).

    Examples
    --------
    >>> round(to_months(364, Endpoints()), 2)
    11.99
    """
    return (days + 1) / float(options.days_per_month)
