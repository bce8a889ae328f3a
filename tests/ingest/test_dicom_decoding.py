"""Pixels of every transfer syntax; what is hostile or damaged is refused, quickly and by name."""

from __future__ import annotations

import os
import struct
import time
import zlib

import gdcm
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000MCLossless,
    JPEGLSLossless,
    RLELossless,
)

from response.errors import InputError
from response.ingest import decoding
from response.ingest.decoding import Decoder, read_native
from response.ingest.dicom_file import read_dataset
from response.ingest.images import read_image

LOSSLESS = {
    "JPEG2000LosslessOnly": 0,
    "JPEGLSLossless": 0,
    "JPEGProcess14SV1": 0,
    "JPEGProcess14Tran": 0,
    "RLELossless": 0,
    "BigEndian": 0,
    "Deflated": 0,
    "LittleEndianExplicit": 0,
}
LOSSY = {"JPEGLSLossy": 3, "JPEG2000TransferSyntax": 40}
"""Near-lossless JPEG-LS says by how much at most; JPEG 2000 is held to what one window step is."""


def read_values(folder):
    image, _axis = read_image(folder)
    return sitk.GetArrayFromImage(image)


def rewrite(paths, change):
    for path in paths:
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_slices_have_the_values_they_had(tree, syntax, signed):
    paths = tree.add_series(PixelRepresentation=signed, BitsStored=12, HighBit=11)
    plain = read_values(tree.folder)
    rewrite(paths, lambda dataset: dataset.compress(syntax, generate_instance_uid=False))
    np.testing.assert_array_equal(read_values(tree.folder), plain)


@pytest.mark.parametrize(
    "name", ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEG2000Lossless"]
)
def test_slices_compressed_by_another_library_have_the_values_they_had(tree, name):
    paths = tree.add_series(rows=64, columns=64)
    plain = read_values(tree.folder)
    for path in paths:
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
    assert pydicom.dcmread(paths[0]).file_meta.TransferSyntaxUID.is_compressed
    np.testing.assert_array_equal(read_values(tree.folder), plain)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_values_do_not_depend_on_how_they_are_written(tree, syntax):
    paths = tree.add_series()
    plain = read_values(tree.folder)
    for path in paths:
        dataset = pydicom.dcmread(path)
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
        dataset.file_meta.TransferSyntaxUID = syntax
        copy = pydicom.Dataset({element.tag: element for element in dataset})
        copy.file_meta = dataset.file_meta
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(
            path,
            copy,
            implicit_vr=implicit,
            little_endian=little,
            enforce_file_format=True,
        )
    np.testing.assert_array_equal(read_values(tree.folder), plain)


def decode_one(path):
    dataset = read_dataset(path, pixels=True)
    planes = read_native(dataset, [0])
    if planes is not None:
        return planes[0]
    with Decoder() as decoder:
        (plane,) = decoder.decode(path, [0])
    return plane


@pytest.mark.parametrize(("name", "most"), [*LOSSLESS.items(), *LOSSY.items()])
def test_the_same_slice_in_every_syntax_is_the_same(shared_data, name, most):
    folder = shared_data / "transfer_syntaxes"
    if not folder.is_dir():
        pytest.skip("transfer_syntaxes is not among the real data")
    (path,) = folder.glob(f"CTImage.dcm_{name}*")
    plain = pydicom.dcmread(folder / "CTImage.dcm", force=True)
    plain.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    given = np.frombuffer(plain.PixelData, "<i2").reshape(plain.Rows, plain.Columns)
    assert np.abs(decode_one(path).astype(int) - given).max() <= most


@pytest.mark.parametrize(
    "name", ["JPEGProcess1T", "JPEGProcess2_4", "JPEG2000Trans", "JPEGLSLossy"]
)
def test_lossy_syntaxes_are_decoded_as_a_second_reader_does(shared_data, name):
    folder = shared_data / "transfer_syntaxes"
    if not folder.is_dir():
        pytest.skip("transfer_syntaxes is not among the real data")
    (path,) = folder.glob(f"CTImage.dcm_{name}*")
    image = sitk.ReadImage(str(path))
    dataset = pydicom.dcmread(path)
    slope = float(dataset.get("RescaleSlope", 1))
    theirs = (sitk.GetArrayFromImage(image)[0] - float(dataset.RescaleIntercept)) / slope
    assert np.abs(decode_one(path).astype(float) - theirs).max() <= 1


def test_the_inverted_display_of_a_slice_does_not_invert_its_values(tree):
    paths = tree.add_series()
    plain = read_values(tree.folder)
    rewrite(paths, lambda dataset: setattr(dataset, "PhotometricInterpretation", "MONOCHROME1"))
    np.testing.assert_array_equal(read_values(tree.folder), plain)


def test_bits_above_those_stored_are_cut_off(tree):
    paths = tree.add_series(BitsStored=12, HighBit=11)
    plain = read_values(tree.folder)

    def draw_overlay(dataset):
        dataset.PixelData = (dataset.pixel_array | 0x8000).tobytes()

    rewrite(paths, draw_overlay)
    np.testing.assert_array_equal(read_values(tree.folder), plain)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"ModalityLUTSequence": pydicom.Sequence([pydicom.Dataset()])}, "modality LUT"),
        ({"RescaleSlope": 0}, "RescaleSlope 0"),
        ({"BitsAllocated": 12}, "12 bits per pixel"),
        ({"Rows": 65535, "Columns": 65535}, "over the limit"),
        ({"PixelData": b""}, "truncated"),
    ],
)
def test_pixels_that_cannot_be_values_are_refused(tree, tags, why):
    tree.add_series(**tags)
    with pytest.raises(InputError, match=why):
        read_image(tree.folder)


def test_a_damaged_stream_is_refused(tree):
    paths = tree.add_series()
    rewrite(paths, lambda dataset: dataset.compress(JPEGLSLossless, generate_instance_uid=False))
    data = bytearray(paths[2].read_bytes())
    data[-80:-20] = bytes(60)
    paths[2].write_bytes(data)
    with pytest.raises(InputError, match=r"cannot be decoded|truncated|damaged"):
        read_image(tree.folder)


def test_a_compression_that_is_not_read_is_named(tree):
    paths = tree.add_series()

    def pretend(dataset):
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = JPEG2000MCLossless

    rewrite(paths, pretend)
    with pytest.raises(InputError, match="not read: JPEG 2000 Part 2"):
        read_image(tree.folder)


def test_a_decoder_that_dies_or_hangs_ends_no_more_than_its_file(tree, monkeypatch):
    paths = tree.add_series()
    rewrite(paths, lambda dataset: dataset.compress(RLELossless, generate_instance_uid=False))
    with Decoder() as decoder:
        assert next(iter(decoder.decode(paths[0], [0]))).shape == (12, 10)
        decoder._child.kill()
        with pytest.raises(InputError, match="cannot be decoded"):
            list(decoder.decode(paths[1], [0]))
        assert len(list(decoder.decode(paths[2], [0]))) == 1
        monkeypatch.setattr(decoding, "SECONDS_PER_FRAME", 0.3)
        os.kill(decoder._child.pid, 19)
        begun = time.monotonic()
        with pytest.raises(InputError, match="took too long"):
            list(decoder.decode(paths[3], [0]))
        assert time.monotonic() - begun < 5


def test_a_file_that_inflates_without_end_is_not_inflated(tree, clinic):
    path = tree.add_series()[0]
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path, implicit_vr=False, little_endian=True)
    whole = path.read_bytes()
    start = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(2**24)
    bomb = b"".join(packer.compress(zeros) for _ in range(40)) + packer.flush()
    path.write_bytes(whole[:start] + bomb)
    begun = time.monotonic()
    report = clinic.ingest(tree.folder)
    assert time.monotonic() - begun < 10
    assert any(path.name in str(refusal) for refusal in report.refused)


@pytest.mark.timeout(20)
def test_a_pipe_among_the_files_is_not_waited_for(tree, clinic):
    folder = tree.add_series()[0].parent
    os.mkfifo(folder / "0007.dcm")
    report = clinic.ingest(tree.folder)
    assert report.taken
    assert "1 entries that are no files are not read" in report.warnings


@pytest.mark.parametrize("depth", [50, 3000])
def test_sequences_nested_without_end_are_refused_or_read(tree, clinic, depth):
    path = tree.add_series()[1]
    opened = b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * depth
    whole = path.read_bytes()
    place = whole.index(b"\x10\x00\x10\x00")  # before the patient's module
    path.write_bytes(whole[:place] + opened + closed + whole[place:])
    report = clinic.ingest(tree.folder)
    assert report.taken or report.refused
