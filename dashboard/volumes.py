"""Volumes kept in memory for a while, so that scrolling does not read files again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from response.geometry import Grid

BUDGET_BYTES = 1_200_000_000
"""Memory that kept volumes may take together; one is being read beside them at a time."""

GRIDS_KEPT = 4096


class VolumeCache:
    """The volumes used last, as arrays, up to a budget of bytes.

    Parameters
    ----------
    read_image
        Returns the SimpleITK image of a path relative to the workspace.
    budget_bytes
        What may be kept; a volume larger than that is read each time.
    """

    def __init__(self, read_image: Callable[[str], Any], budget_bytes: int = BUDGET_BYTES) -> None:
        self._read_image = read_image
        self._budget = budget_bytes
        self._kept: OrderedDict[str, tuple[Any, Grid]] = OrderedDict()
        self._grids: dict[str, Grid] = {}
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()

    @property
    def kept_bytes(self) -> int:
        """Memory taken by the volumes kept."""
        with self._lock:
            return sum(array.nbytes for array, _ in self._kept.values())

    def read(self, path: str) -> tuple[Any, Grid]:
        """Return an image's array (axes k, j, i; not to be written to) and grid."""
        found = self._find(path)
        if found is not None:
            return found
        with self._one_at_a_time:
            found = self._find(path)
            if found is None:
                image = self._read_image(path)
                array = _compact(sitk.GetArrayViewFromImage(image))
                array.setflags(write=False)
                found = (array, Grid.of(image))
                self._keep(path, found)
        return found

    def read_grid(self, path: str, file: Path) -> Grid:
        """Return an image's grid from the header of its file."""
        found = self._find(path)
        if found is not None:
            return found[1]
        grid = self._grids.get(path)
        if grid is None:
            reader: Any = sitk.ImageFileReader()  # type: ignore[no-untyped-call]
            reader.SetFileName(str(file))
            reader.ReadImageInformation()
            grid = Grid(
                reader.GetOrigin(), reader.GetSpacing(), reader.GetDirection(), reader.GetSize()
            )
            with self._lock:
                if len(self._grids) >= GRIDS_KEPT:
                    self._grids.clear()
                self._grids[path] = grid
        return grid

    def _find(self, path: str) -> tuple[Any, Grid] | None:
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
            return self._kept.get(path)

    def _keep(self, path: str, entry: tuple[Any, Grid]) -> None:
        size = entry[0].nbytes
        if size > self._budget:
            return
        with self._lock:
            self._kept[path] = entry
            total = sum(array.nbytes for array, _ in self._kept.values())
            while total > self._budget:
                _, (oldest, _) = self._kept.popitem(last=False)
                total -= oldest.nbytes


def _compact(view: Any) -> Any:
    """Return a copy that outlives the image; doubles in single precision, enough for looking."""
    return np.array(view, dtype=np.float32 if view.dtype == np.float64 else view.dtype)
