"""Who may come in: one guard before every request, two ways to log in.

A one-time link is printed when the server starts and works once; accounts log in with a password.
Everything but the login page, its style sheet and ``/healthz`` needs a visitor, callbacks and
slices included. A request that changes something must come from a page of this server.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import flask
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response as Reply

from dashboard.data import Data
from dashboard.throttle import Throttle
from response.accounts import decoy_hash, verify_password
from response.model import Account
from response.terms import AccountRole

SESSION_HOURS = 12
ACCOUNT_CACHE_S = 5.0
LINK_NAME = "one-time link"
PUBLIC_PATHS = frozenset({"/login", "/healthz", "/assets/style.css"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is looking."""

    name: str
    role: AccountRole

    @property
    def is_admin(self) -> bool:
        """Whether accounts and the audit trail are theirs to see."""
        return self.role is AccountRole.ADMIN


class Doorkeeper:
    """The logins of one running server.

    Parameters
    ----------
    data
        Where accounts are read, and logins written down.
    """

    def __init__(self, data: Data) -> None:
        self._data = data
        self._boot = secrets.token_hex(8)
        self._token: str | None = None
        self._lock = threading.Lock()
        self._throttle = Throttle()
        self._decoy = decoy_hash()
        self._left: dict[str, float] = {}
        self._accounts: dict[str, tuple[float, Account | None]] = {}

    def make_token(self) -> str:
        """Return a new one-time token; an older one no longer works."""
        with self._lock:
            self._token = secrets.token_urlsafe(32)
            return self._token

    def visitor(self) -> Visitor | None:
        """Return who sent the current request, as the session cookie and the accounts say now."""
        session = flask.session
        if time.time() - float(session.get("since", 0)) > SESSION_HOURS * 3600:
            return None
        if session.get("id") in self._left:
            return None
        if "boot" in session:
            known = hmac.compare_digest(str(session["boot"]), self._boot)
            return Visitor(LINK_NAME, AccountRole.ADMIN) if known else None
        account = self._read_account(str(session.get("name", "")))
        if account is None or account.disabled:
            return None
        same = hmac.compare_digest(str(session.get("print", "")), _fingerprint(account))
        return Visitor(account.name, account.role) if same else None

    def enter_by_token(self, token: str) -> bool:
        """Log in by the one-time link, which is used up."""
        with self._lock:
            good = self._token is not None and hmac.compare_digest(
                token.encode(), self._token.encode()
            )
            if good:
                self._token = None
        if good:
            self._begin({"boot": self._boot}, LINK_NAME)
        return good

    def enter_by_password(self, name: str, password: str, address: str) -> tuple[bool, float]:
        """Log in by password; return whether it worked, and the seconds until the next try."""
        keys = (f"account {name.casefold()}", f"address {address}")
        wait = self._throttle.wait_s(*keys)
        if wait > 0:
            return False, wait
        account = self._data.read_account(name)
        stored = account.password_hash if account is not None else self._decoy
        good = verify_password(password, stored)
        if not good or account is None or account.disabled:
            self._throttle.fail(*keys)
            self._data.note("login_failed", actor="nobody")
            return False, self._throttle.wait_s(*keys)
        self._throttle.forget(*keys)
        self._begin({"name": account.name, "print": _fingerprint(account)}, account.name)
        return True, 0.0

    def leave(self) -> None:
        """Log out; a copy of the cookie is worth nothing afterwards."""
        visitor = self.visitor()
        if visitor is not None:
            self._data.note("logout", actor=visitor.name)
        now = time.time()
        with self._lock:
            self._left = {k: t for k, t in self._left.items() if now - t < SESSION_HOURS * 3600}
            self._left[str(flask.session.get("id"))] = now
        flask.session.clear()

    def _begin(self, content: dict[str, Any], name: str) -> None:
        flask.session.clear()
        flask.session.update(content | {"since": time.time(), "id": secrets.token_hex(8)})
        self._data.note("login", actor=name)

    def _read_account(self, name: str) -> Account | None:
        if not name:
            return None
        at, account = self._accounts.get(name, (float("-inf"), None))
        if time.monotonic() - at > ACCOUNT_CACHE_S:
            account = self._data.read_account(name)
            self._accounts[name] = (time.monotonic(), account)
        return account


def _fingerprint(account: Account) -> str:
    """Return what changes when the password does, so that old sessions end."""
    return hashlib.sha256(account.password_hash.encode()).hexdigest()[:16]


def install_guard(server: flask.Flask, keeper: Doorkeeper) -> None:
    """Put the guard before every request of a server, and add the login pages."""

    @server.before_request
    def _guard() -> Any:
        if isinstance(flask.request.routing_exception, SecurityError):
            flask.abort(400)  # not a host name of ours
        if flask.request.method not in SAFE_METHODS and not is_own_page(flask.request):
            flask.abort(403)
        if flask.request.path in PUBLIC_PATHS:
            return None
        visitor = keeper.visitor()
        flask.g.visitor = visitor
        return None if visitor is not None else _turn_away()

    server.add_url_rule("/login", "login", lambda: _show_login(keeper), methods=["GET"])
    server.add_url_rule("/login", "login_form", lambda: _take_login(keeper), methods=["POST"])
    server.add_url_rule("/logout", "logout", lambda: _leave(keeper), methods=["POST"])


def is_own_page(request: flask.Request) -> bool:
    """Tell whether a request comes from a page of this server, as browsers say it.

    Programs that are no browsers say neither, and have no cookie that a foreign page could ride on.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def safe_next(address: str) -> str:
    """Return an address of this server to go on to; anything else becomes the first page.

    Examples
    --------
    >>> safe_next("/subject/ab?tp=2"), safe_next("//evil.example"), safe_next("https://evil.example")
    ('/subject/ab?tp=2', '/', '/')
    """
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if plain and address.isprintable() and "\\" not in address else "/"


def _turn_away() -> Any:
    request = flask.request
    if request.method == "GET" and not request.path.startswith(("/_", "/slice/", "/assets/")):
        wanted = request.full_path.rstrip("?")
        return flask.redirect(flask.url_for("login", next=None if wanted == "/" else wanted))
    return flask.Response("log in first\n", 401, mimetype="text/plain")


def _show_login(keeper: Doorkeeper) -> Any:
    token = flask.request.args.get("token", "")
    onward = safe_next(flask.request.args.get("next", "/"))
    ahead = flask.request.headers.get("Sec-Purpose", "").startswith("prefetch")
    if not token or ahead or flask.request.method != "GET":
        return _login_page("", onward)
    if keeper.enter_by_token(token):
        return flask.redirect(onward)
    if keeper.visitor() is not None:
        return flask.redirect(onward)
    return _login_page(
        "This link is used up or of an earlier start. Log in with an account, "
        "or restart the server for a new link.", onward, 403,
    )  # fmt: skip


def _take_login(keeper: Doorkeeper) -> Any:
    form = flask.request.form
    onward = safe_next(form.get("next", "/"))
    address = flask.request.remote_addr or ""
    good, wait = keeper.enter_by_password(form.get("name", ""), form.get("password", ""), address)
    if good:
        return flask.redirect(onward)
    if wait > 0:
        return _login_page(f"Too many attempts. Try again in {wait:.0f} s.", onward, 429)
    return _login_page("Name or password is not right.", onward, 401)


def _leave(keeper: Doorkeeper) -> Reply:
    keeper.leave()
    return flask.redirect("/login")


def _login_page(message: str, onward: str, status: int = 200) -> tuple[str, int]:
    return flask.render_template("login.html", message=message, onward=onward), status
