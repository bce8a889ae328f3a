"""What was taken in without images: a reader's measurements, and a site's own responses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from response.model.people import Reader
from response.model.results import AssessedTimePoint, LesionReading


@dataclass(frozen=True, slots=True)
class Readings:
    """One reader's measurements of one subject, as given: a reader's word.

    ``study`` is the study that the tables name, empty where they name none. ``content_key`` is the
    digest of everything else here.
    """

    subject: str
    reader: Reader
    study: str
    content_key: str
    readings: tuple[LesionReading, ...]
    time_points: tuple[AssessedTimePoint, ...]


@dataclass(frozen=True, slots=True)
class SiteResponse:
    """One response, or one sum of diameters in mm, as a site or reader gave it.

    ``category`` is the criterion's name in the site's table (``RECIST 1.1``; empty: not said),
    ``test`` the CDISC test code (``OVRLRESP``, ``TRGRESP``, ``NTRGRESP``, ``BESTRESP``,
    ``SUMDIAM`` …). ``time_point`` is empty and ``date`` ``None`` where the table says neither.
    """

    subject: str
    reader: Reader
    time_point: str
    date: dt.date | None
    category: str
    test: str
    value: str


@dataclass(frozen=True, slots=True)
class SiteResponses:
    """Everything that a site's tables say of one subject's responses."""

    subject: str
    responses: tuple[SiteResponse, ...]
