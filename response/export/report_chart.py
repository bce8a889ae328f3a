"""The course on a page: a number through time, what it is compared with, the category below it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from response.export.report_data import Report
from response.export.report_text import (
    CATEGORY_COLOURS,
    INK,
    MUTED,
    PAPER,
    RULE,
    Pen,
    measure_text,
    shorten,
)
from response.terms import Status, find_kin

NADIR = "#0072b2"
PARTIAL = "#00795a"
PROGRESSION = "#b34700"
PARTIAL_FACTOR, PROGRESSION_FACTOR, GROWTH_MM = Decimal("0.7"), Decimal("1.2"), Decimal(5)
"""RECIST 1.1, section 4.3.1."""

TENTH = Decimal("0.1")
"""What a diameter is recorded to: limits are said as the last value on their side."""

_LIMITED = {"RECIST 1.1", "iRECIST", "PCWG3"}
"""The criteria whose sums are compared with these limits."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the chart lies, and its scales."""

    x: float
    y: float
    width: float
    height: float
    first: dt.date
    last: dt.date
    low: float
    high: float

    def at(self, day: dt.date) -> float:
        span = max((self.last - self.first).days, 1)
        share = (day - self.first).days / span
        return self.x + self.width * (0.04 + 0.92 * (share if self.last > self.first else 0.5))

    def up(self, value: float | Decimal) -> float:
        return self.y + self.height * (float(value) - self.low) / (self.high - self.low)


def draw_chart(pen: Pen, report: Report, x: float, y: float, width: float, height: float) -> None:
    """Draw the course into a box whose lower left corner is (x, y)."""
    pen.write(x, y + height - 7, f"{report.level_name} ({report.unit})", 8, bold=True)
    frame = _lay_out(report, x + 30, y + 44, width - 110, height - 66)
    _draw_axis(pen, frame, x)
    _draw_events(pen, report, frame)
    if report.adds_lengths:
        _draw_limits(pen, report, frame)
    _draw_levels(pen, report, frame)
    _draw_categories(pen, report, frame, y)


def _lay_out(report: Report, x: float, y: float, width: float, height: float) -> _Frame:
    days = [point.date for point in report.points]
    events = [day for day in (report.treatment_start, report.new_therapy) if day]
    near = [day for day in events if abs((day - days[0]).days) < 400 or day > days[0]]
    values = [float(level) for level in report.levels if level is not None]
    top = [*values, 10.0 if report.unit in ("mm", "%") else 1.0]
    if report.adds_lengths and report.criterion in _LIMITED:
        top += [float(limit) for limit in _progression_limits(report) if limit is not None]
    low = min([0.0, *values])
    return _Frame(
        x,
        y,
        width,
        height,
        min([*days, *near]),
        max([*days, *near]),
        1.15 * low,
        1.2 * max(top),
    )


def _draw_axis(pen: Pen, frame: _Frame, left: float) -> None:
    step = _nice_step(frame.high - frame.low)
    value = step * -(-frame.low // step)
    while value <= frame.high:
        height = frame.up(value)
        pen.line([(frame.x, height), (frame.x + frame.width, height)], "#e8ecef", 0.4)
        pen.write(frame.x - 4, height - 2.5, f"{value:g}", 7, colour=MUTED, align=1)
        value += step
    pen.line([(frame.x, frame.y), (frame.x + frame.width, frame.y)], RULE, 0.6)


def _nice_step(span: float) -> float:
    """Choose a step of 1, 2 or 5 times a power of ten, of which four or so fit.

    Examples
    --------
    >>> [_nice_step(span) for span in (100.0, 8.0, 33.0)]
    [20.0, 2.0, 10.0]
    """
    rough = Decimal(span) / 4
    power = Decimal(10) ** rough.adjusted()
    return float(min((f * power for f in (1, 2, 5, 10)), key=lambda step: abs(step - rough)))


def _draw_events(pen: Pen, report: Report, frame: _Frame) -> None:
    top = frame.y + frame.height
    for day, words in ((report.treatment_start, "treatment"), (report.new_therapy, "new therapy")):
        if day is None or not frame.first <= day <= frame.last:
            continue
        place = frame.at(day)
        pen.line([(place, frame.y), (place, top)], MUTED, 0.8, (1, 2))
        pen.write(place + 2, top - 5, f"{words} {day}", 6.5, colour=MUTED)


def _progression_limits(report: Report) -> list[Decimal | None]:
    return [
        None if p.nadir_mm is None else max(PROGRESSION_FACTOR * p.nadir_mm, p.nadir_mm + GROWTH_MM)
        for p in report.points
    ]


def _draw_limits(pen: Pen, report: Report, frame: _Frame) -> None:
    """Draw the nadir before each time point, and what RECIST compares with."""
    base = report.levels[0]
    labels: list[tuple[float, str, str]] = []
    nadirs = [point.nadir_mm for point in report.points]
    _draw_steps(pen, report, frame, nadirs, NADIR, (4, 2))
    if nadirs[-1] is not None:
        labels.append((frame.up(nadirs[-1]), f"nadir {report.latest.nadir_mm}", NADIR))
    if report.criterion in _LIMITED:
        limits = _progression_limits(report)
        _draw_steps(pen, report, frame, limits, PROGRESSION, (2, 2))
        if limits[-1] is not None:
            seen = limits[-1].quantize(TENTH, ROUND_CEILING)
            labels.append((frame.up(limits[-1]), f"PD from {seen}", PROGRESSION))
        if base:
            value = PARTIAL_FACTOR * base
            ends = [(frame.x, frame.up(value)), (frame.x + frame.width, frame.up(value))]
            pen.line(ends, PARTIAL, 0.9, (6, 2))
            seen = value.quantize(TENTH, ROUND_FLOOR)
            labels.append((frame.up(value), f"PR to {seen}", PARTIAL))
    if labels:
        x = frame.x + frame.width + 16
        _write_apart(pen, labels, x, 8)
        head = shorten(f"at {report.latest.time_point}", 6.5, 64)
        pen.write(x, max(place for place, _text, _colour in labels) + 14, head, 6.5, colour=MUTED)


def _write_apart(pen: Pen, labels: list[tuple[float, str, str]], x: float, distance: float) -> None:
    """Write labels beside their lines, moved apart where they would overlap."""
    below = None
    for place, text, colour in sorted(labels):
        place = place if below is None else max(place, below + distance)
        pen.write(x, place - 2.5, text, 7, colour=colour)
        below = place


def _draw_steps(
    pen: Pen,
    report: Report,
    frame: _Frame,
    values: Sequence[Decimal | None],
    colour: str,
    dash: tuple[float, ...],
) -> None:
    for before, point, value in zip(report.points, report.points[1:], values[1:], strict=False):
        if value is not None:
            height = frame.up(value)
            pen.line(
                [(frame.at(before.date), height), (frame.at(point.date), height)], colour, 0.9, dash
            )


def _draw_levels(pen: Pen, report: Report, frame: _Frame) -> None:
    """Draw the line; a time point without a number is a gap, never zero."""
    before: tuple[float, float] | None = None
    gap = False
    for point, level in zip(report.points, report.levels, strict=True):
        if level is None:
            gap = True
            continue
        here = (frame.at(point.date), frame.up(level))
        if before is not None:
            pen.line([before, here], INK, 1.0 if gap else 1.5, (1.5, 2) if gap else ())
        before, gap = here, False
    for point, level in zip(report.points, report.levels, strict=True):
        place = frame.at(point.date)
        if level is None:
            pen.write(place, frame.y + 3, "NE", 7, colour=MUTED, align=0.5)
            continue
        pen.disc(place, frame.up(level), 2.6, INK)
        _write_level(pen, report, frame, place, point.change_from_baseline_pct, level)


def _write_level(
    pen: Pen, report: Report, frame: _Frame, place: float, change: Decimal | None, level: Decimal
) -> None:
    text = str(level)
    if change is not None and report.unit != "%":
        text += f" ({float(change):+.0f} %)".replace("-", "–")
    width = measure_text(text, 7, bold=True)
    bottom = frame.up(level) + 5
    pen.box(place - width / 2 - 1, bottom - 1.5, width + 2, 8, PAPER)
    pen.write(place, bottom, text, 7, bold=True, align=0.5)


def _draw_categories(pen: Pen, report: Report, frame: _Frame, bottom: float) -> None:
    """Write under each time point its name, date and category, in rows that do not overlap."""
    room = _find_room([frame.at(point.date) for point in report.points], frame.width)
    for point in report.points:
        place = frame.at(point.date)
        pen.line([(place, frame.y), (place, frame.y - 3)], RULE, 0.6)
        size = 7.0 if room >= 46 else 5.8
        name = shorten(point.time_point, size, room)
        if point.time_point != str(point.date):
            pen.write(place, frame.y - 10, name, size, align=0.5)
        pen.write(place, frame.y - 18, str(point.date), size, colour=MUTED, align=0.5)
        said = point.overall_response or "baseline"
        paper, ink = CATEGORY_COLOURS.get(find_kin(said), (PAPER, INK))
        if point.status is Status.PROVISIONAL and point.overall_response:
            said += " ?"
        width = min(max(measure_text(said, 8, bold=True) + 8, 22), room)
        pen.box(place - width / 2, bottom + 9, width, 12, paper, RULE)
        text = shorten(said, 8 if width > 20 else 6.5, width - 2, bold=True)
        pen.write(place, bottom + 12.2, text, 8, bold=True, colour=ink, align=0.5)
        if point.as_of != point.date:
            pen.write(place, bottom + 2, f"as of {point.as_of}", 5.5, colour=MUTED, align=0.5)


def _find_room(places: list[float], width: float) -> float:
    ordered = sorted(places)
    gaps = [after - before for before, after in pairwise(ordered)]
    return max(min([*gaps, 80.0, width]) - 2, 12.0)
