"""RS: the responses that stand, each confirmed by a person or marked as provisional.

A provisional response has a category of its own (``RECIST 1.1 PROVISIONAL``), so that nothing that
asks for the criterion's category takes it for final, and the supplemental qualifier ``RSPROV``
with the reason. Of a response that was superseded the later one stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from response.endpoints import select_effective
from response.explain import deciding_sentences
from response.export.datasets import Value
from response.export.sdtm_lesions import Qualifier, Rows, describe_visit, number_name
from response.export.study import StudyStream, Visit
from response.ingest.sdtm_terms import (
    BEST,
    CATEGORIES,
    NEW_IND,
    NON_TARGET_TEST,
    OVERALL,
    TARGET_TEST,
)
from response.model import Assessment, SubjectResult
from response.terms import NewLesion, Status

TESTS = {
    TARGET_TEST: "Target Response",
    NON_TARGET_TEST: "Non-target Response",
    NEW_IND: "New Lesion Indicator",
    OVERALL: "Overall Response",
    BEST: "Best Overall Response",
}
PROVISIONAL = "PROVISIONAL"
NO_RESPONSE = ("", "MISSING")
NOT_DONE = "ND"


def add_responses(stream: StudyStream, into: Rows) -> None:
    """Add the responses of every criterion that the reader's word was assessed by."""
    for result in stream.results:
        standing = [r for r in select_effective(result.assessments) if r.overall_response]
        for row in standing:
            visit = stream.visits.get(row.time_point)
            if visit is None:
                continue
            for test, value in _say(row):
                into.add(*_respond(stream, result, visit, row, test, value))
        _add_best(stream, result, standing, into)


def count_provisional(stream: StudyStream) -> tuple[int, int]:
    """How many standing responses are provisional, of how many."""
    rows = [
        row
        for result in stream.results
        for row in select_effective(result.assessments)
        if row.overall_response
    ]
    return sum(row.status is Status.PROVISIONAL for row in rows), len(rows)


def _say(row: Assessment) -> Iterator[tuple[str, str]]:
    if row.target_response:
        yield TARGET_TEST, row.target_response
    if row.non_target_response:
        yield NON_TARGET_TEST, row.non_target_response
    indicator = {NewLesion.YES: "Y", NewLesion.NO: "N"}
    if row.new_lesion in indicator:
        yield NEW_IND, indicator[row.new_lesion]
    yield OVERALL, row.overall_response


def name_category(criterion: str, provisional: bool) -> str:
    """RSCAT of a criterion; another where no person stands behind the response.

    Examples
    --------
    >>> name_category("recist11", False), name_category("recist11", True)
    ('RECIST 1.1', 'RECIST 1.1 PROVISIONAL')
    """
    category = CATEGORIES.get(criterion, criterion)
    return f"{category} {PROVISIONAL}" if provisional else category


def _respond(
    stream: StudyStream, result: SubjectResult, visit: Visit, row: Assessment, test: str, value: str
) -> tuple[dict[str, Value], list[Qualifier]]:
    provisional = row.status is Status.PROVISIONAL
    qualifiers = _doubt(row) if provisional else []
    if test == OVERALL and value == "NE":
        why = " ".join(deciding_sentences(row))
        qualifiers.append(Qualifier("RSREASNE", "Reason Response Not Evaluable", why))
    made = {
        "DOMAIN": "RS",
        "RSLNKGRP": f"A{visit.order}",
        **_value(result, test, value, provisional),
        **describe_visit(stream, visit, "RS"),
    }
    return made, qualifiers


def _doubt(row: Assessment) -> list[Qualifier]:
    said = [reason.text for reason in row.reasons if reason.row_id.endswith(PROVISIONAL)]
    return [
        Qualifier(number_name("RSPROV", place), "Provisional Because", text)
        for place, text in enumerate(said or ["not confirmed by a person"])
    ]


def _value(result: SubjectResult, test: str, value: str, provisional: bool) -> dict[str, Value]:
    made: dict[str, Value] = {
        "RSTESTCD": test,
        "RSTEST": TESTS[test],
        "RSCAT": name_category(result.summary.criterion, provisional),
        "RSDRVFL": "Y",
    }
    if value == NOT_DONE:
        return made | {"RSSTAT": "NOT DONE", "RSREASND": "NOT ASSESSED"}
    return made | {"RSORRES": value, "RSSTRESC": value}


def _add_best(
    stream: StudyStream, result: SubjectResult, standing: list[Assessment], into: Rows
) -> None:
    best = result.summary.best_overall_response
    if best in NO_RESPONSE or not standing:
        return
    doubtful = [row for row in standing if row.status is Status.PROVISIONAL]
    made: dict[str, Value] = {
        "DOMAIN": "RS",
        "USUBJID": stream.subject.subject,
        "RSEVAL": stream.reader.evaluator,
        "RSEVALID": stream.reader.evaluator_id,
        **_value(result, BEST, best, bool(doubtful)),
    }
    into.add(made, _doubt(doubtful[0]) if doubtful else [])
