"""One time point into the workspace: decode what is new, check it, write all of it or nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from response.errors import InputError
from response.geometry import Grid, choose_slice_axis, find_field_box
from response.ingest.drawn_facts import join_drawn_facts
from response.ingest.itk import Image, sitk
from response.ingest.labels import Labels
from response.ingest.sources import MarkSource, ScanSource, TimePointSource
from response.ingest.tables import LesionRow, choose_reader
from response.model import LesionFact, MarkSet, Reader, Scan, TimePoint
from response.store import Store
from response.terms import Role
from response.workspace import Workspace

_NAMESPACE = uuid.UUID("7d0d4a5c-6e0b-5f7a-9d2c-3b1f8a64c2e1")


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether anything was new, and what a person should know."""

    changed: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A scan to be stored, with images where they were decoded (``None``: stored already)."""

    scan: Scan
    image: Image | None
    origin: str | None
    marks: tuple[tuple[MarkSet, Labels | None], ...]


def take_time_point(
    source: TimePointSource,
    rows: Sequence[LesionRow],
    *,
    first: bool,
    workspace: Workspace,
    store: Store,
    actor: str,
) -> Taken:
    """Take one time point into the workspace, wholly or not at all.

    What the workspace holds already, by digest, is not decoded again.

    Parameters
    ----------
    source
        What to take.
    rows
        What ``lesions.csv`` says of this time point.
    first
        Whether it is the subject's first: nothing can be new there.
    workspace, store
        Where to.
    actor
        Who does it, for the audit trail.

    Raises
    ------
    InputError
        Something of it cannot be used; nothing was written.
    """
    known = _find_known(store, source)
    decoded = [_decode(scan, source, known, workspace) for scan in source.scans]
    doubts = _find_doubts(source, decoded)
    notes = _list_notes(source, decoded)
    decoded = [_leave_unread(item) for item in decoded]
    given = [mark for item in decoded for mark, _labels in item.marks]
    scans = {scan.scan_id: scan for scan in known.scans} if known else {}
    scans |= {item.scan.scan_id: item.scan for item in decoded}
    facts = _resolve_facts(rows, given, known, scans, first=first)
    facts = join_drawn_facts(facts, given, scans, known)
    written = [_write(item, workspace) for item in decoded]
    made = TimePoint(
        source.subject,
        source.time_point,
        source.date,
        tuple(scan for scan, _marks in written),
        tuple(mark for _scan, marks in written for mark in marks),
        facts,
    )
    warnings = (*_find_warnings(made, given), *notes, *doubts)
    return Taken(store.write_time_point(made, actor=actor), warnings)


def _find_known(store: Store, source: TimePointSource) -> TimePoint | None:
    known = store.read_time_points(source.subject)
    return next((tp for tp in known if tp.time_point == source.time_point), None)


def make_id(*parts: object) -> str:
    """Make an identifier that is the same for the same parts, in any run on any machine."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts)))


def _decode(
    source: ScanSource, owner: TimePointSource, known: TimePoint | None, workspace: Workspace
) -> _Decoded:
    scan_id = make_id(
        owner.subject, owner.time_point, source.modality, source.series, source.digest
    )
    stored = (
        next((scan for scan in known.scans if scan.scan_id == scan_id), None) if known else None
    )
    if stored is not None and _is_there(stored.image_path, workspace):
        scan, image = _restate(stored, source, owner, workspace), None
    else:
        image = source.read()
        scan = _describe(source, owner, scan_id, image)
    marks: list[tuple[MarkSet, Labels | None]] = []
    grid = None if image is None else Grid.of(image)
    for mark in source.marks:
        found = _find_marks(mark, scan_id, known, workspace)
        if found is None and mark.read is not None and grid is None:
            grid = Grid.of(workspace.read_image(scan.image_path))
        marks.append((found, None) if found else _read_marks(mark, scan_id, grid))
    kept = scan.origin_path is not None and _is_there(scan.origin_path, workspace)
    origin = None if kept or source.origin is None else source.origin()
    return _Decoded(scan, image, origin, tuple(marks))


def _is_there(relative: str, workspace: Workspace) -> bool:
    return workspace.resolve(relative).is_file()


def _describe(source: ScanSource, owner: TimePointSource, scan_id: str, image: Any) -> Scan:
    grid = Grid.of(image)
    return Scan(
        scan_id=scan_id,
        subject=owner.subject,
        time_point=owner.time_point,
        date=owner.date,
        modality=source.modality,
        series=source.series,
        image_path="",
        image_digest=source.digest,
        slice_axis=choose_slice_axis(grid, acquisition_axis=source.acquisition_axis),
        field_box=find_field_box(sitk.GetArrayViewFromImage(image)),
        source=source.source,
        slice_thickness_mm=source.slice_thickness_mm,
        chosen_because=source.chosen_because,
        facts=dict(source.facts) | dict(_examine(source, image)),
    )


def _restate(
    stored: Scan, source: ScanSource, owner: TimePointSource, workspace: Workspace
) -> Scan:
    """Take what is said of a stored scan now: all but what was found in its voxels."""
    doubted = "suv_refused" in stored.facts and source.examine is not None
    shown = _examine(source, workspace.read_image(stored.image_path)) if doubted else {}
    return replace(
        stored,
        date=owner.date,
        slice_thickness_mm=source.slice_thickness_mm,
        chosen_because=source.chosen_because,
        facts=dict(source.facts) | dict(shown),
    )


def _examine(source: ScanSource, image: Any) -> Mapping[str, str]:
    return source.examine(image) if source.examine is not None else {}


def _find_marks(
    source: MarkSource, scan_id: str, known: TimePoint | None, workspace: Workspace
) -> MarkSet | None:
    mark_set_id = _name_marks(source, scan_id)
    for mark in known.mark_sets if known else ():
        usable = not mark.mask_path or _is_there(mark.mask_path, workspace)
        if mark.mark_set_id == mark_set_id and usable:
            return mark
    return None


def _name_marks(source: MarkSource, scan_id: str) -> str:
    reader = source.reader
    return make_id(scan_id, reader.evaluator, reader.evaluator_id, source.digest, source.complete)


def _read_marks(
    source: MarkSource, scan_id: str, grid: Grid | None
) -> tuple[MarkSet, Labels | None]:
    labels = source.read(grid) if source.read is not None and grid is not None else None
    mark = MarkSet(
        mark_set_id=_name_marks(source, scan_id),
        scan_id=scan_id,
        reader=source.reader,
        mask_path="",
        mask_digest=source.digest,
        labels=labels.labels if labels else (),
        complete=source.complete and (labels is None or labels.whole),
        said=labels.facts if labels else (),
    )
    return mark, labels


def _write(item: _Decoded, workspace: Workspace) -> tuple[Scan, list[MarkSet]]:
    scan = item.scan
    if item.image is not None:
        path = workspace.write_image(item.image, scan.image_digest)
        scan = replace(scan, image_path=path)
    if item.origin is not None:
        digest = hashlib.sha256(item.origin.encode()).hexdigest()
        scan = replace(scan, origin_path=workspace.write_document(item.origin, digest))
    marks = []
    for mark, labels in item.marks:
        if labels is not None:
            path = workspace.write_image(labels.image, mark.mask_digest)
            mark = replace(mark, mask_path=path)
        marks.append(mark)
    return scan, marks


def _resolve_facts(
    rows: Sequence[LesionRow],
    given: Sequence[MarkSet],
    known: TimePoint | None,
    scans: Mapping[str, Scan],
    *,
    first: bool,
) -> tuple[LesionFact, ...]:
    """Tie each row to a reader's label, or refuse the time point with all that does not fit."""
    replaced = {(mark.scan_id, mark.reader) for mark in given}
    stored = known.mark_sets if known else ()
    marks = [*given, *(m for m in stored if (m.scan_id, m.reader) not in replaced)]
    readers = list(dict.fromkeys(mark.reader for mark in marks))
    facts: dict[tuple[Reader, str | None, str | None, int], LesionFact] = {}
    problems = []
    for row in rows:
        try:
            fact = replace(row.fact, reader=choose_reader(row, readers))
            key = (fact.reader, fact.modality, fact.series, fact.label)
            if key in facts:
                raise InputError(f"label: {row.fact.label} is there twice")
            facts[key] = fact
            _check_fact(fact, _find_labels(fact, marks, scans), first=first)
        except InputError as error:
            problems.append(f"{row.where}: {error}")
    if problems:
        raise InputError("; ".join(problems))
    return tuple(facts.values())


def _find_labels(fact: LesionFact, marks: Sequence[MarkSet], scans: Mapping[str, Scan]) -> set[int]:
    """Find the labels of the masks that a row may speak of."""
    return {
        label
        for mark in marks
        if mark.reader == fact.reader
        and fact.modality in (None, scans[mark.scan_id].modality)
        and fact.series in (None, scans[mark.scan_id].series)
        for label in mark.labels
    }


def _check_fact(fact: LesionFact, labels: set[int], *, first: bool) -> None:
    if fact.label not in labels:
        held = ", ".join(str(label) for label in sorted(labels)) or "none"
        raise InputError(f"label: {fact.label} is not in the mask (labels there: {held})")
    if first and fact.role is Role.NEW:
        raise InputError("role: NEW at the first time point; there it is TARGET or NON_TARGET")


def _is_unread(mark: MarkSet, labels: Labels | None) -> bool:
    """Whether something was drawn, and nothing of it could be read."""
    return labels is not None and not labels.whole and not mark.labels


def _leave_unread(item: _Decoded) -> _Decoded:
    """Leave out drawings of which nothing could be read: their scan was not read by anybody."""
    return replace(item, marks=tuple(pair for pair in item.marks if not _is_unread(*pair)))


def _list_notes(source: TimePointSource, decoded: Sequence[_Decoded]) -> tuple[str, ...]:
    """List what was noted as marks were read."""
    read = [labels for item in decoded for _mark, labels in item.marks if labels is not None]
    notes = dict.fromkeys(note for labels in read for note in labels.warnings)
    return tuple(f"{source.subject} {source.time_point}: {note}" for note in notes)


def _find_doubts(source: TimePointSource, decoded: Sequence[_Decoded]) -> tuple[str, ...]:
    """Name drawings of which nothing could be read, and complete marks that are not whole."""
    where = f"{source.subject} {source.time_point}"
    stated = [mark.complete for scan in source.scans for mark in scan.marks]
    read = [pair for item in decoded for pair in item.marks]
    doubts = []
    for complete, (mark, labels) in zip(stated, read, strict=True):
        if _is_unread(mark, labels):
            doubts.append(
                f"{where}: nothing that is drawn could be read: the scan does not count as read; "
                "mend the drawing and read it again, or write none-seen if nothing was seen"
            )
        elif complete and not mark.complete:
            doubts.append(
                f"{where}: not all that is drawn could be read: the marks do not count as "
                "complete, and a lesion without a mark there is not taken to be gone; mend the "
                "drawing and read it again"
            )
    return tuple(doubts)


def _find_warnings(made: TimePoint, marks: Sequence[MarkSet]) -> tuple[str, ...]:
    where = f"{made.subject} {made.time_point}"
    empty = [
        f"{where}: the mask holds no label; if the scan was read and nothing seen, write none-seen"
        for mark in marks
        if mark.mask_digest and not mark.labels
    ]
    refused = [
        f"{where}: {' '.join(filter(None, ('PT', scan.series)))}: no SUV: "
        f"{scan.facts['suv_refused']}"
        for scan in made.scans
        if scan.modality == "PT" and scan.facts.get("suv_refused")
    ]
    return (*empty, *refused)
