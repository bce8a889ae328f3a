"""Scans that did not come from DICOM, written as a series that results can refer to.

CT and MR, as derived images in a study of our own: nothing is claimed of how they were acquired.
A PET is not written: without its acquisition nobody could tell what its values are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from response.errors import InputError
from response.export.dicom_marks import clean
from response.export.dicom_source import (
    SourceSeries,
    describe_equipment,
    make_uid,
    to_decimals,
    turn_array,
)
from response.geometry import Grid
from response.ingest.itk import sitk
from response.ingest.origin import SourceImage
from response.model import Scan, Subject
from response.workspace import Workspace

CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}
SERIES_NUMBER = 7000
WHOLE = np.iinfo(np.int16)


def convert_series(subject: Subject, scan: Scan, grid: Grid) -> SourceSeries:
    """Describe the series that a scan is written as; the same scan is always the same series.

    Parameters
    ----------
    grid
        The scan's grid, slices along k.

    Raises
    ------
    InputError
        It is neither CT nor MR.
    """
    if scan.modality not in CLASSES:
        raise InputError(
            f"a {scan.modality} that was not read from DICOM cannot be written as one: how it was "
            "acquired is not known; ingest the DICOM series"
        )
    uid = make_uid("series", subject.key, scan.time_point, scan.image_digest)
    header = {
        "PatientID": clean(scan.subject),
        "StudyDate": scan.date.strftime("%Y%m%d"),
        "StudyInstanceUID": make_uid("study", subject.key, scan.time_point),
        "FrameOfReferenceUID": make_uid("frame", subject.key, scan.time_point),
        "SeriesInstanceUID": uid,
        "SeriesNumber": str(SERIES_NUMBER),
        "Modality": scan.modality,
    }
    images = tuple(
        SourceImage(CLASSES[scan.modality], make_uid("image", uid, index))
        for index in range(grid.size[2])
    )
    return SourceSeries(header, images, grid, scan.slice_thickness_mm or grid.spacing[2])


def write_images(workspace: Workspace, scan: Scan, source: SourceSeries) -> Iterator[FileDataset]:
    """Make the images of a converted series, slice by slice.

    Values are kept exactly where they are whole numbers of 16 bits, else to 1 part in 65,535 of
    their range.
    """
    array = turn_array(
        sitk.GetArrayFromImage(workspace.read_image(scan.image_path)), scan.slice_axis
    )
    slope, intercept = _choose_scale(array)
    for index in range(len(array)):
        stored = np.rint((array[index].astype(np.float64) - intercept) / slope)
        made = _describe(source, scan, index)
        made.RescaleSlope, made.RescaleIntercept = to_decimals([slope, intercept])
        made.PixelData = stored.astype("<i2").tobytes()
        yield made


def _choose_scale(array: npt.NDArray[Any]) -> tuple[float, float]:
    """Slope and intercept that fit all values into 16 bits."""
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind in "iu" and low >= WHOLE.min and high <= WHOLE.max:
        return 1.0, 0.0
    slope = float(to_decimals([(high - low) / (WHOLE.max - WHOLE.min - 1) or 1.0])[0])
    return slope, float(to_decimals([(high + low) / 2])[0])


def _describe(source: SourceSeries, scan: Scan, index: int) -> FileDataset:
    meta: Any = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = source.images[index].sop_class_uid
    meta.MediaStorageSOPInstanceUID = source.images[index].sop_instance_uid
    made = FileDataset("", source.describe_image(index), file_meta=meta, preamble=b"\0" * 128)
    made.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if scan.modality == "CT" else "OTHER"]
    made.DerivationDescription = "Written from a volume without DICOM headers"
    made.SeriesDescription = clean(f"{scan.modality} {scan.series}")
    made.PatientPosition = made.Laterality = ""
    made.AcquisitionNumber = ""
    made.BurnedInAnnotation = "NO"
    equipment = describe_equipment()
    made.Manufacturer = equipment["manufacturer"]
    made.ManufacturerModelName = equipment["manufacturer_model_name"]
    made.SoftwareVersions = equipment["software_versions"]
    if scan.modality == "CT":
        made.KVP = ""
        made.RescaleType = "HU"
    else:
        made.ScanningSequence, made.SequenceVariant, made.ScanOptions = "RM", "NONE", ""
        made.MRAcquisitionType = "3D"
        made.RepetitionTime = made.EchoTime = made.EchoTrainLength = ""
    return made
