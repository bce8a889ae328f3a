"""What counts as one organ (R1-11): paired organs are one, all lymph nodes together are one."""

from __future__ import annotations

import re
from functools import lru_cache

NODES = "lymph nodes"

ONE_ORGAN = {
    "adrenal": "adrenal gland",
    "adrenals": "adrenal gland",
    "brain": "brain",
    "breast": "breast",
    "breasts": "breast",
    "hepatic": "liver",
    "kidney": "kidney",
    "kidneys": "kidney",
    "liver": "liver",
    "lung": "lung",
    "lungs": "lung",
    "ovaries": "ovary",
    "ovary": "ovary",
    "pancreas": "pancreas",
    "pulmonary": "lung",
    "renal": "kidney",
    "spleen": "spleen",
}
"""Words that name an organ whatever side, lobe or segment stands beside them."""

_SIDES = frozenset({"left", "right", "bilateral"})

_BONES = frozenset(
    [
        "bone",
        "bones",
        "femur",
        "humerus",
        "iliac",
        "ilium",
        "pelvis",
        "rib",
        "ribs",
        "sacrum",
        "scapula",
        "skull",
        "spine",
        "sternum",
        "vertebra",
        "vertebrae",
        "vertebral",
    ]
)

_PORTA_HEPATIS = re.compile(
    r"porta[\s-]*hepatis|portahepatic|(hepatic|liver)\s+hil|hil(um|ar).*(hepatic|liver)"
    r"|periportal|porto-?cava|hepatoduodenal"
)

_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def name_organ(organ: str, *, node: bool = False, nodes_one_organ: bool = True) -> str:
    """The organ that a lesion counts under; empty where it is not known.

    Examples
    --------
    >>> name_organ("LUNG, LEFT"), name_organ("right lung, upper lobe"), name_organ("")
    ('lung', 'lung', '')
    >>> name_organ("mediastinum", node=True)
    'lymph nodes'
    """
    if node and nodes_one_organ:
        return NODES
    words = _WORD.findall(organ.casefold())
    if not node:
        for word in words:
            if word in ONE_ORGAN:
                return ONE_ORGAN[word]
    return " ".join(word for word in words if word not in _SIDES)


def is_bone(organ: str) -> bool:
    """Whether an organ's name is that of a bone.

    Examples
    --------
    >>> is_bone("Thoracic vertebra"), is_bone("liver")
    (True, False)
    """
    return any(word in _BONES for word in _WORD.findall(organ.casefold()))


def is_porta_hepatis(organ: str) -> bool:
    """Whether an organ's name is that of the porta hepatis, where cirrhosis swells nodes.

    Examples
    --------
    >>> is_porta_hepatis("Lymph node, porta hepatis"), is_porta_hepatis("lung hilum")
    (True, False)
    """
    return _PORTA_HEPATIS.search(organ.casefold()) is not None
