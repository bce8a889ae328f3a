"""What reports from elsewhere measured (SR, AIM), kept as given beside what is measured here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from response.model.people import Reader
from response.terms import Role


@dataclass(frozen=True, slots=True)
class GivenMeasurement:
    """One number of a report, with the unit it has there.

    ``quantity`` is one of those measured here (``longest_diameter``, ``short_axis``, ``volume``,
    ``suv_max``, ``suv_mean``, ``suv_peak``, ``sul_peak``, ``mtv``, ``tlg`` …), else the report's
    own name for it. ``tracking_id`` is the report's name for the lesion. ``role`` is set where the
    number is a person's reading of a lesion that nobody drew: such lengths are assessed.
    ``segmentation_uid`` and ``segment`` say what was measured where it was drawn.
    """

    time_point: str
    date: dt.date
    reader: Reader
    group: str
    tracking_id: str
    tracking_uid: str
    role: Role | None
    organ: str
    node: bool
    finding: str
    quantity: str
    unit: str
    value: Decimal
    segmentation_uid: str = ""
    segment: int | None = None


@dataclass(frozen=True, slots=True)
class GivenMeasurements:
    """What one report says of one subject; superseded whole when it is read again.

    ``document_uid`` is the report's instance UID, or the annotation's; ``source`` is ``SR`` or
    ``AIM``.
    """

    subject: str
    document_uid: str
    source: str
    measurements: tuple[GivenMeasurement, ...]
