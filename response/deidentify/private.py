"""Private attributes known to be safe (PS3.15 E.3.10): what SUV and b-values come from, no more."""

from __future__ import annotations

import re
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

SAFE = {
    ("GEMS_PETD_01", 0x0009): {
        0x0D: "DT",  # scan
        0x38: "FL",  # tracer activity
        0x39: "DT",  # measurement
        0x3B: "DT",  # administration
        0x3C: "FL",  # activity after injection
        0x3D: "DT",  # measurement after injection
        0x3F: "FL",  # half-life
    },
    ("PHILIPS PET PRIVATE GROUP", 0x7053): {0x00: "DS", 0x09: "DS"},  # SUV and activity factors
    ("SIEMENS MED PT", 0x0071): {0x22: "DT"},  # reference of the decay correction
    ("SIEMENS MR HEADER", 0x0019): {0x0C: "IS"},  # diffusion b-values
    ("GEMS_PARM_01", 0x0043): {0x39: "IS"},
    ("PHILIPS IMAGING DD 001", 0x2001): {0x03: "FL"},
}
"""By creator and group: the last byte of the element and its value representation."""

_NUMBER = re.compile(r"[-+0-9.eE ]{1,16}(\\[-+0-9.eE ]{1,16})*")
_TIME = re.compile(r"\d{8,14}(\.\d{1,6})?([-+]\d{4})?")


def take_private(dataset: Dataset) -> list[tuple[str, DataElement]]:
    """Take the safe private elements out of a dataset, each with its creator.

    Values that are not what they should be (a number, a date and time) are left behind.
    """
    taken = []
    for group in sorted({tag.group for tag in list(dataset.keys()) if tag.is_private}):
        for creator in dataset.private_creators(group):
            safe = SAFE.get((creator.strip().upper(), group), {})
            block = dataset.private_block(group, creator)
            for offset, vr in safe.items():
                if offset in block:
                    value = _read_value(block[offset].value, vr)
                    if value is not None:
                        tag = block.get_tag(offset)
                        taken.append((creator, DataElement(tag, vr, value)))
    return taken


def put_private(dataset: Dataset, taken: list[tuple[str, DataElement]]) -> None:
    """Put back what was taken, under its creator."""
    for creator, element in taken:
        block = dataset.private_block(element.tag.group, creator, create=True)
        block.add_new(element.tag.element & 0xFF, element.VR, element.value)


def _read_value(value: Any, vr: str) -> Any:
    """Read a value of the wanted kind, or ``None``; a reader that knows no VR gives bytes."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").strip("\0 ")
    if vr == "FL":
        return float(value) if isinstance(value, int | float) else None
    many = value if isinstance(value, MultiValue) else [value]
    text = "\\".join(str(one) for one in many).strip()
    pattern = _TIME if vr == "DT" else _NUMBER
    return text if pattern.fullmatch(text) else None
