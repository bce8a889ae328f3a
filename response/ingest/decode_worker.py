"""A process that decodes compressed pixels for :mod:`response.ingest.decoding`, and may die of it.

Reads one job a line (JSON: a path and frames from 0), writes one line (JSON: shape and type, or an
error) and the numbers of each frame.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset

MEMORY_BYTES = 2 * 2**30
CPU_SECONDS = 3600

EXTENDED = frozenset(f"1.2.840.10008.1.2.4.{kind}" for kind in (51, 53, 55))
"""JPEG of up to 12 bits: extended, spectral selection, full progression."""


def main() -> None:
    """Serve jobs until the other side is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    for line in sys.stdin.buffer:
        job = json.loads(line)
        _serve(Path(job["path"]), job["frames"], out)


def _serve(path: Path, frames: list[int], out: IO[bytes]) -> None:
    try:
        with quiet():
            for plane in _iterate(path, frames):
                said = {"shape": plane.shape, "dtype": plane.dtype.str}
                out.write(json.dumps(said).encode() + b"\n" + plane.tobytes())
    except InputError as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
    except DAMAGE:
        error_text = "the pixels are truncated or cannot be decoded"
        out.write(json.dumps({"error": error_text}).encode() + b"\n")
    out.flush()


def _iterate(path: Path, frames: list[int]) -> Iterator[Any]:
    dataset = read_dataset(path, pixels=True)
    syntax = UID(str(dataset.file_meta.TransferSyntaxUID))
    shape = (int(dataset.Rows), int(dataset.Columns))
    if syntax in EXTENDED:
        planes: Any = _decode_extended(path, dataset, shape)[frames]
    elif not _is_known(syntax):
        raise InputError(f"compressed in a way that is not read: {syntax.name}")
    elif max(frames) == 0 and int(dataset.get("NumberOfFrames") or 1) == 1:
        planes = [dataset.pixel_array]
    else:
        planes = iter_pixels(dataset, indices=frames)
    for plane in planes:
        if plane.shape != shape:
            raise InputError(f"pixels of size {plane.shape}; one number per pixel is needed")
        yield np.ascontiguousarray(plane)


def _is_known(syntax: UID) -> bool:
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def _decode_extended(path: Path, dataset: Any, shape: tuple[int, int]) -> Any:
    """Decode 12-bit JPEG, which pydicom leaves alone: axes frame, row, column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gdcm: Any = importlib.import_module("gdcm")
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError
    body = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")
    kind = "i" if int(dataset.PixelRepresentation) else "u"
    stored = np.frombuffer(body, f"<{kind}{int(dataset.BitsAllocated) // 8}")
    return stored.reshape(-1, *shape)


if __name__ == "__main__":
    main()
