"""What is said of lesions in DICOM's coded words: organs, categories, roles, states.

SNOMED CT (SCT), DICOM's own terms (DCM), the NCI Thesaurus (NCIt) and UMLS; what none of them has
a code for is in a scheme of our own, named in every object that uses it.
"""

from __future__ import annotations

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from response.criteria.organs import is_bone, name_organ
from response.model import Lesion
from response.terms import Event, LesionState, Role, Source

OWN_SCHEME = "99RESPONSE"
OWN_SCHEME_NAME = "Longitudinal treatment response tracker"

ABNORMAL = codes.SCT.MorphologicallyAbnormalStructure
LESION = codes.SCT.Lesion
COMMENT = codes.DCM.Comment

ORGANS: dict[str, Code] = {
    "adrenal gland": codes.SCT.AdrenalGland,
    "abdomen": codes.SCT.Abdomen,
    "bladder": codes.SCT.Bladder,
    "brain": codes.SCT.Brain,
    "breast": codes.SCT.Breast,
    "chest wall": codes.SCT.ChestWall,
    "colon": codes.SCT.Colon,
    "esophagus": codes.SCT.Esophagus,
    "head": codes.SCT.Head,
    "heart": codes.SCT.Heart,
    "kidney": codes.SCT.Kidney,
    "liver": codes.SCT.Liver,
    "lung": codes.SCT.Lung,
    "mediastinum": codes.SCT.Mediastinum,
    "muscle": codes.SCT.Muscle,
    "neck": codes.SCT.Neck,
    "oesophagus": codes.SCT.Esophagus,
    "ovary": codes.SCT.Ovary,
    "pancreas": codes.SCT.Pancreas,
    "pelvis": codes.SCT.Pelvis,
    "pleura": codes.SCT.Pleura,
    "prostate": codes.SCT.Prostate,
    "rectum": codes.SCT.Rectum,
    "retroperitoneum": codes.SCT.Retroperitoneum,
    "skin": codes.SCT.Skin,
    "soft tissue": codes.SCT.SoftTissue,
    "spleen": codes.SCT.Spleen,
    "stomach": codes.SCT.Stomach,
    "thyroid": codes.SCT.Thyroid,
    "uterus": codes.SCT.Uterus,
}

SIDES: dict[str, Code] = {
    "left": codes.SCT.Left,
    "right": codes.SCT.Right,
    "bilateral": codes.SCT.Bilateral,
}

RESPONSES: dict[str, Code] = {
    "CR": Code("C4870", "NCIt", "Complete Response"),
    "PR": Code("C18058", "NCIt", "Partial Response"),
    "SD": Code("C18213", "NCIt", "Stable Disease"),
    "PD": Code("C35571", "NCIt", "Progressive Disease"),
}

TARGET_RESPONSES: dict[str, Code] = {
    "CR": codes.DCM.TargetLesionCompleteResponse,
    "PR": codes.DCM.TargetLesionPartialResponse,
    "SD": codes.DCM.TargetLesionStableDisease,
    "PD": codes.DCM.TargetLesionProgressiveDisease,
}
"""CID 6144, RECIST defined lesion response."""

NON_TARGET_RESPONSES: dict[str, Code] = {
    "CR": codes.DCM.NonTargetLesionCompleteResponse,
    "NON-CR/NON-PD": codes.DCM.NonTargetLesionIncompleteResponseOrStableDisease,
    "PD": codes.DCM.NonTargetLesionProgressiveDisease,
}

METHODS: dict[str, Code] = {"recist11": codes.DCM.RECIST1Point1}
"""CID 6147, response criteria; its RANO is that of 2010."""

ROLES: dict[Role, Code] = {
    Role.TARGET: codes.DCM.TargetLesionAtBaseline,
    Role.NON_TARGET: codes.DCM.NonTargetLesionAtBaseline,
}
"""CID 6145, baseline category."""

PROCEDURES: dict[str, Code] = {
    "CT": codes.LN.CTUnspecifiedBodyRegion,
    "MR": codes.LN.MRIUnspecifiedBodyRegion,
    "PT": codes.LN.PETUnspecifiedBodyRegion,
}
"""CID 100, quantitative diagnostic imaging procedures."""

_STATES = {LesionState.ABSENT: codes.SCT.Absent}


COLOURS = (
    (230, 25, 75),
    (60, 180, 75),
    (255, 225, 25),
    (0, 130, 200),
    (245, 130, 48),
    (145, 30, 180),
    (70, 240, 240),
    (240, 50, 230),
)


def choose_colour(number: int) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of the segment or region of a number, from 1."""
    return COLOURS[(number - 1) % len(COLOURS)]


def code_own(value: str, meaning: str) -> Code:
    """A code of our own scheme; a value is at most 16 characters (PS3.5, SH)."""
    return Code(value.upper()[:16], OWN_SCHEME, meaning)


def code_organ(lesion: Lesion) -> Code | None:
    """The anatomic region of a lesion, where a person named it and it has a code."""
    if lesion.node and lesion.node_source is not Source.PROPOSED:
        return Code("59441001", "SCT", "Lymph node")
    if lesion.organ_source is Source.PROPOSED:
        return None
    if is_bone(lesion.organ):
        return Code("272673000", "SCT", "Bone")
    return ORGANS.get(name_organ(lesion.organ))


def code_side(lesion: Lesion) -> Code | None:
    """The side of a lesion, where it was said."""
    return SIDES.get(lesion.side.casefold())


def code_response(category: str) -> Code:
    """An overall response: NCI Thesaurus where it has the term, else as it is submitted.

    Examples
    --------
    >>> code_response("PR").value, code_response("iUPD").value
    ('C18058', 'IUPD')
    """
    return RESPONSES.get(category) or code_own(category, category)


def code_event(event: Event) -> Code:
    """What became of a lesion."""
    return code_own(str(event), str(event).replace("_", " "))


def code_state(state: LesionState) -> Code:
    """What a reader said of a lesion."""
    return _STATES.get(state) or code_own(str(state), str(state).replace("_", " ").lower())
