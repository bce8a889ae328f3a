"""``certainty.csv``: how sure each category is. Never part of a trial's data sets."""

from __future__ import annotations

from collections.abc import Iterable

from response.assess import build_course
from response.certainty import Certainty, compute_certainty
from response.export.tables import BETWEEN_REASONS
from response.ingest.measurement_table import Stream
from response.model import SubjectResult, SubjectSummary
from response.protocol import Protocol

CERTAINTY_COLUMNS = (
    "subject",
    "criterion",
    "evaluator",
    "evaluator_id",
    "line",
    "time_point",
    "date",
    "overall_response",
    "probability",
    "target_response",
    "target_probability",
    "alternatives",
    "borderline",
    "method",
)


def certainty_cells(
    stream: Stream, result: SubjectResult, protocol: Protocol
) -> Iterable[tuple[str, ...]]:
    """A row for every category of a stream that something can be said of."""
    for found in _certainty(stream, result, protocol):
        yield _cells(result.summary, found)


def _certainty(stream: Stream, result: SubjectResult, protocol: Protocol) -> tuple[Certainty, ...]:
    course = build_course(
        stream.subject, stream.reader, stream.readings, stream.facts, stream.time_points
    )
    return compute_certainty(course, result.assessments, protocol, result.summary.criterion)


def _cells(one: SubjectSummary, found: Certainty) -> tuple[str, ...]:
    others = [f"{code} {share:.4f}" for code, share in found.alternatives.items()]
    return (
        one.subject,
        one.criterion,
        one.reader.evaluator,
        one.reader.evaluator_id,
        one.line or "",
        found.time_point,
        found.date.isoformat(),
        found.overall_response,
        f"{found.probability:.4f}",
        found.target_response,
        f"{found.target_probability:.4f}",
        BETWEEN_REASONS.join(others),
        "true" if found.borderline else "false",
        "simulated" if found.simulated else "closed form",
    )
