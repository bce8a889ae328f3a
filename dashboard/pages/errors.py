"""What is shown when there is nothing to show: in words, without identifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.components.bits import link, notice


class NotFoundError(Exception):
    """There is no such subject or lesion here."""


class ForbiddenError(Exception):
    """This visitor may not see that."""


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """A title and the way on."""

    title: str
    words: str


ERRORS = {
    400: ErrorWords(
        "That request was not understood", "Check the address, or start from the cohort."
    ),
    403: ErrorWords("This is not yours to see", "Ask an administrator for the role it needs."),
    404: ErrorWords(
        "There is nothing here",
        "The link may be old, or of another workspace. Subjects are found from the cohort.",
    ),
    500: ErrorWords(
        "Something went wrong on the server",
        "Nothing was changed. Try again; if it stays, give the reference to who runs the server.",
    ),
    503: ErrorWords(
        "The database is busy", "Another process is writing. Reload the page in a moment."
    ),
}  # fmt: skip


def error_words(code: int) -> ErrorWords:
    """Return what is said of an HTTP status; unknown ones are the nearest known."""
    return ERRORS.get(code, ERRORS[500 if code >= 500 else 400])


def error_layout(code: int, reference: str = "") -> Any:
    """Return an error in place of a page."""
    said = error_words(code)
    more = [html.P(["Reference: ", html.Code(reference)], className="muted")] if reference else []
    return notice(
        said.title, html.P(said.words), *more, html.P(link("To the cohort", "/")), kind="error"
    )
