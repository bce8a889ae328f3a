"""The field's words, as enumerations. A leaf: imports nothing of this package.

Values are those of RECIST, DICOM and the CDISC controlled terminology, as they are exported.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a lesion counts as (RECIST 1.1, sections 4.1 and 4.3.5).

    ``REFERENCE`` is the role of a mark that is no lesion: a region of normal liver or blood pool
    that PET is compared with.
    """

    TARGET = "TARGET"
    NON_TARGET = "NON_TARGET"
    NEW = "NEW"
    REFERENCE = "REFERENCE"


LESION_ROLES: tuple[Role, ...] = (Role.TARGET, Role.NON_TARGET, Role.NEW)
"""The roles of lesions."""

REFERENCE_ORGANS: tuple[str, ...] = ("liver", "blood_pool")
"""What a reference region may lie in (PERCIST 1.0)."""

MODALITIES = {"CT": "CT", "MR": "MR", "MRI": "MR", "PT": "PT", "PET": "PT"}
"""Modalities that are read, as written, and their DICOM code."""


class LesionState(StrEnum):
    """What a reader says of a lesion where no diameter is given."""

    PRESENT = "PRESENT"
    ABSENT = "ABSENT"
    TOO_SMALL = "TOO_SMALL"
    NOT_EVALUABLE = "NOT_EVALUABLE"
    MERGED = "MERGED"
    UNEQUIVOCAL_PROGRESSION = "UNEQUIVOCAL_PROGRESSION"
    EQUIVOCAL = "EQUIVOCAL"
    UNEQUIVOCAL = "UNEQUIVOCAL"


class Intervention(StrEnum):
    """What was done to a lesion on study, from this time point on."""

    IRRADIATED = "IRRADIATED"
    RESECTED = "RESECTED"
    BIOPSIED = "BIOPSIED"


STATES_BY_ROLE: dict[Role, frozenset[LesionState]] = {
    Role.TARGET: frozenset(
        {LesionState.TOO_SMALL, LesionState.ABSENT, LesionState.NOT_EVALUABLE, LesionState.MERGED}
    ),
    Role.NON_TARGET: frozenset(
        {
            LesionState.PRESENT,
            LesionState.ABSENT,
            LesionState.UNEQUIVOCAL_PROGRESSION,
            LesionState.NOT_EVALUABLE,
        }
    ),
    Role.NEW: frozenset(
        {
            LesionState.EQUIVOCAL,
            LesionState.UNEQUIVOCAL,
            LesionState.UNEQUIVOCAL_PROGRESSION,
            LesionState.ABSENT,
            LesionState.NOT_EVALUABLE,
        }
    ),
    Role.REFERENCE: frozenset(),
}
"""The states each role admits in a measurement table.

``UNEQUIVOCAL_PROGRESSION`` of a new lesion: unequivocal, and it grew. Only iRECIST asks; to every
other criterion it is an unequivocal new lesion.
"""


class Event(StrEnum):
    """What became of a lesion at a time point."""

    BASELINE = "baseline"
    PERSISTING = "persisting"
    NEW = "new"
    NEWLY_IMAGED = "newly_imaged"
    RESOLVED = "resolved"
    REAPPEARED = "reappeared"
    MERGED = "merged"
    SPLIT = "split"
    NOT_IMAGED = "not_imaged"
    NOT_MARKED = "not_marked"


class Category(StrEnum):
    """Response categories, CDISC submission values (codelist ONCRSR)."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NE = "NE"
    NON_CR_NON_PD = "NON-CR/NON-PD"
    NED = "NED"
    ND = "ND"
    MISSING = "MISSING"


KIN: dict[str, Category] = {
    "iCR": Category.CR,
    "iPR": Category.PR,
    "iSD": Category.SD,
    "iUPD": Category.PD,
    "iCPD": Category.PD,
    "NON-iCR/NON-iUPD": Category.NON_CR_NON_PD,
    "CMR": Category.CR,
    "PMR": Category.PR,
    "SMD": Category.SD,
    "NMR": Category.SD,
    "PMD": Category.PD,
    "NON-CMR/NON-PMD": Category.NON_CR_NON_PD,
    "MR": Category.PR,
    "PDu": Category.PD,
}
"""Codes of other criteria, by the category of RECIST 1.1 that is coloured and sorted like them."""


def find_kin(code: str) -> str:
    """The category of RECIST 1.1 that a code of any criterion stands beside.

    For looking and alerting only: iUPD and PDu are progression that waits to be confirmed.

    Examples
    --------
    >>> find_kin("iUPD"), find_kin("PMR"), find_kin("NON-CMR/NON-PMD"), find_kin("SD")
    ('PD', 'PR', 'NON-CR/NON-PD', 'SD')
    """
    return str(KIN.get(code, code))


class NewLesion(StrEnum):
    """What is said of new lesions at a time point."""

    YES = "YES"
    NO = "NO"
    EQUIVOCAL = "EQUIVOCAL"
    NE = "NE"


class Status(StrEnum):
    """Whether a person stands behind a category."""

    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"


class Source(StrEnum):
    """Where a lesion's role, organ or node flag comes from."""

    READER = "reader"
    PERSON = "person"
    PROPOSED = "proposed"


class AccountRole(StrEnum):
    """What an account may do in the dashboard."""

    ADMIN = "admin"
    READER = "reader"
    VIEWER = "viewer"


class Severity(StrEnum):
    """How long an alert may wait: ``high`` not at all."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Audience(StrEnum):
    """Whom an alert is for."""

    CLINICIAN = "clinician"
    READER = "reader"
    OPERATOR = "operator"


class AlertChange(StrEnum):
    """What becomes of an alert."""

    RAISED = "raised"
    UPDATED = "updated"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    NOTED = "noted"


class AlertState(StrEnum):
    """How an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Channel(StrEnum):
    """The way a message goes."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Outcome(StrEnum):
    """How an attempt to send a message ended; ``dead``: nobody tries again unless told to."""

    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
