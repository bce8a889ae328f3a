"""What is planned to be taken, before anything is decoded: the same for manifests and DICOM."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from response.geometry import Grid
from response.ingest.identity import Person
from response.ingest.itk import Image
from response.ingest.labels import Labels
from response.ingest.reports import Report, Studied
from response.model import Reader, Refusal, SubjectFacts


@dataclass(frozen=True, slots=True)
class MarkSource:
    """One reader's marks on one scan; ``read`` is ``None`` for *read, nothing there*.

    ``choose`` gives the same marks read so that certain labels count as lesions, because a person's
    table speaks of them, where the source would leave them aside.
    """

    reader: Reader
    digest: str
    complete: bool
    read: Callable[[Grid], Labels] | None
    choose: Callable[[frozenset[int]], MarkSource] | None = None


@dataclass(frozen=True, slots=True)
class ScanSource:
    """One scan; ``digest`` is that of the files it is read from.

    ``acquisition_axis`` is the image axis of the slices where the source says it; ``origin`` makes
    the text of :mod:`response.ingest.origin` for scans that come from DICOM. ``examine`` gives
    facts that only the voxels show; they take the place of those stated.
    """

    modality: str
    series: str
    digest: str
    read: Callable[[], Image]
    marks: tuple[MarkSource, ...]
    source: str = "nifti"
    acquisition_axis: int | None = None
    slice_thickness_mm: float | None = None
    chosen_because: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    origin: Callable[[], str] | None = None
    examine: Callable[[Image], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class TimePointSource:
    """One time point: wholly taken or wholly refused."""

    subject: str
    time_point: str
    date: dt.date
    scans: tuple[ScanSource, ...]


@dataclass(slots=True)
class Plan:
    """What the given paths hold: time points to take, what is refused already, and why.

    ``named`` are all (subject, time point) that were given, refused ones included, with their date
    where it is known. ``reports`` are measurements without scans, ``studied`` the images that they
    may refer to. ``persons`` is what headers say of who a subject is: compared, never stored.
    """

    sources: list[TimePointSource] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    subjects: dict[str, SubjectFacts] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    studied: Studied = field(default_factory=Studied)
    named: dict[tuple[str, str], dt.date | None] = field(default_factory=dict)
    persons: dict[str, Person] = field(default_factory=dict)

    def refuse(self, subject: str, time_point: str, *reasons: str) -> None:
        """Note that a time point is not taken, with all reasons in one line."""
        self.refused.append(Refusal(subject, time_point, "; ".join(dict.fromkeys(reasons))))

    def drop(self, source: TimePointSource, reason: str) -> None:
        """Refuse a time point that was planned."""
        self.sources.remove(source)
        self.refuse(source.subject, source.time_point, reason)

    def drop_subject(self, subject: str, reason: str) -> None:
        """Refuse what is planned of a subject; the subject itself where nothing is."""
        mine = [source for source in self.sources if source.subject == subject]
        for source in mine:
            self.drop(source, reason)
        if not mine:
            self.refuse(subject, "", reason)

    def drop_reports(self, subject: str) -> None:
        """Leave out the reports of a subject that is refused as a whole."""
        self.reports = [report for report in self.reports if subject not in report.subjects]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of everything given; time points as (subject, time point).

    ``reports`` counts the reports whose measurements are kept.
    """

    taken: tuple[tuple[str, str], ...]
    unchanged: tuple[tuple[str, str], ...]
    refused: tuple[Refusal, ...]
    warnings: tuple[str, ...]
    reports: int = 0
