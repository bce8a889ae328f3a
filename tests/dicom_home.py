"""A workspace with scans from DICOM, marked and tracked without any registration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian

from response.ingest.origin import SourceImage, write_origin
from response.layers import join_layers
from response.measure import measure_labels
from response.model import Finding, Lesion, MarkSet, Reader, Scan, SubjectFacts, TimePoint, Tracking
from response.sizes import record
from response.store import Store
from response.terms import Event, Role, Source
from response.workspace import Workspace

SIZE, SPACING, ORIGIN = (40, 32, 12), (0.8, 0.7, 2.5), (-15.0, -10.0, 100.0)
OBLIQUE = (0.8, 0.0, -0.6, 0.6, 0.0, 0.8, 0.0, -1.0, 0.0)
STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def make_uid(*parts: object) -> str:
    number = sum(ord(char) * 257**place for place, char in enumerate("/".join(map(str, parts))))
    return f"2.25.{number % 10**36 + 10**36}"


def make_labels(shift: int = 0) -> np.ndarray:
    """A ring (label 4, with a hole), a ball (label 2), (slices, rows, columns)."""
    k, j, i = np.indices(SIZE[::-1]).astype(float)
    flat = np.hypot((i - 12) * SPACING[0], (j - 12) * SPACING[1])
    labels = np.zeros(SIZE[::-1], np.uint16)
    labels[(flat < 6.0) & (flat > 2.0) & (np.abs(k - 5) < 2)] = 4
    away = ((i - 28 + shift) * SPACING[0]) ** 2 + ((j - 20) * SPACING[1]) ** 2
    labels[away + ((k - 6) * SPACING[2]) ** 2 < 5.0**2] = 2
    return labels


@dataclass
class DicomHome:
    """A workspace of one subject, filled scan by scan."""

    folder: Path
    subject: str = "P1"
    reader: Reader = field(default_factory=Reader)
    direction: tuple[float, ...] = STRAIGHT
    points: list[TimePoint] = field(default_factory=list)
    masks: dict[str, list[np.ndarray]] = field(default_factory=dict)
    source: Path = Path()
    header: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workspace = Workspace.open(self.folder / "home")
        self.store = Store(self.workspace, keep=True)

    def add_scan(
        self,
        date: str = "2025-01-10",
        layers: Sequence[np.ndarray] | None = None,
        *,
        origin: bool = True,
        frames: bool = False,
        modality: str = "CT",
        slice_axis: int = 2,
        facts: Mapping[str, str] | None = None,
    ) -> Scan:
        """Add a scan with its marks; its DICOM files lie below ``source``."""
        layers = [make_labels()] if layers is None else list(layers)
        values = np.random.default_rng(3).integers(-200, 300, SIZE[::-1]).astype(np.int16)
        image, mask = (
            self._place(sitk.GetImageFromArray(values)),
            self._place(join_layers(np.stack(layers, axis=-1))),
        )
        scan_id = f"{self.subject}-{date}-{modality}"
        text = self._write_origin(scan_id, date, values, frames, modality) if origin else ""
        scan = Scan(
            scan_id,
            self.subject,
            date,
            dt.date.fromisoformat(date),
            modality,
            "",
            self.workspace.write_image(image, scan_id.encode().hex()),
            scan_id.encode().hex(),
            slice_axis,
            (0, 0, 0, *SIZE),
            source="dicom" if origin else "nifti",
            slice_thickness_mm=2.5,
            facts=dict(facts or {}),
            origin_path=self.workspace.write_document(text, scan_id.encode().hex())
            if origin
            else "",
        )
        labels = sorted({int(x) for layer in layers for x in np.unique(layer)} - {0})
        digest = f"{scan_id}m".encode().hex()
        path = self.workspace.write_image(mask, digest) if labels else ""
        marks = MarkSet(f"{scan_id}-m", scan_id, self.reader, path, digest, tuple(labels), True)
        point = TimePoint(self.subject, date, scan.date, (scan,), (marks,))
        self.store.write_time_point(point, actor="anna")
        self.points.append(point)
        self.masks[scan_id] = layers
        return scan

    def _place(self, image: sitk.Image) -> sitk.Image:
        image.SetSpacing(SPACING)
        image.SetOrigin(ORIGIN)
        image.SetDirection(self.direction)
        return image

    def _write_origin(
        self, name: str, date: str, values: np.ndarray, frames: bool, modality: str
    ) -> str:
        header = self.describe(name, date, modality)
        images = [
            SourceImage(str(EnhancedCTImageStorage), make_uid(name, "file"), k + 1)
            if frames
            else SourceImage(str(CTImageStorage), make_uid(name, "file", k))
            for k in range(SIZE[2])
        ]
        if not frames:
            self._write_files(name, header, images, values)
        odd = header.to_json_dict()
        for keyword, value in self.header.items():
            tag = pydicom.datadict.tag_for_keyword(keyword)
            odd[f"{tag:08X}"] = {"vr": "LO", "Value": [value]}
        return write_origin(odd, images)

    def describe(self, name: str, date: str, modality: str) -> pydicom.Dataset:
        """What the images of a series share."""
        header = pydicom.Dataset()
        header.SpecificCharacterSet = "ISO_IR 192"
        header.PatientID, header.PatientSex = self.subject, "F"
        header.StudyInstanceUID = make_uid(self.subject, date, "study")
        header.StudyDate, header.StudyTime = date.replace("-", ""), "101500"
        header.StudyID, header.AccessionNumber = "7", "A1"
        header.SeriesInstanceUID, header.SeriesNumber = make_uid(name, "series"), 3
        header.FrameOfReferenceUID = make_uid(name, "frame")
        header.Modality, header.Manufacturer = modality, "Phantom"
        return header

    def _write_files(
        self,
        name: str,
        header: pydicom.Dataset,
        images: Sequence[SourceImage],
        values: np.ndarray,
    ) -> None:
        folder = self.folder / "source" / name
        folder.mkdir(parents=True)
        self.source = folder.parent
        turned = np.array(self.direction).reshape(3, 3)
        for k, image in enumerate(images):
            made = pydicom.Dataset()
            made.update(header)
            made.PatientName, made.PatientBirthDate = "", ""
            made.ReferringPhysicianName = made.PositionReferenceIndicator = ""
            made.SOPClassUID, made.SOPInstanceUID = image.sop_class_uid, image.sop_instance_uid
            made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            made.InstanceNumber, made.AcquisitionNumber, made.KVP = k + 1, 1, 120
            place = np.array(ORIGIN) + turned[:, 2] * SPACING[2] * k
            made.ImagePositionPatient = [round(float(x), 6) for x in place]
            made.ImageOrientationPatient = [*turned[:, 0].tolist(), *turned[:, 1].tolist()]
            made.PixelSpacing, made.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
            made.Rows, made.Columns = SIZE[1], SIZE[0]
            made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
            made.BitsAllocated = made.BitsStored = 16
            made.HighBit, made.PixelRepresentation = 15, 1
            made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, 0, "HU"
            made.PixelData = values[k].astype("<i2").tobytes()
            made.file_meta = pydicom.dataset.FileMetaDataset()
            made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
            made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
            made.save_as(folder / f"{k:03d}.dcm", enforce_file_format=True)

    def track(self, **changes: object) -> Tracking:
        """Track every label as the lesion of its number; a lesion without a mark is resolved."""
        numbers = sorted({label for point in self.points for label in point.mark_sets[0].labels})
        lesions = tuple(
            Lesion(
                make_uid("lesion", number),
                f"L{number:02d}",
                self.subject,
                self.reader,
                Role.TARGET,
                Source.READER,
                "liver",
                Source.READER,
                "right" if number == 2 else "",
                False,
                Source.READER,
            )
            for number in numbers
        )
        findings = tuple(finding for point in self.points for finding in self._find(point, lesions))
        tracking = Tracking(
            self.subject, self.reader, "key", self.points[0].time_point, False, lesions, findings
        )
        self.store.write_subject_facts(SubjectFacts(self.subject), actor="anna")
        self.store.write_tracking(tracking, actor="anna")
        return tracking

    def _find(self, point: TimePoint, lesions: Sequence[Lesion]) -> list[Finding]:
        (scan,), (marks,) = point.scans, point.mark_sets
        image = self.workspace.read_image(scan.image_path)
        measured = {
            one.label: one
            for layer in self.masks[scan.scan_id]
            for one in measure_labels(
                image, self._place(sitk.GetImageFromArray(layer)), slice_axis=scan.slice_axis
            )
        }
        first = point is self.points[0]
        return [
            Finding(
                self.subject,
                point.time_point,
                point.date,
                scan.scan_id,
                scan.modality,
                scan.series,
                self.reader,
                lesion.tracking_uid,
                lesion.tracking_id,
                number if number in measured else None,
                (Event.BASELINE if first else Event.PERSISTING)
                if number in measured
                else Event.RESOLVED,
                measured[number].centroid if number in measured else (0.0, 0.0, 0.0),
                record(measured[number], Decimal("0.1")) if number in measured else None,
                None,
                1.0,
                False,
                "",
                marks.mark_set_id if number in measured else "",
            )
            for lesion in lesions
            for number in [int(lesion.tracking_id[1:])]
        ]
