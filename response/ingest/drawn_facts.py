"""What drawings say of their own labels, beside what ``lesions.csv`` says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from response.model import LabelFact, LesionFact, MarkSet, Scan, TimePoint
from response.terms import Role


def join_drawn_facts(
    facts: Sequence[LesionFact],
    marks: Sequence[MarkSet],
    scans: Mapping[str, Scan],
    known: TimePoint | None,
) -> tuple[LesionFact, ...]:
    """Add what drawings say to the facts of a time point; a person's table has the last word.

    Parameters
    ----------
    facts
        What the table given now says, each of a reader's label.
    marks
        All mark sets of the time point.
    scans
        Its scans, by id.
    known
        What is stored of the time point: an earlier table's word stands while the mask does.
    """
    joined = list(facts)
    for mark in marks:
        for said in mark.said:
            if said.reference or said.tracking_uid:
                _join(joined, said, mark, marks, scans[mark.scan_id], known)
    return tuple(joined)


def _join(
    joined: list[LesionFact],
    said: LabelFact,
    mark: MarkSet,
    marks: Sequence[MarkSet],
    scan: Scan,
    known: TimePoint | None,
) -> None:
    """Join one label's word: in the place of the table's, or beside it if that speaks of more."""
    place = next(
        (n for n, fact in enumerate(joined) if _speaks_of(fact, said.label, mark, scan)), None
    )
    bare = LesionFact(scan.subject, scan.time_point, said.label, mark.reader)
    stored = _find_stored(said.label, mark, scan, known)
    base = joined[place] if place is not None else stored or bare
    ambiguous = any(
        said.label in other.labels
        for other in marks
        if other.reader == mark.reader and other.scan_id != mark.scan_id
    )
    made = _add(base, said)
    if ambiguous:
        made = replace(made, modality=scan.modality, series=scan.series)
    if place is not None and (not ambiguous or base.modality == scan.modality):
        joined[place] = made
    else:
        joined.append(made)


def _find_stored(
    label: int, mark: MarkSet, scan: Scan, known: TimePoint | None
) -> LesionFact | None:
    drawn = (mark.scan_id, mark.reader, mark.mask_digest)
    if known is None or drawn not in [
        (m.scan_id, m.reader, m.mask_digest) for m in known.mark_sets
    ]:
        return None
    fitting = [fact for fact in known.lesion_facts if _speaks_of(fact, label, mark, scan)]
    return max(fitting, key=lambda fact: fact.modality is not None, default=None)


def _speaks_of(fact: LesionFact, label: int, mark: MarkSet, scan: Scan) -> bool:
    return (
        fact.label == label
        and fact.reader == mark.reader
        and fact.modality in (None, scan.modality)
        and fact.series in (None, scan.series)
    )


def _add(fact: LesionFact, said: LabelFact) -> LesionFact:
    made = replace(fact, given_tracking_uid=said.tracking_uid)
    if said.reference and fact.role is None:
        return replace(made, role=Role.REFERENCE, organ=said.reference)
    return made
