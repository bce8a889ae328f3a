"""Every id of a component that a callback or a script reaches for."""

from __future__ import annotations

from typing import Any

URL = "url"
PAGE = "page"
TIMELINE = "timeline"
WATERFALL = "waterfall"
SPIDER = "spider"
COHORT_FILTER = "cohort-filter"
COHORT_TABLE = "cohort-table"
COHORT_COUNT = "cohort-count"
ALERT_TABLE = "alert-table"
ALERT_TITLE = "alert-title"


def pane(part: str, slot: Any) -> dict[str, Any]:
    """Return the id of a part (``graph``, ``slider``, ``data``, ``words``) of a lesion pane.

    ``slot`` is a name, or a wildcard of Dash that stands for any.
    """
    return {"type": f"pane-{part}", "slot": slot}
