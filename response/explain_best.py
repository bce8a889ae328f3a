"""How the best overall response was earned, and the endpoints, in sentences. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from response.assess import find_vocabulary
from response.best_response import (
    CR,
    ND,
    PR,
    SD,
    Best,
    Visit,
    derive_best_response,
    derive_confirmed_best_response,
    find_confirming,
    select_window,
)
from response.endpoints import select_effective, to_visits
from response.insight import Insight
from response.terms import find_kin


def explain_best(insight: Insight) -> Iterator[str]:
    """Say the best overall response, how it was earned, and the endpoints."""
    one = insight.result.summary
    yield f"Best overall response: {one.best_overall_response or 'not derived'}{_seen(insight)}."
    confirmed = one.confirmed_best_overall_response or "not derived"
    yield f"Confirmed best overall response: {confirmed}{_confirmation(insight)}."
    if one.pfs_days is not None:
        what = ", event" if one.pfs_event else ""
        yield f"Progression-free survival: {one.pfs_days} days{what}: {one.pfs_reason}."
    elif one.pfs_reason:
        yield f"Progression-free survival: {one.pfs_reason}."
    if one.duration_of_response_days is not None:
        yield f"Duration of response: {one.duration_of_response_days} days."
    elif one.response_date is not None:
        yield f"The response of {one.response_date} had not ended when last assessed."


def _window(insight: Insight) -> tuple[Visit, ...]:
    vocabulary = find_vocabulary(insight.result.summary.criterion)
    visits = to_visits(insight.result.assessments[1:], vocabulary)
    return select_window(visits, insight.protocol.best_response, insight.facts.new_therapy_date)


def _reference(insight: Insight) -> dt.date:
    facts = insight.facts
    return facts.randomisation or facts.treatment_start or insight.result.assessments[0].date


def _means(insight: Insight, code: str) -> str:
    known = find_vocabulary(insight.result.summary.criterion).means
    return known.get(code) or find_kin(code)


def _name(insight: Insight, date: dt.date) -> str:
    """The time point of a date, as a person names it."""
    names = [
        row.time_point for row in select_effective(insight.result.assessments) if row.date == date
    ]
    return f"{names[0]} ({date})" if names else str(date)


def _code(insight: Insight, visit: Visit) -> str:
    """The category of a visit in the criterion's own code (PMR, where a visit only knows PR)."""
    standing = select_effective(insight.result.assessments)
    codes = [row.overall_response for row in standing if row.date == visit.date]
    return next((x for x in codes if _means(insight, x) == visit.overall), visit.overall)


def _seen(insight: Insight) -> str:
    options = insight.protocol.best_response
    best = derive_best_response(_window(insight), _reference(insight), options)
    said = insight.result.summary.best_overall_response
    if not _is_said(insight, best, said) or best.date is None:
        return ""
    return f", first at {_name(insight, best.date)}{_minimum(insight, best.category, best.date)}"


def _is_said(insight: Insight, best: Best, said: str) -> bool:
    """Whether a best response is the one that the criterion itself came to, by the same visit."""
    if best.category != _means(insight, said):
        return False
    standing = select_effective(insight.result.assessments)
    return best.category == SD or any(
        row.date == best.date and row.overall_response == said for row in standing
    )


def _minimum(insight: Insight, category: str, date: dt.date) -> str:
    """What the SD minimum says of a visit that counts as stable disease."""
    if category != SD:
        return ""
    days = (date - _reference(insight)).days
    least = insight.protocol.best_response.sd_min_days
    known = insight.facts.randomisation or insight.facts.treatment_start
    start = "the start" if known else "the baseline (no start is known)"
    return f", {days} days after {start} (at least {least})"


def _confirmation(insight: Insight) -> str:
    options, window = insight.protocol.best_response, _window(insight)
    best = derive_confirmed_best_response(window, _reference(insight), options)
    said = insight.result.summary.confirmed_best_overall_response
    if not _is_said(insight, best, said) or best.date is None:
        return ""
    if best.category in (CR, PR):
        return _confirmed_by(insight, window, best.date)
    words = f"first at {_name(insight, best.date)}{_minimum(insight, best.category, best.date)}"
    lost = [v for v in window if v.overall in (CR, PR)]
    if not lost:
        return f", {words}"
    names = " and ".join(f"{_code(insight, v)} at {_name(insight, v.date)}" for v in lost[:2])
    return f", {words}; {names} {'were' if len(lost) > 1 else 'was'} not confirmed"


def _confirmed_by(insight: Insight, window: Sequence[Visit], date: dt.date) -> str:
    options = insight.protocol.best_response
    visits = window if options.nd_breaks_confirmation else [v for v in window if v.overall != ND]
    number = next(n for n, visit in enumerate(visits) if visit.date == date)
    later = find_confirming(visits, number, options)
    if later is None:
        return f", first at {_name(insight, date)}"
    days = (visits[later].date - date).days
    return (
        f", first at {_name(insight, date)}, confirmed at {_name(insight, visits[later].date)}, "
        f"{days} days later (at least {options.confirmation_min_days})"
    )
