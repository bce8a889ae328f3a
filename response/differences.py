"""Where a site's own responses differ from what is derived here, and why it is said here. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from response.endpoints import select_effective
from response.explain import deciding_sentences
from response.ingest.sdtm_terms import (
    BEST,
    COMPARED,
    NEW_IND,
    NON_TARGET_TEST,
    OVERALL,
    SUM,
    TARGET_TEST,
    fits_category,
)
from response.model import Assessment, Reader, SiteResponse, SubjectResult, SubjectSummary
from response.terms import NewLesion

NOT_HERE = "nothing was measured at this time point"
NOT_ASSESSED = "nothing of this reader is assessed"

UNSAID = frozenset({"NA", "UNK", "UNKNOWN", "MISSING"})
"""What a site writes where it says nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One response that a site gave otherwise. ``test`` is its CDISC test code."""

    subject: str
    reader: Reader
    time_point: str
    date: dt.date | None
    criterion: str
    test: str
    theirs: str
    ours: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many responses of a site were compared with one criterion, and which differ.

    ``other`` counts those of other criteria, by category.
    """

    compared: int
    differences: tuple[Difference, ...]
    other: Mapping[str, int]

    def count(self, test: str) -> int:
        """How many of one test differ."""
        return sum(one.test == test for one in self.differences)


def compare_responses(
    results: Iterable[SubjectResult], responses: Sequence[SiteResponse], criterion: str
) -> Comparison:
    """Compare a site's responses with the results of one criterion that stand.

    Overall, target, non-target and best overall responses, new-lesion indicators and sums of
    diameters are compared; a best overall response agrees if it is the unconfirmed or the confirmed
    one. What a site says of the baseline is not a response.
    """
    by_stream: dict[tuple[str, Reader], SubjectResult] = {}
    for result in results:
        if result.summary.criterion == criterion:
            by_stream[result.summary.subject, result.summary.reader] = result
    standing = {key: _index(result) for key, result in by_stream.items()}
    differences, compared = [], 0
    other: dict[str, int] = {}
    for said in responses:
        if not fits_category(said.category, criterion):
            other[said.category] = other.get(said.category, 0) + 1
            continue
        if said.test not in COMPARED or said.value in UNSAID:
            continue
        key = (said.subject, said.reader)
        pair = _pair(said, by_stream.get(key), standing.get(key, {}))
        if pair is None:
            continue
        compared += 1
        ours, reason = pair
        if not _agree(said, ours):
            differences.append(_describe(said, criterion, " or ".join(dict.fromkeys(ours)), reason))
    return Comparison(compared, tuple(differences), other)


def _index(result: SubjectResult) -> dict[str, Assessment]:
    return {row.time_point: row for row in select_effective(result.assessments)}


def _pair(
    said: SiteResponse, result: SubjectResult | None, standing: Mapping[str, Assessment]
) -> tuple[tuple[str, ...], str] | None:
    """What is said here of the same thing, and why; ``None`` where there is nothing to compare."""
    if said.test == BEST:
        return _best(result.summary) if result else (("",), NOT_ASSESSED)
    row = standing.get(said.time_point) or _find_by_date(said, standing)
    if row is None:
        return ("",), NOT_HERE if result else NOT_ASSESSED
    if said.test == SUM:
        total = row.sum_of_diameters_mm
        return None if total is None else ((format(total, "f"),), _why(row))
    if not row.overall_response:
        return None
    if said.test == NEW_IND:
        return (_NEW_INDICATOR.get(row.new_lesion, ""),), _why(row)
    return (_OF_TEST[said.test](row),), _why(row)


_OF_TEST = {
    OVERALL: lambda row: row.overall_response,
    TARGET_TEST: lambda row: row.target_response,
    NON_TARGET_TEST: lambda row: row.non_target_response,
}
_NEW_INDICATOR: Mapping[NewLesion | None, str] = {
    NewLesion.YES: "Y",
    NewLesion.NO: "N",
    NewLesion.EQUIVOCAL: "N",
}


def _best(summary: SubjectSummary) -> tuple[tuple[str, ...], str]:
    best, confirmed = summary.best_overall_response, summary.confirmed_best_overall_response
    return (best, confirmed), f"best {best}; with confirmation {confirmed}"


def _find_by_date(said: SiteResponse, standing: Mapping[str, Assessment]) -> Assessment | None:
    if said.date is None:
        return None
    return next((row for row in standing.values() if row.date == said.date), None)


def _agree(said: SiteResponse, ours: Sequence[str]) -> bool:
    if said.test != SUM:
        return said.value in ours
    try:
        return Decimal(said.value) == Decimal(ours[0])
    except InvalidOperation:
        return False


def _why(row: Assessment) -> str:
    return " | ".join(deciding_sentences(row))


def _describe(said: SiteResponse, criterion: str, ours: str, reason: str) -> Difference:
    return Difference(
        said.subject,
        said.reader,
        said.time_point,
        said.date,
        criterion,
        said.test,
        said.value,
        ours,
        reason,
    )
