"""Whose images lie in one folder: two patients in one place stop that place.

A folder per patient, however deep, is what a PACS exports. Images of two patients side by side,
or in one study, mean that somebody sorted or labelled them wrongly: nothing tells which is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


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
        for what, values in (
            ("birth dates", {one.birth_date for one in mine}),
            ("sexes", {one.sex for one in mine} & {"F", "M"}),
            ("issuers", {one.issuer for one in mine}),
        ):
            if len(values - {""}) > 1:
                return f"holds images of one PatientID with two {what}"
    return ""
