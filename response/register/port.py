"""Register one pair of scans into a folder, wholly or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from response.errors import InputError, RegistrationError
from response.register import ants_engine
from response.register.process import run_worker, scratch_folder
from response.register.transform import TRANSFORM_FILE

REPORT = "registration.json"
RECIPE = "4"
"""Raised with every change of the steps around the engine that moves a point."""
DEFAULT_ENGINE = "ants"
TIME_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class RegistrationResult:
    """What became of one pair.

    ``engine`` made it: the engine, or ``rigid`` or ``centre`` after a failed check. ``similarity``
    is the correlation within the body (−1 … 1), ``folded_fraction`` the share of it where the field
    folds, ``expected_error_mm`` a bound for the place of a lesion.
    """

    folder: Path
    seconds: float
    similarity: float
    folded_fraction: float
    trusted: bool
    reason: str
    engine: str
    parameters: str
    expected_error_mm: float


@cache
def engine_key(engine: str = DEFAULT_ENGINE) -> str:
    """What decides a result besides the two scans: engine, versions, digest of the parameters."""
    versions = " ".join(f"{name} {version(name)}" for name in ("SimpleITK", "numpy", "scipy"))
    described = ants_engine.describe() if engine == "ants" else engine
    digest = hashlib.sha256(f"{RECIPE} {described}".encode()).hexdigest()[:12]
    return f"{engine} recipe {RECIPE} {digest} antspyx {version('antspyx')} {versions}"


def register(
    fixed: Path,
    moving: Path,
    out: Path,
    *,
    modality: str = "CT",
    time_limit_s: float = TIME_LIMIT_S,
    private: Path | None = None,
    engine: str = DEFAULT_ENGINE,
) -> RegistrationResult:
    """Register ``moving`` to ``fixed`` in a child process and leave the transform in ``out``.

    Parameters
    ----------
    fixed, moving
        Scans as files that SimpleITK reads.
    out
        A folder that does not exist, is empty, or holds an earlier result, which is replaced.
    modality
        DICOM modality; CT is taken in Hounsfield units, anything else by its own percentiles.
        Empty: guessed from the values.
    time_limit_s
        Seconds after which the child is killed.
    private
        Where the working folder is made (and removed); the system's temporary folder if not given.
    engine
        ``"ants"``, or ``"demons"``: coarser, and quick.

    Raises
    ------
    GeometryError, RegistrationError
        A scan cannot be used, the time is up, or the worker was killed; ``out`` is untouched. A
        pair that fits badly is no error: the result is untrusted and says why.
    """
    _check_out(out)
    with scratch_folder(private) as scratch:
        part = scratch / "out"
        part.mkdir()
        job = {
            "fixed": str(fixed.absolute()),
            "moving": str(moving.absolute()),
            "modality": modality,
            "engine": engine,
            "parameters": engine_key(engine),
            "scratch": str(scratch),
            "out": str(part),
        }
        run_worker(job, scratch, time_limit_s)
        if not (part / REPORT).is_file():
            raise RegistrationError("the worker ended without a report")
        _publish(part, out)
    return read_result(out)


def read_result(folder: Path) -> RegistrationResult:
    """The result that :func:`register` left in a folder.

    Raises
    ------
    InputError
        There is none.
    """
    try:
        told = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        told.pop("figures")
        return RegistrationResult(folder=folder, **told)
    except (OSError, TypeError, KeyError, json.JSONDecodeError) as problem:
        raise InputError(f"{folder.name} holds no registration: {problem}") from problem


def _check_out(out: Path) -> None:
    if out.is_dir() and any(out.iterdir()) and not (out / TRANSFORM_FILE).is_file():
        raise InputError(f"{out.name} holds something else than a registration: give a new folder")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out.name} is a file; a folder is needed")


def _publish(part: Path, out: Path) -> None:
    """Move a complete folder into place by renaming, so that nobody sees half of it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as holder:
        complete = Path(shutil.move(part, Path(holder) / "new"))
        if out.exists():
            out.rename(Path(holder) / "old")
        complete.rename(out)
