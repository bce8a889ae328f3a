"""Endpoints of a subject: progression-free survival and duration of response.

Days are date differences; the one day more of analysis data sets is added where those are
written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

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
from response.model.draft import make_quickly
from response.noted import find_clinical_progression, find_last_scan
from response.protocol import Endpoints, Protocol
from response.terms import NewLesion, find_kin
from response.vocabulary import RECIST, Vocabulary

MISSED_VISITS = 2
"""FDA: an event after this many missed assessments is censored before the gap (A24)."""

_NOT_EVALUATED = NOT_DONE | {NE}
_IN_ORDER = attrgetter("date", "time_point")
_make_visit = make_quickly(Visit)
_make_summary = make_quickly(SubjectSummary)


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
    clinical: dt.date | None = None,
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
    clinical
        Date of progression that no scan shows; ``clinical_progression`` says what it means.

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
    event = _first_event(progression, facts.death_date, clinical, options)
    adequate = _adequate_dates(visits, reference, options)
    if options.pfs_rule == "fda" and not baseline_adequate:
        return _censored((), reference, "no evaluable baseline")
    stop = _first_stop(event, facts, clinical, options)
    if stop is not None:
        return _censored([date for date in adequate if date <= stop.date], reference, stop.reason)
    if event is None:
        return _censored(adequate, reference, _why_no_event(facts))
    if options.pfs_rule == "fda":
        return _after_gap(event, adequate, options, reference)
    return event


def first_progression(visits: Iterable[Visit]) -> dt.date | None:
    """Date of the first PD."""
    return min([visit.date for visit in visits if visit.overall == PD], default=None)


def _first_event(
    progression: dt.date | None,
    death: dt.date | None,
    clinical: dt.date | None,
    options: Endpoints,
) -> Outcome | None:
    """What ends it first; of one day, progression before clinical progression before death."""
    counted = [("progression", progression)]
    if options.clinical_progression == "event":
        counted.append(("clinical progression", clinical))
    if options.death_without_progression == "event":
        counted.append(("death", death))
    dated = [(date, number, what) for number, (what, date) in enumerate(counted) if date]
    if not dated:
        return None
    date, _, what = min(dated)
    return Outcome(date, True, f"{what} on {date}")


def _first_stop(
    event: Outcome | None, facts: SubjectFacts, clinical: dt.date | None, options: Endpoints
) -> Outcome | None:
    """What censors before the event: new therapy (A25), or progression that no scan shows."""
    stops = []
    therapy = facts.new_therapy_date
    if options.pfs_rule == "fda" and therapy is not None:
        wins_tie = options.new_therapy_on_pd_date == "censor" and not _is_death(event)
        if event is None or therapy < event.date or (wins_tie and therapy == event.date):
            stops.append(Outcome(therapy, False, f"new anti-cancer therapy on {therapy}"))
    if (
        options.clinical_progression == "censor"
        and clinical is not None
        and (event is None or clinical < event.date)
    ):
        stops.append(Outcome(clinical, False, f"clinical progression on {clinical}"))
    return min(stops, key=lambda stop: stop.date, default=None)


def _is_death(event: Outcome | None) -> bool:
    return event is not None and event.reason.startswith("death")


def _why_no_event(facts: SubjectFacts) -> str:
    if facts.death_date is None:
        return "no progression or death"
    return f"no progression; death on {facts.death_date} is not counted (death_without_progression)"


def _adequate_dates(
    visits: Sequence[Visit], reference: dt.date | None, options: Endpoints
) -> list[dt.date]:
    """Dates of assessments that were done and, but for admiralonco, evaluable."""
    unusable = NOT_DONE if options.pfs_rule == "admiralonco" else _NOT_EVALUATED
    start = reference or dt.date.min
    return sorted([v.date for v in visits if v.overall not in unusable and v.date >= start])


def _after_gap(
    event: Outcome,
    adequate: Sequence[dt.date],
    options: Endpoints,
    reference: dt.date | None,
) -> Outcome | None:
    """A24: an event after missed assessments is censored before the gap."""
    before = [date for date in adequate if date < event.date]
    last = before[-1] if before else reference
    limit = longest_gap_days(options)
    if last is None or (event.date - last).days <= limit:
        return event
    gap = (event.date - last).days
    return _censored(before, reference, f"{event.reason} came {gap} days later, more than {limit}")


def longest_gap_days(options: Endpoints) -> int:
    """Days after an adequate assessment within which an event counts (FDA, A24)."""
    return MISSED_VISITS * options.assessment_interval_days + options.tolerance_days


def _censored(adequate: Sequence[dt.date], reference: dt.date | None, why: str) -> Outcome | None:
    if adequate:
        text = f"censored at the last adequate assessment on {adequate[-1]}: {why}"
        return Outcome(adequate[-1], False, text)
    if reference is None:
        return None
    text = f"censored at the start on {reference}: {why}; no adequate assessment since"
    return Outcome(reference, False, text)


def date_progression(
    first_pd: dt.date | None,
    reference: dt.date | None,
    protocol: Protocol,
    last_scan: dt.date | None = None,
) -> dt.date | None:
    """The date progression is given (R1-84): first seen, last scanned, or the scheduled visit's.

    ``last_scan`` is the day of the last scan of a time point that took several days.

    Scheduled visits are every ``assessment_interval_days`` from the reference; a scan within the
    tolerance of one belongs to it, any other to the next.
    """
    choice = protocol.rules.pd_date
    if first_pd is None:
        return None
    if choice == "last_scan_of_timepoint" and last_scan is not None:
        return max(first_pd, last_scan)
    if choice != "scheduled_visit" or reference is None:
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
    return tuple(sorted(standing.values(), key=_IN_ORDER))


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
    visits = [_make_visit(row.date, means[row.overall_response]) for row in standing]
    options = protocol.best_response
    known_reference = facts.randomisation or facts.treatment_start
    reference = known_reference or baseline.date
    window = select_window(visits, options, facts.new_therapy_date)
    first_pd = first_progression(visits)
    last_scan = _last_scan_of(first_pd, standing, means)
    progression = date_progression(first_pd, known_reference, protocol, last_scan)
    clinical = find_clinical_progression(assessments)
    outcome = derive_pfs(
        visits, facts, protocol.endpoints, reference=known_reference, progression=progression,
        baseline_adequate=baseline_adequate, clinical=clinical,
    )  # fmt: skip
    days, event, reason = _pfs_fields(outcome, known_reference, protocol.endpoints)
    end = _end_of_response(outcome, progression, facts, clinical, protocol.endpoints)
    best = derive_best_response(window, reference, options).category
    confirmed = derive_confirmed_best_response(window, reference, options).category
    counted = {visit.date for visit in window}
    seen = [row.overall_response for row in standing if row.date in counted]
    return _make_summary(
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
        line=facts.line,
    )


def _last_scan_of(
    first_pd: dt.date | None, standing: Iterable[Assessment], means: Mapping[str, str]
) -> dt.date | None:
    """R1-84: a new lesion dates from where it was seen; a sum from the last scan added up."""
    for row in standing:
        by_sum = row.date == first_pd and means[row.overall_response] == PD
        if by_sum and row.new_lesion is not NewLesion.YES:
            return find_last_scan(row.reasons)
    return None


def _pfs_fields(
    outcome: Outcome | None, reference: dt.date | None, options: Endpoints
) -> tuple[int | None, bool | None, str]:
    said = "" if reference else "; the SD minimum is counted from the baseline"
    if options.pfs_rule == "none":
        return None, None, f"not derived: pfs_rule is none{said}"
    if reference is None or outcome is None:
        return None, None, f"neither randomisation nor treatment_start is known{said}"
    return (outcome.date - reference).days, outcome.event, outcome.reason


def _end_of_response(
    outcome: Outcome | None,
    progression: dt.date | None,
    facts: SubjectFacts,
    clinical: dt.date | None,
    options: Endpoints,
) -> dt.date | None:
    if outcome is not None:
        return outcome.date if outcome.event else None
    event = _first_event(progression, facts.death_date, clinical, options)
    return event.date if event else None


def derive_response_duration(
    window: Sequence[Visit], end: dt.date | None, protocol: Protocol
) -> int | None:
    """Days from the first response, or its confirmation (A13), to progression or death.

    ``None`` where there was no response or it has not ended (R1-80).
    """
    start = derive_response_start(window, protocol)
    return (end - start).days if start is not None and end is not None else None


def derive_response_start(window: Sequence[Visit], protocol: Protocol) -> dt.date | None:
    """The date a duration of response counts from: the first response, or its confirmation."""
    if protocol.endpoints.response_duration_from == "first_response":
        return derive_response_date(window)
    confirmed = derive_confirmed_response(window, protocol.best_response)
    return confirmed.confirmed_on if confirmed else None


def find_response_start(
    assessments: Sequence[Assessment],
    facts: SubjectFacts,
    protocol: Protocol,
    vocabulary: Vocabulary = RECIST,
) -> dt.date | None:
    """The date a subject's duration of response counts from; the baseline's row is first."""
    visits = to_visits(assessments[1:], vocabulary)
    window = select_window(visits, protocol.best_response, facts.new_therapy_date)
    return derive_response_start(window, protocol)


def to_visits(assessments: Iterable[Assessment], vocabulary: Vocabulary = RECIST) -> list[Visit]:
    """The overall responses that stand, in RECIST's words."""
    means = vocabulary.means
    return [
        Visit(row.date, means.get(row.overall_response) or find_kin(row.overall_response))
        for row in select_effective(assessments)
    ]
