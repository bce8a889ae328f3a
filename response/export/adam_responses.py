"""ADRS: responses by visit, and what is derived of them, in the parameters of admiralonco."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from response.export.adam_courses import (
    Course,
    describe_date,
    describe_reader,
    describe_subject,
)
from response.export.datasets import Value
from response.export.study import StudyStream
from response.model import Assessment
from response.terms import Role, Status

PARAMETERS = {
    "OVR": "Overall Response",
    "PD": "Disease Progression",
    "RSP": "Response (confirmation not required)",
    "CRSP": "Confirmed Response",
    "CB": "Clinical Benefit (confirmation for response not required)",
    "CCB": "Confirmed Clinical Benefit",
    "BOR": "Best Overall Response (confirmation not required)",
    "CBOR": "Best Confirmed Overall Response",
    "BCP": "Best Overall Response of CR/PR (confirmation not required)",
    "CBCP": "Best Confirmed Overall Response of CR/PR",
    "LSTA": "Last Disease Assessment",
    "MDIS": "Measurable Disease at Baseline",
    "DEATH": "Death",
}

RANKS = {"CR": 1, "PR": 2, "SD": 3, "NON-CR/NON-PD": 4, "PD": 5, "NE": 6, "MISSING": 7}
"""AVAL of a response (admiralonco); by what a code means, so that all criteria share it."""

WAITING = ("iUPD", "PDu")
"""Progression that waits to be confirmed has no rank."""

RESPONSES = ("CR", "PR")
NOT_EVALUABLE = ("NE", "ND")

Row = dict[str, Value]


def read_responses(course: Course) -> Iterator[Row]:
    """The rows of ADRS of one reader's course."""
    stop = course.summary.progression_date
    for row in course.standing:
        yield _overall(course, row, stop)
    response, confirmed = course.summary.response_date, course.date_confirmed_response()
    benefit, lasting = course.date_benefit(response), course.date_benefit(confirmed)
    yield _flag(course, "PD", course.summary.progression_date)
    yield _flag(course, "RSP", response)
    yield _flag(course, "CRSP", confirmed)
    yield _flag(course, "CB", benefit)
    yield _flag(course, "CCB", lasting)
    best, best_date = course.summary.best_overall_response, course.date_best()
    yield _code(course, "BOR", best, best_date)
    sure, sure_date = course.summary.confirmed_best_overall_response, course.date_confirmed_best()
    yield _code(course, "CBOR", sure, sure_date)
    yield _flag(course, "BCP", best_date if course.mean(best) in RESPONSES else None)
    yield _flag(course, "CBCP", sure_date if course.mean(sure) in RESPONSES else None)
    evaluable = [r for r in course.standing if course.mean(r.overall_response) not in NOT_EVALUABLE]
    if evaluable:
        yield _code(course, "LSTA", evaluable[-1].overall_response, evaluable[-1].date)
    yield _measurable(course)


def read_death(stream: StudyStream) -> Row:
    """The row of ADRS that says whether a subject died."""
    date = stream.subject.facts.death_date
    return {
        **describe_subject(stream),
        "PARAMCD": "DEATH",
        "PARAM": PARAMETERS["DEATH"],
        "PARCAT1": "Reference Event",
        **_yes_or_no(date is not None),
        **({"ADT": date, **describe_date(stream, date)} if date else {}),
        "ANL01FL": "Y",
    }


def _begin(course: Course, code: str, *, provisional: bool) -> Row:
    reader = course.stream.reader
    made: Row = {
        **describe_subject(course.stream),
        "PARAMCD": code,
        "PARAM": PARAMETERS[code],
        "PARCAT1": "Tumor Response",
        **describe_reader(course),
        "RSEVAL": reader.evaluator,
        "RSEVALID": reader.evaluator_id,
    }
    return made | ({"PROVFL": "Y"} if provisional else {"ANL01FL": "Y"})


def _overall(course: Course, row: Assessment, stop: dt.date | None) -> Row:
    provisional = row.status is Status.PROVISIONAL
    made = _begin(course, "OVR", provisional=provisional)
    made |= {"AVALC": row.overall_response, "AVAL": _rank(course, row.overall_response)}
    visit = course.stream.visits.get(row.time_point)
    made |= describe_date(course.stream, row.date)
    if visit is not None:
        made |= {"AVISIT": visit.name, "AVISITN": visit.number}
    if not provisional and (stop is None or row.date <= stop):
        made["ANL02FL"] = "Y"
    return made


def _code(course: Course, parameter: str, code: str, date: dt.date | None) -> Row:
    made = _begin(course, parameter, provisional=course.provisional)
    said = code or "MISSING"
    made |= {"AVALC": said, "AVAL": _rank(course, said)}
    return made | (describe_date(course.stream, date) if said != "MISSING" else {})


def _flag(course: Course, parameter: str, date: dt.date | None) -> Row:
    made = _begin(course, parameter, provisional=course.provisional)
    return made | _yes_or_no(date is not None) | describe_date(course.stream, date)


def _measurable(course: Course) -> Row:
    baseline = course.baseline.time_point
    there = any(r.role is Role.TARGET for r in course.stream.readings if r.time_point == baseline)
    made = _begin(course, "MDIS", provisional=course.baseline.status is Status.PROVISIONAL)
    return made | _yes_or_no(there) | {"PARCAT1": ""}


def _yes_or_no(there: bool) -> Row:
    return {"AVALC": "Y" if there else "N", "AVAL": int(there)}


def _rank(course: Course, code: str) -> int | None:
    return None if code in WAITING else RANKS.get(course.mean(code))
