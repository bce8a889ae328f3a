"""Constructed scenes with closed-form truth: balls on a voxel grid, known ways between scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from response.geometry import Grid, Points
from response.match import Mark, MarkedTimePoint, Step, Tracks, track
from response.terms import LesionState, Role

GRID = Grid((0.0, 0.0, 0.0), (2.0, 2.0, 2.0), (1, 0, 0, 0, 1, 0, 0, 0, 1), (110, 110, 110))
WHOLE = (0, 0, 0, 110, 110, 110)
Ball = tuple[tuple[float, float, float], float]


def fill(balls: Sequence[Ball], grid: Grid = GRID) -> Points:
    """Centres of the voxels that lie in any of the balls."""
    found = []
    for centre, radius in balls:
        middle = grid.to_indices([centre])[0]
        reach = radius / np.array(grid.spacing)
        axes = [
            np.arange(np.ceil(m - r), np.floor(m + r) + 1)
            for m, r in zip(middle, reach, strict=True)
        ]
        places = grid.to_points(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3))
        found.append(places[np.linalg.norm(places - np.array(centre), axis=1) <= radius])
    return np.unique(np.vstack(found), axis=0) if found else np.empty((0, 3))


def make_mark(
    label: int,
    balls: Sequence[Ball],
    role: Role | None = None,
    state: LesionState | None = None,
    grid: Grid = GRID,
    given: str = "",
    marked_on: frozenset[str] = frozenset(),
) -> Mark:
    points = fill(balls, grid)
    centre = points.mean(axis=0) if len(points) else np.zeros(3)
    return Mark(
        label,
        points,
        float(len(points) * grid.voxel_volume_mm3),
        2.0 * max((radius for _, radius in balls), default=0.0),
        (float(centre[0]), float(centre[1]), float(centre[2])),
        role,
        state,
        given,
        marked_on,
    )


def make_step(
    offset: Sequence[float] = (0.0, 0.0, 0.0), *, error_mm: float = 4.0, distrust: str = ""
) -> Step:
    shift = np.array(offset, dtype=float)
    return Step(lambda p: p + shift, lambda p: p - shift, not distrust, distrust, error_mm)


class Scene:
    """A course put together time point by time point."""

    def __init__(self) -> None:
        self.time_points: list[MarkedTimePoint] = []
        self.steps: list[Step] = []

    def at(
        self,
        name: str,
        balls: Mapping[int, Ball | list[Ball]],
        *,
        roles: Mapping[int, Role] | None = None,
        states: Mapping[int, LesionState] | None = None,
        given_uids: Mapping[int, str] | None = None,
        step: Step | None = None,
        drawn: Mapping[int, str] | None = None,
        **facts: Any,
    ) -> Scene:
        """Add a time point; ``balls`` holds per label one ball or several, or none at all.

        ``drawn`` names the modalities that a label is marked on, where that matters.
        """
        if self.time_points:
            self.steps.append(step or make_step())
        number = len(self.time_points)
        given = {
            "modality": "CT",
            "mark_set_id": f"marks of {name}",
            "read": True,
            "complete": True,
            "grid": GRID,
            "field_box": WHOLE,
        } | facts
        marks = tuple(
            make_mark(
                label,
                ball if isinstance(ball, list) else [ball],
                (roles or {}).get(label),
                (states or {}).get(label),
                given=(given_uids or {}).get(label, ""),
                marked_on=frozenset((drawn or {}).get(label, "").split()),
            )
            for label, ball in balls.items()
        )
        day = dt.date(2025, 1, 1) + dt.timedelta(days=56 * number)
        self.time_points.append(MarkedTimePoint(time_point=name, date=day, marks=marks, **given))
        return self

    def track(self, **said: Any) -> Tracks:
        """Join the course; the first time point is the baseline unless said."""
        baseline = said.pop("baseline", self.time_points[0].time_point)
        return track(self.time_points, self.steps, subject="S", baseline=baseline, **said)


def rows_of(tracks: Tracks) -> dict[tuple[str, str], tuple[str, int | None]]:
    """(tracking_id, time point) → (event, label)."""
    ids = {lesion.tracking_uid: lesion.tracking_id for lesion in tracks.lesions}
    return {(ids[e.tracking_uid], e.time_point): (str(e.event), e.label) for e in tracks.events}


@pytest.fixture
def scene() -> Scene:
    """An empty course."""
    return Scene()


@pytest.fixture
def new_scene() -> Callable[[], Scene]:
    """A maker of empty courses, for tests that compare several."""
    return Scene


@pytest.fixture
def rows() -> Callable[[Tracks], dict[tuple[str, str], tuple[str, int | None]]]:
    """What became of every lesion, by id and time point."""
    return rows_of


@pytest.fixture
def step() -> Callable[..., Step]:
    """A maker of steps: a shift with its inverse."""
    return make_step


@pytest.fixture
def event_at() -> Callable[..., Any]:
    """Return the one event of a lesion (by id) at a time point."""

    def find(tracks: Tracks, tracking_id: str, time_point: str) -> Any:
        uid = {x.tracking_id: x.tracking_uid for x in tracks.lesions}[tracking_id]
        return next(e for e in tracks.events if (e.tracking_uid, e.time_point) == (uid, time_point))

    return find
