"""The steps in order: register, match, measure, assess. What is new or changed, nothing else.

Every result is kept by the digest of what it came from, so that a second run is a no-op and a run
that was killed goes on where it stopped. What one subject cannot be taken through is that subject's
refusal; what it had before stands, and the others go on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from response.assess import assess_subject, find_criterion
from response.corrections import active_decisions
from response.errors import (
    GeometryError,
    InputError,
    IntegrityError,
    MatchError,
    RegistrationError,
    ResponseError,
)
from response.model import (
    Assessment,
    Decision,
    Reader,
    Refusal,
    Registration,
    Scan,
    Subject,
    Tracking,
)
from response.protocol import Protocol as TrialProtocol
from response.read_streams import (
    ReadStream,
    find_read_streams,
    find_readers_with_both,
    group_by_subject,
)
from response.register import engine_key, register, stop_workers
from response.store import Store, describe_both
from response.streams import Stream, build_streams, successive_pairs
from response.supersede import supersede_confirmed
from response.tracking import RULES_VERSION, track_stream
from response.workspace import Workspace

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""


OF_ONE_SUBJECT = (InputError, MatchError, RegistrationError)
"""Errors that are one subject's. A store that cannot be used at all is everybody's."""


@dataclass(slots=True)
class Report:
    """What a step did: counts, and whatever it refused.

    ``failed`` holds the first error of each subject that could not be taken through; each is among
    ``refused``, too.
    """

    done: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failed: dict[str, ResponseError] = field(default_factory=dict)

    @contextmanager
    def refusing(self, subject: str) -> Iterator[None]:
        """Turn an error of one subject into its refusal."""
        try:
            yield
        except OF_ONE_SUBJECT as error:
            self.failed.setdefault(subject, error)
            self.refused.append(Refusal(subject, "", str(error)))


def _silent(_what: str, _done: int, _total: int) -> None:
    return None


def register_all(
    workspace: Workspace,
    store: Store,
    subjects: Sequence[Subject],
    *,
    actor: str,
    workers: int = 2,
    progress: Progress = _silent,
) -> Report:
    """Register successive scans of the subjects, each pair in a process of its own.

    A pair whose registration is stored already is left alone.
    """
    report = Report()
    jobs: dict[str, tuple[Scan, Scan]] = {}
    points = group_by_subject(store.read_time_points, subjects)
    made = {r.content_key for r in store.read_registrations()}
    for subject in subjects:
        streams = build_streams(subject.subject, points[subject.subject])
        for fixed, moving in successive_pairs(streams):
            key = pair_key(fixed, moving)
            if key in made:
                report.unchanged += 1
            else:
                jobs[key] = (fixed, moving)
    progress("register", 0, len(jobs))
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        running: dict[Future[Registration], str] = {
            pool.submit(_register_pair, workspace, key, fixed, moving): fixed.subject
            for key, (fixed, moving) in jobs.items()
        }
        try:
            for number, finished in enumerate(as_completed(running), 1):
                with report.refusing(running[finished]):
                    store.write_registration(finished.result(), actor=actor)
                    report.done += 1
                progress("register", number, len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_workers()
            raise
    return report


def pair_key(fixed: Scan, moving: Scan) -> str:
    """Return the digest of everything a registration depends on."""
    parts = [fixed.image_digest, moving.image_digest, fixed.modality, moving.modality, engine_key()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _register_pair(workspace: Workspace, key: str, fixed: Scan, moving: Scan) -> Registration:
    out = workspace.transforms / key[:2] / key
    same = fixed.modality == moving.modality
    modality = fixed.modality if same else "mixed"
    try:
        with workspace.private_folder() as private:
            made = register(
                workspace.resolve(fixed.image_path),
                workspace.resolve(moving.image_path),
                out,
                modality=modality,
                private=private,
            )
    except (RegistrationError, GeometryError) as error:
        return _unregistered(key, fixed, moving, str(error))
    return Registration(
        registration_id=key[:32],
        content_key=key,
        subject=fixed.subject,
        modality=moving.modality,
        series=moving.series,
        from_scan_id=fixed.scan_id,
        to_scan_id=moving.scan_id,
        from_time_point=fixed.time_point,
        to_time_point=moving.time_point,
        transform_path=workspace.relative(out),
        transform_digest=_folder_digest(out),
        seconds=made.seconds,
        similarity=made.similarity,
        folded_fraction=made.folded_fraction,
        trusted=made.trusted and same,
        reason=made.reason if same else f"{fixed.modality} to {moving.modality}; {made.reason}",
        engine=made.engine,
        parameters=made.parameters,
        expected_error_mm=made.expected_error_mm,
    )


def _unregistered(key: str, fixed: Scan, moving: Scan, reason: str) -> Registration:
    return Registration(
        key[:32],
        key,
        fixed.subject,
        moving.modality,
        moving.series,
        fixed.scan_id,
        moving.scan_id,
        fixed.time_point,
        moving.time_point,
        transform_path="",
        transform_digest="",
        seconds=0.0,
        similarity=0.0,
        folded_fraction=0.0,
        trusted=False,
        reason=reason,
        engine="none",
        parameters="{}",
        expected_error_mm=50.0,
    )


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def track_all(
    workspace: Workspace,
    store: Store,
    subjects: Sequence[Subject],
    *,
    actor: str,
    workers: int = 2,
    progress: Progress = _silent,
) -> Report:
    """Register, match and measure what is new or changed.

    A subject one of whose scans could not be registered for an error in what is stored is left as
    it was; a registration that fails otherwise is kept, untrusted.
    """
    report = register_all(
        workspace, store, subjects, actor=actor, workers=workers, progress=progress
    )
    protocol = workspace.protocol()
    report.done = report.unchanged = 0
    unregistered = frozenset(report.failed)
    points = group_by_subject(store.read_time_points, subjects)
    known = _Known(
        group_by_subject(store.read_registrations, subjects),
        group_by_subject(store.read_decisions, subjects),
        group_by_subject(store.read_trackings, subjects),
    )
    for number, subject in enumerate(subjects):
        progress("match and measure", number, len(subjects))
        if subject.subject in unregistered:
            continue
        for stream in build_streams(subject.subject, points[subject.subject]):
            if any(stop.read for stop in stream.stops):
                with report.refusing(subject.subject):
                    _track_one(workspace, store, subject, stream, protocol, known, report, actor)
    progress("match and measure", len(subjects), len(subjects))
    return report


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of the subjects at work."""

    registrations: Mapping[str, list[Registration]]
    decisions: Mapping[str, list[Decision]]
    trackings: Mapping[str, list[Tracking]]


def _track_one(
    workspace: Workspace,
    store: Store,
    subject: Subject,
    stream: Stream,
    protocol: TrialProtocol,
    known: _Known,
    report: Report,
    actor: str,
) -> None:
    name = subject.subject
    former = next((t for t in known.trackings[name] if t.reader == stream.reader), None)
    try:
        made, refused = track_stream(
            workspace,
            stream,
            subject.facts,
            protocol,
            registrations=known.registrations[name],
            decisions=active_decisions(known.decisions[name], stream.reader),
            former=former,
            known=lambda: store.read_known_tracking_uids(name, stream.reader),
        )
    except IntegrityError as error:
        # A stored file that is missing or damaged is this subject's alone.
        raise InputError(str(error)) from error
    report.refused += refused
    if made is None:
        report.unchanged += 1
        return
    report.warnings += [f"{name}: {warning}" for warning in made.warnings]
    store.write_tracking(made, actor=actor)
    report.done += 1


def current_tracking(store: Store, subject: str, reader: Reader) -> Tracking | None:
    """Return the tracking of one reader's stream as it stands, if there is one."""
    for tracking in store.read_trackings(subject):
        if tracking.reader == reader:
            return tracking
    return None


def assess_all(
    workspace: Workspace,
    store: Store,
    subjects: Sequence[Subject],
    *,
    actor: str,
    criterion: str = "",
    progress: Progress = _silent,
) -> Report:
    """Derive categories, best response and endpoints where something they rest on changed."""
    protocol = workspace.protocol()
    name = criterion or protocol.criterion.name
    find_criterion(name)
    report = Report()
    for number, streams in enumerate(find_read_streams(store, subjects, protocol)):
        progress("assess", number, len(subjects))
        both = find_readers_with_both(streams)
        for stream in streams:
            if stream.reader not in both:
                with report.refusing(stream.subject.subject):
                    _assess_one(store, stream, protocol, name, report, actor)
        report.refused += [
            Refusal(one.subject.subject, "", describe_both(one.subject.subject, reader))
            for reader, one in both.items()
        ]
    progress("assess", len(subjects), len(subjects))
    return report


def _assess_one(
    store: Store,
    stream: ReadStream,
    protocol: TrialProtocol,
    name: str,
    report: Report,
    actor: str,
) -> None:
    subject, reader = stream.subject, stream.reader
    chosen = protocol.model_dump_json(exclude={"alerts"})
    key = _digest(*stream.key, repr(subject.facts), chosen, name, RULES_VERSION)
    if store.find_assessment_key(subject.subject, name, reader) == key:
        report.unchanged += 1
        return
    readings, assessed = stream.rows_for(name)
    made = assess_subject(
        subject.subject,
        reader,
        readings,
        subject.facts,
        protocol,
        criterion=name,
        time_points=assessed,
    )
    former = _former(store, subject.subject, name, reader)
    if stream.readings is not None:
        there = {row.time_point for row in made.assessments}
        former = tuple(row for row in former if row.time_point in there)
    standing = supersede_confirmed(former, made.assessments, dt.date.today())
    result = replace(made, assessments=standing)
    store.write_assessments(subject.subject, name, reader, key, result, actor=actor)
    report.done += 1


def _former(store: Store, subject: str, name: str, reader: Reader) -> tuple[Assessment, ...]:
    results = store.read_results(subject, name)
    return next((r.assessments for r in results if r.summary.reader == reader), ())


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()
