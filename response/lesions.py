"""What each lesion is: role, organ, node, and who stands behind it. Pure.

A person's decision goes before the reader's table, the table before a proposal. Roles are fixed at
baseline; a table that says otherwise later is refused, row by row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from response.corrections import latest_value
from response.match import TrackedLesion
from response.model import Decision, Finding, Lesion, LesionFact, Reader, Refusal
from response.pet import PET
from response.protocol import Protocol
from response.targets import BaselineLesion, propose_targets
from response.terms import STATES_BY_ROLE, Role, Source


@dataclass(frozen=True, slots=True)
class Facts:
    """What ``lesions.csv`` says of one reader's lesions.

    ``apart`` are (time point, label) that mean different lesions on different series: a row that
    does not say which series it means speaks of none of them.
    """

    rows: tuple[LesionFact, ...]
    apart: frozenset[tuple[str, int]] = frozenset()

    def find(self, finding: Finding) -> LesionFact | None:
        """Return what is said of the mark of a finding."""
        if finding.label is None:
            return None
        return self.find_mark(finding.time_point, finding.modality, finding.series, finding.label)

    def find_mark(
        self, time_point: str, modality: str, series: str, label: int
    ) -> LesionFact | None:
        """Return what is said of a mark; a row that names its series goes before others."""
        fitting = [
            fact
            for fact in self.rows
            if (fact.time_point, fact.label) == (time_point, label)
            and fact.modality in (None, modality)
            and fact.series in (None, series)
            and (fact.modality or fact.series or (time_point, label) not in self.apart)
        ]
        return max(fitting, key=lambda f: (bool(f.modality), bool(f.series)), default=None)

    @classmethod
    def of(cls, findings: Iterable[Finding], rows: Iterable[LesionFact]) -> Facts:
        """Tell apart the labels that findings hold of different lesions on different series."""
        lesions: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for f in findings:
            if f.label is not None:
                lesions[f.time_point, f.label][f.scan_id].add(f.tracking_uid)
        apart = {
            key
            for key, by_scan in lesions.items()
            if any(one.isdisjoint(other) for one, other in combinations(by_scan.values(), 2))
        }
        return cls(tuple(rows), frozenset(apart))


@dataclass(frozen=True, slots=True)
class Seen:
    """One reader's findings and what the tables say of them.

    ``findings`` are in order of date. ``thickness_mm`` is the slice thickness of every time
    point, in order of date.
    """

    subject: str
    reader: Reader
    baseline: str
    findings: tuple[Finding, ...]
    facts: Facts
    thickness_mm: Mapping[str, float | None]

    def of(self, uid: str) -> list[Finding]:
        """Return the marked findings of a lesion, by date."""
        return [f for f in self.findings if f.tracking_uid == uid and f.label is not None]

    def facts_of(self, uid: str) -> list[LesionFact]:
        """Return what the tables say of a lesion, baseline first, then by date."""
        marked = sorted(self.of(uid), key=lambda f: f.time_point != self.baseline)
        found = (self.facts.find(f) for f in marked)
        return [fact for fact in found if fact is not None]


def describe_lesions(
    seen: Seen,
    tracked: Sequence[TrackedLesion],
    decisions: Sequence[Decision],
    protocol: Protocol,
) -> tuple[tuple[Lesion, ...], tuple[Refusal, ...]]:
    """Return the lesions with their roles, and the rows of the tables that contradict them."""
    plain = {x.tracking_uid: _describe(seen, x, decisions) for x in tracked}
    roles = _roles(seen, plain, decisions, protocol)
    lesions = tuple(
        _with_role(_like_root(plain[x.tracking_uid], plain), *roles[x.tracking_uid])
        for x in tracked
    )
    return lesions, find_contradictions(seen, lesions)


def _describe(seen: Seen, tracked: TrackedLesion, decisions: Sequence[Decision]) -> Lesion:
    uid = tracked.tracking_uid
    facts = seen.facts_of(uid)
    organ, organ_source = _said(
        latest_value(decisions, "organ", uid), next((f.organ for f in facts if f.organ), None)
    )
    said_node = next((f.node for f in facts if f.node is not None), None)
    node, node_source = _said(
        latest_value(decisions, "node", uid), None if said_node is None else str(said_node).lower()
    )
    return Lesion(
        tracking_uid=uid,
        tracking_id=tracked.tracking_id,
        subject=seen.subject,
        reader=seen.reader,
        role=None,
        role_source=Source.PROPOSED,
        organ=organ,
        organ_source=organ_source,
        side=next((f.side for f in facts if f.side), ""),
        node=node == "true",
        node_source=node_source,
        part_of=tracked.part_of,
        merged_into=tracked.merged_into,
    )


def _said(decided: str | None, written: str | None) -> tuple[str, Source]:
    if decided is not None:
        return decided, Source.PERSON
    if written is not None:
        return written, Source.READER
    return "", Source.PROPOSED


def _like_root(lesion: Lesion, lesions: Mapping[str, Lesion]) -> Lesion:
    """Return a part with the organ and node flag of the lesion it split off from."""
    root = lesions.get(lesion.part_of)
    if root is None:
        return lesion
    return replace(
        lesion,
        organ=root.organ,
        organ_source=root.organ_source,
        side=root.side,
        node=root.node,
        node_source=root.node_source,
    )


def _with_role(lesion: Lesion, role: Role | None, source: Source) -> Lesion:
    return replace(lesion, role=role, role_source=source)


def _roles(
    seen: Seen, lesions: Mapping[str, Lesion], decisions: Sequence[Decision], protocol: Protocol
) -> dict[str, tuple[Role | None, Source]]:
    at_baseline = {
        f.tracking_uid: f
        for f in reversed(seen.findings)
        if f.time_point == seen.baseline and f.label is not None
    }
    given = {uid: _given(seen, uid, at_baseline, decisions) for uid in lesions}
    proposed = propose_targets(
        [
            _baseline_lesion(lesions[uid], f, given[uid][0], seen)
            for uid, f in sorted(at_baseline.items())
            if not lesions[uid].part_of and f.measurement is not None
        ],
        protocol.targets,
    )
    roles: dict[str, tuple[Role | None, Source]] = {}
    for uid, _lesion in lesions.items():
        if given[uid][0] is not None:
            roles[uid] = given[uid]
        elif uid in at_baseline and uid in proposed:
            roles[uid] = proposed[uid].role, Source.PROPOSED
        elif _gone_by_baseline(seen, uid):
            roles[uid] = None, Source.PROPOSED
        else:
            roles[uid] = Role.NEW, _new_source(seen, uid)
    return {
        uid: roles[lesion.part_of] if lesion.part_of in roles else roles[uid]
        for uid, lesion in lesions.items()
    }


def _given(
    seen: Seen, uid: str, at_baseline: Mapping[str, Finding], decisions: Sequence[Decision]
) -> tuple[Role | None, Source]:
    decided = latest_value(decisions, "role", uid)
    if decided is not None:
        return Role(decided), Source.PERSON
    finding = at_baseline.get(uid)
    if finding is None:
        return None, Source.PROPOSED
    fact = seen.facts.find(finding)
    if fact is None or fact.role is None or fact.role is Role.NEW:
        return None, Source.PROPOSED
    return fact.role, Source.READER


def _new_source(seen: Seen, uid: str) -> Source:
    return Source.READER if any(f.role is Role.NEW for f in seen.facts_of(uid)) else Source.PROPOSED


def _gone_by_baseline(seen: Seen, uid: str) -> bool:
    """Whether a lesion was only ever marked on scans before the baseline."""
    names = list(seen.thickness_mm)  # of the baseline, too, where it shows no lesion
    start = names.index(seen.baseline)
    return all(names.index(f.time_point) < start for f in seen.of(uid))


def _baseline_lesion(
    lesion: Lesion, finding: Finding, role: Role | None, seen: Seen
) -> BaselineLesion:
    measured = finding.measurement
    assert measured is not None
    return BaselineLesion(
        lesion=lesion.tracking_uid,
        organ=lesion.organ,
        node=lesion.node,
        longest_diameter_mm=measured.longest_diameter_mm,
        short_axis_mm=measured.short_axis_mm,
        slice_thickness_mm=seen.thickness_mm.get(finding.time_point),
        given_role=role,
        on_pet=finding.modality == PET,
    )


def find_contradictions(seen: Seen, lesions: Sequence[Lesion]) -> tuple[Refusal, ...]:
    """Return the rows of the tables that contradict what was fixed at baseline."""
    by_uid = {x.tracking_uid: x for x in lesions}
    refused = []
    for fact in seen.facts.rows:
        if (fact.time_point, fact.label) in seen.facts.apart and not (fact.modality or fact.series):
            text = "is one lesion on one series and another on another; say which in modality"
            where = f"lesions.csv, label {fact.label}: "
            refused.append(Refusal(seen.subject, fact.time_point, where + text))
    for finding in seen.findings:
        said = seen.facts.find(finding)
        if said is None:
            continue
        problem = _contradiction(seen, by_uid[finding.tracking_uid], said)
        if problem:
            where = f"lesions.csv, label {said.label}: "
            refused.append(Refusal(seen.subject, finding.time_point, where + problem))
    return tuple(refused)


def _contradiction(seen: Seen, lesion: Lesion, fact: LesionFact) -> str:
    known = lesion.role.value if lesion.role else "not recorded"
    if fact.role is Role.NEW and fact.time_point == seen.baseline:
        return "role NEW at baseline; say TARGET or NON_TARGET, or leave it empty"
    fixed = lesion.role is not None and lesion.role_source is not Source.PERSON
    if fact.role is not None and fact.role is not lesion.role and fixed:
        return (
            f"role {fact.role.value}, but this is {lesion.tracking_id}, {known} since baseline "
            f"{seen.baseline}; roles are fixed at baseline: correct the row, or the match with "
            "'response correct'"
        )
    if fact.state is not None and lesion.role is not None:
        allowed = STATES_BY_ROLE[lesion.role]
        if fact.state not in allowed:
            names = ", ".join(sorted(s.value for s in allowed))
            return f"state {fact.state.value} is not one of a {known} lesion ({names})"
    return ""
