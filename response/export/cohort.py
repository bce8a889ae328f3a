"""``endpoints.csv`` and ``kaplan_meier.csv``: what is said of cohorts, as tables.

Rates and survival have four decimals, months two; a cell is empty where nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from response.cohort import CohortEndpoints, Rate, StreamKey, TimeToEvent, to_months
from response.export.tables import write_cells
from response.protocol import Endpoints

STREAM_COLUMNS = ("criterion", "evaluator", "evaluator_id", "line")

ENDPOINT_COLUMNS = (
    *STREAM_COLUMNS,
    "endpoint",
    "confirmed",
    "n",
    "responders",
    "percent",
    "lower_pct",
    "upper_pct",
    "events",
    "median_days",
    "median_lower_days",
    "median_upper_days",
    "median_months",
    "note",
)

CURVE_COLUMNS = (
    *STREAM_COLUMNS,
    "endpoint",
    "time_days",
    "at_risk",
    "events",
    "censored",
    "survival",
    "lower",
    "upper",
)


def write_cohorts(
    out: Path, cohorts: Iterable[CohortEndpoints], options: Endpoints
) -> tuple[Path, ...]:
    """Write both tables into a folder, which is made where it is not there."""
    cohorts = tuple(cohorts)
    out.mkdir(parents=True, exist_ok=True)
    endpoints, curves = out / "endpoints.csv", out / "kaplan_meier.csv"
    rows = [row for cohort in cohorts for row in endpoint_rows(cohort, options)]
    write_cells(endpoints, ENDPOINT_COLUMNS, [_in_order(ENDPOINT_COLUMNS, row) for row in rows])
    steps = [row for cohort in cohorts for row in _curve_rows(cohort)]
    write_cells(curves, CURVE_COLUMNS, [_in_order(CURVE_COLUMNS, row) for row in steps])
    return endpoints, curves


def endpoint_rows(cohort: CohortEndpoints, options: Endpoints) -> Iterator[dict[str, str]]:
    """Every endpoint of a cohort as a row; one that was left out says why."""
    stream = _stream(cohort.stream)
    for rate in cohort.rates:
        yield stream | _rate(rate)
    for time in cohort.times:
        yield stream | _time(time, options)
    for left_out in cohort.left_out:
        yield stream | {"endpoint": left_out.endpoint, "note": f"left out: {left_out.reason}"}


def _stream(key: StreamKey) -> dict[str, str]:
    values = (key.criterion, key.reader.evaluator, key.reader.evaluator_id, key.line)
    return dict(zip(STREAM_COLUMNS, values, strict=True))


def _rate(rate: Rate) -> dict[str, str]:
    return {
        "endpoint": rate.endpoint,
        "confirmed": "true" if rate.confirmed else "false",
        "n": str(rate.n),
        "responders": str(rate.responders),
        "percent": _figure(rate.percent),
        "lower_pct": _figure(rate.lower),
        "upper_pct": _figure(rate.upper),
    }


def _time(time: TimeToEvent, options: Endpoints) -> dict[str, str]:
    median = time.median_days
    return {
        "endpoint": time.endpoint,
        "n": str(time.n),
        "events": str(time.events),
        "median_days": _days(median),
        "median_lower_days": _days(time.lower_days),
        "median_upper_days": _days(time.upper_days),
        "median_months": "" if median is None else f"{to_months(median, options):.2f}",
        "note": time.note,
    }


def _curve_rows(cohort: CohortEndpoints) -> Iterator[dict[str, str]]:
    stream = _stream(cohort.stream)
    for time in cohort.times:
        for step in time.curve:
            yield stream | {
                "endpoint": time.endpoint,
                "time_days": str(step.time_days),
                "at_risk": str(step.at_risk),
                "events": str(step.events),
                "censored": str(step.censored),
                "survival": _figure(step.survival),
                "lower": _figure(step.lower),
                "upper": _figure(step.upper),
            }


def _in_order(columns: tuple[str, ...], row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row.get(column, "") for column in columns)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _days(value: int | None) -> str:
    return "" if value is None else str(value)
