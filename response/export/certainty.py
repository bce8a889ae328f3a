"""``certainty.csv``: how sure each category is. Never part of a trial's data sets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from response.assess import build_course
from response.certainty import Certainty, compute_certainty
from response.export.tables import BETWEEN_REASONS, write_cells
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


def write_certainty(
    path: Path, pairs: Iterable[tuple[Stream, SubjectResult]], protocol: Protocol
) -> None:
    """Write a row for every category that something can be said of."""
    rows = (
        _cells(result.summary, found)
        for stream, result in pairs
        for found in _certainty(stream, result, protocol)
    )
    write_cells(path, CERTAINTY_COLUMNS, rows)


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
