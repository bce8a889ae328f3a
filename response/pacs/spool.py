"""The spool: DICOM files on their way into the store, under names that say nothing.

``home/spool/fetched/<digest>/`` for what was asked for, ``home/spool/received/<digest>/`` for what
was sent. A file has its name only when it is whole and on disk: it is written beside, synced, and
renamed. Names are keyed digests; nothing a PACS says becomes part of a path.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from response.workspace import Workspace

SUFFIX = ".dcm"


@dataclass(frozen=True, slots=True)
class Spool:
    """The spool of one workspace; ``key`` makes its names.

    Examples
    --------
    >>> spool = Spool(Path("spool"), b"secret")
    >>> spool.name("1.2.3") == spool.name("1.2.3") != spool.name("1.2.4")
    True
    >>> spool.name("1.2", "3") != spool.name("1", "2.3")
    True
    """

    folder: Path
    key: bytes

    @classmethod
    def of(cls, workspace: Workspace) -> Spool:
        """Give the spool of a workspace; its folder is made when something is put there."""
        return cls(workspace.home / "spool", workspace.secret("SPOOL_KEY"))

    def name(self, *parts: str) -> str:
        """Compute a name that says nothing to who lacks the key, the same for the same parts."""
        text = json.dumps(parts).encode()
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()[:32]


def keep_file(temporary: Path, target: Path) -> None:
    """Give a finished file its name, so that it is there, whole, whatever happens from now on."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.chmod(0o600)
    temporary.replace(target)
    sync_folder(target.parent)


def write_json(path: Path, value: object) -> None:
    """Write a small state file whole or not at all, over an older one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    sync_folder(path.parent)


def read_json(path: Path) -> dict[str, Any]:
    """Read a state file; nothing where there is none, or where it is damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def make_folder(path: Path) -> Path:
    """Make a folder nobody else can read, and its parents, on disk."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_files(folder: Path) -> Iterator[Path]:
    """List the whole files of a spooled study."""
    yield from sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
