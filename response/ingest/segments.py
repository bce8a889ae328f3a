"""What a segmentation says of its segments: lesions, reference regions, normal anatomy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from response.ingest.dicom_file import text_of
from response.ingest.regions import Flat, Region
from response.model import LabelFact

_ANATOMY = {("SCT", "91723000"), ("SCT", "123037004"), ("SRT", "T-D000A")}
"""Codes of the category *anatomical structure* (PS3.16, CID 7150), now and formerly."""

_DISEASE = ("lesion", "metast", "tumor", "tumour", "mass", "nodul", "neoplas", "carcin", "cancer")

_ORGANS = {"liver": "liver", "hepat": "liver", "aort": "blood_pool", "blood": "blood_pool"}
"""Words by which the organ of a reference region is known, and what it is called."""


def describe_segments(
    dataset: Any, voxels: Mapping[int, Flat], source: str, modality: str
) -> tuple[list[Region], list[str]]:
    """Tie the voxels of each segment to what the file says of it, by number.

    Reference regions are those that are called so, and on PET liver and aorta coded as anatomical
    structures; their organ must be liver or blood pool (PERCIST 1.0), others are left aside. Other
    anatomical structures are read as lesions, with a warning.

    Returns
    -------
    tuple
        All segments, those without voxels included, and warnings.
    """
    described = {
        int(segment.SegmentNumber): segment for segment in dataset.get("SegmentSequence") or ()
    }
    described.pop(0, None)  # the background of a label map
    uid = text_of(dataset, "SOPInstanceUID")
    regions, notes = [], []
    for number in sorted({*described, *voxels}):
        found = voxels.get(number, np.zeros(0, np.int32))
        segment = described.get(number)
        if segment is None:
            regions.append(Region(number, found, source, LabelFact(number, "", "", uid, number)))
            continue
        organ, aside, note = _judge(segment, modality)
        fact = LabelFact(number, organ, text_of(segment, "TrackingUID"), uid, number)
        regions.append(Region(number, found, source, fact, aside))
        if note:
            notes.append(f"segment {number} of {source} {note}")
    return regions, notes


def _judge(segment: Any, modality: str) -> tuple[str, str, str]:
    """Return a segment's organ if it is a reference, why it is no lesion, and what to warn of."""
    if is_other_reference(segment):
        return "", "a reference region of another organ than liver or blood pool", ""
    said = _words_of(segment)
    anatomy = not _ANATOMY.isdisjoint(_codes(segment, "SegmentedPropertyCategoryCodeSequence"))
    organ, reference = _find_organ(segment), "reference" in said
    diseased = any(word in said for word in _DISEASE)
    if reference or (anatomy and organ and modality == "PT" and not diseased):
        note = f"is the reference region of the {organ.replace('_', ' ')}; if it is a lesion, give "
        return organ, "", note + "its label a role in lesions.csv"
    if anatomy and not diseased:
        note = "is coded as an anatomical structure, and is read as a lesion; if it is none, take "
        return "", "", note + "it out, or give its label the role REFERENCE in lesions.csv"
    return "", "", ""


def is_other_reference(segment: Any) -> bool:
    """Whether a segment is called a reference, of no organ that uptake is compared with."""
    return "reference" in _words_of(segment) and not _find_organ(segment)


def _words_of(segment: Any) -> str:
    kind = _words(segment, "SegmentedPropertyTypeCodeSequence")
    label = " ".join((text_of(segment, "SegmentLabel"), text_of(segment, "SegmentDescription")))
    return f"{label} {kind}".lower()


def _find_organ(segment: Any) -> str:
    words = f"{_words_of(segment)} {_words(segment, 'AnatomicRegionSequence')}".lower()
    said = {organ for word, organ in _ORGANS.items() if word in words}
    return said.pop() if len(said) == 1 else ""


def _words(segment: Any, name: str) -> str:
    return " ".join(text_of(code, "CodeMeaning") for code in segment.get(name) or ())


def _codes(segment: Any, name: str) -> set[tuple[str, str]]:
    return {
        (text_of(code, "CodingSchemeDesignator").upper(), text_of(code, "CodeValue"))
        for code in segment.get(name) or ()
    }
