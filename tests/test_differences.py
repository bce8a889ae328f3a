"""A site's responses beside ours: what agrees is silent, what differs says why."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from response.assess import assess_subject
from response.differences import Comparison, compare_responses
from response.model import LesionReading, Reader, SiteResponse, SubjectFacts, SubjectResult
from response.protocol import Protocol
from response.terms import Role

READER = Reader()
DAYS = {"BASELINE": dt.date(2025, 1, 6), "WEEK 8": dt.date(2025, 3, 3)}


@pytest.fixture(scope="module")
def result() -> SubjectResult:
    """20 mm, then 14 mm: PR."""
    lengths = zip(DAYS.items(), ("20", "14"), strict=True)
    rows = [
        LesionReading(visit, day, "T1", Role.TARGET, diameter_mm=Decimal(mm))
        for (visit, day), mm in lengths
    ]
    return assess_subject("P1", READER, rows, SubjectFacts("P1"), Protocol())


def said(
    test: str, value: str, visit: str = "WEEK 8", category: str = "RECIST 1.1"
) -> SiteResponse:
    return SiteResponse("P1", READER, visit, DAYS.get(visit), category, test, value)


def compare(result: SubjectResult, *responses: SiteResponse) -> Comparison:
    return compare_responses([result], responses, "recist11")


@pytest.mark.parametrize(
    ("test", "agrees", "differs", "ours"),
    [
        ("OVRLRESP", "PR", "SD", "PR"),
        ("TRGRESP", "PR", "CR", "PR"),
        ("NEWLIND", "N", "Y", "N"),
        ("BESTRESP", "PR", "CR", "PR or SD"),
        ("SUMDIAM", "14.00", "14.1", "14"),
    ],
)
def test_each_response_is_compared_with_its_own(
    result: SubjectResult, test: str, agrees: str, differs: str, ours: str
) -> None:
    assert compare(result, said(test, agrees)).differences == ()
    (found,) = compare(result, said(test, differs)).differences
    assert (found.test, found.theirs, found.ours) == (test, differs, ours)
    assert found.reason


def test_the_best_response_may_be_the_confirmed_one(result: SubjectResult) -> None:
    assert result.summary.confirmed_best_overall_response != "PR"
    confirmed = said("BESTRESP", result.summary.confirmed_best_overall_response)
    assert compare(result, confirmed).differences == ()


def test_other_criteria_are_counted_and_not_compared(result: SubjectResult) -> None:
    found = compare(result, said("OVRLRESP", "iUPD", category="iRECIST"))
    assert (found.compared, found.differences, found.other) == (0, (), {"iRECIST": 1})


def test_the_baseline_and_what_is_not_said_are_not_compared(result: SubjectResult) -> None:
    quiet = [said("OVRLRESP", "NA"), said("OVRLRESP", "NE", "BASELINE"), said("MRKRRESP", "PR")]
    assert compare(result, *quiet).compared == 0


def test_a_visit_that_nobody_measured_differs(result: SubjectResult) -> None:
    (found,) = compare(result, said("OVRLRESP", "SD", "WEEK 99")).differences
    assert (found.ours, found.reason) == ("", "nothing was measured at this time point")


def test_a_visit_of_another_name_is_found_by_its_date(result: SubjectResult) -> None:
    other = SiteResponse("P1", READER, "V3", DAYS["WEEK 8"], "", "OVRLRESP", "PR")
    assert compare(result, other).differences == ()


def test_a_reader_who_measured_nothing_differs(result: SubjectResult) -> None:
    other = SiteResponse("P1", Reader("ADJUDICATOR"), "WEEK 8", None, "", "OVRLRESP", "PR")
    (found,) = compare(result, other).differences
    assert found.reason == "nothing of this reader is assessed"
