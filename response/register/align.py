"""The recipe: rigid, coarse bend, the engine's fine bend, and the figures to judge them by."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from response.errors import RegistrationError
from response.geometry import find_field_box
from response.register import coarse
from response.register.figures import (
    OUTSIDE,
    Figures,
    correlate,
    correlate_locally,
    displace,
    fold,
    frame_points,
)
from response.register.itk import Image, sitk
from response.register.mirror import measure_mirror_gain
from response.register.prepare import (
    AIR,
    Mask,
    WorkingGrid,
    choose_grid,
    choose_spacing,
    find_body,
    pad_ends,
    resample_to_frame,
    rescale_values,
    shrink,
    to_frame_image,
)
from response.register.quality import HOUNSFIELD, NO_SCALE, Verdict, judge
from response.register.rigid import RigidResult, body_centroid, register_rigid
from response.register.transform import Field, Transform

Engine = Callable[[Image, Image, Path], Image]
"""Fixed and moving image on one grid, a private folder → displacement in mm on that grid."""

CHECK_EVERY = 7
"""Every so many voxels of the body are sent there and back."""
RIGID_FACTOR = 2
"""The rigid step works at twice the working spacing (8 mm for a trunk)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Both scans on the common scale, the working grid, and the rigid step between them.

    ``target`` is the fixed scan on the working grid, in its frame; ``padded`` the moving scan at
    working resolution, its cut ends replicated.
    """

    fixed: Image
    moving: Image
    target: Image
    padded: Image
    grid: WorkingGrid
    rigid: RigidResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """The transform that may be used, the verdict on it, and the figures behind the verdict."""

    transform: Transform
    verdict: Verdict
    figures: Figures


def register_scans(
    fixed: Image, moving: Image, modality: str, engine: Engine, folder: Path
) -> Outcome:
    """The whole recipe on two float images; ``folder`` is private to the engine.

    Falls back from the bent to the rigid to the centred transform as the verdict says. Runs on as
    many threads as ITK is set to: one, if results are to repeat.
    """
    try:
        prepared = prepare(fixed, moving, modality)
    except RuntimeError as problem:
        raise RegistrationError(f"the rigid step failed: {_say(problem)}") from problem
    try:
        result, second = bend(prepared, engine, folder)
        failure = ""
    except (RegistrationError, RuntimeError) as problem:
        result = second = Transform.from_rigid(prepared.grid, prepared.rigid.transform)
        failure = f"no bend was found: {_say(problem)}"
    figures = measure_figures(prepared, result, second)
    verdict = judge(figures, failure, HOUNSFIELD if modality.upper() == "CT" else NO_SCALE)
    return Outcome(_fall_back(prepared, result, verdict.keep), verdict, figures)


def _say(problem: Exception) -> str:
    """The last line of what ITK says; before it come file names of its own source."""
    lines = str(problem).strip().splitlines()
    return lines[-1].strip() if lines else type(problem).__name__


def _fall_back(prepared: Prepared, result: Transform, keep: str) -> Transform:
    if keep == "deformable":
        return result
    if keep == "rigid":
        return Transform(result.grid, result.matrix, result.offset)
    offset = np.subtract(body_centroid(prepared.moving), body_centroid(prepared.fixed))
    return Transform(result.grid, np.eye(3), offset)


def prepare(fixed: Image, moving: Image, modality: str) -> Prepared:
    """Common values, field boxes cut out, the rigid step, the working grid."""
    fixed = rescale_values(crop_to_field(fixed), modality)
    moving = rescale_values(crop_to_field(moving), modality)
    spacing = min(choose_spacing(fixed), choose_spacing(moving))
    rigid = register_rigid(fixed, moving, RIGID_FACTOR * spacing)
    grid = choose_grid(fixed, spacing)
    target = resample_to_frame(pad_ends(fixed, spacing), grid)
    return Prepared(fixed, moving, target, pad_ends(moving, spacing), grid, rigid)


def crop_to_field(image: Image) -> Image:
    """Without the constant planes around it, which are padding and no anatomy."""
    i0, j0, k0, i1, j1, k1 = find_field_box(sitk.GetArrayViewFromImage(image))
    return image[i0:i1, j0:j1, k0:k1]


def warp_to_frame(transform: Transform, padded: Image) -> Image:
    """The moving image as the transform so far shows it, on the working grid and in its frame."""
    return to_frame_image(transform.warp_image(padded, transform.grid.blank()))


def bend(prepared: Prepared, engine: Engine, folder: Path) -> tuple[Transform, Transform]:
    """The engine's result (coarse and fine field after the rigid step), and a second opinion."""
    rigid = prepared.rigid.transform
    grid = prepared.grid
    target = prepared.target
    shown = warp_to_frame(Transform.from_rigid(grid, rigid), prepared.padded)
    first = Field.of(coarse.align_coarse(target, shown))
    shown = warp_to_frame(Transform.from_rigid(grid, rigid, (first,)), prepared.padded)
    fine = Field.of(engine(target, shown, folder))
    again = Field.of(coarse.align_again(target, shown))
    return (
        Transform.from_rigid(grid, rigid, (fine, first)),
        Transform.from_rigid(grid, rigid, (again, first)),
    )


def measure_figures(prepared: Prepared, result: Transform, second: Transform) -> Figures:
    """Everything the trust gate wants to know (see :class:`Figures`)."""
    grid = result.grid
    target = sitk.GetArrayFromImage(prepared.target)
    body = find_body(prepared.target)
    rigid = Transform(grid, result.matrix, result.offset)
    moving = shrink(prepared.moving, grid.spacing_mm)
    at_first, at_last = (_show(step, moving) for step in (rigid, result))
    common = body & (at_last >= AIR)
    shift, degrees = _describe_rigid(prepared)
    bent, other = displace(result), displace(second)
    size = np.linalg.norm(bent, axis=0)[body]
    apart = np.linalg.norm(bent - other, axis=0)[common if common.any() else body]
    return Figures(
        start_shift_mm=shift,
        rotation_deg=degrees,
        overlap=float(common.sum() / body.sum()),
        similarity_rigid=correlate(target, at_first, body & (at_first >= AIR)),
        similarity=correlate(target, at_last, common),
        local_similarity=correlate_locally(target, np.maximum(at_last, AIR), common),
        folded_fraction=fold(bent, grid.spacing_mm, body),
        bend_p95_mm=float(np.percentile(size, 95)),
        bend_max_mm=float(size.max()),
        disagreement_median_mm=float(np.median(apart)),
        disagreement_p95_mm=float(np.percentile(apart, 95)),
        back_residual_mm=_there_and_back(result, body),
        mirror_gain=measure_mirror_gain(
            prepared.fixed, prepared.moving, RIGID_FACTOR * grid.spacing_mm
        ),
    )


def _show(transform: Transform, moving: Image) -> NDArray[np.float32]:
    """The moving image on the working grid, ``OUTSIDE`` beyond its field."""
    blank = transform.grid.blank()
    shown = transform.warp_image(moving, blank, outside=OUTSIDE)
    return np.asarray(sitk.GetArrayFromImage(shown))


def _describe_rigid(prepared: Prepared) -> tuple[float, float]:
    """How far the rigid step carries the middle of the body (mm), and its angle (degrees)."""
    transform = prepared.rigid.transform
    matrix = np.asarray(transform.GetMatrix()).reshape(3, 3)
    cosine = float(np.clip((np.trace(matrix) - 1) / 2, -1, 1))
    shift = float(np.linalg.norm(transform.GetTranslation()))
    return shift, math.degrees(math.acos(cosine))


def _there_and_back(transform: Transform, body: Mask) -> float:
    """95th percentile of the distance after going to the moving scan and back, mm."""
    points = transform.grid.to_points(frame_points(transform.grid)[body.ravel()][::CHECK_EVERY])
    back = transform.map_points_back(transform.map_points(points))
    return float(np.percentile(np.linalg.norm(back - points, axis=1), 95))
