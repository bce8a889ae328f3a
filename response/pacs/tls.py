"""TLS as it is used towards a PACS: certificates checked, TLS 1.2 or later."""

from __future__ import annotations

import ssl
from pathlib import Path

from response.errors import InputError


def make_client_context(
    ca: Path | None = None, cert: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Make the context of a client: the server's certificate and name are checked.

    Parameters
    ----------
    ca
        Certificates to trust (PEM); else those of the machine.
    cert, key
        The client's own certificate and unencrypted key (PEM), for servers that ask for one.

    Raises
    ------
    InputError
        A file is not what it should be.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
    except (ssl.SSLError, OSError):
        raise InputError(f"{ca and ca.name}: holds no certificates to trust (PEM)") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is not None:
        _load_own(context, cert, key)
    elif key is not None:
        raise InputError("a key without its certificate: name both")
    return context


def make_server_context(cert: Path, key: Path | None, ca: Path | None = None) -> ssl.SSLContext:
    """Make the context of a server; with `ca`, clients need a certificate that `ca` signed.

    Raises
    ------
    InputError
        A file is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_own(context, cert, key)
    if ca is not None:
        try:
            context.load_verify_locations(cafile=str(ca))
        except (ssl.SSLError, OSError):
            raise InputError(f"{ca.name}: holds no certificates to trust (PEM)") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load_own(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    try:
        # An empty password: a key that is encrypted fails here instead of asking the terminal.
        context.load_cert_chain(str(cert), str(key) if key else None, password="")
    except (ssl.SSLError, OSError):
        raise InputError(f"{cert.name}: not a certificate (PEM) with its unencrypted key") from None
