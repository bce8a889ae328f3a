"""Best overall response from overall responses by date (RECIST 1.1, sections 4.4.1 to 4.4.4).

The semantics are those of admiralonco 1.4.0: the definitions below are data,
and the first one a subject meets is the best overall response. Where Table 3 of the paper
departs from it, ``best_response.table3_strict`` follows the paper (A08, A09).

Examples
--------
>>> import datetime as dt
>>> from response.protocol import BestResponse
>>> start = dt.date(2025, 1, 1)
>>> seen = [Visit(start + dt.timedelta(days), code) for days, code in ((42, "PR"), (84, "SD"))]
>>> derive_best_response(seen, start, BestResponse())
Best(category='PR', date=datetime.date(2025, 2, 12))
>>> derive_confirmed_best_response(seen, start, BestResponse())
Best(category='SD', date=datetime.date(2025, 2, 12))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from response.protocol import BestResponse

CR, PR, SD, PD = "CR", "PR", "SD", "PD"
NE, ND, NED = "NE", "ND", "NED"
NON_CR_NON_PD = "NON-CR/NON-PD"
MISSING = "MISSING"
NOT_DONE = frozenset({"", "NA", ND, MISSING})
"""Codes that say that there was no assessment (R1-60)."""

OVERALL_CODES = frozenset({CR, PR, SD, PD, NE, NED, NON_CR_NON_PD, ND, "NA"})
"""What an overall response may be; anything else is an unknown code."""

WORST_OF_A_DATE = {ND: 0, NE: 1, CR: 2, PR: 3, SD: 4, NON_CR_NON_PD: 5, NED: 5, PD: 6}
"""A20: two assessments of one date count as the one that ranks higher here."""

DISEASE = frozenset({PR, SD, NON_CR_NON_PD})
"""Disease that is there without being progression: what may not follow a complete response."""

BENEFIT = (CR, PR, SD, NON_CR_NON_PD)


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """An overall response on a date."""

    date: dt.date
    overall: str


@dataclass(frozen=True, slots=True)
class Best:
    """A best overall response and the earliest date that earned it (none where missing)."""

    category: str
    date: dt.date | None


@dataclass(frozen=True, slots=True)
class ConfirmedResponse:
    """The first confirmed response: its own visit and the one that confirmed it."""

    category: str
    date: dt.date
    confirmed_on: dt.date


# ------------------------------------------------------------------------------------ the window


def select_window(
    visits: Iterable[Visit], options: BestResponse, new_therapy: dt.date | None = None
) -> tuple[Visit, ...]:
    """Visits that count: one per date, up to the first PD, before new therapy (R1-70, A14)."""
    kept: dict[dt.date, Visit] = {}
    for visit in visits:
        code = ND if visit.overall in NOT_DONE else visit.overall
        if new_therapy and not _before_new_therapy(visit, new_therapy, options):
            continue
        other = kept.get(visit.date)
        if other is None or WORST_OF_A_DATE[code] > WORST_OF_A_DATE[other.overall]:
            kept[visit.date] = visit if code == visit.overall else Visit(visit.date, code)
    ordered = [kept[date] for date in sorted(kept)]
    return _up_to_progression(settle_disease_after_cr(ordered, options.cr_then_disease))


def _before_new_therapy(visit: Visit, new_therapy: dt.date, options: BestResponse) -> bool:
    """Whether a visit counts: progression of the day new therapy began stands (A25)."""
    if options.new_therapy_inclusive or visit.overall == PD:
        return visit.date <= new_therapy
    return visit.date < new_therapy


def _up_to_progression(visits: Sequence[Visit]) -> tuple[Visit, ...]:
    for number, visit in enumerate(visits):
        if visit.overall == PD:
            return tuple(visits[: number + 1])
    return tuple(visits)


def settle_disease_after_cr(visits: Sequence[Visit], choice: str) -> list[Visit]:
    """A07: disease after a complete response is left, called PD, or the CR is recoded.

    Examples
    --------
    >>> day = dt.date(2025, 1, 1)
    >>> seen = [Visit(day, "CR"), Visit(day + dt.timedelta(30), "PR")]
    >>> [v.overall for v in settle_disease_after_cr(seen, "pd")]
    ['CR', 'PD']
    >>> [v.overall for v in settle_disease_after_cr(seen, "recode_pr")]
    ['PR', 'PR']
    """
    settled = list(visits)
    first_cr = next((i for i, visit in enumerate(visits) if visit.overall == CR), None)
    if first_cr is None or choice == "warn":
        return settled
    for number in range(first_cr + 1, len(settled)):
        if settled[number].overall == PD:
            break
        if settled[number].overall not in DISEASE:
            continue
        if choice == "pd":
            settled[number] = Visit(settled[number].date, PD)
            break
        becomes = NON_CR_NON_PD if settled[number].overall == NON_CR_NON_PD else PR
        settled[:number] = [_recode(visit, becomes) for visit in settled[:number]]
    return settled


def _recode(visit: Visit, becomes: str) -> Visit:
    return Visit(visit.date, becomes) if visit.overall == CR else visit


def has_disease_after_cr(visits: Sequence[Visit]) -> bool:
    """Whether a visit with disease follows a complete response: it should not (A07)."""
    return settle_disease_after_cr(visits, "pd") != list(visits)


# ---------------------------------------------------------------------------------- confirmation


def find_confirming(visits: Sequence[Visit], number: int, options: BestResponse) -> int | None:
    """The visit that confirms the response (CR or PR) at ``number``, or none (R1-75).

    A CR is confirmed by a later CR, a PR by a later PR or CR, at least
    ``confirmation_min_days`` on; only so many NE and SD may lie between (A02, A03).
    """
    first = visits[number]
    confirming = (CR,) if first.overall == CR else (CR, PR)
    for later in range(number + 1, len(visits)):
        visit = visits[later]
        enough = (visit.date - first.date).days >= options.confirmation_min_days
        if visit.overall in confirming and enough:
            between = [v.overall for v in visits[number + 1 : later + 1]]
            return later if _unbroken(first.overall, between, options) else None
    return None


def _unbroken(first: str, between: Sequence[str], options: BestResponse) -> bool:
    if between.count(NE) > options.confirm_max_ne:
        return False
    if first == CR:
        return all(code in (CR, NE) for code in between)
    if between.count(SD) > options.confirm_allow_sd:
        return False
    if CR in between and PR in between[between.index(CR) :]:
        return False
    return all(code in (CR, PR, SD, NE) for code in between)


def derive_confirmed_response(
    window: Sequence[Visit], options: BestResponse
) -> ConfirmedResponse | None:
    """The first confirmed response, CR or PR.

    An ND visit never stands between here: in the older admiralonco functions, which
    ``nd_breaks_confirmation`` follows, it broke only the best overall response (A22).
    """
    return _first_confirmed(_done(window), options, (CR, PR))


def _done(window: Sequence[Visit]) -> list[Visit]:
    return [visit for visit in window if visit.overall != ND]


def _first_confirmed(
    visits: Sequence[Visit], options: BestResponse, categories: Sequence[str]
) -> ConfirmedResponse | None:
    for number, visit in enumerate(visits):
        if visit.overall in categories:
            later = find_confirming(visits, number, options)
            if later is not None:
                return ConfirmedResponse(visit.overall, visit.date, visits[later].date)
    return None


# ------------------------------------------------------------------------- best overall response


@dataclass(frozen=True, slots=True)
class Definition:
    """A category and what earns it: the earliest visit that meets any of its clauses.

    A clause is the codes it takes and when they count: ``any`` time, ``late`` (the SD minimum is
    reached) or ``early`` (it is not).
    """

    category: str
    clauses: tuple[tuple[tuple[str, ...], str], ...]


RESPONSES = (
    Definition(CR, (((CR,), "any"),)),
    Definition(PR, (((PR,), "any"),)),
)
WITHOUT_RESPONSE = (
    Definition(SD, (((CR, PR, SD), "late"),)),
    Definition(NON_CR_NON_PD, (((NON_CR_NON_PD,), "late"),)),
    Definition(NED, (((NED,), "any"),)),
    Definition(PD, (((PD,), "any"),)),
    Definition(NE, (((NE,), "any"), (BENEFIT, "early"))),
    Definition(ND, (((ND,), "any"),)),
)
ALL_DEFINITIONS = RESPONSES + WITHOUT_RESPONSE
"""In order (admiralonco): the first that is met is the best overall response. NED: ours."""


def derive_best_response(
    window: Sequence[Visit], reference: dt.date, options: BestResponse
) -> Best:
    """Best overall response without confirmation (R1-73).

    Parameters
    ----------
    window
        Visits as :func:`select_window` leaves them.
    reference
        Start of treatment, or randomisation: the SD minimum counts from here.
    """
    return _first_met(ALL_DEFINITIONS, window, reference, options)


def derive_confirmed_best_response(
    window: Sequence[Visit], reference: dt.date, options: BestResponse
) -> Best:
    """Best overall response where CR and PR need confirmation (R1-74 to R1-76)."""
    visits = window if options.nd_breaks_confirmation else _done(window)
    for category in (CR, PR):
        confirmed = _first_confirmed(visits, options, (category,))
        if confirmed is not None:
            return Best(category, confirmed.date)
    best = _first_met(WITHOUT_RESPONSE, window, reference, options)
    if options.table3_strict and best.category == NE:
        return _early_response_by_table3(_done(window)) or best
    return best


def _first_met(
    definitions: Sequence[Definition],
    window: Sequence[Visit],
    reference: dt.date,
    options: BestResponse,
) -> Best:
    timed = {"any": window, "late": _late(window, reference, options)}
    timed["early"] = [v for v in window if (v.date - reference).days < options.sd_min_days]
    for definition in definitions:
        dates = [
            visit.date
            for codes, when in definition.clauses
            for visit in timed[when]
            if visit.overall in codes
        ]
        if dates:
            return Best(definition.category, min(dates))
    return Best(NE if options.missing_as_ne else MISSING, None)


def _late(window: Sequence[Visit], reference: dt.date, options: BestResponse) -> list[Visit]:
    minimum = dt.timedelta(options.sd_min_days)
    return [v for v in window if v.date - reference >= minimum]


def _early_response_by_table3(window: Sequence[Visit]) -> Best | None:
    """A08, A09: what follows an early, unconfirmed response decides (Table 3)."""
    for first, following in pairwise(window):
        if first.overall == CR and following.overall in DISEASE:
            return Best(PD, following.date)
        if first.overall == PR and following.overall == SD:
            return Best(SD, first.date)
    return None


def _first(visits: Iterable[Visit], codes: Sequence[str]) -> dt.date | None:
    return min([v.date for v in visits if v.overall in codes], default=None)


def _earliest(*dates: dt.date | None) -> dt.date | None:
    return min((date for date in dates if date is not None), default=None)


# -------------------------------------------------------------------------- response and benefit


def derive_response_date(window: Sequence[Visit]) -> dt.date | None:
    """Date of the first CR or PR, whichever came first."""
    return _first(window, (CR, PR))


def derive_clinical_benefit_date(
    window: Sequence[Visit],
    reference: dt.date,
    options: BestResponse,
    response_date: dt.date | None,
    categories: Sequence[str] = BENEFIT,
) -> dt.date | None:
    """Date of the first response, or of the first disease control that lasted the SD minimum."""
    return _earliest(response_date, _first(_late(window, reference, options), categories))
