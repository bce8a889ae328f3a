"""The only door from the pages to the store: all that is read about patients is read here."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.carry import CarriedPlace, Step, carry_place, find_steps
from dashboard.contours import (
    Line,
    find_label,
    find_most_common,
    outline_beside,
    outline_slices,
)
from dashboard.inbox import Inbox
from dashboard.links import reader_token
from dashboard.pet import is_pet, is_suv
from dashboard.slices import PRESETS, Plane, Window, auto_window
from dashboard.volumes import VolumeCache
from response.criteria import CRITERIA
from response.endpoints import select_effective
from response.export.given import list_given
from response.geometry import Grid, same_grid
from response.insight import Insight
from response.model import (
    Account,
    AuditEntry,
    Finding,
    MarkSet,
    Point,
    Reader,
    Readings,
    Registration,
    Scan,
    Subject,
    SubjectResult,
    TimePoint,
    Tracking,
)
from response.protocol import Protocol
from response.read_insights import read_insights
from response.register import Transform
from response.store import Store
from response.workspace import Workspace
from response.written import lay_out_readings

AUDIT_PAGE = 200
OUTLINES_KEPT = 512
SCANS_KEPT = 1024
INSIGHTS_KEPT = 64
SCAN_KEPT_S = 30.0
"""How long a scan found by its token is remembered, seconds; scrolling asks for it each time."""


@dataclass(frozen=True, slots=True)
class CohortEntry:
    """One subject as one reader saw it; ``result`` is None where nothing was assessed yet."""

    subject: Subject
    reader: Reader
    result: SubjectResult | None
    tracking: Tracking | None
    readers: int = 1


@dataclass(frozen=True, slots=True)
class Cohort:
    """All subjects under one criterion; ``criteria`` are those with results."""

    entries: tuple[CohortEntry, ...]
    criteria: tuple[str, ...]
    criterion: str


@dataclass(frozen=True, slots=True)
class SubjectView:
    """One subject as one reader saw it, and who else did."""

    subject: Subject
    readers: tuple[Reader, ...]
    reader: Reader
    criteria: tuple[str, ...]
    criterion: str
    result: SubjectResult | None
    tracking: Tracking | None
    time_points: tuple[TimePoint, ...]
    given: Readings | None = None
    """What the reader's tables say, without images."""

    def scan(self, scan_id: str) -> Scan | None:
        """Return a scan of the subject."""
        return next((s for tp in self.time_points for s in tp.scans if s.scan_id == scan_id), None)

    def time_point_of(self, scan: Scan) -> TimePoint | None:
        """Return the time point that a scan is of."""
        return next((tp for tp in self.time_points if tp.time_point == scan.time_point), None)

    def marks_on(self, scan: Scan, reader: Reader) -> MarkSet | None:
        """Return what a reader marked on a scan, where anything was."""
        found = self._find_marks(scan.scan_id, reader)
        return found if found is not None and found.mask_path else None

    def mark_set(self, finding: Finding) -> MarkSet | None:
        """Return the marks a finding was read from."""
        return self._find_marks(finding.scan_id, finding.reader)

    def _find_marks(self, scan_id: str, reader: Reader) -> MarkSet | None:
        every = (marks for tp in self.time_points for marks in tp.mark_sets)
        return next((m for m in every if m.scan_id == scan_id and m.reader == reader), None)


class Data:
    """What pages may ask for.

    Parameters
    ----------
    workspace
        Where the images are.
    store
        Kept open between units of work, and let go of when another process asks.
    """

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self._workspace = workspace
        self._store = store
        self._token_key = workspace.secret("SESSION_KEY")
        self.volumes = VolumeCache(workspace.read_image)
        self.inbox = Inbox(workspace, store)
        self._outlines: dict[tuple[str, Plane, int], dict[int, tuple[Line, ...]]] = {}
        self._scans: dict[tuple[str, str], tuple[float, Scan]] = {}
        self._insights: dict[tuple[SubjectResult, str], Insight] = {}
        self._windows: dict[str, Window] = {}
        self._outlines_lock = threading.Lock()

    @property
    def default_criterion(self) -> str:
        """The criterion the protocol asks for."""
        return self._workspace.protocol().criterion.name

    @property
    def protocol(self) -> Protocol:
        """The choices of the trial or clinic."""
        return self._workspace.protocol()

    def read_cohort(self, criterion: str = "") -> Cohort:
        """Return every subject and reader under a criterion (the protocol's, if not said)."""
        results = _standing(self._store.read_results())
        criteria = tuple(sorted({r.summary.criterion for r in results}))
        chosen = self._choose_criterion(criteria, criterion)
        found = {
            (r.summary.subject, r.summary.reader): r
            for r in results
            if r.summary.criterion == chosen
        }
        trackings = {(t.subject, t.reader): t for t in self._read_lesions(results)}
        entries: list[CohortEntry] = []
        for subject in self._store.read_subjects():
            readers = sorted(
                {reader for name, reader in (*found, *trackings) if name == subject.subject}
            ) or [Reader()]
            entries += [
                CohortEntry(
                    subject,
                    reader,
                    found.get((subject.subject, reader)),
                    trackings.get((subject.subject, reader)),
                    len(readers),
                )
                for reader in readers
            ]
        return Cohort(tuple(entries), criteria, chosen)

    def read_subject(self, key: str, reader: str = "", criterion: str = "") -> SubjectView | None:
        """Return one subject by its opaque key, or None; ``reader`` as an address names one."""
        subject = self._store.read_subject_by_key(key)
        if subject is None:
            return None
        results = _standing(self._store.read_results(subject.subject))
        trackings = self._read_lesions(results, subject.subject)
        readers = tuple(
            sorted({r.summary.reader for r in results} | {t.reader for t in trackings})
        ) or (Reader(),)
        chosen_reader = next((r for r in readers if reader_token(r) == reader), readers[0])
        criteria = tuple(sorted({r.summary.criterion for r in results}))
        chosen = self._choose_criterion(criteria, criterion)
        return SubjectView(
            subject=subject,
            readers=readers,
            reader=chosen_reader,
            criteria=criteria,
            criterion=chosen,
            result=_find_result(results, chosen_reader, chosen),
            tracking=next((t for t in trackings if t.reader == chosen_reader), None),
            time_points=self._store.read_time_points(subject.subject),
            given=next(
                (
                    one
                    for one in self._store.read_readings(subject.subject)
                    if one.reader == chosen_reader
                ),
                None,
            ),
        )

    def _read_lesions(
        self, results: Sequence[SubjectResult], subject: str | None = None
    ) -> tuple[Tracking, ...]:
        """Return lesions through time: tracked in images, and written down without any."""
        baselines = {
            (r.summary.subject, r.summary.reader): r.assessments[0].time_point
            for r in results
            if r.assessments
        }
        written = (
            lay_out_readings(one, baselines.get((one.subject, one.reader), ""))
            for one in self._store.read_readings(subject)
        )
        return (*self._store.read_trackings(subject), *written)

    def read_given(self, view: SubjectView) -> tuple[Mapping[str, object], ...]:
        """Return what reports from elsewhere measured of a subject, beside ours."""
        return tuple(list_given(self._store, view.subject.subject))

    def read_insight(self, view: SubjectView) -> Insight | None:
        """Return how sure a subject's categories are and what would change them.

        Remembered for as long as the result and the protocol are what they were.
        """
        if view.result is None or view.criterion not in CRITERIA:
            return None
        protocol = self.protocol
        key = (view.result, protocol.model_dump_json())
        if key not in self._insights:
            while len(self._insights) >= INSIGHTS_KEPT:
                self._insights.pop(next(iter(self._insights)), None)
            (found,) = read_insights(self._store, view.subject, [view.result], protocol)
            self._insights[key] = found
        return self._insights[key]

    def read_quality(
        self,
    ) -> tuple[tuple[Subject, ...], tuple[Registration, ...], tuple[Tracking, ...]]:
        """Return the subjects, all registrations, and all trackings."""
        return (
            self._store.read_subjects(),
            self._store.read_registrations(),
            self._store.read_trackings(),
        )

    def read_audit(self, page: int) -> tuple[AuditEntry, ...]:
        """Return one page of the audit chain, newest first; pages count from 0."""
        return tuple(self._store.read_audit(AUDIT_PAGE, page * AUDIT_PAGE))

    def read_account(self, name: str) -> Account | None:
        """Return an account, disabled ones included."""
        return next((a for a in self._store.read_accounts() if a.name == name), None)

    def knows_subject(self, key: str) -> bool:
        """Tell whether there is a subject with this key."""
        return self._store.read_subject_by_key(key) is not None

    def note(self, action: str, *, actor: str, subject_key: str = "", **detail: str) -> None:
        """Write down who did or saw what; on the disk when this returns, no waiting for others."""
        self._store.note_view(action, actor=actor, subject_key=subject_key, detail=detail)

    # ------------------------------------------------------------------------------- images

    def scan_token(self, scan: Scan) -> str:
        """Return an opaque name for a scan, to stand in addresses."""
        return hmac.new(self._token_key, scan.scan_id.encode(), "sha256").hexdigest()[:24]

    def find_scan(self, key: str, token: str) -> Scan | None:
        """Return the scan of a subject that a token names; remembered while somebody scrolls."""
        at, scan = self._scans.get((key, token), (float("-inf"), None))
        if scan is None or time.monotonic() - at > SCAN_KEPT_S:
            scan = self._read_scan(key, token)
            if len(self._scans) >= SCANS_KEPT:
                self._scans.clear()
            if scan is not None:
                self._scans[key, token] = (time.monotonic(), scan)
        return scan

    def _read_scan(self, key: str, token: str) -> Scan | None:
        subject = self._store.read_subject_by_key(key)
        if subject is None:
            return None
        return next(
            (
                scan
                for tp in self._store.read_time_points(subject.subject)
                for scan in tp.scans
                if hmac.compare_digest(self.scan_token(scan), token)
            ),
            None,
        )

    def read_volume(self, scan: Scan) -> tuple[Any, Grid]:
        """Return a scan's voxels (axes k, j, i) and its grid."""
        return self.volumes.read(scan.image_path)

    def read_mask(self, marks: MarkSet) -> tuple[Any, Grid] | None:
        """Return the labels of a mark set (axes k, j, i) and its grid; None where none was seen."""
        return self.volumes.read(marks.mask_path) if marks.mask_path else None

    def read_grid(self, scan: Scan) -> Grid:
        """Return a scan's grid without keeping its voxels."""
        return self.volumes.read_grid(scan.image_path, self._workspace.resolve(scan.image_path))

    def find_window(self, scan: Scan, name: str, top: int) -> Window:
        """Return the window of a scan: in SUV from 0 to ``top``, a preset, or from its values."""
        if is_pet(scan) and is_suv(scan):
            return Window(0.0, float(top), inverted=True)
        if name in PRESETS and not is_pet(scan):
            return PRESETS[name]
        found = self._windows.get(scan.scan_id)
        if found is None:
            found = auto_window(self.read_volume(scan)[0], scan.modality)
            self._windows[scan.scan_id] = found
        return found

    def read_outlines(
        self, marks: MarkSet, plane: Plane, label: int
    ) -> dict[int, tuple[Line, ...]]:
        """Return the outlines of a label in every slice that holds it (see `outline_slices`).

        The slices may be those of another scan than the marks are on (see `outline_beside`).
        """
        key = (marks.mask_path, plane, label)
        with self._outlines_lock:
            found = self._outlines.get(key)
        if found is None:
            found = self._draw_outlines(marks, plane, label)
            with self._outlines_lock:
                self._outlines[key] = found
                while len(self._outlines) > OUTLINES_KEPT:
                    self._outlines.pop(next(iter(self._outlines)))
        return found

    def _draw_outlines(
        self, marks: MarkSet, plane: Plane, label: int
    ) -> dict[int, tuple[Line, ...]]:
        read = self.read_mask(marks)
        if read is None:
            return {}
        mask, grid = read
        if same_grid(grid, plane.grid):
            return outline_slices(mask, plane, label)
        return outline_beside(find_label(mask, label), grid, plane)

    def find_same_label(self, marks: MarkSet, label: int, other: MarkSet) -> int | None:
        """Return the label of another scan's marks that most of a label lies in, or None."""
        one, two = self.read_mask(marks), self.read_mask(other)
        if one is None or two is None:
            return None
        return find_most_common(find_label(one[0], label), one[1], *two)

    def carry_place(
        self, view: SubjectView, scan_id: str, place: Point, time_point: str
    ) -> CarriedPlace | None:
        """Return where a place of one scan lies at another time point, by the registrations."""
        way = self.find_way(view, scan_id, time_point)
        if way is None:
            return None
        return carry_place(place, way, lambda path: Transform.load(self._workspace.resolve(path)))

    def find_way(self, view: SubjectView, scan_id: str, time_point: str) -> tuple[Step, ...] | None:
        """Return the registrations that lead from a scan to another time point, or None."""
        goals = {s.scan_id for t in view.time_points if t.time_point == time_point for s in t.scans}
        registrations = self._store.read_registrations(view.subject.subject)
        return find_steps(registrations, scan_id, goals)

    def _choose_criterion(self, criteria: Sequence[str], wanted: str) -> str:
        if wanted in criteria:
            return wanted
        usual = self.default_criterion
        return usual if usual in criteria or not criteria else criteria[0]


def _find_result(
    results: Sequence[SubjectResult], reader: Reader, criterion: str
) -> SubjectResult | None:
    return next(
        (r for r in results if r.summary.reader == reader and r.summary.criterion == criterion),
        None,
    )


def _standing(results: Iterable[SubjectResult]) -> tuple[SubjectResult, ...]:
    """Return results with one row for each time point: the one that no later row supersedes."""
    return tuple(replace(r, assessments=select_effective(r.assessments)) for r in results)
