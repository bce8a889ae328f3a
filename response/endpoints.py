"""Endpoints of a subject: progression-free survival and duration of response (RULES 1.10).

Days are date differences; the one day more of analysis data sets is added where those are
written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from response.best_response import (
    NE,
    NOT_DONE,
    PD,
    Visit,
    derive_best_response,
    derive_confirmed_best_response,
    derive_confirmed_response,
    derive_response_date,
    select_window,
)
from response.model import Assessment, SubjectFacts, SubjectSummary
from response.protocol import Endpoints, Protocol
from response.vocabulary import RECIST, Vocabulary

MISSED_VISITS = 2
"""FDA: an event after this many missed assessments is censored before the gap (A24)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a time to event ends: when, by an event or censored, and why."""

    date: dt.date
    event: bool
    reason: str


# ------------------------------------------------------------------- progression-free survival


def derive_pfs(
    visits: Sequence[Visit],
    facts: SubjectFacts,
    options: Endpoints,
    *,
    reference: dt.date | None,
    progression: dt.date | None = None,
    baseline_adequate: bool = True,
) -> Outcome | None:
    """When and how progression-free survival ends; ``None`` where nothing can be said.

    Parameters
    ----------
    visits
        Overall responses after baseline.
    reference
        Randomisation, or start of treatment: where a subject without any adequate assessment is
        censored. Without it, ``None`` for such a subject.
    progression
        Date of progression where it is not that of the first PD.

    Examples
    --------
    >>> day = dt.date(2025, 1, 1)
    >>> seen = [Visit(dt.date(2025, 2, 26), "SD"), Visit(dt.date(2025, 4, 23), "PD")]
    >>> derive_pfs(seen, SubjectFacts("S1"), Endpoints(), reference=day).reason
    'progression on 2025-04-23'
    """
    if options.pfs_rule == "none":
        return None
    progression = progression or first_progression(visits)
    event = _first_event(progression, facts.death_date)
    adequate = _adequate_dates(visits, reference)
    if options.pfs_rule == "fda":
        return _fda(event, adequate, facts, options, reference, baseline_adequate)
    if event is not None:
        return event
    if options.pfs_rule == "admiralonco":
        adequate = sorted(v.date for v in visits if v.overall not in NOT_DONE)
    return _censored(adequate, reference, "no progression or death")


def first_progression(visits: Iterable[Visit]) -> dt.date | None:
    """Date of the first PD."""
    return min((visit.date for visit in visits if visit.overall == PD), default=None)


def _first_event(progression: dt.date | None, death: dt.date | None) -> Outcome | None:
    if progression is not None and (death is None or progression <= death):
        return Outcome(progression, True, f"progression on {progression}")
    if death is not None:
        return Outcome(death, True, f"death on {death}")
    return None


def _adequate_dates(visits: Sequence[Visit], reference: dt.date | None) -> list[dt.date]:
    start = reference or dt.date.min
    return sorted(
        v.date for v in visits if v.overall != NE and v.overall not in NOT_DONE and v.date >= start
    )


def _fda(
    event: Outcome | None,
    adequate: Sequence[dt.date],
    facts: SubjectFacts,
    options: Endpoints,
    reference: dt.date | None,
    baseline_adequate: bool,
) -> Outcome | None:
    if not baseline_adequate:
        return _censored((), reference, "no evaluable baseline")
    therapy = facts.new_therapy_date
    if therapy is not None and (event is None or therapy < event.date):
        before = [date for date in adequate if date <= therapy]
        return _censored(before, reference, f"new anti-cancer therapy on {therapy}")
    if event is None:
        return _censored(adequate, reference, "no progression or death")
    before = [date for date in adequate if date < event.date]
    last = before[-1] if before else reference
    limit = MISSED_VISITS * options.assessment_interval_days + options.tolerance_days
    if last is not None and (event.date - last).days > limit:
        gap = (event.date - last).days
        why = f"{event.reason} came {gap} days later, more than {limit}"
        return _censored(before, reference, why)
    return event


def _censored(adequate: Sequence[dt.date], reference: dt.date | None, why: str) -> Outcome | None:
    if adequate:
        text = f"censored at the last adequate assessment on {adequate[-1]}: {why}"
        return Outcome(adequate[-1], False, text)
    if reference is None:
        return None
    text = f"censored at the start on {reference}: {why}; no adequate assessment since"
    return Outcome(reference, False, text)


def date_progression(
    first_pd: dt.date | None, reference: dt.date | None, protocol: Protocol
) -> dt.date | None:
    """The date progression is given (R1-84): as first seen, or the scheduled visit's.

    Scheduled visits are every ``assessment_interval_days`` from the reference; a scan within the
    tolerance of one belongs to it, any other to the next.
    """
    if first_pd is None or reference is None or protocol.rules.pd_date != "scheduled_visit":
        return first_pd
    interval, tolerance = (
        protocol.endpoints.assessment_interval_days,
        protocol.endpoints.tolerance_days,
    )
    number = -(-((first_pd - reference).days - tolerance) // interval)
    return reference + dt.timedelta(days=max(number, 1) * interval)


# ---------------------------------------------------------------------------------- the summary


def select_effective(assessments: Iterable[Assessment]) -> tuple[Assessment, ...]:
    """The assessments that stand: for each time point the one with the latest ``as_of``."""
    standing: dict[str, Assessment] = {}
    for row in assessments:
        other = standing.get(row.time_point)
        if other is None or row.as_of > other.as_of:
            standing[row.time_point] = row
    return tuple(sorted(standing.values(), key=lambda row: (row.date, row.time_point)))


def summarise(
    assessments: Sequence[Assessment],
    facts: SubjectFacts,
    protocol: Protocol,
    baseline_adequate: bool = True,
    vocabulary: Vocabulary = RECIST,
) -> SubjectSummary:
    """Best overall response and endpoints from time-point responses; the baseline's row is first.

    The window opens at randomisation, else at the start of treatment, else at the baseline.
    """
    baseline = assessments[0]
    standing = select_effective(assessments[1:])
    means = vocabulary.means
    visits = [Visit(row.date, means[row.overall_response]) for row in standing]
    options = protocol.best_response
    known_reference = facts.randomisation or facts.treatment_start
    reference = known_reference or baseline.date
    window = select_window(visits, options, facts.new_therapy_date)
    progression = date_progression(first_progression(visits), known_reference, protocol)
    outcome = derive_pfs(
        visits,
        facts,
        protocol.endpoints,
        reference=known_reference,
        progression=progression,
        baseline_adequate=baseline_adequate,
    )
    days, event, reason = _pfs_fields(outcome, known_reference, protocol.endpoints)
    end = _end_of_response(outcome, progression, facts)
    best = derive_best_response(window, reference, options).category
    confirmed = derive_confirmed_best_response(window, reference, options).category
    counted = {visit.date for visit in window}
    seen = [row.overall_response for row in standing if row.date in counted]
    return SubjectSummary(
        subject=baseline.subject,
        criterion=baseline.criterion,
        reader=baseline.reader,
        best_overall_response=vocabulary.name(best, seen),
        confirmed_best_overall_response=vocabulary.name(confirmed, seen),
        response_date=derive_response_date(window),
        progression_date=progression,
        pfs_days=days,
        pfs_event=event,
        pfs_reason=reason,
        duration_of_response_days=derive_response_duration(window, end, protocol),
    )


def _pfs_fields(
    outcome: Outcome | None, reference: dt.date | None, options: Endpoints
) -> tuple[int | None, bool | None, str]:
    if options.pfs_rule == "none":
        return None, None, "not derived: pfs_rule is none"
    if reference is None or outcome is None:
        return None, None, "neither randomisation nor treatment_start is known"
    return (outcome.date - reference).days, outcome.event, outcome.reason


def _end_of_response(
    outcome: Outcome | None, progression: dt.date | None, facts: SubjectFacts
) -> dt.date | None:
    if outcome is not None:
        return outcome.date if outcome.event else None
    event = _first_event(progression, facts.death_date)
    return event.date if event else None


def derive_response_duration(
    window: Sequence[Visit], end: dt.date | None, protocol: Protocol
) -> int | None:
    """Days from the first response, or its confirmation (A13), to progression or death.

    ``None`` where there was no response or it has not ended (R1-80).
    """
    start = derive_response_date(window)
    if protocol.endpoints.response_duration_from == "confirmation":
        confirmed = derive_confirmed_response(window, protocol.best_response)
        start = confirmed.confirmed_on if confirmed else None
    return (end - start).days if start is not None and end is not None else None


# ----------------------------------------------------------------------------------- the cohort


def count_responders(
    summaries: Iterable[SubjectSummary], *, confirmed: bool = False
) -> tuple[int, int]:
    """Subjects with CR or PR, of how many; NE and MISSING stay in the denominator (R1-82)."""
    return _count(summaries, ("CR", "PR"), confirmed)


def count_disease_control(
    summaries: Iterable[SubjectSummary], *, confirmed: bool = False
) -> tuple[int, int]:
    """Subjects with CR, PR, SD or NON-CR/NON-PD, of how many (R1-82)."""
    return _count(summaries, ("CR", "PR", "SD", "NON-CR/NON-PD"), confirmed)


def _count(
    summaries: Iterable[SubjectSummary], categories: tuple[str, ...], confirmed: bool
) -> tuple[int, int]:
    best = [
        s.confirmed_best_overall_response if confirmed else s.best_overall_response
        for s in summaries
    ]
    return sum(category in categories for category in best), len(best)
