"""What became of each lesion at a stop, as it is stored: one row per series marked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from response.corrections import latest_state
from response.join_series import Marked
from response.lesions import Facts
from response.marks import SeenStop
from response.match import TrackedEvent
from response.match.evidence import NOT_TRUSTED
from response.model import Decision, Finding, Lesion
from response.pet import OUTSIDE_PET
from response.protocol import Protocol
from response.sizes import Sized, measure_row
from response.streams import Stream
from response.terms import STATES_BY_ROLE, Event, LesionState


def find_findings(
    s: SeenStop,
    event: TrackedEvent,
    stream: Stream,
    protocol: Protocol,
    decisions: Sequence[Decision],
    baseline: str,
) -> list[Finding]:
    """Return what became of one lesion at a stop: a row per series that it is marked on."""
    stop = s.stop
    decided = latest_state(decisions, event.tracking_uid, event.time_point)
    state = LesionState(decided) if decided else None
    what, reason = event.event, event.reason
    if what is Event.BASELINE and event.time_point != baseline:
        what, reason = Event.NEWLY_IMAGED, "history before the baseline; no scan is earlier"
    rows, sizes = _measure_rows(s, event, protocol)
    known = NOT_TRUSTED not in event.reason
    if event.label is None and known and s.is_outside_pet(event.place):
        reason = "; ".join(filter(None, (reason, OUTSIDE_PET)))
    return [
        Finding(
            subject=stream.subject,
            time_point=event.time_point,
            date=stop.time_point.date,
            scan_id=(row.scan if row else stop.scan).scan_id,
            modality=(row.scan if row else stop.scan).modality,
            series=(row.scan if row else stop.scan).series,
            reader=stream.reader,
            tracking_uid=event.tracking_uid,
            tracking_id="",
            label=row.measured.label if row else None,
            event=what,
            place=row.measured.centroid if row else event.place,
            measurement=size.measurement,
            state=state,
            confidence=event.confidence,
            needs_review=(event.needs_review and decided is None) or bool(size.doubt),
            reason="; ".join(filter(None, (reason, size.doubt, size.note))),
            mark_set_id=row.marks.mark_set_id if row else "",
        )
        for row, size in zip(rows, sizes, strict=True)
    ]


def _measure_rows(
    s: SeenStop, event: TrackedEvent, protocol: Protocol
) -> tuple[Sequence[Marked | None], list[Sized]]:
    """Measure the marks of a lesion, the measuring series first; of none, nothing."""
    number = event.label
    if number is None or number not in s.marked:
        return [None], [Sized(None)]
    rows = s.rows(number)
    within, shared = s.uptakes.get(number), s.joined.shared.get(number, "")
    return rows, [measure_row(row, s.stop, protocol, within, shared, s.references) for row in rows]


def add_facts(
    finding: Finding,
    facts: Facts,
    lesions: Mapping[str, Lesion],
) -> Finding:
    """Return the finding with its lesion's id and what the reader's table says of it."""
    fact = facts.find(finding)
    state = finding.state
    lesion = lesions[finding.tracking_uid]
    if state is None and fact is not None and fact.state is not None:
        allowed = STATES_BY_ROLE[lesion.role] if lesion.role else frozenset()
        state = fact.state if fact.state in allowed else None
    return replace(finding, tracking_id=lesion.tracking_id, state=state)
