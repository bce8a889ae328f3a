"""``references.csv``: the reference regions of PET, in SUV by weight and in SUL."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from response.export.csv import write_rows
from response.lesion_uptake import round_uptake
from response.model import Scan, Tracking
from response.pet import find_sul_factor
from response.protocol import Protocol
from response.store import Store

COLUMNS = (
    *("subject", "time_point", "date", "series", "evaluator", "evaluator_id", "organ", "source"),
    *("x_mm", "y_mm", "z_mm", "volume_ml", "suv_mean", "suv_sd", "sul_mean", "sul_sd", "reason"),
)


def write_references(store: Store, protocol: Protocol, path: Path) -> bool:
    """Write the reference regions, where there are any; say whether there are.

    ``source`` is ``reader`` (marked), ``person`` (placed or confirmed) or ``proposed``. SUL is
    empty where weight, height or sex is not known.
    """
    scans = {scan.scan_id: scan for tp in store.read_time_points() for scan in tp.scans}
    trackings = sorted(store.read_trackings(), key=lambda t: (t.subject, t.reader))
    rows = [row for tracking in trackings for row in _rows(tracking, scans, protocol)]
    if rows:
        write_rows(path, COLUMNS, rows)
    return bool(rows)


def _rows(
    tracking: Tracking, scans: dict[str, Scan], protocol: Protocol
) -> Iterable[dict[str, object]]:
    for region in tracking.references:
        scan = scans.get(region.scan_id)
        if scan is None:
            continue
        factor, _why = find_sul_factor(scan.facts, protocol.pet.lean_body_mass)
        x, y, z = region.centre
        row: dict[str, object] = {
            "subject": tracking.subject,
            "time_point": region.time_point,
            "date": scan.date.isoformat(),
            "series": scan.series,
            "evaluator": tracking.reader.evaluator,
            "evaluator_id": tracking.reader.evaluator_id,
            "organ": region.organ,
            "source": region.source.value,
            "x_mm": x,
            "y_mm": y,
            "z_mm": z,
            "volume_ml": region.volume_ml,
            "suv_mean": round_uptake(region.mean),
            "suv_sd": round_uptake(region.sd),
            "reason": region.reason,
        }
        if factor is not None:
            row["sul_mean"] = round_uptake(region.mean * factor)
            row["sul_sd"] = round_uptake(region.sd * factor)
        yield row
