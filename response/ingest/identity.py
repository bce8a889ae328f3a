"""Whose images lie in one folder: two patients in one place stop that place.

A folder per patient, however deep, is what a PACS exports. Images of two patients side by side,
or in one study, mean that somebody sorted or labelled them wrongly: nothing tells which is right.
One PatientID with two birth dates or sexes, wherever its images lie, is two people's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_NOT_STATED = frozenset({"00010101", "18000101", "19000101", "99991231"})
"""Dates that are written where none is known."""

_SEXES = frozenset({"F", "M"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an image says that it is of, and where it lies."""

    folder: Path
    patient: str
    issuer: str
    birth_date: str
    sex: str
    study_date: str
    study_uid: str
    series_uid: str


@dataclass(slots=True)
class Identities:
    """Whom the images found are of."""

    seen: dict[Identity, None] = field(default_factory=dict)

    def add(self, identity: Identity) -> None:
        """Note whom an image is of."""
        self.seen[identity] = None

    def find_conflicts(self) -> dict[Path, str]:
        """Find the folders that are stopped, each with what is wrong.

        Images of several patients in one folder; one study or series under several patients; one
        PatientID with two birth dates, sexes (F and M) or issuers in one folder. Every folder that
        holds a part of such a study is stopped.
        """
        conflicts: dict[Path, str] = {}
        for study in _group(self.seen, "study_uid") + _group(self.seen, "series_uid"):
            if len({one.patient for one in study}) > 1:
                for one in study:
                    conflicts[one.folder] = "holds images of one study under several PatientIDs"
        for members in _group(self.seen, "folder"):
            what = _find_contradiction(members)
            if what:
                conflicts[members[0].folder] = what
        return conflicts

    def find_divided(self) -> dict[str, str]:
        """Find the PatientIDs that stand for two people in all that was found, with what differs.

        Issuers are compared within a folder only: one hospital may have several.
        """
        divided = {}
        for members in _group(self.seen, "patient"):
            what = _find_two(members)
            if what:
                divided[members[0].patient] = what
        return divided

    def list_persons(self) -> dict[str, Person]:
        """List what is said of each PatientID that stands for one person."""
        return {
            members[0].patient: Person(
                max(one.birth_date for one in members),
                max((one.sex for one in members if one.sex in _SEXES), default=""),
            )
            for members in _group(self.seen, "patient")
            if not _find_two(members)
        }


@dataclass(frozen=True, slots=True)
class Person:
    """What tells two people apart who bear one number; empty where it is not stated."""

    birth_date: str
    sex: str


def read_birth_date(text: str) -> str:
    """Read a birth date so that equal ones are equal; empty where it is none, or a placeholder.

    Examples
    --------
    >>> read_birth_date("1950.03.01"), read_birth_date("19000101"), read_birth_date("1950")
    ('19500301', '', '')
    """
    digits = text.replace(".", "").replace("-", "")
    known = len(digits) == 8 and digits.isdecimal() and digits[4:] != "0000"
    return digits if known and digits not in _NOT_STATED else ""


def _group(seen: Iterable[Identity], name: str) -> list[list[Identity]]:
    groups: dict[object, list[Identity]] = {}
    for one in seen:
        key = getattr(one, name)
        if key:
            groups.setdefault(key, []).append(one)
    return list(groups.values())


def _find_contradiction(members: Iterable[Identity]) -> str:
    patients: dict[str, list[Identity]] = {}
    for one in members:
        patients.setdefault(one.patient, []).append(one)
    named = [patient for patient in patients if patient]
    if len(named) > 1:
        return f"holds images of {len(named)} patients"
    for mine in patients.values():
        what = _find_two(mine)
        if not what and len({one.issuer for one in mine} - {""}) > 1:
            what = "issuers"
        if what:
            return f"holds images of one PatientID with two {what}"
    return ""


def _find_two(members: Sequence[Identity]) -> str:
    """Find of what there are two that one person has one of."""
    if len({one.birth_date for one in members} - {""}) > 1:
        return "birth dates"
    return "sexes" if len({one.sex for one in members} & _SEXES) > 1 else ""
