"""Ways to damage a DICOM or XML file: each takes random numbers and the file, and changes it."""

from __future__ import annotations

import random
import re
import struct
import warnings
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.uid import UID

Mutation = Callable[[random.Random, Path], object]

_VR = re.compile(rb"(?<=[\x00-\xff]{4})(AE|AS|CS|DA|DS|DT|FD|IS|LO|OB|OW|PN|SH|SQ|TM|UI|UL|UN|US)")
_LONG = (b"OB", b"OW", b"SQ", b"UN")
_LENGTHS = (0, 1, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, 0x10000)
_PATHS = (
    "../../../../evil",
    "/etc/passwd",
    "..\\..\\evil",
    "a/../../b",
    "~/evil",
    "x\0/evil",
    "%2e%2e%2fevil",
    "'; DROP TABLE scans; --",
    "\u202eevil",
    "9" * 60_000,
    "",
    ".",
    "$(touch evil)",
)
_TEXTS = (
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
    "SeriesDescription",
    "StudyDate",
    "SeriesNumber",
    "Manufacturer",
    "ImageType",
    "ContentTime",
    "Units",
)
_SIZES = {
    "Rows": (0, 1, 8, 8192, 65535),
    "Columns": (0, 1, 8, 8192, 65535),
    "NumberOfFrames": (-1, 0, 1, 3, 20_000, 2**31 - 1),
    "BitsAllocated": (0, 1, 8, 12, 32, 64, 65535),
    "BitsStored": (0, 1, 12, 65535),
    "HighBit": (0, 7, 65535),
    "SamplesPerPixel": (0, 3, 65535),
    "PixelRepresentation": (1, 7),
    "InstanceNumber": (-1, 2**31 - 1),
}
_NUMBERS = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "RescaleSlope",
    "RescaleIntercept",
    "PatientWeight",
    "DecayFactor",
    "RadionuclideTotalDose",
    "ContourData",
    "NumericValue",
)
_ODD_NUMBERS = (b"1e999", b"nan", b"inf", b"-1", b"", b"0", b"1e-300", b"1\\2\\3\\4", b"9" * 5000)
_SYNTAXES = (
    *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"),
    *(f"1.2.840.10008.1.2.4.{kind}" for kind in (50, 51, 57, 70, 80, 81, 90, 91, 100, 201, 203)),
    *("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.", "1.2.3", "../../evil"),
)
_FILE_NAMES = (
    b"..\\..\\evil.dcm",
    b".dcm",
    b"-rf.dcm",
    b"a\nb.dcm",
    b"\xff\xfe.dcm",
    b"x" * 250 + b".dcm",
    b"$(touch evil).dcm",
    b"%s%n.dcm",
    "\u202emcd.exe".encode(),
)


def flip_bits(rng: random.Random, path: Path) -> None:
    """Flip up to thirty bits anywhere, often in the header."""
    data = bytearray(path.read_bytes())
    end = len(data) if rng.random() < 0.4 else min(len(data), 1600)
    for _ in range(rng.choice((1, 2, 5, 30))):
        data[rng.randrange(end)] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def cut_short(rng: random.Random, path: Path) -> None:
    """Keep only the beginning."""
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def move_blocks(rng: random.Random, path: Path) -> None:
    """Take out, double, zero or replace a block."""
    data = path.read_bytes()
    start = rng.randrange(len(data))
    block = data[start : start + rng.choice((1, 2, 8, 100, 1000))]
    end = start + len(block)
    middle = rng.choice((b"", block * 2, bytes(len(block)), rng.randbytes(len(block)), block * 50))
    path.write_bytes(data[:start] + middle + data[end:])


def change_length(rng: random.Random, path: Path) -> None:
    """Overwrite an element's length."""
    data = bytearray(path.read_bytes())
    places = [(m.start(), m.group(1)) for m in _VR.finditer(bytes(data))]
    for place, kind in rng.sample(places, min(len(places), rng.choice((1, 1, 3)))):
        length = rng.choice((*_LENGTHS, rng.randrange(2**32)))
        if kind in _LONG:
            data[place + 4 : place + 8] = struct.pack("<I", length)
        else:
            data[place + 2 : place + 4] = struct.pack("<H", length & 0xFFFF)
    path.write_bytes(data)


def _edit(path: Path, change: Callable[[pydicom.Dataset], object]) -> None:
    """Write a file again with something changed, without any check."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        change(dataset)
        dataset.save_as(path)


def declare_sizes(rng: random.Random, path: Path) -> None:
    """Declare other sizes than the pixels have."""

    def change(dataset: pydicom.Dataset) -> None:
        for name in rng.sample(sorted(_SIZES), rng.choice((1, 1, 2, 3))):
            setattr(dataset, name, rng.choice(_SIZES[name]))

    _edit(path, change)


def write_paths(rng: random.Random, path: Path) -> None:
    """Write a path, or other mischief, where an identifier is expected."""

    def change(dataset: pydicom.Dataset) -> None:
        for name in rng.sample(_TEXTS, rng.choice((1, 1, 3))):
            value = rng.choice(_PATHS)
            raw = value.encode("utf-8", "replace")
            tag = pydicom.tag.Tag(name)
            dataset[tag] = pydicom.dataelem.RawDataElement(
                tag, dictionary_VR(tag), len(raw), raw[:65_000], 0, False, True
            )

    _edit(path, change)


def write_odd_numbers(rng: random.Random, path: Path) -> None:
    """Write something else where numbers are expected, at any depth."""
    wanted = rng.sample(_NUMBERS, 3)

    def change(dataset: pydicom.Dataset) -> None:
        for element in [*dataset]:
            if element.keyword in wanted:
                raw = rng.choice(_ODD_NUMBERS)
                dataset[element.tag] = pydicom.dataelem.RawDataElement(
                    element.tag, element.VR, len(raw), raw, 0, False, True
                )
            elif element.VR == "SQ":
                for item in element.value:
                    change(item)

    _edit(path, change)


def repeat_items(rng: random.Random, path: Path) -> None:
    """Repeat, or take away, items of sequences."""

    def change(dataset: pydicom.Dataset) -> None:
        sequences = [element for element in dataset if element.VR == "SQ"]
        for element in sequences[:20]:
            if rng.random() < 0.5:
                items = list(element.value)
                element.value = rng.choice((items * 40, items[:-1], [], [pydicom.Dataset()]))
            else:
                for item in element.value:
                    change(item)

    _edit(path, change)


def swap_syntax(rng: random.Random, path: Path) -> None:
    """Say another transfer syntax than the one it is written in."""
    data = path.read_bytes()
    place = data.find(b"\x02\x00\x10\x00UI")
    if place < 0:
        return flip_bits(rng, path)
    length = struct.unpack_from("<H", data, place + 6)[0]
    uid = rng.choice(_SYNTAXES).encode()
    uid += b"\0" * (len(uid) % 2)
    said = data[place : place + 6] + struct.pack("<H", len(uid)) + uid
    path.write_bytes(data[:place] + said + data[place + 8 + length :])
    return None


def nest(rng: random.Random, path: Path) -> None:
    """Put sequences within sequences, closed or open, before the patient's module."""
    depth = rng.choice((10, 100, 900, 3000, 20_000))
    tag = rng.choice((b"\x08\x00\x15\x11", b"\x08\x00\x40\x11", b"\x09\x00\x10\x10"))
    opened = tag + b"SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    data = path.read_bytes()
    place = max(132, data.find(rng.choice((b"\x10\x00\x10\x00", b"\x20\x00\x0d\x00"))))
    closing = closed * (depth if rng.random() < 0.7 else 0)
    path.write_bytes(data[:place] + opened * depth + closing + data[place:])


@cache
def _pack_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


def deflate(rng: random.Random, path: Path) -> None:
    """Write it deflated: whole, damaged, or followed by zeros without end."""
    if path.read_bytes()[128:132] != b"DICM":
        return flip_bits(rng, path)

    def change(dataset: pydicom.Dataset) -> None:
        dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1.99")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        change(dataset)
        dataset.save_as(path, implicit_vr=False, little_endian=True)
    data = path.read_bytes()
    start = 144 + struct.unpack_from("<I", data, 140)[0]
    kind = rng.random()
    if kind < 0.3:
        body = zlib.decompress(data[start:], -15)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        head = packer.compress(body) + packer.flush(zlib.Z_FULL_FLUSH)
        path.write_bytes(data[:start] + head + _pack_zeros(rng.choice((1, 300))))
    elif kind < 0.8:
        path.write_bytes(data[:start] + flip_some(rng, data[start:]))
    return None


def flip_some(rng: random.Random, data: bytes) -> bytes:
    """Flip a few bits of some bytes."""
    made = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def damage_pixels(rng: random.Random, path: Path) -> None:
    """Damage only what follows the pixels' tag: the stream of a compressed image."""
    data = path.read_bytes()
    place = data.find(b"\xe0\x7f\x10\x00")
    if place < 0 or place + 20 >= len(data):
        return flip_bits(rng, path)
    path.write_bytes(data[: place + 4] + flip_some(rng, data[place + 4 :]))
    return None


def rename(rng: random.Random, path: Path) -> None:
    """Give the file a name that means something to a shell, or nothing to anybody."""
    flip_bits(rng, path)
    name = rng.choice(_FILE_NAMES)
    path.rename(path.parent / name.decode("utf-8", "surrogateescape"))


def bomb_xml(rng: random.Random, path: Path) -> None:
    """Declare entities that grow or name files, nest, or repeat elements and attributes."""
    text = path.read_text()
    head, _end, body = text.partition("?>")
    root = re.search(r"<(\w+)", body)
    name = root.group(1) if root else "ImageAnnotation"
    grown = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(rng.choice((3, 9, 20))))
    tag = "</user>"
    made = rng.choice(
        (
            f'{head}?><!DOCTYPE {name} [<!ENTITY e0 "x">{grown}]>'
            + body.replace(tag, f"&e3;{tag}"),
            f'{head}?><!DOCTYPE {name} [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + body.replace(tag, f"&x;{tag}"),
            f'{head}?><!DOCTYPE {name} SYSTEM "http://localhost:1/evil.dtd">{body}',
            text.replace(tag, "<a>" * 100_000 + tag),
            text.replace(tag, "<a/>" * 300_000 + tag),
            text.replace(tag, "x" * 5_000_000 + tag),
            text.replace(tag, f'<a b="{"y" * 5_000_000}"/>{tag}'),
            text.replace(tag, "<a " + " ".join(f'b{n}="1"' for n in range(50_000)) + f"/>{tag}"),
            text.replace('value="', 'value="' + "9" * 100_000),
            text.replace("utf-8", "utf-7").replace('"1.0"', '"1.0" encoding="utf-16"'),
        )
    )
    path.write_text(made)


DICOM: tuple[Mutation, ...] = (
    *(flip_bits, flip_bits, cut_short, move_blocks, change_length, change_length, declare_sizes),
    *(declare_sizes, write_paths, write_odd_numbers, repeat_items, swap_syntax, nest, deflate),
    *(damage_pixels, rename),
)

XML: tuple[Mutation, ...] = (flip_bits, flip_bits, cut_short, move_blocks, bomb_xml, bomb_xml)


def mutate(rng: random.Random, path: Path) -> str:
    """Damage a file once, or now and then twice; returns how."""
    kinds = XML if path.suffix == ".xml" else DICOM
    chosen = [rng.choice(kinds)]
    if rng.random() < 0.15 and chosen[0] is not rename:
        chosen.append(rng.choice([kind for kind in kinds if kind in (flip_bits, cut_short)]))
    for change in chosen:
        try:
            change(rng, path)
        except Exception:  # the tool itself cannot write what the first change left
            flip_bits(rng, path)
    return " ".join(change.__name__ for change in chosen)
