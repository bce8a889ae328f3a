"""Reading what a person gives: plan all of it, then take it time point by time point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from response.errors import InputError
from response.ingest.across import (
    Known,
    join_subjects,
    merge_facts,
    refuse_duplicates,
    refuse_problems,
    sort_lesion_rows,
    warn_of_likenesses,
)
from response.ingest.dicom_plan import plan_dicom
from response.ingest.manifest import plan_manifest
from response.ingest.persons import compare_persons
from response.ingest.report_writing import take_reports
from response.ingest.sources import IngestReport, Plan, TimePointSource
from response.ingest.tables import LesionRow, read_lesions, read_subjects
from response.ingest.writing import take_time_point
from response.model import SubjectFacts
from response.store import Store
from response.workspace import Workspace

Progress = Callable[[str, int, int], None]

Key = tuple[str, str]
"""A subject and a time point."""

Rows = dict[Key, list[LesionRow]]

READING = "reading scans"

MANIFEST_NAME = "manifest.csv"


def ingest_paths(
    paths: Sequence[Path],
    workspace: Workspace,
    store: Store,
    *,
    root: Path | None = None,
    subjects_csv: Path | None = None,
    lesions_csv: Path | None = None,
    marks_complete: bool = False,
    actor: str,
    progress: Progress | None = None,
) -> IngestReport:
    """Read manifests and DICOM folders into a workspace.

    A path is a manifest (a CSV file, or a folder that holds a ``manifest.csv``) or a DICOM folder,
    read with everything below it; all DICOM folders are read as one. ``lesions.csv`` and
    ``subjects.csv`` beside a manifest are used where no others are named. Each time point is taken
    wholly or refused wholly; what is stored already is not decoded again.

    Parameters
    ----------
    paths
        What to read.
    workspace, store
        Where to.
    root
        Paths of a manifest may also point below this folder.
    subjects_csv, lesions_csv
        What scans do not say; they take the place of those beside the manifests.
    marks_complete
        Whether DICOM segmentations hold every visible lesion.
    actor
        Who does it, for the audit trail.
    progress
        Is told what is done, how many of it, of how many.

    Raises
    ------
    ManifestError
        A manifest or table cannot be used as a whole; nothing was written.
    InputError
        A path is neither a manifest nor a DICOM folder; nothing was written.
    """
    today = dt.datetime.now().astimezone().date()
    plan, manifests = _plan_paths(paths, root, today, marks_complete=marks_complete)
    subjects = {subject for subject, _time_point in plan.named if subject}
    known: Known = {subject: store.read_time_points(subject) for subject in sorted(subjects)}
    _join_subject_tables(plan, _choose_tables(subjects_csv, manifests, "subjects.csv"), today)
    rows = _read_lesion_tables(plan, _choose_tables(lesions_csv, manifests, "lesions.csv"), known)
    compare_persons(plan, known, workspace.secret("SUBJECT_KEY"))
    refuse_duplicates(plan, known)
    warn_of_likenesses(plan)
    into = _Destination(workspace, store, actor)
    taken, unchanged = _take_all(plan, rows, known, into, progress or _say_nothing)
    reported = take_reports(plan, store, today=today, actor=actor)
    here = {subject for subject, _time_point in taken + unchanged} | reported.subjects
    _write_facts(plan, here, into)
    return IngestReport(
        tuple(taken),
        tuple(unchanged),
        tuple(plan.refused),
        tuple(plan.warnings),
        reported.count,
    )


@dataclass(frozen=True, slots=True)
class _Destination:
    workspace: Workspace
    store: Store
    actor: str


def _say_nothing(what: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""


def _plan_paths(
    paths: Sequence[Path], root: Path | None, today: dt.date, *, marks_complete: bool
) -> tuple[Plan, list[Path]]:
    plan = Plan()
    manifests, folders = [], []
    for path in paths:
        if path.is_dir() and not (path / MANIFEST_NAME).is_file():
            folders.append(path)
        elif path.exists():
            manifests.append(path / MANIFEST_NAME if path.is_dir() else path)
        else:
            raise InputError(f"{path.name}: is not there; name a manifest or a DICOM folder")
    for manifest in manifests:
        plan_manifest(manifest, plan, root=root, today=today)
    if folders:
        plan_dicom(folders, plan, today=today, marks_complete=marks_complete)
    return plan, manifests


def _choose_tables(named: Path | None, manifests: Sequence[Path], name: str) -> list[Path]:
    if named is not None:
        return [named]
    beside = dict.fromkeys(manifest.parent / name for manifest in manifests)
    return [path for path in beside if path.is_file()]


def _join_subject_tables(plan: Plan, tables: Sequence[Path], today: dt.date) -> None:
    for path in tables:
        facts, problems = read_subjects(path, today)
        join_subjects(plan, facts)
        refuse_problems(plan, problems)


def _read_lesion_tables(plan: Plan, tables: Sequence[Path], known: Known) -> Rows:
    rows: list[LesionRow] = []
    for path in tables:
        found, problems = read_lesions(path)
        rows += found
        refuse_problems(plan, problems)
    return sort_lesion_rows(plan, rows, known)


def _take_all(
    plan: Plan, rows: Rows, known: Known, into: _Destination, progress: Progress
) -> tuple[list[Key], list[Key]]:
    taken: list[Key] = []
    unchanged: list[Key] = []
    sources = sorted(plan.sources, key=lambda source: (source.subject, source.date))
    for number, source in enumerate(sources):
        progress(READING, number, len(sources))
        key = (source.subject, source.time_point)
        try:
            mine = rows.get(key, [])
            made = take_time_point(
                _heed(source, mine, known),
                mine,
                first=source.date <= _find_first_day(source.subject, plan, known),
                workspace=into.workspace,
                store=into.store,
                actor=into.actor,
            )
        except InputError as error:
            plan.refuse(*key, str(error))
        except MemoryError:
            plan.refuse(*key, "image: too large for the memory of this machine")
        else:
            (taken if made.changed else unchanged).append(key)
            plan.warnings += made.warnings
    if sources:
        progress(READING, len(sources), len(sources))
    return taken, unchanged


def _heed(source: TimePointSource, rows: Sequence[LesionRow], known: Known) -> TimePointSource:
    """Have labels that a table speaks of, now or earlier, read as lesions."""
    stored = [one for one in known.get(source.subject, ()) if one.time_point == source.time_point]
    labels = {row.fact.label for row in rows}
    labels |= {fact.label for point in stored for fact in point.lesion_facts}
    wanted = frozenset(labels)
    scans = tuple(
        replace(
            scan,
            marks=tuple(mark.choose(wanted) if mark.choose else mark for mark in scan.marks),
        )
        for scan in source.scans
    )
    return replace(source, scans=scans)


def _find_first_day(subject: str, plan: Plan, known: Known) -> dt.date:
    """The earliest day anything of a subject is known of, refused time points included."""
    given = [day for (name, _time_point), day in plan.named.items() if name == subject and day]
    return min([*given, *(stored.date for stored in known.get(subject, ()))])


def _write_facts(plan: Plan, taken: set[str], into: _Destination) -> None:
    """Write subjects' dates, of those whose scans are in the workspace."""
    for subject, facts in sorted(plan.subjects.items()):
        stored = into.store.read_subject(subject)
        if stored is None and subject not in taken:
            plan.warnings.append(f"{subject}: dates are given, but no scan of this subject is")
            continue
        merged = merge_facts(stored.facts if stored else SubjectFacts(subject), facts)
        if stored is None or merged != stored.facts:
            into.store.write_subject_facts(merged, actor=into.actor)
