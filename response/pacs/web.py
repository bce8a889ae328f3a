"""HTTP towards a DICOMweb server: bounded, retried, without redirects, verified by default.

`urllib3` itself is used: a body is streamed to disk under a limit of size and time as it comes,
and what a PACS stores is kept bit for bit.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import BinaryIO, TypeVar
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from response.errors import InputError

ATTEMPTS = 7
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
CONNECT_S, READ_S = 10.0, 60.0
JSON_BYTES, JSON_S = 64 * 2**20, 120.0
INSTANCE_BYTES, INSTANCE_S = 2 * 2**30, 1800.0
HEADER_BYTES = 64 * 2**10
CHUNK_BYTES = 2**16

USER, PASSWORD = "RESPONSE_DICOMWEB_USER", "RESPONSE_DICOMWEB_PASSWORD"
"""Environment variables of basic authentication."""

Result = TypeVar("Result")


class _BrokenError(Exception):
    """The answer ended too early or came too slowly: worth another attempt."""


@dataclass(frozen=True, slots=True)
class Server:
    """A DICOMweb server: its base address, what authorises us, and the connections to it."""

    url: str
    pool: urllib3.PoolManager = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    wait: Callable[[float], None] = time.sleep


def connect(
    url: str,
    *,
    context: ssl.SSLContext,
    token_variable: str = "",
    insecure_http: bool = False,
    connections: int = 4,
) -> Server:
    """Prepare to talk to a DICOMweb server; nothing is sent yet.

    Parameters
    ----------
    url
        The base address, as ``https://pacs.example/dicom-web``.
    context
        Of :func:`response.pacs.tls.make_client_context`.
    token_variable
        The environment variable that holds a bearer token; else ``RESPONSE_DICOMWEB_USER`` and
        ``RESPONSE_DICOMWEB_PASSWORD``, where they are set.
    insecure_http
        Permit plain http to another machine.

    Raises
    ------
    InputError
        The address cannot be used, or the variable is empty.
    """
    check_url(url, insecure_http=insecure_http)
    pool = urllib3.PoolManager(maxsize=connections, ssl_context=context, retries=False)
    return Server(url.rstrip("/"), pool, _authorise(token_variable))


def check_url(url: str, *, insecure_http: bool = False) -> None:
    """Refuse an address that is no plain http(s) one, or that would send patients' data openly.

    Examples
    --------
    >>> check_url("https://pacs.example/dicom-web")
    >>> check_url("http://127.0.0.1:8042/dicom-web")
    >>> check_url("http://pacs.example/dicom-web")
    Traceback (most recent call last):
    ...
    response.errors.InputError: dicomweb: http to another machine is not encrypted; ...
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("dicomweb: not a usable address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise InputError("dicomweb: the address must begin with https:// (or http://)")
    if parts.username or parts.password:
        raise InputError(
            f"dicomweb: no name or password in the address; use --token-env, or {USER} and "
            f"{PASSWORD} in the environment"
        )
    if parts.query or parts.fragment or any(c.isspace() or not c.isprintable() for c in url):
        raise InputError("dicomweb: the address must end with the path of the service")
    if parts.scheme == "http" and not insecure_http and not _is_loopback(host):
        raise InputError(
            "dicomweb: http to another machine is not encrypted; use https, or say --insecure-http"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorise(token_variable: str) -> dict[str, str]:
    if token_variable:
        token = os.environ.get(token_variable, "").strip()
        if not token or not token.isprintable():
            raise InputError(f"dicomweb: the environment variable {token_variable} has no token")
        return {"Authorization": f"Bearer {token}"}
    user, password = os.environ.get(USER), os.environ.get(PASSWORD)
    if user is None or password is None:
        return {}
    code = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {code}"}


def get_json(server: Server, path: str, query: Sequence[tuple[str, str]]) -> list[object]:
    """GET a list of DICOM JSON objects.

    Raises
    ------
    InputError
        The server cannot be reached, refuses, or answers something else.
    """

    def consume(answer: urllib3.BaseHTTPResponse) -> list[object]:
        content = b"".join(_read(answer, JSON_BYTES, JSON_S))
        if not content.strip():
            return []
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            raise InputError("dicomweb: the answer to a query is not DICOM JSON") from None
        return value if isinstance(value, list) else [value]

    where = f"{path}?{urlencode(query)}" if query else path
    return send(server, "GET", where, {"Accept": "application/dicom+json"}, consume)


def get_instance(server: Server, path: str, target: BinaryIO, limit: int = INSTANCE_BYTES) -> None:
    """GET one stored object, as it is stored (any transfer syntax), into a file.

    Raises
    ------
    InputError
        The server cannot be reached, refuses, or sends something else or too much.
    """

    def consume(answer: urllib3.BaseHTTPResponse) -> None:
        target.seek(0)
        target.truncate()
        header = Message()
        header["content-type"] = answer.headers.get("Content-Type", "")
        chunks = _read(answer, limit + HEADER_BYTES, INSTANCE_S)
        if header.get_content_type() == "application/dicom":
            for chunk in chunks:
                target.write(chunk)
            return
        boundary = header.get_boundary()
        if header.get_content_type() != "multipart/related" or not boundary or len(boundary) > 200:
            raise InputError("dicomweb: the answer is not a DICOM object")
        _take_part(chunks, boundary.encode("latin-1", "replace"), target, limit)

    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    send(server, "GET", path, {"Accept": accept}, consume)


def send(
    server: Server,
    method: str,
    path: str,
    headers: Mapping[str, str],
    consume: Callable[[urllib3.BaseHTTPResponse], Result],
    body: bytes | None = None,
) -> Result:
    """Send a request and consume its answer; try again after trouble that may pass.

    Raises
    ------
    InputError
        What stayed wrong after all attempts, or what another attempt would not change; without the
        address's path, which may name a patient.
    """
    trouble = ""
    for number in range(ATTEMPTS):
        if number:
            server.wait(min(FIRST_WAIT_S * 2 ** (number - 1), LONGEST_WAIT_S))
        try:
            answer = server.pool.request(
                method,
                f"{server.url}{path}",
                headers={"Accept-Encoding": "identity", **server.headers, **headers},
                body=body,
                preload_content=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
            )
            try:
                if answer.status not in TRANSIENT:
                    _refuse_status(answer.status)
                    return consume(answer)
                trouble = f"status {answer.status}"
            finally:
                answer.close()  # at once, where it was not read to its end
                answer.release_conn()
        except (HTTPError, OSError, _BrokenError) as error:
            trouble = _describe(error)
    raise InputError(f"dicomweb: the server fails ({trouble}), also after {ATTEMPTS} attempts")


def _refuse_status(status: int) -> None:
    if status in (401, 403):
        raise InputError(
            f"dicomweb: the server does not let us in (status {status}); see --token-env, "
            f"{USER} and {PASSWORD}, --cert"
        )
    if 300 <= status < 400:
        raise InputError(f"dicomweb: the server points elsewhere (status {status}); name that")
    if status >= 400:
        raise InputError(f"dicomweb: the server refuses (status {status}); is the address right?")


def _describe(error: Exception) -> str:
    """Say what went wrong without the address; a certificate that fails is no passing trouble."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise InputError(
                f"dicomweb: the server's certificate is not trusted ({cause.verify_message}); "
                "name its authority with --ca"
            ) from None
        cause = cause.__cause__ or cause.__context__
    return str(error) if isinstance(error, _BrokenError) else type(error).__name__


def _read(answer: urllib3.BaseHTTPResponse, limit: int, seconds: float) -> Iterator[bytes]:
    """Read a body as it comes, no more than `limit` bytes and no longer than `seconds`."""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InputError("dicomweb: the answer is compressed, which was not asked for")
    end, size = time.monotonic() + seconds, 0
    while chunk := answer.read1(CHUNK_BYTES):
        size += len(chunk)
        if size > limit:
            raise InputError(f"dicomweb: the answer is larger than {limit} bytes")
        if time.monotonic() > end:
            raise _BrokenError("too slow")
        yield chunk


def _take_part(chunks: Iterator[bytes], boundary: bytes, target: BinaryIO, limit: int) -> None:
    """Write the one part of a multipart body (RFC 2046, 5.1.1)."""
    mark = b"\r\n--" + boundary
    buffer = bytearray(b"\r\n")
    _pass_until(mark, buffer, chunks, lambda _bytes: None, HEADER_BYTES)
    _pass_until(b"\r\n\r\n", buffer, chunks, lambda _bytes: None, HEADER_BYTES)
    _pass_until(mark, buffer, chunks, target.write, limit)
    while len(buffer) < 2:
        buffer += _next(chunks)
    if buffer[:2] != b"--":
        raise InputError("dicomweb: several objects came where one was asked for")
    for _rest in chunks:
        pass


def _pass_until(
    mark: bytes,
    buffer: bytearray,
    chunks: Iterator[bytes],
    write: Callable[[bytes], object],
    limit: int,
) -> None:
    """Write what comes before a mark; the mark itself is taken off."""
    size = 0
    while (place := buffer.find(mark)) < 0:
        ready = max(0, len(buffer) - len(mark) + 1)
        write(bytes(buffer[:ready]))
        del buffer[:ready]
        size += ready
        if size > limit:
            raise InputError(f"dicomweb: a part of the answer is larger than {limit} bytes")
        buffer += _next(chunks)
    write(bytes(buffer[:place]))
    del buffer[: place + len(mark)]


def _next(chunks: Iterator[bytes]) -> bytes:
    chunk = next(chunks, b"")
    if not chunk:
        raise _BrokenError("the answer ended too early")
    return chunk
