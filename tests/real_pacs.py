"""A real PACS for tests: Orthanc on loopback, with ports and a folder of its own; a patient."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import highdicom as hd
import numpy as np
import pydicom
import SimpleITK as sitk
from click.testing import CliRunner
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from small_patients import SPACING, Visit, write_patient

from response.cli import main
from response.store import Store
from response.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[1]
ORTHANC = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "tester", "open-sesame"
NAME = "Secret^Name"

BALLS = {1: ((100.0, 90.0, 60.0), 14.0), 2: ((150.0, 120.0, 100.0), 12.0)}
SMALLER = {1: ((100.0, 90.0, 60.0), 9.0), 2: ((150.0, 120.0, 100.0), 9.0)}
VISITS = (Visit("T0", "2025-01-10", BALLS), Visit("T1", "2025-03-10", SMALLER))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until(what, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def uid(*parts: object) -> str:
    return pydicom.uid.generate_uid(entropy_srcs=[str(part) for part in parts])


def write_dicom_patient(folder: Path, subject: str = "P1", visits=VISITS, seed: int = 1) -> Path:
    """Write a small patient as DICOM: per visit 40 CT slices and a SEG; return the folder."""
    for number, row in enumerate(write_patient(folder / "nifti", subject, visits, seed)):
        image = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "nifti" / row["image"])))
        marks = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "nifti" / row["mask"])))
        study = folder / "dicom" / f"study{number}"
        study.mkdir(parents=True)
        slices = [_write_slice(study, row, number, k, image[k]) for k in range(len(image))]
        _write_segmentation(study, slices, marks, row)
    shutil.rmtree(folder / "nifti")
    return folder / "dicom"


def _write_slice(study: Path, row, number: int, k: int, pixels: np.ndarray) -> pydicom.Dataset:
    data = pydicom.Dataset()
    subject, day = row["subject"], row["date"].replace("-", "")
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientID, data.PatientName = subject, NAME
    data.PatientBirthDate, data.PatientSex = "19600101", "O"
    data.StudyDate = data.SeriesDate = data.ContentDate = day
    data.StudyTime = data.SeriesTime = data.ContentTime = "090000"
    data.StudyID, data.ReferringPhysicianName = str(number), ""
    data.AccessionNumber = f"ACC{subject}{number}"
    data.StudyInstanceUID, data.SeriesInstanceUID = uid(subject, day), uid(subject, day, 2)
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = uid(subject, day, "frame"), ""
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, uid(subject, day, 2, k)
    data.Modality, data.Manufacturer, data.SeriesNumber = "CT", "Phantom", 2
    data.ImageType, data.InstanceNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], k + 1
    data.ImagePositionPatient = [0.0, 0.0, k * SPACING]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [SPACING, SPACING], SPACING
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 1
    data.RescaleSlope, data.RescaleIntercept = 1, 0
    data.PixelData = np.ascontiguousarray(pixels).astype("<i2").tobytes()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(study / f"{k:04d}.dcm", enforce_file_format=True)
    return data


def _write_segmentation(study: Path, slices, marks: np.ndarray, row) -> None:
    numbers = [int(label) for label in np.unique(marks) if label]
    segmentation = hd.seg.Segmentation(
        source_images=slices,
        pixel_array=np.stack([marks == label for label in numbers], axis=-1).astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[
            hd.seg.SegmentDescription(
                segment_number=number,
                segment_label=f"lesion {number}",
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Neoplasm,
                algorithm_type="MANUAL",
            )
            for number in numbers
        ],
        series_instance_uid=uid(row["subject"], row["date"], "seg"),
        series_number=100,
        sop_instance_uid=uid(row["subject"], row["date"], "seg", 0),
        instance_number=1,
        manufacturer="Phantom",
        manufacturer_model_name="Phantom",
        software_versions="1",
        device_serial_number="1",
    )
    segmentation.save_as(study / "seg.dcm")


@dataclass
class Orthanc:
    """A running PACS; ``stop`` and ``start`` keep what it holds."""

    folder: Path
    web_port: int
    dicom_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}/dicom-web"

    def start(self) -> None:
        config = {
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.web_port,
            "DicomPort": self.dicom_port,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "DicomAlwaysAllowStore": True,
            "DicomCheckModalityHost": False,
            "DicomScuTimeout": 20,
        }
        (self.folder / "orthanc.json").write_text(json.dumps(config))
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [ORTHANC, str(self.folder / "orthanc.json")], stdout=log, stderr=log
            )
        wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "/system"))
        except OSError:
            return False

    def stop(self, how: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, method: str, path: str, body: bytes | None = None, wait: float = 60) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}{path}", data=body, method=method
        )
        code = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {code}")
        with urllib.request.urlopen(request, timeout=wait) as answer:
            return json.loads(answer.read() or b"null")

    def push(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*.dcm")):
            self.ask("POST", "/instances", path.read_bytes())

    def clear(self) -> None:
        for patient in self.ask("GET", "/patients"):
            self.ask("DELETE", f"/patients/{patient}")

    def send_all(self, aet: str, port: int, wait: float = 60) -> Any:
        """Send everything to a listener, as an operator would; return what Orthanc says."""
        about = {"AET": aet, "Host": "127.0.0.1", "Port": port, "AllowTranscoding": False}
        self.ask("PUT", "/modalities/listener", json.dumps(about).encode())
        studies = self.ask("GET", "/studies")
        body = {"Resources": studies, "Synchronous": True, "Timeout": 20}
        return self.ask("POST", "/modalities/listener/store", json.dumps(body).encode(), wait)


def response_command(*arguments: object) -> list[str]:
    return [
        sys.executable,
        "-c",
        "from response.cli import main; main()",
        *(str(argument) for argument in arguments),
    ]


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    returncode: int
    stdout: str
    stderr: str


def run_here(*arguments: object) -> Done:
    """Run a command in this process: what it says is checked, not how it dies."""
    opened: list[Store] = []

    def open_store(*more: Any, **named: Any) -> Store:
        opened.append(Store(*more, **named))
        return opened[-1]

    with mock.patch("response.store.Store", open_store):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    for store in opened:
        store.close()
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def list_content(home: Path) -> list[tuple[object, ...]]:
    """What a workspace holds: per time point the digests of voxels and places, marks included."""
    workspace = Workspace.open(home, create=False)
    store = Store(workspace)
    try:
        return sorted(
            (
                subject.subject,
                point.time_point,
                *sorted(_digest(workspace.read_image(scan.image_path)) for scan in point.scans),
                *sorted(_digest(workspace.read_image(m.mask_path)) for m in point.mark_sets),
            )
            for subject in store.read_subjects()
            for point in store.read_time_points(subject.subject)
        )
    finally:
        store.close()


def _digest(image: sitk.Image) -> str:
    place = (image.GetOrigin(), image.GetSpacing(), image.GetDirection())
    values = sitk.GetArrayFromImage(image)
    return hashlib.sha256(repr((place, values.dtype)).encode() + values.tobytes()).hexdigest()
