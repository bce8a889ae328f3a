"""``differences.csv``: where a site's own responses differ from what is derived here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from response.differences import Difference, compare_responses
from response.export.csv import write_rows
from response.store import Store

COLUMNS = (
    "subject",
    "criterion",
    "evaluator",
    "evaluator_id",
    "time_point",
    "date",
    "test",
    "theirs",
    "ours",
    "reason",
)


def write_differences(store: Store, path: Path, own: str) -> bool:
    """Write the differences under every criterion; only where a site gave responses at all.

    A response whose category the site does not say is taken for one of ``own``, the protocol's
    criterion.
    """
    said = store.read_site_responses()
    if not said:
        return False
    results = store.read_results()
    rows: list[dict[str, object]] = []
    for criterion in sorted({result.summary.criterion for result in results}):
        fitting = [one for one in said if one.category or criterion == own]
        rows += describe_differences(compare_responses(results, fitting, criterion).differences)
    write_rows(path, COLUMNS, rows)
    return True


def describe_differences(differences: Iterable[Difference]) -> list[dict[str, object]]:
    """Differences as rows, in the order of ``COLUMNS``."""
    return [
        {
            "subject": one.subject,
            "criterion": one.criterion,
            "evaluator": one.reader.evaluator,
            "evaluator_id": one.reader.evaluator_id,
            "time_point": one.time_point,
            "date": one.date.isoformat() if one.date else "",
            "test": one.test,
            "theirs": one.theirs,
            "ours": one.ours,
            "reason": one.reason,
        }
        for one in differences
    ]
