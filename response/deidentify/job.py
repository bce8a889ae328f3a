"""Ingesting with ``--deidentify``: the originals are copied without identity, the copies read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from response.deidentify.files import Copies, copy_dicom_folder
from response.deidentify.pseudonyms import KEY_NAME, Pseudonyms, read_pseudonyms
from response.deidentify.tables import Tables
from response.errors import InputError
from response.ingest.run import MANIFEST_NAME, Progress, ingest_paths
from response.ingest.sources import IngestReport
from response.store import Store
from response.workspace import Workspace

NEW_KEY = (
    "a key of pseudonyms was made in this workspace (secrets/pseudonym_key); who has it can find "
    "patients again: keep it apart, or give your own in RESPONSE_PSEUDONYM_KEY"
)


def ingest_deidentified(
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
    """Read manifests and DICOM folders into a workspace without their patients' identities.

    Copies without identity are made first, in a folder only this process can read, and ingested;
    then they are gone. Tables given with the original numbers and dates are carried over with the
    same key. Messages call files by their number in the order of paths, tables by their rows.

    Parameters
    ----------
    paths, workspace, store, root, subjects_csv, lesions_csv, marks_complete, actor, progress
        As of :func:`response.ingest.run.ingest_paths`.

    Raises
    ------
    ManifestError, InputError
        As there.
    """
    copies = Copies(warnings=[] if workspace.has_secret(KEY_NAME) else [NEW_KEY])
    names = read_pseudonyms(workspace)
    today = dt.datetime.now().astimezone().date()
    with workspace.private_folder() as folder:
        run = _Run(names, today, folder, Tables(names, today, folder, root), copies)
        try:
            copied = [run.copy_path(path) for path in paths]
            subjects = run.copy_table(subjects_csv, "subjects.csv")
            lesions = run.copy_table(lesions_csv, "lesions.csv")
        except OSError as error:  # its own words would name the file
            raise InputError(f"a file could not be copied ({error.strerror})") from None
        report = ingest_paths(
            copied,
            workspace,
            store,
            subjects_csv=subjects,
            lesions_csv=lesions,
            marks_complete=marks_complete,
            actor=actor,
            progress=progress,
        )
        return run.join(report, store)


def ingest_identified(
    paths: Sequence[Path], workspace: Workspace, store: Store, **options: Any
) -> IngestReport:
    """Read as :func:`response.ingest.run.ingest_paths`; warn of patients known by pseudonym too."""
    report = ingest_paths(paths, workspace, store, **options)
    if not workspace.has_secret(KEY_NAME):
        return report
    try:
        names = read_pseudonyms(workspace)
    except InputError:  # no pseudonym was ever made with such a key
        return report
    warnings = tuple(
        f"{subject}: this workspace also holds scans of the same patient that were taken with "
        "--deidentify; the two are kept apart"
        for subject in sorted({subject for subject, _time_point in report.taken})
        if names.subject(subject) != subject
        and store.read_subject(names.subject(subject)) is not None
    )
    return replace(report, warnings=(*report.warnings, *warnings))


@dataclass(slots=True)
class _Run:
    names: Pseudonyms
    today: dt.date
    folder: Path
    tables: Tables
    copies: Copies
    count: int = 0

    def copy_path(self, path: Path) -> Path:
        """Copy a manifest with what it names, or a DICOM folder; returns the copy."""
        self.count += 1
        into = self.folder / f"input{self.count:03}"
        if path.is_dir() and not (path / MANIFEST_NAME).is_file():
            into.mkdir()
            copy_dicom_folder(path, into, self.names, today=self.today, copies=self.copies)
            return into
        if not path.exists():
            raise InputError("a path is not there; name a manifest or a DICOM folder")
        manifest = path / MANIFEST_NAME if path.is_dir() else path
        self.tables.copy(manifest, into / MANIFEST_NAME)
        for name in ("subjects.csv", "lesions.csv"):
            if (manifest.parent / name).is_file():
                self.tables.copy(manifest.parent / name, into / name)
        return into / MANIFEST_NAME

    def copy_table(self, path: Path | None, name: str) -> Path | None:
        """Copy a table that was named."""
        if path is None:
            return None
        self.tables.copy(path, self.folder / name)
        return self.folder / name

    def join(self, report: IngestReport, store: Store) -> IngestReport:
        """Add what copying found to what reading the copies did."""
        met = self.tables.patients | self.copies.patients
        twice = sorted(
            self.names.subject(patient)
            for patient in met
            if patient != self.names.subject(patient) and store.read_subject(patient) is not None
        )
        warnings = tuple(
            f"{subject}: this workspace also holds scans of the same patient that were taken "
            "without --deidentify; the two are kept apart"
            for subject in twice
        )
        return replace(
            report,
            refused=(*report.refused, *self.copies.refused),
            warnings=(*report.warnings, *self.copies.warnings, *warnings),
        )
