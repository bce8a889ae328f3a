"""The last ``protocol.toml`` that could be read: alerts go on by it while the file is broken.

A slip in the file must not silence a clinic. The copy is ``alerts-protocol.toml`` in the workspace.
"""

from __future__ import annotations

from response.alerts.runner.small_file import replace_file
from response.errors import ProtocolError
from response.protocol import Protocol, read_protocol
from response.workspace import Workspace

NAME = "alerts-protocol.toml"


def read_protocol_or_last(workspace: Workspace) -> tuple[Protocol, str]:
    """Read the protocol, else the last one that could be read, else every default.

    Returns
    -------
    Protocol
    str
        What is wrong with ``protocol.toml``, in one line; empty: nothing.
    """
    try:
        protocol = workspace.protocol()
    except (ProtocolError, OSError) as error:
        return _read_kept(workspace), str(error).splitlines()[0]
    return protocol, ""


def keep_protocol(workspace: Workspace) -> None:
    """Keep a copy of a protocol that was just read; a disk that takes none is no reason to stop."""
    kept = workspace.home / NAME
    try:
        if not workspace.protocol_path.exists():
            kept.unlink(missing_ok=True)
            return
        content = workspace.protocol_path.read_bytes()
        if not kept.exists() or kept.read_bytes() != content:
            replace_file(kept, content)
    except OSError:
        return


def _read_kept(workspace: Workspace) -> Protocol:
    try:
        return read_protocol(workspace.home / NAME)
    except (ProtocolError, OSError):
        return Protocol()
