"""A small clinic: scans written to files, a manifest, a workspace with its store."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from measurement_rows import HEADER, TODAY
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from response.ingest.measurement_table import read_measurement_table
from response.ingest.run import ingest_paths
from response.store import Store
from response.workspace import Workspace

COLUMNS = ("subject", "time_point", "date", "modality", "image", "mask")
SPACING = (1.0, 1.5, 3.0)


def make_scan(seed: int = 0, size=(12, 11, 8), spacing=SPACING) -> sitk.Image:
    values = np.random.default_rng(seed).integers(-1000, 1000, size[::-1]).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin((-20.0, 31.5, 400.25))
    return image


def make_mask(*boxes, size=(12, 11, 8), spacing=SPACING, kind=np.uint8) -> sitk.Image:
    """Boxes are (label, i, j, k): 2x2x2 voxels from that index."""
    marks = np.zeros(size[::-1], kind)
    for label, i, j, k in boxes:
        marks[k : k + 2, j : j + 2, i : i + 2] = label
    mask = sitk.GetImageFromArray(marks)
    mask.CopyInformation(make_scan(size=size, spacing=spacing))
    return mask


@dataclass
class Clinic:
    folder: Path
    workspace: Workspace
    store: Store
    rows: list[dict[str, str]] = field(default_factory=list)

    make_scan = staticmethod(make_scan)
    make_mask = staticmethod(make_mask)

    def save(self, image: sitk.Image, name: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(path))
        return name

    def add(self, subject="P1", time_point="T0", date="2025-01-10", **cells) -> dict[str, str]:
        """Add a row; its image and mask are made unless they are named."""
        name = f"{subject}_{time_point}"
        if "image" not in cells:
            seed = sum(name.encode()) + len(self.rows)
            cells["image"] = self.save(make_scan(seed), f"{name}_{len(self.rows)}.nii.gz")
        if "mask" not in cells:
            cells["mask"] = self.save(make_mask((1, 2, 2, 2)), f"{name}_{len(self.rows)}_m.nii.gz")
        row = {"subject": subject, "time_point": time_point, "date": date, "modality": "CT"}
        self.rows.append(row | cells)
        return self.rows[-1]

    def add_table(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def write(self) -> Path:
        path = self.folder / "manifest.csv"
        extra = dict.fromkeys(column for row in self.rows for column in row)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, dict.fromkeys([*COLUMNS, *extra]), restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        return path

    def ingest(self, *paths: Path, **options):
        return ingest_paths(
            paths or [self.write()], self.workspace, self.store, actor="tester", **options
        )

    def read_labels(self, mark_set) -> np.ndarray:
        return sitk.GetArrayFromImage(self.workspace.read_image(mark_set.mask_path))


AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass
class Tree:
    """A DICOM folder that grows series by series; a series is the list of its files."""

    folder: Path

    def add_series(
        self,
        subject="P1",
        date="20250110",
        number=3,
        slices=6,
        gap=2.5,
        orientation=AXIAL,
        seed=0,
        rows=12,
        columns=10,
        **tags,
    ) -> list[Path]:
        """Slices are written in reverse, each value from `seed`; stored value − 1024 is HU."""
        uid, frame = generate_uid(), generate_uid()
        values = np.random.default_rng(seed).integers(0, 2000, (slices, rows, columns))
        normal = np.cross(orientation[:3], orientation[3:])
        folder = self.folder / f"{subject}_{date}_{number}_{uid[-6:]}"
        folder.mkdir(parents=True)
        paths = []
        for index in range(slices):
            dataset = pydicom.Dataset()
            dataset.PatientID, dataset.PatientName = subject, "Secret^Name"
            dataset.PatientBirthDate = dataset.PatientSex = ""
            dataset.StudyDate, dataset.StudyTime = date, "101500"
            dataset.StudyID = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
            dataset.StudyInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[subject, date])
            dataset.SeriesInstanceUID, dataset.SeriesNumber = uid, number
            dataset.FrameOfReferenceUID = frame
            dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
            dataset.Modality, dataset.Manufacturer = "CT", "Phantom"
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            dataset.InstanceNumber = index + 1
            place = np.array([-30.0, -40.0, 100.0]) + index * gap * normal
            dataset.ImagePositionPatient = [round(float(part), 6) for part in place]
            dataset.ImageOrientationPatient = list(orientation)
            dataset.PixelSpacing, dataset.SliceThickness = [0.8, 0.7], abs(gap)
            dataset.Rows, dataset.Columns = rows, columns
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
            dataset.BitsAllocated = dataset.BitsStored = 16
            dataset.HighBit, dataset.PixelRepresentation = 15, 0
            dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
            dataset.PixelData = values[index].astype("<u2").tobytes()
            for name, value in tags.items():
                setattr(dataset, name, value)
            dataset.file_meta = pydicom.dataset.FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            paths.append(folder / f"{slices - index:04d}.dcm")
            dataset.save_as(paths[-1], enforce_file_format=True)
        return paths

    def add_segmentation(
        self, series: list[Path], marks: np.ndarray, *, kind="BINARY", name="seg.dcm"
    ) -> Path:
        """`marks` is (slices, rows, columns) of labels, or (…, segments) of 0 and 1 (or less)."""
        if marks.ndim == 3:
            count = int(marks.max())
            marks = np.stack([marks == label for label in range(1, count + 1)], axis=-1)
        segments = [
            hd.seg.SegmentDescription(
                segment_number=number,
                segment_label=f"lesion {number}",
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Neoplasm,
                algorithm_type="MANUAL",
            )
            for number in range(1, marks.shape[-1] + 1)
        ]
        segmentation = hd.seg.Segmentation(
            source_images=[pydicom.dcmread(path) for path in series],
            pixel_array=marks.astype(np.float32 if kind == "FRACTIONAL" else np.uint8),
            segmentation_type=kind,
            segment_descriptions=segments,
            series_instance_uid=generate_uid(),
            series_number=100,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="Phantom",
            manufacturer_model_name="Phantom",
            software_versions="1",
            device_serial_number="1",
        )
        path = series[0].parent.parent / name
        segmentation.save_as(path)
        return path

    def edit(self, path: Path, **tags) -> Path:
        dataset = pydicom.dcmread(path)
        for name, value in tags.items():
            setattr(dataset, name, value)
        dataset.save_as(path)
        return path


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path / "dicom")


@pytest.fixture
def clinic(tmp_path) -> Clinic:
    workspace = Workspace.open(tmp_path / "home")
    (tmp_path / "scans").mkdir()
    return Clinic(tmp_path / "scans", workspace, Store(workspace))


@pytest.fixture
def read(tmp_path):
    def read_rows(*rows, subjects=None, time_points=None, header=HEADER):
        paths = []
        for name, lines in (("table", [header, *rows]), ("s", subjects), ("t", time_points)):
            path = tmp_path / f"{name}.csv"
            if lines is not None:
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            paths.append(path if lines is not None else None)
        return read_measurement_table(*paths, today=TODAY)

    return read_rows
