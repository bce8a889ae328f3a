"""Files as they are given: where they may lie, and what they hold, as a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from response.errors import InputError


def digest_file(path: Path) -> str:
    """Compute the SHA-256 of a file's bytes, lower-case hexadecimal.

    Raises
    ------
    InputError
        The file is empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            empty = file.tell() == 0
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror})") from None
    if empty:
        raise InputError(f"{path.name}: the file is empty; copy it again")
    return digest


def combine_digests(purpose: str, digests: Iterable[str]) -> str:
    """Compute one digest for several files used together for a purpose; their order is no matter.

    Examples
    --------
    >>> combine_digests("series", ["b", "a"]) == combine_digests("series", ["a", "b"])
    True
    >>> combine_digests("series", ["a"]) == combine_digests("labels", ["a"])
    False
    """
    return hashlib.sha256("\n".join([purpose, *sorted(digests)]).encode()).hexdigest()


def find_file(text: str, folder: Path, root: Path | None) -> Path:
    """Find the file a manifest names, and make sure that it may be read.

    Parameters
    ----------
    text
        The path as written, relative to `folder`; or, where nothing is there, to `root`.
    folder
        The manifest's folder; what it names must lie in it, links followed …
    root
        … or in this folder.

    Raises
    ------
    InputError
        The path leaves both folders, or no regular file is there.
    """
    places = [place.resolve() for place in (folder, root) if place is not None]
    try:
        path = (folder / text).resolve()
        if root is not None and not path.exists():
            path = (root / text).resolve()
        kind = "" if path.is_file() else "is not a file" if path.exists() else "is not there"
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, links in a circle
        raise InputError(f"{text!r} is not a usable path") from None
    if not any(path.is_relative_to(place) for place in places):
        raise InputError(
            f"{text!r} leaves the manifest's folder; move the file, or name a common folder "
            "with --root"
        )
    if kind:
        raise InputError(f"{text!r} {kind}")
    return path
