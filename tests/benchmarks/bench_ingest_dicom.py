"""How long the ingest of a 500-slice CT takes beside reading its files and writing the volume.

Run by hand: ``python tests/benchmarks/bench_ingest_dicom.py``. The first figure is the ratio.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy import ndimage

from response.ingest.run import ingest_paths
from response.store import Store
from response.workspace import Workspace

SLICES, SIZE = 500, 512


def write_series(folder: Path) -> list[Path]:
    """Write a CT as smooth, and as noisy, as one of the trunk."""
    rng = np.random.default_rng(0)
    series, frame, study = generate_uid(), generate_uid(), generate_uid()
    smooth = ndimage.gaussian_filter(rng.normal(0, 1, (8, SIZE, SIZE)), (1, 20, 20)) * 3e4
    j, i = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    body = (i / 220) ** 2 + (j / 150) ** 2 < 1
    paths = []
    for number in range(SLICES):
        noise = rng.normal(0, 12, (SIZE, SIZE))
        values = np.where(body, 1064 + smooth[number % 8] + noise, 24 + noise / 4)
        dataset = pydicom.Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
        dataset.PatientID, dataset.PatientName, dataset.Modality = "P1", "N^N", "CT"
        dataset.StudyDate, dataset.StudyInstanceUID = "20250110", study
        dataset.SeriesInstanceUID, dataset.SeriesNumber = series, 2
        dataset.FrameOfReferenceUID, dataset.InstanceNumber = frame, number + 1
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.ImagePositionPatient = [-250.0, -250.0, 1.0 * number]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [0.9766, 0.9766], 1
        dataset.Rows, dataset.Columns = SIZE, SIZE
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation = 0
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        dataset.PixelData = np.clip(values, 0, 4095).astype("<u2").tobytes()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        paths.append(folder / f"{number:04d}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def read_barely(paths: list[Path], workspace: Workspace) -> tuple[float, float]:
    """Read header and pixels of each file, and write the volume; seconds of each."""
    start = time.perf_counter()
    volume = np.stack([pydicom.dcmread(path).pixel_array for path in paths]).astype(np.int16)
    volume -= 1024
    read = time.perf_counter() - start
    workspace.write_image(sitk.GetImageFromArray(volume), "0123456789abcdef")
    return read, time.perf_counter() - start - read


def main() -> None:
    """Print the ratio, and what it is made of."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ct"
        folder.mkdir()
        paths = write_series(folder)
        for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 2):
            with tempfile.TemporaryDirectory() as home:
                read, written = read_barely(paths, Workspace.open(Path(home)))
            with tempfile.TemporaryDirectory() as home:
                workspace = Workspace.open(Path(home))
                start = time.perf_counter()
                report = ingest_paths([folder], workspace, Store(workspace), actor="bench")
                taken = time.perf_counter() - start
                assert len(report.taken) == 1, report.refused
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(
                f"{taken / (read + written):.2f}: ingest {taken:.1f} s; bare read {read:.1f} s and "
                f"write {written:.1f} s; at most {most:.2f} GiB"
            )


if __name__ == "__main__":
    main()
