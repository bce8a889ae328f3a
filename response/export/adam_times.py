"""ADTTE: times to event in days, the first day counted (AVAL = ADT − STARTDT + 1).

CNSR is 0 for an event; else 1: no event yet, 2: new anti-cancer therapy, 3: the event came after
missed assessments, 4: no adequate assessment. The rule of progression-free survival is the
protocol's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from response.export.adam_courses import Course, describe_reader, describe_subject
from response.export.datasets import Value
from response.export.study import StudyStream

PARAMETERS = {
    "PFS": "Progression-Free Survival",
    "RSD": "Duration of Response",
    "TTR": "Time to Response",
    "OS": "Overall Survival",
}
EVENTS = (
    ("progression", "Disease progression"),
    ("clinical progression", "Clinical progression"),
    ("death", "Death"),
)
CENSORED = (
    ("new anti-cancer therapy", 2, "New anti-cancer therapy"),
    ("no adequate assessment since", 4, "No adequate post-baseline assessment"),
    ("no evaluable baseline", 4, "No evaluable baseline"),
    ("more than", 3, "Event after missed assessments"),
)
"""What the reason of a censoring holds, its CNSR, its words; the first that fits."""

Row = dict[str, Value]


def read_times(course: Course) -> Iterator[Row]:
    """The rows of ADTTE of one reader's course; what cannot be derived has none."""
    summary, start = course.summary, course.start
    responded = course.find_duration_start()
    if start is not None and summary.pfs_days is not None:
        end = start + dt.timedelta(days=summary.pfs_days)
        ending = _describe_end(course, bool(summary.pfs_event), summary.pfs_reason)
        yield _time(course, "PFS", start, end, ending)
        if responded is not None:
            yield _time(course, "RSD", responded, max(end, responded), ending)
    elif responded is not None and summary.duration_of_response_days is not None:
        end = responded + dt.timedelta(days=summary.duration_of_response_days)
        yield _time(course, "RSD", responded, end, _describe_end(course, True, "progression"))
    if start is not None and summary.response_date is not None:
        ending = {"CNSR": 0, "EVNTDESC": "Response", "SRCDOM": "ADRS", "SRCVAR": "ADT"}
        yield _time(course, "TTR", start, summary.response_date, ending)


def read_survival(stream: StudyStream) -> Row | None:
    """The row of overall survival; ``None`` where neither death nor last contact is known."""
    facts = stream.subject.facts
    start = facts.randomisation or facts.treatment_start
    end = facts.death_date or facts.last_contact_date
    if start is None or end is None:
        return None
    died = facts.death_date is not None
    return {
        **describe_subject(stream),
        "PARAMCD": "OS",
        "PARAM": PARAMETERS["OS"],
        "PARCAT1": "Time to Event",
        **_count(start, end),
        "CNSR": 0 if died else 1,
        "EVNTDESC": "Death" if died else "Alive",
        "CNSDTDSC": "" if died else "Last contact",
        "SRCDOM": "ADSL",
        "SRCVAR": "DTHDT" if died else "LSTALVDT",
    }


def link_sources(rows: Sequence[Row], responses: Sequence[Row]) -> None:
    """Give the rows that come from ADRS the sequence number of their record there."""
    parameter = {"Disease progression": "PD", "Response": "RSP"}
    known = {
        (r["USUBJID"], r.get("PARQUAL"), r["PARAMCD"]): r.get("ASEQ")
        for r in responses
        if r["PARAMCD"] in parameter.values()
    }
    for row in rows:
        code = parameter.get(str(row.get("EVNTDESC")))
        if code and row.get("SRCDOM") == "ADRS":
            row["SRCSEQ"] = known.get((row["USUBJID"], row.get("PARQUAL"), code))


def _time(course: Course, code: str, start: dt.date, end: dt.date, ending: Row) -> Row:
    return {
        **describe_subject(course.stream),
        "PARAMCD": code,
        "PARAM": PARAMETERS[code],
        "PARCAT1": "Time to Event",
        **describe_reader(course),
        **_count(start, end),
        **ending,
        "PROVFL": "Y" if course.provisional else "",
    }


def _count(start: dt.date, end: dt.date) -> Row:
    return {"STARTDT": start, "ADT": end, "AVAL": (end - start).days + 1, "AVALU": "DAYS"}


def _describe_end(course: Course, event: bool, reason: str) -> Row:
    """What ended a time, from the words it was derived with."""
    if event:
        what = next((words for begun, words in EVENTS if reason.startswith(begun)), reason)
        died = what == "Death"
        source = ("ADSL", "DTHDT") if died else ("ADRS", "ADT")
        return {"CNSR": 0, "EVNTDESC": what, "SRCDOM": source[0], "SRCVAR": source[1]}
    found = next((one for one in CENSORED if one[0] in reason), ("", 1, "No event"))
    at_start = reason.startswith("censored at the start")
    randomised = course.stream.subject.facts.randomisation is not None
    begun = "Randomization" if randomised else "First exposure to treatment"
    last = "Last adequate tumor assessment"
    return {
        "CNSR": found[1],
        "EVNTDESC": found[2],
        "CNSDTDSC": begun if at_start else last,
        "SRCDOM": "ADSL" if at_start else "ADRS",
        "SRCVAR": ("RANDDT" if randomised else "TRTSDT") if at_start else "ADT",
    }
