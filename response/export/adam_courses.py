"""One subject as one reader saw it under one criterion: what the analysis data sets are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from response.assess import find_vocabulary
from response.best_response import (
    Best,
    Visit,
    derive_best_response,
    derive_clinical_benefit_date,
    derive_confirmed_best_response,
    derive_confirmed_response,
    select_window,
)
from response.endpoints import find_response_start, select_effective, to_visits
from response.export.datasets import Value
from response.export.study import StudyStream, study_day
from response.ingest.sdtm_terms import CATEGORIES
from response.model import Assessment, SubjectResult, SubjectSummary
from response.protocol import Protocol
from response.terms import Status, find_kin

EVALUATORS = {
    "INVESTIGATOR": "Investigator",
    "INDEPENDENT ASSESSOR": "Independent Assessor",
    "ADJUDICATOR": "Adjudicator",
}


@dataclass(frozen=True, slots=True)
class Course:
    """One result with what it rests on. ``window`` holds the visits that count for best response.

    ``reference`` is randomisation, else the start of treatment, else the baseline; ``start`` is
    ``None`` in the last case.
    """

    stream: StudyStream
    result: SubjectResult
    protocol: Protocol
    baseline: Assessment
    standing: tuple[Assessment, ...]
    window: tuple[Visit, ...]
    reference: dt.date
    start: dt.date | None

    @classmethod
    def of(cls, stream: StudyStream, result: SubjectResult, protocol: Protocol) -> Course:
        """Put together what is known of a result; its first row is the baseline's."""
        baseline, *rest = result.assessments
        facts = stream.subject.facts
        visits = to_visits(rest, find_vocabulary(result.summary.criterion))
        start = facts.randomisation or facts.treatment_start
        return cls(
            stream,
            result,
            protocol,
            baseline,
            tuple(row for row in select_effective(rest) if row.overall_response),
            select_window(visits, protocol.best_response, facts.new_therapy_date),
            start or baseline.date,
            start,
        )

    @property
    def summary(self) -> SubjectSummary:
        """What is derived of the subject."""
        return self.result.summary

    @property
    def provisional(self) -> bool:
        """Whether any response that stands waits for a person."""
        return any(row.status is Status.PROVISIONAL for row in self.standing)

    def date_best(self) -> dt.date | None:
        """When the best overall response was earned."""
        best = derive_best_response(self.window, self.reference, self.protocol.best_response)
        return self._date(best, self.summary.best_overall_response)

    def date_confirmed_best(self) -> dt.date | None:
        """When the best overall response with confirmation was earned."""
        options = self.protocol.best_response
        best = derive_confirmed_best_response(self.window, self.reference, options)
        return self._date(best, self.summary.confirmed_best_overall_response)

    def date_confirmed_response(self) -> dt.date | None:
        """The first response that was confirmed later."""
        confirmed = derive_confirmed_response(self.window, self.protocol.best_response)
        return confirmed.date if confirmed else None

    def date_benefit(self, response_date: dt.date | None) -> dt.date | None:
        """The first response, or disease control that lasted."""
        options = self.protocol.best_response
        return derive_clinical_benefit_date(self.window, self.reference, options, response_date)

    def find_duration_start(self) -> dt.date | None:
        """The date that a duration of response counts from (A13)."""
        vocabulary = find_vocabulary(self.summary.criterion)
        facts = self.stream.subject.facts
        return find_response_start(self.result.assessments, facts, self.protocol, vocabulary)

    def mean(self, code: str) -> str:
        """What a code of this criterion is in RECIST's words."""
        return find_vocabulary(self.summary.criterion).means.get(code) or find_kin(code)

    def _date(self, best: Best, code: str) -> dt.date | None:
        """When a best response was earned, or, by rules of its own, when its code first stood."""
        if best.category == self.mean(code):
            return best.date
        return min((r.date for r in self.standing if r.overall_response == code), default=None)


def describe_subject(stream: StudyStream) -> dict[str, Value]:
    """The columns that say whose row it is."""
    facts = stream.subject.facts
    return {
        "USUBJID": stream.subject.subject,
        "TRTSDT": facts.treatment_start,
        "RANDDT": facts.randomisation,
    }


def describe_reader(course: Course) -> Mapping[str, Value]:
    """The columns that say who judged, by which criterion."""
    reader = course.stream.reader
    return {
        "PARQUAL": " ".join(word for word in (reader.evaluator, reader.evaluator_id) if word),
        "PARCAT2": EVALUATORS.get(reader.evaluator, reader.evaluator.capitalize()),
        "PARCAT3": CATEGORIES.get(course.summary.criterion, course.summary.criterion),
    }


def describe_date(stream: StudyStream, date: dt.date | None) -> dict[str, Value]:
    """The columns that say when: date, imputation, day, visit."""
    if date is None:
        return {}
    visit = next((one for one in stream.visits.values() if one.date == date), None)
    made: dict[str, Value] = {
        "ADT": date,
        "ADY": study_day(date, stream.subject.facts.treatment_start),
    }
    if visit is not None:
        made |= {"AVISIT": visit.name, "AVISITN": visit.number}
        if visit.given != visit.date.isoformat():
            made["ADTF"] = "D"
    return made
