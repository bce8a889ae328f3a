"""The routes beside the pages: slices as PNG and their values, health, errors in words."""

from __future__ import annotations

import time
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from dashboard.data import Data
from dashboard.drawing import Artist, read_picture
from dashboard.faults import note_fault
from dashboard.links import parse_place
from dashboard.pages.errors import error_words
from dashboard.readout import read_values
from response.model import Scan

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
        self._artist = Artist(data)
        self._recorded: dict[tuple[str, str], float] = {}

    def __call__(self, key: str, token: str, axis: int, index: int) -> Any:
        """Answer a request for one slice."""
        picture = read_picture(self._data, key, token, axis, index, flask.request.args)
        if picture is None:
            flask.abort(404)
        for scan in (picture.scan, picture.over):
            if scan is not None:
                self._record(key, scan)
        reply = flask.Response(mimetype="image/png")
        reply.set_etag(picture.tag)
        reply.headers["Cache-Control"] = "private, no-cache"
        reply.headers["Vary"] = "Cookie"
        if flask.request.if_none_match.contains(reply.get_etag()[0] or ""):
            reply.status_code = 304
            return reply
        drawn = self._artist.draw(picture)
        if drawn is None:
            flask.abort(404)
        reply.data = drawn
        return reply

    def say_values(self, key: str, token: str, axis: int, index: int) -> Any:
        """Answer with the values at a place of a slice, in words."""
        words = read_values(self._data, key, token, axis, index, flask.request.args)
        scan = self._data.find_scan(key, token)
        if words is None or scan is None:
            flask.abort(404)
        self._record(key, scan)
        return flask.Response(words, mimetype="text/plain")

    def _record(self, key: str, scan: Scan) -> None:
        who = (flask.g.visitor.name, scan.scan_id)
        now = time.monotonic()
        if now - self._recorded.get(who, float("-inf")) > RECORD_AGAIN_S:
            self._recorded[who] = now
            token = self._data.scan_token(scan)
            self._data.note("view", actor=who[0], subject_key=key, page="slice", scan=token)


def install_routes(server: flask.Flask, data: Data) -> None:
    """Add slices, health, the check of addresses, and error pages to a server."""
    route = SliceRoute(data)
    server.add_url_rule("/slice/<key>/<token>/<int:axis>/<int:index>.png", "slice", route)
    server.add_url_rule(
        "/slice/<key>/<token>/<int:axis>/<int:index>/value", "value", route.say_values
    )
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
