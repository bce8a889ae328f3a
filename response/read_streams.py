"""What each reader read of each subject, from images or from tables: what a criterion is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol, TypeVar

from response.corrections import active_decisions, confirmed_until
from response.model import (
    AssessedTimePoint,
    Decision,
    LesionReading,
    Reader,
    Readings,
    Registration,
    Subject,
    Tracking,
)
from response.protocol import Protocol as TrialProtocol
from response.read_uptake import UPTAKE_CRITERIA, choose_roles, find_study, read_uptake
from response.readings import read_tracking
from response.store import Store
from response.streams import Stop, Stream, build_streams, pair_scans
from response.terms import Role

Rows = tuple[tuple[LesionReading, ...], tuple[AssessedTimePoint, ...]]
"""What :func:`response.assess.assess_subject` takes of a reader."""


@dataclass(frozen=True, slots=True)
class ReadStream:
    """One reader's word on one subject.

    ``key`` is what it rests on, told apart without making the rows; ``make_rows`` makes them.
    ``make_uptake_rows`` makes those of PERCIST and EORTC, where they differ. ``tracking`` holds the
    lesions found on images, ``readings`` the tables given without images.
    """

    subject: Subject
    reader: Reader
    key: tuple[object, ...]
    make_rows: Callable[[], Rows]
    make_uptake_rows: Callable[[], Rows] | None = None
    tracking: Tracking | None = None
    readings: Readings | None = None

    def rows_for(self, criterion: str) -> Rows:
        """Make the rows that a criterion reads: of uptake, where it rests on that."""
        if criterion in UPTAKE_CRITERIA and self.make_uptake_rows is not None:
            return self.make_uptake_rows()
        return self.make_rows()


class _OfSubject(Protocol):
    @property
    def subject(self) -> str:
        """Whose row it is."""


Row = TypeVar("Row", bound=_OfSubject)


def group_by_subject(
    read: Callable[[str | None], tuple[Row, ...]], subjects: Sequence[Subject]
) -> dict[str, list[Row]]:
    """Read rows once, whether of one subject or of all, and group them."""
    rows: dict[str, list[Row]] = {subject.subject: [] for subject in subjects}
    for row in read(subjects[0].subject if len(subjects) == 1 else None):
        if row.subject in rows:
            rows[row.subject].append(row)
    return rows


def find_read_streams(
    store: Store, subjects: Sequence[Subject], protocol: TrialProtocol
) -> Iterator[list[ReadStream]]:
    """Find what was read of each subject in turn, by reader; images before tables."""
    points = group_by_subject(store.read_time_points, subjects)
    registrations = group_by_subject(store.read_registrations, subjects)
    decisions = group_by_subject(store.read_decisions, subjects)
    trackings = group_by_subject(store.read_trackings, subjects)
    readings = group_by_subject(store.read_readings, subjects)
    for subject in subjects:
        name = subject.subject
        streams = {stream.reader: stream for stream in build_streams(name, points[name])}
        found = [
            _from_images(
                subject,
                tracking,
                streams[tracking.reader],
                active_decisions(decisions[name], tracking.reader),
                registrations[name],
                protocol,
            )
            for tracking in trackings[name]
            if tracking.reader in streams
        ]
        yield [*found, *(_from_tables(subject, one) for one in readings[name])]


def _from_tables(subject: Subject, given: Readings) -> ReadStream:
    return ReadStream(
        subject,
        given.reader,
        (given.content_key,),
        lambda: (given.readings, given.time_points),
        readings=given,
    )


def _from_images(
    subject: Subject,
    tracking: Tracking,
    stream: Stream,
    decisions: Sequence[Decision],
    registrations: Iterable[Registration],
    protocol: TrialProtocol,
) -> ReadStream:
    key = (tracking.content_key, [(d.decision_id, d.value) for d in decisions])

    def make_rows(roles: Mapping[str, Role] | None = None) -> Rows:
        start = subject.facts.treatment_start
        points = [
            (s.time_point.time_point, s.time_point.date)
            for s in stream.stops
            if s.read or start is None or s.time_point.date > start
        ]
        unread = frozenset(s.time_point.time_point for s in stream.stops if not s.read)
        vouched = _vouched(stream, registrations)
        return read_tracking(
            tracking, points, decisions, protocol, vouched=vouched, unread=unread, roles=roles
        )

    def make_uptake_rows() -> Rows:
        studies = {s.time_point.time_point: find_study(s, tracking, protocol) for s in stream.stops}
        rows = make_rows(choose_roles(tracking, studies, protocol))
        until = confirmed_until(tracking, decisions)
        held = frozenset(p.time_point for p in rows[1] if (p.date, p.time_point) <= until)
        return read_uptake(rows, tracking, studies, held)

    return ReadStream(subject, tracking.reader, key, make_rows, make_uptake_rows, tracking=tracking)


def _vouched(stream: Stream, registrations: Iterable[Registration]) -> frozenset[str]:
    """Return the time points where an automatic new lesion may count.

    Both scans that lead there were read; and where the series changed, nothing was read that was
    not read before.
    """
    trusted = {(r.from_scan_id, r.to_scan_id) for r in registrations if r.trusted}
    return frozenset(
        b.time_point.time_point
        for a, b in itertools.pairwise(stream.stops)
        if a.complete and b.complete and _lead_to(a, b, trusted)
    )


def _lead_to(a: Stop, b: Stop, trusted: Set[tuple[str, str]]) -> bool:
    fixed, moving = pair_scans(a, b)
    if (fixed.scan_id, moving.scan_id) not in trusted:
        return False
    if a.scan.modality == b.scan.modality:
        return True
    read = fixed.scan_id in a.marked_scans and moving.scan_id in b.marked_scans
    return read and b.marked_on <= a.marked_on


def find_readers_with_both(streams: Iterable[ReadStream]) -> Mapping[Reader, ReadStream]:
    """Find the readers who have both lesions on images and tables of one subject."""
    streams = list(streams)
    tracked = {stream.reader for stream in streams if stream.tracking is not None}
    return {s.reader: s for s in streams if s.readings is not None and s.reader in tracked}
