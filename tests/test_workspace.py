"""The folder: closed to others, confined, lossless, and clean after a killed process."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import stat
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError, IntegrityError, ProtocolError
from response.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "home")


def oblique_image() -> sitk.Image:
    pixels = np.random.default_rng(3).integers(-1024, 3000, (4, 5, 6)).astype(np.int16)
    image = sitk.GetImageFromArray(pixels)
    c, s = math.cos(0.123), math.sin(0.123)
    image.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
    image.SetSpacing((0.7123456789012345, 0.7123456789012345, 1 / 3))
    image.SetOrigin((-123.45678901234567, 1 / 7, 250 / 3))
    return image


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_the_workspace(workspace: Workspace) -> None:
    workspace.secret("AUDIT_KEY")
    stored = workspace.resolve(workspace.write_image(oblique_image(), "ab" * 8))
    assert mode(workspace.home) == 0o700
    assert {mode(stored), mode(workspace.home / "secrets" / "audit_key")} == {0o600}


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Workspace.open(tmp_path)
    assert mode(tmp_path) == 0o700


def test_the_home_is_found_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESPONSE_HOME", str(tmp_path / "there"))
    assert Workspace.open().home == tmp_path / "there"


def test_a_missing_workspace_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no workspace"):
        Workspace.open(tmp_path / "typo", create=False)
    assert not (tmp_path / "typo").exists()


def test_a_file_cannot_be_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be used"):
        Workspace.open(tmp_path / "file")


@pytest.mark.parametrize("path", ["../x", "images/../../x", "/etc/passwd", "", "images/link/x"])
def test_no_stored_path_leaves_the_workspace(workspace: Workspace, path: str) -> None:
    (workspace.images / "link").symlink_to("/etc")
    with pytest.raises(InputError, match="leaves the workspace"):
        workspace.resolve(path)


def test_a_path_inside_goes_there_and_back(workspace: Workspace) -> None:
    assert workspace.relative(workspace.resolve("images/aa/b.nrrd")) == "images/aa/b.nrrd"
    with pytest.raises(InputError, match="outside"):
        workspace.relative(Path("/etc/passwd"))


def test_an_image_comes_back_as_it_was(workspace: Workspace) -> None:
    image = oblique_image()
    stored = workspace.write_image(image, "ab" * 8)
    back = workspace.read_image(stored)
    assert stored == "images/ab/abababababababab.nrrd"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(image))
    assert back.GetPixelID() == image.GetPixelID()
    assert back.GetOrigin() == image.GetOrigin()
    np.testing.assert_allclose(back.GetSpacing(), image.GetSpacing(), rtol=1e-15)
    np.testing.assert_allclose(back.GetDirection(), image.GetDirection(), atol=1e-15)


def test_a_second_write_of_an_image_does_nothing(workspace: Workspace) -> None:
    first = workspace.resolve(workspace.write_image(oblique_image(), "ab" * 8)).stat()
    again = workspace.resolve(workspace.write_image(oblique_image(), "ab" * 8)).stat()
    assert (first.st_ino, first.st_mtime_ns) == (again.st_ino, again.st_mtime_ns)


def test_header_entries_of_a_source_are_left_behind(workspace: Workspace) -> None:
    image = oblique_image()
    image.SetMetaData("0010|0010", "Nobody^Anna")
    stored = workspace.resolve(workspace.write_image(image, "ab" * 8))
    assert b"Nobody" not in stored.read_bytes()


def test_a_digest_is_never_a_path(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="hexadecimal"):
        workspace.write_image(oblique_image(), "../../../x")


def test_a_lost_or_damaged_image_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(IntegrityError, match="missing; ingest"):
        workspace.read_image("images/aa/none.nrrd")
    stored = workspace.write_image(oblique_image(), "ab" * 8)
    workspace.resolve(stored).write_bytes(b"NRRD0004\nbroken")
    with pytest.raises(IntegrityError, match="damaged; ingest"):
        workspace.read_image(stored)


def test_a_secret_is_made_once_and_the_environment_comes_first(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = workspace.secret("AUDIT_KEY")
    assert len(made) == 64
    assert Workspace.open(workspace.home).secret("AUDIT_KEY") == made
    monkeypatch.setenv("RESPONSE_AUDIT_KEY", "given")
    assert workspace.secret("AUDIT_KEY") == b"given"


def test_the_protocol_is_read_and_its_errors_are_told(workspace: Workspace) -> None:
    assert workspace.protocol().targets.max_total == 5
    workspace.protocol_path.write_text("[targets]\nmax_total = 3\n")
    assert workspace.protocol().targets.max_total == 3
    workspace.protocol_path.write_text("[targets]\nmaximum = 3\n")
    with pytest.raises(ProtocolError, match=r"targets\.maximum"):
        workspace.protocol()


def test_a_private_folder_is_gone_afterwards(workspace: Workspace) -> None:
    with workspace.private_folder() as folder:
        assert mode(folder) == 0o700
        assert folder.is_relative_to(workspace.home / "tmp")
        (folder / "scan").touch()
    assert not folder.exists()


def test_a_private_folder_in_use_survives_another_opening(workspace: Workspace) -> None:
    with workspace.private_folder() as folder:
        Workspace.open(workspace.home)
        assert folder.exists()


def hold_private_folder(home: Path, pipe: Connection) -> None:
    with Workspace.open(home).private_folder() as folder:
        (folder / "scan").touch()
        pipe.send(folder)
        signal.pause()


def test_a_killed_process_leaves_no_private_folder(workspace: Workspace) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold_private_folder, args=(workspace.home, theirs))
    process.start()
    folder = ours.recv()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert folder.exists()
    Workspace.open(workspace.home)
    assert not folder.exists()
