"""What is known of a PET scan: its unit, why there is no SUV, what it may be laid over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from response.model import Scan

SUV_UNIT = "SUVBW"
"""What ``Scan.facts["units"]`` says where voxels are SUV by body weight."""

UNIT_WORDS = {SUV_UNIT: "SUV (g/ml)", "BQML": "Bq/ml", "CNTS": "counts", "PROPCNTS": "counts"}
ANATOMY = ("CT", "MR")

FACT_WORDS: tuple[tuple[str, str, str], ...] = (
    ("radiotracer", "Tracer", ""),
    ("injected_mbq", "Injected", "MBq"),
    ("uptake_minutes", "Uptake time", "min"),
    ("weight_kg", "Weight", "kg"),
    ("height_cm", "Height", "cm"),
    ("sex", "Sex", ""),
    ("suv_bw_factor", "SUV factor", "g/ml per stored unit"),
    ("scanner", "Scanner", ""),
    ("reconstruction", "Reconstruction", ""),
)
"""Facts of a PET scan in the order they are shown: key, words, unit."""


def is_pet(scan: Scan) -> bool:
    """Tell whether a scan is a PET scan with an image."""
    return scan.modality == "PT" and bool(scan.image_path)


def is_suv(scan: Scan) -> bool:
    """Tell whether a scan's voxels are SUV by body weight; nothing else is ever called SUV."""
    return scan.facts.get("units") == SUV_UNIT and not scan.facts.get("suv_refused")


def unit_words(scan: Scan) -> str:
    """Return the unit of a PET scan's voxels in words.

    A scan whose facts do not say that it is in SUV is in an unknown unit, unless they name one.
    """
    unit = scan.facts.get("units", "")
    if unit == SUV_UNIT and not is_suv(scan):
        return "unit not known"
    return UNIT_WORDS.get(unit, unit or "unit not known")


def refusal_words(scan: Scan) -> str:
    """Return why a PET scan has no SUV, empty where it has."""
    if is_suv(scan):
        return ""
    said = scan.facts.get("suv_refused", "")
    return said or "nothing that came with the scan says that its values are SUV"


def find_pet(scans: Iterable[Scan]) -> Scan | None:
    """Return the PET scan of a time point: one in SUV before any other."""
    pets = [scan for scan in scans if is_pet(scan)]
    return min(pets, key=lambda scan: not is_suv(scan), default=None)


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


def list_facts(scan: Scan) -> Sequence[tuple[str, str]]:
    """Return what is known of how a PET scan was made: (words, value with unit).

    Examples
    --------
    >>> import datetime as dt
    >>> facts = {"uptake_minutes": "61.5", "weight_kg": "70", "units": "SUVBW"}
    >>> box = (0, 0, 0, 1, 1, 1)
    >>> scan = Scan("s", "x", "TP0", dt.date(2025, 1, 1), "PT", "1", "p", "", 2, box, facts=facts)
    >>> list_facts(scan)
    [('Uptake time', '61.5 min'), ('Weight', '70 kg')]
    """
    return [
        (words, f"{scan.facts[key]} {unit}".strip())
        for key, words, unit in FACT_WORDS
        if scan.facts.get(key)
    ]
