"""One reader's scans in order: which scan stands for each time point, and which pairs to register.

Readers are separate streams (G-05). Like is paired with like: a stream keeps to one chain of
scans (one modality, one series kind) wherever the time point has it, and marks a reader made on
another series of the same time point join the lesion they overlap.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise, starmap

from response.model import MarkSet, Reader, Scan, SubjectFacts, TimePoint

MODALITY_ORDER = ("CT", "MR", "PT")
"""Which modality measures first where a reader marked several: the diameters of RECIST are CT's."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A time point in a stream: the scan that stands for it, and what the reader marked.

    ``others`` are the reader's marks on further series of the same time point.
    """

    time_point: TimePoint
    scan: Scan
    marks: MarkSet | None
    others: tuple[tuple[Scan, MarkSet], ...] = ()

    @property
    def read(self) -> bool:
        """Whether the reader read anything at this time point."""
        return self.marks is not None or bool(self.others)

    @property
    def marked_scans(self) -> tuple[str, ...]:
        """Identifiers of the scans that the reader marked."""
        first = (self.scan.scan_id,) if self.marks is not None else ()
        return (*first, *(scan.scan_id for scan, _ in self.others))

    @property
    def marked_on(self) -> frozenset[str]:
        """Modalities of the scans that the reader marked."""
        own = [self.scan.modality] if self.marks is not None else []
        return frozenset([*own, *(scan.modality for scan, _ in self.others)])

    @property
    def complete(self) -> bool:
        """Whether the reader vouches that every lesion visible is marked, on every series read.

        Marks on another series alone (the PET) say nothing of what this one (the CT) shows.
        """
        if self.marks is None:
            return False
        return all(marks.complete for marks in (self.marks, *(m for _, m in self.others)))


@dataclass(frozen=True, slots=True)
class Stream:
    """All time points of a subject as one reader saw them, by date."""

    subject: str
    reader: Reader
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The time point that later ones are compared with, and how it was found."""

    time_point: str
    assumed: bool
    warning: str = ""


def build_streams(subject: str, time_points: Sequence[TimePoint]) -> tuple[Stream, ...]:
    """Return one stream per reader; without any marks, one stream that only orders the scans.

    Parameters
    ----------
    subject
        The subject, as named in the workspace.
    time_points
        In any order; those without a scan are left out.
    """
    ordered = sorted(
        (tp for tp in time_points if tp.scans), key=lambda tp: (tp.date, tp.time_point)
    )
    if not ordered:
        return ()
    readers = sorted({marks.reader for tp in ordered for marks in tp.mark_sets}) or [Reader()]
    return tuple(_stream(subject, reader, ordered) for reader in readers)


def successive_pairs(streams: Iterable[Stream]) -> tuple[tuple[Scan, Scan], ...]:
    """Return every pair of successive scans of the streams once, in order."""
    pairs = {
        (fixed.scan_id, moving.scan_id): (fixed, moving)
        for stream in streams
        for fixed, moving in starmap(pair_scans, pairwise(stream.stops))
    }
    return tuple(pairs.values())


def pair_scans(earlier: Stop, later: Stop) -> tuple[Scan, Scan]:
    """Return the scans whose registration leads from a stop to the next one.

    They are the stops' own where these are of one modality; else those of the first modality that
    both time points have (PET and PET, where the CT is missing from one), since the scans of one
    time point share the patient's space; else the stops' own all the same.
    """
    if earlier.scan.modality == later.scan.modality:
        return earlier.scan, later.scan
    marked = {*earlier.marked_scans, *later.marked_scans}
    alike = (
        (a, b)
        for a in earlier.time_point.scans
        for b in later.time_point.scans
        if a.modality == b.modality
    )
    return min(
        alike,
        key=lambda pair: _pair_rank(pair[0], pair[1], marked),
        default=(earlier.scan, later.scan),
    )


def _pair_rank(a: Scan, b: Scan, marked: Set[str]) -> tuple[int, str, bool, int, str, str]:
    """Rank a pair: its modality, the same series, what was marked."""
    unmarked = (a.scan_id not in marked) + (b.scan_id not in marked)
    rank = _modality_rank(a.modality)
    return rank, a.modality, a.series != b.series, unmarked, a.series, b.series


def find_baseline(stream: Stream, facts: SubjectFacts) -> Baseline:
    """Return the last time point this reader read on or before the start of treatment.

    Where no start is known, or nothing was read by then, it is the earliest one read, *assumed*.

    Source: RECIST 1.1, section 4.1 (baseline within 4 weeks before treatment); R1-01.
    """
    read = [
        (stop.time_point.date, stop.time_point.time_point) for stop in stream.stops if stop.read
    ]
    if not read:
        return Baseline("", assumed=True)
    start = facts.treatment_start
    if start is None:
        return Baseline(read[0][1], assumed=True, warning="no treatment start is known")
    before = [(day, name) for day, name in read if day <= start]
    if not before:
        return Baseline(
            read[0][1], assumed=True, warning=f"nothing was read on or before {start.isoformat()}"
        )
    day, name = before[-1]
    return Baseline(name, assumed=False, warning=_late(day, start))


def _late(day: dt.date, start: dt.date) -> str:
    gap = (start - day).days
    return f"the baseline is {gap} days before treatment start (more than 28)" if gap > 28 else ""


def _stream(subject: str, reader: Reader, time_points: Sequence[TimePoint]) -> Stream:
    kinds = _series_kinds(time_points)
    main = _main_kind(reader, time_points, kinds)
    return Stream(subject, reader, tuple(_stop(reader, tp, kinds, main) for tp in time_points))


def _series_kinds(time_points: Sequence[TimePoint]) -> dict[str, tuple[str, str]]:
    """Return scan_id → (modality, series kind); the kind is empty where a modality is alone."""
    several: dict[str, bool] = defaultdict(bool)
    for tp in time_points:
        for modality, count in Counter(scan.modality for scan in tp.scans).items():
            several[modality] |= count > 1
    return {
        scan.scan_id: (scan.modality, scan.series if several[scan.modality] else "")
        for tp in time_points
        for scan in tp.scans
    }


def _main_kind(
    reader: Reader, time_points: Sequence[TimePoint], kinds: dict[str, tuple[str, str]]
) -> tuple[str, str]:
    """Choose what the reader marked most; PET only where nothing else was marked."""
    marked = Counter(
        kinds[marks.scan_id]
        for tp in time_points
        for marks in tp.mark_sets
        if marks.reader == reader
    )
    pool = marked or Counter(kinds.values())
    return min(pool, key=lambda k: (k[0] == "PT", -pool[k], _modality_rank(k[0]), k))


def _modality_rank(modality: str) -> int:
    return MODALITY_ORDER.index(modality) if modality in MODALITY_ORDER else len(MODALITY_ORDER)


def _stop(
    reader: Reader, tp: TimePoint, kinds: dict[str, tuple[str, str]], main: tuple[str, str]
) -> Stop:
    marks = {m.scan_id: m for m in tp.mark_sets if m.reader == reader}
    scans = sorted(
        tp.scans,
        key=lambda s: (
            kinds[s.scan_id] != main,
            s.scan_id not in marks,
            s.modality != main[0],
            _modality_rank(s.modality),
            s.series,
        ),
    )
    first = scans[0]
    others = tuple((s, marks[s.scan_id]) for s in scans[1:] if s.scan_id in marks)
    return Stop(tp, first, marks.get(first.scan_id), others)
