"""Taking a person's decision: checked against what is there, appended, and carried through."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from response.corrections import active_decisions, describe_confirmed, has_pet
from response.errors import InputError
from response.model import Decision, Lesion, Reader, Subject, Tracking
from response.pipeline import OF_ONE_SUBJECT, Report, assess_all, current_tracking, track_all
from response.store import Store
from response.terms import LESION_ROLES, REFERENCE_ORGANS, STATES_BY_ROLE, LesionState, Source
from response.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person asks for: lesions by their ``tracking_id``, marks by label and time point."""

    kind: str
    lesions: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    time_point: str = ""
    value: str = ""
    note: str = ""


def decide(
    workspace: Workspace,
    store: Store,
    subject: Subject,
    reader: Reader,
    correction: Correction,
    *,
    actor: str,
) -> tuple[Decision, Report]:
    """Append a decision and derive anew what rests on it.

    Raises
    ------
    InputError
        If the lesion, label, time point or value is not one that can be meant.
    MatchError
        If the links contradict those made before; the decision is then taken back, as is that of
        a reference region that could not be measured.
    """
    tracking = current_tracking(store, subject.subject, reader)
    if tracking is None:
        raise InputError(_why_not_tracked(store, subject.subject, reader))
    decision = _decision(store, tracking, subject, reader, correction, actor)
    store.write_decision(decision)
    try:
        report = _derive(workspace, store, subject, actor)
        for error in report.failed.values():
            raise error
        if decision.kind == "reference":
            _check_reference(store, subject, reader, decision)
        return decision, report
    except OF_ONE_SUBJECT:
        undo = replace(correction, kind="undo", value=decision.decision_id)
        store.write_decision(_decision(store, tracking, subject, reader, undo, actor))
        _derive(workspace, store, subject, actor)
        raise


def _derive(workspace: Workspace, store: Store, subject: Subject, actor: str) -> Report:
    report = track_all(workspace, store, [subject], actor=actor)
    if not report.failed:
        assessed = assess_all(workspace, store, [subject], actor=actor)
        report.failed |= assessed.failed
        report.refused += assessed.refused
    return report


def _why_not_tracked(store: Store, subject: str, reader: Reader) -> str:
    if any(given.reader == reader for given in store.read_readings(subject)):
        return (
            f"subject {subject}: this reader's measurements were imported, and are that reader's "
            "word; correct the tables and import them again"
        )
    return f"subject {subject}: nothing is tracked for this reader; run 'response track'"


def _decision(
    store: Store,
    tracking: Tracking,
    subject: Subject,
    reader: Reader,
    correction: Correction,
    actor: str,
) -> Decision:
    lesions = [_lesion(tracking, name) for name in correction.lesions]
    _check_place(tracking, correction)
    if correction.labels:
        correction = replace(correction, value=_find_modality(tracking, correction))
    return Decision(
        decision_id=uuid.uuid4().hex[:12],
        at=dt.datetime.now(dt.UTC),
        actor=actor,
        kind=correction.kind,
        subject=subject.subject,
        reader=reader,
        time_point=correction.time_point,
        tracking_uids=tuple(x.tracking_uid for x in lesions),
        labels=correction.labels,
        value=_value(store, tracking, lesions, correction),
        note=correction.note,
    )


def _lesion(tracking: Tracking, name: str) -> Lesion:
    for lesion in tracking.lesions:
        if name in (lesion.tracking_id, lesion.tracking_uid):
            return lesion
    known = ", ".join(x.tracking_id for x in tracking.lesions)
    raise InputError(f"subject {tracking.subject}: no lesion {name}; there are {known}")


def _check_place(tracking: Tracking, correction: Correction) -> None:
    if not correction.time_point:
        return
    rows = [f for f in tracking.findings if f.time_point == correction.time_point]
    if not rows:
        raise InputError(f"subject {tracking.subject}: no time point {correction.time_point}")
    marked = {f.label for f in rows if f.label is not None}
    for label in correction.labels:
        if label not in marked:
            raise InputError(
                f"subject {tracking.subject} {correction.time_point}: no label {label}; "
                f"there are {', '.join(str(x) for x in sorted(marked))}"
            )


def _find_modality(tracking: Tracking, correction: Correction) -> str:
    """Say whose mask labels are in, where PET and CT number theirs apart."""
    if not has_pet(tracking):
        return ""
    wanted = correction.value.upper()
    found = {
        f.modality
        for f in tracking.findings
        if f.time_point == correction.time_point and f.label in correction.labels
    }
    if wanted and wanted in found:
        return wanted
    where = f"subject {tracking.subject} {correction.time_point}"
    if wanted:
        raise InputError(f"{where}: no such label on {wanted}; there is one on {sorted(found)}")
    if len(found) > 1:
        labels = ", ".join(str(label) for label in correction.labels)
        raise InputError(
            f"{where}: label {labels} is on {' and on '.join(sorted(found))}; say which with "
            "--modality"
        )
    return found.pop()


def _value(
    store: Store, tracking: Tracking, lesions: Sequence[Lesion], correction: Correction
) -> str:
    value = correction.value
    if correction.kind == "confirm":
        return describe_confirmed(tracking, correction.time_point)
    if correction.kind == "role" and value not in LESION_ROLES:
        raise InputError(f"role {value}: one of {', '.join(LESION_ROLES)}")
    if correction.kind == "node" and value not in ("true", "false"):
        raise InputError(f"node {value}: true or false")
    if correction.kind == "state":
        _check_state(lesions, value)
    if correction.kind == "reference":
        return _read_reference(value)
    if correction.kind == "undo":
        decisions = store.read_decisions(tracking.subject)
        if value not in {d.decision_id for d in active_decisions(decisions, tracking.reader)}:
            raise InputError(f"no decision {value} is in force; 'response correct list' shows them")
    return value


def _read_reference(value: str) -> str:
    """Check an organ and a place, ``liver X,Y,Z``; return them as they are kept."""
    organ, _, place = value.partition(" ")
    if organ not in REFERENCE_ORGANS:
        raise InputError(f"organ {organ}: one of {', '.join(REFERENCE_ORGANS)}")
    try:
        numbers = [float(number) for number in place.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
        raise InputError(f"place {place!r}: three numbers X,Y,Z, LPS millimetres of the PET")
    return f"{organ} {','.join(f'{number:g}' for number in numbers)}"


def _check_reference(store: Store, subject: Subject, reader: Reader, decision: Decision) -> None:
    """Refuse a place at which nothing could be measured."""
    tracking = current_tracking(store, subject.subject, reader)
    organ = decision.value.split()[0]
    for region in tracking.references if tracking else ():
        here = (region.time_point, region.organ) == (decision.time_point, organ)
        if here and region.source is Source.PERSON:
            return
    raise InputError(
        f"subject {subject.subject} {decision.time_point}: no region lies at "
        f"{decision.value.split()[1]}; there is no PET in SUV, or it reaches out of the image"
    )


def _check_state(lesions: Sequence[Lesion], value: str) -> None:
    if value not in set(LesionState):
        raise InputError(f"state {value}: one of {', '.join(LesionState)}")
    for lesion in lesions:
        if lesion.role and LesionState(value) not in STATES_BY_ROLE[lesion.role]:
            allowed = ", ".join(sorted(STATES_BY_ROLE[lesion.role]))
            raise InputError(
                f"state {value} is not one of a {lesion.role.value} lesion ({allowed})"
            )
