"""The store: the only door to the database. Every method is one short unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from response.errors import InputError, IntegrityError
from response.model import (
    Account,
    AssessedTimePoint,
    Assessment,
    AuditEntry,
    Decision,
    GivenMeasurements,
    LesionReading,
    Reader,
    Readings,
    Registration,
    SiteResponse,
    SiteResponses,
    Subject,
    SubjectFacts,
    SubjectResult,
    SubjectSummary,
    TimePoint,
    Tracking,
)
from response.store import reads
from response.store.alerts import AlertStore
from response.store.audit import Head, Note
from response.store.change import read_last
from response.store.check import check_workspace, digest_files
from response.store.layout import TableRow, digest, lay_out, same
from response.store.merge import merge_time_points
from response.store.units import Units
from response.workspace import Workspace


class Store:
    """What a workspace knows, read and written in plain values.

    Writes append; nothing is changed in place. Each returns whether anything was new: writing the
    same again does nothing. Reads give what is current unless they say otherwise.

    Parameters
    ----------
    workspace : Workspace
    keep : bool
        Keep the connection between units of work until another process asks for it: for processes
        that live long or do many units in a row.

    Raises
    ------
    StoreBusyError
        By any method, if another process keeps the database for over half a minute.
    MigrationError
        By any method, if a newer program wrote the database.
    """

    def __init__(self, workspace: Workspace, *, keep: bool = False) -> None:
        self._workspace = workspace
        self._units = Units(workspace, keep=keep)
        self.alerts = AlertStore(self._units)

    def close(self) -> None:
        """Give the database back and keep it no longer."""
        self._units.close()

    # -------------------------------------------------------------------------------- writes

    def write_time_point(self, time_point: TimePoint, *, actor: str) -> bool:
        """Join a time point with what is known of it, wholly or not at all.

        See :func:`response.store.merge.merge_time_points`.

        Raises
        ------
        InputError
            If its parts are of another time point, or a path leaves the workspace.
        """
        where = (time_point.subject, time_point.time_point)
        known = self._units.read(reads.read_time_points, *where)
        if known and same(known[0], merge_time_points(known[0], time_point)):
            return False
        images = [scan.image_path for scan in time_point.scans]
        masks = [mark.mask_path for mark in time_point.mark_sets if mark.mask_path]
        origins = [scan.origin_path for scan in time_point.scans if scan.origin_path]
        files = digest_files(self._workspace, images + masks + origins)
        with self._units.writing("write_time_point", actor, time_point.subject) as change:
            current = reads.read_time_points(change.cursor, *where)
            merged = merge_time_points(current[0] if current else None, time_point)
            if not current or not same(current[0], merged):
                counts = {"scans": len(merged.scans), "mark_sets": len(merged.mark_sets)}
                change.add([*lay_out(merged), *files], **counts)
        return change.changed

    def write_subject_facts(self, facts: SubjectFacts, *, actor: str) -> bool:
        """Write a subject's dates; they supersede the earlier ones whole."""
        with self._units.writing("write_subject_facts", actor, facts.subject) as change:
            known = reads.read_subjects(change.cursor, facts.subject)
            if not known or not same(known[0].facts, facts):
                change.add(lay_out(facts))
        return change.changed

    def write_registration(self, registration: Registration, *, actor: str) -> bool:
        """Write a registration; it supersedes the one of the same two scans."""
        files = digest_files(self._workspace, filter(None, [registration.transform_path]))
        with self._units.writing("write_registration", actor, registration.subject) as change:
            pair = (registration.from_scan_id, registration.to_scan_id)
            known = reads.read_registrations(change.cursor, registration.subject)
            current = [item for item in known if (item.from_scan_id, item.to_scan_id) == pair]
            if not current or not same(current[0], registration):
                change.add([*lay_out(registration), *files], trusted=int(registration.trusted))
        return change.changed

    def write_tracking(self, tracking: Tracking, *, actor: str) -> bool:
        """Write the lesions of a subject and reader; they supersede the earlier ones whole."""
        with self._units.writing("write_tracking", actor, tracking.subject) as change:
            known = reads.read_trackings(change.cursor, tracking.subject)
            current = [item for item in known if item.reader == tracking.reader]
            if not current or not same(current[0], tracking):
                marks = reads.read_mark_set_ids(change.cursor, tracking.subject, tracking.reader)
                counts = {"lesions": len(tracking.lesions), "findings": len(tracking.findings)}
                change.add(_name_mark_sets(lay_out(tracking), marks), **counts)
        return change.changed

    def write_readings(
        self,
        subject: str,
        reader: Reader,
        readings: Sequence[LesionReading],
        time_points: Sequence[AssessedTimePoint] = (),
        *,
        actor: str,
        study: str = "",
    ) -> bool:
        """Write a reader's measurements given without images; they supersede the earlier whole.

        Raises
        ------
        InputError
            If the subject has marks of this reader on images: it is one or the other.
        """
        bare = Readings(subject, reader, study, "", tuple(readings), tuple(time_points))
        made = replace(bare, content_key=digest(bare))
        if self._units.read(reads.find_readings_key, subject, reader) == made.content_key:
            return False
        with self._units.writing("write_readings", actor, subject) as change:
            if reader in reads.read_marking_readers(change.cursor, subject):
                raise InputError(describe_both(subject, reader))
            if reads.find_readings_key(change.cursor, subject, reader) != made.content_key:
                counts = {"readings": len(readings), "time_points": len(time_points)}
                change.add(lay_out(made), **counts)
        return change.changed

    def write_site_responses(
        self, subject: str, responses: Sequence[SiteResponse], *, actor: str
    ) -> bool:
        """Write the responses that a site gave of a subject; they supersede the earlier whole."""
        made = SiteResponses(subject, tuple(responses))
        with self._units.writing("write_site_responses", actor, subject) as change:
            known = tuple(reads.read_site_responses(change.cursor, subject))
            if known != made.responses:
                change.add(lay_out(made), responses=len(responses))
        return change.changed

    def write_given_measurements(self, given: GivenMeasurements, *, actor: str) -> bool:
        """Write what a report says of a subject; it supersedes what the same one said earlier."""
        with self._units.writing("write_given_measurements", actor, given.subject) as change:
            known = reads.read_given_measurements(change.cursor, given.subject)
            current = [one for one in known if one.document_uid == given.document_uid]
            if not current or not same(current[0], given):
                change.add(lay_out(given), measurements=len(given.measurements))
        return change.changed

    def write_assessments(
        self,
        subject: str,
        criterion: str,
        reader: Reader,
        content_key: str,
        result: SubjectResult,
        *,
        actor: str,
    ) -> bool:
        """Write what a criterion says; it supersedes the earlier result whole.

        With the content key of the current result nothing is done.

        Raises
        ------
        InputError
            If the result is of another subject, criterion or reader.
        """
        stream = (subject, criterion, reader)
        if any((r.subject, r.criterion, r.reader) != stream for r in _records(result)):
            raise InputError(f"{subject}: the result is of another subject, criterion or reader")
        with self._units.writing("write_assessments", actor, subject) as change:
            if reads.find_assessment_key(change.cursor, *stream) != content_key:
                (table, row), *assessments = lay_out(result)
                head = (table, {"content_key": content_key, **row})
                change.add([head, *assessments], assessments=len(assessments))
        return change.changed

    def write_decision(self, decision: Decision) -> bool:
        """Write what a person decided.

        Raises
        ------
        IntegrityError
            If another decision has its id.
        """
        with self._units.writing(
            f"decide_{decision.kind}", decision.actor, decision.subject
        ) as change:
            known = reads.read_decisions(change.cursor, decision.subject)
            current = [item for item in known if item.decision_id == decision.decision_id]
            if current and not same(current[0], decision):
                raise IntegrityError(f"decision {decision.decision_id} is already another one")
            if not current:
                change.add(lay_out(decision))
        return change.changed

    def write_account(self, account: Account, *, actor: str) -> bool:
        """Write an account; it supersedes the one of the same name."""
        with self._units.writing("write_account", actor) as change:
            current = [a for a in reads.read_accounts(change.cursor) if a.name == account.name]
            if not current or not same(current[0], account):
                change.add(lay_out(account))
        return change.changed

    def append_audit(
        self,
        action: str,
        *,
        actor: str,
        subject_key: str = "",
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Append an entry to the audit chain; it is there when this returns."""
        self._units.append(Note.now(action, actor, subject_key, detail))

    def note_view(
        self,
        action: str,
        *,
        actor: str,
        subject_key: str = "",
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Note that somebody looked at something, without waiting for the database.

        The note is on the disk when this returns, and in the audit chain with the next write or
        the next reading of the chain.
        """
        self._units.journal.append(Note.now(action, actor, subject_key, detail))

    # --------------------------------------------------------------------------------- reads

    def read_subjects(self) -> tuple[Subject, ...]:
        """Read all subjects, by name."""
        return tuple(self._units.read(reads.read_subjects))

    def read_subject(self, subject: str) -> Subject | None:
        """Read one subject; ``None`` if it is not known."""
        return next(iter(self._units.read(reads.read_subjects, subject)), None)

    def read_subject_by_key(self, key: str) -> Subject | None:
        """Read the subject of an opaque key; ``None`` if there is none."""
        return next(iter(self._units.read(reads.read_subjects, None, key)), None)

    def read_time_points(self, subject: str | None = None) -> tuple[TimePoint, ...]:
        """Read the time points of one subject, or of all, by subject and date."""
        return tuple(self._units.read(reads.read_time_points, subject))

    def read_registrations(self, subject: str | None = None) -> tuple[Registration, ...]:
        """Read the newest registration of every pair of scans."""
        return tuple(self._units.read(reads.read_registrations, subject))

    def find_registration(self, content_key: str) -> Registration | None:
        """Find the newest registration made from exactly these inputs."""
        return self._units.read(reads.find_registration, content_key)

    def read_trackings(self, subject: str | None = None) -> tuple[Tracking, ...]:
        """Read the current tracking of every subject and reader."""
        return tuple(self._units.read(reads.read_trackings, subject))

    def read_known_tracking_uids(self, subject: str, reader: Reader) -> dict[tuple[str, int], str]:
        """Read which lesion each label of each mark set is or ever was: the newest word."""
        return self._units.read(reads.read_known_tracking_uids, subject, reader)

    def read_readings(self, subject: str | None = None) -> tuple[Readings, ...]:
        """Read the current measurements without images, by subject and reader."""
        return tuple(self._units.read(reads.read_readings, subject))

    def read_site_responses(self, subject: str | None = None) -> tuple[SiteResponse, ...]:
        """Read the responses that sites gave, by subject, in the order they were given."""
        return tuple(self._units.read(reads.read_site_responses, subject))

    def read_given_measurements(self, subject: str | None = None) -> tuple[GivenMeasurements, ...]:
        """Read what reports from elsewhere measured, by subject and document."""
        return tuple(self._units.read(reads.read_given_measurements, subject))

    def read_marking_readers(self, subject: str) -> frozenset[Reader]:
        """Read who has marks on images of a subject."""
        return self._units.read(reads.read_marking_readers, subject)

    def read_results(
        self, subject: str | None = None, criterion: str | None = None
    ) -> tuple[SubjectResult, ...]:
        """Read current results, by subject, criterion and reader."""
        return tuple(self._units.read(reads.read_results, subject, criterion))

    def read_assessment_history(self, subject: str) -> tuple[Assessment, ...]:
        """Read every category a subject ever had, in the order they were first written."""
        return tuple(self._units.read(reads.read_assessment_history, subject))

    def find_assessment_key(self, subject: str, criterion: str, reader: Reader) -> str | None:
        """Find the content key that the current result was written under."""
        return self._units.read(reads.find_assessment_key, subject, criterion, reader)

    def read_decisions(self, subject: str | None = None) -> tuple[Decision, ...]:
        """Read all decisions in the order they were taken, undone ones and undoings included."""
        return tuple(self._units.read(reads.read_decisions, subject))

    def read_audit(self, limit: int = 100, offset: int = 0) -> tuple[AuditEntry, ...]:
        """Read the audit chain, newest entry first."""
        self._units.drain_journal()
        return tuple(self._units.read(reads.read_audit, limit, offset))

    def read_accounts(self) -> tuple[Account, ...]:
        """Read accounts as they stand, by name."""
        return tuple(self._units.read(reads.read_accounts))

    # --------------------------------------------------------------------------------- proof

    def export_audit_head(self) -> str:
        """Give the newest link of the audit chain as text, to be kept somewhere else."""
        self._units.drain_journal()
        return str(self._units.read(read_last))

    def check(self, head: str | None = None) -> tuple[str, ...]:
        """Prove the workspace whole; list every problem found.

        Parameters
        ----------
        head : str, optional
            What :meth:`export_audit_head` once gave.
        """
        remembered = [Head.parse(head)] if head else []
        return check_workspace(self._workspace, self._units, remembered)


def describe_both(subject: str, reader: Reader) -> str:
    """Say that a reader has both marks on images and measurements of a subject."""
    who = " ".join(word for word in (reader.evaluator, reader.evaluator_id) if word)
    return (
        f"subject {subject}: {who} has marks on images in this workspace; measurements of the same "
        "reader would be a second word: import them into another workspace, or under another "
        "evaluator_id"
    )


def _records(result: SubjectResult) -> tuple[Assessment | SubjectSummary, ...]:
    return (result.summary, *result.assessments)


def _name_mark_sets(rows: list[TableRow], mark_sets: Mapping[str, str]) -> list[TableRow]:
    """Say of every finding which mark set its label was read from."""
    return [
        (
            table,
            {
                **row,
                "known_mark_set_id": row["mark_set_id"] or mark_sets.get(str(row["scan_id"]), ""),
            },
        )
        if table == "finding"
        else (table, row)
        for table, row in rows
    ]
