"""NIfTI files, read from their bytes.

ITK reads a truncated ``.nii.gz`` as zeros, and NaN and infinity as 0, without a word. So the voxels
are taken from the stored bytes, which must be exactly as many as the header declares; only the
place in space (RAS turned to LPS, units, orientation) is ITK's reading of the header.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.spatialimages import HeaderDataError

from response.errors import GeometryError, InputError
from response.geometry import PLACE_TOLERANCE_VOXELS
from response.ingest.itk import Image, sitk

MAX_VOXELS = 2**30
"""Larger volumes are refused before memory is asked for (512 × 512 × 4096 is allowed)."""

MAX_DEFLATE_RATIO = 1100
"""Deflate cannot pack tighter than 1032 to 1: a header that declares more than this lies."""

_GZIP_MAGIC = b"\x1f\x8b"
_HEADER_BYTES = 348
_NIFTI_2_BYTES = 540
_MAX_OFFSET = 2**26

_Header: Any = nib.Nifti1Header


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a header declares; ``shape`` is i, j, k."""

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float

    @property
    def data_bytes(self) -> int:
        """Size of the voxels as stored, before scaling."""
        return prod(self.shape) * self.dtype.itemsize


def read_nifti(path: Path) -> Image:
    """Read a three-dimensional NIfTI-1 file, plain or gzipped.

    Values are as stored where the header does not scale them, otherwise 32-bit floats.

    Raises
    ------
    InputError
        Truncated, damaged, longer than declared, not three-dimensional, not finite, or voxels that
        are not single numbers.
    GeometryError
        Axes not at right angles, or two statements of place that contradict each other.
    """
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            stored = path.stat().st_size
            if not compressed:
                return _read_stream(path, file, stored)
            with gzip.GzipFile(fileobj=file) as stream:
                return _read_stream(path, stream, stored * MAX_DEFLATE_RATIO)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError(f"{path.name}: the file is truncated or damaged; copy it again") from None
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror})") from None


def _read_stream(path: Path, stream: IO[bytes] | gzip.GzipFile, most_bytes: int) -> Image:
    header = _read_header(path.name, stream)
    layout = _read_layout(path.name, header)
    declared = layout.offset + layout.data_bytes
    if declared > most_bytes:
        raise InputError(
            f"{path.name}: truncated, or its header is wrong: it declares {declared} bytes, the "
            f"file cannot hold more than {most_bytes}; copy it again"
        )
    stream.read(layout.offset - _HEADER_BYTES)
    body = stream.read(layout.data_bytes)
    if len(body) < layout.data_bytes:
        raise InputError(
            f"{path.name}: truncated: {len(body)} of {layout.data_bytes} bytes of voxels are "
            "there; copy it again"
        )
    _check_end(path.name, stream, layout)
    _check_one_place(path.name, header)
    image = sitk.GetImageFromArray(_scale(path.name, body, layout))
    return _take_place(image, path, layout.shape)


def _read_header(name: str, stream: IO[bytes] | gzip.GzipFile) -> Any:
    """Read the fixed part of the header."""
    raw = stream.read(_HEADER_BYTES)
    lengths = {int.from_bytes(raw[:4], order) for order in ("little", "big")}
    if _NIFTI_2_BYTES in lengths:
        raise InputError(f"{name}: NIfTI-2 is not read; save it as NIfTI-1")
    if _HEADER_BYTES not in lengths or len(raw) < _HEADER_BYTES or raw[344:347] != b"n+1":
        raise InputError(f"{name}: not a NIfTI file with header and voxels in one")
    return _Header(raw, check=False)


def _read_layout(name: str, header: Any) -> _Layout:
    dimensions = [int(n) for n in header["dim"]]
    shape = dimensions[1 : 1 + max(0, min(dimensions[0], 7))]
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(f"{name}: {len(shape)}-D, size {tuple(shape)}; a 3-D volume is needed")
    if prod(shape) > MAX_VOXELS:
        raise InputError(f"{name}: declares {prod(shape)} voxels, over the limit of {MAX_VOXELS}")
    try:
        dtype = header.get_data_dtype()
        slope, intercept = header.get_slope_inter()
        offset = int(header["vox_offset"])
    except (HeaderDataError, KeyError, ValueError, OverflowError):
        raise InputError(f"{name}: the header is damaged (data type, scale or offset)") from None
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise InputError(f"{name}: voxels of type {dtype}; one number per voxel is needed")
    if not _HEADER_BYTES + 4 <= offset <= _MAX_OFFSET:
        raise InputError(f"{name}: the header is damaged (voxels begin at byte {offset})")
    i, j, k = shape
    return _Layout((i, j, k), dtype, offset, slope or 1.0, intercept or 0.0)


def _check_end(name: str, stream: IO[bytes] | gzip.GzipFile, layout: _Layout) -> None:
    """Read to the end, which also checks a gzip file's checksum; padding is allowed."""
    allowed = max(4096, layout.shape[0] * layout.shape[1] * layout.dtype.itemsize)
    if len(stream.read(allowed)) == allowed:
        raise InputError(
            f"{name}: holds more voxels than its header declares {layout.shape}; export it again"
        )


def _check_one_place(name: str, header: Any) -> None:
    """Refuse a file that states its place or its voxel size twice, and differently."""
    try:
        stated = [
            affine
            for affine in (header.get_sform(coded=True)[0], header.get_qform(coded=True)[0])
            if affine is not None
        ]
    except (HeaderDataError, ValueError, np.linalg.LinAlgError):
        raise GeometryError(f"{name}: the header's orientation is damaged") from None
    sizes = np.abs(header["pixdim"][1:4].astype(np.float64))
    if not all(np.isfinite(numbers).all() for numbers in (*stated, sizes)) or not sizes.all():
        raise GeometryError(f"{name}: the header's orientation or voxel size is not a number")
    voxels = header["dim"][1:4].astype(np.int64)
    for affine in stated:
        off = np.abs(np.linalg.norm(affine[:3, :3], axis=0) - sizes) * (voxels - 1)
        if (off > PLACE_TOLERANCE_VOXELS * sizes).any():
            raise GeometryError(
                f"{name}: the header states two voxel sizes (pixdim and sform); export it again"
            )
    ends = np.array(np.meshgrid(*([0, n - 1] for n in voxels))).reshape(3, 8)
    corners = [affine[:3, :3] @ ends + affine[:3, 3:] for affine in stated]
    apart = float(np.linalg.norm(corners[0] - corners[-1], axis=0).max()) if corners else 0.0
    if apart > PLACE_TOLERANCE_VOXELS * sizes.min():
        raise GeometryError(
            f"{name}: the header states two places (sform and qform) {apart:.3g} mm apart; "
            "export it again with one"
        )


def _scale(name: str, body: bytes, layout: _Layout) -> npt.NDArray[Any]:
    """Turn stored bytes into values, axes k, j, i, in the machine's byte order."""
    stored = np.frombuffer(body, layout.dtype).reshape(layout.shape[::-1])
    values = stored.astype(layout.dtype.newbyteorder("="), copy=False)
    if (layout.slope, layout.intercept) != (1.0, 0.0):
        scaled = values.astype(np.float64) * layout.slope + layout.intercept
        values = scaled if values.dtype == np.float64 else scaled.astype(np.float32)
    elif values.dtype == np.float16:
        values = values.astype(np.float32)
    check_finite(name, values)
    return values


def check_finite(name: str, values: npt.NDArray[Any]) -> None:
    """Refuse values that are NaN or infinite.

    Raises
    ------
    InputError
        With how many there are.
    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        count = int((~np.isfinite(values)).sum())
        raise InputError(
            f"{name}: {count} voxels are not finite (NaN or infinity); export it again"
        )


def _take_place(image: Image, path: Path, shape: tuple[int, int, int]) -> Image:
    reader = sitk.ImageFileReader()
    reader.SetImageIO("NiftiImageIO")
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        why = "axes are not at right angles" if "orthonormal" in str(error) else "header is damaged"
        raise GeometryError(
            f"{path.name}: the image's {why}; resample or export it again"
        ) from None
    if tuple(reader.GetSize()[:3]) != shape or any(n != 1 for n in reader.GetSize()[3:]):
        raise GeometryError(f"{path.name}: the header contradicts itself about the size")
    dimensions = reader.GetDimension()
    direction = np.array(reader.GetDirection()).reshape(dimensions, dimensions)[:3, :3]
    try:
        image.SetSpacing(reader.GetSpacing()[:3])
        image.SetOrigin(reader.GetOrigin()[:3])
        image.SetDirection(direction.ravel().tolist())
    except RuntimeError:
        raise GeometryError(f"{path.name}: the header's orientation is damaged") from None
    return image
