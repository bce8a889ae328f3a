"""The routes beside the pages: slices as PNG, health, and errors in words."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from dashboard.data import Data
from dashboard.faults import note_fault
from dashboard.links import parse_place
from dashboard.pages.errors import error_words
from dashboard.slices import PRESETS, Window, auto_window, draw_png, find_plane, take_slice
from response.model import Scan

DRAWING = 1
"""Raise it when slices are drawn otherwise, so that browsers fetch them anew."""

RECORD_AGAIN_S = 600.0


class SliceRoute:
    """Draws slices for whoever the guard let in.

    Parameters
    ----------
    data
        Where scans are found by key and token. Each scan that a visitor looks at is written down,
        once in ten minutes.
    """

    def __init__(self, data: Data) -> None:
        self._data = data
        self._windows: dict[str, Window] = {}
        self._recorded: dict[tuple[str, str], float] = {}

    def __call__(self, key: str, token: str, axis: int, index: int) -> Any:
        """Answer a request for one slice."""
        name = flask.request.args.get("window", "auto")
        scan = self._data.find_scan(key, token)
        if scan is None or axis > 2 or (name not in PRESETS and name != "auto"):
            flask.abort(404)
        self._record(key, scan)
        reply = flask.Response(mimetype="image/png")
        reply.set_etag(etag(scan, axis, index, name))
        reply.headers["Cache-Control"] = "private, no-cache"
        reply.headers["Vary"] = "Cookie"
        if flask.request.if_none_match.contains(reply.get_etag()[0] or ""):
            reply.status_code = 304
            return reply
        reply.data = self._draw(scan, axis, index, name)
        return reply

    def _draw(self, scan: Scan, axis: int, index: int, name: str) -> bytes:
        array, grid = self._data.read_volume(scan)
        plane = find_plane(grid, axis)
        if index >= plane.count:
            flask.abort(404)
        window = PRESETS.get(name) or self._windows.get(scan.scan_id)
        if window is None:
            window = auto_window(array, scan.modality)
            self._windows[scan.scan_id] = window
        return draw_png(take_slice(array, plane, index), window)

    def _record(self, key: str, scan: Scan) -> None:
        who = (flask.g.visitor.name, scan.scan_id)
        now = time.monotonic()
        if now - self._recorded.get(who, float("-inf")) > RECORD_AGAIN_S:
            self._recorded[who] = now
            token = self._data.scan_token(scan)
            self._data.note("view", actor=who[0], subject_key=key, page="slice", scan=token)


def etag(scan: Scan, axis: int, index: int, window: str) -> str:
    """Return what names a drawn slice: it changes only with the image or the way of drawing."""
    parts = (scan.image_digest, scan.modality, axis, index, window, DRAWING)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def install_routes(server: flask.Flask, data: Data) -> None:
    """Add slices, health, the check of addresses, and error pages to a server."""
    route = SliceRoute(data)
    server.add_url_rule("/slice/<key>/<token>/<int:axis>/<int:index>.png", "slice", route)
    server.add_url_rule(
        "/healthz", "healthz", lambda: flask.Response("ok\n", mimetype="text/plain")
    )
    server.register_error_handler(HTTPException, _http_error)
    server.register_error_handler(Exception, _fault)

    @server.before_request
    def _check_address() -> Any:
        if flask.request.endpoint not in ("/", "/<path:path>"):
            return None
        place = parse_place(flask.request.path, "")
        if place is None or (place.key and not data.knows_subject(place.key)):
            flask.abort(404)
        if place.page == "audit" and not flask.g.visitor.is_admin:
            flask.abort(403)
        return None


def _http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if 300 <= code < 400:
        return error
    return _error_page(code)


def _fault(error: Exception) -> Any:
    return _error_page(500, note_fault(error))


def _error_page(code: int, reference: str = "") -> tuple[str, int]:
    said = error_words(code)
    page = flask.render_template(
        "error.html", code=code, title=said.title, words=said.words, reference=reference
    )
    return page, code
