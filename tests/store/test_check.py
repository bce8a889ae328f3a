"""``check`` proves the files too: what rows name is there and unchanged, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from response.store import Store
from response.workspace import Workspace


@pytest.fixture
def files(workspace: Workspace, store: Store, make: Any) -> list[Path]:
    """One image, one mask and one transform, stored and named by rows."""
    names = ("images/aa/aa11.nrrd", "images/bb/bb11.nrrd", "transforms/ab/field.nrrd")
    paths = [workspace.home / name for name in names]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(path.name)
    store.write_time_point(make.time_point(), actor="anna")
    store.write_registration(make.registration(), actor="anna")
    return paths


def test_whole_files_are_no_problem(store: Store, files: list[Path]) -> None:
    assert store.check() == ()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_changed_file_shows(store: Store, files: list[Path], which: int) -> None:
    files[which].write_text("other")
    (problem,) = store.check()
    assert problem.startswith("files: ")
    assert problem.endswith(f"{files[which].name} is not as it was written")


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_missing_file_shows(store: Store, files: list[Path], which: int) -> None:
    files[which].unlink()
    (problem,) = store.check()
    assert problem.endswith(f"{files[which].name} is missing")


def test_files_nothing_names_show(store: Store, files: list[Path]) -> None:
    (files[0].parent / "stray.nrrd").touch()
    assert store.check() == ("files: images/aa/stray.nrrd belongs to nothing that is stored",)


def test_what_was_superseded_is_proved_too(
    workspace: Workspace, store: Store, files: list[Path], make: Any
) -> None:
    redrawn = workspace.home / "images/bb/bb22.nrrd"
    redrawn.write_text("new")
    store.write_time_point(
        make.time_point(mark_sets=(make.marks("marks-2", mask="bb22"),)), actor="anna"
    )
    assert store.check() == ()
    files[1].unlink()
    assert store.check() == ("files: images/bb/bb11.nrrd is missing",)


def test_rows_whose_file_never_was_show(store: Store, make: Any) -> None:
    store.write_time_point(make.time_point(), actor="anna")
    assert store.check() == (
        "files: images/aa/aa11.nrrd is missing",
        "files: images/bb/bb11.nrrd is missing",
    )
