"""From the graph of one time point to a row per lesion, and the lesions as they go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from response.match import limits
from response.match.absence import called_absent
from response.match.course import Course, Said
from response.match.edges import Edge
from response.match.evidence import Occupants, Verdict, judge_absence, judge_newcomer
from response.match.extent import Shape
from response.match.followed import Followed
from response.match.graph import Graph
from response.match.identity import find_given, first_uid, held_before
from response.model import Point
from response.terms import Event, LesionState

GIVEN = "its Tracking UID says so"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one lesion (by number) at one time point (by position)."""

    position: int
    number: int
    label: int | None
    place: Point | None
    verdict: Verdict


class Ledger:
    """The lesions and rows of one time point while they are written down."""

    def __init__(
        self,
        course: Course,
        position: int,
        lesions: Sequence[Followed],
        shapes: Sequence[Shape],
        doubts: Mapping[int, str],
    ) -> None:
        self.course = course
        self.position = position
        self.shapes = shapes
        self.doubts = doubts
        self.lesions = {lesion.number: lesion for lesion in lesions}
        self.rows: list[Row] = []

    @property
    def time_point(self) -> str:
        """Name of the time point."""
        return self.course.time_points[self.position].time_point

    def write(self, number: int, mark: int | None, verdict: Verdict) -> None:
        """Write the row of a lesion; its place is that of its mark, or where it is expected."""
        lesion = self.lesions[number]
        label, place = None, _point(lesion)
        if mark is not None:
            label, place = self.shapes[mark].mark.label, self.shapes[mark].mark.centroid
        self.rows.append(Row(self.position, number, label, place, verdict))

    def see(self, number: int, mark: int) -> None:
        """Note that a lesion was marked; it takes the uid the mark's lesion held before.

        Where no mark of it came with a Tracking UID so far, it takes this mark's.
        """
        shape = self.shapes[mark]
        named = bool(self.lesions[number].given)
        lesion = self.lesions[number].seen(
            shape,
            self.course.time_points[self.position],
            at_baseline=self.position == self.course.baseline,
        )
        if not lesion.fixed:
            used = {x.uid for x in self.lesions.values()}
            held = held_before(self.course, self.position, shape.mark.label, used)
            given = "" if named else find_given(self.course, self.position, shape.mark, used)
            if held:
                lesion = replace(lesion, uid=held, fixed=True)
            elif given:
                lesion = replace(lesion, uid=given)
        self.lesions[number] = replace(lesion, last_label=shape.mark.label)

    def start(self, mark: int, named: str | None, whole: Followed | None = None) -> int:
        """Start a lesion with its first mark; return its number.

        ``named`` is the uid a person gave it, ``whole`` the lesion it split off from. A part found
        up to the baseline is a lesion of its own: only later ones count into the first one's sum.
        """
        shape, number = self.shapes[mark], len(self.lesions)
        used = {x.uid for x in self.lesions.values()}
        label = shape.mark.label
        first = (named, True) if named else first_uid(self.course, self.position, shape.mark, used)
        uid, fixed = first
        part = whole is not None and self.position > self.course.baseline
        here = self.course.time_points[self.position].modality
        drawn_on = shape.mark.marked_on or {here}
        lesion = Followed(
            number=number,
            uid=uid,
            fixed=fixed,
            born=self.position,
            label=label,
            last_label=label,
            extent=shape.extent(),
            modality=here,
            measured_in=here if here in drawn_on else min(drawn_on),
            at_baseline=whole is not None and whole.at_baseline,
            target=whole is not None and whole.target,
            part_of=whole.root if whole is not None and part else None,
        )
        self.lesions[number] = lesion
        self.see(number, mark)
        return number


def _point(lesion: Followed) -> Point | None:
    if not lesion.expected.findable:
        return None
    x, y, z = lesion.extent.centroid
    return float(x), float(y), float(z)


def write_time_point(ledger: Ledger, said: Said, graph: Graph) -> None:
    """Write the rows of every lesion at this time point, and start those that are new."""
    for edge in graph.pairs:
        joining = [m for m in graph.merges if m.mark == edge.mark]
        together = {edge.lesion, *(m.lesion for m in joining)}
        leaving = [x for x in graph.splits if x.lesion in together]
        if joining:
            _write_merge(ledger, said, edge, joining, leaving)
        elif leaving:
            _write_split(ledger, said, edge, leaving)
        else:
            _write_pair(ledger, said.active[edge.lesion], edge)
    lone = sorted(graph.lone_marks)
    _write_absences(ledger, said, graph, lone)
    for mark in lone:
        _write_newcomer(ledger, mark, said.named.get(mark), graph.lone_marks[mark])


def _write_pair(ledger: Ledger, lesion: Followed, edge: Edge) -> None:
    shape = ledger.shapes[edge.mark]
    if shape.mark.state is LesionState.ABSENT and not ledger.course.starts_here(ledger.position):
        _write_called_absent(ledger, lesion, edge)
        return
    event = Event.REAPPEARED if lesion.gone else Event.PERSISTING
    verdict = _link_verdict(ledger, lesion, edge, event, "marked at its place")
    ledger.see(lesion.number, edge.mark)
    ledger.write(lesion.number, edge.mark, verdict)


def _write_called_absent(ledger: Ledger, lesion: Followed, edge: Edge) -> None:
    """The reader marked the place and says that the lesion is gone."""
    trusted = replace(lesion, distrust="") if edge.forced else lesion
    verdict = judge_absence(
        trusted,
        ledger.course.time_points[ledger.position],
        edge.confidence,
        Occupants(),
        called_absent=True,
    )
    ledger.write(lesion.number, edge.mark, verdict)
    ledger.lesions[lesion.number] = replace(lesion, gone=verdict.event is Event.RESOLVED)


def _link_verdict(
    ledger: Ledger, lesion: Followed, edge: Edge, event: Event, why: str, *, doubt: str = ""
) -> Verdict:
    """Judge a link between a lesion and a mark: what was said, or how clear the match is."""
    if ledger.course.starts_here(ledger.position) and event is not Event.MERGED:
        event = Event.BASELINE
    if edge.forced and not edge.given:
        return Verdict(event, 1.0, False, f"{why}; linked by a person")
    doubts = [*filter(None, (doubt, ledger.doubts.get(edge.mark)))]
    if edge.forced:
        doubts += [edge.doubt] if edge.doubt and not lesion.distrust else []
        confidence = limits.UNTRUSTED_CONFIDENCE if doubts else 1.0
        return Verdict(event, confidence, bool(doubts), "; ".join([why, GIVEN, *doubts]))
    confidence = edge.confidence
    if confidence < limits.CONFIDENT:
        doubts.append("another answer is close")
    if lesion.distrust:
        doubts.append(f"the registration is not trusted: {lesion.distrust}")
        confidence = min(confidence, limits.UNTRUSTED_CONFIDENCE)
    return Verdict(event, confidence, bool(doubts), "; ".join([why, *doubts]))


def _write_merge(
    ledger: Ledger, said: Said, edge: Edge, joining: Sequence[Edge], leaving: Sequence[Edge]
) -> None:
    """Write one row per lesion that took part, and per part that split off at the same time."""
    edges = [edge, *joining]
    lesions = [said.active[e.lesion] for e in edges]
    goes_on = min(lesions, key=lambda x: _rank_in_merge(x, lesions))
    label = ledger.shapes[edge.mark].mark.label
    weakest = min(e.confidence for e in edges)
    doubt = "lesions merge and part at once" if leaving else ""
    for lesion, own in zip(lesions, edges, strict=True):
        joined = replace(own, confidence=min(own.confidence, weakest), forced=_all_forced(edges))
        why = f"one of {len(lesions)} lesions that are one, label {label}"
        event = Event.MERGED
        if lesion is goes_on and ledger.course.starts_here(ledger.position):
            event = Event.BASELINE
        verdict = _link_verdict(ledger, lesion, joined, event, why, doubt=doubt)
        if lesion is goes_on:
            ledger.see(lesion.number, edge.mark)
        else:
            ledger.lesions[lesion.number] = replace(
                ledger.lesions[lesion.number], merged_into=goes_on.number
            )
        ledger.write(lesion.number, edge.mark, verdict)
    for part in leaving:
        why = "a part of a lesion that merged with another"
        verdict = _link_verdict(ledger, goes_on, part, Event.SPLIT, why, doubt=doubt)
        _write_part(ledger, said, goes_on, part.mark, verdict)


def _all_forced(edges: Sequence[Edge]) -> bool:
    return all(edge.forced for edge in edges)


def _rank_in_merge(lesion: Followed, lesions: Sequence[Followed]) -> tuple[bool, bool, float, int]:
    """A lesion goes before its own parts, a target before others, then the larger one."""
    part_of_other = any(lesion.part_of == other.number for other in lesions)
    return part_of_other, not lesion.target, -lesion.extent.volume_mm3, lesion.number


def _write_split(ledger: Ledger, said: Said, edge: Edge, leaving: Sequence[Edge]) -> None:
    """Write one row per part; the largest keeps the id, unless a person linked another one."""
    number = said.active[edge.lesion].number
    lesion = ledger.lesions[number]
    parts = sorted([edge, *leaving], key=lambda e: _rank_of_part(ledger, e))
    kept = edge if edge.forced and not _all_forced(parts) else parts[0]
    weakest = replace(edge, confidence=min(e.confidence for e in parts), forced=_all_forced(parts))
    why = f"one of {len(parts)} parts of one lesion"
    verdict = _link_verdict(ledger, lesion, weakest, Event.SPLIT, why)
    ledger.see(number, kept.mark)
    ledger.write(number, kept.mark, verdict)
    for part in parts:
        if part is not kept:
            _write_part(ledger, said, lesion, part.mark, verdict)


def _write_part(ledger: Ledger, said: Said, whole: Followed, mark: int, verdict: Verdict) -> None:
    number = ledger.start(mark, said.named.get(mark), whole)
    ledger.write(number, mark, verdict)


def _rank_of_part(ledger: Ledger, edge: Edge) -> tuple[float, int]:
    return -ledger.shapes[edge.mark].mark.volume_mm3, edge.mark


def _write_absences(ledger: Ledger, said: Said, graph: Graph, lone: Sequence[int]) -> None:
    time_point = ledger.course.time_points[ledger.position]
    absent = called_absent(
        ledger.course, ledger.position, said.active, _links(said, graph, ledger.shapes)
    )
    for index, confidence in sorted(graph.lone_lesions.items()):
        lesion = said.active[index]
        occupants = _occupants(ledger, graph.touched.get(index, {}), lone)
        verdict = judge_absence(
            lesion,
            time_point,
            confidence,
            occupants,
            called_absent=lesion.number in absent,
        )
        ledger.write(lesion.number, None, verdict)
        ledger.lesions[lesion.number] = replace(
            ledger.lesions[lesion.number], gone=lesion.gone or verdict.event is Event.RESOLVED
        )


def _occupants(ledger: Ledger, covering: Mapping[int, float], lone: Sequence[int]) -> Occupants:
    labels = {mark: ledger.shapes[mark].mark.label for mark in covering}
    others = {mark for mark in covering if mark not in lone}
    taking = {mark for mark in others if covering[mark] >= limits.TAKEN}
    return Occupants(
        tuple(labels[mark] for mark in covering if mark in lone),
        tuple(labels[mark] for mark in covering if mark in taking),
        tuple(labels[mark] for mark in covering if mark in others - taking),
    )


def _links(said: Said, graph: Graph, shapes: Sequence[Shape]) -> Mapping[int, int]:
    """Return number of lesion → label, for every lesion that has a mark here."""
    edges = (*graph.pairs, *graph.merges)
    return {said.active[e.lesion].number: shapes[e.mark].mark.label for e in edges}


def _write_newcomer(ledger: Ledger, mark: int, named: str | None, confidence: float) -> None:
    number = ledger.start(mark, named)
    course, position = ledger.course, ledger.position
    if course.starts_here(position):
        verdict = Verdict(Event.BASELINE, 1.0, False, "marked at baseline")
    else:
        verdict = judge_newcomer(
            ledger.shapes[mark],
            position,
            course.time_points,
            course.steps,
            course.baseline,
            confidence,
        )
    doubt = ledger.doubts.get(mark)
    if doubt and not named:
        told = f"{verdict.reason}; {doubt}"
        verdict = replace(verdict, needs_review=True, reason=told)
    ledger.write(number, mark, verdict)
