"""Whether a subject's new scans are of the person whose scans are stored under its PatientID.

A birth date is never kept. Each scan from DICOM has a keyed digest of the birth date, and one of
the sex, that its headers state: with the key of the workspace equal ones can be told from others.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace

from response.ingest.across import Known
from response.ingest.identity import Person
from response.ingest.sources import Plan, TimePointSource

BIRTH_DATE, SEX = "birth_date_digest", "sex_digest"
"""The facts of a scan that hold the digests; absent where the headers are silent."""

_CALLED = {BIRTH_DATE: "birth date", SEX: "sex"}


def compare_persons(plan: Plan, known: Known, key: bytes) -> None:
    """Refuse who has another birth date or sex than stored scans; note the digests of the others.

    Parameters
    ----------
    plan
        Its sources are refused, or given the digests as facts.
    known
        The time points stored already, by subject.
    key
        The secret of the workspace that digests are made with.
    """
    for source in list(plan.sources):
        person = plan.persons.get(source.subject)
        if person is None or not _is_dicom(source):
            continue
        made = compute_digests(source.subject, person, key)
        other = _find_other(made, known, source.subject)
        if other:
            plan.drop(source, _REASON.format(_CALLED[other]))
            plan.drop_reports(source.subject)
        else:
            scans = tuple(replace(scan, facts={**scan.facts, **made}) for scan in source.scans)
            plan.sources[plan.sources.index(source)] = replace(source, scans=scans)


_REASON = (
    "PatientID: these images have another {} than those stored of this PatientID; find out whose "
    "they are: give another person a PatientID of their own, or correct the header"
)


def compute_digests(subject: str, person: Person, key: bytes) -> dict[str, str]:
    """Compute the digests of what is stated of a person, in hexadecimal, by the fact's name."""
    stated = {BIRTH_DATE: person.birth_date, SEX: person.sex}
    return {
        name: hmac.new(key, f"{name}\0{subject}\0{value}".encode(), hashlib.sha256).hexdigest()
        for name, value in stated.items()
        if value
    }


def _is_dicom(source: TimePointSource) -> bool:
    return all(scan.source == "dicom" for scan in source.scans)


def _find_other(made: Mapping[str, str], known: Known, subject: str) -> str:
    """Find the fact in which stored scans say otherwise."""
    stored = [scan.facts for point in known.get(subject, ()) for scan in point.scans]
    for name, digest in made.items():
        if any(facts.get(name, digest) != digest for facts in stored):
            return name
    return ""
