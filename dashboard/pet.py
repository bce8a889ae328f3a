"""What is known of a PET scan: its unit, why there is no SUV, what it may be laid over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import response.pet
from response.model import Scan
from response.pet import PET, SUV_UNITS, why_no_suv

UNIT_WORDS = {SUV_UNITS: "SUV (g/ml)", "BQML": "Bq/ml", "CNTS": "counts", "PROPCNTS": "counts"}
ANATOMY = ("CT", "MR")

FACT_WORDS: tuple[tuple[str, str, str], ...] = (
    ("radiotracer", "Tracer", ""),
    ("injected_mbq", "Injected", "MBq"),
    ("uptake_minutes", "Uptake time", "min"),
    ("weight_kg", "Weight", "kg"),
    ("height_cm", "Height", "cm"),
    ("sex", "Sex", ""),
    ("suv_bw_factor", "SUV factor", ""),
    ("scanner", "Scanner", ""),
    ("reconstruction", "Reconstruction", ""),
)
"""Facts of a PET scan in the order they are shown: key, words, unit."""


def is_pet(scan: Scan) -> bool:
    """Tell whether a scan is a PET scan with an image."""
    return scan.modality == PET and bool(scan.image_path)


def is_suv(scan: Scan) -> bool:
    """Tell whether a scan's voxels are SUV by body weight; nothing else is ever called SUV."""
    return not why_no_suv(scan)


def unit_words(scan: Scan) -> str:
    """Return the unit of a PET scan's voxels in words.

    A scan whose facts do not say that it is in SUV is in an unknown unit, unless they name one.
    """
    unit = scan.facts.get("units", "")
    if unit == SUV_UNITS and not is_suv(scan):
        return "unit not known"
    return UNIT_WORDS.get(unit, unit or "unit not known")


def find_pet(scans: Iterable[Scan]) -> Scan | None:
    """Return the PET scan of a time point that has an image: one in SUV before any other."""
    return response.pet.find_pet(scan for scan in scans if is_pet(scan))


def find_anatomy(scans: Iterable[Scan], beside: Scan | None = None) -> Scan | None:
    """Return the CT, else the MR scan of a time point; one in the frame of ``beside`` first."""
    known = [scan for scan in scans if scan.modality in ANATOMY and scan.image_path]
    return min(
        known,
        key=lambda scan: (
            beside is not None and not share_frame(scan, beside),
            ANATOMY.index(scan.modality),
        ),
        default=None,
    )


def share_frame(one: Scan, other: Scan) -> bool:
    """Tell whether two scans may be laid over each other.

    False where both name their frame of reference and the names differ; scans that name none are
    of one examination by their time point.
    """
    frames = [scan.facts.get("frame_of_reference_uid", "") for scan in (one, other)]
    return "" in frames or frames[0] == frames[1]


def list_facts(facts: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Return what is known of how a PET scan was made: (words, value with unit).

    Examples
    --------
    >>> list_facts({"uptake_minutes": "61.5", "weight_kg": "70", "units": "SUVBW"})
    [('Uptake time', '61.5 min'), ('Weight', '70 kg')]
    """
    return [
        (words, f"{round_number(facts[key])} {unit}".strip())
        for key, words, unit in FACT_WORDS
        if facts.get(key)
    ]


def round_number(text: str) -> str:
    """Return a number with no more digits than anybody reads; other text as it is.

    Examples
    --------
    >>> round_number("583.1199951"), round_number("0.000294480405"), round_number("OSEM 3i21s")
    ('583.12', '0.00029448', 'OSEM 3i21s')
    """
    try:
        return f"{float(text):.5g}"
    except ValueError:
        return text
