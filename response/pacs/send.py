"""Sending results back to a PACS: STOW-RS or C-STORE, object by object, bit for bit."""

from __future__ import annotations

import json
import logging
import secrets
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from pydicom.filereader import read_file_meta_info
from pynetdicom import _config
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE
from response.pacs.files import Identity, read_identity
from response.pacs.peers import check_title
from response.pacs.web import Server, send

SENDING = "sending"
MAX_CONTEXTS = 128
TIMEOUT_S = 60.0
FAILED_OBJECTS = "00081198"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One file to send, and what it holds."""

    path: Path
    identity: Identity
    syntax: str


@dataclass(frozen=True, slots=True)
class Target:
    """A storage provider: its AE title and place, our AE title, and TLS where it is wanted."""

    title: str
    host: str
    port: int
    own_title: str = "RESPONSE"
    tls: ssl.SSLContext | None = None


def read_target(text: str, own_title: str, tls: ssl.SSLContext | None = None) -> Target:
    """Read ``AE@HOST:PORT``.

    Examples
    --------
    >>> read_target("PACS@10.0.0.5:104", "RESPONSE").port
    104
    """
    title, _at, place = text.partition("@")
    host, _colon, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"to: {text!r} is not AE@HOST:PORT")
    return Target(check_title(title), host.strip("[]"), int(port), check_title(own_title), tls)


def find_outgoing(folder: Path) -> list[Outgoing]:
    """Find the DICOM files below a folder; links that lead out of it are not followed.

    Raises
    ------
    InputError
        There are none, or one that should be DICOM cannot be read.
    """
    root, found = folder.resolve(), []
    for path in sorted(root.rglob("*.dcm")):
        if not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        try:
            syntax = str(read_file_meta_info(path).TransferSyntaxUID)
            found.append(Outgoing(path, read_identity(path), syntax))
        except DAMAGE:
            raise InputError(f"{path.name}: not a DICOM file, or damaged") from None
    if not found:
        raise InputError(f"{folder.name}: holds no DICOM files (*.dcm)")
    return found


def send_web(server: Server, objects: Sequence[Outgoing], progress: Progress) -> list[str]:
    """Store objects by STOW-RS (PS3.18, 10.5); return what was refused, a line each.

    Raises
    ------
    InputError
        The server cannot be reached, or does not let us in.
    """
    refused = []
    for number, one in enumerate(objects, 1):
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = head + one.path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": "application/dicom+json",
        }
        if not send(server, "POST", "/studies", headers, _is_stored, body):
            refused.append(f"{one.path.name}: the server did not store it")
        progress(SENDING, number, len(objects))
    return refused


def _is_stored(answer: urllib3.BaseHTTPResponse) -> bool:
    content = answer.read(2**20)
    if answer.status != 200:  # 202: stored with failures
        return False
    try:
        told = json.loads(content) if content.strip() else {}
    except (ValueError, RecursionError):
        return True  # some servers answer in XML; the status says it
    failed = told.get(FAILED_OBJECTS) if isinstance(told, dict) else None
    return not (isinstance(failed, dict) and failed.get("Value"))


def send_dimse(target: Target, objects: Sequence[Outgoing], progress: Progress) -> list[str]:
    """Store objects by C-STORE; return what was refused, a line each.

    Raises
    ------
    InputError
        The provider cannot be reached, or turns us away.
    """
    refused = []
    with _associate(target, objects) as association:
        for number, one in enumerate(objects, 1):
            problem = _store(association, one)
            if problem:
                refused.append(f"{one.path.name}: {problem}")
            progress(SENDING, number, len(objects))
    return refused


@contextmanager
def _associate(target: Target, objects: Sequence[Outgoing]) -> Iterator[Association]:
    _config.STORE_SEND_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    entity = ApplicationEntity(ae_title=target.own_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
    entity.connection_timeout = TIMEOUT_S
    contexts = sorted({(one.identity.sop_class_uid, one.syntax) for one in objects})
    if len(contexts) > MAX_CONTEXTS:
        raise InputError("to: too many kinds of objects for one association; send fewer")
    for kind, syntax in contexts:
        entity.add_requested_context(kind, syntax)
    more: dict[str, Any] = {"tls_args": (target.tls, target.host)} if target.tls else {}
    made = entity.associate(target.host, target.port, ae_title=target.title, **more)
    if not made.is_established:
        why = "turns us away" if made.is_rejected else "cannot be reached, or takes none of these"
        raise InputError(f"to: {target.title} at {target.host}:{target.port} {why}")
    try:
        yield made
    finally:
        if made.is_established:
            made.release()


def _store(association: Association, one: Outgoing) -> str:
    if not association.is_established:
        return "the association has ended"
    try:
        status = association.send_c_store(one.path).get("Status")
    except (ValueError, RuntimeError):
        return "the provider does not take objects of this kind"
    if status is None:
        return "no answer"
    stored = status == 0 or 0xB000 <= status <= 0xBFFF  # stored, with a warning
    return "" if stored else f"status {status:04X}"
