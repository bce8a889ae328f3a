"""What is read, each in a fixed number of queries however many subjects there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

from response.model import (
    Account,
    AssessedTimePoint,
    Assessment,
    AuditEntry,
    Decision,
    Finding,
    GivenMeasurement,
    GivenMeasurements,
    Lesion,
    LesionFact,
    LesionReading,
    MarkSet,
    Reader,
    Readings,
    ReferenceRegion,
    Registration,
    Scan,
    SiteResponse,
    Subject,
    SubjectFacts,
    SubjectResult,
    SubjectSummary,
    TimePoint,
    Tracking,
)
from response.store.audit import Link
from response.store.rows import Cell, decode

T = TypeVar("T")
Rows = list[dict[str, Cell]]


def fetch(cursor: Any, sql: str, **given: Cell) -> Rows:
    """Run a query and give its rows by column name."""
    cursor.execute(sql, given or None)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_subjects(cursor: Any, subject: str | None = None, key: str | None = None) -> list[Subject]:
    """Read subjects with their facts, by name."""
    rows = fetch(
        cursor,
        """
        SELECT named.key, named.subject AS name, facts.*
        FROM subject AS named LEFT JOIN current_subject_facts AS facts USING (subject)
        WHERE ($subject IS NULL OR named.subject = $subject) AND ($key IS NULL OR key = $key)
        ORDER BY named.subject
        """,
        subject=subject,
        key=key,
    )
    return [_make_subject(row) for row in rows]


def _make_subject(row: dict[str, Cell]) -> Subject:
    name = str(row["name"])
    known = row["revision"] is not None
    facts = decode(SubjectFacts, row) if known else SubjectFacts(name)
    return Subject(name, str(row["key"]), facts)


# Columns that a migration added are NULL in rows from before it.
_MARK_SETS = "SELECT * REPLACE (coalesce(said, '[]') AS said) FROM mark_set"
_LESION_FACTS = """
SELECT * REPLACE (coalesce(given_tracking_uid, '') AS given_tracking_uid) FROM lesion_fact
"""


def read_time_points(
    cursor: Any, subject: str | None = None, time_point: str | None = None
) -> list[TimePoint]:
    """Read current time points, by subject and date."""
    heads = fetch(
        cursor,
        """
        SELECT * FROM current_time_point
        WHERE ($subject IS NULL OR subject = $subject)
          AND ($time_point IS NULL OR time_point = $time_point)
        ORDER BY subject, date, time_point
        """,
        subject=subject,
        time_point=time_point,
    )
    asked = (cursor, heads)
    scans = _read_parts(*asked, Scan, "SELECT * FROM scan")
    marks = _read_parts(*asked, MarkSet, _MARK_SETS)
    facts = _read_parts(*asked, LesionFact, _LESION_FACTS)
    return [
        decode(
            TimePoint,
            row,
            scans=scans[row["revision"]],
            mark_sets=marks[row["revision"]],
            lesion_facts=facts[row["revision"]],
        )
        for row in heads
    ]


def _read_parts(cursor: Any, heads: Rows, kind: type[T], sql: str) -> dict[Cell, tuple[T, ...]]:
    """Read the parts of what `heads` begin, by revision and in order."""
    revisions = [row["revision"] for row in heads]
    where = " WHERE revision IN (SELECT unnest($revisions::BIGINT[])) ORDER BY revision, position"
    parts: defaultdict[Cell, tuple[T, ...]] = defaultdict(tuple)
    if not heads:
        return parts
    grouped: dict[Cell, list[T]] = {}
    for row in fetch(cursor, sql + where, revisions=revisions):  # type: ignore[arg-type]
        grouped.setdefault(row["revision"], []).append(decode(kind, row))
    parts.update({revision: tuple(values) for revision, values in grouped.items()})
    return parts


def read_registrations(cursor: Any, subject: str | None = None) -> list[Registration]:
    """Read the newest registration of every pair of scans."""
    rows = fetch(
        cursor,
        """
        SELECT * FROM current_registration WHERE ($subject IS NULL OR subject = $subject)
        ORDER BY subject, revision, position
        """,
        subject=subject,
    )
    return [decode(Registration, row) for row in rows]


def find_registration(cursor: Any, content_key: str) -> Registration | None:
    """Find the newest registration made from exactly these inputs."""
    rows = fetch(
        cursor,
        """
        SELECT * FROM registration WHERE content_key = $content_key
        ORDER BY revision DESC LIMIT 1
        """,
        content_key=content_key,
    )
    return decode(Registration, rows[0]) if rows else None


def read_trackings(cursor: Any, subject: str | None = None) -> list[Tracking]:
    """Read the current tracking of every subject and reader."""
    heads = fetch(
        cursor,
        """
        SELECT * FROM current_tracking WHERE ($subject IS NULL OR subject = $subject)
        ORDER BY subject, evaluator, evaluator_id
        """,
        subject=subject,
    )
    lesions = _read_parts(cursor, heads, Lesion, "SELECT * FROM lesion")
    findings = _read_parts(cursor, heads, Finding, "SELECT * FROM finding")
    regions = _read_parts(cursor, heads, ReferenceRegion, "SELECT * FROM reference_region")
    return [
        decode(
            Tracking,
            row,
            lesions=lesions[row["revision"]],
            findings=findings[row["revision"]],
            references=regions[row["revision"]],
        )
        for row in heads
    ]


def read_known_tracking_uids(
    cursor: Any, subject: str, reader: Reader
) -> dict[tuple[str, int], str]:
    """Read which lesion every label ever was, the newest word last."""
    rows = cursor.execute(
        """
        SELECT known_mark_set_id, label, tracking_uid FROM finding
        WHERE subject = $subject AND evaluator = $evaluator AND evaluator_id = $evaluator_id
          AND label IS NOT NULL AND known_mark_set_id <> ''
        ORDER BY revision, position
        """,
        {
            "subject": subject,
            "evaluator": reader.evaluator,
            "evaluator_id": reader.evaluator_id,
        },
    ).fetchall()
    return {(mark_set, label): uid for mark_set, label, uid in rows}


def read_mark_set_ids(cursor: Any, subject: str, reader: Reader) -> dict[str, str]:
    """Read the reader's current mark set of every scan of a subject."""
    time_points = read_time_points(cursor, subject)
    marks = [mark for time_point in time_points for mark in time_point.mark_sets]
    return {mark.scan_id: mark.mark_set_id for mark in marks if mark.reader == reader}


def read_readings(cursor: Any, subject: str | None = None) -> list[Readings]:
    """Read the current measurements of every subject and reader that were given without images."""
    heads = fetch(
        cursor,
        """
        SELECT * FROM current_readings WHERE ($subject IS NULL OR subject = $subject)
        ORDER BY subject, evaluator, evaluator_id
        """,
        subject=subject,
    )
    rows = _read_parts(cursor, heads, LesionReading, "SELECT * FROM reading")
    points = _read_parts(cursor, heads, AssessedTimePoint, "SELECT * FROM reading_time_point")
    return [
        decode(Readings, row, readings=rows[row["revision"]], time_points=points[row["revision"]])
        for row in heads
    ]


def find_readings_key(cursor: Any, subject: str, reader: Reader) -> str | None:
    """Find the content key of a reader's current measurements."""
    rows = fetch(
        cursor,
        """
        SELECT content_key FROM current_readings
        WHERE subject = $subject AND evaluator = $evaluator AND evaluator_id = $evaluator_id
        """,
        subject=subject,
        evaluator=reader.evaluator,
        evaluator_id=reader.evaluator_id,
    )
    return str(rows[0]["content_key"]) if rows else None


def read_given_measurements(cursor: Any, subject: str | None = None) -> list[GivenMeasurements]:
    """Read what the current reports say, by subject and document."""
    heads = fetch(
        cursor,
        """
        SELECT * FROM current_given_measurements WHERE ($subject IS NULL OR subject = $subject)
        ORDER BY subject, document_uid
        """,
        subject=subject,
    )
    rows = _read_parts(cursor, heads, GivenMeasurement, "SELECT * FROM given_measurement")
    return [decode(GivenMeasurements, row, measurements=rows[row["revision"]]) for row in heads]


def read_site_responses(cursor: Any, subject: str | None = None) -> list[SiteResponse]:
    """Read the responses that sites gave, by subject, in the order they were given."""
    heads = fetch(
        cursor,
        """
        SELECT * FROM current_site_responses WHERE ($subject IS NULL OR subject = $subject)
        ORDER BY subject
        """,
        subject=subject,
    )
    rows = _read_parts(cursor, heads, SiteResponse, "SELECT * FROM site_response")
    return [one for head in heads for one in rows[head["revision"]]]


def read_marking_readers(cursor: Any, subject: str) -> frozenset[Reader]:
    """Read who has marks on current images of a subject."""
    time_points = read_time_points(cursor, subject)
    return frozenset(mark.reader for one in time_points for mark in one.mark_sets)


def read_results(
    cursor: Any, subject: str | None = None, criterion: str | None = None
) -> list[SubjectResult]:
    """Read the current results, by subject, criterion and reader."""
    heads = fetch(
        cursor,
        """
        SELECT * FROM current_result
        WHERE ($subject IS NULL OR subject = $subject)
          AND ($criterion IS NULL OR criterion = $criterion)
        ORDER BY subject, criterion, evaluator, evaluator_id
        """,
        subject=subject,
        criterion=criterion,
    )
    rows = _read_parts(cursor, heads, Assessment, "SELECT * FROM assessment")
    return [SubjectResult(rows[head["revision"]], decode(SubjectSummary, head)) for head in heads]


def find_assessment_key(cursor: Any, subject: str, criterion: str, reader: Reader) -> str | None:
    """Find the content key that the current result was written under."""
    rows = fetch(
        cursor,
        """
        SELECT content_key FROM current_result
        WHERE subject = $subject AND criterion = $criterion
          AND evaluator = $evaluator AND evaluator_id = $evaluator_id
        """,
        subject=subject,
        criterion=criterion,
        evaluator=reader.evaluator,
        evaluator_id=reader.evaluator_id,
    )
    return str(rows[0]["content_key"]) if rows else None


def read_assessment_history(cursor: Any, subject: str) -> list[Assessment]:
    """Read every category a subject ever had, in the order they were first written."""
    rows = fetch(
        cursor,
        "SELECT * FROM assessment WHERE subject = $subject ORDER BY revision, position",
        subject=subject,
    )
    return _drop_repeated(decode(Assessment, row) for row in rows)


def _drop_repeated(assessments: Iterable[Assessment]) -> list[Assessment]:
    """Drop what says the same as the one before it of the same time point and ``as_of``."""
    newest: dict[tuple[object, ...], Assessment] = {}
    kept: list[Assessment] = []
    for item in assessments:
        key = (item.criterion, item.reader, item.time_point, item.as_of)
        if newest.get(key) != item:
            kept.append(item)
            newest[key] = item
    return kept


def read_decisions(cursor: Any, subject: str | None = None) -> list[Decision]:
    """Read all decisions, undone ones and undoings included, in the order they were taken."""
    rows = fetch(
        cursor,
        """
        SELECT * FROM decision WHERE ($subject IS NULL OR subject = $subject)
        ORDER BY revision, position
        """,
        subject=subject,
    )
    return [decode(Decision, row) for row in rows]


def read_audit(cursor: Any, limit: int, offset: int) -> list[AuditEntry]:
    """Read audit entries, newest first."""
    rows = fetch(
        cursor,
        "SELECT * FROM audit ORDER BY number DESC LIMIT $limit OFFSET $offset",
        limit=limit,
        offset=offset,
    )
    return [_make_entry(decode(Link, row)) for row in rows]


def _make_entry(link: Link) -> AuditEntry:
    return AuditEntry(
        number=link.number,
        at=link.at,
        actor=link.actor,
        action=link.action,
        subject_key=link.subject_key,
        detail=link.detail,
        chain=link.chain,
    )


def read_accounts(cursor: Any) -> list[Account]:
    """Read accounts as they stand, by name."""
    rows = fetch(cursor, "SELECT * FROM current_account ORDER BY name")
    return [decode(Account, row) for row in rows]
