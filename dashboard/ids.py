"""Every id of a component that a callback or a script reaches for."""

from __future__ import annotations

URL = "url"
PAGE = "page"
TIMELINE = "timeline"
WATERFALL = "waterfall"
SPIDER = "spider"
COHORT_FILTER = "cohort-filter"
COHORT_TABLE = "cohort-table"
COHORT_COUNT = "cohort-count"
CHANGES = "timeline-choice"


def pane(part: str, slot: str) -> dict[str, str]:
    """Return the id of a part (``graph``, ``slider``, ``data``) of a lesion pane."""
    return {"type": f"pane-{part}", "slot": slot}
