"""The values that pass between the steps. Frozen, slotted, validated once at the edges.

Physical points are LPS millimetres (DICOM patient coordinates, as SimpleITK); dates are
:class:`datetime.date`; diameters that a rule sees are :class:`decimal.Decimal`.
"""

from response.model.alerts import Alert, AlertEvent, AlertMessage, DeliveryAttempt
from response.model.decisions import Account, AuditEntry, Decision
from response.model.findings import (
    Finding,
    Lesion,
    Measurement,
    Point,
    RecordedMeasurement,
    ReferenceRegion,
    Segment,
    Tracking,
)
from response.model.given import GivenMeasurement, GivenMeasurements
from response.model.people import Reader, Subject, SubjectFacts
from response.model.readings import Readings, SiteResponse, SiteResponses
from response.model.results import (
    AssessedTimePoint,
    Assessment,
    LesionReading,
    Reason,
    SubjectResult,
    SubjectSummary,
)
from response.model.scans import (
    LabelFact,
    LesionFact,
    MarkSet,
    Refusal,
    Registration,
    Scan,
    TimePoint,
)

__all__ = [
    "Account",
    "Alert",
    "AlertEvent",
    "AlertMessage",
    "AssessedTimePoint",
    "Assessment",
    "AuditEntry",
    "Decision",
    "DeliveryAttempt",
    "Finding",
    "GivenMeasurement",
    "GivenMeasurements",
    "LabelFact",
    "Lesion",
    "LesionFact",
    "LesionReading",
    "MarkSet",
    "Measurement",
    "Point",
    "Reader",
    "Readings",
    "Reason",
    "RecordedMeasurement",
    "ReferenceRegion",
    "Refusal",
    "Registration",
    "Scan",
    "Segment",
    "SiteResponse",
    "SiteResponses",
    "Subject",
    "SubjectFacts",
    "SubjectResult",
    "SubjectSummary",
    "TimePoint",
    "Tracking",
]
