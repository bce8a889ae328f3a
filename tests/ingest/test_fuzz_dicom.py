"""Damaged files: no crash, no hang, bounded memory, nothing outside the workspace, no silent loss.

Every case is made again from its number alone; see ``tests/dicom_fuzz.py``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from annotations import V4, make_v3
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    PositronEmissionTomographyImageStorage,
    RLELossless,
    RTStructureSetStorage,
    generate_uid,
)

from response.ingest.dicom_file import DAMAGE

TESTS = Path(__file__).resolve().parents[1]
SECONDS, PEAK_MB, HANGS = 10.0, 2048.0, 60.0
"""Of computing, for one case; and by the clock, on a machine that may have other things to do."""
WORKERS = 2
SETTINGS = {
    "PYTHONPATH": str(TESTS.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
}


def item(**values):
    dataset = pydicom.Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return pydicom.Sequence([dataset])


def make_marks(slices=5):
    marks = np.zeros((slices, 12, 10), np.uint8)
    marks[1:3, 2:5, 1:4] = 1
    marks[2:4, 6:9, 5:9] = 2
    return marks


def rewrite(paths, change):
    for path in paths:
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


def compress_by_gdcm(path, name):
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def make_enhanced(path):
    """One file of the five frames of a folder's slices."""
    dataset = pydicom.dcmread(path)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(dataset, name)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    dataset.NumberOfFrames = 5
    dataset.PixelData = np.random.default_rng(1).integers(0, 2000, (5, 12, 10), np.uint16).tobytes()
    (shared,) = item(
        PixelMeasuresSequence=item(PixelSpacing=[0.8, 0.7], SliceThickness=2.5),
        PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=-1024),
    )
    dataset.SharedFunctionalGroupsSequence = pydicom.Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = pydicom.Sequence(
        item(PlanePositionSequence=item(ImagePositionPatient=[-30, -40, 2.5 * k]))[0]
        for k in range(5)
    )
    dataset.save_as(path)


def write_like(series, path, kind, **values):
    """Write an object of another class about a series."""
    image = pydicom.dcmread(series[0])
    made = pydicom.Dataset()
    for name in ("PatientID", "StudyDate", "StudyInstanceUID", "FrameOfReferenceUID"):
        setattr(made, name, image[name].value)
    made.PatientName = "Secret^Name"
    made.SOPClassUID, made.SOPInstanceUID = kind, generate_uid()
    made.SeriesInstanceUID, made.SeriesNumber = generate_uid(), 70
    for name, value in values.items():
        setattr(made, name, value)
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = image.file_meta.TransferSyntaxUID
    made.file_meta.MediaStorageSOPClassUID = kind
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(path, enforce_file_format=True)


def write_contours(series, path):
    images = [pydicom.dcmread(one) for one in series]
    contours = []
    for image in images[1:4]:
        z = float(image.ImagePositionPatient[2])
        points = [(-28.9, -37.9, z), (-26.1, -37.9, z), (-26.1, -33.9, z), (-28.9, -33.9, z)]
        contours += item(
            ContourGeometricType="CLOSED_PLANAR",
            NumberOfContourPoints=4,
            ContourData=[f"{value:.3f}" for point in points for value in point],
            ContourImageSequence=item(ReferencedSOPInstanceUID=image.SOPInstanceUID),
        )
    named = item(SeriesInstanceUID=images[0].SeriesInstanceUID)
    frame = item(
        FrameOfReferenceUID=images[0].FrameOfReferenceUID,
        RTReferencedStudySequence=item(RTReferencedSeriesSequence=named),
    )
    write_like(
        series,
        path,
        RTStructureSetStorage,
        ReferencedFrameOfReferenceSequence=frame,
        StructureSetROISequence=item(ROINumber=1, ROIName="lesion"),
        ROIContourSequence=item(ReferencedROINumber=1, ContourSequence=pydicom.Sequence(contours)),
        RTROIObservationsSequence=item(ReferencedROINumber=1, RTROIInterpretedType="GTV"),
    )


def code(value, scheme, meaning):
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def write_report(series, path):
    unit = code("mm", "UCUM", "mm")
    (length,) = item(
        ValueType="NUM",
        ConceptNameCodeSequence=code("410668003", "SCT", "Length"),
        MeasuredValueSequence=item(NumericValue="12.5", MeasurementUnitsCodeSequence=unit),
    )
    (name,) = item(
        ValueType="TEXT",
        ConceptNameCodeSequence=code("112039", "DCM", "Tracking Identifier"),
        TextValue="L1",
    )
    (reader,) = item(
        ValueType="PNAME",
        ConceptNameCodeSequence=code("121008", "DCM", "Person Observer Name"),
        PersonName="Reader^C",
    )
    (group,) = item(
        ValueType="CONTAINER",
        ConceptNameCodeSequence=code("125007", "DCM", "Measurement Group"),
        ContentSequence=pydicom.Sequence([name, length]),
    )
    report = "1.2.840.10008.5.1.4.1.1.88.34"
    write_like(series, path, report, ContentSequence=pydicom.Sequence([reader, group]))


def add_pet(tree):
    drug = item(
        RadiopharmaceuticalStartTime="091500", RadionuclideTotalDose=370e6,
        RadionuclideHalfLife=6586.2,
    )  # fmt: skip
    tree.add_series(
        slices=5, Modality="PT", SOPClassUID=PositronEmissionTomographyImageStorage,
        Units="BQML", CorrectedImage=["ATTN", "DECY"], DecayCorrection="START",
        SeriesDate="20250110", SeriesTime="101500", AcquisitionDate="20250110",
        AcquisitionTime="101500", PatientWeight=70.0, RescaleIntercept=0, RescaleSlope=0.5,
        RadiopharmaceuticalInformationSequence=drug,
    )  # fmt: skip


def make_seeds(folder, new_tree):
    """Write small whole studies, one folder each, that are damaged afterwards."""

    def add(name, **options):
        tree = new_tree(folder / name)
        return tree, tree.add_series(slices=5, **options)

    add("ct")
    add_pet(new_tree(folder / "pt"))
    for name, syntax in {"rle": RLELossless, "jpegls": JPEGLSLossless}.items():
        paths = add(name)[1]
        rewrite(paths, lambda one: one.compress(syntax, generate_instance_uid=False))  # noqa: B023
    for name, long in {"jpeg": "JPEGLosslessProcess14_1", "jpeg2000": "JPEG2000Lossless"}.items():
        for path in add(name, rows=32, columns=32)[1]:
            compress_by_gdcm(path, long)
    for name, syntax in {
        "implicit": ImplicitVRLittleEndian, "deflated": DeflatedExplicitVRLittleEndian
    }.items():  # fmt: skip
        for path in add(name)[1]:
            dataset = pydicom.dcmread(path)
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset.save_as(path, implicit_vr=name == "implicit", little_endian=True)
    first, *others = add("enhanced")[1]
    for other in others:
        other.unlink()
    make_enhanced(first)
    for kind in ("BINARY", "FRACTIONAL", "LABELMAP"):
        tree, paths = add(f"seg_{kind.lower()}")
        marks = make_marks()
        if kind == "FRACTIONAL":
            marks = np.stack([marks == 1, marks == 2], axis=-1) * 0.9
        tree.add_segmentation(paths, marks, kind=kind)
    tree, paths = add("rtstruct")
    write_contours(paths, tree.folder / "contours.dcm")
    tree, paths = add("sr")
    write_report(paths, tree.folder / "report.dcm")
    for name in ("aim3", "aim4"):
        tree, paths = add(name)
        image = pydicom.dcmread(paths[0])
        said = make_v3() if name == "aim3" else V4
        said = said.replace('"1.2.3"', f'"{image.StudyInstanceUID}"')
        (tree.folder / "annotation.xml").write_text(
            said.replace('"1.2.5"', f'"{image.SOPInstanceUID}"')
        )


@dataclass
class Result:
    """What became of a share of the cases."""

    lines: list[dict] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def __iadd__(self, other):
        self.lines += other.lines
        self.ended += other.ended
        return self


def run_share(seeds, work, first, last, every, until) -> Result:
    """Read cases in a process; where it dies or hangs, say so and go on behind that case."""
    result = Result()
    work.mkdir(parents=True)
    while first < last and time.monotonic() < until:
        child = subprocess.Popen(
            [sys.executable, TESTS / "dicom_fuzz.py", seeds, work, *map(str, (first, last, every))],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **SETTINGS},
            cwd=work,
        )
        begun = _follow(child, result, until)
        with contextlib.suppress(OSError):
            child.kill()
        status = child.wait()
        if status == 0 or time.monotonic() >= until:
            break
        result.ended.append(f"case {begun}: the process ended with {status}")
        first = (begun.get("begun", last) if begun else last) + 1
    return result


def _follow(child, result, until):
    assert child.stdout is not None
    begun: dict = {}
    with child.stdout:
        while time.monotonic() < until:
            if not select.select([child.stdout], [], [], HANGS)[0]:
                break
            line = child.stdout.readline()
            if not line:
                break
            said = json.loads(line)
            if "begun" in said:
                begun = said
            else:
                result.lines.append(said)
    return begun


def fuzz(tmp_path, new_tree, count, *, every, minutes=60.0) -> Result:
    make_seeds(tmp_path / "seeds", new_tree)
    until = time.monotonic() + 60 * minutes
    bounds = [count * share // WORKERS for share in range(WORKERS + 1)]
    total = Result()
    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [
            pool.submit(
                run_share, tmp_path / "seeds", tmp_path / f"w{low}", low, high, every, until
            )
            for low, high in pairwise(bounds)
        ]
        for share in shares:
            total += share.result()
    return total


def check(result, count):
    assert result.ended == []
    slowest = max(result.lines, key=lambda line: line["spent"])
    largest = max(result.lines, key=lambda line: line["peak_mb"])
    print(f"{len(result.lines)} cases; slowest {slowest}; largest {largest}")
    print(sum(line["kept"] for line in result.lines), "were read all the same")
    assert [line for line in result.lines if line["problem"]] == []
    assert slowest["spent"] < SECONDS, slowest
    assert largest["peak_mb"] < PEAK_MB, largest
    assert len(result.lines) == count


@pytest.mark.timeout(120)
def test_damaged_files_are_refused_by_name_or_read(tmp_path, tree):
    check(fuzz(tmp_path, type(tree), 200, every=40), 200)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_ten_thousand_damaged_files_are_refused_by_name_or_read(tmp_path, tree):
    check(fuzz(tmp_path, type(tree), 10_000, every=25), 10_000)


@pytest.mark.parametrize("kind", [zlib.error, RecursionError, MemoryError, NotImplementedError])
def test_what_damaged_files_raise_is_known_as_damage(kind):
    assert issubclass(kind, DAMAGE)
