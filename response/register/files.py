"""Two scans given as files or DICOM folders, outside of any workspace."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from response.errors import InputError
from response.register.itk import sitk
from response.register.port import REPORT, RegistrationResult, read_result, register
from response.register.prepare import Array
from response.register.process import scratch_folder
from response.register.transform import Transform

AXES = ("x", "y", "z")
WARPED = "warped.nii.gz"
POINTS = "points.csv"


def register_files(
    fixed: Path, moving: Path, out: Path, points: Path | None = None
) -> RegistrationResult:
    """Register two scans and write what a person wants to see of it.

    Parameters
    ----------
    fixed, moving
        Image files, or DICOM folders of one series. Scans with air at −1000 are taken for CT.
    out
        A folder; ``registration.json``, ``warped.nii.gz`` (moving on the fixed grid), the transform
        and, with ``points``, ``points.csv`` are written into it, ``registration.json`` last.
    points
        CSV with columns ``x, y, z``: places in the fixed scan, LPS mm.

    Raises
    ------
    InputError, GeometryError, RegistrationError
        A file cannot be used, or no registration came about; nothing is written.
    """
    places = read_points(points) if points else None
    with scratch_folder(None) as scratch:
        fixed_file = _as_file(fixed, scratch / "fixed.mha")
        moving_file = _as_file(moving, scratch / "moving.mha")
        made = scratch / "made"
        register(fixed_file, moving_file, made, modality="", private=scratch)
        transform = Transform.load(made)
        warped = transform.warp_image(sitk.ReadImage(moving_file), sitk.ReadImage(fixed_file))
        sitk.WriteImage(warped, made / WARPED)
        if places is not None:
            write_points(made / POINTS, transform.map_points(places))
        _hand_over(made, out)
    return read_result(out)


def read_points(path: Path) -> Array:
    """Read the columns ``x, y, z`` of a CSV file: ``(n, 3)``.

    Raises
    ------
    InputError
        A column is missing or a value is not a finite number; names the line.
    """
    try:
        rows = _read_rows(path)
    except (OSError, UnicodeDecodeError, csv.Error):
        raise InputError(f"{path.name}: not a CSV table that can be read (UTF-8)") from None
    return np.asarray(rows, dtype=np.float64).reshape(-1, 3)


def _read_rows(path: Path) -> list[list[float]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [name for name in AXES if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path.name}: no column {', '.join(missing)}; x, y, z are needed")
        return [[_number(path, reader.line_num, row, name) for name in AXES] for row in reader]


def _number(path: Path, line: int, row: dict[str, str | None], name: str) -> float:
    text = row[name] or ""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{path.name}, line {line}: {name} is {text!r}, not a number")
    return value


def write_points(path: Path, points: Array) -> None:
    """Write ``(n, 3)`` places as CSV with columns ``x, y, z``, to a thousandth of a millimetre."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(AXES)
        writer.writerows([f"{value:.3f}" for value in point] for point in points)


def _as_file(path: Path, copy: Path) -> Path:
    """A DICOM folder as one file in the private folder; a file as it is, once it proves whole."""
    # Here and not above: the DICOM readers cost every worker process a second.
    from response.ingest.images import read_image

    image, _axis = read_image(path)
    if path.is_dir():
        sitk.WriteImage(image, copy)
        return copy
    return path


def _hand_over(made: Path, out: Path) -> None:
    """Move the files into place, the report last: where it is, everything is."""
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).unlink(missing_ok=True)
    for path in sorted(made.iterdir(), key=lambda p: p.name == REPORT):
        with _temporary(out, path.name) as temporary:
            temporary.write_bytes(path.read_bytes())
            temporary.replace(out / path.name)


@contextmanager
def _temporary(folder: Path, name: str) -> Iterator[Path]:
    handle, text = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    os.close(handle)
    path = Path(text)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
