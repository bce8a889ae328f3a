"""Image files of any kind, read wholly or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.ingest.drawings import read_drawing_file
from response.ingest.itk import Image, sitk
from response.ingest.labels import to_labels
from response.ingest.nifti import MAX_DEFLATE_RATIO, MAX_VOXELS, check_finite, read_nifti
from response.ingest.pixels import read_dicom_folder

_NIFTI = (".nii", ".nii.gz")
_DETACHED = (".hdr", ".img", ".mhd", ".nhdr", ".raw", ".img.gz")
_HEADER_BYTES = 65536


def read_image(
    path: Path, *, mask: bool = False, grid: Grid | None = None
) -> tuple[Image, int | None]:
    """Read an image or mask: NIfTI, NRRD, MetaImage …, or a DICOM folder of one series.

    Parameters
    ----------
    path
        A file, or a DICOM folder.
    mask
        Whether labels are wanted: whole numbers, in an unsigned type.
    grid
        The grid of the mask's image. DICOM segmentations and contours need it: they hold only the
        slices in which something is marked.

    Returns
    -------
    image : SimpleITK.Image
        Three-dimensional, finite, with its place in space, LPS.
    axis : int or None
        The image axis the slices were acquired along, where the source says it (DICOM).

    Raises
    ------
    InputError
        What is there cannot be read as an image, is truncated, or not finite.
    GeometryError
        It has no usable place in space.
    """
    if path.is_dir():
        if mask:
            raise InputError(
                f"{path.name}: a mask is a file: a label image, a DICOM segmentation or contours"
            )
        return read_dicom_folder(path), 2
    if _is_dicom(path):
        if not mask or grid is None:
            raise InputError(f"{path.name}: a single DICOM file; name the folder of its series")
        return read_drawing_file(path, grid), None
    image = read_volume(path)
    return (to_labels(image, path.name).image if mask else image), None


def read_volume(path: Path) -> Image:
    """Read one image file into a volume with finite values and rectangular axes.

    Raises
    ------
    InputError, GeometryError
        As `read_image`.
    """
    name = path.name.lower()
    if name.endswith(_DETACHED):
        raise InputError(
            f"{path.name}: header and voxels in two files; save it as one (.nii.gz, .nrrd, .mha)"
        )
    image = read_nifti(path) if name.endswith(_NIFTI) else _read_other(path)
    try:
        Grid.of(image)
    except GeometryError as error:
        raise GeometryError(f"{path.name}: {error}") from None
    return image


def check_scan(image: Image, name: str) -> None:
    """Refuse what cannot be a scan: a single slice, or the same value everywhere.

    Raises
    ------
    InputError
        With the reason.
    """
    if min(image.GetSize()) < 2:
        raise InputError(f"{name}: size {image.GetSize()}: a single slice, not a volume")
    values = sitk.GetArrayViewFromImage(image)
    if values.min() == values.max():
        raise InputError(f"{name}: every voxel is {values.flat[0]}; this is not a scan")


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror})") from None


def _read_other(path: Path) -> Image:
    _check_in_one_file(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_declared(path, reader)
        image = reader.Execute()
    except RuntimeError:
        raise InputError(
            f"{path.name}: not an image that can be read, or truncated; give NIfTI, NRRD or "
            "MetaImage, or a DICOM folder"
        ) from None
    check_finite(path.name, np.asarray(sitk.GetArrayViewFromImage(image)))
    return image


def _check_in_one_file(path: Path) -> None:
    """Refuse headers that point to other files: those could lie anywhere, or change unseen."""
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    if start.startswith(b"NRRD"):
        lines = start.split(b"\n\n")[0].lower().replace(b"\r", b"").splitlines()
        detached = any(line.startswith((b"data file:", b"datafile:")) for line in lines)
    else:
        lines = [line.replace(b" ", b"") for line in start.splitlines()]
        named = [line for line in lines if line.startswith(b"ElementDataFile=")]
        detached = any(line != b"ElementDataFile=LOCAL" for line in named)
    if detached:
        raise InputError(f"{path.name}: the voxels are in another file; save it as one file")


def _check_declared(path: Path, reader: sitk.ImageFileReader) -> None:
    size = reader.GetSize()
    if len(size) != 3:
        raise InputError(f"{path.name}: {len(size)}-D, size {size}; a 3-D volume is needed")
    if reader.GetNumberOfComponents() != 1:
        raise InputError(f"{path.name}: several values per voxel; one number is needed")
    voxels = int(np.prod([int(n) for n in size], dtype=object))
    if voxels > min(MAX_VOXELS, path.stat().st_size * MAX_DEFLATE_RATIO):
        raise InputError(f"{path.name}: declares {voxels} voxels, more than the file can hold")
