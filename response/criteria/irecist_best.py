"""Best overall response and endpoints of iRECIST, from its time-point responses.

A progression that was set aside by a later response is no progression: it only breaks a
confirmation. The first iUPD of the block that ends in iCPD, or that nothing better followed, is
the date of progression (I-12), and what comes after an iCPD does not count (I-10).

Examples
--------
>>> days = (dt.date(2025, 3, 1), dt.date(2025, 4, 26), dt.date(2025, 6, 21))
>>> seen = [Visit(day, code) for day, code in zip(days, ("iUPD", "iUPD", "iCPD"), strict=True)]
>>> find_progression(seen)
Progression(date=datetime.date(2025, 3, 1), confirmed=True)
>>> derive_best_response(seen, dt.date(2025, 1, 4), BestResponse()).category
'iCPD'
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import response.best_response as recist
from response.best_response import ND, NE, NED, NOT_DONE, PD, Best, Visit
from response.criteria.irecist import (
    CODES,
    ICPD,
    ICR,
    IPR,
    ISD,
    IUPD,
    MEANS,
    NON_ICR_NON_IUPD,
)
from response.endpoints import select_effective
from response.endpoints import summarise as summarise_recist
from response.model import Assessment, SubjectFacts, SubjectSummary
from response.protocol import BestResponse, Protocol
from response.vocabulary import Vocabulary

WORST_OF_A_DATE = (ND, NE, ICR, IPR, ISD, NON_ICR_NON_IUPD, NED, IUPD, ICPD)
"""A20: two assessments of one date count as the one that stands later here."""

SET_ASIDE = "iUPD set aside"
"""An iUPD that a response followed. Neither response nor progression, and no NE (I-10)."""

VOCABULARY = Vocabulary({**MEANS, SET_ASIDE: NED, ND: ND})
"""Set aside, it counts as NED does: an assessment that breaks a confirmation and earns nothing."""


@dataclass(frozen=True, slots=True)
class Progression:
    """The progression that stands: its first iUPD, and whether an iCPD confirmed it."""

    date: dt.date
    confirmed: bool


def find_progression(
    visits: Iterable[Visit], *, ne_breaks_block: bool = False
) -> Progression | None:
    """The progression that stands among visits in order, if any (I-12).

    The first iUPD of the block that ends in the first iCPD, only iUPD and NE between them; else
    of a block that no response follows. An iCPD without an iUPD before it stands by itself.
    """
    start, broken = None, False
    for visit in visits:
        if visit.overall == IUPD:
            start = visit.date if start is None or broken else start
            broken = False
        elif visit.overall == ICPD:
            return Progression(visit.date if start is None else start, True)
        elif visit.overall == NE or visit.overall in NOT_DONE:
            broken = broken or (ne_breaks_block and visit.overall == NE)
        else:
            start = None
    return Progression(start, False) if start is not None else None


def select_visits(
    visits: Iterable[Visit], options: BestResponse, new_therapy: dt.date | None = None
) -> tuple[Visit, ...]:
    """One visit per date, up to the first iCPD, before new therapy (I-10, A14, A20, A25)."""
    kept: dict[dt.date, Visit] = {}
    for visit in visits:
        stands = options.new_therapy_inclusive or visit.overall in (IUPD, ICPD)
        inclusive = stands and visit.date == new_therapy
        if new_therapy is not None and visit.date >= new_therapy and not inclusive:
            continue
        code = ND if visit.overall in NOT_DONE else visit.overall
        other = kept.get(visit.date)
        if other is None or _rank(code) > _rank(other.overall):
            kept[visit.date] = Visit(visit.date, code)
    counted = []
    for date in sorted(kept):
        counted.append(kept[date])
        if kept[date].overall == ICPD:
            break
    return tuple(counted)


def _rank(code: str) -> int:
    return WORST_OF_A_DATE.index(code)


def set_aside(visits: Sequence[Visit], standing: Progression | None) -> tuple[Visit, ...]:
    """Name the iUPDs that a response followed, so that only a standing one is progression."""
    return tuple(
        Visit(visit.date, SET_ASIDE)
        if visit.overall == IUPD and (standing is None or visit.date < standing.date)
        else visit
        for visit in visits
    )


def select_window(
    visits: Iterable[Visit],
    options: BestResponse,
    new_therapy: dt.date | None = None,
    *,
    ne_breaks_block: bool = False,
) -> tuple[Visit, ...]:
    """Visits that count, with iUPDs that a response followed named as such."""
    counted = select_visits(visits, options, new_therapy)
    standing = find_progression(counted, ne_breaks_block=ne_breaks_block)
    return set_aside(counted, standing)


def translate_window(visits: Iterable[Visit], options: BestResponse) -> tuple[Visit, ...]:
    """A window in RECIST's words, as its definitions ask for it."""
    words = [Visit(visit.date, VOCABULARY.means[visit.overall]) for visit in visits]
    return recist.select_window(words, options)


# ---------------------------------------------------------------------------------- best response


def derive_best_response(
    visits: Iterable[Visit],
    reference: dt.date,
    options: BestResponse,
    new_therapy: dt.date | None = None,
    *,
    ne_breaks_block: bool = False,
) -> Best:
    """iBOR without confirmation: iCR > iPR > iSD > NON-iCR/NON-iUPD > iCPD > iUPD > NE (I-10).

    Parameters
    ----------
    visits
        Overall responses of iRECIST by date.
    reference
        Start of treatment, or randomisation: the minimum of iSD counts from here (A12).
    new_therapy
        What comes after it does not count.
    ne_breaks_block
        Whether an NE ends a block (A11).
    """
    window = select_window(visits, options, new_therapy, ne_breaks_block=ne_breaks_block)
    return _best(recist.derive_best_response, window, reference, options)


def derive_confirmed_best_response(
    visits: Iterable[Visit],
    reference: dt.date,
    options: BestResponse,
    new_therapy: dt.date | None = None,
    *,
    ne_breaks_block: bool = False,
) -> Best:
    """iBOR where iCR and iPR need confirmation, as in RECIST 1.1 (I-11)."""
    window = select_window(visits, options, new_therapy, ne_breaks_block=ne_breaks_block)
    return _best(recist.derive_confirmed_best_response, window, reference, options)


def _best(
    derive: Callable[[Sequence[Visit], dt.date, BestResponse], Best],
    window: Sequence[Visit],
    reference: dt.date,
    options: BestResponse,
) -> Best:
    best = derive(translate_window(window, options), reference, options)
    seen = {visit.overall for visit in window}
    if best.category not in (PD, NED) or (best.category == NED and NED in seen):
        return Best(CODES.get(best.category, best.category), best.date)
    return _name_progression(window, best)


def _name_progression(window: Sequence[Visit], best: Best) -> Best:
    """iCPD where one stands, dated by its block; else the first iUPD."""
    standing = find_progression(window)
    if standing is not None and standing.confirmed:
        return Best(ICPD, standing.date)
    return Best(IUPD, best.date)


# ---------------------------------------------------------------------------------- the summary


def summarise(
    assessments: Sequence[Assessment],
    facts: SubjectFacts,
    protocol: Protocol,
    baseline_adequate: bool = True,
) -> SubjectSummary:
    """Best overall response and endpoints; the baseline's row is first (I-10 to I-12)."""
    baseline, *later = assessments
    rows = _one_a_date(select_effective(later))
    options, breaks = protocol.best_response, protocol.irecist.ne_breaks_block
    visits = [Visit(row.date, row.overall_response) for row in rows]
    therapy = facts.new_therapy_date
    standing = find_progression(
        select_visits(visits, options, therapy), ne_breaks_block=breaks
    ) or find_progression(visits, ne_breaks_block=breaks)
    named = {visit.date: visit.overall for visit in set_aside(visits, standing)}
    told = [replace(row, overall_response=named[row.date]) for row in rows]
    summary = summarise_recist(
        [baseline, *told], facts, protocol, baseline_adequate, vocabulary=VOCABULARY
    )
    reference = facts.randomisation or facts.treatment_start or baseline.date
    best, confirmed = (
        derive(visits, reference, options, therapy, ne_breaks_block=breaks).category
        for derive in (derive_best_response, derive_confirmed_best_response)
    )
    return replace(
        summary,
        best_overall_response=best,
        confirmed_best_overall_response=confirmed,
        pfs_reason=_say_unconfirmed(summary, standing),
    )


def _one_a_date(rows: Iterable[Assessment]) -> list[Assessment]:
    kept: dict[dt.date, Assessment] = {}
    for row in rows:
        other = kept.get(row.date)
        if other is None or _rank(row.overall_response) > _rank(other.overall_response):
            kept[row.date] = row
    return [kept[date] for date in sorted(kept)]


def _say_unconfirmed(summary: SubjectSummary, standing: Progression | None) -> str:
    ended = summary.pfs_event and summary.pfs_reason.startswith("progression")
    if not ended or standing is None:
        return summary.pfs_reason
    what = "confirmed later" if standing.confirmed else "not confirmed, and no response followed"
    return f"{summary.pfs_reason}: iUPD, {what}"
