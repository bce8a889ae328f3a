"""Who reads, and whom: readers and subjects."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Reader:
    """Whose word it is. Readers are separate streams and never mix (G-05)."""

    evaluator: str = "INVESTIGATOR"
    evaluator_id: str = ""


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """Dates of a subject that scans do not say; ``None`` where unknown.

    ``line`` names the line of therapy where a subject has several: each is an episode of its own,
    with its own start, baseline, targets and nadir.
    """

    subject: str
    treatment_start: dt.date | None = None
    randomisation: dt.date | None = None
    new_therapy_date: dt.date | None = None
    death_date: dt.date | None = None
    last_contact_date: dt.date | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of the workspace. ``key`` is opaque: links carry it, never the identifier."""

    subject: str
    key: str
    facts: SubjectFacts
