"""The dashboard: makes the app of a workspace, and serves it."""

from __future__ import annotations

import atexit
import errno
import hashlib
import logging
import os
import socket
from collections.abc import Sequence
from typing import Any

import dash
import flask
import waitress

from dashboard.acts import Acts, install_acts
from dashboard.auth import Doorkeeper, install_guard
from dashboard.callbacks import install_callbacks
from dashboard.components.shell import shell
from dashboard.data import Data
from dashboard.headers import install_headers
from dashboard.routes import install_routes
from response.errors import InputError
from response.store import Store
from response.workspace import Workspace

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
PORTS_TRIED = 20
THREADS = 8
FORM_BYTES = 256 * 1024


def create_app(workspace: Workspace, *, allowed_hosts: Sequence[str] = ()) -> dash.Dash:
    """Return the dashboard of a workspace, with the login on.

    Parameters
    ----------
    workspace
        What to show; only read, but for the audit trail and what visitors do to alerts.
    allowed_hosts
        Names this server may be called by, beside ``localhost``; more may stand, separated by
        commas, in ``$RESPONSE_ALLOWED_HOSTS``.

    Returns
    -------
    dash.Dash
        ``app.server`` is the WSGI application; ``app.server.extensions["doorkeeper"]`` makes the
        one-time token.
    """
    store = Store(workspace, keep=True)
    data = Data(workspace, store)
    keeper = Doorkeeper(data)
    server: Any = flask.Flask("dashboard")
    _configure(server, workspace, allowed_hosts)
    install_guard(server, keeper)
    install_routes(server, data)
    install_acts(server, Acts(store, data.inbox))
    app = dash.Dash(
        "dashboard",
        server=server,
        title="Response",
        update_title="",
        suppress_callback_exceptions=True,
        enable_mcp=False,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = shell
    install_callbacks(app, data)
    install_headers(server, app.csp_hashes())
    server.extensions |= {"doorkeeper": keeper, "data": data, "store": store}
    return app


def _configure(server: flask.Flask, workspace: Workspace, allowed_hosts: Sequence[str]) -> None:
    named = os.environ.get("RESPONSE_ALLOWED_HOSTS", "").split(",")
    home = hashlib.sha256(str(workspace.home).encode()).hexdigest()[:8]
    server.config.update(
        SECRET_KEY=workspace.secret("SESSION_KEY"),
        SESSION_COOKIE_NAME=f"response_{home}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        TRUSTED_HOSTS=[*LOCAL_NAMES, *allowed_hosts, *(n.strip() for n in named if n.strip())],
        MAX_CONTENT_LENGTH=FORM_BYTES * 16,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
    )


def serve(workspace: Workspace, host: str = "127.0.0.1", port: int = 8050) -> None:
    """Serve the dashboard until it is stopped; prints the one-time login link.

    Parameters
    ----------
    workspace
        What to show.
    host
        Address to listen on; ``127.0.0.1`` is this machine only, ``0.0.0.0`` every network.
    port
        If it is taken, the next free one is used and said.

    Raises
    ------
    InputError
        The address is not one of this machine, or no port near the one asked for is free.
    """
    listener, bound = _listen(host, port)
    names = _own_names() if host in ("0.0.0.0", "::") else [_bracketed(host)]  # noqa: S104
    app = create_app(workspace, allowed_hosts=names)
    extensions = app.server.extensions
    atexit.register(extensions["store"].close)
    if bound != port:
        print(f"Port {port} is taken; using {bound}.")
    shown = names[0] if host in ("0.0.0.0", "::") else _bracketed(host)  # noqa: S104
    token = extensions["doorkeeper"].make_token()
    print("The dashboard runs. Open this link to log in (it works once):\n")
    print(f"    http://{shown}:{bound}/login?token={token}\n", flush=True)
    if host not in ("127.0.0.1", "localhost", "::1"):
        print("Other machines can reach it, and plain http can be read on the way: put it behind")
        print("a proxy with TLS, or tunnel to it with ssh.", flush=True)
    logging.getLogger("waitress").setLevel(logging.ERROR)
    waitress.serve(app.server, sockets=[listener], threads=THREADS, ident=None)


def _listen(host: str, port: int) -> tuple[socket.socket, int]:
    """Return a listening socket on the port asked for, or on the next free one."""
    for tried in [port] if port == 0 else range(port, min(port + PORTS_TRIED, 65536)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, tried))
        except socket.gaierror:
            listener.close()
            raise InputError(f"--host {host}: not an address of this machine") from None
        except OSError as error:
            listener.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise InputError(f"--host {host}: {error.strerror}") from None
            continue
        listener.listen(128)
        return listener, int(listener.getsockname()[1])
    raise InputError(f"--port {port}: no free port from {port} to {port + PORTS_TRIED - 1}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_names() -> list[str]:
    """Return the names and addresses other machines may call this one by."""
    name = socket.gethostname()
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(name, None)}
    except socket.gaierror:
        found = set()
    return [name, socket.getfqdn(), *(_bracketed(address) for address in sorted(found))]
