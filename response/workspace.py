"""The workspace: one folder that holds everything the program knows of one trial or clinic.

``tracker.duckdb`` (opened only through :mod:`response.store`), ``images/``, ``transforms/``,
``protocol.toml``; beside them ``secrets/`` and ``tmp/``. Nothing in it is readable by other users
of the machine.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from response.errors import InputError, IntegrityError, StoreError
from response.protocol import Protocol, read_protocol

_DIGEST = re.compile(r"[0-9a-f]{8,128}")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one workspace; make one with :meth:`open`.

    Attributes
    ----------
    home : Path
        The folder, absolute.
    """

    home: Path

    @classmethod
    def open(cls, home: Path | None = None, *, create: bool = True) -> Workspace:
        """Open the workspace at `home`, else at ``$RESPONSE_HOME``, else ``./response-home``.

        From here on whatever this process writes is closed to other users (umask 077), and
        private folders that killed processes left behind are removed.

        Raises
        ------
        InputError
            If the folder is not there and `create` is false, or cannot be used.
        """
        chosen = home or Path(os.environ.get("RESPONSE_HOME") or "response-home")
        place = chosen.expanduser().resolve()
        if not create and not place.is_dir():
            raise InputError(
                f"home: no workspace at {place}; name one with --home or RESPONSE_HOME"
            )
        os.umask(0o077)
        workspace = cls(place)
        try:
            for folder in (place, workspace.images, workspace.transforms, place / "tmp"):
                folder.mkdir(parents=True, exist_ok=True)
            if place.stat().st_mode & 0o077:
                place.chmod(0o700)
        except OSError as error:
            raise InputError(f"home: {place} cannot be used: {error.strerror}") from None
        _remove_leftovers(place / "tmp")
        return workspace

    @property
    def database(self) -> Path:
        """The database file."""
        return self.home / "tracker.duckdb"

    @property
    def images(self) -> Path:
        """Where images and masks are kept, by digest."""
        return self.home / "images"

    @property
    def transforms(self) -> Path:
        """Where registrations are kept."""
        return self.home / "transforms"

    @property
    def protocol_path(self) -> Path:
        """The trial's protocol; absent means every default."""
        return self.home / "protocol.toml"

    def protocol(self) -> Protocol:
        """Read the protocol of this workspace.

        Raises
        ------
        ProtocolError
            With every problem of the file at once.
        """
        return read_protocol(self.protocol_path)

    def resolve(self, relative: str) -> Path:
        """Turn a stored path into a real one that lies inside the workspace.

        Raises
        ------
        InputError
            If the path is absolute or leaves the workspace, also by way of a symbolic link.
        """
        path = (self.home / relative).resolve()
        if not relative or Path(relative).is_absolute() or not path.is_relative_to(self.home):
            raise InputError(f"path: {relative!r} leaves the workspace")
        return path

    def relative(self, path: Path) -> str:
        """Give the path of something inside the workspace as it is stored.

        Raises
        ------
        InputError
            If it lies outside.
        """
        try:
            return path.resolve().relative_to(self.home).as_posix()
        except ValueError:
            raise InputError(f"path: {path.name!r} lies outside the workspace") from None

    @contextmanager
    def private_folder(self) -> Iterator[Path]:
        """Lend a folder nobody else can read; it is gone afterwards, even after ``kill -9``."""
        folder, lock = _make_locked_folder(self.home / "tmp")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)

    def write_image(self, image: Any, digest: str) -> str:
        """Keep an image or mask under its digest, losslessly; a second write does nothing.

        Parameters
        ----------
        image : SimpleITK.Image
            Only pixels and geometry are kept: header entries (names, dates) are left behind.
        digest : str
            Lower-case hexadecimal, at least eight digits, of the image's content.

        Returns
        -------
        str
            The path relative to the workspace, ``images/<aa>/<digest>.nrrd``.
        """
        if not _DIGEST.fullmatch(digest):
            raise InputError(f"digest: {digest!r} is not lower-case hexadecimal")
        target = self.images / digest[:2] / f"{digest}.nrrd"
        if not target.exists():
            with self.private_folder() as folder:
                _write_nrrd(image, folder / "image.nrrd")
                target.parent.mkdir(exist_ok=True)
                (folder / "image.nrrd").replace(target)
                _sync(target.parent)
        return self.relative(target)

    def read_image(self, relative: str) -> Any:
        """Read a stored image or mask as a ``SimpleITK.Image``.

        Raises
        ------
        IntegrityError
            If the file is missing or damaged.
        """
        path = self.resolve(relative)
        if not path.is_file():
            raise IntegrityError(f"{relative}: the file is missing; ingest its scan again")
        try:
            return sitk.ReadImage(str(path))
        except RuntimeError:
            raise IntegrityError(
                f"{relative}: the file is damaged; ingest its scan again"
            ) from None

    def write_document(self, text: str, digest: str) -> str:
        """Keep a small text under its digest, beside the images; a second write does nothing.

        Returns
        -------
        str
            The path relative to the workspace, ``images/<aa>/<digest>.json``.
        """
        if not _DIGEST.fullmatch(digest):
            raise InputError(f"digest: {digest!r} is not lower-case hexadecimal")
        target = self.images / digest[:2] / f"{digest}.json"
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            _write_once(target, text.encode())
        return self.relative(target)

    def read_document(self, relative: str) -> str:
        """Read a text that :meth:`write_document` kept.

        Raises
        ------
        IntegrityError
            If the file is missing.
        """
        path = self.resolve(relative)
        if not path.is_file():
            raise IntegrityError(f"{relative}: the file is missing; ingest its scan again")
        return path.read_text(encoding="utf-8")

    def has_secret(self, name: str) -> bool:
        """Whether the secret `name` is given or was made: asking makes none."""
        path = self.home / "secrets" / name.lower()
        return bool(os.environ.get(f"RESPONSE_{name}")) or path.is_file()

    def secret(self, name: str) -> bytes:
        """Give the secret `name`: from ``$RESPONSE_<NAME>``, else from a file made on first use."""
        if not _SECRET_NAME.fullmatch(name):
            raise InputError(f"secret: {name!r} is not a name")
        given = os.environ.get(f"RESPONSE_{name}")
        if given:
            return given.encode()
        path = self.home / "secrets" / name.lower()
        if not path.exists():
            _write_once(path, secrets.token_hex(32).encode())
        return path.read_bytes()


def _write_nrrd(image: Any, path: Path) -> None:
    bare: Any = sitk.Image(image)  # type: ignore[no-untyped-call]
    for key in bare.GetMetaDataKeys():
        bare.EraseMetaData(key)
    try:
        sitk.WriteImage(bare, str(path), useCompression=True)
    except RuntimeError as error:
        raise StoreError(f"images: an image could not be written: {error}") from None
    path.chmod(0o600)
    _sync(path)


def _write_once(path: Path, content: bytes) -> None:
    """Write a small file whole or not at all; the first of several writers wins."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
        _sync(path.parent)
    finally:
        Path(temporary).unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_locked_folder(parent: Path) -> tuple[Path, int]:
    """Make a folder and hold an advisory lock on it, the sign that its owner lives."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent))  # 0700
        lock = _lock_folder(folder, fcntl.LOCK_EX)
        if lock is not None and folder.exists():
            return folder, lock
        if lock is not None:  # somebody's cleaning was quicker than the lock
            os.close(lock)


def _remove_leftovers(parent: Path) -> None:
    for folder in parent.iterdir():
        lock = _lock_folder(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock_folder(folder: Path, how: int) -> int | None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, how)
    except OSError:
        os.close(handle)
        return None
    return handle
