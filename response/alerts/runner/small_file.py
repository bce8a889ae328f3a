"""Small files of the workspace that are replaced whole: readable by their owner only."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

LARGEST_BYTES = 65_536


class DamagedFileError(ValueError):
    """A file holds something else than was written; a caller begins anew and says so."""


def read_small(path: Path) -> Mapping[str, object] | None:
    """Read a JSON object; ``None`` where there is no file.

    Raises
    ------
    DamagedFileError
        If it is a link, too large, or no JSON object.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedFileError(f"{path.name}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        found = json.loads(content) if len(content) <= LARGEST_BYTES else None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DamagedFileError(f"{path.name}: damaged")
    return found


def write_small(path: Path, content: Mapping[str, object]) -> None:
    """Replace a file by a JSON object, as :func:`replace_file` does."""
    replace_file(path, json.dumps(content).encode())


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file whole (0600), also where a link or a damaged one stands."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
