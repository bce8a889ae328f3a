"""Stored numbers of an image: read as they lie, or decoded by a process that may die.

Decoders of compressed pixels are C and C++ and believe what a damaged stream says of itself: they
run in a process of their own, with limits on memory and time, so that a file can end no more than
itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.uid import UID

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet

SECONDS_PER_FRAME = 8.0
"""A large slice takes a tenth of a second; what takes longer than this hangs."""

SECONDS_TO_START = 60.0

MAX_FRAME_BYTES = 8192 * 8192 * 4

_LINE = 65_536
_PADDING = 16

Pixels = npt.NDArray[Any]


def read_native(dataset: Any, frames: Sequence[int]) -> list[Pixels] | None:
    """Read frames (from 0) of uncompressed pixels, (rows, columns) each; ``None``: compressed.

    Bits above those that are stored (old overlays, or debris) are cut off.

    Raises
    ------
    InputError
        Colour, no pixels, or fewer than declared.
    """
    try:
        with quiet():
            syntax = UID(str(dataset.file_meta.TransferSyntaxUID)) if _has_syntax(dataset) else None
            if int(dataset.get("SamplesPerPixel") or 1) != 1:
                raise InputError("colour: one number per pixel is needed")
            if syntax is not None and syntax.is_compressed and not _is_deflated(syntax):
                return None
            return _cut_frames(dataset, frames)
    except InputError:
        raise
    except DAMAGE:
        raise InputError("the pixels are truncated or cannot be decoded") from None


def iterate_frames(path: Path, dataset: Any, frames: Sequence[int]) -> Iterator[Pixels]:
    """Read frames (from 0) of any file, (rows, columns) each; compressed ones in a process.

    Raises
    ------
    InputError
        As `read_native` and `Decoder.decode`.
    """
    planes = read_native(dataset, frames)
    if planes is not None:
        yield from planes
        return
    with Decoder() as decoder:
        yield from decoder.decode(path, frames)


def _has_syntax(dataset: Any) -> bool:
    return "TransferSyntaxUID" in getattr(dataset, "file_meta", {})


def _is_deflated(syntax: UID) -> bool:
    return bool(syntax.is_deflated)


def _cut_frames(dataset: Any, frames: Sequence[int]) -> list[Pixels]:
    if "PixelData" not in dataset:
        if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
            return _cut_float_frames(dataset, frames)
        raise InputError("it has no pixels")
    allocated, stored = int(dataset.BitsAllocated), int(dataset.get("BitsStored") or 0)
    if allocated not in (8, 16, 32):
        raise InputError(f"{allocated} bits per pixel; 8, 16 or 32 are read")
    kind = np.dtype(f"{'i' if int(dataset.PixelRepresentation) else 'u'}{allocated // 8}")
    planes = _cut(dataset, dataset.PixelData, kind, frames)
    high = int(dataset.get("HighBit", stored - 1) or 0)
    if 0 < stored < allocated and stored - 1 <= high < allocated:
        left, right = allocated - 1 - high, allocated - stored
        planes = [_keep_stored_bits(plane, left, right) for plane in planes]
    return planes


def _cut_float_frames(dataset: Any, frames: Sequence[int]) -> list[Pixels]:
    if "FloatPixelData" in dataset:
        return _cut(dataset, dataset.FloatPixelData, np.dtype("f4"), frames)
    return _cut(dataset, dataset.DoubleFloatPixelData, np.dtype("f8"), frames)


def _cut(dataset: Any, body: bytes, kind: np.dtype[Any], frames: Sequence[int]) -> list[Pixels]:
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    length = rows * columns * kind.itemsize
    if length == 0 or len(body) < length * (max(frames) + 1):
        raise InputError("the pixels are truncated or cannot be decoded")
    count = int(dataset.get("NumberOfFrames") or 1)
    if count > 1 and len(body) - length * count > max(_PADDING, columns * kind.itemsize):
        raise InputError("more pixels than declared: frames would not begin where they do")
    little = dataset.original_encoding[1] is not False
    body = _swap_words(body, little=little, kind=kind, dataset=dataset)
    stored = kind.newbyteorder("<" if little else ">")
    return [
        np.frombuffer(body, stored, rows * columns, frame * length).reshape(rows, columns)
        for frame in frames
    ]


def _swap_words(body: bytes, *, little: bool, kind: np.dtype[Any], dataset: Any) -> bytes:
    """Put 8-bit pixels in order that big endian words (OW) hold the other way round."""
    if little or kind.itemsize != 1 or dataset["PixelData"].VR != "OW" or len(body) % 2:
        return body
    return np.frombuffer(body, "u2").byteswap().tobytes()


def _keep_stored_bits(plane: Pixels, left: int, right: int) -> Pixels:
    native = plane.astype(plane.dtype.newbyteorder("="), copy=False)
    return (native << left) >> right


class Decoder:
    """Decodes compressed frames in a child process, started when it is first needed."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def decode(self, path: Path, frames: Sequence[int]) -> Iterator[Pixels]:
        """Decode frames (from 0) of a file, (rows, columns) each.

        Raises
        ------
        InputError
            They cannot be decoded, or the decoder died or took too long.
        """
        try:
            child = self._start()
            assert child.stdin is not None
            job = {"path": str(path), "frames": list(frames)}
            child.stdin.write(json.dumps(job).encode() + b"\n")
            child.stdin.flush()
            for _frame in frames:
                yield self._receive(child)
        except InputError:
            raise
        except (OSError, EOFError, TimeoutError, ValueError, KeyError) as error:
            self._end()
            late = isinstance(error, TimeoutError)
            what = "took too long to decode" if late else "cannot be decoded"
            raise InputError(f"the pixels are truncated or {what}") from None

    def _start(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "response.ingest.decode_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
            if _read_line(self._child, SECONDS_TO_START) != b"ready\n":
                raise EOFError
        return self._child

    def _receive(self, child: subprocess.Popen[bytes]) -> Pixels:
        said = json.loads(_read_line(child, SECONDS_PER_FRAME))
        if "error" in said:
            raise InputError(said["error"])
        kind, (rows, columns) = np.dtype(said["dtype"]), said["shape"]
        if kind.kind not in "iuf" or rows * columns * kind.itemsize > MAX_FRAME_BYTES:
            raise ValueError
        body = _read_bytes(child, rows * columns * kind.itemsize, SECONDS_PER_FRAME)
        return np.frombuffer(body, kind).reshape(rows, columns)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(OSError):
            child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        child.wait()


def _read_line(child: subprocess.Popen[bytes], seconds: float) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += _read_bytes(child, 1, seconds)
        if len(line) > _LINE:
            raise ValueError
    return line


def _read_bytes(child: subprocess.Popen[bytes], count: int, seconds: float) -> bytearray:
    """Read so many bytes within a time, or raise EOFError or TimeoutError."""
    assert child.stdout is not None
    handle = child.stdout.fileno()
    end = time.monotonic() + seconds
    body = bytearray(count)
    view, done = memoryview(body), 0
    while done < count:
        if not select.select([handle], [], [], max(0.0, end - time.monotonic()))[0]:
            raise TimeoutError
        got = os.readv(handle, [view[done:]])
        if got == 0:
            raise EOFError
        done += got
    return body
