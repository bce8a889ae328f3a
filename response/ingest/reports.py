"""Reports from elsewhere, as read: who measured what, on which images."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from response.model import Reader
from response.terms import Role


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a report, in its own unit."""

    quantity: str
    unit: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Group:
    """What one annotation or measurement group says of one lesion.

    ``uid`` is the annotation's own, where it has one. ``lesion`` and ``tracking_uid`` are the
    report's names for the lesion; ``role`` what it calls it (``None``: it is described as no
    lesion, or nobody's reading). ``date`` is the day of the images as stated; ``images`` and
    ``studies`` name what was measured, by UID. A lesion that was drawn is named by the
    segmentation and its number there.
    """

    uid: str
    lesion: str
    tracking_uid: str
    role: Role | None
    organ: str
    node: bool
    finding: str
    numbers: tuple[Number, ...]
    date: str = ""
    images: frozenset[str] = frozenset()
    studies: frozenset[str] = frozenset()
    segmentation_uid: str = ""
    segment: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One report: ``name`` is its file's, ``subjects`` are the patient's identifier in it and
    the name, which only is compared with the identifier of images; empty: it says neither.
    """

    name: str
    source: str
    uid: str
    reader: Reader
    subjects: tuple[str, ...]
    groups: tuple[Group, ...]


Day = tuple[str, str]
"""A PatientID and a study date, as in the headers of images."""


@dataclass(slots=True)
class Studied:
    """Whose images were found, and of which day: by image and by study, by instance UID."""

    images: dict[str, Day] = field(default_factory=dict)
    studies: dict[str, set[Day]] = field(default_factory=dict)
