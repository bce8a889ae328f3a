"""What stands behind a subject's categories: what was read, how sure they are, what comes next.

Derived when somebody asks, from readings and assessments; nothing of it is stored. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from response.assess import build_course
from response.certainty import Certainty, compute_certainty
from response.criteria.course import Course
from response.model import (
    AssessedTimePoint,
    LesionReading,
    SubjectFacts,
    SubjectResult,
)
from response.outlook import Outlook, derive_outlooks
from response.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Insight:
    """A result with its background; ``course`` is ``None`` where the readings are not there."""

    result: SubjectResult
    facts: SubjectFacts
    protocol: Protocol
    course: Course | None = None
    certainty: tuple[Certainty, ...] = ()
    outlook: tuple[Outlook, ...] = ()

    def certainty_of(self, time_point: str) -> Certainty | None:
        """How sure the category of a time point is, if anything can be said."""
        return next((one for one in self.certainty if one.time_point == time_point), None)

    def outlook_of(self, time_point: str) -> Outlook | None:
        """What would change the category after a time point."""
        return next((one for one in self.outlook if one.time_point == time_point), None)


def derive_insight(
    result: SubjectResult,
    readings: Sequence[LesionReading],
    time_points: Sequence[AssessedTimePoint],
    facts: SubjectFacts,
    protocol: Protocol,
) -> Insight:
    """Derive the background of a result from the rows that it came from."""
    one = result.summary
    outlook = derive_outlooks(result.assessments, facts, protocol, one.criterion)
    if not readings and not time_points:
        return Insight(result, facts, protocol, outlook=outlook)
    course = build_course(one.subject, one.reader, readings, facts, time_points)
    certainty = compute_certainty(course, result.assessments, protocol, one.criterion)
    return Insight(result, facts, protocol, course, certainty, outlook)
