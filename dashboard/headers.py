"""What every answer tells the browser: load nothing from elsewhere, show it nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import flask

FIXED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Referrer-Policy: under "no-referrer" browsers send "Origin: null" with forms, and the guard
# against foreign pages could not tell our own login form from theirs.


def content_policy(script_hashes: Sequence[str]) -> str:
    """Return the content security policy; inline scripts only by their hash.

    Plotly writes inline styles, hence ``unsafe-inline`` for styles alone.
    """
    scripts = " ".join(["'self'", *script_hashes])
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def install_headers(server: flask.Flask, script_hashes: Sequence[str]) -> None:
    """Add the headers to every answer; what says nothing of caching is not kept."""
    policy = content_policy(script_hashes)

    @server.after_request
    def _add(reply: flask.Response) -> flask.Response:
        reply.headers.update(FIXED)
        reply.headers["Content-Security-Policy"] = policy
        static = flask.request.path.startswith(("/_dash-component-suites/", "/assets/"))
        if not static and flask.request.endpoint != "slice":
            reply.headers["Cache-Control"] = "no-store"
        return reply
