"""Which value lies in which table, and how values of several tables are laid out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from response import model
from response.store.audit import Link
from response.store.rows import Cell, Row, canonical, column_types, encode

TABLES: Mapping[type, str] = {
    model.SubjectFacts: "subject_facts",
    model.TimePoint: "time_point",
    model.Scan: "scan",
    model.MarkSet: "mark_set",
    model.LesionFact: "lesion_fact",
    model.Registration: "registration",
    model.Tracking: "tracking",
    model.Lesion: "lesion",
    model.Finding: "finding",
    model.ReferenceRegion: "reference_region",
    model.Readings: "readings",
    model.LesionReading: "reading",
    model.AssessedTimePoint: "reading_time_point",
    model.SiteResponses: "site_responses",
    model.SiteResponse: "site_response",
    model.GivenMeasurements: "given_measurements",
    model.GivenMeasurement: "given_measurement",
    model.SubjectSummary: "result",
    model.Assessment: "assessment",
    model.Decision: "decision",
    model.Account: "account",
    model.Alert: "alert",
    model.AlertEvent: "alert_event",
    model.AlertMessage: "alert_message",
    model.DeliveryAttempt: "delivery_attempt",
    Link: "audit",
}
_KINDS = {table: kind for kind, table in TABLES.items()}
_SYSTEM_TYPES = {"revision": "BIGINT", "position": "INTEGER"}

TableRow = tuple[str, dict[str, Cell]]


def lay_out(value: object) -> list[TableRow]:
    """Lay a value and its parts out as rows, each with its table."""
    if isinstance(value, model.SubjectResult):
        return [*lay_out(value.summary), *_lay_out_all(value.assessments)]
    rows: list[TableRow] = [(TABLES[type(value)], encode(value))]
    if isinstance(value, model.TimePoint):
        return rows + _lay_out_all((*value.scans, *value.mark_sets, *value.lesion_facts))
    if isinstance(value, model.Tracking):
        return rows + _lay_out_all((*value.lesions, *value.findings, *value.references))
    if isinstance(value, model.Readings):
        return rows + _lay_out_all((*value.readings, *value.time_points))
    if isinstance(value, model.GivenMeasurements):
        return rows + _lay_out_all(value.measurements)
    if isinstance(value, model.SiteResponses):
        return rows + _lay_out_all(value.responses)
    return rows


def same(one: object, other: object) -> bool:
    """Whether two values would be stored alike."""
    if one is None or other is None:
        return one is other
    return _texts(one) == _texts(other)


def sql_types(table: str, row: Row) -> list[str]:
    """Give the SQL type of every cell of a row; what no value names is text."""
    known = column_types(_KINDS[table]) if table in _KINDS else {}
    return [known.get(name) or _SYSTEM_TYPES.get(name, "VARCHAR") for name in row]


def digest(*values: object) -> str:
    """Digest values as they would be stored."""
    texts = "\n".join(text for value in values for text in _texts(value))
    return hashlib.sha256(texts.encode()).hexdigest()


def _lay_out_all(values: tuple[object, ...]) -> list[TableRow]:
    return [row for value in values for row in lay_out(value)]


def _texts(value: object) -> list[str]:
    return [canonical(table, row) for table, row in lay_out(value)]
