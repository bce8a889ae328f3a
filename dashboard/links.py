"""Addresses: the URL is the state, and never holds a patient's identifier (only opaque keys)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

from response.model import Reader

QUERY_KEYS = (
    "reader", "criterion", "tp", "at", "view", "window", "suv", "opacity", "fov", "slices", "sort",
    "flag", "state", "severity", "rule", "subject", "assignee", "alert", "page",
)  # fmt: skip
"""What a query may hold, in the order it is written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which page, and in which state: ``page`` is a name of ``PAGES``."""

    page: str
    key: str = ""
    tracking_id: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


PAGES = ("cohort", "subject", "lesion", "alerts", "quality", "audit")


def parse_place(path: str, search: str) -> Place | None:
    """Return the place an address names, or None where there is no such page.

    Examples
    --------
    >>> parse_place("/subject/ab12/lesion/T%201", "?window=lung&evil=1")
    Place(page='lesion', key='ab12', tracking_id='T 1', query={'window': 'lung'})
    >>> parse_place("/elsewhere", "") is None
    True
    """
    query = {k: v for k, v in parse_qsl(search.removeprefix("?")) if k in QUERY_KEYS}
    match [unquote(part) for part in path.strip("/").split("/")]:
        case [""]:
            return Place("cohort", query=query)
        case ["subject", key] if key:
            return Place("subject", key, query=query)
        case ["subject", key, "lesion", tracking_id] if key and tracking_id:
            return Place("lesion", key, tracking_id, query)
        case ["alerts" | "quality" | "audit" as page]:
            return Place(page, query=query)
        case _:
            return None


def write_place(place: Place, **changes: str) -> str:
    """Return the address of a place; ``changes`` replace parts of its query, empty ones drop it.

    Examples
    --------
    >>> write_place(Place("subject", "ab12", query={"reader": "R1"}), tp="TP 2", reader="")
    '/subject/ab12?tp=TP+2'
    """
    subject = f"/subject/{quote(place.key, safe='')}"
    path = {
        "cohort": "/",
        "subject": subject,
        "lesion": f"{subject}/lesion/{quote(place.tracking_id, safe='')}",
    }.get(place.page, f"/{place.page}")
    query = {**place.query, **changes}
    kept = [(key, query[key]) for key in QUERY_KEYS if query.get(key)]
    return f"{path}?{urlencode(kept)}" if kept else path


def lesion_url(place: Place, tracking_id: str, time_point: str = "") -> str:
    """Return the address of a lesion of the subject at ``place``, seen by the same reader."""
    query = {k: v for k, v in place.query.items() if k in ("reader", "criterion")}
    return write_place(Place("lesion", place.key, tracking_id, query), tp=time_point)


def subject_url(key: str, query: Mapping[str, str] | None = None, time_point: str = "") -> str:
    """Return the address of a subject's timeline; reader and criterion are kept of ``query``."""
    kept = {k: v for k, v in (query or {}).items() if k in ("reader", "criterion")}
    return write_place(Place("subject", key, query=kept), tp=time_point)


def reader_token(reader: Reader) -> str:
    """Return how an address names a reader."""
    return f"{reader.evaluator}~{reader.evaluator_id}" if reader.evaluator_id else reader.evaluator


def slice_url(
    key: str, token: str, axis: int, index: int | str, window: str, **more: str | int
) -> str:
    """Return the address of one slice as PNG; ``index`` may be a placeholder to be filled in.

    ``more`` is what :mod:`dashboard.routes` asks of uptake: ``over``, ``view``, ``suv``,
    ``opacity``.

    Examples
    --------
    >>> slice_url("ab12", "f00d", 2, 7, "soft", view="fused", over="beef", suv="")
    '/slice/ab12/f00d/2/7.png?window=soft&view=fused&over=beef'
    """
    query = urlencode({"window": window, **{k: v for k, v in more.items() if v}})
    return f"/slice/{quote(key, safe='')}/{token}/{axis}/{index}.png?{query}"
