"""What is kept of a DICOM series beside its voxels: its headers without the patient's name."""

from __future__ import annotations

from typing import Any

import pydicom

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset
from response.ingest.origin import SourceImage, write_origin
from response.ingest.series import Stack

KEPT = [
    "PatientID",
    "IssuerOfPatientID",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "TimezoneOffsetFromUTC",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDate",
    "SeriesTime",
    "SeriesDescription",
    "ProtocolName",
    "BodyPartExamined",
    "Laterality",
    "PatientPosition",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "Manufacturer",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "SoftwareVersions",
    "Units",
]
"""Attributes that all images of a series share; no name of a person among them."""


def describe_origin(stack: Stack) -> str:
    """Write where a volume came from: its shared header, and the image behind each slice.

    Raises
    ------
    InputError
        The first image cannot be read any more.
    """
    header = read_dataset(stack.slices[0].path, tags=KEPT)
    kept: dict[str, Any] = {}
    with quiet():
        for name in KEPT:
            try:
                if name in header:
                    one = pydicom.Dataset()
                    one.add(header[name])
                    kept |= one.to_json_dict()
            except (InputError, *DAMAGE):
                continue
    images = [SourceImage(one.sop_class, one.sop_uid, one.frame) for one in stack.slices]
    return write_origin(kept, images)
